"""The file with its audit chain and its version: every change stands in a row, and how new the file is can be told outside it.

Every change of a record or document is followed, in the same transaction, by the audit row that names its new digest; so is every change of
a slot, wrapped key or setting, by the one that vouches for all of them. What is weighty raises the version with that row, and the
counter outside the file is told once that is committed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.errors import CannotUnseal, Locked
from native_host.keystore import chain, counting, evidence, vouching
from native_host.keystore.evidence import ChangedOutside
from native_host.keystore.file import BUSY_MS
from native_host.keystore.keyed import KeyedFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from native_host.kek.counters import Counter
    from native_host.keystore.file import StoreFile


class AuditedFile(KeyedFile):
    """What a transaction has changed waits here for its audit row; a transaction that ends without one is a fault."""

    def __init__(self, path: str, clock: Callable[[], int], opened: StoreFile | None = None) -> None:
        super().__init__(path, clock, opened)
        self._unrecorded: list[tuple[bytes, bytes]] = []
        self._vouching = False
        self._raising = False
        self._least_version = 0
        self._mended: chain.Head | None = None
        # The row that this process wrote last, for as long as nobody else has written.
        self._end: chain.Head | None = None
        self._counting: counting.Counting | None = None

    # the record

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

    def _check_complete(self) -> None:
        if self._unrecorded or self._vouching:
            raise AssertionError("a record, slot, key or setting was changed without an audit row")

    def _undo(self, *, first: bool) -> None:
        self._unrecorded.clear()
        self._vouching, self._least_version, self._mended = False, 0, None
        super()._undo(first=first)

    def _forget(self) -> None:
        super()._forget()
        self._end = None

    def _wipe(self) -> None:
        super()._wipe()
        if self._counting is not None and not self._counting.due:
            self._counting = None  # Otherwise it is told what is due when that is committed.
        self._end = None

    # what the store vouches for

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

    # how new it is, said outside the file

    def settle(self) -> None:
        """Raise the version with the next audit row: something weighty has changed, or the store is being locked or opened."""
        self._raising = self._keys is not None

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

    # going on with what somebody changed from outside

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
