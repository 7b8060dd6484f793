"""What the listeners hear, and what they make nothing of: on real buses, with a login manager of the tests' own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from jeepney import DBusAddress, HeaderFields, new_signal

from native_host.watching import Reason, Watch, describe, linux, listeners, macos, windows
from native_host.watching.bus import Bus, NoReply
from native_host.watching.linux import MANAGER, MANAGER_PATH, PROPERTIES, SCREEN_SAVERS, SESSION
from tests.homes import until
from tests.parts.login_manager import (
    SESSION_ID,
    SESSION_PATH,
    Buses,
    LoginManager,
    buses,
    login_manager,
    say_active,
    screen_saver,
)

WAIT_SECONDS = 60.0


class Locks:
    """In place of a host: notes why it would lock."""

    def __init__(self) -> None:
        self.reasons: list[Reason] = []
        self.before: Callable[[], None] = lambda: None
        self._changed = threading.Condition()

    def __call__(self, reason: Reason) -> None:
        self.before()
        with self._changed:
            self.reasons.append(reason)
            self._changed.notify_all()

    def wait_for(self, *reasons: Reason) -> None:
        """Wait until these, and no others, were heard."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.reasons) >= len(reasons), WAIT_SECONDS)
            assert list(reasons) == self.reasons


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Iterator[Buses]:
    with buses() as both:
        for name, value in both.environment.items():
            monkeypatch.setenv(name, value)
        yield both


@contextmanager
def listening(listener: Any, locks: Locks) -> Iterator[None]:
    """A listener on a thread, which ends with its bus."""
    threading.Thread(target=Watch(locks)._run, args=(listener,), daemon=True).start()
    yield


@pytest.fixture
def locks() -> Locks:
    return Locks()


@pytest.fixture
def manager(both: Buses, locks: Locks) -> Iterator[LoginManager]:
    """A login manager that is listened to."""
    with login_manager(both) as manager, listening(linux.listen_to_login_manager, locks):
        manager.wait_for_inhibitor()
        yield manager


@pytest.fixture
def saver(both: Buses, locks: Locks) -> Iterator[Any]:
    """A session's bus that is listened to, and a program on it."""
    with listening(linux.listen_to_screen_savers, locks), both.connect("session") as connection:
        both.wait_for_rules("session", f"arg0='{SCREEN_SAVERS[-1]}'", of=1)
        yield connection


HEARD: dict[str, tuple[Callable[[LoginManager], None], Reason]] = {
    "the computer goes to sleep": (lambda manager: manager.sleep(begins=True), "sleep"),
    "the session is to be locked": (lambda manager: manager.lock(), "screen"),
    "the session was locked": (lambda manager: manager.change(LockedHint=True), "screen"),
    "another session is in front": (lambda manager: manager.change(Active=False), "user"),
    "both at once": (lambda manager: manager.change(Active=False, LockedHint=True), "screen"),
    "the session ends": (lambda manager: manager.remove_session(), "user"),
}


@pytest.mark.parametrize(("happens", "reason"), HEARD.values(), ids=HEARD.keys())
def test_what_the_login_manager_says(manager: LoginManager, locks: Locks, happens: Callable[[LoginManager], None], reason: Reason) -> None:
    """Each has its reason."""
    happens(manager)
    locks.wait_for(reason)


def test_sleep_waits_for_the_lock(manager: LoginManager, locks: Locks) -> None:
    """The descriptor that holds sleep back is closed when ``lock`` has returned; after waking it is taken anew."""
    held: list[bool] = []
    locks.before = lambda: held.append(manager.is_held())
    manager.sleep(begins=True)
    manager.wait_for_release()
    assert ([True], ["sleep"]) == (held, locks.reasons)
    manager.sleep(begins=False)
    manager.wait_for_inhibitor(2)
    assert manager.is_held(1)
    manager.sleep(begins=True)
    manager.wait_for_release(1)
    assert ["sleep", "sleep"] == locks.reasons


def test_sleep_is_let_go_though_the_lock_fails(manager: LoginManager, locks: Locks) -> None:
    """Nobody's computer stays awake for it."""

    def fail() -> None:
        raise RuntimeError

    locks.before = fail
    manager.sleep(begins=True)
    manager.wait_for_release()


STATES: dict[str, tuple[bool, bool, Reason]] = {"locked": (True, True, "screen"), "in the background": (False, False, "user")}


@pytest.mark.parametrize(("locked", "active", "reason"), STATES.values(), ids=STATES.keys())
def test_what_is_so_already(both: Buses, locks: Locks, reason: Reason, *, locked: bool, active: bool) -> None:
    """A session that is locked when the listening begins was not unlocked for us."""
    with login_manager(both, locked=locked, active=active), listening(linux.listen_to_login_manager, locks):
        locks.wait_for(reason)


WAYS = {"GetSessionByPID": {}, "GetSession": {"XDG_SESSION_ID": SESSION_ID}, "GetUser": {}}


@pytest.mark.parametrize(("way", "environment"), WAYS.items(), ids=WAYS.keys())
def test_how_the_session_is_found(
    both: Buses, locks: Locks, monkeypatch: pytest.MonkeyPatch, way: str, environment: dict[str, str]
) -> None:
    """By the process, by the environment, or as the one that the person sees."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with login_manager(both, knows=(way,)) as manager, listening(linux.listen_to_login_manager, locks):
        manager.wait_for_inhibitor()
        manager.lock()
        locks.wait_for("screen")


def test_no_session_at_all(both: Buses, locks: Locks) -> None:
    """Sleep is heard all the same."""
    with login_manager(both, knows=()) as manager, listening(linux.listen_to_login_manager, locks):
        manager.wait_for_inhibitor()
        manager.lock()
        manager.sleep(begins=True)
        locks.wait_for("sleep")


def test_a_login_manager_that_starts_anew(both: Buses, manager: LoginManager, locks: Locks) -> None:
    """Its name has another owner then, who is heard; the old one is not."""
    with both.connect("system") as old:
        manager.end()
        manager.inhibitors.clear()
        with login_manager(both) as anew:
            old.send(new_signal(DBusAddress(SESSION_PATH, interface=SESSION), "Lock"))
            anew.sleep(begins=True)
            locks.wait_for("sleep")


# who says it, and what


def forged(member: str, path: str, interface: str, signature: str = "", *body: Any) -> Any:
    return new_signal(DBusAddress(path, interface=interface), member, signature, body)


FORGED = {
    "the screen is locked": forged("Lock", SESSION_PATH, SESSION),
    "the computer sleeps": forged("PrepareForSleep", MANAGER_PATH, MANAGER, "b", True),
    "the owner is another": forged(
        "NameOwnerChanged", "/org/freedesktop/DBus", "org.freedesktop.DBus", "sss", "org.freedesktop.login1", ":1.0", ""
    ),
}


@pytest.mark.parametrize("message", FORGED.values(), ids=FORGED.keys())
@pytest.mark.parametrize("addressed", [False, True], ids=["to all", "to us"])
def test_another_sender(both: Buses, manager: LoginManager, locks: Locks, message: Any, *, addressed: bool) -> None:
    """A program that is not the login manager says nothing to us, also where it names us as the receiver; who is one is still heard."""
    (ours,) = both.wait_for_rules("system", f"path='{SESSION_PATH}'", of=1)
    with both.connect("system") as stranger:
        message.header.fields.pop(HeaderFields.destination, None)
        if addressed:
            message.header.fields[HeaderFields.destination] = ours
        stranger.send(message)
        # By the time that the stranger has an answer, the bus has passed on what came before.
        stranger.bus_proxy.GetId()
    manager.change(Active=False)
    locks.wait_for("user")


NOTHING: dict[str, tuple[Any, ...]] = {
    "sleep: a number": (MANAGER_PATH, MANAGER, "PrepareForSleep", "u", 1),
    "sleep: nothing": (MANAGER_PATH, MANAGER, "PrepareForSleep"),
    "sleep: two": (MANAGER_PATH, MANAGER, "PrepareForSleep", "bb", True, True),
    "another session ends": (MANAGER_PATH, MANAGER, "SessionRemoved", "so", "9", "/org/freedesktop/login1/session/_39"),
    "a session without a path ends": (MANAGER_PATH, MANAGER, "SessionRemoved", "s", SESSION_ID),
    "another session is locked": ("/org/freedesktop/login1/session/_39", SESSION, "Lock"),
    "another signal": (SESSION_PATH, SESSION, "Unlock"),
    "the hint is a text": (SESSION_PATH, PROPERTIES, "PropertiesChanged", "sa{sv}as", SESSION, {"LockedHint": ("s", "true")}, []),
    "the hint is taken back": (SESSION_PATH, PROPERTIES, "PropertiesChanged", "sa{sv}as", SESSION, {"LockedHint": ("b", False)}, []),
    "properties: a text": (SESSION_PATH, PROPERTIES, "PropertiesChanged", "sss", SESSION, "LockedHint", ""),
    "of another interface": (SESSION_PATH, PROPERTIES, "PropertiesChanged", "sa{sv}as", MANAGER, {"LockedHint": ("b", True)}, []),
    "long": (SESSION_PATH, PROPERTIES, "PropertiesChanged", "sa{sv}as", SESSION, {"State": ("s", "x" * 100_000)}, []),
    "deep": (SESSION_PATH, PROPERTIES, "PropertiesChanged", "sa{sv}as", SESSION, {"State": ("v", ("v", ("v", ("av", [("i", 1)]))))}, []),
}


@pytest.mark.parametrize("signal", NOTHING.values(), ids=NOTHING.keys())
def test_what_says_nothing(manager: LoginManager, locks: Locks, signal: tuple[Any, ...]) -> None:
    """Even from the login manager itself; and it is heard afterwards."""
    manager.emit(*signal)
    manager.lock()
    locks.wait_for("screen")


@pytest.mark.parametrize("name", SCREEN_SAVERS)
def test_each_screen_saver(saver: Any, locks: Locks, name: str) -> None:
    """Heard under its own name, also if it comes after us; once for each time that it locks."""
    screen_saver(saver, name)
    say_active(saver, name, "b", False)
    say_active(saver, name, "u", 1)
    say_active(saver, name, "b", True)
    locks.wait_for("screen")


def test_a_screen_saver_that_is_none(saver: Any, both: Buses, locks: Locks) -> None:
    """Who does not own the name is not heard."""
    screen_saver(saver)
    with both.connect("session") as stranger:
        say_active(stranger)
        stranger.bus_proxy.GetId()
    say_active(saver)
    locks.wait_for("screen")


# what ends a connection


def test_a_bus_that_goes_away(both: Buses, manager: LoginManager, saver: Any, locks: Locks) -> None:
    """Counts as the end of the session, once for each."""
    both.kill("system")
    locks.wait_for("user")
    both.kill("session")
    locks.wait_for("user", "user")


LOST_EARLY: dict[str, tuple[str, Any, str]] = {
    "session": ("session", linux.listen_to_screen_savers, "follow"),
    "system, first call": ("system", linux.listen_to_login_manager, "follow"),
    "system, last call": ("system", linux.listen_to_login_manager, "call_for_descriptor"),
}


@pytest.mark.parametrize(("bus", "listener", "method"), LOST_EARLY.values(), ids=LOST_EARLY.keys())
def test_a_bus_that_goes_away_before_all_is_subscribed_to(
    both: Buses, locks: Locks, monkeypatch: pytest.MonkeyPatch, bus: str, listener: Any, method: str
) -> None:
    """Counts as well: the session may end in the moment after the unlocking."""
    ask = getattr(Bus, method)

    def ask_a_bus_that_is_gone(connected: Bus, *arguments: Any) -> Any:
        both.kill(bus)
        return ask(connected, *arguments)

    monkeypatch.setattr(Bus, method, ask_a_bus_that_is_gone)
    with login_manager(both):
        Watch(locks)._run(listener)
    assert ["user"] == locks.reasons


def test_a_bus_that_refuses_to_be_listened_to(both: Buses, locks: Locks, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there: nothing is heard, and nothing locks, or no keystore would stay open on such a system."""
    monkeypatch.setattr(linux, "SCREEN_SAVERS", ("no name of a bus",))
    with pytest.raises(NoReply):
        linux.listen_to_screen_savers(locks)
    assert [] == locks.reasons


def test_a_message_that_fills_the_memory(both: Buses, saver: Any, locks: Locks) -> None:
    """It is not read: the connection ends with it."""
    (ours,) = both.wait_for_rules("session", f"arg0='{SCREEN_SAVERS[-1]}'", of=1)
    message = forged("Anything", "/", "a.b", "ay", bytes(16 * 1024 * 1024))
    message.header.fields[HeaderFields.destination] = ours
    saver.send(message)
    locks.wait_for("user")


def test_it_listens_again(both: Buses, locks: Locks) -> None:
    """At the next begin, where it no longer does; where it still does, once is enough."""
    watch = Watch(locks)
    with login_manager(both) as manager:
        watch.begin()
        manager.wait_for_inhibitor()
        both.wait_for_rules("session", f"arg0='{SCREEN_SAVERS[-1]}'", of=1)
        both.restart("session")
        locks.wait_for("user")
        until(lambda: len(watch._running) == 1, what="the end of that listener")
        watch.begin()
        both.wait_for_rules("session", f"arg0='{SCREEN_SAVERS[-1]}'", of=1)
        assert 1 == len(manager.inhibitors)
        with both.connect("session") as saver:
            screen_saver(saver)
            say_active(saver)
            locks.wait_for("user", "screen")


@pytest.mark.parametrize("address", ["", "unix:path=/nonexistent/bus", "tcp:host=127.0.0.1", "rubbish", "unix:"])
def test_no_bus(monkeypatch: pytest.MonkeyPatch, locks: Locks, address: str) -> None:
    """Nothing is listened to, and nothing locks."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nonexistent")
    for name in ("DBUS_SYSTEM_BUS_ADDRESS", "DBUS_SESSION_BUS_ADDRESS"):
        monkeypatch.setenv(name, address or "unix:path=/nonexistent/other")
    if not address:
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    watch = Watch(locks)
    for listener in linux.LISTENERS:
        watch._run(listener)
    assert [] == locks.reasons
    assert ["warn", "warn", "ok"] == [verdict for verdict, _ in describe()]


def test_no_login_manager(both: Buses, locks: Locks) -> None:
    """A system may well have none; a screen saver is heard without."""
    linux.listen_to_login_manager(locks)
    assert [] == locks.reasons


def test_what_doctor_is_told(both: Buses) -> None:
    """What is there, and what is not."""
    assert [linux.NO_LOGIN.format(others=linux.OTHERS), linux.NO_SAVER, linux.IF_LOST] == [text for _, text in describe()]
    with login_manager(both, knows=()) as manager:
        assert [linux.SLEEPS, linux.NO_SESSION.format(others=linux.OTHERS)] == [text for _, text in describe()][:2]
        manager.knows = ("GetUser",)
        with both.connect("session") as connection:
            screen_saver(connection)
            assert [
                ("ok", linux.SLEEPS),
                ("ok", linux.SESSION_FOUND),
                ("ok", linux.SAVERS.format(names=SCREEN_SAVERS[0])),
                ("ok", linux.IF_LOST),
            ] == describe()
        manager.wait_for_release(0)
        manager.wait_for_release(1)


# macOS, against what Apple publishes alone


class FakeLibrary:
    """Notes each call; what it answers stands in ``answers``."""

    def __init__(self, **answers: Any) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        def called(*arguments: Any) -> Any:
            self.calls.append((name, arguments))
            return self._answers.get(name)

        return called


def test_macos_notifications_lock(locks: Locks) -> None:
    """Each of them that is subscribed to, by a callback of the form that Core Foundation calls."""
    foundation = FakeLibrary()
    listening = macos.Listening(locks, foundation, FakeLibrary())
    for name, reason in macos.NOTIFICATIONS.items():
        listening.observe(name, reason)
    callbacks = [arguments[2] for name, arguments in foundation.calls if name == "CFNotificationCenterAddObserver"]
    for callback in callbacks:
        callback(None, None, None, None, None)
    locks.wait_for("screen", "screen", "user")
    named = [arguments[1] for name, arguments in foundation.calls if name == "CFStringCreateWithCString"]
    assert [b"com.apple.screenIsLocked", b"com.apple.screensaver.didstart", b"com.apple.sessionDidMoveOffConsole"] == named


def test_macos_sleep_is_allowed_after_the_lock(locks: Locks) -> None:
    """IOMessage.h: 0xE0000280 is that it will sleep, 0xE0000270 the question whether it may; both are answered, 0xE0000300 (it woke) is not."""
    kit = FakeLibrary(IORegisterForSystemPower=7, IONotificationPortGetRunLoopSource=9)
    listening = macos.Listening(locks, FakeLibrary(), kit)
    allowed: list[int] = []
    locks.before = lambda: allowed.append(len(kit.calls))
    assert 9 == listening.observe_power().value
    callback = kit.calls[0][1][2]
    for message in (0xE0000270, 0xE0000280, 0xE0000300):
        callback(None, 0, message, 42)
    assert (["sleep"], [3]) == (locks.reasons, allowed)
    answers = [(root.value, argument.value) for name, (root, argument) in kit.calls[2:] if name == "IOAllowPowerChange"]
    assert [(7, 42), (7, 42)] == answers


def test_macos_without_a_power_manager(locks: Locks) -> None:
    """Is told by the refusal to register."""
    with pytest.raises(OSError):  # noqa: PT011 - there is nothing more to say
        macos.Listening(locks, FakeLibrary(), FakeLibrary(IORegisterForSystemPower=0)).observe_power()


PLATFORMS = {"linux": linux.LISTENERS, "darwin": macos.LISTENERS, "win32": windows.LISTENERS, "freebsd14": ()}


@pytest.mark.parametrize(("platform", "those"), PLATFORMS.items(), ids=PLATFORMS.keys())
def test_each_platform_has_its_listeners(platform: str, those: Any) -> None:
    """And one that has none says so."""
    assert those == listeners(platform)
    if platform != "linux":
        ((verdict, text),) = describe(platform)
        assert ("ok" if platform == "win32" else "warn") == verdict
        assert text
