"""The process that started the host, as ``/proc`` tells it (proc(5)).

The kernel vouches for the path of the program file, and for nothing that the program does: this is ``consistent`` at best.
Command lines are not read: they hold what the person opened.
"""

from __future__ import annotations

import os

from native_host.caller.identity import Evidence, Family, Level, Parent
from native_host.language import sentence
from native_host.value import Value

_BROWSERS: dict[str, tuple[str, Family]] = {
    "brave": ("Brave", "chromium"),
    "chrome": ("Chrome", "chromium"),
    "chromium": ("Chromium", "chromium"),
    "chromium-browser": ("Chromium", "chromium"),
    "helium": ("Helium", "chromium"),
    "iridium-browser": ("Iridium", "chromium"),
    "msedge": ("Microsoft Edge", "chromium"),
    "opera": ("Opera", "chromium"),
    "vivaldi-bin": ("Vivaldi", "chromium"),
    "yandex_browser": ("Yandex Browser", "chromium"),
    "firefox": ("Firefox", "firefox"),
    "firefox-bin": ("Firefox", "firefox"),
    "firefox-esr": ("Firefox ESR", "firefox"),
    "firefox.real": ("Tor Browser", "firefox"),
    "floorp": ("Floorp", "firefox"),
    "librewolf": ("LibreWolf", "firefox"),
    "waterfox": ("Waterfox", "firefox"),
    "zen": ("Zen", "firefox"),
    "zen-bin": ("Zen", "firefox"),
}
"""The file name of each browser's program, as its packages install it."""

_FAMILY_NAMES: dict[Family, str] = {"chromium": "Chromium", "firefox": "Firefox"}
_PORTALS = frozenset({"xdg-desktop-portal", "xdg-native-messaging-proxy", "flatpak-portal", "flatpak-session-helper"})
_SHELLS = frozenset({"ash", "bash", "busybox", "dash", "fish", "ksh", "sh", "zsh"})
_ADOPTERS = frozenset({"init", "systemd"})
_SHELLS_IN_BETWEEN = 4
_LONGEST_CHAIN = 8
_NAME_CHARACTERS = 40
_PATH_CHARACTERS = 300
_DELETED = " (deleted)"
_OTHERS_MAY_WRITE = 0o022


class _Process(Value, frozen=True, kw_only=True):
    """``started`` in clock ticks since boot; ``executable`` is ``None`` if it may not be read."""

    pid: int
    parent: int
    started: int
    name: str
    uid: int
    executable: str | None
    replaceable: bool

    @property
    def program(self) -> str:
        return (self.executable or "").rpartition("/")[2]


def examine(pid: int, family: Family, proc: str = "/proc") -> Parent:
    """What is known of the process ``pid`` that started the host with the arguments of ``family``; never raises."""
    process = _read(proc, pid)
    if process is None:
        return _parent("unknown", "The process that started Strongroom is gone or hidden.")
    if pid == 1 or process.program in _ADOPTERS:
        return _parent("unknown", "The process that started Strongroom is gone, or is the system's first.")
    if process.uid != os.getuid():
        return _parent("contradicted", "The process that started Strongroom belongs to another user of this computer.")
    browser = _behind_shells(proc, process)
    return _judge(browser, family, scripted=browser is not process)


def browser_pid(pid: int, proc: str = "/proc") -> int | None:
    """The process of the browser that started the host, whose parent is ``pid``; ``None`` if that is none that is known."""
    process = _read(proc, pid)
    browser = _behind_shells(proc, process) if process is not None else None
    return browser.pid if browser is not None and browser.program in _BROWSERS else None


def chain(pid: int, proc: str = "/proc") -> tuple[str, ...]:
    """The names of what started the process ``pid``, the nearest first, as far as it is still there and was there before it.

    Names of program files, or what a process calls itself where that may not be read: both can be chosen. They say how a browser was started,
    from a desktop or by a program that drives it, and prove nothing.
    """
    names: list[str] = []
    below = _read(proc, pid)
    while below is not None and below.parent > 0 and len(names) < _LONGEST_CHAIN:
        above = _read(proc, below.parent)
        if above is None or above.started > below.started:
            break
        name = "".join(character if character.isprintable() else "?" for character in above.program or above.name)
        names.append(name[:_NAME_CHARACTERS])
        below = above
    return tuple(names)


def _behind_shells(proc: str, process: _Process) -> _Process:
    """The browser that started the host by way of a shell script; the process itself if there is none."""
    above: _Process | None = process
    for _ in range(_SHELLS_IN_BETWEEN):
        if above is None or above.program not in _SHELLS:
            break
        below, above = above, _read(proc, above.parent)
        if above is not None and above.started > below.started:  # The number was given to a younger process.
            above = None
    return above if above is not None and above.program in _BROWSERS else process


def _judge(process: _Process, family: Family, *, scripted: bool) -> Parent:
    path = process.executable
    if path is None:
        text = "Started by a process that calls itself {name}; its program file cannot be read."
        return _parent("unknown", sentence(text, name=process.name))
    if process.program in _PORTALS:
        text = "Started through the desktop's portal ({path}), which does not tell which browser asked."
        return _parent("unknown", sentence(text, path=path))
    if process.program not in _BROWSERS:
        return _parent("unknown", sentence("Started by {path}, which is not a browser that Strongroom knows.", path=path))
    name, actual = _BROWSERS[process.program]
    started = _started(name, path, scripted=scripted)
    if actual != family:
        text = sentence("{started}, but with the arguments of {family}.", started=started, family=_FAMILY_NAMES[family])
        return _parent("contradicted", text)
    if process.replaceable:
        text = sentence("{started}, from a file that other programs of yours can replace.", started=started)
        return _parent("unknown", text, browser=name)
    return _parent("consistent", sentence("{started}.", started=started), browser=name)


def _started(name: str, path: str, *, scripted: bool) -> str:
    started = sentence("Started by {name} ({path})", name=name, path=path)
    if path.startswith("/app/"):
        started = sentence("{started} in a Flatpak", started=started)
    elif path.startswith("/snap/"):
        started = sentence("{started} in a snap", started=started)
    return sentence("{started} through a script", started=started) if scripted else started


def _parent(level: Level, text: str, *, browser: str | None = None) -> Parent:
    return Parent(browser=browser, evidence=(Evidence(signal="parent", level=level, text=text),))


def _read(proc: str, pid: int) -> _Process | None:
    """What ``/proc`` tells of a process; ``None`` if there is no such process any more."""
    folder = f"{proc}/{pid}"
    try:
        name, parent, started = _parse_stat(_contents(f"{folder}/stat"))
        uid = _parse_uid(_contents(f"{folder}/status"))
    except (OSError, ValueError, IndexError):
        return None
    executable, replaceable = _read_executable(f"{folder}/exe")
    return _Process(pid=pid, parent=parent, started=started, name=name, uid=uid, executable=executable, replaceable=replaceable)


def _contents(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read(4096)


def _parse_stat(stat: bytes) -> tuple[str, int, int]:
    """Name, parent and start time. The name stands in parentheses, and may hold some itself."""
    opening, closing = stat.index(b"("), stat.rindex(b")")
    fields = stat[closing + 2 :].split()
    return stat[opening + 1 : closing].decode("utf-8", "replace"), int(fields[1]), int(fields[19])


def _parse_uid(status: bytes) -> int:
    """The real user. The owner of the folder will not do: that is root's for a process that may not be dumped."""
    return int(status[status.index(b"\nUid:") :].split(maxsplit=2)[1])


def _read_executable(link: str) -> tuple[str | None, bool]:
    """The path of the program file, and whether others than root may write it; ``None`` if it may not be read."""
    try:
        path = os.readlink(os.fsencode(link)).decode("utf-8", "replace")
        file = os.stat(link)  # of the running file itself, even if it has been replaced since
    except OSError:
        return None, False
    return path.removesuffix(_DELETED)[:_PATH_CHARACTERS], file.st_uid != 0 or bool(file.st_mode & _OTHERS_MAY_WRITE)
