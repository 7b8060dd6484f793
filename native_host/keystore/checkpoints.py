"""Signed checkpoints of the audit chain: kept elsewhere, one shows later that nothing of what was written by then was changed or taken away.

The text is a C2SP signed note with the lines of a C2SP tlog-checkpoint: origin, number of rows, hash. The hash is the chain's own, that of its
last row, and not the root of a Merkle tree: a checkpoint is compared with the log itself, by ``strongroom audit verify --checkpoint``.

The Ed25519 key is the store's: HKDF-Expand (RFC 5869, one block) of its authentication key, so that there is nothing more to keep.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from hashlib import sha256
from typing import TYPE_CHECKING

from native_host import sodium
from native_host.errors import InvalidParams
from native_host.keystore import chain
from native_host.keystore.evidence import Finding
from native_host.secret import SecretBytes, wipe

if TYPE_CHECKING:
    from sqlite3 import Connection

    from native_host.keystore.chain import Head
    from native_host.keystore.sealed import StoreKeys

ORIGIN = "strongroom.audit/"
MAX_BYTES = 4096
_ED25519 = b"\x01"
_PUBLIC_BYTES, _SIGNATURE_BYTES, _KEY_ID_BYTES = 32, 64, 4
_MARK = "\u2014 "  # an em dash and a space, as the standard has it


class NotACheckpoint(InvalidParams):
    """What was given is not a checkpoint, or not a checkpoint's public key. The message says which."""

    def __init__(self, message: str) -> None:
        super().__init__(message, path="checkpoint")


def public_key(keys: StoreKeys) -> str:
    """The verifier key, as C2SP signed notes write it: name, key id and key."""
    with _seed(keys) as seed:
        public, expanded = sodium.ed25519_expand(seed.buffer)
        wipe(expanded)
    return _verifier(_origin(keys.store_id), public)


def make(keys: StoreKeys, head: Head) -> str:
    """A checkpoint of the chain as far as its authentic head."""
    origin = _origin(keys.store_id)
    body = f"{origin}\n{head.seq}\n{b64encode(head.hash).decode()}\n"
    with _seed(keys) as seed:
        public, expanded = sodium.ed25519_expand(seed.buffer)
        signature = sodium.ed25519_sign(expanded, body.encode())
        wipe(expanded)
    return f"{body}\n{_MARK}{origin} {b64encode(_key_id(origin, public) + signature).decode()}\n"


def check(connection: Connection, checkpoint: str, verifier: str) -> Finding | None:
    """What the log lacks of the state that a checkpoint names; needs no secret.

    Raises:
        NotACheckpoint: it is none, another store's, or not signed by that key.
    """
    name, public = _parse_verifier(verifier)
    origin, seq, digest = _parse(checkpoint, name, public)
    stored = connection.execute("SELECT value FROM meta WHERE name = 'storeId'").fetchone()
    if stored is None or not isinstance(stored[0], bytes) or _origin(stored[0]) != origin:
        raise NotACheckpoint("This checkpoint is another keystore's.")
    row = connection.execute("SELECT hash FROM audit WHERE seq = ?", (seq,)).fetchone() if seq else (chain.GENESIS,)
    if row is None:
        text = f"The checkpoint was made when there were {seq} entries; the last of them is gone."
        return Finding(name="log_truncated", text=text, seq=seq)
    if row[0] != digest:
        return Finding(name="log_edited", text=f"Entry {seq} is not the one that the checkpoint was made of.", seq=seq)
    return None


def _parse(checkpoint: str, name: str, public: bytes) -> tuple[str, int, bytes]:
    body, separator, signatures = checkpoint.replace("\r\n", "\n").partition("\n\n")
    body += "\n"
    lines = body.split("\n")
    if not separator or len(checkpoint) > MAX_BYTES or len(lines) < 4:  # noqa: PLR2004 - origin, rows, hash, and what ends the last line
        raise NotACheckpoint("This is not a checkpoint.")
    signed = _bytes(next((line for line in signatures.split("\n") if line.startswith(f"{_MARK}{name} ")), "").rpartition(" ")[2])
    key_id, signature = signed[:_KEY_ID_BYTES], signed[_KEY_ID_BYTES:]
    if key_id != _key_id(name, public) or len(signature) != _SIGNATURE_BYTES or not sodium.ed25519_verify(public, body.encode(), signature):
        raise NotACheckpoint("The checkpoint is not signed by this key.")
    origin, rows, digest = lines[:3]
    if origin != name or not (rows.isascii() and rows.isdecimal()) or int(rows) > chain.LAST_SEQ:
        raise NotACheckpoint("This is not a checkpoint.")
    return origin, int(rows), _bytes(digest)


def _parse_verifier(verifier: str) -> tuple[str, bytes]:
    name, _, rest = verifier.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    key = _bytes(encoded)
    public = key[1:]
    if key[:1] != _ED25519 or len(public) != _PUBLIC_BYTES or _key_id(name, public).hex() != key_id.lower():
        raise NotACheckpoint("This is not a checkpoint's public key. It is shown by: strongroom audit checkpoint --public")
    return name, public


def _verifier(name: str, public: bytes) -> str:
    return f"{name}+{_key_id(name, public).hex()}+{b64encode(_ED25519 + public).decode()}"


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:_KEY_ID_BYTES]


def _origin(store_id: bytes) -> str:
    return ORIGIN + store_id.hex()


def _seed(keys: StoreKeys) -> SecretBytes:
    return SecretBytes(keys.mac("checkpoint"))


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (NotBase64, ValueError):
        return b""
