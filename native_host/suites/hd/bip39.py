"""Recovery words: entropy ⇄ mnemonic ("Generating the mnemonic") and mnemonic → seed ("From mnemonic to seed") of BIP39.

In the ten word lists of BIP39, by the library of one of its authors. That library has two more lists, which are not of BIP39
and are left out: the Russian one has a damaged word, and neither is in NFKD as BIP39 asks, so that its own words are not found.
Words are text on their way to and from a person, and text cannot be wiped in Python; what is kept is the entropy, and with it
the language, as the seed is made from the words and not from the entropy.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from native_host.secret import wipe

if TYPE_CHECKING:
    from mnemonic import Mnemonic

ENTROPY_BYTES = (16, 20, 24, 28, 32)
SEED_BYTES = 64
# In the order of BIP85's codes, which count from 0.
LANGUAGES = (
    "english",
    "japanese",
    "korean",
    "spanish",
    "chinese_simplified",
    "chinese_traditional",
    "french",
    "italian",
    "czech",
    "portuguese",
)
_ROUNDS = 2048


class AmbiguousMnemonic(ValueError):
    """The words are recovery words in several ``languages`` and of another entropy in each: the person must say which."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        super().__init__("recovery words of more than one language")
        self.languages = languages


def mnemonic_of_entropy(entropy: bytes | bytearray | memoryview, language: str = "english") -> str:
    """12 to 24 words for 16, 20, 24, 28 or 32 bytes of entropy, in NFKD; between Japanese ones is the ideographic space.

    Raises:
        ValueError: if the entropy has another length, or there is no such language.
    """
    if len(entropy) not in ENTROPY_BYTES:
        raise ValueError("entropy has 16, 20, 24, 28 or 32 bytes")
    return _list(language).to_mnemonic(bytes(entropy))


def entropy_of_mnemonic(mnemonic: str, language: str | None = None) -> bytearray:
    """The entropy of words as a person typed them, in the language given or in whichever they fit.

    Raises:
        AmbiguousMnemonic: if they fit in several languages, with another entropy in each.
        ValueError: unless they are 12, 15, 18, 21 or 24 words of a list with a right checksum, or if there is no such language.
    """
    return _read(mnemonic, language)[1]


def language_of(mnemonic: str) -> str:
    """The language of words as a person typed them; of languages in which all the words are the same, the first.

    Raises:
        AmbiguousMnemonic, ValueError: as ``entropy_of_mnemonic``.
    """
    language, entropy = _read(mnemonic, None)
    wipe(entropy)
    return language


def normalize(typed: str) -> str:
    """What was typed as BIP39 writes it: NFKD, lower case, one space between words, also between Japanese ones.

    It is the text that the seed is made from, and what two spellings of the same words have in common.
    """
    from unicodedata import normalize as unicode_normalize

    return " ".join(unicode_normalize("NFKD", typed).lower().split())


def seed_of_mnemonic(mnemonic: str, passphrase: str) -> bytearray:
    """The 64-byte seed: PBKDF2-HMAC-SHA-512 (RFC 8018) of the words, salted with the passphrase in NFKD.

    The words are not checked here: BIP39 defines a seed for any text, so words in capitals or with two spaces between them have
    another. What was typed goes through ``normalize`` first.
    """
    from hashlib import pbkdf2_hmac
    from unicodedata import normalize as unicode_normalize

    salt = unicode_normalize("NFKD", "mnemonic" + passphrase).encode()
    return bytearray(pbkdf2_hmac("sha512", unicode_normalize("NFKD", mnemonic).encode(), salt, _ROUNDS))


def _read(mnemonic: str, language: str | None) -> tuple[str, bytearray]:
    words, fitting = normalize(mnemonic).split(" "), {}
    for name, words_of in [(name, _list(name)) for name in (LANGUAGES if language is None else (language,))]:
        try:
            fitting[name] = words_of.to_entropy(words)
        except (ValueError, LookupError):
            continue
    if not fitting:
        raise ValueError("not recovery words of BIP39")
    # The Chinese lists share 1,275 words, each in the same place in both. English and French share 100, in other places.
    (first, entropy), *others = fitting.items()
    same = all(other == entropy for _, other in others)
    for _, other in others:
        wipe(other)
    if not same:
        wipe(entropy)
        raise AmbiguousMnemonic(tuple(fitting))
    return first, entropy


@cache
def _list(language: str) -> Mnemonic:
    if language not in LANGUAGES:
        raise ValueError("there are no recovery words in that language")
    from mnemonic import Mnemonic

    return Mnemonic(language)
