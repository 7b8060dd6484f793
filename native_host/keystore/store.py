"""The store: what stands in the file for whoever holds its keys, that is, records, documents, and what its owner confirmed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from native_host.errors import CannotUnseal, InvalidParams
from native_host.keystore import chain, documents, origins, records, refusals, sealed, slots
from native_host.keystore.audited import AuditedFile
from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from native_host.kek.provider import Kek
    from native_host.keystore.file import StoreFile
    from native_host.keystore.slots import Slot

CACHED_RECORDS = 256
CACHED_DOCUMENTS = 64


class LastSlot(InvalidParams):
    """A store without a slot could never be opened again."""

    def __init__(self) -> None:
        super().__init__("This is the only way into the keystore. Add another one first: strongroom slots add", path="slot")


class KeyStore(AuditedFile):
    """The file and, while it is unlocked, its keys. Not thread-safe, as ``StoreFile`` is not."""

    def __init__(self, path: str, clock: Callable[[], int], opened: StoreFile | None = None) -> None:
        super().__init__(path, clock, opened)
        self._cache: dict[bytes, records.Record] = {}
        self._owners: dict[bytes, bytes] = {}
        self._documents: dict[bytes, bytes | None] = {}
        self._document_ids: dict[tuple[str, bytes], bytes] = {}

    def _wipe(self) -> None:
        super()._wipe()
        self._cache.clear()
        self._documents.clear()
        self._document_ids.clear()
        self._owners.clear()

    def _forget(self) -> None:
        super()._forget()
        self._cache.clear()
        self._documents.clear()

    # set-up and slots

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
