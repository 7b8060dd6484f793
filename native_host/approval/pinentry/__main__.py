"""``python -I -m native_host.approval.pinentry``: frames on standard input and output, the person in front of the system's pinentry.

Exit status: 0 when the host closed its end, 1 when it sent rubbish, 3 when there is no pinentry.
"""

from __future__ import annotations

import os
import select
import time
from typing import BinaryIO, Final

from native_host.approval import texts
from native_host.approval.answering import End, FrontAsk, Inbox, Refusals, Rubbish, Waiting, often, take_streams
from native_host.approval.pinentry.assuan import Broken, Pinentry
from native_host.approval.pinentry.dialogue import denial, hold
from native_host.approval.pinentry.finding import find_pinentry
from native_host.approval.program_frames import Answered, encode_ask
from native_host.approval.timing import seconds_for
from native_host.secret import guard_memory, wipe

EXIT_RUBBISH: Final = 1
EXIT_NO_PINENTRY: Final = 3
PASSED_ON: Final = frozenset({
    "DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP", "DBUS_SESSION_BUS_ADDRESS", "HOME",
    "LANG", "LC_ALL", "LC_CTYPE", "TERM",
})  # fmt: skip
"""What a pinentry needs to find the screen. Not what names plug-ins and themes: the environment is one that the browser had."""


class Gone(Exception):
    """The host is gone; the process ends with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Withdrawn(Exception):
    """The ask in front was withdrawn: its window goes, and nothing is answered."""


class Desk:
    """One ask after the other, each with a pinentry of its own, while the inbox keeps being read."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO, path: str) -> None:
        self._inbox = Inbox(incoming)
        self._outgoing = outgoing
        self._path = path
        self._environ = {name: value for name, value in os.environ.items() if name in PASSED_ON}
        self._waiting = Waiting()
        self._refusals = Refusals()
        self._held: FrontAsk | None = None
        self._deadline = 0.0

    def serve(self) -> None:
        """Until the host is gone, which ``Gone`` says."""
        while True:
            self._collect()
            if self._waiting.front is None:
                select.select([self._inbox], [], [])
            else:
                self._hold(self._waiting.front)

    def _hold(self, ask: FrontAsk) -> None:
        self._held = ask
        self._deadline = time.monotonic() + seconds_for(ask)
        try:
            answered = hold(ask, lambda: Pinentry(self._path, self._environ, self._wait), self._caution(ask))
        except Withdrawn:
            return
        except (Broken, TimeoutError, ValueError):
            answered = denial(ask)
        self._refusals.note(ask, time.monotonic(), allowed=answered.answer.verdict == "allow")
        self._waiting.drop(ask.id)
        self._write(answered)

    def _caution(self, ask: FrontAsk) -> str:
        behind = self._waiting.behind
        waiting = "" if not behind else texts.BEHIND_ONE if behind == 1 else texts.BEHIND.format(count=behind)
        return " ".join(filter(None, (often(self._refusals.count(ask, time.monotonic())), waiting)))

    def _write(self, answered: Answered) -> None:
        frame = encode_ask(answered.answer, answered.secret)
        if answered.secret is not None:
            answered.secret.wipe()
        with memoryview(frame) as view:
            rest = view
            while rest:
                rest = rest[self._outgoing.write(rest) :]
        wipe(frame)

    def _wait(self, descriptor: int) -> None:
        """Until there is something of the pinentry to read; raises ``Withdrawn``, ``Gone``, ``TimeoutError`` if there need not be."""
        while True:
            ready, _, _ = select.select([descriptor, self._inbox.fileno()], [], [], max(0.0, self._deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            if self._inbox.fileno() in ready:
                self._collect()
                if self._waiting.front is not self._held:
                    raise Withdrawn
            if descriptor in ready:
                return

    def _collect(self) -> None:
        for item in self._inbox.take():
            if isinstance(item, End):
                raise Gone(0)
            if isinstance(item, Rubbish):
                raise Gone(EXIT_RUBBISH)
            self._waiting.add(item)


def main() -> int:
    """Serve until the host is gone; the exit status."""
    incoming, outgoing = take_streams()
    guard_memory()
    path = find_pinentry(os.environ)
    if path is None:
        return EXIT_NO_PINENTRY
    try:
        Desk(incoming, outgoing, path).serve()
    except Gone as gone:
        return gone.status
    except (KeyboardInterrupt, BrokenPipeError):
        return 0
    raise AssertionError  # serve only ends by an exception


if __name__ == "__main__":
    raise SystemExit(main())
