"""Which arguments name an origin, and which are refused: protocol section 4."""

from __future__ import annotations

import pytest

from native_host.caller.identity import Family
from native_host.caller.origin import family_of, parse_arguments
from native_host.errors import OriginNotAllowed

CHROMIUM = "chrome-extension://abcdefghijklmnopabcdefghijklmnop/"
MANIFEST = "/home/a/.mozilla/native-messaging-hosts/io.strongroom.host.json"
UUID = "{0f4a7b2c-1234-4abc-8def-0123456789AB}"


@pytest.mark.parametrize(
    "arguments",
    [[CHROMIUM], [CHROMIUM, "--parent-window=0"], [CHROMIUM, "--parent-window=132456"], [CHROMIUM, "--parent-window=" + "1" * 20]],
)
def test_chromium_names_its_origin_first(arguments: list[str]) -> None:
    """The handle of the parent window, which Windows adds, is not used."""
    claim = parse_arguments(arguments)
    assert (CHROMIUM, "chromium", None) == (claim.origin, claim.family, claim.manifest_path)


@pytest.mark.parametrize("addon", ["companion@strongroom.example", "a@b", "@b.c", "A-._9@Z-._0", "a@" + "b" * 78, UUID, UUID.upper()])
def test_firefox_names_its_manifest_and_the_add_on(addon: str) -> None:
    """Both forms of add-on ids of Firefox's manifest schema."""
    claim = parse_arguments([MANIFEST, addon])
    assert (f"moz-extension:{addon}", "firefox", MANIFEST) == (claim.origin, claim.family, claim.manifest_path)


REFUSED = {
    "nothing": [],
    "an empty argument": [""],
    "a flag": ["--help"],
    "two flags": ["--version", "--parent-window=0"],
    "the window first": ["--parent-window=0", CHROMIUM],
    "a short id": ["chrome-extension://abcdefghijklmnopabcdefghijklmno/"],
    "a long id": ["chrome-extension://abcdefghijklmnopabcdefghijklmnopa/"],
    "a letter after p": ["chrome-extension://abcdefghijklmnopabcdefghijklmnoq/"],
    "capitals": [CHROMIUM.replace("abc", "ABC")],
    "digits": [CHROMIUM.replace("a", "1")],
    "letters of another script": [CHROMIUM.replace("a", "\u0430")],
    "no slash": [CHROMIUM[:-1]],
    "a path": [CHROMIUM + "popup.html"],
    "another scheme": [CHROMIUM.replace("chrome-extension", "https")],
    "a capital scheme": [CHROMIUM.replace("chrome", "Chrome")],
    "a line end": [CHROMIUM + "\n"],
    "an empty window": [CHROMIUM, "--parent-window="],
    "a hexadecimal window": [CHROMIUM, "--parent-window=0x10"],
    "a negative window": [CHROMIUM, "--parent-window=-1"],
    "a window in other digits": [CHROMIUM, "--parent-window=\u0661"],
    "a very long window": [CHROMIUM, "--parent-window=" + "1" * 21],
    "a second origin": [CHROMIUM, CHROMIUM],
    "something after the window": [CHROMIUM, "--parent-window=0", "--verbose"],
    "a reconnect command": [CHROMIUM, "--reconnect-command=e30="],
    "an origin of Firefox in the place of Chromium's": ["moz-extension:a@b"],
    "the manifest alone": [MANIFEST],
    "a relative manifest": ["io.strongroom.host.json", "a@b"],
    "the add-on first": ["a@b", MANIFEST],
    "an add-on without a domain": [MANIFEST, "companion@"],
    "an add-on without an at sign": [MANIFEST, "companion"],
    "an add-on with two at signs": [MANIFEST, "a@b@c"],
    "an add-on with a space": [MANIFEST, "a b@c"],
    "an add-on with a line end": [MANIFEST, "a@b\n"],
    "an add-on of 81 characters": [MANIFEST, "a@" + "b" * 79],
    "an empty add-on": [MANIFEST, ""],
    "a UUID with one brace": [MANIFEST, UUID[:-1] + "x"],
    "braces alone": [MANIFEST, "{}"],
    "a UUID without braces": [MANIFEST, UUID[1:-1]],
    "a UUID of other groups": [MANIFEST, "{0f4a7b2c1234-4abc-8def-0123-456789ab}"],
    "a UUID with other letters": [MANIFEST, UUID.replace("f", "g")],
    "a third argument": [MANIFEST, "a@b", "c"],
    "Chromium's origin as an add-on": [MANIFEST, CHROMIUM],
}


@pytest.mark.parametrize("arguments", REFUSED.values(), ids=REFUSED.keys())
def test_any_other_arguments_are_refused(arguments: list[str]) -> None:
    """Who does not start the host as a browser does is no caller."""
    with pytest.raises(OriginNotAllowed):
        parse_arguments(arguments)


@pytest.mark.parametrize(
    ("origin", "family"),
    [
        (CHROMIUM, "chromium"),
        ("moz-extension:a@b", "firefox"),
        (f"moz-extension:{UUID}", "firefox"),
        ("https://example.org", None),
        ("", None),
    ],
)
def test_the_form_of_an_origin_tells_its_family(origin: str, family: Family | None) -> None:
    """Origins are written on the wire, and by the person who attaches one."""
    assert family == family_of(origin)
