"""Who attends to the calls that are not answered at once: those that need the person, one after another, and those that take seconds."""

from __future__ import annotations

from _thread import start_new_thread
from typing import TYPE_CHECKING

from native_host.errors import Busy, Locked
from native_host.stages.locking import LOCKED_MEANWHILE

if TYPE_CHECKING:
    from native_host.lane import HouseLock, Lane, Waiting
    from native_host.replies import Replies
    from native_host.stages import Stages
    from native_host.stages.locking import Locking
    from native_host.stages.telling import Telling


class Attending:
    """``attend`` and ``make`` run on threads of their own; the others are called with the house lock held.

    ``making``: how many calls are being done that take seconds.
    """

    def __init__(self, stages: Stages, telling: Telling, locking: Locking, lane: Lane, replies: Replies, house: HouseLock) -> None:
        self._stages = stages
        self._telling = telling
        self._locking = locking
        self._lane = lane
        self._replies = replies
        self._house = house
        self.making = 0

    def join(self, waiting: Waiting) -> None:
        """Have the person decide about a call when its turn comes; raises ``Busy``."""
        try:
            self._stages.refuse_flood(waiting)
        except Busy:
            self._stages.operations.abandon(waiting.session, waiting.call)
            raise
        self._lane.join(waiting)

    def attend(self, waiting: Waiting) -> None:
        """Have the person decide about one call, and do it; runs on the lane's thread, without the lock."""
        with self._house.held():
            if not self._lane.take_up(waiting):
                return
            try:
                reply = self._ask_and_perform(waiting)
            except Exception as error:  # noqa: BLE001 - a fault becomes an answer
                reply = self._replies.error(waiting.call.id, error)
                self._telling.refused([waiting], error)
            self._lane.leave(waiting)
            self._replies.answer_deferred(waiting.call.id, reply)
            self._telling.answer_withdrawn()

    def _ask_and_perform(self, waiting: Waiting) -> bytes:
        waiting.still_wanted()
        if waiting.call.method == "unlock":
            self._locking.listen()
        self._replies.event("approvalWaiting")
        heard = self._locking.heard
        try:
            result = self._stages.ask_and_act(waiting, self._house.sleep_aside)
            if waiting.call.method == "unlock" and self._locking.heard != heard:
                # The system locked while the passphrase was being worked on, or the keystore made, when nothing was open yet.
                self._stages.operations.forget()
                raise Locked(LOCKED_MEANWHILE)
            return self._telling.done(waiting.call, result)
        finally:
            self._replies.event("approvalDone")

    def begin_making(self, waiting: Waiting) -> None:
        """Have ``make`` do a call."""
        self.making += 1
        start_new_thread(self.make, (waiting,))

    def make(self, waiting: Waiting) -> None:
        """Do what takes seconds and needs nobody, on a thread of its own and outside any read: within one, its transaction would
        stay open meanwhile, and others would answer before the commit that they share."""
        with self._house.held():
            try:
                reply = self._telling.done(waiting.call, self._stages.act(waiting.session, waiting.call, waiting.facts, waiting.decision))
            except Exception as error:  # noqa: BLE001 - a fault becomes an answer
                reply = self._replies.error(waiting.call.id, error)
            self._replies.answer_deferred(waiting.call.id, reply)
            self._telling.answer_withdrawn()
            self.making -= 1
