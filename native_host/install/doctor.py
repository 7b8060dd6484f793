"""Why a browser does or does not reach the host.

Reads the same table as installing does. A browser takes the first manifest that it meets, the person's before the
system's, so the first one is judged; the others matter when it hides them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from native_host.install.browsers import Browser, Scope
from native_host.install.checks import (
    Finding,
    Registered,
    check_manifest,
    check_origins,
    check_policy,
    check_program,
    check_sandbox,
    install_command,
    mend_loose,
    writable_by_others,
)
from native_host.install.documents import read_object
from native_host.install.machine import Machine, find_browsers, manifest_files
from native_host.install.manifests import extensions_of, listed_extensions
from native_host.install.policies import Policy, read_policy
from native_host.install.round_trip import Trip, say_hello

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# No store gives out this id, so the host must refuse it; a refusal is an answer.
_NOBODY = {"chromium": "chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/", "firefox": "nobody@strongroom.invalid"}


def examine(machine: Machine, *, origins: Sequence[str], timeout_seconds: float = 10, package: str = PACKAGE) -> tuple[Finding, ...]:
    """Look at every browser that is here, and start every registered host once for each way in which it is called."""
    findings = list(_examine_surroundings(machine, origins, package))
    browsers = find_browsers(machine)
    if not browsers:
        findings.append(
            Finding(check="browsers", verdict="fail", text="No browser of our table is here.", mend="strongroom install --help")
        )
    trips: dict[tuple[str, ...], Trip] = {}
    for browser in browsers:
        findings += _examine_browser(machine, browser, origins, trips, timeout_seconds)
    return tuple(findings)


def _examine_surroundings(machine: Machine, origins: Sequence[str], package: str) -> Iterator[Finding]:
    if not origins:
        text = "No extension is attached to a wallet, so the host will refuse every one."
        yield Finding(check="origins", verdict="warn", text=text, mend="strongroom origins add ORIGIN")
    if loose := writable_by_others(package):
        text = f"{loose} can be changed by others, who then decide what the host does."
        yield Finding(check="package", verdict="fail", text=text, mend=mend_loose(loose))
    if machine.environ.get("STRONGROOM_HOME"):
        text = "STRONGROOM_HOME is set here; a browser that was started without it uses the usual folders instead."
        yield Finding(check="home", verdict="warn", text=text, mend="unset STRONGROOM_HOME")


def _examine_browser(
    machine: Machine,
    browser: Browser,
    origins: Sequence[str],
    trips: dict[tuple[str, ...], Trip],
    timeout_seconds: float,
) -> Iterator[Finding]:
    policy = read_policy(machine, browser)
    yield from check_policy(browser, policy, origins)
    yield from check_sandbox(machine, browser)
    registered = _find_registered(machine, browser, policy)
    if registered is None:
        if browser.name != "chromium-snap":
            yield _absent(browser, policy, origins)
        return
    manifests = list(check_manifest(browser, registered, origins))
    yield from manifests
    yield from check_origins(browser, registered, origins)
    programs = list(check_program(machine, browser, registered, origins))
    yield from programs
    # What others may have put there is not started to find out more; a Flatpak's program cannot be started from outside.
    if browser.packaging == "flatpak" or any(finding.verdict == "fail" for finding in (*manifests, *programs)):
        return
    command = _command(browser, registered)
    if command not in trips:
        trips[command] = say_hello(list(command), machine.environ, timeout_seconds)
    yield _judge(browser, registered, trips[command], origins)


def _find_registered(machine: Machine, browser: Browser, policy: Policy) -> Registered | None:
    scopes: tuple[Scope, ...] = ("user", "system") if policy.user_level_hosts else ("system",)
    there = [(path, scope) for scope in scopes for path in manifest_files(machine, browser, scope) if os.path.lexists(path)]
    if not there:
        return None
    path, scope = there[0]
    return Registered(path=path, scope=scope, manifest=read_object(path) or {}, hidden=tuple(other for other, _ in there[1:]))


def _absent(browser: Browser, policy: Policy, origins: Sequence[str]) -> Finding:
    mend = install_command(browser, "user" if policy.user_level_hosts else "system", origins)
    return Finding(browser=browser.name, check="manifest", verdict="fail", text="No manifest where this browser looks.", mend=mend)


def _command(browser: Browser, registered: Registered) -> tuple[str, ...]:
    """What this browser starts: Chromium with the caller's origin, Firefox with the manifest and the add-on's id."""
    caller = next(iter(listed_extensions(browser.family, registered.manifest)), _NOBODY[browser.family])
    return (registered.program, caller) if browser.family == "chromium" else (registered.program, registered.path, caller)


def _judge(browser: Browser, registered: Registered, trip: Trip, origins: Sequence[str]) -> Finding:
    mend = install_command(browser, registered.scope, origins)
    if trip.failure:
        return Finding(browser=browser.name, check="hello", verdict="fail", text=f"The host did not answer: {trip.failure}.", mend=mend)
    took = f"in {trip.milliseconds} ms"
    if not trip.ended:
        text = f"The host answered {took} but did not end when its input was closed."
        return Finding(browser=browser.name, check="hello", verdict="fail", text=text, mend=mend)
    if trip.reason == "origin_not_allowed" and not extensions_of(browser.family, origins):
        text = f"The host answered {took}; it refuses every extension of this browser, as none is attached."
        return Finding(browser=browser.name, check="hello", verdict="ok", text=text)
    if trip.reason:
        text = f"The host answered {took}, with a refusal: {trip.reason}."
        return Finding(browser=browser.name, check="hello", verdict="warn", text=text, mend="strongroom origins list")
    text = f"The host {trip.host} answered {took}; its keystore is {trip.state}."
    return Finding(browser=browser.name, check="hello", verdict="ok", text=text)
