"""The file together with its keys, while it is unlocked: how it is opened, how it is locked, and what is kept in between.

Keys of a file that is not as an unlocked host left it are held back while its owner decides.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from native_host.errors import CannotUnseal, Locked, Uninitialized
from native_host.keystore import chain, evidence, sealed, slots, watching
from native_host.keystore.evidence import ChangedOutside
from native_host.keystore.file import StoreFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from native_host.kek.provider import Kek
    from native_host.keystore.slots import Slot
    from native_host.secret import SecretBytes


class KeyedFile(StoreFile):
    """``was_open``: whether it was ever unlocked by this process."""

    def __init__(self, path: str, clock: Callable[[], int], opened: StoreFile | None = None) -> None:
        super().__init__(path, clock, opened)
        self._keys: sealed.StoreKeys | None = None
        self._held: sealed.StoreKeys | None = None
        self._withheld: sealed.StoreKeys | None = None
        self._holding = False
        self._epoch = -1
        self._opened_unattended: bool | None = None
        self._watch = watching.Watch()
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

    def _settle_last(self) -> None:
        """Where what was written with the keys may be told elsewhere, just before they are wiped."""

    def _wipe(self) -> None:
        """Wipe the keys, and forget what was read with them."""
        self._watch.end()
        for keys in (self._keys, self._held, self._withheld):
            if keys is not None:
                keys.wipe()
        self._keys = self._held = self._withheld = None
        self._opened_unattended = None

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

    # unlocking

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

    def _vouched(self) -> bytes:
        """What every slot vouches for: the store's id and whether it is unattended."""
        return sealed.bind(self._meta("storeId"), self._meta("unattended"))

    def _meta(self, name: str) -> bytes:
        row = self.connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        if row is None or not isinstance(row[0], bytes):  # Of a number, ``bytes`` would make as many zeros.
            raise CannotUnseal
        return row[0]

    # keys that are held back

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
