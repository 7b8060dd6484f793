"""ERC-4361: Sign-In with Ethereum; with it RFC 3986's URIs and RFC 3339's times."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from abnf import ParseError, Rule
from abnf.grammars import rfc3986
from abnf.grammars.misc import load_grammar_rules
from eth_account import Account
from eth_account.messages import encode_defunct
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.date_time import in_words, parse_date_time
from native_host.encodings.siwe import parse_siwe
from native_host.encodings.uri import parse_authority, parse_uri
from native_host.protocol.approver import Fact
from native_host.review import siwe as review
from native_host.review.text import MIXED_ALPHABETS
from native_host.suites import es256k, signed_message
from tests.vector_files import load

VECTORS = load("siwe")
SECRET = bytes(31) + b"\x07"
PUBLIC = es256k.public_key(SECRET)
ADDRESS = Account.from_key(SECRET).address
PATH = "m/44'/60'/0'/0/0"
LINES = {
    "first": "example.com wants you to sign in with your Ethereum account:",
    "address": ADDRESS,
    "empty": "",
    "statement": "I accept the Terms of Service: https://example.com/tos",
    "second empty": "",
    "uri": "URI: https://example.com/login",
    "version": "Version: 1",
    "chain": "Chain ID: 1",
    "nonce": "Nonce: 32891756",
    "issued": "Issued At: 2021-09-30T16:25:24Z",
    "expires": "Expiration Time: 2021-10-01T00:00:00.5+02:00",
    "begins": "Not Before: 2021-09-30T16:25:24-00:30",
    "request": "Request ID: some_id",
    "resources": "Resources:",
    "resource": "- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/",
    "second resource": "- https://example.com/my-web2-claim.json",
}
OPTIONAL = ("statement", "expires", "begins", "request", "second resource")
ORIGIN = "https://example.com"


def message(**changed: str | None) -> bytes:
    """The whole message with some lines replaced, or left out."""
    lines = LINES | {name.replace("_", " "): line for name, line in changed.items()}
    return "\n".join(line for line in lines.values() if line is not None).encode()


MESSAGE_RULE = (
    'sign-in-with-ethereum = [ scheme "://" ] domain %s" wants you to sign in with your Ethereum account:" LF address LF LF'
    ' [ statement LF ] LF %s"URI: " URI LF %s"Version: " version LF %s"Chain ID: " chain-id LF %s"Nonce: " nonce LF'
    ' %s"Issued At: " issued-at [ LF %s"Expiration Time: " expiration-time ] [ LF %s"Not Before: " not-before ]'
    ' [ LF %s"Request ID: " request-id ] [ LF %s"Resources:" resources ]'
)


@load_grammar_rules([("URI", rfc3986.Rule("URI")), ("authority", rfc3986.Rule("authority")), ("pchar", rfc3986.Rule("pchar"))])
class Grammar(Rule):
    """The ERC's own ABNF, and RFC 3339's, as a parser generator reads them; its ``uri = URI`` left out, as ABNF has no capitals."""

    grammar: ClassVar[list[str] | str] = [
        MESSAGE_RULE,
        'scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )',
        "domain = authority",
        'address = "0x" 40*40HEXDIG',
        'reserved = ":" / "/" / "?" / "#" / "[" / "]" / "@" / "!" / "$" / "&" / "\'" / "(" / ")" / "*" / "+" / "," / ";" / "="',
        'unreserved = ALPHA / DIGIT / "-" / "." / "_" / "~"',
        'statement = *( reserved / unreserved / " " )',
        'version = "1"',
        "chain-id = 1*DIGIT",
        "nonce = 8*( ALPHA / DIGIT )",
        "issued-at = date-time",
        "expiration-time = date-time",
        "not-before = date-time",
        "request-id = *pchar",
        "resources = *( LF resource )",
        'resource = "- " URI',
        "date-fullyear = 4DIGIT",
        "date-month = 2DIGIT",
        "date-mday = 2DIGIT",
        "time-hour = 2DIGIT",
        "time-minute = 2DIGIT",
        "time-second = 2DIGIT",
        'time-secfrac = "." 1*DIGIT',
        'time-numoffset = ("+" / "-") time-hour ":" time-minute',
        'time-offset = "Z" / time-numoffset',
        'partial-time = time-hour ":" time-minute ":" time-second [time-secfrac]',
        'full-date = date-fullyear "-" date-month "-" date-mday',
        "full-time = partial-time time-offset",
        'date-time = full-date "T" full-time',
    ]


def grammar_has(rule: str, text: str) -> bool:
    try:
        Grammar(rule).parse_all(text)
    except ParseError:
        return False
    return True


def ours(text: bytes) -> bool:
    try:
        parse_siwe(text)
    except ValueError:
        return False
    return True


def is_uri(text: str) -> bool:
    try:
        parse_uri(text)
    except ValueError:
        return False
    return True


def is_authority(text: str) -> bool:
    try:
        parse_authority(text)
    except ValueError:
        return False
    return True


def test_fields() -> None:
    """Every field has its text, and what is absent is None."""
    siwe = parse_siwe(message())
    bare = parse_siwe(message(statement=None, expires=None, begins=None, request=None, resources=None, resource=None, second_resource=None))

    assert (siwe.scheme, siwe.domain, siwe.address, siwe.chain_id, siwe.nonce) == (None, "example.com", ADDRESS, 1, "32891756")
    assert (siwe.uri, siwe.version, siwe.request_id) == ("https://example.com/login", "1", "some_id")
    assert (siwe.issued_at, siwe.not_before) == ("2021-09-30T16:25:24Z", "2021-09-30T16:25:24-00:30")
    assert tuple(line[2:] for line in (LINES["resource"], LINES["second resource"])) == siwe.resources
    assert (bare.statement, bare.expiration_time, bare.not_before, bare.request_id, bare.resources) == (None, None, None, None, ())
    assert "https" == parse_siwe(message(first="https://" + LINES["first"])).scheme


def test_empty_statement() -> None:
    """A statement may be empty, which is another message than one without."""
    assert parse_siwe(message(statement="")).statement == ""
    assert parse_siwe(message(statement=None)).statement is None
    assert message(statement="") != message(statement=None)


@given(st.sets(st.sampled_from(OPTIONAL)), st.sampled_from([ADDRESS, "0x" + "0" * 40]), st.integers(0, 2**256 - 1))
def test_optional_parts(left_out: set[str], address: str, chain: int) -> None:
    """What the ABNF makes optional may be absent in any combination."""
    text = message(address=address, chain=f"Chain ID: {chain}", **dict.fromkeys(left_out))

    assert parse_siwe(text).chain_id == chain
    assert grammar_has("sign-in-with-ethereum", text.decode())


mutations = st.tuples(st.integers(0, len(message())), st.integers(0, 2), st.text("\n :/@%[]-0Zaé\x00", max_size=2))


@given(st.lists(mutations, min_size=1, max_size=3), st.sampled_from([None, LINES["statement"]]))
def test_against_abnf(changes: list[tuple[int, int, str]], statement: str | None) -> None:
    """Whatever a message is changed to, a parser made from the ERC's own ABNF says the same, but for what the ERC says in words."""
    text = message(statement=statement).decode()
    for place, length, put in changes:
        text = text[:place] + put + text[place + length :]
    theirs, mine = grammar_has("sign-in-with-ethereum", text), ours(text.encode())

    assert theirs or not mine
    if theirs and not mine:
        same_words = re.sub(r"\n0[xX][0-9a-fA-F]{40}\n", f"\n{ADDRESS}\n", text, count=1)
        same_words = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "2021-09-30T16:25:24", same_words, flags=re.IGNORECASE)
        same_words = re.sub(r"[+-]\d\d:\d\d$", "+00:00", same_words, flags=re.MULTILINE)
        same_words = re.sub(r"^(?=[:@ ])|(?<=://)(?=:)|(?<=@)(?=[: ])", "example.com", same_words)
        assert ours(same_words.encode()), text


uri_texts = st.one_of(
    st.text("aAfFg0129.:/?#[]@!$%-_~v+ ", max_size=24),
    st.from_regex(r"[a-z]:(//([a-z]*@)?(\[[0-9a-f:.v]{0,20}\]|[a-z.%2F]{0,6})(:[0-9]{0,3})?)?[/a-z?#%]{0,8}", fullmatch=True),
    st.lists(st.sampled_from(["1", "ffff", "::", ":", "1.2.3.4", "255.255.255.255", "256.1.1.1", "v1.a"]), max_size=10).map(
        lambda parts: f"a://[{':'.join(parts).replace('::::', '::').replace(':::', '::')}]"
    ),
)


@given(uri_texts)
def test_uri_against_abnf(text: str) -> None:
    """A parser made from RFC 3986's own ABNF takes the same texts for URIs and for authorities."""
    assert grammar_has("URI", text) is is_uri(text)
    assert grammar_has("authority", text) is is_authority(text)


def test_uri_parts() -> None:
    """Host and scheme are in lower case, a port may be empty, an address by number is told from a name."""
    uri = parse_uri("HTTPS://User@EXAMPLE.com:/p?q#f")
    assert uri.authority is not None
    assert (uri.scheme, uri.authority.userinfo, uri.authority.host, uri.authority.port) == ("https", "User", "example.com", "")
    assert parse_uri("did:key:z6Mk").authority is None
    assert [parse_authority(text).is_ip_address for text in ("1.2.3.4", "[::1]:80", "1.2.3.256", "a.b")] == [True, True, False, False]


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-23 * 60, 23 * 60))
def test_times_against_datetime(time: datetime, offset: int) -> None:
    """Python reads the same time from the text of a time in any offset."""
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    text = f"{time.year:04}-{time:%m-%dT%H:%M:%S}.{time.microsecond:06}{sign}{minutes // 60:02}:{minutes % 60:02}"
    try:
        expected = int((datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() // 0.001)
    except OverflowError:
        expected = None

    if expected is not None and 1 < time.year < 9999:
        assert abs(parse_date_time(text) - expected) <= 1


@pytest.mark.parametrize(
    ("text", "milliseconds", "words"),
    [
        ("1985-04-12T23:20:50.52Z", 482196050520, "12 April 1985, 23:20:50 UTC"),
        ("1996-12-19T16:39:57-08:00", 851042397000, "20 December 1996, 00:39:57 UTC"),
        ("1990-12-31T23:59:60Z", 662688000000, "1 January 1991, 00:00:00 UTC"),
        ("1990-12-31T15:59:60-08:00", 662688000000, "1 January 1991, 00:00:00 UTC"),
        ("1937-01-01T12:00:27.87+00:20", -1041337172130, "1 January 1937, 11:40:27 UTC"),
        ("2024-02-29t00:00:00z", 1709164800000, "29 February 2024, 00:00:00 UTC"),
    ],
)
def test_times_of_the_rfc(text: str, milliseconds: int, words: str) -> None:
    """The examples of RFC 3339 section 5.8, leap seconds among them, and small letters."""
    assert milliseconds == parse_date_time(text)
    assert words == in_words(milliseconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2021-09-30",
        "2021-09-30 16:25:24Z",
        "2021-09-30T16:25:24",
        "2021-09-30T16:25Z",
        "2021-09-30T16:25:24.Z",
        "2021-09-30T24:00:00Z",
        "2021-09-30T16:60:00Z",
        "2021-09-30T16:25:61Z",
        "2021-13-01T00:00:00Z",
        "2021-02-29T00:00:00Z",
        "2021-09-31T00:00:00Z",
        "2021-09-30T16:25:24+24:00",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "9999-12-31T23:59:60Z",
        "\u0662\u0660\u0662\u0661-09-30T16:25:24Z",
    ],
)
def test_no_times(text: str) -> None:
    """What is no date-time, no day of the calendar or in no year of four digits is refused."""
    with pytest.raises(ValueError, match=r"date-time|range|month|year"):
        parse_date_time(text)


@pytest.mark.parametrize("milliseconds", [10**18, -(10**18), 10**30])
def test_no_words(milliseconds: int) -> None:
    """A time that has no date is an error, not a crash."""
    with pytest.raises(ValueError, match="range"):
        in_words(milliseconds)


REFUSED = {
    "nothing": b"",
    "not ASCII": message(statement="Gr\xfc\xdfe"),
    "not UTF-8": message() + b"\xff",
    "CR LF": message().replace(b"\n", b"\r\n"),
    "line at the end": message() + b"\n",
    "line at the start": b"\n" + message(),
    "no domain": message(first=LINES["first"].removeprefix("example.com")),
    "userinfo only": message(first="user@" + LINES["first"].removeprefix("example.com")),
    "port only": message(first=":443" + LINES["first"].removeprefix("example.com")),
    "path in the domain": message(first="example.com/" + LINES["first"].removeprefix("example.com")),
    "no scheme before ://": message(first="://" + LINES["first"]),
    "digit first in the scheme": message(first="1a://" + LINES["first"]),
    "two schemes": message(first="https://https://" + LINES["first"]),
    "capitals in the words": message(first=LINES["first"].replace("wants", "Wants")),
    "lower-case address": message(address=ADDRESS.lower()),
    "upper-case address": message(address="0x" + ADDRESS[2:].upper()),
    "0X": message(address="0X" + ADDRESS[2:]),
    "short address": message(address=ADDRESS[:-1]),
    "statement of two lines": message(statement="a\nb"),
    "percent in the statement": message(statement="100%"),
    "quote in the statement": message(statement='say "yes"'),
    "tab in the statement": message(statement="a\tb"),
    "relative URI": message(uri="URI: /login"),
    "space in the URI": message(uri="URI: https://example.com/ login"),
    "version 2": message(version="Version: 2"),
    "version 01": message(version="Version: 01"),
    "no chain": message(chain="Chain ID: "),
    "hexadecimal chain": message(chain="Chain ID: 0x1"),
    "negative chain": message(chain="Chain ID: -1"),
    "chain of another script's digits": message(chain="Chain ID: \u0661"),
    "chain of 79 digits": message(chain="Chain ID: " + "1" * 79),
    "short nonce": message(nonce="Nonce: 1234567"),
    "minus in the nonce": message(nonce="Nonce: 1234-5678"),
    "no such day": message(issued="Issued At: 2021-02-30T00:00:00Z"),
    "nothing expires": message(expires="Expiration Time: "),
    "space in the request": message(request="Request ID: a b"),
    "unknown line": message(request="Colour: green"),
    "resources without a heading": message(resources=None),
    "resource beside the heading": message(resources="Resources: - https://example.com"),
    "resource without a URI": message(resource="- "),
    "resource without a dash": message(resource="https://example.com"),
    "empty line among resources": message(resource=""),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_refused(text: bytes) -> None:
    """What does not conform is an error, and is not signed as this format."""
    assert not ours(text)
    with pytest.raises(signed_message.NotThisFormat):
        signed_message.check("siwe", "ES256K", PATH, PUBLIC, text)
    with pytest.raises(signed_message.NotThisFormat):
        signed_message.sign("siwe", "ES256K", PATH, PUBLIC, SECRET, text)


@given(st.binary(max_size=300))
def test_hostile(text: bytes) -> None:
    """No bytes break the parser, or the review."""
    for whole in (text, message()[: len(text)] + text, LINES["first"].encode() + text):
        ours(whole)
        review.describe_eip191(whole, None)


@pytest.mark.parametrize(
    "text", ["a" * 60000, "%41" * 20000, "a@" * 30000, ":" * 60000, "[" + "1:" * 30000, "//" * 30000], ids=lambda text: text[:4]
)
def test_long(text: str) -> None:
    """Long texts are read in linear time, whether they match or nearly do."""
    for rule in (is_uri, is_authority):
        for whole in (text, f"a:{text}", f"a://{text}", f"{text} "):
            rule(whole)


@pytest.mark.parametrize("path", [None, PATH])
def test_signature(path: str | None) -> None:
    """It is signed exactly as a personal message, by the account that it names, as another library verifies."""
    signature, address = signed_message.sign("siwe", "ES256K", path, PUBLIC, bytearray(SECRET), message())

    assert signed_message.sign("eip191", "ES256K", path, PUBLIC, SECRET, message()) == (signature, address)
    assert Account.recover_message(encode_defunct(message()), signature=signature) == address == ADDRESS


def test_another_account() -> None:
    """A message that names another account than the key's is refused, whether the caller knows it or not."""
    other = message(address="0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")
    for claimed in (None, ADDRESS, "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"):
        with pytest.raises(signed_message.AnotherSigner):
            signed_message.check("siwe", "ES256K", PATH, PUBLIC, other, address=claimed)
    with pytest.raises(signed_message.AnotherSigner):
        signed_message.sign("siwe", "ES256K", PATH, PUBLIC, SECRET, other)
    assert signed_message.check("siwe", "ES256K", PATH, PUBLIC, message(), address=ADDRESS) == ADDRESS


@pytest.mark.parametrize(("alg", "path"), [("ES256K", "m/84'/0'/0'/0/0"), ("BIP340", None), ("Ed25519", None), ("ES256", None)])
def test_wrong_keys(alg: str, path: str | None) -> None:
    """The keys are those of a personal message."""
    with pytest.raises(signed_message.WrongKey):
        signed_message.check("siwe", alg, path, PUBLIC, message())


def shown(text: bytes, origin: str | None = ORIGIN, *, now_ms: int | None = None) -> tuple[dict[str, tuple[str, str]], tuple[str, ...]]:
    """Facts by label, and warnings."""
    facts, warnings = review.facts_and_warnings(parse_siwe(text), origin, now_ms=now_ms, address=ADDRESS)
    assert len({fact.label for fact in facts}) == len(facts)
    return {fact.label: (fact.value, fact.kind) for fact in facts}, warnings


def test_everything_is_shown() -> None:
    """Every field, times in words and in UTC; what the ERC must have shown first."""
    facts, warnings = shown(message(first="https://" + LINES["first"]))

    assert {
        "Sign in to": ("https://example.com", "origin"),
        "Statement": (LINES["statement"], "message"),
        "Account to sign in": (ADDRESS, "address"),
        "URI": ("https://example.com/login", "text"),
        "Chain id": ("1", "number"),
        "Resources": (f"{LINES['resource'][2:]}\n{LINES['second resource'][2:]}", "message"),
        "Issued at": ("30 September 2021, 16:25:24 UTC", "time"),
        "Not valid before": ("30 September 2021, 16:55:24 UTC", "time"),
        "Expires": ("30 September 2021, 22:00:00 UTC", "time"),
        "Nonce": ("32891756", "text"),
        "Request id": ("some_id", "text"),
    } == facts
    assert warnings == ()
    assert shown(message(statement="", request="Request ID: "))[0]["Statement"] == ("(empty)", "message")


def test_facts_are_sound() -> None:
    """They are facts of the protocol."""
    assert all(isinstance(fact, Fact) for fact in review.facts_and_warnings(parse_siwe(message()), None)[0])


def first(domain: str) -> bytes:
    """A message for a domain, whose URI belongs to it as far as it has a host."""
    return message(first=f"{domain} wants you to sign in with your Ethereum account:", uri=f"URI: https://{domain.rpartition('://')[2]}/")


@pytest.mark.parametrize(
    ("domain", "origin"),
    [
        ("example.com", "https://example.com"),
        ("example.com", "https://EXAMPLE.com:443"),
        ("Example.com:443", "https://example.com"),
        ("https://example.com", "https://example.com/"),
        ("example.com:8443", "https://example.com:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("[::1]", "https://[::1]"),
    ],
)
def test_same_site(domain: str, origin: str) -> None:
    """The site is scheme, host and port, defaults filled in."""
    assert review.ANOTHER_SITE not in shown(first(domain), origin)[1]


@pytest.mark.parametrize(
    ("domain", "origin"),
    [
        ("example.com", "https://example.org"),
        ("example.com", "https://www.example.com"),
        ("www.example.com", "https://example.com"),
        ("example.com", "http://example.com"),
        ("http://example.com", "https://example.com"),
        ("example.com", "https://example.com:8443"),
        ("example.com:8443", "https://example.com"),
        ("example.com", "https://example.com@evil.org"),
        ("example.com@evil.org", "https://example.com"),
        ("example.com", "chrome-extension://abcdefgh"),
        ("example.com", "null"),
        ("example.com", ""),
        ("example.com", "https://\u0435xample.com"),
        ("example.com.", "https://example.com"),
    ],
)
def test_another_site(domain: str, origin: str) -> None:
    """Anything else is called another site, first of all warnings."""
    assert review.ANOTHER_SITE == shown(first(domain), origin)[1][0]


def test_no_page() -> None:
    """Without a page there is nothing to compare with, which is said."""
    assert review.NO_PAGE in shown(message(), None)[1]


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (first("example.com@evil.org"), review.USER_IN_DOMAIN),
        (first("xn--80ak6aa92e.com"), review.PUNYCODE_DOMAIN),
        (first("ex%61mple.com"), review.ESCAPED_DOMAIN),
        (first("http://example.com"), review.NOT_HTTPS),
        (first("example.com:8443"), review.PORT_IN_DOMAIN),
        (message(uri="URI: https://evil.org/login"), review.URI_ELSEWHERE),
        (message(resource="- URN:recap:eyJhdHQiOnt9fQ"), review.HANDS_ON_RIGHTS),
        (message(expires="Expiration Time: 2021-09-30T16:25:24Z"), review.NEVER_VALID),
    ],
    ids=["user", "Punycode", "escaped", "http", "port", "URI", "rights", "never valid"],
)
def test_warnings(text: bytes, warning: str) -> None:
    """What could mislead is said; of a plain message nothing is."""
    assert warning in shown(text)[1]
    assert warning not in shown(message())[1]


@pytest.mark.parametrize(
    ("host", "looks"),
    [
        ("xn--80ak6aa92e.com", "\u0430\u0440\u0440\u04cf\u0435.com"),
        ("www.xn--pple-43d.com", "www.\u0430pple.com"),
        ("xn--a-qin.ru", "a⟨U+202E⟩.ru"),
        ("xn--99999999.com", "xn--99999999.com"),
        (f"xn--{'a' * 60}.com", f"xn--{'a' * 60}.com"),
    ],
)
def test_how_a_domain_looks(host: str, looks: str) -> None:
    """A domain in Punycode is shown as it would be drawn, nothing in it obeyed, and as it is if that cannot be."""
    facts, warnings = shown(first(host), f"https://{host}")

    assert (looks, "text") == facts["The domain looks like"]
    assert review.PUNYCODE_DOMAIN in warnings
    assert (MIXED_ALPHABETS in warnings) is ("pple" in looks)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (None, set()),
        (parse_date_time("2021-09-30T16:55:23Z"), {review.NOT_YET_VALID}),
        (parse_date_time("2021-09-30T16:55:24Z"), set()),
        (parse_date_time("2021-09-30T22:00:00.499Z"), set()),
        (parse_date_time("2021-09-30T22:00:00.500Z"), {review.EXPIRED}),
    ],
)
def test_validity(now: int | None, expected: set[str]) -> None:
    """Valid from its beginning until just before its end; without a clock that is not judged."""
    assert expected == set(shown(message(), now_ms=now)[1])


def test_personal_messages() -> None:
    """A personal message that asks for a sign-in is read as one; one that only looks so is called that; others are left alone."""
    assert review.describe_eip191(b"hello", None) == ((), ())
    assert review.describe_eip191(message(), ORIGIN) == review.facts_and_warnings(parse_siwe(message()), ORIGIN)
    assert review.describe_eip191(b"Hi.\n" + message(), ORIGIN) == ((), (review.MALFORMED,))
    assert review.describe_eip191(message(address=ADDRESS.lower()), ORIGIN) == ((), (review.MALFORMED,))
    assert review.ANOTHER_ACCOUNT in review.describe_eip191(message(), ORIGIN, address="0x" + "0" * 40)[1]
    assert review.ANOTHER_SITE in review.describe_eip191(message(), "https://evil.org")[1]
