"""A program that asks for approvals and misbehaves keeps nobody waiting but the call that asked."""

from __future__ import annotations

import sys
import threading

import pytest

from native_host.approval.approver import ProgramApprover
from native_host.errors import Cancelled, KmsError, UserRejected
from native_host.protocol.approver import CallerFacts, Fact
from native_host.review.subject import Review

DEAF = "import time; time.sleep(600)"
DEAF_BUT_ONE = (
    "import struct, sys, time\n"
    "sys.stdin.buffer.read(struct.unpack('=I', sys.stdin.buffer.read(4))[0])\n"
    'sys.stdout.buffer.write(struct.pack("=I", 26) + b\'{"id":1,"verdict":"allow"}\')\n'
    "sys.stdout.buffer.flush()\n"
    "time.sleep(600)\n"
)
MORE_THAN_A_PIPE_TAKES = Review(title="Sign bytes blind", facts=(Fact(label="Bytes", value="00" * 500_000, kind="hex"),))
CALLER = CallerFacts(origin="chrome-extension://abcdefghijklmnopabcdefghijklmnop/", evidence=[])


class Asking(threading.Thread):
    """Asks, and keeps what comes of it."""

    def __init__(self, approver: ProgramApprover, review: Review) -> None:
        super().__init__(daemon=True)
        self._approver, self._review = approver, review
        self.outcome: KmsError | None = None
        self.announced = threading.Event()

    def run(self) -> None:
        self._approver.announce()
        self.announced.set()
        try:
            self._approver.review("sign", self._review, CALLER, None, ())
        except KmsError as error:
            self.outcome = error


@pytest.mark.parametrize("program", [DEAF, DEAF_BUT_ONE], ids=["deaf", "deaf from the second on"])
def test_a_program_that_does_not_read(program: str) -> None:
    """An ask that its pipe cannot hold can be taken back all the same, and the program ended."""
    approver = ProgramApprover([sys.executable, "-I", "-c", program], {})
    try:
        if program is DEAF_BUT_ONE:
            approver.review("sign", Review(title="Sign bytes blind"), CALLER, None, ())
        for _ in range(2):
            asking = Asking(approver, MORE_THAN_A_PIPE_TAKES)
            asking.start()
            assert asking.announced.wait(60)
            approver.withdraw()
            asking.join(60)
            assert isinstance(asking.outcome, Cancelled)
    finally:
        approver.close()


def test_a_program_that_ends_while_it_is_written_to() -> None:
    """Its end is a denial."""
    approver = ProgramApprover([sys.executable, "-I", "-c", "import sys; sys.stdin.buffer.read(10)"], {})
    with pytest.raises(UserRejected):
        approver.review("sign", MORE_THAN_A_PIPE_TAKES, CALLER, None, ())
    approver.close()
