"""A keystore that was set up in front of a person answers to a configured program only once that person let it."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Iterator

import pytest

from native_host.testing.approver import PASSPHRASE
from native_host.testing.port import HostError, Port
from tests.homes import Home, b64

PATIENCE_SECONDS = 60.0
ON_A_TERMINAL = (
    "import os, sys\n"
    "os.setsid()\n"
    "os.close(os.open(sys.argv[1], os.O_RDWR))\n"
    "os.execv(sys.executable, [sys.executable, '-I', '-m', 'native_host', *sys.argv[2:]])\n"
)


class Person:
    """Sits at the terminal that the host was started from."""

    def __init__(self) -> None:
        self.end, self._other = os.openpty()
        self.name = os.ttyname(self._other)
        self._screen = ""

    def reads(self, text: str) -> str:
        """Everything up to ``text``."""
        end = time.monotonic() + PATIENCE_SECONDS
        while text not in self._screen:
            ready, _, _ = select.select([self.end], [], [], max(0.0, end - time.monotonic()))
            assert ready, self._screen
            self._screen += os.read(self.end, 65536).decode()
        read, _, self._screen = self._screen.partition(text)
        return read

    def types(self, line: str) -> None:
        os.write(self.end, line.encode() + b"\n")

    def leaves(self) -> None:
        os.close(self.end)
        os.close(self._other)


@pytest.fixture
def person() -> Iterator[Person]:
    person = Person()
    yield person
    person.leaves()


@pytest.fixture
def attended(empty_home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A store set up in front of a person, in whose configuration a program is named now."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    empty_home.set_up(unattended=False)
    return empty_home


def greet(home: Home, person: Person) -> Port:
    return home.greet(command=[sys.executable, "-c", ON_A_TERMINAL, person.name])


def test_the_program_answers_after_the_person_let_it(attended: Home, person: Person) -> None:
    """The person unlocks, and is asked about the program by its whole command; from then on the program is asked."""
    port = greet(attended, person)
    unlocking = port.begin("unlock")
    person.reads("Passphrase:")
    person.types(PASSPHRASE)
    said = person.reads("Your answer: ")
    assert "Let a program answer for you?" in said
    assert attended.approver.command[-1] in said.replace("\r\n", "")
    person.types("approve")
    assert {"state": "unlocked"} == unlocking.result()
    assert [] == attended.approver.asked
    key = port.request("generateKey", {"alg": "Ed25519"})
    assert "Ed25519" == port.request("sign", {"keyId": key["keyId"], "data": b64(b"x")})["alg"]
    assert ["review"] == [ask["kind"] for ask in attended.approver.asked]


def test_after_a_no_the_person_is_asked_as_before(attended: Home, person: Person) -> None:
    """The store is open, and the next approval comes to the person; the program hears of nothing."""
    port = greet(attended, person)
    unlocking = port.begin("unlock")
    person.reads("Passphrase:")
    person.types(PASSPHRASE)
    person.reads("Your answer: ")
    person.types("no")
    assert {"state": "unlocked"} == unlocking.result()
    key = port.request("generateKey", {"alg": "Ed25519"})
    signing = port.begin("sign", {"keyId": key["keyId"], "data": b64(b"x")})
    person.reads("Your answer: ")
    person.types("no")
    with pytest.raises(HostError) as refused:
        signing.result()
    assert "user_rejected" == refused.value.reason
    assert [] == attended.approver.asked
