"""New keys for the store itself: another root key, or another generation of the records' DEKs.

A new root key wraps the same DEKs, and every slot is wrapped anew: one transaction that touches no record. A new generation of DEKs,
under which every record is then sealed again, goes in three steps, each of them durable and whole: the generation is added, the
records are brought over some at a time, and the old DEKs are taken away when none stands under them any more. After a crash, or
when it is interrupted, it goes on where it stopped; meanwhile the store works with both.
"""

from __future__ import annotations

from os import urandom
from typing import TYPE_CHECKING

from native_host.errors import InvalidParams
from native_host.keystore import sealed, slots
from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from native_host.kek.provider import Kek
    from native_host.keystore.slots import Slot
    from native_host.keystore.store import KeyStore


def exchange_root(store: KeyStore, root: SecretBytes, ways: Iterable[tuple[Slot, Kek]]) -> None:
    """A new root key, wrapped for these slots alone, inside the caller's transaction; every other slot is gone.

    Raises:
        ChangedOutside: the store's own rows were changed since it was opened. ``InvalidParams``: a slot is not there any more.
    """
    store.check_vouched()
    present, ways = store.slots(), list(ways)
    if any(slot not in present for slot, _ in ways):
        raise InvalidParams("The ways in were changed meanwhile. Start again.", path="slot")
    store.vouch()
    store_id = store.keys.store_id
    wrapped = dict(store.connection.execute("SELECT purpose, wrapped FROM deks").fetchall())
    with SecretBytes(bytearray(urandom(32))) as new:
        for purpose, blob in wrapped.items():
            # Wrapping wipes what it is given.
            dek = sealed.unwrap_dek(store_id, root, purpose, blob)
            store.connection.execute(
                "UPDATE deks SET wrapped = ? WHERE purpose = ?", (sealed.wrap_dek(store_id, new, purpose, dek.buffer), purpose)
            )
        for slot, kek in ways:
            store.add_slot(new, kek, kind=slot.kind, label=slot.label, parameters=slot.parameters)
        for slot in present:
            slots.remove_slot(store.connection, slot.slot_id)


def add_generation(store: KeyStore, root: SecretBytes, alg: str) -> None:
    """DEKs of one more generation for ``alg``, inside the caller's transaction, and every host locked: each needs them from now on.

    Raises:
        ValueError: an algorithm that records are not sealed by. ``ChangedOutside``.
    """
    if alg not in sealed.RECORD_ALGS:
        raise ValueError("records are not sealed by that algorithm")
    store.check_vouched()
    store_id, generation = store.keys.store_id, store.keys.generation + 1
    for blob in sealed.BLOBS:
        purpose = sealed.dek_purpose(blob, generation, alg)
        wrapped = sealed.wrap_dek(store_id, root, purpose, bytearray(urandom(32)))
        store.connection.execute("INSERT INTO deks VALUES (?, ?)", (purpose, wrapped))
    store.vouch()
    store.raise_epoch()


def left(store: KeyStore) -> int:
    """How many records stand under an older generation."""
    (number,) = store.connection.execute("SELECT count(*) FROM records WHERE sealing != ?", (store.keys.generation,)).fetchone()
    return int(number)


def drop_old(store: KeyStore) -> None:
    """Take the DEKs of older generations away, inside the caller's transaction; no record may stand under them. Raises ``ChangedOutside``."""
    store.check_vouched()
    if left(store):
        raise AssertionError("a record stands under keys that would be gone")
    newest = {sealed.dek_purpose(blob, store.keys.generation, store.keys.record_alg) for blob in sealed.BLOBS}
    for (purpose,) in store.connection.execute("SELECT purpose FROM deks").fetchall():
        if purpose.partition(":")[0] in sealed.BLOBS and purpose not in newest:
            store.connection.execute("DELETE FROM deks WHERE purpose = ?", (purpose,))
    store.vouch()
