"""URIs and authorities by the grammar of RFC 3986 appendix A.

Regular expressions made rule by rule from the ABNF: nothing is normalised, decoded or repaired, so what matches is what is
signed and shown. No two repeated rules share a first character, so matching takes linear time.
"""

from __future__ import annotations

import re

from native_host.value import Value

_UNRESERVED = r"A-Za-z0-9\-._~"
_SUB_DELIMS = r"!$&'()*+,;="
_ESCAPED = r"%[0-9A-Fa-f]{2}"
_PCHAR = rf"(?:[{_UNRESERVED}{_SUB_DELIMS}:@]|{_ESCAPED})"
_SCHEME = r"[A-Za-z][A-Za-z0-9+\-.]*"
_USERINFO = rf"(?:[{_UNRESERVED}{_SUB_DELIMS}:]|{_ESCAPED})*"
_REG_NAME = rf"(?:[{_UNRESERVED}{_SUB_DELIMS}]|{_ESCAPED})*"

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
_H16 = r"[0-9A-Fa-f]{1,4}"
_LS32 = rf"(?:{_H16}:{_H16}|{_IPV4})"
_IPV6 = "|".join(
    [
        rf"(?:{_H16}:){{6}}{_LS32}",
        rf"::(?:{_H16}:){{5}}{_LS32}",
        # Up to n + 1 groups may stand before the "::" when 4 - n and a last 32 bits stand after it.
        *(rf"(?:(?:{_H16}:){{0,{n}}}{_H16})?::(?:{_H16}:){{{4 - n}}}{_LS32}" for n in range(5)),
        rf"(?:(?:{_H16}:){{0,5}}{_H16})?::{_H16}",
        rf"(?:(?:{_H16}:){{0,6}}{_H16})?::",
    ]
)
_IP_LITERAL = rf"\[(?:{_IPV6}|[vV][0-9A-Fa-f]+\.[{_UNRESERVED}{_SUB_DELIMS}:]+)\]"
_AUTHORITY = rf"(?:(?P<userinfo>{_USERINFO})@)?(?P<host>{_IP_LITERAL}|{_REG_NAME})(?::(?P<port>[0-9]*))?"
_HIER_PART = rf"(?://{_AUTHORITY}(?:/{_PCHAR}*)*|/(?:{_PCHAR}+(?:/{_PCHAR}*)*)?|{_PCHAR}+(?:/{_PCHAR}*)*|)"
_QUERY = rf"(?:{_PCHAR}|[/?])*"

_SCHEME_RULE = re.compile(_SCHEME)
_AUTHORITY_RULE = re.compile(_AUTHORITY)
_URI_RULE = re.compile(rf"(?P<scheme>{_SCHEME}):{_HIER_PART}(?:\?{_QUERY})?(?:#{_QUERY})?")
_PCHARS_RULE = re.compile(f"{_PCHAR}*")
_IPV4_RULE = re.compile(_IPV4)


class Authority(Value, frozen=True, kw_only=True):
    """``userinfo@host:port``. What is absent is ``None``; ``host`` may be empty, and is lower-case."""

    userinfo: str | None
    host: str
    port: str | None

    @property
    def is_ip_address(self) -> bool:
        """Whether the host is an address by number, not a name."""
        return self.host.startswith("[") or _IPV4_RULE.fullmatch(self.host) is not None


class Uri(Value, frozen=True, kw_only=True):
    """The lower-case scheme of a URI and its authority, if it has one."""

    scheme: str
    authority: Authority | None


def is_scheme(text: str) -> bool:
    """Whether it is a ``scheme``."""
    return _SCHEME_RULE.fullmatch(text) is not None


def is_pchars(text: str) -> bool:
    """Whether it is ``*pchar``."""
    return _PCHARS_RULE.fullmatch(text) is not None


def parse_authority(text: str) -> Authority:
    """The parts of an ``authority``; ``ValueError`` if it is none."""
    found = _AUTHORITY_RULE.fullmatch(text)
    if found is None:
        raise ValueError("not an authority of RFC 3986")
    return _authority(found)


def parse_uri(text: str) -> Uri:
    """The parts of a ``URI`` (with a scheme: no relative reference); ``ValueError`` if it is none."""
    found = _URI_RULE.fullmatch(text)
    if found is None:
        raise ValueError("not a URI of RFC 3986")
    return Uri(scheme=found["scheme"].lower(), authority=None if found["host"] is None else _authority(found))


def _authority(found: re.Match[str]) -> Authority:
    return Authority(userinfo=found["userinfo"], host=found["host"].lower(), port=found["port"])
