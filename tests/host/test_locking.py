"""A store is locked when nobody is there any more: by time, by what the login manager says, by what a screen saver says."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from native_host.audit import entries
from native_host.kek import passphrase
from native_host.kek.provider import Choice, Device, Settings
from native_host.kek.secret_service import KIND, Slots
from native_host.kek.symmetric import SymmetricKek
from native_host.keystore.file import BUSY_SECONDS
from native_host.secret import SecretBytes
from native_host.testing.approver import PASSPHRASE
from native_host.testing.port import HostError, Port
from native_host.watching.linux import SCREEN_SAVERS
from tests.homes import Home, b64, refusal, unlock, until
from tests.parts.asked_person import Person
from tests.parts.login_manager import Buses, LoginManager, buses, login_manager, say_active, screen_saver
from tests.parts.secret_service import desktop

LOCKED = (5001, {"reason": "locked"})
DATA = b64(b"data")
IDLE_SECONDS = 4
ALONE = [
    sys.executable,
    "-I",
    "-c",
    """
import os, runpy, time
from native_host.stages import locking, telling
locking.Locking.look_after_time = lambda *_: None
later = os.path.join(os.environ["STRONGROOM_HOME"], "later")
locking.time = telling.time = lambda: time.time() + 3600 * os.path.exists(later)
runpy.run_module("native_host", None, "__main__")
""",
]
"""A host without the thread that looks after time: what the others do must be enough when it wakes later than they. By its clock an hour
has gone by once there is a file of that name."""


def refused(port: Port, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return refusal(caught.value)


def outcome(pending: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HostError) as caught:
        pending.result()
    return refusal(caught.value)


def locks(home: Home) -> list[str]:
    """Why the store was locked, each time, as the audit chain has it."""
    with home.store() as store:
        unlock(store)
        return [found.entry.rule for found in entries(store) if found.entry is not None and found.entry.method == "lock"]


def epoch(home: Home) -> int:
    with home.store() as store:
        return store.epoch()


# the login manager, and screen savers


@pytest.fixture
def both() -> Iterator[Buses]:
    with buses() as both:
        yield both


@pytest.fixture
def watched(home: Home, both: Buses) -> Home:
    """A home whose hosts are started in a session of their own."""
    home.environ |= both.environment
    return home


@pytest.fixture
def manager(watched: Home, both: Buses) -> Iterator[LoginManager]:
    with login_manager(both) as manager:
        yield manager


def listening(home: Home, manager: LoginManager) -> Port:
    """A host that is open and listens."""
    before = len(manager.inhibitors)
    port = home.open()
    manager.wait_for_inhibitor(before + 1)
    return port


HEARD: dict[str, tuple[Callable[[LoginManager], None], str]] = {
    "the computer goes to sleep": (lambda manager: manager.sleep(begins=True), "sleep"),
    "the session is to be locked": (lambda manager: manager.lock(), "screen"),
    "the session was locked": (lambda manager: manager.change(LockedHint=True), "screen"),
    "another session is in front": (lambda manager: manager.change(Active=False), "user"),
    "the session ends": (lambda manager: manager.remove_session(), "user"),
}


@pytest.mark.parametrize(("happens", "reason"), HEARD.values(), ids=HEARD.keys())
def test_the_login_manager_locks(watched: Home, manager: LoginManager, happens: Callable[[LoginManager], None], reason: str) -> None:
    """The extension is told why, every other host is locked as well, the audit chain says why, and it takes a person to open it again."""
    one, other = listening(watched, manager), listening(watched, manager)
    happens(manager)
    told = {port.wait_event("locked")["reason"] for port in (one, other)}
    assert told in ({reason}, {reason, "elsewhere"})  # what the first one does may reach the other before what it hears itself
    assert [LOCKED] * 2 == [refused(port, "listKeys") for port in (one, other)]
    assert [reason] == locks(watched)
    assert 1 == epoch(watched)
    asked = len(watched.approver.asked)
    assert {"state": "unlocked"} == one.request("unlock")
    assert asked + 1 == len(watched.approver.asked)
    assert LOCKED == refused(other, "listKeys")


def test_a_host_that_does_not_listen_is_locked_by_one_that_does(watched: Home, both: Buses, manager: LoginManager) -> None:
    """By the store that they share."""
    watched.environ["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/nonexistent/bus"
    deaf = watched.open()
    watched.environ["DBUS_SYSTEM_BUS_ADDRESS"] = both.addresses["system"]
    listening(watched, manager)
    manager.lock()
    assert {"type": "locked", "reason": "elsewhere"} == deaf.wait_event("locked")
    assert LOCKED == refused(deaf, "listKeys")


def test_sleep_waits_until_the_keys_are_gone(watched: Home, manager: LoginManager) -> None:
    """By then the lock is written down, and the extension is told."""
    port = listening(watched, manager)
    assert manager.is_held()
    manager.sleep(begins=True)
    manager.wait_for_release()
    assert 1 == epoch(watched)
    assert {"type": "locked", "reason": "sleep"} == port.wait_event("locked")
    manager.sleep(begins=False)
    manager.wait_for_inhibitor(2)
    assert {"state": "unlocked"} == port.request("unlock")
    assert manager.is_held(1)


def test_sleep_while_another_program_holds_the_file(watched: Home, manager: LoginManager) -> None:
    """This host's keys are wiped all the same, without waiting for the file as long as a call does: the login manager waits for five
    seconds in all."""
    port = listening(watched, manager)
    with watched.store() as store, store.transaction():
        manager.sleep(begins=True)
        began = time.monotonic()
        manager.wait_for_release()
        took = time.monotonic() - began
        assert {"type": "locked", "reason": "sleep"} == port.wait_event("locked")
    assert took < BUSY_SECONDS
    assert LOCKED == refused(port, "listKeys")


@pytest.mark.parametrize("method", ["sign", "unlock"])
def test_what_waits_for_the_person_is_withdrawn(watched: Home, manager: LoginManager, method: str) -> None:
    """Nobody is there to answer: no window stays, not even the one that asks for the passphrase."""
    port = listening(watched, manager)
    params = {}
    if method == "sign":
        params = {"keyId": port.request("generateKey", {"alg": "Ed25519"})["keyId"], "data": DATA}
    else:
        port.request("lock")
    kind = "review" if method == "sign" else "askSecret"
    watched.approver.misbehave("hang", kind=kind)
    before = len(watched.approver.asked)
    pending = port.begin(method, params)
    (asked,) = until(lambda: watched.approver.asked[before:])
    assert kind == asked["kind"]
    manager.lock()
    assert LOCKED == outcome(pending)
    assert {"kind": "withdraw", "id": asked["id"]} == watched.approver.wait_for(kind="withdraw")


def test_a_keystore_that_is_made_while_the_screen_is_locked(tmp_path: Path, both: Buses) -> None:
    """It is made, and it is not open: the last window may have been answered before the screen was locked."""
    with login_manager(both) as manager:
        new = Home(tmp_path / "new")
        new.attach()
        new.environ |= both.environment
        gate = new.approver.hold(kind="askSecret", purpose="newPassphrase", do="secret", secret=PASSPHRASE)
        port = new.greet()
        pending = port.begin("unlock")
        new.approver.wait_for(kind="askSecret")
        manager.wait_for_inhibitor()
        manager.lock()
        # The next signal is answered to once this one was acted on: no new inhibitor comes before.
        manager.sleep(begins=False)
        manager.wait_for_inhibitor(2)
        gate.release()
        assert LOCKED == outcome(pending)
        assert "locked" == port.request("getStatus")["state"]
        assert {"state": "unlocked"} == port.request("unlock")
        new.quit()


def test_a_session_that_is_locked_already(watched: Home, both: Buses) -> None:
    """What is opened behind a locked screen is locked again at once; after that it is the person who acts."""
    with login_manager(both, locked=True) as manager:
        port = watched.greet()
        with contextlib.suppress(HostError):  # whichever comes first
            port.request("unlock")
        manager.wait_for_inhibitor()
        assert "locked" == port.request("getStatus")["state"]
        assert {"state": "unlocked"} == port.request("unlock")


def add_login_keyring(home: Home) -> None:
    """A slot that opens the store without asking anybody."""
    with home.store() as store:
        unlock(store)
        (slot,) = store.slots()
        parameters = msgspec.msgpack.decode(slot.parameters, type=passphrase.Argon2Parameters)
        new = Slots(Settings()).enrol(Device(device_id=KIND, label="Login"), Choice(), Person())
        with SecretBytes(PASSPHRASE.encode()) as typed:
            kek = SymmetricKek(passphrase.derive_kek(typed, parameters))
        with kek, store.root_of(slot, kek) as root, new.kek as other, store.transaction():
            store.add_slot(root, other, kind=KIND, label=new.label, parameters=new.parameters)
            store.append_audit(b"")


def test_nothing_opens_silently_behind_a_locked_screen(
    home: Home, both: Buses, manager: LoginManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The login keyring opens a new host's store without asking; once the screen was heard to be locked, the person has to act, also if
    nothing has opened it in this process before."""
    with desktop(monkeypatch) as session:
        add_login_keyring(home)
        home.environ |= {**both.environment, "DBUS_SESSION_BUS_ADDRESS": session.environment["DBUS_SESSION_BUS_ADDRESS"]}
        session.end_daemon()
        home.approver.misbehave("hang", kind="askSecret")
        home.approver.deny(kind="review", method="unlock")
        port = home.greet()
        pending = port.begin("unlock")
        manager.wait_for_inhibitor()
        home.approver.wait_for(kind="askSecret")
        manager.lock()
        assert LOCKED == outcome(pending)
        session.log_in()
        assert (4001, {"reason": "user_rejected"}) == refused(port, "unlock")
        assert "locked" == port.request("getStatus")["state"]
        home.quit()


def test_nothing_is_heard_before_the_first_unlocking(watched: Home, manager: LoginManager) -> None:
    """No bus is connected to by hello, getStatus or what needs no store."""
    port = watched.greet()
    port.request("getStatus")
    port.request("randomBytes", {"length": 3})
    assert [] == manager.asked
    port.request("unlock")
    manager.wait_for_inhibitor()


def test_a_screen_saver_locks(watched: Home, both: Buses) -> None:
    """Also where there is no login manager."""
    port = watched.open()
    both.wait_for_rules("session", f"arg0='{SCREEN_SAVERS[-1]}'", of=1)
    with both.connect("session") as connection:
        screen_saver(connection)
        say_active(connection)
    assert {"type": "locked", "reason": "screen"} == port.wait_event("locked")
    assert ["screen"] == locks(watched)


def test_a_flood_of_what_says_that_the_screen_is_locked(watched: Home, both: Buses) -> None:
    """It locks once, and the host goes on answering."""
    port = watched.open()
    both.wait_for_rules("session", f"arg0='{SCREEN_SAVERS[-1]}'", of=1)
    with both.connect("session") as connection:
        screen_saver(connection)
        for _ in range(1000):
            say_active(connection)
        connection.bus_proxy.GetId()
    port.wait_event("locked")
    assert 4 == len(port.request("randomBytes", {"length": 3})["bytes"])
    assert 1 == len([event for event in port.events if event["type"] == "locked"])
    assert ["screen"] == locks(watched)


def test_a_bus_that_goes_away(watched: Home, both: Buses, manager: LoginManager) -> None:
    """Locks once, as the end of a session; the host stays, opens again, and has then nothing to listen to."""
    port = listening(watched, manager)
    both.wait_for_rules("session", f"arg0='{SCREEN_SAVERS[-1]}'", of=1)
    both.kill("session")
    assert {"type": "locked", "reason": "user"} == port.wait_event("locked")
    both.kill("system")

    def keys() -> Any:
        with contextlib.suppress(HostError):  # that the other bus is gone may be heard only now, and locks again
            port.request("unlock")
            return port.request("listKeys")
        return None

    assert [] == until(keys)["keys"]
    assert 0 == port.disconnect()


def test_no_bus(home: Home) -> None:
    """A host that hears nothing opens, works, locks and ends as any other."""
    home.environ |= {
        "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus",
        "DBUS_SESSION_BUS_ADDRESS": "rubbish",
        "XDG_RUNTIME_DIR": "/nonexistent",
    }
    port = home.open()
    key_id = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    assert "signature" in port.request("sign", {"keyId": key_id, "data": DATA})
    assert {"state": "locked"} == port.request("lock")
    assert {"type": "locked", "reason": "request"} == port.wait_event("locked")
    assert 0 == port.disconnect()
    assert not (home.folder / "host.log").exists()


# time


@pytest.fixture
def impatient(home: Home) -> Home:
    """A home whose hosts lock soon."""
    config = home.folder / "config.toml"
    config.write_text(f"{config.read_text(encoding='utf-8')}\n[session]\nidle_lock_seconds = {IDLE_SECONDS}\n", encoding="utf-8")
    home.environ |= {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"}
    return home


def is_stopped(thread: Path) -> bool:
    return "\nState:\tT" in (thread / "status").read_text(encoding="utf-8")


@contextlib.contextmanager
def stopped(port: Port) -> Iterator[None]:
    """As a computer that sleeps: for the block the host does not run."""
    threads = Path(f"/proc/{port.process.pid}/task")
    os.kill(port.process.pid, signal.SIGSTOP)
    try:
        until(lambda: all(is_stopped(thread) for thread in threads.iterdir()), what="the stop of every thread")
        yield
    finally:
        os.kill(port.process.pid, signal.SIGCONT)


def test_a_host_that_was_stopped_answers_nothing_from_an_open_store(impatient: Home) -> None:
    """Its first answer after waking is that it is locked; the event goes before it, and other hosts have their own idle time."""
    port = impatient.open()
    with stopped(port):
        time.sleep(IDLE_SECONDS + 0.2)
        pending = [port.begin("generateKey", {"alg": "RS256"}), port.begin("listKeys")]
    assert [LOCKED] * 2 == [outcome(one) for one in pending]
    assert {"type": "locked", "reason": "idle"} == port.messages[-3]["params"]
    assert ["idle"] == locks(impatient)
    assert 0 == epoch(impatient)


def test_the_reading_thread_wakes_first(home: Home) -> None:
    """And locks before it looks at what it has read."""
    port = home.open(command=ALONE)
    with stopped(port):
        (home.folder / "later").touch()
        pending = [port.begin("generateKey", {"alg": "RS256"}), port.begin("listKeys")]
    assert [LOCKED] * 2 == [outcome(one) for one in pending]
    assert ["idle"] == locks(home)


def test_the_asking_thread_wakes_first(home: Home) -> None:
    """A yes that was given meanwhile is worth nothing: the window was of before."""
    port = home.open(command=ALONE)
    key_id = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    gate = home.approver.hold(kind="review", method="sign", times=1)
    pending = [port.begin("sign", {"keyId": key_id, "data": DATA}) for _ in range(2)]
    home.approver.wait_for(kind="review", method="sign")
    with stopped(port):
        (home.folder / "later").touch()
        gate.release()
    assert [LOCKED] * 2 == [outcome(one) for one in pending]
    assert ["idle"] == locks(home)


def test_a_person_who_takes_their_time_is_not_locked_out(impatient: Home) -> None:
    """While somebody is asked, the store counts as used."""
    port = impatient.open()
    key_id = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    gate = impatient.approver.hold(kind="review", method="sign", times=1)
    pending = port.begin("sign", {"keyId": key_id, "data": DATA})
    impatient.approver.wait_for(kind="review", method="sign")
    time.sleep(IDLE_SECONDS + 0.2)
    gate.release()
    assert "signature" in pending.result()
