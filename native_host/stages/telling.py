"""What the extension and the record are told: that the store was opened or locked, what a call has done, and which calls are refused."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from native_host.errors import Locked
from native_host.protocol.methods import METHODS
from native_host.session import steady
from native_host.transport import jsonrpc

if TYPE_CHECKING:
    from native_host.lane import Lane, Waiting
    from native_host.protocol.messages import LockReason, State
    from native_host.protocol.wire import Message
    from native_host.replies import Replies
    from native_host.stages import Stages

CHANGES_KEYS = frozenset(
    {"generateKey", "importKey", "importKeyFile", "restoreSeed", "deriveKey", "unwrapKey", "updateKey", "rotateKey", "destroyKey"}
)
USES_STORE = frozenset(name for name, row in METHODS.items() if row.consent in {"own", "person"}) | {"unlock"}


class Telling:
    """Used with the house lock held. ``told`` is the state that the extension knows."""

    def __init__(self, stages: Stages, lane: Lane, replies: Replies) -> None:
        self._stages = stages
        self._lane = lane
        self._replies = replies
        self.told: State = self.state()

    def state(self) -> State:
        """The store's state now."""
        store = self._stages.store
        return "unlocked" if store.is_unlocked else "locked" if store.is_set_up else "uninitialized"

    def tell(self, state: State, reason: LockReason | UnsetType = UNSET) -> None:
        """Tell the extension when the store was opened or locked, by whomever. Once it is locked, nobody is asked any more about
        what needs it open, and no window of that stays."""
        told = self.told
        if state == told:
            return
        self.told = state
        if state == "locked":
            for waiting in self._lane.waiting():
                if waiting.session.state == "unlocked":
                    self._lane.withdraw(waiting.call.id, Locked())
        if state != "uninitialized" and "unlocked" in {state, told}:
            self._replies.event(state, reason if state == "locked" else UNSET)

    def done(self, call: jsonrpc.Call, result: Message) -> bytes:
        """The reply to a call that has been done, after the events that it brings."""
        if call.method in USES_STORE:
            self._stages.idle.touch(wall=time(), monotonic=steady())
        if call.method in CHANGES_KEYS:
            self._replies.event("keysChanged")
        self.tell(self.state(), "request" if call.method == "lock" else UNSET)
        return jsonrpc.encode_result(call.id, result)

    def answer_withdrawn(self) -> None:
        """Refuse the calls that have left the lane unattended since."""
        for waiting, reason in self._lane.take_withdrawn():
            self.refused([waiting], reason)
            self._replies.answer_deferred(waiting.call.id, jsonrpc.encode_error(waiting.call.id, reason))

    def refused(self, refused: list[Waiting], error: Exception) -> None:
        """Write down, in one commit, that these calls were refused. A refusal that cannot be written down is one all the same."""
        stages = self._stages
        try:
            stages.store.begin_batch()
            for waiting in refused:
                stages.refused(waiting, error)
            stages.store.end_batch()
        except Exception as fault:  # noqa: BLE001 - the call is answered, and the lane goes on
            stages.store.drop_batch()
            self._replies.log(fault)
