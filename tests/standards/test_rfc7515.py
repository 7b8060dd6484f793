"""RFC 7515: JSON Web Signatures in the compact form, what a person reads of them, and RFC 7519's claims."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, OctKey, OKPKey
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from native_host.encodings.base64url import decode_base64url, encode_base64url
from native_host.encodings.date_time import parse_date_time
from native_host.encodings.jwk import Jwk, encode_members
from native_host.review import jose
from native_host.review.text import HIDDEN_CHARACTERS, MIXED_ALPHABETS
from native_host.suites import ed25519, es256k, hmac_sha2, jws
from native_host.suites.ecdsa import ES256
from native_host.suites.solana_message import is_transaction

SECRET = bytes(31) + b"\x07"
OWN = es256k.public_jwk(es256k.public_key(SECRET))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
headers = st.dictionaries(st.text(max_size=10).filter(lambda name: name not in jws._STANDARD), json_values, max_size=4)


def decoded(protected: str) -> Any:
    return json.loads(decode_base64url(protected))


def made(module: Any, alg: str, payload: bytes, header: dict[str, Any], secret: bytes = SECRET) -> str:
    _, to_sign = jws.signing_input(alg, payload, header)
    return jws.compact(to_sign, module.sign(secret, data=to_sign))


@pytest.mark.parametrize(("module", "alg"), [(ES256, "ES256"), (es256k, "ES256K")])
@given(payload=st.binary(max_size=200), header=headers)
def test_ecdsa_against_other_libraries(module: Any, alg: str, payload: bytes, header: dict[str, Any]) -> None:
    """Two libraries verify the JWS, and find the payload and the header in it."""
    members = encode_members(module.public_jwk(module.public_key(SECRET)))
    text = made(module, alg, payload, header)
    theirs = joserfc_jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    theirs.max_header_length = 2 * jws.MAX_HEADER_BYTES  # of the text in base64url
    verified = joserfc_jws.deserialize_compact(text, ECKey.import_key({**members}), registry=theirs)
    other = JWS()
    other.deserialize(text)
    other.verify(JWK(**members), alg=alg)

    assert verified.payload == payload == other.payload
    assert verified.headers() == header | {"alg": alg}


@given(payload=st.binary(max_size=200))
def test_ed25519_and_hmac_against_joserfc(payload: bytes) -> None:
    """Ed25519 goes by its own name, HMAC by its own key."""
    key = OKPKey.import_key({**encode_members(ed25519.public_jwk(ed25519.public_key(SECRET)))})
    text = made(ed25519, "Ed25519", payload, {"typ": "JWT"})
    _, to_sign = jws.signing_input("HS256", payload, {})
    mac = jws.compact(to_sign, hmac_sha2.HS256.mac(SECRET * 2, to_sign))

    assert joserfc_jws.deserialize_compact(text, key, algorithms=["Ed25519"]).payload == payload
    assert joserfc_jws.deserialize_compact(mac, OctKey.import_key(SECRET * 2), algorithms=["HS256"]).payload == payload


def test_the_form() -> None:
    """The header has sorted members and no spaces, alg among them; two points; base64url without padding."""
    protected, to_sign = jws.signing_input("ES256", b"\x00\xff", {"typ": "JWT", "kid": "ü", "a": [1, {"z": None, "b": True}]})

    assert '{"a":[1,{"b":true,"z":null}],"alg":"ES256","kid":"ü","typ":"JWT"}' == decode_base64url(protected).decode()
    assert f"{protected}.AP8".encode() == to_sign
    assert f"{protected}.AP8.AQI" == jws.compact(to_sign, b"\x01\x02")


def test_rfc7515_a3() -> None:
    """The signing input of the RFC's appendix A.3 comes out, and its signature is valid over it (without its line breaks in JSON)."""
    public = ES256.parse_public(
        Jwk(
            kty="EC",
            crv="P-256",
            x=decode_base64url("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
            y=decode_base64url("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
        )
    )
    payload = b'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'
    signature = decode_base64url("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
    protected, to_sign = jws.signing_input("ES256", payload, {})

    assert protected == "eyJhbGciOiJFUzI1NiJ9"
    assert ES256.verify(public, data=to_sign, signature=signature)


@given(headers, st.randoms())
def test_one_spelling(header: dict[str, Any], random: Any) -> None:
    """The order in which the caller gives the members changes nothing."""
    shuffled = list(header.items())
    random.shuffle(shuffled)

    assert jws.signing_input("ES256", b"", header) == jws.signing_input("ES256", b"", dict(shuffled))


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


REFUSED: dict[str, dict[Any, Any]] = {
    "alg": {"alg": "ES256"},
    "alg none": {"alg": "none"},
    "jku": {"jku": "https://example.com/keys"},
    "x5u": {"x5u": "https://example.com/cert"},
    "x5c": {"x5c": ["MIIB"]},
    "jwk of another key": {"jwk": encode_members(es256k.public_jwk(es256k.public_key(bytes(31) + b"\x08")))},
    "jwk with another member": {"jwk": encode_members(OWN) | {"kid": "1"}},
    "jwk with its secret": {"jwk": encode_members(OWN) | {"d": encode_base64url(SECRET)}},
    "jwk without a member": {"jwk": {"kty": "EC", "crv": "secp256k1"}},
    "jwk no object": {"jwk": "key"},
    "b64 false": {"b64": False, "crit": ["b64"]},
    "b64 true": {"b64": True, "crit": ["b64"]},
    "enc": {"enc": "A256GCM"},
    "zip": {"zip": "DEF"},
    "typ no text": {"typ": 1},
    "kid no text": {"kid": ["a"]},
    "x5t no text": {"x5t#S256": None},
    "crit empty": {"crit": []},
    "crit no list": {"crit": "exp", "exp": 1},
    "crit of numbers": {"crit": [1]},
    "crit twice": {"crit": ["exp", "exp"], "exp": 1},
    "crit absent": {"crit": ["exp"]},
    "crit of a standard member": {"crit": ["kid"], "kid": "a"},
    "crit of itself": {"crit": ["crit"]},
    "fraction": {"a": 1.5},
    "not a number": {"a": float("nan")},
    "infinite": {"a": float("inf")},
    "large": {"a": 2**53},
    "low": {"a": -(2**53)},
    "bytes": {"a": b"a"},
    "tuple": {"a": (1,)},
    "name no text": {1: "a"},
    "inner name no text": {"a": {1: "a"}},
    "half a character": {"a": "\ud800"},
    "half a character in a name": {"\udc00": "a"},
    "deep": {"a": nested(8)},
    "very deep": {"a": nested(100_000)},
    "long": {"kid": "a" * 4096},
    "wide": {"a": [0] * 4096},
}


@pytest.mark.parametrize("header", REFUSED.values(), ids=REFUSED.keys())
def test_refused(header: dict[str, Any]) -> None:
    """Headers that name keys or change what is signed, and what is no JSON of one spelling."""
    with pytest.raises(ValueError, match=r"header|crit|number"):
        jws.signing_input("ES256K", b"{}", header, own_jwk=OWN)


@pytest.mark.parametrize("alg", ["none", "EdDSA", "ES256K-R", "BIP340", "ES224", "BLS12381G2", "Ed25519-BIP32", "", "es256", "dir"])
def test_no_algorithm(alg: str) -> None:
    """Only registered, unambiguous names are signed under."""
    with pytest.raises(ValueError, match="algorithm"):
        jws.signing_input(alg, b"", {})


def test_own_jwk() -> None:
    """The key's own public JWK may stand in the header, as DPoP needs it, where it is known."""
    header = {"typ": "dpop+jwt", "jwk": encode_members(OWN)}

    assert header | {"alg": "ES256K"} == decoded(jws.signing_input("ES256K", b"{}", header, own_jwk=OWN)[0])
    with pytest.raises(ValueError, match="jwk"):
        jws.signing_input("HS256", b"{}", header)


def test_allowed() -> None:
    """Depth and length up to the limits, extensions that are critical, and the names that ACME and SD-JWT use."""
    for header in (
        {"a": nested(6)},
        {"kid": "a" * 4000},
        {"crit": ["urn:x"], "urn:x": {"y": []}},
        {"nonce": "n", "url": "https://example.com"},
        {"typ": "dc+sd-jwt", "x5t#S256": "abc"},
        {"a": 2**53 - 1, "b": -(2**53) + 1, "c": None, "d": False},
    ):
        assert header | {"alg": "ES256"} == decoded(jws.signing_input("ES256", b"", header)[0])


@given(st.binary(max_size=400), headers)
def test_no_transaction(payload: bytes, header: dict[str, Any]) -> None:
    """What is signed is no Solana transaction, whatever the payload."""
    assert not is_transaction(jws.signing_input("Ed25519", payload, header)[1])


def shown(
    payload: Any, header: dict[str, Any] | None = None, now_ms: int | None = None
) -> tuple[dict[str, tuple[str, str]], tuple[str, ...]]:
    """Facts by label, and warnings; a payload that is no bytes is made JSON."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode("utf-8", "surrogatepass")
    facts, warnings = jose.describe_jws(data, header or {}, now_ms=now_ms)
    assert len({fact.label for fact in facts}) == len(facts)
    return {fact.label: (fact.value, fact.kind) for fact in facts}, warnings


def test_token() -> None:
    """Known claims are named, times are in words, the others listed; nothing is left out."""
    facts, warnings = shown(
        {
            "iss": "https://issuer.example",
            "sub": "alice",
            "aud": ["a", "b"],
            "iat": 1633019124,
            "nbf": 1633019124.5,
            "exp": 1633105524,
            "nonce": "n-1",
            "jti": "7",
            "admin": True,
            "roles": {"x": ["é"]},
        },
        {"typ": "JWT", "kid": "key-1", "nonce": "h"},
    )

    assert {
        "Issuer, who makes this statement": ("https://issuer.example", "text"),
        "Subject, whom it is about": ("alice", "text"),
        "Audience, whom it is for": ('["a", "b"]', "text"),
        "Nonce": ("n-1", "text"),
        "Id of the statement": ("7", "text"),
        "Issued at": ("30 September 2021, 16:25:24 UTC", "time"),
        "Not valid before": ("30 September 2021, 16:25:24 UTC", "time"),
        "Expires": ("1 October 2021, 16:25:24 UTC", "time"),
        "Other claims": ('admin: true\nroles: {"x": ["é"]}', "message"),
        "Type": ("JWT", "text"),
        "Key id that it names": ("key-1", "text"),
        "Other members of the header": ("nonce: h", "message"),
    } == facts
    assert warnings == ()


@pytest.mark.parametrize(
    ("payload", "header", "expected"),
    [
        ({"iss": "a"}, {}, {jose.NO_EXPIRY}),
        ({"aud": "a", "exp": 1}, {}, {jose.EXPIRED}),
        ({"vct": "id", "_sd": ["x"]}, {"typ": "dc+sd-jwt"}, {jose.CREDENTIAL, jose.HIDDEN_CLAIMS, jose.NO_EXPIRY}),
        ({"vct": "id", "exp": 2**33, "a": [{"...": "x"}]}, {"typ": "application/VC+SD-JWT"}, {jose.CREDENTIAL, jose.HIDDEN_CLAIMS}),
        ({"aud": "a", "nonce": "n", "iat": 1, "sd_hash": "h"}, {"typ": "kb+jwt"}, {jose.PRESENTATION}),
        ({"htm": "POST", "htu": "https://a", "iat": 1, "jti": "1"}, {"typ": "dpop+jwt"}, set()),
        ({"exp": "tomorrow"}, {}, {jose.NO_TIME}),
        ({"exp": True}, {}, {jose.NO_TIME}),
        ({"exp": 10**300}, {}, {jose.NO_TIME}),
        (b'{"exp":1e999}', {}, {jose.NO_TIME}),
        (b'{"exp":-1e999}', {}, {jose.NO_TIME}),
        (b'{"exp":1,"exp":99999999999}', {}, {jose.TWICE}),
        (b'{"exp":99999999999,"a":{"b":1,"b":2}}', {}, {jose.TWICE}),
        (b"hello", {"typ": "JWT"}, {jose.NOT_A_TOKEN}),
        ([1], {"typ": "JWT"}, {jose.NOT_A_TOKEN}),
        ({"hello": "world"}, {}, set()),
        ({"hello": "world"}, {"typ": "JOSE"}, set()),
        ({"exp": 2**33, "a": "x\u202ey"}, {}, {HIDDEN_CHARACTERS}),
        (b'{"exp":8589934592,"a":"x\\u202ey"}', {}, {HIDDEN_CHARACTERS}),
        (b'{"exp":8589934592,"\\ud800":1}', {}, {HIDDEN_CHARACTERS}),
        ({"exp": 2**33, "iss": "p\u0430ypal"}, {}, {MIXED_ALPHABETS}),
        ({"exp": 2**33, "a": '"_sd": no member'}, {}, set()),
    ],
)  # fmt: skip
def test_warnings(payload: Any, header: dict[str, Any], expected: set[str]) -> None:
    """What a signature would say beyond its words is said."""
    assert expected == set(shown(payload, header, parse_date_time("2026-11-25T00:00:00Z"))[1])


def test_unreadable_times_are_listed() -> None:
    """A time that is none stands with the other claims, as it is."""
    assert shown({"exp": "tomorrow", "nbf": None})[0]["Other claims"] == ("exp: tomorrow\nnbf: null", "message")


def test_other_payloads() -> None:
    """What is no token is shown as the text that it is, or as bytes; an empty payload is called empty."""
    assert shown(b"Dear Bob,\nhello")[0]["Payload"] == ("Dear Bob,\nhello", "message")
    assert shown({"hello": "world"})[0]["Payload"] == ('{"hello": "world"}', "message")
    assert shown(b"\xff\x00")[0]["Payload"] == ("ff00", "hex")
    assert (("(empty)", "message"), ("0 bytes", "text")) == (shown(b"")[0]["Payload"], shown(b"")[0]["Size"])


def test_nothing_deceives() -> None:
    """Names and values are on one line each, whatever they hold."""
    facts, _ = shown({"exp": 2**33, "a\nExpires": "x\nadmin: true", "sub": "\u202eecila"}, {"kid": "k\x1b[2J", "o": "\n"})

    assert ("a⟨U+000A⟩Expires: x⟨U+000A⟩admin: true", "message") == facts["Other claims"]
    assert ("⟨U+202E⟩ecila", "text") == facts["Subject, whom it is about"]
    assert ("k⟨U+001B⟩[2J", "text") == facts["Key id that it names"]
    assert ("o: ⟨U+000A⟩", "message") == facts["Other members of the header"]


@pytest.mark.parametrize("depth", [15, 16, 100, 900, 100_000])
def test_deep_payload(depth: int) -> None:
    """A payload that is too deep to be read as claims is shown as text."""
    payload = b'{"iss":"a","exp":8589934592,"a":' + b"[" * depth + b"]" * depth + b"}"

    assert ("Payload" in shown(payload)[0]) is (depth > 15)


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()), headers)
def test_hostile(payload: bytes, header: dict[str, Any]) -> None:
    """No payload breaks the review, and what it shows is what there is: each name and text of a token is found in it."""
    for data in (payload, b'{"iss":"a","x":' + payload + b"}"):
        facts, _ = jose.describe_jws(data, header)
        assert facts
