"""Bytes, times and the message base, as protocol section 2 writes them.

Bytes are base64url without padding (RFC 4648 section 5), canonical only.
"""

from __future__ import annotations

from typing import Any

from native_host.encodings.base64url import decode_base64url, encode_base64url
from native_host.value import Value


class Base64Url(bytes):
    """Bytes that travel as base64url without padding."""

    __slots__ = ()


class Message(Value, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Base of every params, result and event: camelCase on the wire, unknown members refused."""


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
        return Base64Url(decode_base64url(value))
    raise NotImplementedError
