"""Sign-In with Ethereum messages (ERC-4361, "Message Format"), by its ABNF and nothing beyond it.

It is narrower than the ABNF in four things, which the ERC says in words: the domain names a host, the address has the capitals
of ERC-55, a date is one of the calendar, and a chain id has at most 78 digits (256 bits).
"""

from __future__ import annotations

import re

from native_host.encodings.date_time import parse_date_time
from native_host.encodings.eip55 import decode_address
from native_host.encodings.uri import is_pchars, is_scheme, parse_authority, parse_uri
from native_host.value import Value

ASKS_FOR_SIGN_IN = "wants you to sign in with your Ethereum account"
_FIRST_LINE = f" {ASKS_FOR_SIGN_IN}:"
_RESOURCES = "Resources:"
_RESOURCE = "- "
_STATEMENT = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;= ]*")
_CHAIN_ID = re.compile(r"[0-9]{1,78}")
_NONCE = re.compile(r"[A-Za-z0-9]{8,}")


class Siwe(Value, frozen=True, kw_only=True):
    """A message that conforms. Texts are as they stand in it; ``None`` is what it leaves out, ``statement`` may be empty."""

    scheme: str | None
    domain: str
    address: str
    statement: str | None
    uri: str
    version: str
    chain_id: int
    nonce: str
    issued_at: str
    expiration_time: str | None
    not_before: str | None
    request_id: str | None
    resources: tuple[str, ...]


class _Lines:
    """The lines of a message, taken from the front; ``ValueError`` for a line that is not there."""

    def __init__(self, text: str) -> None:
        self._lines, self._at = text.split("\n"), 0

    def next_begins(self, start: str) -> bool:
        return self._at < len(self._lines) and self._lines[self._at].startswith(start)

    def take(self, start: str = "") -> str:
        """The next line, without ``start``, which it must begin with."""
        if not self.next_begins(start):
            raise ValueError("a line of the sign-in message is missing")
        self._at += 1
        return self._lines[self._at - 1][len(start) :]

    def take_empty(self) -> None:
        if self.take():
            raise ValueError("an empty line of the sign-in message is missing")

    def optional(self, start: str) -> str | None:
        return self.take(start) if self.next_begins(start) else None

    def rest(self, start: str) -> tuple[str, ...]:
        return tuple(self.take(start) for _ in range(len(self._lines) - self._at))


def looks_like_siwe(message: bytes) -> bool:
    """Whether it says, anywhere, what every such message says: the ERC would have people warned unless it is one."""
    return ASKS_FOR_SIGN_IN.encode() in message


def parse_siwe(message: bytes) -> Siwe:
    """The fields of a message.

    Raises:
        ValueError: if it does not conform.
    """
    try:
        lines = _Lines(message.decode("ascii"))
    except UnicodeDecodeError:
        raise ValueError("a sign-in message is ASCII") from None
    scheme, domain = _origin(lines.take())
    address = lines.take()
    lines.take_empty()
    siwe = Siwe(
        scheme=scheme,
        domain=domain,
        address=address,
        statement=_statement(lines),
        uri=lines.take("URI: "),
        version=lines.take("Version: "),
        chain_id=_chain_id(lines.take("Chain ID: ")),
        nonce=lines.take("Nonce: "),
        issued_at=lines.take("Issued At: "),
        expiration_time=lines.optional("Expiration Time: "),
        not_before=lines.optional("Not Before: "),
        request_id=lines.optional("Request ID: "),
        resources=_resources(lines),
    )
    _check(siwe)
    return siwe


def _origin(line: str) -> tuple[str | None, str]:
    if not line.endswith(_FIRST_LINE):
        raise ValueError("not the first line of a sign-in message")
    scheme, separator, domain = line.removesuffix(_FIRST_LINE).rpartition("://")
    return (scheme if separator else None), domain


def _statement(lines: _Lines) -> str | None:
    """``[ statement LF ] LF``: without a statement the line of the URI comes next, an empty one has a line of its own."""
    statement = lines.take()
    if not statement and lines.next_begins("URI: "):
        return None
    lines.take_empty()
    return statement


def _chain_id(text: str) -> int:
    if not _CHAIN_ID.fullmatch(text):
        raise ValueError("not a chain id")
    return int(text)


def _resources(lines: _Lines) -> tuple[str, ...]:
    header = lines.optional(_RESOURCES)
    if header:
        raise ValueError("the resources stand on lines of their own")
    resources = lines.rest(_RESOURCE)
    if resources and header is None:
        raise ValueError("the resources have no heading")
    return resources


def _check(siwe: Siwe) -> None:
    if siwe.scheme is not None and not is_scheme(siwe.scheme):
        raise ValueError("not a scheme")
    if not parse_authority(siwe.domain).host:
        raise ValueError("the domain names no host")
    decode_address(siwe.address)
    if siwe.statement is not None and not _STATEMENT.fullmatch(siwe.statement):
        raise ValueError("the statement holds characters that are not allowed")
    for uri in (siwe.uri, *siwe.resources):
        parse_uri(uri)
    if siwe.version != "1" or not _NONCE.fullmatch(siwe.nonce):
        raise ValueError("not a version and a nonce")
    for time in (siwe.issued_at, siwe.expiration_time, siwe.not_before):
        if time is not None:
            parse_date_time(time)
    if siwe.request_id is not None and not is_pchars(siwe.request_id):
        raise ValueError("not a request id")
