"""Backup and restore: the whole keystore with its root key out of this machine, and into one.

A backup is taken at one moment and holds the entry that says so, so that it ends where the store does. Restoring looks at everything
before it changes anything: the file, every link of the audit chain, every key. Then one transaction puts it in place.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from itertools import chain as chain_of
from itertools import count
from time import gmtime, strftime
from typing import TYPE_CHECKING, Literal

from native_host.audit import Audit
from native_host.backups.archive import FORMAT, Archive, Header, pack
from native_host.backups.new_file import sync_folder
from native_host.backups.refused import DAMAGED, BackupRefused
from native_host.caller.identity import PERSON_ORIGIN
from native_host.errors import Busy, CannotUnseal, KmsError
from native_host.kek import counters, passphrase
from native_host.kek.provider import Choice
from native_host.keystore import chain, counting, records, snapshot
from native_host.keystore.migrate import NewerFormat
from native_host.keystore.store import KeyStore
from native_host.operations import slots
from native_host.secret import wipe
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from sqlite3 import Connection

    from native_host.operations.house import House
    from native_host.protocol.approver import CallerFacts
    from native_host.secret import SecretBytes

NEWER = "A newer Strongroom made this backup. Update Strongroom, and restore it then."


class Here(Value, frozen=True, kw_only=True):
    """What is on this machine, compared with a backup. ``behind``: changes that the store here has and the backup has not; ``ahead``: the
    other way round. Both, if they went different ways."""

    state: Literal["nothing", "same"]
    behind: int = 0
    ahead: int = 0
    end: tuple[int, bytes] = (0, chain.GENESIS)


class Restored(Value, frozen=True, kw_only=True):
    """What came of restoring: the ways in of the other machine that are gone, and where the file that was here is kept."""

    dropped: tuple[str, ...]
    aside: str | None


# out


@contextmanager
def packed(house: House, root: SecretBytes, how: str) -> Iterator[tuple[bytearray, Header]]:
    """The plaintext of a backup for a block, wiped after it. ``root`` is from ``unlocking.opened_root``; ``how`` says in the audit chain for
    what it is encrypted."""
    store = house.store
    with store.transaction():
        house.audit.happened(PERSON_ORIGIN, "backUp", how)
    content = snapshot.take(store.connection)
    loaded = snapshot.load(content)
    try:
        header = _describe(loaded.connection, store, made_at=house.clock(), snapshot_bytes=len(content))
    finally:
        loaded.connection.close()
    plaintext = pack(header, root, content)
    try:
        yield plaintext, header
    finally:
        wipe(plaintext)


def _describe(connection: Connection, opened: KeyStore, *, made_at: int, snapshot_bytes: int) -> Header:
    """What is in a file, with the keys of ``opened``, which is the same store."""
    (changes, head), (version,) = _end(connection), connection.execute("SELECT version FROM head").fetchone()
    (store_id,) = connection.execute("SELECT value FROM meta WHERE name = 'storeId'").fetchone()
    owners = [opened.owner_of(wallet_id) for (wallet_id,) in connection.execute("SELECT wallet_id FROM wallets")]
    return Header(
        format=FORMAT,
        store_id=store_id,
        version=version,
        changes=changes,
        head=head,
        made_at=made_at,
        keys=sum(records.count(connection, owner) for owner in owners),
        snapshot_bytes=snapshot_bytes,
    )


def _end(connection: Connection) -> tuple[int, bytes]:
    """How many entries the audit chain has, and the hash of the last."""
    row = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return (0, chain.GENESIS) if row is None else (row[0], row[1])


# and in


@contextmanager
def examined(house: House, archive: Archive, tell: Callable[[int, int], None]) -> Iterator[KeyStore]:
    """The backup's store, open in memory for a block, after all of it was found good. ``tell`` hears how many keys of how many.

    Raises:
        BackupRefused: it is damaged, or of a newer format.
    """
    try:
        loaded = snapshot.load(archive.snapshot)
    except NewerFormat:
        raise BackupRefused(NEWER) from None
    except snapshot.NotAKeystore:
        raise BackupRefused(DAMAGED) from None
    store = KeyStore(":memory:", house.clock, loaded.as_file())
    try:
        try:
            store.unlock_with(archive.root)
            _check(store, archive.header, tell)
        except CannotUnseal:
            raise BackupRefused(DAMAGED) from None
        yield store
    finally:
        store.close()


def _check(store: KeyStore, header: Header, tell: Callable[[int, int], None]) -> None:
    connection = store.connection
    if _describe(connection, store, made_at=header.made_at, snapshot_bytes=header.snapshot_bytes) != header:
        raise BackupRefused(DAMAGED)
    if chain.verify(connection) is not None:
        raise BackupRefused("The record of decisions in this backup is not whole: it was changed before it was made. It is not restored.")
    found = connection.execute("SELECT record_id, secret IS NOT NULL FROM records").fetchall()
    for done, (record_id, has_secret) in enumerate(found):
        tell(done, len(found))
        record = store.read(record_id)
        if record is None:
            raise BackupRefused(DAMAGED)
        if has_secret:
            store.unseal_secret(record).wipe()


def compare(house: House, backup: KeyStore, header: Header) -> Here:
    """How a backup stands to what is on this machine; needs no secret of what is here.

    Raises:
        BackupRefused: another keystore is here.
    """
    here = house.store.connection
    if not house.store.is_set_up:
        return Here(state="nothing")
    row = here.execute("SELECT value FROM meta WHERE name = 'storeId'").fetchone()
    if row is None or row[0] != header.store_id:
        raise BackupRefused(
            "There is another keystore on this machine already, and restoring would replace it. To have both, set STRONGROOM_HOME to an"
            " empty folder for one of them."
        )
    end = _end(here)
    if _hash(here, header.changes) == header.head:
        return Here(state="same", behind=end[0] - header.changes, end=end)
    if _hash(backup.connection, end[0]) == end[1]:
        return Here(state="same", ahead=header.changes - end[0], end=end)
    common = _common(here, backup.connection)
    return Here(state="same", behind=end[0] - common, ahead=header.changes - common, end=end)


def _hash(connection: Connection, seq: int) -> bytes | None:
    row = connection.execute("SELECT hash FROM audit WHERE seq = ?", (seq,)).fetchone()
    return bytes(row[0]) if row is not None and isinstance(row[0], bytes) else chain.GENESIS if seq == 0 else None


def _common(one: Connection, other: Connection) -> int:
    """The last entry that two chains share."""
    least, most = 0, min(_end(one)[0], _end(other)[0])
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if _hash(one, middle) == _hash(other, middle) else (least, middle - 1)
    return least


def restore(house: House, caller: CallerFacts, archive: Archive, backup: KeyStore, here: Here) -> Restored:
    """Put an examined backup in place, with one way in: a passphrase that the person chooses now.

    The ways in of the machine that it was made on go: they are of devices that are not here, and what was typed there may be known
    there. Every host that has the store open is locked.

    Raises:
        UserRejected: the person chose none.
        Busy: the store here was changed meanwhile.
    """
    new = slots.enrolled(house, passphrase.KIND, None, Choice(), slots.AskPerson(house, caller))
    with new.kek as kek:
        old = backup.slots()
        with backup.transaction():
            backup.add_slot(archive.root, kek, kind=passphrase.KIND, label=new.label, parameters=new.parameters)
            for slot in old:
                backup.remove_slot(slot.slot_id)
            # It belongs to the machine that the backup was made on, or says that this one has seen newer than what is restored now.
            # The next unlocking makes a new one.
            backup.drop_counter()
            Audit(backup).happened(PERSON_ORIGIN, "restore", f"backup of {day(archive.header.made_at)}, ways in dropped: {len(old)}")
    return Restored(dropped=tuple(slot.label for slot in old), aside=_put(house, archive, backup, here))


def _put(house: House, archive: Archive, backup: KeyStore, here: Here) -> str | None:
    store, aside = house.store, None
    forget = _counter_of(house, backup)
    with store.transaction():
        # Under the file's own lock: what was compared is what is replaced.
        if compare(house, backup, archive.header) != here:
            raise Busy("The keystore here was changed meanwhile. Start again.")
        if here.state == "same" or store.attachments():
            aside = _new_name(f"{store.path}.{strftime('%Y-%m-%dT%H-%M-%SZ', gmtime(house.clock() / 1000))}")
            snapshot.copy_aside(store.path, aside)
            sync_folder(os.path.dirname(aside))
        epoch = max(store.epoch(), backup.epoch()) + 1
        snapshot.pour(backup.connection, store.connection)
        store.connection.execute("UPDATE state SET lock_epoch = ?", (epoch,))
    store.forget_keys()
    forget()
    return aside


def _new_name(name: str) -> str:
    """That name, or one with a number after it: a restore that was killed a moment ago may have left one, which is never written over."""
    return next(one for one in chain_of((name,), (f"{name}-{number}" for number in count(2))) if not os.path.lexists(one))


def _counter_of(house: House, backup: KeyStore) -> Callable[[], None]:
    """How the counter that the store here uses is taken away, once nothing asks for it any more; that it cannot be is no fault."""

    def forget() -> None:
        with suppress(KmsError, KeyError, ImportError):
            if found is not None:
                counters.counter_of(found.kind, house.settings).remove(counting.parameters_of(backup.keys, found))

    try:
        found = counting.kept(house.store.connection)
    except CannotUnseal:
        found = None
    return forget


def day(at: int) -> str:
    """A time of a backup, as people read it: date and minute, UTC; ``at`` in milliseconds since 1970."""
    return strftime("%Y-%m-%d %H:%M UTC", gmtime(at / 1000))
