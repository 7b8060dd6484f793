"""SLIP-0021: symmetric keys from a seed, named by labels.

The tree has a root of its own ("Symmetric key seed"), so its keys tell nothing of the keys of BIP32 and SLIP-0010 under the same
seed. A key is the second half of a node and its children come from the first: who has one key has no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from hmac import digest as hmac_digest

from native_host.suites.hd.bip32 import Seed, check_seed

KEY_BYTES = 32
_MASTER = b"Symmetric key seed"


def derive(seed: Seed, labels: Sequence[bytes]) -> bytearray:
    """The 32-byte key at a path of labels under ``seed`` (16 to 64 bytes): for the host's own use, never for a reply.

    The first label must name the purpose, such as ``SLIP-0021``; without labels it is the master node's own key.

    Raises:
        ValueError: if the seed has another length.
    """
    check_seed(seed)
    node = hmac_digest(_MASTER, seed, "sha512")
    for label in labels:
        node = hmac_digest(node[:KEY_BYTES], b"\x00" + label, "sha512")
    return bytearray(node[KEY_BYTES:])
