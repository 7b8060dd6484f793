"""Linux: the login manager on the system's bus, and screen savers on the person's.

Implements, as a client: org.freedesktop.login1 (systemd's D-Bus interface of the login manager, which elogind has as well), its
inhibitor locks, and ``ActiveChanged`` of org.freedesktop.ScreenSaver as each desktop names it. jeepney, which SecretStorage brings,
parses and authenticates; ``bus.py`` has the connection.

The login manager holds sleep back for a few seconds (``InhibitDelayMaxSec``) until the descriptor is closed that ``Inhibit`` gave: after
the keys are wiped. Every message is checked for its sender: a name's owner, as the bus itself tells it. On the person's bus any program
of theirs can own a screen saver's name and say that the screen is locked, which closes the keystore, no more.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from native_host.watching.bus import Bus, NoReply, Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jeepney import Message

    from native_host.watching import Lock, Reason, Verdict

LOGIN = "org.freedesktop.login1"
MANAGER, SESSION, USER = f"{LOGIN}.Manager", f"{LOGIN}.Session", f"{LOGIN}.User"
MANAGER_PATH = "/org/freedesktop/login1"
PROPERTIES = "org.freedesktop.DBus.Properties"
SCREEN_SAVERS = (
    "org.freedesktop.ScreenSaver",
    "org.gnome.ScreenSaver",
    "org.cinnamon.ScreenSaver",
    "org.mate.ScreenSaver",
    "org.xfce.ScreenSaver",
    "org.kde.screensaver",
)
"""Names of the bus, and of the interface that their owner has."""
SYSTEM_BUS = "unix:path=/var/run/dbus/system_bus_socket"
INHIBIT = ("sleep", "Strongroom", "Keys are wiped from memory first", "delay")

SLEEPS = "The keystore is locked, and its keys are wiped, before this computer sleeps."
SESSION_FOUND = "The keystore is locked with your session: with its screen, when another user's is in front, and when it ends."
NO_SESSION = "The login manager knows no session of yours: {others}"
NO_LOGIN = "There is no login manager here that tells of sleep and of your session: {others}"
OTHERS = "the keystore is locked by its idle time, and by what a screen saver says."
SAVERS = "The keystore is locked when a screen saver on your session's bus locks the screen ({names})."
NO_SAVER = "No screen saver tells on your session's bus that it locks the screen, so far; one that comes later is heard."
NO_BUS = "There is no bus of your session on which a screen saver could tell that it locks the screen."
IF_LOST = "If a bus goes away the keystore is locked, and the next unlocking listens to it anew."


class LoginManager:
    """One connection to it; ``session`` is the path of the person's session, if it knows one."""

    def __init__(self, bus: Bus, lock: Lock) -> None:
        self._bus = bus
        self._lock = lock
        self._inhibitor: int | None = None
        self.session: str | None = None

    def begin(self) -> bool:
        """Find the session, subscribe, and lock if that is how things are already; false if there is no login manager."""
        bus = self._bus
        if bus.follow(LOGIN) is None:
            return False
        self.session = self._find_session()
        bus.subscribe(interface=MANAGER, path=MANAGER_PATH, sender=LOGIN)
        if self.session is not None:
            bus.subscribe(interface=SESSION, path=self.session, sender=LOGIN)
            bus.subscribe(interface=PROPERTIES, path=self.session, sender=LOGIN)
            self._changed(self._properties())
        self._inhibit()
        return True

    def serve(self) -> None:
        """Hear what it says until the connection ends, by an exception."""
        while True:
            self.hear(self._bus.receive())

    def hear(self, message: Message) -> None:
        """Act on a message, if it is one of the login manager's that says something to us; any other is nothing."""
        signal = self._bus.signal(message, LOGIN)
        if signal is None:
            return
        match signal.interface, signal.member, signal.path, message.body:
            case (f, "PrepareForSleep", _, (True,)) if f == MANAGER:
                self._sleep()
            case (f, "PrepareForSleep", _, (False,)) if f == MANAGER:
                self._inhibit()
            case (f, "SessionRemoved", _, (_, path)) if f == MANAGER and path == self.session:
                self._lock("user")
            case (f, "Lock", path, _) if f == SESSION and path == self.session:
                self._lock("screen")
            case (f, "PropertiesChanged", path, (of, dict() as changed, _)) if (f, path, of) == (PROPERTIES, self.session, SESSION):
                self._changed(changed)

    def close(self) -> None:
        """Let the computer sleep."""
        inhibitor, self._inhibitor = self._inhibitor, None
        if inhibitor is not None:
            os.close(inhibitor)

    def _sleep(self) -> None:
        try:
            self._lock("sleep")
        finally:
            self.close()

    def _inhibit(self) -> None:
        """Have sleep wait for us, from now on; where that is not allowed, it will not."""
        self.close()
        with suppress(NoReply):
            self._inhibitor = self._bus.call_for_descriptor(LOGIN, MANAGER_PATH, MANAGER, "Inhibit", "ssss", INHIBIT)

    def _changed(self, properties: dict[object, object]) -> None:
        if properties.get("LockedHint") == ("b", True):
            self._lock("screen")
        elif properties.get("Active") == ("b", False):
            self._lock("user")

    def _properties(self) -> dict[object, object]:
        with suppress(NoReply):
            match self._bus.call(LOGIN, self.session or "", PROPERTIES, "GetAll", "s", (SESSION,)):
                case (dict() as properties,):
                    return properties
        return {}

    def _find_session(self) -> str | None:
        """This process's session; else the one that its environment names; else the one that the person sees, which a browser belongs to
        that a user's service manager has started."""
        tries: list[tuple[str, str, tuple[object, ...]]] = [("GetSessionByPID", "u", (os.getpid(),))]
        if named := os.environ.get("XDG_SESSION_ID"):
            tries.append(("GetSession", "s", (named,)))
        for method, signature, arguments in tries:
            with suppress(NoReply):
                match self._bus.call(LOGIN, MANAGER_PATH, MANAGER, method, signature, arguments):
                    case (str(path),):
                        return path
        with suppress(NoReply):
            match self._bus.call(LOGIN, MANAGER_PATH, MANAGER, "GetUser", "u", (os.getuid(),)):
                case (str(user),):
                    match self._bus.call(LOGIN, user, PROPERTIES, "Get", "ss", (USER, "Display")):
                        case (("(so)", (str(name), str(path))),) if name:
                            return path
        return None


class ScreenSavers:
    """One connection to the session's bus."""

    def __init__(self, bus: Bus, lock: Lock) -> None:
        self._bus = bus
        self._lock = lock

    def begin(self) -> list[str]:
        """Subscribe; the names that have an owner by now."""
        for name in SCREEN_SAVERS:
            self._bus.subscribe(interface=name, member="ActiveChanged", sender=name)
        return [name for name in SCREEN_SAVERS if self._bus.follow(name) is not None]

    def serve(self) -> None:
        """Hear what they say until the connection ends, by an exception."""
        while True:
            self.hear(self._bus.receive())

    def hear(self, message: Message) -> None:
        """Act on a message of a screen saver's that says that the screen is locked; any other is nothing."""
        for name in SCREEN_SAVERS:
            match self._bus.signal(message, name), message.body:
                case (Signal(interface=interface, member="ActiveChanged"), (True,)) if interface == name:
                    self._lock("screen")
                    return


def listen_to_login_manager(lock: Lock) -> None:
    """A listener; returns at once if there is no login manager."""
    with _system_bus() as bus:
        manager = LoginManager(bus, lock)
        try:
            with _locking_if_lost(lock):
                if manager.begin():
                    manager.serve()
        finally:
            manager.close()


def listen_to_screen_savers(lock: Lock) -> None:
    """A listener."""
    with _session_bus() as bus, _locking_if_lost(lock):
        savers = ScreenSavers(bus, lock)
        savers.begin()
        savers.serve()


LISTENERS = (listen_to_login_manager, listen_to_screen_savers)


@contextmanager
def _locking_if_lost(lock: Lock) -> Iterator[None]:
    """A session's bus goes away when the session ends, which can be before all was subscribed to. A bus that is there and refuses to be
    listened to has not gone away."""
    try:
        yield
    except NoReply:
        raise
    except BaseException:
        lock("user")
        raise


@contextmanager
def _system_bus() -> Iterator[Bus]:
    with Bus(os.environ.get("DBUS_SYSTEM_BUS_ADDRESS") or SYSTEM_BUS, descriptors=True) as bus:
        yield bus


@contextmanager
def _session_bus() -> Iterator[Bus]:
    """The session's own, where it says so, or where systemd puts it."""
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS") or f"unix:path={os.environ.get('XDG_RUNTIME_DIR', '')}/bus"
    with Bus(address, descriptors=False) as bus:
        yield bus


def describe() -> list[tuple[Verdict, str]]:
    """What is heard here; at once, unless a bus is there and does not answer."""
    return [*_describe_login_manager(), *_describe_screen_savers(), ("ok", IF_LOST)]


def _nothing(reason: Reason) -> None:
    """In place of locking: ``describe`` holds nothing open."""


def _describe_login_manager() -> list[tuple[Verdict, str]]:
    with suppress(Exception), _system_bus() as bus:
        manager = LoginManager(bus, _nothing)
        try:
            if manager.begin():
                found: tuple[Verdict, str] = ("ok", SESSION_FOUND) if manager.session else ("warn", NO_SESSION.format(others=OTHERS))
                return [("ok", SLEEPS), found]
        finally:
            manager.close()
    return [("warn", NO_LOGIN.format(others=OTHERS))]


def _describe_screen_savers() -> list[tuple[Verdict, str]]:
    with suppress(Exception), _session_bus() as bus:
        names = ScreenSavers(bus, _nothing).begin()
        return [("ok", SAVERS.format(names=", ".join(names)) if names else NO_SAVER)]
    return [("warn", NO_BUS)]
