"""Where each browser looks for the manifests of native-messaging hosts: one table, from which all else is made.

Implements: Chrome "Native messaging", section "Native messaging host location"; MDN "Native manifests",
section "Manifest location"; in Chromium's sources ``DIR_NATIVE_MESSAGING`` and ``DIR_USER_NATIVE_MESSAGING``,
in Firefox's ``XRESysNativeManifests`` and ``XREUserNativeManifests``.

Chromium finds the per-user folder inside its profile folder, so another ``--user-data-dir`` moves it.
Both families look at the person's place before the system's: whoever may write there decides what is started.
"""

from __future__ import annotations

from typing import Literal

from native_host.value import Value

System = Literal["linux", "macos", "windows"]
Scope = Literal["user", "system"]
Family = Literal["chromium", "firefox"]
Packaging = Literal["native", "flatpak", "snap"]

SYSTEMS: tuple[System, ...] = ("linux", "macos", "windows")
SCOPES: tuple[Scope, ...] = ("user", "system")


class Browser(Value, frozen=True, kw_only=True):
    """One browser. It is present when one of ``profiles`` is a folder or one of ``executables`` is installed.

    A Chromium's profile folder is the one above its per-user place and need not be named.
    ``app`` is the name of the Flatpak or Snap; ``policies`` the folder of what an administrator forbids.
    """

    name: str
    title: str
    family: Family
    packaging: Packaging = "native"
    app: str = ""
    profiles: tuple[str, ...] = ()
    executables: tuple[str, ...] = ()
    policies: str = ""


class Place(Value, frozen=True, kw_only=True):
    """A folder of manifests (``~`` is the home folder) or, on Windows, the registry key above the host's own.

    ``same_as`` names the browser whose place this is too: it is written once. ``when`` is a folder without which
    the place is not read on this machine. ``unverified``: from hearsay, not from a source or a run.
    """

    browser: str
    system: System
    scope: Scope
    where: str
    same_as: str = ""
    when: str = ""
    unverified: bool = False


def _row(browser: str, system: System, scope: Scope, where: str, *, same_as: str = "", when: str = "", unverified: bool = False) -> Place:
    return Place(
        browser=browser,
        system=system,
        scope=scope,
        where=where.replace("APPS/", "~/Library/Application Support/"),
        same_as=same_as,
        when=when,
        unverified=unverified,
    )


# fmt: off
BROWSERS: tuple[Browser, ...] = (
    Browser(
        name="chrome", title="Google Chrome", family="chromium",
        executables=("google-chrome", "google-chrome-stable", "Google Chrome.app"), policies="/etc/opt/chrome/policies/managed",
    ),
    Browser(
        name="chrome-beta", title="Google Chrome Beta", family="chromium",
        executables=("google-chrome-beta", "Google Chrome Beta.app"), policies="/etc/opt/chrome/policies/managed",
    ),
    Browser(
        name="chrome-dev", title="Google Chrome Dev", family="chromium",
        executables=("google-chrome-unstable", "Google Chrome Dev.app"), policies="/etc/opt/chrome/policies/managed",
    ),
    Browser(name="chrome-canary", title="Google Chrome Canary", family="chromium", executables=("Google Chrome Canary.app",)),
    Browser(name="chrome-for-testing", title="Chrome for Testing", family="chromium"),
    Browser(
        name="chromium", title="Chromium", family="chromium",
        executables=("chromium", "chromium-browser", "Chromium.app"), policies="/etc/chromium/policies/managed",
    ),
    Browser(name="ungoogled-chromium", title="ungoogled-chromium", family="chromium", executables=("ungoogled-chromium",)),
    Browser(
        name="edge", title="Microsoft Edge", family="chromium",
        executables=("microsoft-edge", "microsoft-edge-stable", "Microsoft Edge.app"), policies="/etc/opt/edge/policies/managed",
    ),
    Browser(
        name="edge-beta", title="Microsoft Edge Beta", family="chromium",
        executables=("microsoft-edge-beta", "Microsoft Edge Beta.app"), policies="/etc/opt/edge/policies/managed",
    ),
    Browser(
        name="edge-dev", title="Microsoft Edge Dev", family="chromium",
        executables=("microsoft-edge-dev", "Microsoft Edge Dev.app"), policies="/etc/opt/edge/policies/managed",
    ),
    Browser(name="edge-canary", title="Microsoft Edge Canary", family="chromium", executables=("Microsoft Edge Canary.app",)),
    Browser(
        name="brave", title="Brave", family="chromium",
        executables=("brave-browser", "brave-browser-stable", "brave", "Brave Browser.app"), policies="/etc/brave/policies/managed",
    ),
    Browser(name="vivaldi", title="Vivaldi", family="chromium", executables=("vivaldi", "vivaldi-stable", "Vivaldi.app")),
    Browser(
        name="opera", title="Opera", family="chromium",
        profiles=("~/.config/opera", "~/Library/Application Support/com.operasoftware.Opera"),
        executables=("opera", "opera-stable", "Opera.app"),
    ),
    Browser(
        name="yandex", title="Yandex Browser", family="chromium",
        executables=("yandex-browser", "yandex-browser-stable", "Yandex.app"),
    ),
    Browser(name="iridium", title="Iridium", family="chromium", executables=("iridium-browser", "Iridium.app")),
    Browser(name="slimjet", title="Slimjet", family="chromium", executables=("slimjet", "flashpeak-slimjet")),
    Browser(name="helium", title="Helium", family="chromium", executables=("helium", "helium-browser", "Helium.app")),
    Browser(name="arc", title="Arc", family="chromium", executables=("Arc.app",)),
    Browser(
        name="firefox", title="Firefox", family="firefox",
        profiles=("~/.mozilla/firefox", "~/.config/mozilla/firefox", "~/Library/Application Support/Firefox"),
        executables=("firefox", "firefox-esr", "Firefox.app"),
    ),
    Browser(
        name="librewolf", title="LibreWolf", family="firefox",
        profiles=("~/.librewolf", "~/Library/Application Support/LibreWolf"), executables=("librewolf", "LibreWolf.app"),
    ),
    Browser(name="floorp", title="Floorp", family="firefox", profiles=("~/.floorp",), executables=("floorp", "Floorp.app")),
    Browser(
        name="zen", title="Zen", family="firefox",
        profiles=("~/.zen", "~/Library/Application Support/zen"), executables=("zen", "zen-browser", "Zen.app"),
    ),
    Browser(
        name="tor-browser", title="Tor Browser", family="firefox",
        profiles=("~/.local/share/torbrowser/tbb/x86_64/tor-browser", "~/Library/Application Support/TorBrowser-Data"),
    ),
    Browser(name="chrome-flatpak", title="Google Chrome (Flatpak)", family="chromium", packaging="flatpak", app="com.google.Chrome"),
    Browser(name="chromium-flatpak", title="Chromium (Flatpak)", family="chromium", packaging="flatpak", app="org.chromium.Chromium"),
    Browser(name="edge-flatpak", title="Microsoft Edge (Flatpak)", family="chromium", packaging="flatpak", app="com.microsoft.Edge"),
    Browser(name="firefox-flatpak", title="Firefox (Flatpak)", family="firefox", packaging="flatpak", app="org.mozilla.firefox"),
    Browser(name="firefox-snap", title="Firefox (Snap)", family="firefox", packaging="snap", app="firefox"),
    Browser(name="chromium-snap", title="Chromium (Snap)", family="chromium", packaging="snap", app="chromium"),
)

PLACES: tuple[Place, ...] = (
    _row("chrome", "linux", "user", "~/.config/google-chrome/NativeMessagingHosts"),
    _row("chrome", "linux", "system", "/etc/opt/chrome/native-messaging-hosts"),
    _row("chrome", "macos", "user", "APPS/Google/Chrome/NativeMessagingHosts"),
    _row("chrome", "macos", "system", "/Library/Google/Chrome/NativeMessagingHosts"),
    _row("chrome", "windows", "user", r"HKCU\SOFTWARE\Google\Chrome\NativeMessagingHosts"),
    _row("chrome", "windows", "system", r"HKLM\SOFTWARE\Google\Chrome\NativeMessagingHosts"),
    _row("chrome-beta", "linux", "user", "~/.config/google-chrome-beta/NativeMessagingHosts"),
    _row("chrome-beta", "linux", "system", "/etc/opt/chrome/native-messaging-hosts", same_as="chrome"),
    _row("chrome-beta", "macos", "user", "APPS/Google/Chrome Beta/NativeMessagingHosts"),
    _row("chrome-beta", "macos", "system", "/Library/Google/Chrome/NativeMessagingHosts", same_as="chrome"),
    _row("chrome-dev", "linux", "user", "~/.config/google-chrome-unstable/NativeMessagingHosts"),
    _row("chrome-dev", "linux", "system", "/etc/opt/chrome/native-messaging-hosts", same_as="chrome"),
    _row("chrome-dev", "macos", "user", "APPS/Google/Chrome Dev/NativeMessagingHosts"),
    _row("chrome-dev", "macos", "system", "/Library/Google/Chrome/NativeMessagingHosts", same_as="chrome"),
    _row("chrome-canary", "macos", "user", "APPS/Google/Chrome Canary/NativeMessagingHosts"),
    _row("chrome-canary", "macos", "system", "/Library/Google/Chrome/NativeMessagingHosts", same_as="chrome"),
    _row("chrome-for-testing", "linux", "user", "~/.config/google-chrome-for-testing/NativeMessagingHosts", unverified=True),
    _row("chrome-for-testing", "linux", "system", "/etc/opt/chrome_for_testing/native-messaging-hosts", unverified=True),
    _row("chromium", "linux", "user", "~/.config/chromium/NativeMessagingHosts"),
    _row("chromium", "linux", "system", "/etc/chromium/native-messaging-hosts"),
    _row("chromium", "macos", "user", "APPS/Chromium/NativeMessagingHosts"),
    _row("chromium", "macos", "system", "/Library/Application Support/Chromium/NativeMessagingHosts"),
    _row("chromium", "windows", "user", r"HKCU\SOFTWARE\Chromium\NativeMessagingHosts"),
    _row("chromium", "windows", "system", r"HKLM\SOFTWARE\Chromium\NativeMessagingHosts"),
    _row("ungoogled-chromium", "linux", "user", "~/.config/ungoogled-chromium/NativeMessagingHosts", unverified=True),
    _row("edge", "linux", "user", "~/.config/microsoft-edge/NativeMessagingHosts"),
    _row("edge", "linux", "system", "/etc/opt/edge/native-messaging-hosts", unverified=True),
    _row("edge", "macos", "user", "APPS/Microsoft Edge/NativeMessagingHosts"),
    _row("edge", "macos", "system", "/Library/Microsoft/Edge/NativeMessagingHosts"),
    _row("edge", "windows", "user", r"HKCU\SOFTWARE\Microsoft\Edge\NativeMessagingHosts"),
    _row("edge", "windows", "system", r"HKLM\SOFTWARE\Microsoft\Edge\NativeMessagingHosts"),
    _row("edge-beta", "linux", "user", "~/.config/microsoft-edge-beta/NativeMessagingHosts", unverified=True),
    _row("edge-beta", "linux", "system", "/etc/opt/edge/native-messaging-hosts", same_as="edge", unverified=True),
    _row("edge-beta", "macos", "user", "APPS/Microsoft Edge Beta/NativeMessagingHosts"),
    _row("edge-beta", "macos", "system", "/Library/Microsoft/Edge/NativeMessagingHosts", same_as="edge"),
    _row("edge-dev", "linux", "user", "~/.config/microsoft-edge-dev/NativeMessagingHosts", unverified=True),
    _row("edge-dev", "linux", "system", "/etc/opt/edge/native-messaging-hosts", same_as="edge", unverified=True),
    _row("edge-dev", "macos", "user", "APPS/Microsoft Edge Dev/NativeMessagingHosts"),
    _row("edge-dev", "macos", "system", "/Library/Microsoft/Edge/NativeMessagingHosts", same_as="edge"),
    _row("edge-canary", "macos", "user", "APPS/Microsoft Edge Canary/NativeMessagingHosts"),
    _row("edge-canary", "macos", "system", "/Library/Microsoft/Edge/NativeMessagingHosts", same_as="edge"),
    _row("brave", "linux", "user", "~/.config/BraveSoftware/Brave-Browser/NativeMessagingHosts"),
    _row("brave", "linux", "system", "/etc/opt/chrome/native-messaging-hosts", same_as="chrome"),
    _row("brave", "macos", "user", "APPS/BraveSoftware/Brave-Browser/NativeMessagingHosts"),
    _row("brave", "macos", "system", "/Library/Application Support/Brave/NativeMessagingHosts"),
    _row("brave", "windows", "user", r"HKCU\SOFTWARE\BraveSoftware\Brave-Browser\NativeMessagingHosts"),
    _row("brave", "windows", "user", r"HKCU\SOFTWARE\Google\Chrome\NativeMessagingHosts", same_as="chrome"),
    _row("brave", "windows", "system", r"HKLM\SOFTWARE\BraveSoftware\Brave-Browser\NativeMessagingHosts"),
    _row("brave", "windows", "system", r"HKLM\SOFTWARE\Google\Chrome\NativeMessagingHosts", same_as="chrome"),
    _row("vivaldi", "linux", "user", "~/.config/vivaldi/NativeMessagingHosts"),
    # Other installers do not agree on which of the two is read.
    _row("vivaldi", "linux", "system", "/etc/opt/vivaldi/native-messaging-hosts", unverified=True),
    _row("vivaldi", "linux", "system", "/etc/vivaldi/native-messaging-hosts", unverified=True),
    _row("vivaldi", "macos", "user", "APPS/Vivaldi/NativeMessagingHosts"),
    _row("vivaldi", "macos", "system", "/Library/Application Support/Vivaldi/NativeMessagingHosts"),
    _row("vivaldi", "windows", "user", r"HKCU\SOFTWARE\Vivaldi\NativeMessagingHosts"),
    _row("vivaldi", "windows", "user", r"HKCU\SOFTWARE\Google\Chrome\NativeMessagingHosts", same_as="chrome"),
    _row("vivaldi", "windows", "system", r"HKLM\SOFTWARE\Vivaldi\NativeMessagingHosts"),
    _row("vivaldi", "windows", "system", r"HKLM\SOFTWARE\Google\Chrome\NativeMessagingHosts", same_as="chrome"),
    _row("opera", "linux", "user", "~/.config/google-chrome/NativeMessagingHosts", same_as="chrome"),
    _row("opera", "linux", "system", "/etc/opt/chrome/native-messaging-hosts", same_as="chrome"),
    _row("opera", "macos", "user", "APPS/Google/Chrome/NativeMessagingHosts", same_as="chrome"),
    _row("opera", "macos", "system", "/Library/Google/Chrome/NativeMessagingHosts", same_as="chrome"),
    _row("opera", "windows", "user", r"HKCU\SOFTWARE\Google\Chrome\NativeMessagingHosts", same_as="chrome", unverified=True),
    _row("opera", "windows", "system", r"HKLM\SOFTWARE\Google\Chrome\NativeMessagingHosts", same_as="chrome", unverified=True),
    _row("yandex", "linux", "user", "~/.config/yandex-browser/NativeMessagingHosts"),
    _row("yandex", "linux", "system", "/etc/opt/yandex-browser/native-messaging-hosts"),
    _row("yandex", "macos", "user", "APPS/Yandex/NativeMessagingHosts"),
    _row("yandex", "macos", "system", "/Library/Application Support/Yandex/NativeMessagingHosts", unverified=True),
    _row("iridium", "linux", "user", "~/.config/iridium/NativeMessagingHosts"),
    _row("iridium", "linux", "system", "/etc/iridium-browser/native-messaging-hosts"),
    _row("iridium", "macos", "user", "APPS/Iridium/NativeMessagingHosts"),
    _row("slimjet", "linux", "user", "~/.config/slimjet/NativeMessagingHosts"),
    _row("slimjet", "linux", "system", "/etc/opt/slimjet/native-messaging-hosts"),
    _row("slimjet", "macos", "user", "APPS/Slimjet/NativeMessagingHosts"),
    _row("helium", "linux", "user", "~/.config/net.imput.helium/NativeMessagingHosts"),
    _row("helium", "macos", "user", "APPS/net.imput.helium/NativeMessagingHosts"),
    _row("arc", "macos", "user", "APPS/Arc/User Data/NativeMessagingHosts"),
    _row("arc", "macos", "system", "/Library/Application Support/Arc/User Data/NativeMessagingHosts", unverified=True),
    _row("firefox", "linux", "user", "~/.mozilla/native-messaging-hosts"),
    # Which of the two is fixed when Firefox is built.
    _row("firefox", "linux", "system", "/usr/lib/mozilla/native-messaging-hosts"),
    _row("firefox", "linux", "system", "/usr/lib64/mozilla/native-messaging-hosts", when="/usr/lib64/mozilla"),
    _row("firefox", "macos", "user", "APPS/Mozilla/NativeMessagingHosts"),
    _row("firefox", "macos", "system", "/Library/Application Support/Mozilla/NativeMessagingHosts"),
    _row("firefox", "windows", "user", r"HKCU\SOFTWARE\Mozilla\NativeMessagingHosts"),
    _row("firefox", "windows", "system", r"HKLM\SOFTWARE\Mozilla\NativeMessagingHosts"),
    _row("librewolf", "linux", "user", "~/.librewolf/native-messaging-hosts"),
    _row("librewolf", "linux", "system", "/usr/lib/librewolf/native-messaging-hosts"),
    _row("librewolf", "macos", "user", "APPS/LibreWolf/NativeMessagingHosts"),
    _row("librewolf", "macos", "system", "/Library/Application Support/LibreWolf/NativeMessagingHosts"),
    _row("librewolf", "windows", "user", r"HKCU\SOFTWARE\LibreWolf\NativeMessagingHosts"),
    _row("librewolf", "windows", "system", r"HKLM\SOFTWARE\LibreWolf\NativeMessagingHosts"),
    _row("floorp", "linux", "user", "~/.floorp/native-messaging-hosts"),
    _row("floorp", "linux", "system", "/usr/lib/floorp/native-messaging-hosts", unverified=True),
    _row("floorp", "windows", "user", r"HKCU\SOFTWARE\Mozilla\NativeMessagingHosts", same_as="firefox", unverified=True),
    _row("floorp", "windows", "system", r"HKLM\SOFTWARE\Mozilla\NativeMessagingHosts", same_as="firefox", unverified=True),
    _row("zen", "linux", "user", "~/.mozilla/native-messaging-hosts", same_as="firefox", unverified=True),
    _row("zen", "linux", "system", "/usr/lib/mozilla/native-messaging-hosts", same_as="firefox", unverified=True),
    _row("zen", "macos", "user", "APPS/Zen/NativeMessagingHosts"),
    _row("zen", "windows", "user", r"HKCU\SOFTWARE\Mozilla\NativeMessagingHosts", same_as="firefox", unverified=True),
    _row("zen", "windows", "system", r"HKLM\SOFTWARE\Mozilla\NativeMessagingHosts", same_as="firefox", unverified=True),
    _row(
        "tor-browser", "linux", "user",
        "~/.local/share/torbrowser/tbb/x86_64/tor-browser/Browser/TorBrowser/Data/Browser/.mozilla/native-messaging-hosts",
        unverified=True,
    ),
    _row("tor-browser", "macos", "user", "APPS/TorBrowser-Data/Browser/Mozilla/NativeMessagingHosts"),
    _row("tor-browser", "windows", "user", r"HKCU\SOFTWARE\Mozilla\NativeMessagingHosts", same_as="firefox"),
    _row("tor-browser", "windows", "system", r"HKLM\SOFTWARE\Mozilla\NativeMessagingHosts", same_as="firefox"),
    # A Flatpak sees its own folder only, and cannot start what lies outside.
    _row("chrome-flatpak", "linux", "user", "~/.var/app/com.google.Chrome/config/google-chrome/NativeMessagingHosts"),
    _row("chromium-flatpak", "linux", "user", "~/.var/app/org.chromium.Chromium/config/chromium/NativeMessagingHosts"),
    _row("edge-flatpak", "linux", "user", "~/.var/app/com.microsoft.Edge/config/microsoft-edge/NativeMessagingHosts"),
    _row("firefox-flatpak", "linux", "user", "~/.var/app/org.mozilla.firefox/.mozilla/native-messaging-hosts"),
    # As a Snap, Firefox asks a service outside its confinement, which reads Firefox's ordinary places.
    # Chromium as a Snap can start nothing outside: it has no row.
    _row("firefox-snap", "linux", "user", "~/.mozilla/native-messaging-hosts", same_as="firefox"),
    _row("firefox-snap", "linux", "system", "/usr/lib/mozilla/native-messaging-hosts", same_as="firefox"),
)
# fmt: on

BY_NAME: dict[str, Browser] = {browser.name: browser for browser in BROWSERS}


def places_of(browser: Browser, system: System, scope: Scope) -> tuple[Place, ...]:
    """The places of one browser in the order in which it looks; empty where it has none."""
    return tuple(row for row in PLACES if (row.browser, row.system, row.scope) == (browser.name, system, scope))
