"""Extended private keys as text: BIP32, with the prefixes of SLIP-0132 (``xprv``, ``yprv``, ``zprv``, ``tprv`` and so on).

The keystore keeps seeds and keys, no nodes of a tree in between: the key itself is imported, its chain code is not, and the
person is told what that means.
"""

from __future__ import annotations

from native_host.suites.hd.extended_key import PRIVATE_VERSIONS, PUBLIC_VERSIONS, decode_extended_private
from native_host.suites.importing.imported import CannotImport, Imported, NotThisForm, checked_text, imported
from native_host.suites.kinds import Secret

LENGTH = 111
PREFIXES = frozenset(PRIVATE_VERSIONS)
_ALONE = (
    "Only the key at this place of the tree is imported, not what derives the keys below it. For all of a wallet's accounts"
    " restore its recovery words as a seed."
)
_TEST = "The key is of a Bitcoin test network, where coins have no value."
_TEST_LETTERS = frozenset("tuvUV")


def read_extended_key(text: Secret) -> Imported:
    """The ``ES256K`` key of an extended private key, without its chain code.

    Raises:
        NotThisForm: if it does not begin like one, or is a public one.
        CannotImport: if its checksum, its place in the tree or its key is not a valid one.
    """
    letters = checked_text(text)
    if letters[:4] in PUBLIC_VERSIONS:
        raise NotThisForm("This is a public key: it can watch, not sign. Choose the private one, which begins with xprv, yprv or zprv.")
    if letters[:4] not in PREFIXES:
        raise NotThisForm("This is not an extended private key. Such a key begins with xprv, yprv, zprv or tprv.")
    try:
        prefix, key = decode_extended_private(letters)
    except ValueError:
        raise CannotImport("A letter of this extended private key is wrong: it does not come out. Copy it again, whole.") from None
    return imported("ES256K", key.secret, _ALONE, _TEST if prefix[0] in _TEST_LETTERS else "")
