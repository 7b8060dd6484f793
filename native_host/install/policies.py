"""What an administrator forbids a browser to start.

Implements: Chrome Enterprise policies ``NativeMessagingBlocklist``, ``NativeMessagingAllowlist`` and
``NativeMessagingUserLevelHosts``, read from the folders of managed policies that Chromium reads on Linux.
"""

from __future__ import annotations

import os

from native_host.install import HOST_NAME
from native_host.install.browsers import Browser
from native_host.install.documents import read_object
from native_host.install.machine import Machine
from native_host.value import Value


class Policy(Value, frozen=True, kw_only=True):
    """``allowed``: our host may be started at all. ``user_level_hosts``: manifests of the person are read."""

    allowed: bool = True
    user_level_hosts: bool = True


def read_policy(machine: Machine, browser: Browser) -> Policy:
    """The policy that holds for our host in this browser; later files win over earlier ones, as they do in Chromium."""
    folder = machine.rooted(browser.policies)
    if machine.system != "linux" or not browser.policies or not os.path.isdir(folder):
        return Policy()
    merged: dict[str, object] = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".json"):
            merged |= read_object(os.path.join(folder, name)) or {}
    blocked = _names(merged.get("NativeMessagingBlocklist"))
    allowed = HOST_NAME in _names(merged.get("NativeMessagingAllowlist")) or blocked.isdisjoint({"*", HOST_NAME})
    return Policy(allowed=allowed, user_level_hosts=merged.get("NativeMessagingUserLevelHosts") is not False)


def _names(value: object) -> set[str]:
    return {name for name in value if isinstance(name, str)} if isinstance(value, list) else set()
