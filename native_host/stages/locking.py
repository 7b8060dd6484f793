"""When the store is locked though the extension did not ask for it: it was idle for too long, another host has locked it, or the system says
that nobody is there any more. The browser's end is seen here as well."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from native_host.caller.process import parent_gone, wait_for_parent
from native_host.errors import Locked
from native_host.keystore.file import BUSY_MS
from native_host.session import steady

if TYPE_CHECKING:
    from collections.abc import Callable

    from native_host.lane import HouseLock, Lane
    from native_host.replies import Replies
    from native_host.stages import Stages
    from native_host.stages.telling import Telling
    from native_host.watching import Reason, Watch

TICK_SECONDS = 0.5
LOCKED_MEANWHILE = "The screen was locked, or the computer went to sleep, before the keystore was open. Unlock it again."


class Locking:
    """``look_after_time`` and ``lock_from_outside`` run on threads of their own; the others are called with the house lock held.

    ``heard``: how often the system said that nobody is there any more.
    """

    def __init__(self, stages: Stages, telling: Telling, lane: Lane, replies: Replies, house: HouseLock, origin: str) -> None:
        self._stages = stages
        self._telling = telling
        self._lane = lane
        self._replies = replies
        self._house = house
        self._origin = origin
        self._watch: Watch | None = None
        self.heard = 0

    def look_after_time(self, parent: int, handle: int | None, end: Callable[[], None]) -> None:
        """Lock when idle, or when another host locked; end when the browser is gone though its pipe is still open."""
        while True:
            gone = wait_for_parent(handle, TICK_SECONDS) or parent_gone(parent)
            if gone:
                end()
            with self._house.held():
                if self._stages.store.holds_keys or self._telling.told == "unlocked":
                    self._lock_with_others()
                self._telling.answer_withdrawn()

    def lock_if_idle(self) -> None:
        """While somebody is asked, the store counts as used, but for time in which this process did not run."""
        stages, at, steadily = self._stages, time(), steady()
        away = stages.idle.was_away(wall=at, monotonic=steadily)
        due = away or (not self._lane.is_busy and stages.idle.is_due(wall=at, monotonic=steadily))
        if not due or not stages.store.holds_keys:
            return
        try:
            if stages.store.is_unlocked:
                stages.audit.happened(self._origin, "lock", "idle")
        except Exception as error:  # noqa: BLE001 - a keystore that cannot be written to is locked all the same
            self._replies.log(error)
        stages.operations.forget()
        self._telling.tell("locked", "idle")

    def notice_lock(self) -> None:
        """If another host has locked the store since, forget here what a lock ends: keys, grants, what waits to be imported."""
        store = self._stages.store
        if store.holds_keys and not store.is_unlocked:
            self._stages.operations.forget()
        self._telling.tell(self._telling.state(), "elsewhere")

    def _lock_with_others(self) -> None:
        try:
            self.notice_lock()
        except Exception as error:  # noqa: BLE001 - a keystore that cannot be read is locked
            self._replies.log(error)
            self._stages.operations.forget()
            self._telling.tell("locked")

    def listen(self) -> None:
        """Listen to the system from now on."""
        from native_host.watching import Watch

        self._watch = self._watch or Watch(self.lock_from_outside)
        self._watch.begin()

    def lock_from_outside(self, reason: Reason) -> None:
        """The system says that nobody is there any more: lock the store in every host, whoever is being asked, and wipe this one's
        secrets before this returns. Runs on a thread of the listener's."""
        with self._house.held_at_once():
            stages, self.heard = self._stages, self.heard + 1
            for waiting in self._lane.waiting():
                if waiting.session.state == "locked":
                    self._lane.withdraw(waiting.call.id, Locked(LOCKED_MEANWHILE))
            try:
                if stages.store.is_unlocked:
                    self._lock_everywhere(reason)
            except Exception as error:  # noqa: BLE001 - other hosts listen as well, and this one is locked all the same
                self._replies.log(error)
            stages.operations.forget()
            stages.store.was_open = True  # from here on it takes a person, also if no slot has opened it in this process yet
            self._telling.tell(self._telling.state(), reason)
            self._telling.answer_withdrawn()

    def _lock_everywhere(self, rule: str) -> None:
        """Lock the store in every host that shares it; this one's secrets are the caller's to forget, who has little time: another
        host's transaction is waited for only briefly."""
        store = self._stages.store
        store.hurry()
        try:
            with store.transaction():
                if store.is_unlocked:  # else another host heard the same, and was first
                    store.settle()
                    store.raise_epoch()
                    self._stages.audit.happened(self._origin, "lock", rule)
        finally:
            store.connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
