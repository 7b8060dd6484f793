"""A page's origin has one spelling, which is the browsers' own, and what has none is refused; its name is shown as it is and as it looks."""

from __future__ import annotations

import json
import random
import subprocess

import pytest

from native_host.encodings.web_origin import canonical_origin
from native_host.protocol.messages import Page
from native_host.review.web_page import (
    MIXED_PAGE,
    NOT_ENCRYPTED,
    PAGE,
    PUNYCODE_PAGE,
    RIGHT_TO_LEFT_PAGE,
    describe_page,
)
from tests.parts.missing import need

UUID = "8d4c1f9e-0b1a-4c55-9d2e-0123456789ab"
ONE_SPELLING = {
    "https://shop.example": "https://shop.example",
    "HTTPS://Shop.Example": "https://shop.example",
    "https://shop.example/": "https://shop.example",
    "https://shop.example:443": "https://shop.example",
    "https://shop.example:0443/": "https://shop.example",
    "https://shop.example:80": "https://shop.example:80",
    "http://shop.example:80": "http://shop.example",
    "http://localhost:8545": "http://localhost:8545",
    "https://my_shop.example": "https://my_shop.example",
    "https://r3---sn-4g5e.example": "https://r3---sn-4g5e.example",
    "https://xn--PPLE-43D.example": "https://xn--pple-43d.example",
    "http://127.0.0.1:3000": "http://127.0.0.1:3000",
    "http://[::1]:3000": "http://[::1]:3000",
    "http://[0:0::0:1]": "http://[::1]",
    "https://[2001:DB8:0:0:1:0:0:1]": "https://[2001:db8::1:0:0:1]",
    "https://[::ffff:1.2.3.4]": "https://[::ffff:102:304]",
    "https://1.2.3.4.example": "https://1.2.3.4.example",
    f"chrome-extension://{'a' * 32}/": f"chrome-extension://{'a' * 32}",
    f"moz-extension://{UUID}": f"moz-extension://{UUID}",
    f"safari-web-extension://{UUID.upper()}": f"safari-web-extension://{UUID}",
}
REFUSED = {
    "a script": "javascript:alert(1)",
    "a script that looks like an address": "javascript://shop.example/%0aalert(1)",
    "data": "data:text/html,x",
    "an opaque origin": "null",
    "a file": "file:///home/person/page.html",
    "a file's folder": "file://",
    "a page inside a page's memory": "blob:https://shop.example/1",
    "another scheme": "ftp://shop.example",
    "a socket": "wss://shop.example",
    "no scheme": "shop.example",
    "a scheme without an end": "https:shop.example",
    "slashes of another kind": "https:\\\\shop.example",
    "three slashes": "https:///shop.example",
    "a path": "https://shop.example/pay",
    "a path that is a dot": "https://shop.example/.",
    "two slashes at the end": "https://shop.example//",
    "a backslash at the end": "https://shop.example\\",
    "a query": "https://shop.example?x",
    "a fragment": "https://shop.example#x",
    "a user": "https://shop.example@evil.example",
    "a user and a password": "https://a:b@shop.example",
    "an empty user": "https://@shop.example",
    "a dot at the end": "https://shop.example.",
    "a dot at the beginning": "https://.shop.example",
    "two dots": "https://shop..example",
    "a full stop of another script": "https://shop\u3002example",
    "letters of another script": "https://\u0430pple.example",
    "full-width letters": "https://\uff53hop.example",
    "a dotless i": "https://shop.examp\u0131e",
    "the Kelvin sign": "https://\u212ashop.example",
    "an accent": "https://shöp.example",
    "a soft hyphen": "https://sho\u00adp.example",
    "a letter of no width": "https://shop.\u200bexample",
    "right to left": "https://shop.example\u202e",
    "an escape": "https://shop%2eexample",
    "an escape of nothing": "https://shop.example%00",
    "an end of text": "https://shop.example\0.evil.example",
    "a line break at the end": "https://shop.example\n",
    "a line break inside": "https://shop.exam\nple",
    "a tab inside": "https://shop.exam\tple",
    "spaces around": " https://shop.example ",
    "two origins": "https://shop.example https://evil.example",
    "any origin": "*",
    "any host": "https://*.example",
    "nothing in Punycode": "https://xn--.example",
    "Punycode of ASCII": "https://xn--shop-.example",
    "Punycode that cannot be read": "https://xn--\u0061\u0061-\u005f.example",
    "Punycode past Unicode": "https://xn--99999999.example",
    "Punycode of half a character": f"https://xn--{chr(0xD800).encode('punycode').decode()}.example",
    "a port of nothing": "https://shop.example:",
    "port 0": "https://shop.example:0",
    "a port over 65535": "https://shop.example:65536",
    "a port of six digits": "https://shop.example:000443",
    "a port with a sign": "https://shop.example:+443",
    "a port in other digits": "https://shop.example:\u0664\u0664\u0663",
    "two ports": "https://shop.example:443:443",
    "an address in one number": "https://2130706433",
    "an address in hexadecimal": "https://0x7f.0.0.1",
    "an address in octal": "https://0177.0.0.1",
    "a short address": "https://127.1",
    "an address that is none": "https://1.2.3.256",
    "five numbers": "https://1.2.3.4.5",
    "a name whose last part is a number": "https://shop.1",
    "an address with a zone": "https://[fe80::1%25eth0]",
    "an address without an end": "https://[::1",
    "an address with nothing in it": "https://[]",
    "an address that is too long": "https://[1:2:3:4:5:6:7:8:9]",
    "no host": "https://",
    "no host but a port": "https://:443",
    "a label that is too long": f"https://{'a' * 64}.example",
    "a name that is too long": f"https://{'a.' * 127}com",
    "an extension with a port": f"chrome-extension://{'a' * 32}:1",
    "an extension with a path": f"chrome-extension://{'a' * 32}/popup.html",
    "an extension's name with a dot": "chrome-extension://a.b",
    "nothing": "",
}


@pytest.mark.parametrize(("text", "origin"), ONE_SPELLING.items())
def test_one_spelling(text: str, origin: str) -> None:
    """Of each origin, and that one is left alone; what a call names is spelt so before anything sees it."""
    assert origin == canonical_origin(text) == canonical_origin(origin) == Page(origin=text).origin


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_origin(text: str) -> None:
    with pytest.raises(ValueError, match=r"that|there"):
        canonical_origin(text)


def test_as_browsers_spell_them() -> None:
    """Whatever is taken is spelt as ``new URL(…).origin`` spells it, the WHATWG's algorithm, in another program; refused is more than
    browsers refuse, never less."""
    chance = random.Random(20261125)
    pieces = ["a", "B", "example", ".a", ".b", "-", "_", "1", "0x", "xn--", ":443", ":80", ":", "[::1]", "/", "@", "%", "\u00e9"]
    made = [f"{chance.choice(('https', 'HTTP'))}://{''.join(chance.choices(pieces, k=chance.randrange(1, 5)))}" for _ in range(6000)]
    texts = [*ONE_SPELLING, *REFUSED.values(), *made]
    taken = {}
    for text in texts:
        try:
            taken[text] = canonical_origin(text)
        except ValueError:
            continue
    assert len(taken) > 500
    program = (
        "const out={};for(const t of JSON.parse(require('fs').readFileSync(0,'utf8'))){try{out[t]=new URL(t).origin}catch{out[t]=null}}"
        "process.stdout.write(JSON.stringify(out))"
    )
    web = [text for text, origin in taken.items() if origin.startswith("http")]  # Node knows no extensions
    ran = subprocess.run(
        [need("node", "nodejs"), "-e", program], input=json.dumps(web).encode(), capture_output=True, check=True, timeout=60
    )
    browsers = json.loads(ran.stdout)
    for text in web:
        # Of letters that no name may have (IDNA) there is no page, and a browser has no origin for it.
        assert browsers[text] == taken[text] or ("xn--" in text and browsers[text] is None)


SHOWN = [
    ("https://shop.example", None, ()),
    ("http://shop.example", None, (NOT_ENCRYPTED,)),
    ("http://localhost:8545", None, ()),
    ("http://app.localhost", None, ()),
    ("http://127.0.0.1:3000", None, ()),
    ("http://[::1]:3000", None, ()),
    ("http://localhost.evil.example", None, (NOT_ENCRYPTED,)),
    ("https://xn--mnchen-3ya.example", "münchen.example", (PUNYCODE_PAGE,)),
    ("https://xn--80ak6aa92e.com", "аррӏе.com", (PUNYCODE_PAGE,)),  # noqa: RUF001 - it imitates another
    ("https://xn--pple-43d.com:8443", "аpple.com:8443", (PUNYCODE_PAGE, MIXED_PAGE)),  # noqa: RUF001
    ("https://xn--4dbrk0ce.example", "ישראל.example", (PUNYCODE_PAGE, RIGHT_TO_LEFT_PAGE)),
]


@pytest.mark.parametrize(("origin", "looks", "warnings"), SHOWN)
def test_how_a_page_is_shown(origin: str, looks: str | None, warnings: tuple[str, ...]) -> None:
    """In ASCII, as it is compared, and beside it as it looks and in whose letters."""
    facts, told = describe_page(canonical_origin(origin))
    assert (PAGE, origin, "origin") == (facts[0].label, facts[0].value, facts[0].kind)
    assert ([] if looks is None else [looks]) == [fact.value for fact in facts if fact.label == "Its name looks like"]
    assert warnings == told


def test_whose_letters_they_are() -> None:
    """By the names of Unicode, so that an imitation is told apart by more than the eye."""
    (_, _, letters), _ = describe_page("https://xn--80ak6aa92e.com")
    assert "Cyrillic, Latin" == letters.value


def test_what_would_not_be_seen_in_a_name_is_shown() -> None:
    """Also what only Punycode can bring into a name."""
    hidden = "sh\u202eop\u200b".encode("punycode").decode()
    facts, _ = describe_page(canonical_origin(f"https://xn--{hidden}.example"))
    assert "sh⟨U+202E⟩op⟨U+200B⟩.example" == facts[1].value
