"""Values of the contract ABI as a person reads them: amounts of tokens, times, addresses, bytes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from native_host.encodings.abi import Decoded, Type
from native_host.encodings.eip55 import encode_address
from native_host.language import say, words
from native_host.protocol.approver import Fact, FactKind
from native_host.review.evm_chains import TOKENS, decimal
from native_host.review.text import time_in_words, visible, visible_block

UNLIMITED_FROM = 1 << 128
"""Of no token with a worth are there so many units: an allowance of more takes whatever there is, however its number looks."""
_LARGEST = (1 << 256) - 1
"""Written out it tells nobody anything: it is what "any amount" is asked with."""
_UNLIMITED_BY_TYPE = {160: (1 << 160) - 1, 96: (1 << 96) - 1}
"""Numbers that mean "any amount" in types that are too small for the one above: Permit2's, and some tokens'."""
_FOREVER = 1 << 40  # seconds: later than the year 30000


def fact(label: str, value: str, kind: FactKind = "text", *, place: str = "", after: str = "") -> Fact:
    """A fact whose text is made harmless; of a ``message`` the lines stay. ``label`` is put into the language in use; ``place`` stands before
    it, ``after`` behind it."""
    return Fact(label=visible(place + words(label) + after), value=visible_block(value) if kind == "message" else visible(value), kind=kind)


def moment(seconds: int) -> str:
    """A time that a contract compares with its block's."""
    if seconds >= _FOREVER:
        return words("forever")
    try:
        return time_in_words(seconds * 1000)
    except (ValueError, OverflowError):
        return say("{seconds} seconds after 1970", seconds=seconds)


def is_unlimited(value: int, bits: int) -> bool:
    """Whether an allowance of a type of so many bits has no bound that matters."""
    return value >= UNLIMITED_FROM or value == (1 << 96) - 1 or value >= _UNLIMITED_BY_TYPE.get(bits, UNLIMITED_FROM)


def token_amount(chain_id: int, token: bytes, value: int, *, short: bool = False, unlimited: bool = False, or_id: bool = False) -> str:
    """Units of a token, in its own measure if it is listed; ``or_id``: the same number could be which single token is meant."""
    listed = TOKENS.get((chain_id, token))
    if listed is not None:
        if unlimited:
            symbol = listed.symbol
            if short or value == _LARGEST:
                return say("any amount of {symbol}", symbol=symbol)
            return say("any amount of {symbol} ({value} of its smallest units)", symbol=symbol, value=value)
        text = f"{decimal(value, listed.decimals)} {listed.symbol}"
        return text if short else say("{text} ({value} of its smallest units)", text=text, value=value)
    return _unlisted(token, value, short=short, unlimited=unlimited, or_id=or_id)


def _unlisted(token: bytes, value: int, *, short: bool, unlimited: bool, or_id: bool) -> str:
    address = encode_address(token)
    if unlimited and or_id:
        text = _unlisted(token, value, short=short, unlimited=True, or_id=False)
        return say("{units}, or the single token of that number", units=text)
    if unlimited and short:
        return words("any amount of an unlisted token")
    if unlimited and value == _LARGEST:
        return say("any amount of token {address} (decimals unknown)", address=address)
    if unlimited:
        return say("any amount of token {address} (decimals unknown) ({value} of its units)", address=address, value=value)
    units = say(
        "{value} units of an unlisted token" if short else "{value} units of token {address} (decimals unknown)",
        value=value,
        address=address,
    )
    return say("{units}, or the single token of that number", units=units) if or_id else units


def scalars(kind: Type, value: Decoded, where: str = "") -> Iterator[tuple[str, Type, Decoded]]:
    """Every value within a value, with where it is."""
    if not isinstance(value, tuple):
        yield where, kind, value
    elif kind.kind == "array" and not value:
        yield where, Type(kind="string"), words("(none)")
    else:
        for number, one in enumerate(value):
            member = kind.members[0 if kind.kind == "array" else number]
            yield from scalars(member, one, f"{where} {number + 1}" if kind.kind == "array" else f"{where}, {member.name}")


def plain(kind: Type, value: Decoded) -> tuple[str, FactKind]:
    """A value as its type has it."""
    if isinstance(value, bool):
        return words("yes" if value else "no"), "text"
    if isinstance(value, int):
        return str(value), "number"
    if isinstance(value, str):
        return visible_block(value) or words("(empty)"), "message"
    if isinstance(value, bytes):
        return (
            (encode_address(value), "address") if kind.kind == "address" else (value.hex() or words("(empty)"), "hex" if value else "text")
        )
    raise TypeError
