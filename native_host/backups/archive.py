"""What a backup holds, once decrypted: what it is, the root key, and the keystore's file as it was at one moment.

    "strongroom backup" LF ‖ root key (32) ‖ length of the header (4, big-endian) ‖ header (MessagePack) ‖ SQLite file

The root key is in it, so that it opens without the devices and the passphrase of the machine that it was made on: whoever opens the
backup has every key. It stands at a fixed place so that it never becomes an object that cannot be wiped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from msgspec import Meta, MsgspecError
from msgspec.msgpack import decode, encode

from native_host.backups.refused import DAMAGED, BackupRefused
from native_host.secret import SecretBytes, wipe
from native_host.value import Value

if TYPE_CHECKING:
    from types import TracebackType

FORMAT = 1
MAGIC = b"strongroom backup\n"
ROOT_BYTES = 32
_LENGTH_BYTES = 4
_MAX_HEADER_BYTES = 4096
_HEADER_AT = len(MAGIC) + ROOT_BYTES + _LENGTH_BYTES


class Header(Value, frozen=True, kw_only=True):
    """What the backup is. ``changes`` and ``head`` say where its audit chain ends: how many entries, and the hash of the last.

    ``version`` is the store's own, by which an older copy is known; ``made_at`` in milliseconds since 1970; ``keys`` counts those
    that wallets have.
    """

    format: Annotated[int, Meta(ge=1)]
    store_id: Annotated[bytes, Meta(min_length=16, max_length=16)]
    version: Annotated[int, Meta(ge=0)]
    changes: Annotated[int, Meta(ge=0)]
    head: Annotated[bytes, Meta(min_length=32, max_length=32)]
    made_at: Annotated[int, Meta(ge=0, lt=253_402_300_800_000)]
    keys: Annotated[int, Meta(ge=0)]
    snapshot_bytes: Annotated[int, Meta(ge=1)]


class Archive:
    """An opened backup; its buffers are wiped when its ``with`` block ends."""

    def __init__(self, header: Header, root: SecretBytes, snapshot: bytearray) -> None:
        self.header, self.root, self.snapshot = header, root, snapshot

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.root.wipe()


class _Format(Value, frozen=True, kw_only=True):
    format: int


def pack(header: Header, root: SecretBytes, snapshot: bytes | bytearray) -> bytearray:
    """The plaintext of a backup, to be wiped."""
    if len(root) != ROOT_BYTES:
        raise ValueError("a root key has 32 bytes")
    described = encode(header)
    packed = bytearray(_HEADER_AT + len(described) + len(snapshot))
    packed[: len(MAGIC)] = MAGIC
    packed[len(MAGIC) : len(MAGIC) + ROOT_BYTES] = root.buffer
    packed[_HEADER_AT - _LENGTH_BYTES : _HEADER_AT] = len(described).to_bytes(_LENGTH_BYTES, "big")
    packed[_HEADER_AT : _HEADER_AT + len(described)] = described
    packed[_HEADER_AT + len(described) :] = snapshot
    return packed


def unpack(packed: bytearray) -> Archive:
    """What ``pack`` packed; it is wiped.

    Raises:
        BackupRefused: it is no backup, one of a newer format, or one that does not hold together.
    """
    try:
        return _unpacked(packed)
    finally:
        wipe(packed)


def _unpacked(packed: bytearray) -> Archive:
    if packed[: len(MAGIC)] != MAGIC:
        raise BackupRefused("This age file opens, and what is in it is not a backup of Strongroom.")
    length = int.from_bytes(packed[_HEADER_AT - _LENGTH_BYTES : _HEADER_AT], "big")
    if length > _MAX_HEADER_BYTES or len(packed) < _HEADER_AT + length:
        raise BackupRefused(DAMAGED)
    header = _header(bytes(packed[_HEADER_AT : _HEADER_AT + length]))
    snapshot = bytearray(packed[_HEADER_AT + length :])
    if len(snapshot) != header.snapshot_bytes:
        raise BackupRefused(DAMAGED)
    return Archive(header, SecretBytes(packed[len(MAGIC) : len(MAGIC) + ROOT_BYTES]), snapshot)


def _header(described: bytes) -> Header:
    try:
        if decode(described, type=_Format).format > FORMAT:
            raise BackupRefused("A newer Strongroom made this backup. Update Strongroom, and restore it then.")
        return decode(described, type=Header)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise BackupRefused(DAMAGED) from None
