"""Slots: the ways into the store. Each wraps the same root key under a KEK of its own, as LUKS key slots do."""

from __future__ import annotations

from os import urandom
from typing import TYPE_CHECKING

from native_host.keystore.sealed import SEALING_ALG, bind
from native_host.value import Value

if TYPE_CHECKING:
    from sqlite3 import Connection

    from native_host.kek.provider import Kek
    from native_host.secret import SecretBytes


MAX_NAME = 128


class Slot(Value, frozen=True, kw_only=True):
    """One row. ``parameters`` is the provider's own encoding; the store does not read it."""

    slot_id: bytes
    kind: str
    label: str
    parameters: bytes
    wrapped: bytes


def wrap_root(store: bytes, root: SecretBytes, kek: Kek, *, kind: str, label: str, parameters: bytes) -> Slot:
    """A new slot. ``store`` binds what a slot vouches for: the store's id and whether it is unattended."""
    slot_id = urandom(16)
    wrapped = kek.wrap(root, aad=_aad(store, slot_id, kind, parameters))
    return Slot(slot_id=slot_id, kind=kind, label=label, parameters=parameters, wrapped=wrapped)


def unwrap_root(store: bytes, slot: Slot, kek: Kek) -> SecretBytes:
    """The root key; raises ``CannotUnseal`` for a wrong KEK or a changed slot, and what a device raises."""
    return kek.unwrap(slot.wrapped, aad=_aad(store, slot.slot_id, slot.kind, slot.parameters))


def read_slots(connection: Connection) -> list[Slot]:
    """Every slot, oldest first. A row of another form is nobody's way in: left out here, and named with what else was changed. Of a name, what
    can be printed: it is said in windows, terminals and replies, and nothing vouches for it before the store is open."""
    rows = connection.execute("SELECT slot_id, kind, label, parameters, wrapped FROM slots ORDER BY created_at, slot_id")
    return [
        Slot(slot_id=slot_id, kind=_printed(kind), label=_printed(label), parameters=parameters, wrapped=wrapped)
        for slot_id, kind, label, parameters, wrapped in rows
        if isinstance(kind, str) and all(isinstance(one, bytes) for one in (slot_id, parameters, wrapped))
    ]


def _printed(name: object) -> str:
    text = name[:MAX_NAME] if isinstance(name, str) else ""
    return "".join(letter if letter.isprintable() else "?" for letter in text) or "?"


def write_slot(connection: Connection, slot: Slot, at: int) -> None:
    """Add a slot inside the caller's transaction, behind those that are there; ``at`` in milliseconds since 1970."""
    # A time that somebody wrote, and that its owner accepted, may be any number.
    known = "SELECT coalesce(max(created_at), 0) FROM slots WHERE typeof(created_at) = 'integer' AND created_at < (1 << 62)"
    (newest,) = connection.execute(known).fetchone()
    columns = (slot.slot_id, slot.kind, slot.label, slot.parameters, slot.wrapped, max(at, newest + 1))
    connection.execute("INSERT INTO slots VALUES (?, ?, ?, ?, ?, ?)", columns)


def remove_slot(connection: Connection, slot_id: bytes) -> bool:
    """Whether there was such a slot, which is now gone; inside the caller's transaction."""
    return connection.execute("DELETE FROM slots WHERE slot_id = ?", (slot_id,)).rowcount == 1


def _aad(store: bytes, slot_id: bytes, kind: str, parameters: bytes) -> bytes:
    return bind(SEALING_ALG, b"slot", store, slot_id, kind.encode(), parameters)
