"""Bytes, times and the message base, as protocol section 2 writes them.

Bytes are base64url without padding (RFC 4648 section 5), canonical only: a decoder that accepts two spellings
of the same bytes lets a text stand for an identity it is not.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from typing import Any

from native_host.value import Value

_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_FROM_STANDARD = bytes.maketrans(b"+/", b"-_")
_FOREIGN = frozenset("+/=\r\n")


class Base64Url(bytes):
    """Bytes that travel as base64url without padding."""

    __slots__ = ()


class Message(Value, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Base of every params, result and event: camelCase on the wire, unknown members refused."""


def encode_base64url(data: bytes | bytearray | memoryview) -> str:
    """The canonical base64url text of ``data``, without padding."""
    return b2a_base64(data, newline=False).translate(_FROM_STANDARD).rstrip(b"=").decode("ascii")


def decode_base64url(text: str) -> Base64Url:
    """The bytes that ``text`` stands for.

    Raises:
        ValueError: if it is not canonical base64url without padding.
    """
    if not _FOREIGN.isdisjoint(text) or not text.isascii():
        raise ValueError("not base64url without padding")
    standard = text.encode("ascii").translate(_TO_STANDARD)
    try:
        data = a2b_base64(standard + b"=" * (-len(standard) % 4), strict_mode=True)
    except Base64Error:
        raise ValueError("not base64url without padding") from None
    if encode_base64url(data) != text:
        raise ValueError("not canonical base64url")
    return Base64Url(data)


def encode_hook(value: object) -> Any:
    """Tells msgspec how to write what JSON has no form for."""
    if isinstance(value, bytes):
        return encode_base64url(value)
    raise NotImplementedError


def decode_hook(wanted: type, value: object) -> Any:
    """Tells msgspec how to read what JSON has no form for."""
    if wanted is Base64Url:
        if not isinstance(value, str):
            raise ValueError("bytes travel as base64url text")
        return decode_base64url(value)
    raise NotImplementedError
