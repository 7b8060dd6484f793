"""What a person reads of a JSON Web Signature before making it (RFC 7515), a JSON Web Token above all (RFC 7519). Pure.

A payload is read as a token if the header's ``typ`` or its claims say that it is one: known claims are named and times are put
in words, and every other claim is listed, so that nothing is signed unseen. Known beyond RFC 7519: ``nonce`` (OpenID Connect),
``cnf`` (RFC 7800), DPoP's (RFC 9449) and those of SD-JWT and its credentials (RFC 9901). Any other payload is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps, loads

from native_host.encodings.date_time import in_words
from native_host.language import words
from native_host.protocol.approver import Fact, FactKind
from native_host.review.text import HIDDEN_CHARACTERS, describe_message, size_in_words, time_in_words, visible, visible_block

_CLAIMS = {
    "iss": "Issuer, who makes this statement",
    "sub": "Subject, whom it is about",
    "aud": "Audience, whom it is for",
    "vct": "Type of credential",
    "nonce": "Nonce",
    "jti": "Id of the statement",
    "htm": "HTTP method",
    "htu": "Address of the request",
    "ath": "Hash of the access token",
    "sd_hash": "Hash of the credential that is presented",
    "cnf": "Key that may use it",
}
_TIMES = {"iat": "Issued at", "nbf": "Not valid before", "exp": "Expires"}
_TOKEN_CLAIMS = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})
_HEADER = {"typ": "Type", "cty": "Type of the content", "kid": "Key id that it names"}
_CREDENTIALS = frozenset({"dc+sd-jwt", "vc+sd-jwt"})
_KEY_BINDING = "kb+jwt"
_DIGESTS = ('"_sd":', '"...":')  # members that hold digests of what is disclosed elsewhere; within a text the quotes would be escaped
_MAX_DEPTH = 16

NOT_A_TOKEN = "The header says that this is a token (JWT), but the payload is none."
TWICE = "A name stands twice in the payload, and programs differ in which of the two they heed."
NO_EXPIRY = "This statement never expires."
EXPIRED = "This statement has expired already."
NO_TIME = "A time in this statement is none that can be read. It is listed with the other claims."
CREDENTIAL = "With this you vouch for somebody: it is a credential, which others will trust because your key signed it."
PRESENTATION = "With this you hand over a credential of yours, with what it says about you, to the audience named."
HIDDEN_CLAIMS = "The statement commits to claims that are not in it (SD-JWT), which cannot be shown."


class _Twice(ValueError):
    """A name stands twice in a JSON object."""


def describe_jws(payload: bytes, header: Mapping[str, object], *, now_ms: int | None = None) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    """The facts of a payload and of the header that the caller gives it, and the warnings; without ``now_ms`` expiry is not judged."""
    typ = _type(header)
    try:
        claims = _claims(payload)
        warnings: tuple[str, ...] = ()
    except _Twice:
        claims, warnings = None, (TWICE,)
    if claims is not None and (typ.endswith("jwt") or not _TOKEN_CLAIMS.isdisjoint(claims)):
        facts, warnings = _token(claims, typ, now_ms)
    else:
        if typ.endswith("jwt"):
            warnings = (NOT_A_TOKEN, *warnings)
        facts, about_text = _text(payload)
        warnings += about_text
    return (*facts, *_header(header)), tuple(dict.fromkeys(warnings))


def _type(header: Mapping[str, object]) -> str:
    """The media type of the header, as RFC 7515 section 4.1.9 compares it."""
    typ = header.get("typ")
    return typ.lower().removeprefix("application/") if isinstance(typ, str) else ""


def _claims(payload: bytes) -> dict[str, object] | None:
    """The members of a JSON object; ``None`` if it is none, ``_Twice`` if readers could differ about it."""
    try:
        value: object = loads(payload.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except _Twice:
        raise
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and _is_shallow(value) else None


def _is_shallow(value: object) -> bool:
    """Whether it is nested no deeper than anything made for people, and than the functions below can follow."""
    level: list[object] = [value]
    for _ in range(_MAX_DEPTH):
        level = [
            member for item in level for member in (item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
        ]
    return not level


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Twice
    return members


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _token(claims: Mapping[str, object], typ: str, now_ms: int | None) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    times = {name: _milliseconds(claims[name]) for name in _TIMES if name in claims}
    readable = {name: time for name, time in times.items() if time is not None}
    others = {name: value for name, value in claims.items() if name not in _CLAIMS and name not in readable}
    facts = [
        *(_fact(label, _shown(claims[name])) for name, label in _CLAIMS.items() if name in claims),
        *(_fact(label, time_in_words(readable[name]), "time") for name, label in _TIMES.items() if name in readable),
    ]
    if others:
        facts.append(_fact("Other claims", _listed(others), "message"))
    expires = readable.get("exp")
    found = (
        (typ in _CREDENTIALS, CREDENTIAL),
        (typ == _KEY_BINDING or "sd_hash" in claims, PRESENTATION),
        (any(name in dumps(claims, separators=(",", ":")) for name in _DIGESTS), HIDDEN_CLAIMS),
        (expires is not None and now_ms is not None and now_ms >= expires, EXPIRED),
        ("exp" not in claims and typ not in {_KEY_BINDING, "dpop+jwt"}, NO_EXPIRY),
        (len(readable) != len(times), NO_TIME),
    )
    return tuple(facts), (*(warning for holds, warning in found if holds), *_about_text(claims))


def _milliseconds(value: object) -> int | None:
    """The time of a NumericDate (RFC 7519 section 2), if it is one of a year from 1 to 9999."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        milliseconds = int(value * 1000)
        in_words(milliseconds)
    except (ValueError, OverflowError):
        return None
    return milliseconds


def _text(payload: bytes) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    described = describe_message(payload)
    shown = _fact("Payload", described.text or words("(empty)"), described.kind)
    return (shown, _fact("Size", size_in_words(described.size))), described.warnings


def _header(header: Mapping[str, object]) -> tuple[Fact, ...]:
    others = {name: value for name, value in header.items() if name not in _HEADER}
    known = tuple(_fact(label, _shown(header[name])) for name, label in _HEADER.items() if name in header)
    return (*known, _fact("Other members of the header", _listed(others), "message")) if others else known


def _listed(members: Mapping[str, object]) -> str:
    """A line a member."""
    return "\n".join(f"{visible(name)}: {_shown(value)}" for name, value in members.items())


def _shown(value: object) -> str:
    """A text as it is, anything else as JSON, on one line."""
    text = value if isinstance(value, str) else dumps(value, ensure_ascii=False, separators=(", ", ": "))
    return visible(text) or words("(empty)")


def _about_text(claims: Mapping[str, object]) -> tuple[str, ...]:
    """The warnings about all that is written in the claims, escapes of JSON undone."""
    text = "\n".join(_texts(claims))
    hidden = (HIDDEN_CHARACTERS,) if visible_block(text) != text else ()
    return (*hidden, *describe_message(text.encode("utf-8", "replace")).warnings)


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for name, member in value.items() for text in (name, *_texts(member))]
    return [text for member in value for text in _texts(member)] if isinstance(value, list) else []


def _fact(label: str, value: str, kind: FactKind = "text") -> Fact:
    return Fact(label=words(label), value=value, kind=kind)
