"""What ``doctor`` sees of those who will ask: the programs of browsers, the files of extensions and what runs of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from native_host.install.checks import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.caller.identity import Level
    from native_host.install.browsers import Browser
    from native_host.install.machine import Machine

VERDICTS: dict[Level, Verdict] = {"verified": "ok", "consistent": "ok", "unknown": "warn", "contradicted": "fail"}


def programs(machine: Machine) -> Iterator[Finding]:
    """Who can have written the programs of the browsers that are here, and whether they are their packages' own. Reads them whole."""
    from native_host.install.machine import find_browsers

    for browser in find_browsers(machine):
        yield from _program(machine, browser)


def extensions(machine: Machine) -> Iterator[Finding]:
    """The files of every attached extension, and what Chromium runs of them; nothing is unlocked for that."""
    from native_host.operations.caller_evidence import look_at_extension
    from native_host.person import at_desk

    with at_desk(make=True) as desk:
        for attached in desk.attachments():
            for one in look_at_extension(desk.store, attached.origin, machine.environ):
                text = f"{attached.origin}: {one.text}"
                # What a window says is not known of files is no fault of this machine's.
                yield Finding(check="extension", verdict="fail" if one.level == "contradicted" else "ok", text=text)


def _program(machine: Machine, browser: Browser) -> Iterator[Finding]:
    from native_host.caller.guarded import loose
    from native_host.caller.program_file import digest, open_file, program_evidence
    from native_host.install.programs import deployment, program_files

    for path in program_files(machine, browser):
        program, descriptor = open_file(path)
        digests = None
        if descriptor is not None:
            digests = digest(descriptor)
            os.close(descriptor)
        found = program_evidence(program, digests, uid=os.getuid())
        yield Finding(browser=browser.name, check="code", verdict=VERDICTS[found.level], text=found.text)
    if folder := deployment(machine, browser):
        writable = loose(folder, machine.root)
        text = f"Its files ({folder}) are a deployment of Flatpak's, which "
        text += f"programs of yours may write ({writable})." if writable else "only the administrator can write."
        yield Finding(browser=browser.name, check="code", verdict="warn" if writable else "ok", text=text)
