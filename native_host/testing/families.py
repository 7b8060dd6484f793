"""How each family of browsers treats a native host: limits, refusals, and how it ends one.

The facts were measured with echo hosts in Chromium 156 and Firefox ESR 153 on Linux; ``tests/browser`` asks both real
browsers again and compares.
"""

from __future__ import annotations

import signal
from typing import Literal

from native_host.value import Value

FamilyName = Literal["chromium", "firefox"]

MEBIBYTE = 1024 * 1024


class Ending(Value, frozen=True, kw_only=True):
    """One step against a host that ignores end-of-file: ``seconds`` after the port was closed, ``signal`` is sent."""

    seconds: float
    signal: signal.Signals


class Family(Value, frozen=True, kw_only=True):
    """One row. A text that is ``None`` is an error that this browser does not explain; sizes are bytes of JSON."""

    name: FamilyName
    response_bytes: int
    request_bytes: int | None
    endings: tuple[Ending, ...]
    closes_output: bool
    """Whether the host's output is closed with its input, so that a late write meets a broken pipe."""
    drops_rubbish: bool
    """Whether a frame that is not JSON is dropped without a word, the port staying open."""
    leaks_descriptor: bool
    not_found: str
    forbidden: str
    invalid_name: str
    not_started: str
    exited: str | None
    exited_unread: frozenset[str]
    """What it may say of a host that ends before it has read what was posted, one that cannot be executed among them: it depends on what
    the browser meets first, the end of the host's output or the broken pipe of its input. The emulator says ``exited`` or
    ``not_started``; a wallet has to understand each of these. Empty where nothing depends on that."""
    oversize: str
    rubbish: str | None
    request_too_large: str
    disconnected: str


CHROMIUM = Family(
    name="chromium",
    response_bytes=MEBIBYTE,
    request_bytes=64 * MEBIBYTE,
    endings=(Ending(seconds=2.0, signal=signal.SIGKILL),),
    closes_output=True,
    drops_rubbish=True,
    leaks_descriptor=False,
    not_found="Specified native messaging host not found.",
    forbidden="Access to the specified native messaging host is forbidden.",
    invalid_name="Invalid native messaging host name specified.",
    not_started="Native host has exited.",
    exited="Native host has exited.",
    exited_unread=frozenset({"Native host has exited.", "Error when communicating with the native messaging host."}),
    oversize="Error when communicating with the native messaging host.",
    rubbish=None,
    request_too_large="Message exceeded maximum allowed size of 64MiB.",
    disconnected="Attempting to use a disconnected port object",
)

FIREFOX = Family(
    name="firefox",
    response_bytes=MEBIBYTE,
    request_bytes=None,
    endings=(Ending(seconds=3.0, signal=signal.SIGTERM), Ending(seconds=6.4, signal=signal.SIGKILL)),
    closes_output=False,
    drops_rubbish=False,
    leaks_descriptor=True,
    # Firefox says the same for every manifest that it does not use, so that a page cannot learn what is installed.
    not_found="No such native application {name}",
    forbidden="No such native application {name}",
    invalid_name='Type error for parameter application (String "{name}" must match /^\\w+(\\.\\w+)*$/) for runtime.connectNative.',
    not_started="An unexpected error occurred",
    exited=None,
    exited_unread=frozenset(),
    oversize="Native application tried to send a message of {size} bytes, which exceeds the limit of {limit} bytes.",
    rubbish="An unexpected error occurred",
    request_too_large="",
    disconnected="Attempt to postMessage on disconnected port",
)

FAMILIES: dict[str, Family] = {"chromium": CHROMIUM, "firefox": FIREFOX}
