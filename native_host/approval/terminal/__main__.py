"""``python -I -m native_host.approval.terminal``: frames on standard input and output, the person on the terminal.

Exit status: 0 when the host closed its end, 1 when it sent rubbish, 3 when there is no terminal.
"""

from __future__ import annotations

import select
import signal
import sys
from time import monotonic
from typing import BinaryIO

from native_host.approval import texts
from native_host.approval.answering import End, FrontAsk, Inbox, Refusals, Rubbish, Waiting, often, take_streams, write_answer
from native_host.approval.terminal.console import POLL_SECONDS, Console, Interrupted, TimedOut, open_console
from native_host.approval.terminal.dialogue import denial, hold
from native_host.protocol.approver import Answer
from native_host.secret import guard_memory

EXIT_RUBBISH = 1
EXIT_NO_TERMINAL = 3


class Gone(Exception):
    """The host is gone; the process ends with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Desk:
    """One ask after the other, while the inbox keeps being read."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._inbox = Inbox(incoming)
        self._outgoing = outgoing
        self._waiting = Waiting()
        self._refusals = Refusals()
        self._held: FrontAsk | None = None
        self._console: Console = open_console(bell=self._inbox.fileno(), interrupted=self._lost_front)

    def serve(self) -> None:
        """Until the host is gone, which ``Gone`` says."""
        while True:
            self._collect()
            if self._waiting.front is None:
                self._sleep()
            else:
                self._hold(self._waiting.front)

    def _hold(self, ask: FrontAsk) -> None:
        self._held = ask
        self._say_first(ask)
        answer = self._answer(ask)
        if answer is not None:
            self._refusals.note(ask, monotonic(), allowed=answer.verdict == "allow")
            self._waiting.drop(ask.id)
            write_answer(self._outgoing, answer)

    def _say_first(self, ask: FrontAsk) -> None:
        if caution := often(self._refusals.count(ask, monotonic())):
            self._console.say(caution)
        if behind := self._waiting.behind:
            self._console.say(texts.BEHIND_ONE if behind == 1 else texts.BEHIND.format(count=behind))

    def _answer(self, ask: FrontAsk) -> Answer | None:
        try:
            return hold(ask, self._console)
        except Interrupted:
            self._console.say("")
            self._console.say(texts.T_WITHDRAWN)
            return None
        except TimedOut:
            self._console.say("")
            self._console.say(texts.T_TIMED_OUT)
        except (EOFError, KeyboardInterrupt):
            self._console.say("")
            self._console.say(texts.T_DENIED)
        return denial(ask)

    def _lost_front(self) -> bool:
        self._collect()
        return self._waiting.front is not self._held

    def _collect(self) -> None:
        for item in self._inbox.take():
            if isinstance(item, End):
                raise Gone(0)
            if isinstance(item, Rubbish):
                raise Gone(EXIT_RUBBISH)
            self._waiting.add(item)

    def _sleep(self) -> None:
        if sys.platform == "win32":
            import time

            time.sleep(POLL_SECONDS)
        else:
            select.select([self._inbox], [], [])


def main() -> int:
    """Serve until the host is gone; the exit status."""
    # Whoever started the host in the background may have had it ignored; here it is how a person says no.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    incoming, outgoing = take_streams()
    guard_memory()
    try:
        Desk(incoming, outgoing).serve()
    except Gone as gone:
        return gone.status
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        return 0
    except OSError:
        return EXIT_NO_TERMINAL
    raise AssertionError  # serve only ends by an exception


if __name__ == "__main__":
    raise SystemExit(main())
