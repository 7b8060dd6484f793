"""Counters in the login keyring, on a real GNOME Keyring."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest
import secretstorage

from native_host.kek.counters import CounterGone, counter_of
from native_host.kek.provider import DeviceAbsent, Settings
from native_host.kek.secret_service_counter import ITEM_LABEL, Counters
from tests.homes import until
from tests.parts.secret_service import Desktop, desktop
from tests.parts.secret_service_impostor import Impostor, answers

ROOT = Path(__file__).parents[2]
STORE = bytes(range(16))
OTHER_STORE = bytes(16)
COUNTERS = Counters(Settings())


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    with desktop(monkeypatch) as logged_in:
        yield logged_in


@pytest.fixture
def connection(session: Desktop) -> Iterator[Any]:
    """Another program of the session."""
    with closing(secretstorage.dbus_init()) as opened:
        yield opened


def items(connection: Any) -> list[secretstorage.Item]:
    return list(secretstorage.search_items(connection, {"application": "strongroom", "counter": STORE.hex()}))


def test_it_counts_upwards(session: Desktop) -> None:
    """From 1, to what it is raised to; never down; also for who comes later."""
    assert isinstance(counter_of("secret_service", Settings()), Counters)
    assert COUNTERS.is_here()
    parameters, value = COUNTERS.create(STORE)
    assert (1, 1) == (value, COUNTERS.read(parameters))
    for raised, reads in ((2, 2), (2, 2), (1_000, 1_000), (999, 1_000), (2**48 - 1, 2**48 - 1), (1, 2**48 - 1)):
        COUNTERS.raise_to(parameters, raised)
        assert reads == Counters(Settings()).read(parameters)


def test_each_store_has_its_own(session: Desktop) -> None:
    """Raising or removing one leaves the other as it was."""
    first, _ = COUNTERS.create(STORE)
    second, _ = COUNTERS.create(OTHER_STORE)
    COUNTERS.raise_to(first, 7)
    assert 1 == COUNTERS.read(second)
    COUNTERS.remove(second)
    assert 7 == COUNTERS.read(first)


def test_one_that_is_made_anew_goes_on(session: Desktop) -> None:
    """A store that comes back finds its own counter, as high as it was."""
    parameters, _ = COUNTERS.create(STORE)
    COUNTERS.raise_to(parameters, 41)
    assert (parameters, 41) == COUNTERS.create(STORE)


def test_it_is_a_number_that_a_person_can_read(session: Desktop, connection: Any) -> None:
    """One item, with a name that says what it is."""
    parameters, _ = COUNTERS.create(STORE)
    COUNTERS.raise_to(parameters, 12)
    (item,) = items(connection)
    assert (ITEM_LABEL, b"12") == (item.get_label(), item.get_secret())


def test_one_that_was_removed_is_gone(session: Desktop) -> None:
    """Reading and raising say so; raising does not make it again, and removing it again is no error."""
    parameters, _ = COUNTERS.create(STORE)
    COUNTERS.remove(parameters)
    COUNTERS.remove(parameters)
    with pytest.raises(CounterGone):
        COUNTERS.raise_to(parameters, 5)
    with pytest.raises(CounterGone):
        COUNTERS.read(parameters)


@pytest.mark.parametrize("content", [b"", b"0", b"-1", b"1.5", b"12 ", b"0x10", b"9" * 20, b"9" * 1000, b"\xff\xfe", "٣".encode()])
def test_what_is_no_counter_is_gone(session: Desktop, connection: Any, content: bytes) -> None:
    """Somebody changed it; that is told, and no number is made of it. Making it anew starts again."""
    parameters, _ = COUNTERS.create(STORE)
    items(connection)[0].set_secret(content)
    with pytest.raises(CounterGone):
        COUNTERS.read(parameters)
    with pytest.raises(CounterGone):
        COUNTERS.raise_to(parameters, 5)
    assert (parameters, 1) == COUNTERS.create(STORE)
    assert 1 == COUNTERS.read(parameters)


def test_a_copy_beside_it_does_not_lower_it(session: Desktop, connection: Any) -> None:
    """Of several the highest counts, and all are raised."""
    parameters, _ = COUNTERS.create(STORE)
    COUNTERS.raise_to(parameters, 9)
    secretstorage.Collection(connection).create_item("copy", items(connection)[0].get_attributes(), b"3")
    assert 9 == COUNTERS.read(parameters)
    COUNTERS.raise_to(parameters, 10)
    assert [b"10", b"10"] == [item.get_secret() for item in items(connection)]


RAISE = """
import sys
from native_host.kek.provider import Settings
from native_host.kek.secret_service_counter import Counters
for value in range(int(sys.argv[2]), 80, 2):
    Counters(Settings()).raise_to(bytes.fromhex(sys.argv[1]), value)
"""


def test_processes_that_raise_it_at_once_never_lower_it(session: Desktop) -> None:
    """One raises through the odd numbers, one through the even ones, and each number read is at least the one before."""
    parameters, _ = COUNTERS.create(STORE)
    processes = [
        subprocess.Popen([sys.executable, "-c", RAISE, parameters.hex(), first], cwd=ROOT, stderr=subprocess.PIPE) for first in ("2", "3")
    ]
    seen = [1]
    while any(process.poll() is None for process in processes):
        seen.append(COUNTERS.read(parameters))
    assert [(0, b""), (0, b"")] == [(process.returncode, process.communicate()[1]) for process in processes]
    assert sorted(seen) == seen
    assert len(set(seen)) > 2
    assert 79 == COUNTERS.read(parameters)


def test_a_slower_process_does_not_put_its_number_over_a_higher_one(session: Desktop, connection: Any) -> None:
    """Who raises waits for who is raising, and only then reads what to compare with."""
    parameters, _ = COUNTERS.create(STORE)
    name = f"io.strongroom.counter.s{STORE.hex()}"
    connection.bus_proxy.RequestName(name)
    slower = Thread(target=COUNTERS.raise_to, args=(parameters, 5))
    slower.start()
    until(lambda: connection.bus_proxy.ListQueuedOwners(name)[0][1:], what="the second one in the queue")
    assert 1 == COUNTERS.read(parameters)
    items(connection)[0].set_secret(b"9")
    connection.bus_proxy.ReleaseName(name)
    slower.join()
    assert 9 == COUNTERS.read(parameters)


def test_a_locked_keyring_is_absent_and_nobody_is_asked(session: Desktop) -> None:
    """A counter asks nobody; where it cannot be read it is absent, not gone."""
    parameters, _ = COUNTERS.create(STORE)
    session.lock()
    assert not COUNTERS.is_here()
    for attempt in (
        lambda: COUNTERS.read(parameters),
        lambda: COUNTERS.raise_to(parameters, 2),
        lambda: COUNTERS.remove(parameters),
        lambda: COUNTERS.create(OTHER_STORE),
    ):
        with pytest.raises(DeviceAbsent, match="locked"):
            attempt()
    session.log_in()
    assert 1 == COUNTERS.read(parameters)
    assert "SystemPrompter" not in (session.folder / "bus.log").read_text()


def test_without_a_daemon_or_a_bus_it_is_absent(session: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is no evidence of anything."""
    parameters, _ = COUNTERS.create(STORE)
    session.end_daemon()
    for _ in range(2):
        assert not COUNTERS.is_here()
        with pytest.raises(DeviceAbsent):
            COUNTERS.read(parameters)
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


def test_who_holds_the_lock_holds_nobody_up_for_long(session: Desktop, connection: Any) -> None:
    """Raising waits for another process; after a second it is as if the keyring were not there. Reading needs no lock."""
    parameters, _ = COUNTERS.create(STORE)
    connection.bus_proxy.RequestName(f"io.strongroom.counter.s{STORE.hex()}")
    with pytest.raises(DeviceAbsent):
        COUNTERS.raise_to(parameters, 2)
    assert 1 == COUNTERS.read(parameters)
    connection.bus_proxy.ReleaseName(f"io.strongroom.counter.s{STORE.hex()}")
    COUNTERS.raise_to(parameters, 2)
    assert 2 == COUNTERS.read(parameters)


@pytest.mark.parametrize(
    "parameters",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode({"store": bytes(15)}),
        msgspec.msgpack.encode({"slot": bytes(16)}),
        b"\x82\xa1\xff\x01",
        b"\x82\xa1a" + b"\x91" * 100_000,
    ],
)
def test_parameters_of_another_form_name_no_counter(session: Desktop, parameters: bytes) -> None:
    """Whatever a changed file says."""
    with pytest.raises(CounterGone):
        COUNTERS.read(parameters)
    with pytest.raises(CounterGone):
        COUNTERS.raise_to(parameters, 2)
    COUNTERS.remove(parameters)


@pytest.mark.parametrize("wrong", ["OpenSession", "SearchItems", "Get", "GetSecret"])
@pytest.mark.parametrize("answer", [None, ("s", ("no",)), "org.freedesktop.DBus.Error.Failed"], ids=["silence", "another type", "an error"])
def test_a_daemon_that_answers_what_it_should_not_is_absent(monkeypatch: pytest.MonkeyPatch, wrong: str, answer: Any) -> None:
    """Such a daemon says nothing about the store."""
    monkeypatch.setattr("native_host.kek.secret_service_counter.SECONDS", 0.3)
    with desktop(monkeypatch, logged_in=False) as empty:
        daemon = answers(**{wrong: answer})
        with Impostor(empty.environment["DBUS_SESSION_BUS_ADDRESS"], daemon), pytest.raises(DeviceAbsent):
            COUNTERS.read(msgspec.msgpack.encode({"store": STORE}))
