"""Who signs the browsers, by the platforms that sign programs: as each maker's own documentation and installed programs name it.

A signature is worth as much as the question who made it: any signature, or one that a program made for itself, names nobody.
"""

from __future__ import annotations

from native_host.caller.identity import Family
from native_host.value import Value


class Maker(Value, frozen=True, kw_only=True):
    """``team`` is Apple's identifier of the developer, which stands in the certificate's OU; ``signer`` the name in an Authenticode certificate."""

    browser: str
    family: Family
    team: str = ""
    signer: str = ""


MACOS: dict[str, Maker] = {
    "Google Chrome": Maker(browser="Chrome", family="chromium", team="EQHXZ8M8AV"),
    "Google Chrome Beta": Maker(browser="Chrome", family="chromium", team="EQHXZ8M8AV"),
    "Google Chrome Canary": Maker(browser="Chrome", family="chromium", team="EQHXZ8M8AV"),
    "Chromium": Maker(browser="Chromium", family="chromium"),
    "Microsoft Edge": Maker(browser="Microsoft Edge", family="chromium", team="UBF8T346G9"),
    "Brave Browser": Maker(browser="Brave", family="chromium", team="KL8N8XSYF4"),
    "Vivaldi": Maker(browser="Vivaldi", family="chromium", team="4XF3XNRN6Y"),
    "Opera": Maker(browser="Opera", family="chromium", team="A2P9LX4JPN"),
    "firefox": Maker(browser="Firefox", family="firefox", team="43AQ936H96"),
}
"""By the name of the program's file in ``Contents/MacOS``. Not tried on a Mac; an identifier that is wrong makes a browser unknown, not believed."""

WINDOWS: dict[str, Maker] = {
    "chrome.exe": Maker(browser="Chrome", family="chromium", signer="Google LLC"),
    "msedge.exe": Maker(browser="Microsoft Edge", family="chromium", signer="Microsoft Corporation"),
    "brave.exe": Maker(browser="Brave", family="chromium", signer="Brave Software, Inc."),
    "vivaldi.exe": Maker(browser="Vivaldi", family="chromium", signer="Vivaldi Technologies AS"),
    "opera.exe": Maker(browser="Opera", family="chromium", signer="Opera Norway AS"),
    "firefox.exe": Maker(browser="Firefox", family="firefox", signer="Mozilla Corporation"),
}
"""By the name of the program's file, in small letters. Tried under Wine, where none of these is installed."""
