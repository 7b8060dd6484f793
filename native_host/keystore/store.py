"""The store: the file together with its keys, while it is unlocked.

Every change of a record is followed, in the same transaction, by the audit row that names the record's new digest.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from native_host.errors import CannotUnseal, InvalidParams, Locked, Uninitialized
from native_host.keystore import (
    chain,
    counting,
    documents,
    evidence,
    origins,
    records,
    refusals,
    sealed,
    slots,
    vouching,
    watching,
)
from native_host.keystore.file import BUSY_SECONDS, StoreFile
from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from native_host.kek.counters import Counter
    from native_host.kek.provider import Kek
    from native_host.keystore.evidence import Finding
    from native_host.keystore.slots import Slot

CACHED_RECORDS = 256
CACHED_DOCUMENTS = 64
BUSY_MS = int(BUSY_SECONDS * 1000)


DECIDE = "To decide whether to go on with it: strongroom audit accept"


class ChangedOutside(CannotUnseal):
    """The KEK was right, and yet the file is not as an unlocked host left it; ``findings`` is what is known of that."""

    default_message = "The keystore was changed from outside. See what is wrong with: strongroom audit verify"

    def __init__(self, findings: Sequence[Finding] = ()) -> None:
        # What a counter says is in no file, and so nothing that verifying the file would show.
        outside = [finding.text for finding in findings if finding.name in evidence.ABOUT_COUNTER]
        super().__init__(" ".join((*outside, DECIDE)) if outside and len(outside) == len(findings) else None)
        self.findings = tuple(findings)


class LastSlot(InvalidParams):
    """A store without a slot could never be opened again."""

    def __init__(self) -> None:
        super().__init__("This is the only way into the keystore. Add another one first: strongroom slots add", path="slot")


class KeyStore(StoreFile):
    """The file and, while it is unlocked, its keys. Not thread-safe, as ``StoreFile`` is not."""

    def __init__(self, path: str, clock: Callable[[], int], opened: StoreFile | None = None) -> None:
        super().__init__(path, clock, opened)
        self._keys: sealed.StoreKeys | None = None
        self._epoch = -1
        self._opened_unattended: bool | None = None
        self._unrecorded: list[tuple[bytes, bytes]] = []
        self._cache: dict[bytes, records.Record] = {}
        self._owners: dict[bytes, bytes] = {}
        self._documents: dict[bytes, bytes | None] = {}
        self._document_ids: dict[tuple[str, bytes], bytes] = {}
        # The row that this process wrote last, for as long as nobody else has written.
        self._end: chain.Head | None = None
        self._held: sealed.StoreKeys | None = None
        self._withheld: sealed.StoreKeys | None = None
        self._holding = False
        self._counting: counting.Counting | None = None
        self._watch = watching.Watch()
        self._vouching = False
        self._raising = False
        self._least_version = 0
        self._mended: chain.Head | None = None
        self.was_open = False

    def close(self) -> None:
        """Wipe the keys and close the file; an open transaction is undone."""
        self.forget_keys()
        super().close()

    # state

    @property
    def is_set_up(self) -> bool:
        """As ``StoreFile`` says; an open store is, whatever becomes of the file."""
        return self._opened_unattended is not None or super().is_set_up

    @property
    def unattended(self) -> bool:
        """As ``StoreFile`` says; of an open store, what its slot vouched for when it was opened."""
        return super().unattended if self._opened_unattended is None else self._opened_unattended

    @property
    def keys(self) -> sealed.StoreKeys:
        """The keys of the unlocked store.

        Raises:
            Uninitialized, Locked: if there are none here, or another host has locked the store since.
        """
        if self._keys is None:
            raise Locked if self.is_set_up else Uninitialized
        if self.epoch() != self._epoch or self._watch.found is not None:
            # Kept for its owner to notice: with the keys, everything else is to be forgotten that a lock ends.
            raise Locked
        return self._keys

    @property
    def is_unlocked(self) -> bool:
        """Whether this process holds the keys and nobody has locked the store since."""
        return self._keys is not None and self.epoch() == self._epoch and self._watch.found is None

    @property
    def holds_keys(self) -> bool:
        """Whether this process still holds keys, even if another host has locked the store by now."""
        return self._keys is not None

    def forget_keys(self) -> None:
        """Wipe this process's keys; other hosts keep theirs. What was written since is told to the counter first."""
        try:
            with suppress(sqlite3.Error, CannotUnseal):
                self._settle_last()
        finally:
            self._wipe()

    def _wipe(self) -> None:
        self._watch.end()
        for keys in (self._keys, self._held, self._withheld):
            if keys is not None:
                keys.wipe()
        self._keys = self._held = self._withheld = None
        if self._counting is not None and not self._counting.due:
            self._counting = None  # Otherwise it is told what is due when that is committed.
        self._opened_unattended = None
        self._cache.clear()
        self._documents.clear()
        self._document_ids.clear()
        self._owners.clear()
        self._end = None

    @contextmanager
    def withheld(self) -> Iterator[None]:
        """For the block the store is as good as locked here, whoever asks; if it raises, or the keys are forgotten meanwhile, it is locked."""
        self._withheld, self._keys = self._keys, None
        try:
            yield
        except BaseException:
            self._keys, self._withheld = self._withheld, None
            self.forget_keys()
            raise
        self._keys, self._withheld = self._withheld, None

    # set-up and unlocking

    def create(self, kek: Kek, *, kind: str, label: str, parameters: bytes, unattended: bool) -> None:
        """Set the store up with one slot, inside the caller's transaction, and unlock it."""
        store_id, root = os.urandom(16), SecretBytes(os.urandom(32))
        with root:
            wrapped, box_public = sealed.generate_deks(store_id, root)
            flag = bytes((unattended,))
            for name, value in (("storeId", store_id), ("auditPublic", box_public), ("unattended", flag)):
                self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
            self.connection.executemany("INSERT OR REPLACE INTO deks VALUES (?, ?)", wrapped.items())
            self.add_slot(root, kek, kind=kind, label=label, parameters=parameters)
            self._keys = sealed.unwrap_deks(store_id, root, wrapped)
        chain.begin(self.connection, self._keys)
        self.was_open = True
        self._opened_unattended = self._known_unattended = unattended
        self._epoch = self.epoch()
        self.vouch()

    def slots(self) -> list[Slot]:
        """Every slot, oldest first."""
        return slots.read_slots(self.connection)

    def root_of(self, slot: Slot, kek: Kek) -> SecretBytes:
        """The root key, opened through a slot, to be used for as long as a slot or the keys below it are changed, and wiped.

        Raises:
            CannotUnseal: a wrong KEK, or a changed slot; and what a device raises.
        """
        return slots.unwrap_root(self._vouched(), slot, kek)

    def check_root(self, root: SecretBytes) -> None:
        """See that a root key is this store's, and not one of before that a slot may still give; raises ``CannotUnseal``."""
        self._unwrapped(root).wipe()

    def unlock(self, slot: Slot, kek: Kek) -> None:
        """Open the store through a slot.

        Raises:
            CannotUnseal: a wrong KEK, or a changed slot or key.
            ChangedOutside: the file is not as an unlocked host left it.
        """
        with self.root_of(slot, kek) as root:
            self.unlock_with(root)

    def unlock_with(self, root: SecretBytes) -> None:
        """Open the store with its root key; raises as ``unlock`` does. A chain that takes long to walk is walked beside the open store."""
        keys = self._unwrapped(root)
        # The slot has vouched for the flag just now; from here on nobody changes it.
        unattended = self._meta("unattended") == b"\x01"
        whole = self._watch.found is not None or watching.is_short(self.connection)
        try:
            found = evidence.at_unlocking(self.connection, keys, whole=whole)
            self._watch.found = None
            if not found:
                self._open_with(keys, unattended=unattended, whole=whole)
        except BaseException:
            keys.wipe()
            raise
        if found:
            self._hold(keys, unattended=unattended)
            raise ChangedOutside(found)

    def _unwrapped(self, root: SecretBytes) -> sealed.StoreKeys:
        wrapped = dict(self.connection.execute("SELECT purpose, wrapped FROM deks").fetchall())
        return sealed.unwrap_deks(self._meta("storeId"), root, wrapped)

    def _open_with(self, keys: sealed.StoreKeys, *, unattended: bool, whole: bool) -> None:
        head = chain.authentic_head(self.connection, keys)
        if not whole and head is not None:
            self._watch.begin(self.connection, head)
        self._epoch = self.epoch()
        self._keys = keys
        self.was_open = True
        self._opened_unattended = unattended

    # what somebody changed from outside

    @contextmanager
    def holding_back(self) -> Iterator[None]:
        """For the block: keys of a store that was changed from outside are kept while its owner decides, and the store is locked."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
            if self._held is not None:
                self._wipe()

    def hold_back(self) -> None:
        """Take the keys of the store that was just opened back, inside ``holding_back``, until it is known how new the file is."""
        keys, self._keys = self.keys, None
        self._hold(keys, unattended=self.unattended)

    def release(self) -> None:
        """Open the store with the keys that were held back."""
        self._keys, self._held = self._held, None

    def _hold(self, keys: sealed.StoreKeys, *, unattended: bool) -> None:
        if self._holding:
            self._held, self._opened_unattended = keys, unattended
        else:
            keys.wipe()

    def go_on(self, *, least_version: int) -> None:
        """Open the store with what is there, as its owner decided, inside ``holding_back`` and the caller's transaction, which is to write
        the audit row that says so.

        The head is authenticated where the rows end; its version is at least ``least_version``.
        """
        keys, self._held = self._held, None
        if keys is None:
            raise Locked
        self._open_with(keys, unattended=self.unattended, whole=True)
        from native_host.keystore import mending

        self._mended, changes = mending.mend(self.connection, keys)
        self._unrecorded += changes
        self._least_version = least_version
        self.vouch()

    def differing(self) -> list[tuple[bytes, bytes]]:
        """The records that are not as the log of the open store says, with their present digests."""
        from native_host.keystore import mending

        return mending.differing(self.connection, self.keys)

    def checkpoint(self) -> str:
        """A signed checkpoint of the audit chain as it is now; raises ``Locked``, ``ChangedOutside``."""
        head = chain.checked_end(self.connection, self.keys)
        if head is None:
            raise ChangedOutside
        from native_host.keystore import checkpoints

        return checkpoints.make(self.keys, head)

    def checkpoint_key(self) -> str:
        """The public key of checkpoints; raises ``Locked``."""
        from native_host.keystore import checkpoints

        return checkpoints.public_key(self.keys)

    def take_over(self, record_id: bytes, digest: bytes) -> None:
        """Let the log say that a record is as it stands now, inside a transaction."""
        self._changed(record_id, digest)

    def see_that_it_opens(self, record_id: bytes) -> None:
        """Open both blobs of a record and wipe what was in them, or a document; raises ``CannotUnseal``."""
        if self.connection.execute("SELECT 1 FROM documents WHERE document_id = ?", (record_id,)).fetchone() is not None:
            documents.read(self.connection, self.keys, record_id)
            return
        record = self.read(record_id)
        row = self.connection.execute("SELECT secret FROM records WHERE record_id = ?", (record_id,)).fetchone()
        if record is None or row is None:
            raise CannotUnseal
        if row[0] is not None:
            self.unseal_secret(record).wipe()

    # how new it is, said outside the file

    def head(self) -> chain.Head | None:
        """Where the store's chain ends, if that is authentic, also while its keys are held back; raises ``Locked``."""
        return chain.authentic_head(self.connection, self._held or self.keys)

    def has_changed(self) -> bool:
        """Whether the open store was written to since its version was last raised."""
        head = self.head()
        return head is not None and head.seq > head.settled

    def counter(self) -> tuple[str, bytes] | None:
        """The kind and parameters of the counter that the store uses, also while its keys are held back; raises ``Locked``, ``CannotUnseal``."""
        found = counting.kept(self.connection)
        return None if found is None else (found.kind, counting.parameters_of(self._held or self.keys, found))

    def counter_kind(self) -> str | None:
        """What the file says of where its counter is; also of a locked store, for whom it is worth no more than the file."""
        try:
            found = counting.kept(self.connection)
        except CannotUnseal:
            return None
        return None if found is None else found.kind

    def catch_up(self) -> None:
        """Tell the counter of the version that the file has: a crash, or a device that was not here, may have left it behind."""
        head = self.head()
        if self._counting is not None and head is not None and head.version:
            self._counting.due = head.version
            self._counting.follow(self.connection)

    def use_counter(self, kind: str, counter: Counter, parameters: bytes) -> None:
        """From now on, until the store is locked, tell this counter of each new version."""
        self._counting = counting.Counting(kind, counter, parameters)

    def keep_counter(self, kind: str, counter: Counter, parameters: bytes, value: int) -> None:
        """Use a new counter, which stands at ``value``, inside a transaction; raises ``ChangedOutside``."""
        self.check_vouched()
        counting.keep(self.connection, self.keys, kind, parameters)
        self._least_version = max(self._least_version, value)
        self.vouch()
        self.use_counter(kind, counter, parameters)

    def drop_counter(self) -> None:
        """Use none any more, inside a transaction; raises ``ChangedOutside``."""
        self.check_vouched()
        self.connection.execute("DELETE FROM meta WHERE name = ?", (counting.SETTING,))
        self._counting = None
        self.vouch()

    def settle(self) -> None:
        """Raise the version with the next audit row: something weighty has changed, or the store is being locked or opened."""
        self._raising = self._keys is not None

    def has_vouched(self) -> bool:
        """Whether the open store has ever vouched for its slots, wrapped keys and settings."""
        return chain.newest_digest(self.connection, self.keys, chain.VOUCHED) is not None

    def check_vouched(self) -> None:
        """See that the slots, wrapped keys and settings are as they were vouched for, inside a transaction that is about to change one of
        them: what somebody put there since the store was opened would be vouched for with the change.

        Raises:
            ChangedOutside
        """
        if self._keys is None or self._vouching:
            return
        found = evidence.own(self.connection, chain.newest_digest(self.connection, self._keys, chain.VOUCHED))
        if found:
            raise ChangedOutside(found)

    def vouch(self) -> None:
        """Vouch for the slots, wrapped keys and settings as they are at the next audit row, inside a transaction that changes them."""
        self._vouching = self._raising = True

    def _settle_last(self) -> None:
        """Raise the version for what was written since, without a row: these keys are about to be wiped."""
        if self._keys is None or self._counting is None or self.is_in_batch or not self.is_unlocked:
            return
        self.connection.execute("PRAGMA busy_timeout = 300")
        try:
            head = chain.checked_end(self.connection, self._keys)
            if head is not None and head.seq > head.settled:
                with self.transaction():
                    head = chain.checked_end(self.connection, self._keys)
                    if head is not None and head.seq > head.settled:
                        self._end = None
                        self._due(chain.raised(self.connection, self._keys, head).version)
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")

    def _due(self, version: int) -> None:
        if self._counting is not None:
            self._counting.due = version

    def _commit(self) -> None:
        super()._commit()
        if self._counting is not None and self._counting.due:
            self._counting.follow(self.connection)
            if self._keys is None:
                self._counting = None

    def add_slot(self, root: SecretBytes, kek: Kek, *, kind: str, label: str, parameters: bytes) -> Slot:
        """One more way in, inside the caller's transaction; ``root`` comes from ``root_of``. Raises ``ChangedOutside``."""
        self.check_vouched()
        slot = slots.wrap_root(self._vouched(), root, kek, kind=kind, label=label, parameters=parameters)
        slots.write_slot(self.connection, slot, self._clock())
        self._known_kinds = None
        self.vouch()
        return slot

    def remove_slot(self, slot_id: bytes) -> None:
        """Take a way in away, inside the caller's transaction.

        Raises:
            LastSlot: there would be none left. ``ChangedOutside``.
        """
        self.check_vouched()
        if [slot.slot_id for slot in self.slots()] == [slot_id]:
            raise LastSlot
        slots.remove_slot(self.connection, slot_id)
        self._known_kinds = None
        self.vouch()
        refusals.end_failures(self.connection, slot_id)

    def _vouched(self) -> bytes:
        """What every slot vouches for: the store's id and whether it is unattended."""
        return sealed.bind(self._meta("storeId"), self._meta("unattended"))

    def _meta(self, name: str) -> bytes:
        row = self.connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        if row is None or not isinstance(row[0], bytes):  # Of a number, ``bytes`` would make as many zeros.
            raise CannotUnseal
        return row[0]

    def _check_complete(self) -> None:
        if self._unrecorded or self._vouching:
            raise AssertionError("a record, slot, key or setting was changed without an audit row")

    def _forget(self) -> None:
        super()._forget()
        self._cache.clear()
        self._documents.clear()
        self._end = None

    def _undo(self, *, first: bool) -> None:
        self._unrecorded.clear()
        self._vouching, self._least_version, self._mended = False, 0, None
        super()._undo(first=first)

    # audit

    def append_audit(self, content: bytes) -> None:
        """Add the audit row of this transaction; one row more, which says only that, for each further record or document that it changed.

        Raises:
            ChangedOutside: the chain no longer ends where an unlocked host left it. To go on would authenticate what is left of it.
        """
        keys, head = self._keys, None
        if keys is None:
            if self._vouching:
                raise Locked
            self._end = None
            chain.append(self.connection, None, self._meta("auditPublic"), self._clock(), content)
            return
        # What others wrote is looked for anew at each transaction's begin, and looking at it takes as long as writing the row.
        self._look()
        end = self._end if self._mended is None else None
        head = end or self._mended or chain.checked_end(self.connection, keys)
        if head is None:
            raise ChangedOutside
        changes: list[tuple[bytes, bytes] | None] = [*self._unrecorded]
        if self._vouching:
            changes.append((chain.VOUCHED, vouching.write_list(self.connection)))
        version = self._next_version(head)
        for number, change in enumerate(changes or [None]):
            said = content if number == 0 else chain.CONTINUED
            if end is None:
                end = chain.append(self.connection, keys, b"", self._clock(), said, change, head=head, version=version)
            else:
                end = chain.follow(self.connection, keys, end, self._clock(), said, change, version=version)
        self._end = end
        self._unrecorded, self._vouching, self._raising, self._least_version, self._mended = [], False, False, 0, None
        if version is not None:
            self._due(version)

    def _next_version(self, head: chain.Head) -> int | None:
        """The version to raise the store to with this row; ``None`` for the one it has. A store that never had a counter has none."""
        if self._least_version:
            return max(self._least_version, head.version + 1)
        return head.version + 1 if self._raising and head.version else None

    def read_audit(self, row: chain.AuditRow) -> bytes:
        """The content of an audit row; raises ``Locked``, ``CannotUnseal``."""
        if row.sealing == chain.SEALED_WITH_KEY:
            return self.keys.unseal_audit(row.seq, row.at, row.sealed)
        return self.keys.open_audit_box(row.sealed)

    # records

    def now(self) -> int:
        """Milliseconds since 1970."""
        return self._clock()

    def owner_of(self, wallet_id: bytes) -> bytes:
        """The keyed hash under which a wallet's records stand."""
        keys = self.keys
        owner = self._owners.get(wallet_id)
        if owner is None:
            owner = self._owners[wallet_id] = keys.tag("owner", wallet_id)
        return owner

    def insert(
        self, record_id: bytes, owner: bytes, metadata: records.Metadata, secret: bytearray | memoryview | None, identity: bytes | None
    ) -> None:
        """Add a record inside a transaction; raises ``sqlite3.IntegrityError`` if its identity is taken."""
        digest = records.insert(self.connection, self.keys, record_id, owner, metadata, secret, identity, self._clock())
        self._changed(record_id, digest)

    def update(self, record: records.Record, metadata: records.Metadata) -> None:
        """Write new metadata over a record inside a transaction."""
        self._raising = self._raising or _is_weighty(record.metadata, metadata)
        self._changed(record.record_id, records.update(self.connection, self.keys, record, metadata, self._clock()))

    def replace(self, record: records.Record, metadata: records.Metadata, secret: bytearray | memoryview, identity: bytes | None) -> None:
        """Write a new secret with its metadata over a record inside a transaction; raises ``sqlite3.IntegrityError`` as ``insert`` does."""
        self.settle()
        digest = records.replace(self.connection, self.keys, record, metadata, secret, identity, self._clock())
        self._changed(record.record_id, digest)

    def bring_over(self, record: records.Record) -> None:
        """Write a record under the newest generation of DEKs inside a transaction."""
        self._changed(record.record_id, records.bring_over(self.connection, self.keys, record, record.metadata, self._clock()))

    def behind(self, *, limit: int) -> list[records.Record]:
        """Up to ``limit`` records that stand under an older generation of DEKs; raises ``Locked``, ``CannotUnseal``."""
        return records.behind(self.connection, self.keys, limit=limit)

    def destroy(self, record: records.Record, metadata: records.Metadata) -> None:
        """Take a record's secret away for good inside a transaction, leaving a tombstone with ``metadata``."""
        self.settle()
        self._changed(record.record_id, records.destroy(self.connection, self.keys, record, metadata, self._clock()))

    def read(self, record_id: bytes) -> records.Record | None:
        """The record, checked against the audit chain; raises ``Locked``, ``CannotUnseal``."""
        keys = self.keys
        record = self._cache.get(record_id)
        if record is None:
            record = records.read(self.connection, keys, record_id)
            if record is not None and len(self._cache) < CACHED_RECORDS:
                self._cache[record_id] = record
        return record

    def page(self, owner: bytes, *, after: int, limit: int) -> list[records.Record]:
        """Records of an owner after a position, oldest first; raises ``Locked``, ``CannotUnseal``."""
        return records.page(self.connection, self.keys, owner, after=after, limit=limit)

    def count(self, owner: bytes) -> int:
        """How many records an owner has."""
        return records.count(self.connection, owner)

    def unseal_secret(self, record: records.Record) -> SecretBytes:
        """The secret of a record, to be used and wiped; raises ``CannotUnseal``."""
        return SecretBytes(records.unseal_secret(self.connection, self.keys, record))

    def _changed(self, record_id: bytes, digest: bytes) -> None:
        self._cache.pop(record_id, None)
        self._documents.pop(record_id, None)
        self._unrecorded.append((record_id, digest))

    # documents

    def document(self, kind: str, name: bytes = b"") -> bytes | None:
        """The content of a document, checked against the audit chain; ``None`` if it was never written. Raises ``Locked``, ``CannotUnseal``."""
        keys = self.keys
        document_id = self._document_id(keys, kind, name)
        if document_id not in self._documents:
            content = documents.read(self.connection, keys, document_id)
            if len(self._documents) >= CACHED_DOCUMENTS:
                self._documents.clear()
            self._documents[document_id] = content
        return self._documents[document_id]

    def _document_id(self, keys: sealed.StoreKeys, kind: str, name: bytes) -> bytes:
        found = self._document_ids.get((kind, name))
        if found is None:
            if len(self._document_ids) >= CACHED_DOCUMENTS:
                self._document_ids.clear()
            found = self._document_ids[kind, name] = documents.id_of(keys, kind, name)
        return found

    def write_document(self, content: bytes, kind: str, name: bytes = b"", *, anew: bool = False) -> None:
        """Write a document inside a transaction that appends an audit row; raises ``Locked``.

        ``anew``: in place of whatever stands there, as its owner decided.

        Raises:
            CannotUnseal: it was changed from outside: what it held would be lost for good.
        """
        keys = self.keys
        document_id = self._document_id(keys, kind, name)
        if not anew:
            self.document(kind, name)
        self._changed(document_id, documents.write(self.connection, keys, document_id, content))

    # origins

    def is_confirmed(self, attachment: origins.Attachment) -> bool:
        """Whether the person confirmed the attachment; raises ``Locked``."""
        authentic = origins.is_confirmed(self.keys, attachment)
        return authentic and (origins.stands(self.connection, attachment) or not self.has_vouched())

    def confirm(self, attachment: origins.Attachment) -> None:
        """Authenticate an attachment, inside a transaction."""
        self.check_vouched()
        self._known_attachments.clear()
        origins.confirm(self.connection, self.keys, attachment)
        self.vouch()

    def tidy_confirmations(self) -> None:
        """Forget the confirmations of attachments that were removed while the store was locked, inside a transaction; of a store that has not
        vouched yet, note the ones that it has. Raises ``ChangedOutside``."""
        self.check_vouched()
        if not self.has_vouched():
            for one in self.attachments():
                if one.mac is not None and origins.is_confirmed(self.keys, one):
                    origins.note(self.connection, one, one.mac)
            self.vouch()
        elif origins.forget_removed(self.connection):
            self.vouch()

    def is_program_confirmed(self, program: tuple[str, ...]) -> bool:
        """Whether the person let exactly this command answer for them; raises ``Locked``."""
        row = self.connection.execute("SELECT value FROM meta WHERE name = 'approvalProgram'").fetchone()
        return row is not None and self.keys.check_mac(row[0], "program", *(part.encode() for part in program))

    def confirm_program(self, program: tuple[str, ...]) -> None:
        """Let this command, and no other, answer for the person, inside a transaction; raises ``ChangedOutside``."""
        self.check_vouched()
        mac = self.keys.mac("program", *(part.encode() for part in program))
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES ('approvalProgram', ?)", (mac,))
        self.vouch()

    # refusals

    def pause_seconds(self, origin: str) -> int:
        """For how many seconds the origin may not ask the person; 0 if it may."""
        return refusals.pause_seconds(self.connection, origin, self._clock())

    def count_refusal(self, origin: str) -> None:
        """Count a refusal of this origin's, inside a transaction."""
        refusals.count_refusal(self.connection, origin, self._clock())

    def count_failure(self, slot_id: bytes) -> None:
        """Count a failed try at a slot, inside a transaction."""
        refusals.count_failure(self.connection, slot_id, self._clock())

    def failures(self, slot_id: bytes) -> tuple[int, int]:
        """How many tries at a slot have failed since it was last opened, and for how many seconds it takes no further one."""
        return refusals.failures(self.connection, slot_id, self._clock())

    def end_failures(self, slot_id: bytes) -> None:
        """Forget the failed tries at a slot, inside a transaction: it has been opened."""
        refusals.end_failures(self.connection, slot_id)

    def end_refusals(self, origin: str) -> None:
        """Forget this origin's refusals, inside a transaction."""
        refusals.end_count(self.connection, origin)


def _is_weighty(before: records.Metadata, after: records.Metadata) -> bool:
    """Whether a change takes something from a key that an older copy of the file would give back."""
    return (before.state, before.usages, before.expires_at, before.max_uses) != (
        after.state,
        after.usages,
        after.expires_at,
        after.max_uses,
    )
