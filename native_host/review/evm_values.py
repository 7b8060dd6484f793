"""Values of the contract ABI as a person reads them: amounts of tokens, times, addresses, bytes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from native_host.encodings.abi import Decoded, Type
from native_host.encodings.date_time import in_words
from native_host.encodings.eip55 import encode_address
from native_host.protocol.approver import Fact, FactKind
from native_host.review.evm_chains import TOKENS, decimal
from native_host.review.text import visible, visible_block

UNLIMITED_FROM = 1 << 255
_UNLIMITED_BY_TYPE = {160: (1 << 160) - 1, 96: (1 << 96) - 1}
"""Numbers that mean "any amount" in types that are too small for the one above: Permit2's, and some tokens'."""
_FOREVER = 1 << 40  # seconds: later than the year 30000


def fact(label: str, value: str, kind: FactKind = "text") -> Fact:
    """A fact whose text is made harmless; of a ``message`` the lines stay."""
    return Fact(label=visible(label), value=visible_block(value) if kind == "message" else visible(value), kind=kind)


def moment(seconds: int) -> str:
    """A time that a contract compares with its block's."""
    if seconds >= _FOREVER:
        return "forever"
    try:
        return in_words(seconds * 1000)
    except (ValueError, OverflowError):
        return f"{seconds} seconds after 1970"


def is_unlimited(value: int, bits: int) -> bool:
    """Whether an allowance of a type of so many bits has no bound that matters."""
    return value >= UNLIMITED_FROM or value == (1 << 96) - 1 or value >= _UNLIMITED_BY_TYPE.get(bits, UNLIMITED_FROM)


def token_amount(chain_id: int, token: bytes, value: int, *, short: bool = False, unlimited: bool = False, or_id: bool = False) -> str:
    """Units of a token, in its own measure if it is listed; ``or_id``: the same number could be which single token is meant."""
    listed = TOKENS.get((chain_id, token))
    if listed is not None:
        if unlimited:
            return f"any amount of {listed.symbol}" if short else f"any amount of {listed.symbol} ({value} of its smallest units)"
        text = f"{decimal(value, listed.decimals)} {listed.symbol}"
        return text if short else f"{text} ({value} of its smallest units)"
    of_what = "an unlisted token" if short else f"token {encode_address(token)} (decimals unknown)"
    if unlimited:
        return f"any amount of {of_what}" if short else f"any amount of {of_what} ({value} of its units)"
    units = f"{value} units of {of_what}"
    return f"{units}, or the single token of that number" if or_id else units


def scalars(kind: Type, value: Decoded, where: str = "") -> Iterator[tuple[str, Type, Decoded]]:
    """Every value within a value, with where it is."""
    if not isinstance(value, tuple):
        yield where, kind, value
    elif kind.kind == "array" and not value:
        yield where, Type(kind="string"), "(none)"
    else:
        for number, one in enumerate(value):
            member = kind.members[0 if kind.kind == "array" else number]
            yield from scalars(member, one, f"{where} {number + 1}" if kind.kind == "array" else f"{where}, {member.name}")


def plain(kind: Type, value: Decoded) -> tuple[str, FactKind]:
    """A value as its type has it."""
    if isinstance(value, bool):
        return "yes" if value else "no", "text"
    if isinstance(value, int):
        return str(value), "number"
    if isinstance(value, str):
        return visible_block(value) or "(empty)", "message"
    if isinstance(value, bytes):
        return (encode_address(value), "address") if kind.kind == "address" else (value.hex() or "(empty)", "hex" if value else "text")
    raise TypeError
