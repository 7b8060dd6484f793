"""A secret as a JSON string (RFC 8259 section 7) and back, through buffers that are wiped.

JSON libraries give text as ``str``, which cannot be wiped. Nothing here makes one of more than a character.
"""

from __future__ import annotations

from native_host.secret import SecretBytes, wipe

_QUOTE, _BACKSLASH = 0x22, 0x5C
_ESCAPED = {ord(letter): meant for letter, meant in zip('"\\/bfnrt', b'"\\/\b\f\n\r\t', strict=True)}
_HEX_DIGITS = frozenset(b"0123456789abcdefABCDEF")
_UNICODE = ord("u")


def text_of_json(token: memoryview) -> SecretBytes:
    """The UTF-8 of a JSON string, quotes and all.

    Raises:
        ValueError: if it is none, or not text: UTF-8 that is none, half of a surrogate pair.
    """
    if len(token) < 2 or token[0] != _QUOTE or token[-1] != _QUOTE:  # noqa: PLR2004 - the two quotes
        raise ValueError("not a JSON string")
    inner, out, at, length = token[1:-1], bytearray(len(token)), 0, 0  # made as long as it can get: growing leaves copies behind
    try:
        while at < len(inner):
            size, character = _character(inner, at)
            out[length : length + len(character)] = character
            at, length = at + size, length + len(character)
        return SecretBytes(memoryview(out)[:length])
    except ValueError:
        raise ValueError("not text") from None  # the error of a decoder holds what it could not decode
    finally:
        wipe(out)


def json_of_text(text: SecretBytes) -> SecretBytes:
    """UTF-8 as a JSON string, quotes and all."""
    out, length = bytearray(6 * len(text) + 2), 1
    out[0] = _QUOTE
    for byte in text.buffer:
        if byte in (_QUOTE, _BACKSLASH):
            out[length : length + 2] = bytes((_BACKSLASH, byte))
            length += 2
        elif byte < 0x20:  # noqa: PLR2004 - the control characters
            out[length : length + 6] = b"\\u%04x" % byte
            length += 6
        else:
            out[length] = byte
            length += 1
    out[length] = _QUOTE
    try:
        return SecretBytes(memoryview(out)[: length + 1])
    finally:
        wipe(out)


def _character(text: memoryview, at: int) -> tuple[int, bytes]:
    """How many bytes the next character has as it is written, and its UTF-8; raises ``ValueError``."""
    byte = text[at]
    if byte == _BACKSLASH:
        return _escape(text, at)
    if byte < 0x20 or byte == _QUOTE:  # noqa: PLR2004 - the control characters
        raise ValueError("a character that must be escaped")
    size = 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4  # noqa: PLR2004 - RFC 3629 section 3
    return size, str(text[at : at + size], "utf-8").encode()


def _escape(text: memoryview, at: int) -> tuple[int, bytes]:
    meant = _ESCAPED.get(text[at + 1]) if at + 1 < len(text) else None
    if meant is not None:
        return 2, bytes((meant,))
    unit = _unit(text, at)
    if 0xD800 <= unit < 0xDC00:  # noqa: PLR2004 - a high surrogate, and the low one after it
        low = _unit(text, at + 6)
        if not 0xDC00 <= low < 0xE000:  # noqa: PLR2004
            raise ValueError("half of a surrogate pair")
        return 12, chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)).encode()
    return 6, chr(unit).encode()


def _unit(text: memoryview, at: int) -> int:
    digits = bytes(text[at + 2 : at + 6])
    if len(digits) != 4 or text[at] != _BACKSLASH or text[at + 1] != _UNICODE or not _HEX_DIGITS.issuperset(digits):  # noqa: PLR2004
        raise ValueError("not an escape of JSON")
    return int(digits, 16)
