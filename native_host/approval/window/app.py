"""The process of the window: one Tk, one ask in front, the inbox watched beside it."""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import BinaryIO, assert_never

from native_host.approval.answering import End, FrontAsk, Inbox, Refusals, Rubbish, Waiting, often, write_answer
from native_host.approval.window.codes import open_code, open_show_code
from native_host.approval.window.key_file import open_key_file
from native_host.approval.window.look import Look
from native_host.approval.window.pairing import open_compare
from native_host.approval.window.review import open_review
from native_host.approval.window.secret import open_new_passphrase, open_new_pin, open_secret
from native_host.approval.window.sheet import Sheet
from native_host.approval.window.theme import palette
from native_host.approval.window.words import open_mnemonic, open_share, open_show
from native_host.protocol.approver import Answer, CompareCode, ReviewAsk, SecretAsk, SecretPurpose, ShowSecret

EXIT_RUBBISH = 1
EXIT_BROKEN = 2
_POLL_MILLISECONDS = 50


class App:
    """Shows asks one after the other until the host is gone.

    Raises:
        tkinter.TclError: from the constructor, if there is no display.
    """

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._root = tk.Tk(className="Strongroom")
        self._root.withdraw()
        # Any program on the same X11 display could have this interpreter run Tcl commands.
        self._root.tk.call("rename", "send", "") if self._root.tk.call("info", "commands", "send") else None
        self._root.report_callback_exception = self._broken
        self._outgoing = outgoing
        self._waiting = Waiting()
        self._refusals = Refusals()
        self._sheet: Sheet | None = None
        self._status = 0
        self._inbox = Inbox(incoming)

    def run(self) -> int:
        """Until the host is gone; the exit status."""
        if sys.platform == "win32":
            self._poll()
        else:
            self._root.createfilehandler(self._inbox, tk.READABLE, lambda *_: self._arrived())
        self._root.mainloop()
        return self._status

    def _poll(self) -> None:
        self._arrived()
        self._root.after(_POLL_MILLISECONDS, self._poll)

    def _arrived(self) -> None:
        for item in self._inbox.take():
            if isinstance(item, End | Rubbish):
                self._end(EXIT_RUBBISH if isinstance(item, Rubbish) else 0)
                return
            self._waiting.add(item)
        self._bring_front()

    def _bring_front(self) -> None:
        front = self._waiting.front
        if self._sheet is not None and self._sheet.ask is not front:
            self._sheet.close()
            self._sheet = None
        if front is not None and self._sheet is None:
            self._sheet = Sheet(self._root, Look(self._root, palette()), front, self._answered)
            _fill(self._sheet, front, often(self._refusals.count(front, monotonic())))
        if self._sheet is not None:
            self._sheet.show_behind(self._waiting.behind)

    def _answered(self, answer: Answer) -> None:
        self._sheet = None
        if self._waiting.front is not None:
            self._refusals.note(self._waiting.front, monotonic(), allowed=answer.verdict == "allow")
        self._waiting.drop(answer.id)
        try:
            write_answer(self._outgoing, answer)
        except OSError:
            self._end(0)
            return
        self._root.after_idle(self._bring_front)

    def _broken(self, kind: type[BaseException], _error: BaseException, trace: TracebackType | None) -> None:
        """A failure of ours ends the process, which denies. Only kinds and lines are told: a message could hold a secret."""
        from traceback import extract_tb

        lines = " ".join(f"{frame.name}:{frame.lineno}" for frame in extract_tb(trace))
        sys.stderr.write(f"approval window failed: {kind.__name__} at {lines}\n")
        self._end(EXIT_BROKEN)

    def _end(self, status: int) -> None:
        self._status = status
        if self._sheet is not None:
            self._sheet.close()
        self._root.quit()


_ASKED: dict[SecretPurpose, Callable[[Sheet, SecretAsk], None]] = {
    "newPassphrase": open_new_passphrase,
    "newPin": open_new_pin,
    "mnemonic": open_mnemonic,
    "recoveryCode": open_code,
    "share": open_share,
    "keyFile": open_key_file,
}
"""The forms of what is not simply typed into one field."""


def _fill(sheet: Sheet, ask: FrontAsk, caution: str) -> None:
    match ask:
        case ReviewAsk():
            open_review(sheet, ask, caution)
        case CompareCode():
            open_compare(sheet, ask)
        case ShowSecret():
            (open_show_code if ask.purpose == "recoveryCode" else open_show)(sheet, ask)
        case SecretAsk():
            _ASKED.get(ask.purpose, open_secret)(sheet, ask)
        case _:
            assert_never(ask)
