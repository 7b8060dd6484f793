"""base64url without padding (RFC 4648 section 5; JOSE's BASE64URL, RFC 7515 section 2), canonical only.

A decoder that accepts two spellings of the same bytes lets a text stand for an identity it is not.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64

_TO_STANDARD = bytes.maketrans(b"-_+/=\r\n", b"+/*****")
"""What the standard alphabet has and this one has not becomes what neither has, and is refused."""
_FROM_STANDARD = bytes.maketrans(b"+/", b"-_")
_PADDING = (b"", b"=", b"==", b"")
_VALUES = {character: value for value, character in enumerate(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")}
_LAST = ("", "AEIMQUYcgkosw048", "AQgw", "")


def encode_base64url(data: bytes | bytearray | memoryview) -> str:
    """The canonical base64url text of ``data``, without padding."""
    return b2a_base64(data, newline=False).translate(_FROM_STANDARD).rstrip(b"=").decode("ascii")


def decode_base64url(text: str) -> bytes:
    """The bytes that ``text`` stands for.

    Raises:
        ValueError: if it is not canonical base64url without padding.
    """
    missing = -len(text) % 4
    # The last character of an incomplete group has bits that stand for nothing; they must be zero.
    if missing and text[-1] not in _LAST[missing]:
        raise ValueError("not canonical base64url")
    try:
        return a2b_base64(text.encode("ascii").translate(_TO_STANDARD) + _PADDING[missing], strict_mode=True)
    except (Base64Error, UnicodeEncodeError):
        raise ValueError("not base64url without padding") from None


def decode_secret(text: memoryview) -> bytearray:
    """As ``decode_base64url``, in a buffer to be wiped, and slower: the library's decoder returns ``bytes``."""
    out, at, held, holds = bytearray(len(text) * 6 // 8), 0, 0, 0
    try:
        for character in text:
            held, holds = held << 6 | _VALUES[character], holds + 6
            if holds >= 8:  # noqa: PLR2004 - a byte
                holds -= 8
                out[at] = held >> holds
                held, at = held & (1 << holds) - 1, at + 1
    except KeyError:
        at, held = 0, 1
    if held or holds >= 6:  # noqa: PLR2004 - a character that gave no byte
        out[:] = bytes(len(out))
        raise ValueError("not canonical base64url without padding")
    return out
