"""The origin that the host's arguments name: protocol section 4. Pure.

Chromium: ``chrome-extension://<id>/``, on Windows followed by ``--parent-window=<decimal>`` (0 for a service worker; not used).
Firefox: the absolute path of the manifest it read, then the id of the add-on.
"""

from __future__ import annotations

import os.path
from collections.abc import Sequence

from native_host.caller.identity import Claim, Family
from native_host.errors import OriginNotAllowed

_CHROMIUM_SCHEME = "chrome-extension://"
_FIREFOX_SCHEME = "moz-extension:"
_CHROMIUM_ID_CHARACTERS = 32
_ADDON_ID_CHARACTERS = 80
_WINDOW_CHARACTERS = 20
_HEX = frozenset("0123456789abcdefABCDEF")
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")
_UUID_GROUPS = [8, 4, 4, 4, 12]


def parse_arguments(arguments: Sequence[str]) -> Claim:
    """The claim in the host's arguments, its own name left out.

    Raises:
        OriginNotAllowed: for any other number or form of arguments than a browser's.
    """
    match list(arguments):
        case [origin] if family_of(origin) == "chromium":
            return Claim(origin=origin, family="chromium")
        case [origin, window] if family_of(origin) == "chromium" and _is_parent_window(window):
            return Claim(origin=origin, family="chromium")
        case [manifest, addon] if os.path.isabs(manifest) and family_of(_FIREFOX_SCHEME + addon) == "firefox":
            return Claim(origin=_FIREFOX_SCHEME + addon, family="firefox", manifest_path=manifest)
        case _:
            raise OriginNotAllowed


def family_of(origin: str) -> Family | None:
    """The family of browsers whose origins have this form on the wire; ``None`` if it is no origin."""
    if origin.startswith(_CHROMIUM_SCHEME):
        return "chromium" if _is_chromium_id(origin.removeprefix(_CHROMIUM_SCHEME)) else None
    if origin.startswith(_FIREFOX_SCHEME):
        return "firefox" if _is_addon_id(origin.removeprefix(_FIREFOX_SCHEME)) else None
    return None


def _is_chromium_id(rest: str) -> bool:
    return len(rest) == _CHROMIUM_ID_CHARACTERS + 1 and rest[-1] == "/" and all("a" <= letter <= "p" for letter in rest[:-1])


def _is_addon_id(text: str) -> bool:
    """The two forms of Firefox's manifest schema: ``{uuid}``, and ``name@domain`` where the name may be empty."""
    if len(text) > _ADDON_ID_CHARACTERS:
        return False
    if text.startswith("{") and text.endswith("}"):
        groups = text[1:-1].split("-")
        return [len(group) for group in groups] == _UUID_GROUPS and _HEX.issuperset("".join(groups))
    name, _, domain = text.partition("@")
    return bool(domain) and _NAME.issuperset(name + domain)


def _is_parent_window(argument: str) -> bool:
    number = argument.removeprefix("--parent-window=")
    return number != argument and len(number) <= _WINDOW_CHARACTERS and number.isascii() and number.isdecimal()
