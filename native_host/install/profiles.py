"""The folders in which browsers keep their profiles, by the same table that says where they look for manifests.

Chromium: the folder above ``NativeMessagingHosts`` is the user data folder (``docs/user_data_dir.md`` in its sources). Firefox: the row's
own ``profiles``; as a Flatpak or Snap, the same path in the folder that the package sees as its home.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from native_host.install.browsers import BROWSERS, places_of
from native_host.install.machine import Machine, system_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from native_host.install.browsers import Family

_PACKAGED: tuple[tuple[Family, str], ...] = (
    ("firefox", "~/.var/app/org.mozilla.firefox/.mozilla/firefox"),
    ("firefox", "~/.var/app/org.mozilla.firefox/config/mozilla/firefox"),
    ("firefox", "~/snap/firefox/common/.mozilla/firefox"),
    ("chromium", "~/snap/chromium/common/chromium"),
)


def profile_folders(family: Family, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The folders of this family's browsers that hold profiles and are there; none on Windows, where this does not look."""
    system = system_of()
    home = environ.get("HOME", "")
    if system == "windows" or not os.path.isabs(home):
        return ()
    machine = Machine(system=system, home=home, data="", environ=dict(environ))
    # A browser that was started without these variables has the default.
    plain = Machine(system=system, home=home, data="", environ={})
    tables = [folder for browser in BROWSERS if browser.family == family for folder in browser.profiles]
    if family == "chromium":
        rows = [place.where for browser in BROWSERS if browser.family == family for place in places_of(browser, system, "user")]
        tables += [os.path.dirname(where) for where in rows]
    tables += [folder for of, folder in _PACKAGED if of == family]
    folders = dict.fromkeys(one.expand(folder) for folder in tables for one in (machine, plain))
    return tuple(folder for folder in folders if os.path.isdir(folder))
