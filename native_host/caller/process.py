"""The process that started the host: which it is, and whether it still lives. One door for every system.

What is seen here is evidence, not a privilege: a program of the same user can start the host too, or start a browser.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from native_host.caller.identity import Caller, Evidence, Family, Parent
from native_host.caller.origin import parse_arguments

_GONE = Parent(evidence=(Evidence(signal="parent", level="unknown", text="The process that started Strongroom ended at once."),))
_NOT_TOLD = Parent(
    evidence=(Evidence(signal="parent", level="unknown", text="This system does not tell which program started Strongroom."),)
)


def identify(arguments: Sequence[str]) -> Caller:
    """Who asks, from the host's arguments (its own name left out) and its parent; called once, early: parents go away.

    Raises:
        OriginNotAllowed: if the arguments are not a browser's.
    """
    claim = parse_arguments(arguments)
    parent = parent_evidence(claim.family)
    return Caller(
        origin=claim.origin,
        family=claim.family,
        browser=parent.browser,
        manifest_path=claim.manifest_path,
        evidence=parent.evidence,
    )


def parent_evidence(family: Family) -> Parent:
    """What is known of the process that started the host, held against the family that its arguments claim. Never raises."""
    if sys.platform != "linux":
        return _NOT_TOLD
    from native_host.caller import process_linux

    pid = os.getppid()
    parent = process_linux.examine(pid, family)
    return parent if os.getppid() == pid else _GONE


def parent_handle() -> int | None:
    """A descriptor that becomes readable when the parent ends; ``None`` where there is none: ask ``parent_gone`` now and then.

    Not PR_SET_PDEATHSIG: its signal comes when the *thread* that started the host ends, which in a browser is much earlier.
    """
    if sys.platform != "linux":
        return None
    parent = os.getppid()
    try:
        handle = os.pidfd_open(parent)
    except OSError:  # a kernel before 5.3, or a sandbox
        return None
    if os.getppid() != parent:  # It ended in between, and the number may be another process's by now.
        os.close(handle)
        return None
    return handle


def parent_gone(parent: int) -> bool:
    """Whether the process ``parent``, which was ``os.getppid()`` at the start, has ended.

    Windows never tells: there the end of the input is all there is.
    """
    return os.getppid() != parent


def wait_for_parent(handle: int | None, seconds: float) -> bool:
    """Wait; true as soon as the process behind ``handle``, which ``parent_handle`` gave, has ended."""
    if handle is None:
        from time import sleep

        sleep(seconds)
        return False
    from select import poll

    poller = poll()
    poller.register(handle)
    return bool(poller.poll(int(seconds * 1000)))


def wait_for_input(frames_in: int, parent: int | None, seconds: float) -> bool | None:
    """True once there is input, or its end; false if the process behind the handle ``parent`` has ended; ``None`` after that time."""
    from select import POLLIN, poll

    poller = poll()
    poller.register(frames_in, POLLIN)
    if parent is not None:
        poller.register(parent, POLLIN)
    ready = [descriptor for descriptor, _ in poller.poll(int(seconds * 1000))]
    return frames_in in ready if ready else None
