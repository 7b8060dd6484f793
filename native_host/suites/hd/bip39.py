"""Recovery words: entropy ⇄ mnemonic ("Generating the mnemonic") and mnemonic → seed ("From mnemonic to seed") of BIP39.

In the ten word lists of BIP39, by the library of one of its authors. That library has two more lists, which are not of BIP39
and are left out: the Russian one has a damaged word, and neither is in NFKD as BIP39 asks, so that its own words are not found.
What is kept is the entropy, and with it the language, as the seed is made from the words and not from the entropy. Text cannot be
wiped in Python, so the host has the words in buffers of UTF-8; single words do become text, and an extra passphrase becomes ``bytes``,
the only salt that OpenSSL's PBKDF2 is given here.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from native_host.secret import wipe

if TYPE_CHECKING:
    from collections.abc import Iterator

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
_WORD_BITS = 11
_LAST_OF_ASCII = 0x7F
_WHITE, _IDEOGRAPHIC_SPACE = b" \t\n\r", "\u3000".encode()


class AmbiguousMnemonic(ValueError):
    """The words are recovery words in several ``languages`` and of another entropy in each: the person must say which."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        super().__init__("recovery words of more than one language")
        self.languages = languages


def mnemonic_of_entropy(entropy: bytes | bytearray | memoryview, language: str = "english") -> str:
    """``words_of_entropy`` as text, which cannot be wiped."""
    words = words_of_entropy(entropy, language)
    try:
        return words.decode()
    finally:
        wipe(words)


def words_of_entropy(entropy: bytes | bytearray | memoryview, language: str = "english") -> bytearray:
    """12 to 24 words for 16, 20, 24, 28 or 32 bytes of entropy, in UTF-8 and NFKD; between Japanese ones is the ideographic space.

    Raises:
        ValueError: if the entropy has another length, or there is no such language.
    """
    from hashlib import sha256

    if len(entropy) not in ENTROPY_BYTES:
        raise ValueError("entropy has 16, 20, 24, 28 or 32 bytes")
    words_of, words, held, holds = _list(language), [], 0, 0
    checksum = sha256(entropy).digest()[0] >> 8 - len(entropy) // 4
    for value, bits in (*((byte, 8) for byte in entropy), (checksum, len(entropy) // 4)):
        held, holds = held << bits | value, holds + bits
        if holds >= _WORD_BITS:
            holds -= _WORD_BITS
            words.append(words_of.wordlist[held >> holds])
            held &= (1 << holds) - 1
    return _joined(words, words_of.delimiter)


def entropy_of_mnemonic(mnemonic: str | memoryview, language: str | None = None) -> bytearray:
    """The entropy of words as a person typed them, as text or in UTF-8, in the language given or in whichever they fit.

    Raises:
        AmbiguousMnemonic: if they fit in several languages, with another entropy in each.
        ValueError: unless they are 12, 15, 18, 21 or 24 words of a list with a right checksum, or if there is no such language.
    """
    return _read(mnemonic, language)[1]


def language_of(mnemonic: str | memoryview) -> str:
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
    return " ".join(_words(typed))


def normalized(typed: memoryview) -> bytearray:
    """``normalize`` of UTF-8, in a buffer to be wiped; raises ``ValueError`` if it is none."""
    return _joined(_words(typed), " ")


def seed_of_mnemonic(mnemonic: str | bytearray | memoryview, passphrase: str | memoryview) -> bytearray:
    """The 64-byte seed: PBKDF2-HMAC-SHA-512 (RFC 8018) of the words, salted with the passphrase in NFKD.

    The words are not checked here: BIP39 defines a seed for any text, so words in capitals or with two spaces between them have
    another. What was typed goes through ``normalize`` first; what is in a buffer goes through ``normalized`` here.
    """
    from unicodedata import normalize as unicode_normalize

    from cryptography.hazmat.primitives.hashes import SHA512
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

    if isinstance(passphrase, str) or max(passphrase, default=0) > _LAST_OF_ASCII:
        typed = passphrase if isinstance(passphrase, str) else str(passphrase, "utf-8")
        salt = unicode_normalize("NFKD", "mnemonic" + typed).encode()
    else:
        salt = b"".join((b"mnemonic", passphrase))  # NFKD leaves ASCII as it is
    words = bytearray(unicode_normalize("NFKD", mnemonic).encode()) if isinstance(mnemonic, str) else normalized(memoryview(mnemonic))
    seed = bytearray(SEED_BYTES)
    # It writes into our buffer, where hashlib's function returns bytes.
    PBKDF2HMAC(SHA512(), SEED_BYTES, salt, _ROUNDS).derive_into(words, seed)
    wipe(words)
    return seed


def _words(typed: str | memoryview) -> list[str]:
    """The words of what was typed, in NFKD and lower case. Of UTF-8, no more than one at a time becomes text."""
    from unicodedata import normalize as unicode_normalize

    # What decomposes never reaches across white space, so that each part is normalised as the whole would be.
    return [word for part in _parts(typed) for word in unicode_normalize("NFKD", part).lower().split()]


def _parts(typed: str | memoryview) -> Iterator[str]:
    if isinstance(typed, str):
        yield typed
        return
    start, at = 0, 0
    while at < len(typed):
        size = 1 if typed[at] in _WHITE else 3 if typed[at : at + 3] == _IDEOGRAPHIC_SPACE else 0
        if size:
            yield str(typed[start:at], "utf-8")
            start = at + size
        at += size or 1
    yield str(typed[start:], "utf-8")


def _joined(words: list[str], between: str) -> bytearray:
    return bytearray(between.encode()).join([word.encode() for word in words])


def _read(mnemonic: str | memoryview, language: str | None) -> tuple[str, bytearray]:
    words, fitting = _words(mnemonic), {}
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
