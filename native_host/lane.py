"""The lane: calls that need the person wait here and are attended to one after another, on a thread of their own.

The main thread goes on reading meanwhile. A call can be withdrawn while it waits, and while its window is open; once it has
its permit, it runs to its end. One lock, the house lock, is held around everything but waiting.
"""

from __future__ import annotations

from _queue import SimpleQueue
from _thread import allocate_lock, start_new_thread
from contextlib import contextmanager
from time import sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from native_host.errors import KmsError
    from native_host.policy import Decision, Facts
    from native_host.session import Session
    from native_host.transport.jsonrpc import Call, CallId


class HouseLock:
    """The one lock of a host. ``look`` is called each time that it was taken, before anything else is done: the process may have been stopped,
    or the computer asleep."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self.look: Callable[[], None] = lambda: None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it for the block."""
        with self._lock:
            self.look()
            yield

    @contextmanager
    def held_at_once(self) -> Iterator[None]:
        """Hold it for the block, which looks for itself."""
        with self._lock:
            yield

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Give it back for the block."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
            self.look()

    def sleep_aside(self, seconds: float) -> None:
        """Give it back for so long."""
        with self.aside():
            sleep(seconds)

    def take_for_good(self) -> None:
        """Nothing is done any more, and nothing is half done."""
        self._lock.acquire()


class Waiting:
    """One call on the lane. ``asked``: the person has been asked something for it; ``withdrawn`` is the reason why it is no
    longer wanted, if it is not."""

    __slots__ = ("asked", "call", "decision", "facts", "session", "withdrawn")

    def __init__(self, session: Session, call: Call, facts: Facts, decision: Decision) -> None:
        self.session = session
        self.call = call
        self.facts = facts
        self.decision = decision
        self.asked = False
        self.withdrawn: KmsError | None = None

    def still_wanted(self) -> None:
        """Raise the reason for which the call was withdrawn, if it was."""
        if self.withdrawn is not None:
            raise self.withdrawn


class Lane:
    """Not locked: its owner holds one lock around every method.

    ``attend`` is called for one call after another, and takes no lock that its caller holds; ``withdraw_ask`` takes back what the person is
    being asked now.
    """

    def __init__(self) -> None:
        self.attend: Callable[[Waiting], None] = lambda _: None
        self.withdraw_ask: Callable[[], None] = lambda: None
        self._queue: SimpleQueue[Waiting] = SimpleQueue()
        self._waiting: dict[CallId, Waiting] = {}
        self._current: Waiting | None = None
        self._withdrawn: list[tuple[Waiting, KmsError]] = []
        self._running = False

    @property
    def is_busy(self) -> bool:
        """Whether somebody is being asked, or about to be."""
        return bool(self._waiting)

    def join(self, waiting: Waiting) -> None:
        """Put a call at the end."""
        self._waiting[waiting.call.id] = waiting
        self._queue.put(waiting)
        if not self._running:
            self._running = True
            start_new_thread(self._run, ())

    def withdraw(self, call_id: CallId, reason: KmsError) -> None:
        """Take a call back, if it is here and has no permit yet. One that is not attended to yet leaves at once, to be answered by who
        takes the withdrawn ones; the others are answered by who attends to them."""
        waiting = self._waiting.get(call_id)
        if waiting is None or waiting.withdrawn is not None:
            return
        waiting.withdrawn = reason
        if waiting is self._current:
            self.withdraw_ask()
        else:
            self.leave(waiting)
            self._withdrawn.append((waiting, reason))

    def take_withdrawn(self) -> list[tuple[Waiting, KmsError]]:
        """The calls that have left unattended since this was last asked, and why."""
        withdrawn, self._withdrawn = self._withdrawn, []
        return withdrawn

    def take_up(self, waiting: Waiting) -> bool:
        """Whether the call is still here, and from now on attended to; called by ``attend`` under its owner's lock."""
        if self._waiting.get(waiting.call.id) is not waiting:
            return False
        self._current = waiting
        return True

    def leave(self, waiting: Waiting) -> None:
        """The call has its permit, or its refusal: it can no longer be withdrawn."""
        self._waiting.pop(waiting.call.id, None)
        if self._current is waiting:
            self._current = None

    def waiting(self) -> list[Waiting]:
        """The calls that wait, and the one that is attended to."""
        return list(self._waiting.values())

    def _run(self) -> None:
        while True:
            self.attend(self._queue.get())
