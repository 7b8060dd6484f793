"""Recovery words: entropy ⇄ mnemonic ("Generating the mnemonic") and mnemonic → seed ("From mnemonic to seed") of BIP39.

English only: BIP39 discourages the other lists. Words are text on their way to and from a person, and text cannot be
wiped in Python; what is kept is the entropy.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnemonic import Mnemonic

ENTROPY_BYTES = (16, 20, 24, 28, 32)
SEED_BYTES = 64
_ROUNDS = 2048


def mnemonic_of_entropy(entropy: bytes | bytearray | memoryview) -> str:
    """12 to 24 words for 16, 20, 24, 28 or 32 bytes of entropy."""
    if len(entropy) not in ENTROPY_BYTES:
        raise ValueError("entropy has 16, 20, 24, 28 or 32 bytes")
    return _english().to_mnemonic(bytes(entropy))


def entropy_of_mnemonic(mnemonic: str) -> bytearray:
    """The entropy of words as a person typed them.

    Raises:
        ValueError: unless they are 12, 15, 18, 21 or 24 words of the list with a right checksum.
    """
    words = normalize(mnemonic).split(" ")
    try:
        return _english().to_entropy(words)
    except (ValueError, LookupError):
        raise ValueError("not recovery words of BIP39") from None


def normalize(typed: str) -> str:
    """What was typed as BIP39 writes it: NFKD, lower case, one space between words."""
    from unicodedata import normalize as unicode_normalize

    return " ".join(unicode_normalize("NFKD", typed).lower().split())


def seed_of_mnemonic(mnemonic: str, passphrase: str) -> bytearray:
    """The 64-byte seed: PBKDF2-HMAC-SHA-512 (RFC 8018) of the words, salted with the passphrase in NFKD.

    The words are not checked here: BIP39 defines a seed for any text.
    """
    from hashlib import pbkdf2_hmac
    from unicodedata import normalize as unicode_normalize

    salt = unicode_normalize("NFKD", "mnemonic" + passphrase).encode()
    return bytearray(pbkdf2_hmac("sha512", unicode_normalize("NFKD", mnemonic).encode(), salt, _ROUNDS))


@cache
def _english() -> Mnemonic:
    from mnemonic import Mnemonic

    return Mnemonic("english")
