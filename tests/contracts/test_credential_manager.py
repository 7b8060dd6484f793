"""Counters among the Windows credentials: the code itself, run by Windows' CPython under Wine; and what it says elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec
import pytest

from native_host.kek.counters import CounterGone
from native_host.kek.credential_manager_counter import Counters
from native_host.kek.provider import DeviceAbsent, Settings
from tests.parts.wine import Wine, finish, wine

# What each program below starts with; the argument is the store's id.
BEGIN = """
import sys
from native_host.errors import KmsError
from native_host.kek import credential_manager_counter as module, windows_secrets
from native_host.kek.counters import counter_of
from native_host.kek.provider import Settings

STORE = bytes.fromhex(sys.argv[1])
TARGET = module._target(STORE)
COUNTERS = counter_of("credential_manager", Settings())

def tried(call, *arguments):
    try:
        return call(*arguments)
    except KmsError as error:
        return type(error).__name__
"""


@pytest.fixture(scope="module")
def windows() -> Iterator[Wine]:
    with wine() as running:
        yield running


@pytest.fixture
def store() -> str:
    """The id of a store of its own: the credentials outlive the test."""
    return os.urandom(16).hex()


def test_it_counts_upwards(windows: Wine, store: str) -> None:
    """From 1, to what it is raised to; never down. One made anew goes on, one that was removed is gone, and removing it again is no error."""
    code = """
print(COUNTERS.is_here())
parameters, value = COUNTERS.create(STORE)
print(value, COUNTERS.read(parameters))
for raised in (2, 2, 1000, 999, 2**48 - 1, 1):
    COUNTERS.raise_to(parameters, raised)
    print(COUNTERS.read(parameters))
print(COUNTERS.create(STORE) == (parameters, 2**48 - 1))
COUNTERS.remove(parameters)
COUNTERS.remove(parameters)
print(tried(COUNTERS.read, parameters), tried(COUNTERS.raise_to, parameters, 5), tried(COUNTERS.read, parameters))
"""
    highest = str(2**48 - 1)
    expected = ["True", "1 1", "2", "2", "1000", "1000", highest, highest, "True", "CounterGone CounterGone CounterGone"]
    assert expected == windows.run(BEGIN + code, store).splitlines()


def test_another_process_reads_it(windows: Wine, store: str) -> None:
    """And each store has its own."""
    windows.run(BEGIN + "COUNTERS.raise_to(COUNTERS.create(STORE)[0], 41)", store)
    read = "print(tried(COUNTERS.read, module.encode(module.CounterParameters(store=STORE))))"
    assert "41\n" == windows.run(BEGIN + read, store)
    assert "CounterGone\n" == windows.run(BEGIN + read, os.urandom(16).hex())


def test_what_is_no_counter_is_gone(windows: Wine, store: str) -> None:
    """Somebody changed it; that is told, and no number is made of it. Making it anew starts again."""
    code = """
parameters, _ = COUNTERS.create(STORE)
for content in (b"", b"0", b"-1", b"1.5", b"12 ", b"0x10", b"9" * 20, b"9" * 1000, bytes([255, 254])):
    windows_secrets.write_credential(TARGET, content, comment="")
    print(tried(COUNTERS.read, parameters), tried(COUNTERS.raise_to, parameters, 5))
print(COUNTERS.create(STORE) == (parameters, 1), COUNTERS.read(parameters))
"""
    assert ["CounterGone CounterGone"] * 9 + ["True 1"] == windows.run(BEGIN + code, store).splitlines()


def test_processes_that_raise_it_at_once_never_lower_it(windows: Wine, store: str) -> None:
    """One raises through the odd numbers, one through the even ones; what a third one reads meanwhile never falls."""
    windows.run(BEGIN + "COUNTERS.create(STORE)", store)
    code = """
parameters, seen = COUNTERS.create(STORE)[0], [1]
for value in range(int(sys.argv[2]), 100, 2):
    COUNTERS.raise_to(parameters, value)
    seen.append(COUNTERS.read(parameters))
print(seen == sorted(seen))
"""
    processes = [windows.start(BEGIN + code, store, first) for first in ("2", "3")]
    assert ["True\n", "True\n"] == [finish(process) for process in processes]
    assert "99\n" == windows.run(BEGIN + "print(COUNTERS.read(COUNTERS.create(STORE)[0]))", store)


def test_a_slower_process_does_not_put_its_number_over_a_higher_one(windows: Wine, store: str) -> None:
    """While one raises it another one waits, no longer than a second; then it is as if the credentials could not be written."""
    holder = """
with windows_secrets.alone(TARGET, milliseconds=0):
    parameters = COUNTERS.create(STORE)[0]
    print("held", flush=True)
    sys.stdin.readline()
"""
    held = windows.start(BEGIN + holder, store)
    assert held.stdout is not None
    assert "held\n" == held.stdout.readline()
    code = """
parameters = module.encode(module.CounterParameters(store=STORE))
print(tried(COUNTERS.raise_to, parameters, 5), COUNTERS.read(parameters))
"""
    assert "DeviceAbsent 1\n" == windows.run(BEGIN + code, store)
    finish(held)
    assert "None 5\n" == windows.run(BEGIN + code, store)


# wherever it runs


def test_on_another_system_it_is_absent() -> None:
    """That is no evidence of anything."""
    counters = Counters(Settings())
    parameters = msgspec.msgpack.encode({"store": bytes(16)})
    assert not counters.is_here()
    for attempt in (
        lambda: counters.create(bytes(16)),
        lambda: counters.read(parameters),
        lambda: counters.raise_to(parameters, 2),
        lambda: counters.remove(parameters),
    ):
        with pytest.raises(DeviceAbsent):
            attempt()


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
def test_parameters_of_another_form_name_no_counter(parameters: bytes) -> None:
    """Whatever a changed file says."""
    counters = Counters(Settings())
    with pytest.raises(CounterGone):
        counters.read(parameters)
    with pytest.raises(CounterGone):
        counters.raise_to(parameters, 2)
    counters.remove(parameters)
