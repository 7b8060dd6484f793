"""BIP370, version 2 of PSBTs: what each version has and the other has not, its lock times, and what a signer says may be changed."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from native_host.encodings.psbt import Psbt, Refused, encode_psbt, parse_psbt
from native_host.suites.psbt_signing import with_signatures
from tests import psbts

TIME = 1_700_000_000


def little(number: int) -> bytes:
    return number.to_bytes(4, "little")


def of_version(version: int) -> Psbt:
    spends = [psbts.Spend(psbts.mine(), 60_000), psbts.Spend(psbts.mine(below="0/1"), 60_000)]
    return parse_psbt(psbts.make(spends, [psbts.Pay(psbts.elsewhere(), 100_000)], version=version).serialize())


def changed(made: Psbt, part: str, number: int, value: bytes | None) -> Psbt:
    """With a field more, or less."""
    maps = [made.head] if part == "head" else list(getattr(made, part))
    maps[0] = {key: old for key, old in maps[0].items() if key != bytes([number])}
    if value is not None:
        maps[0][bytes([number])] = value
    return replace(made, **{part: maps[0] if part == "head" else tuple(maps)})


ONLY_IN_2: dict[str, tuple[str, int, bytes]] = {
    "PSBT_GLOBAL_TX_VERSION": ("head", 0x02, little(2)),
    "PSBT_GLOBAL_FALLBACK_LOCKTIME": ("head", 0x03, little(0)),
    "PSBT_GLOBAL_INPUT_COUNT": ("head", 0x04, b"\x02"),
    "PSBT_GLOBAL_OUTPUT_COUNT": ("head", 0x05, b"\x01"),
    "PSBT_GLOBAL_TX_MODIFIABLE": ("head", 0x06, b"\x00"),
    "PSBT_IN_PREVIOUS_TXID": ("inputs", 0x0E, bytes(32)),
    "PSBT_IN_OUTPUT_INDEX": ("inputs", 0x0F, little(0)),
    "PSBT_IN_SEQUENCE": ("inputs", 0x10, little(1)),
    "PSBT_IN_REQUIRED_TIME_LOCKTIME": ("inputs", 0x11, little(TIME)),
    "PSBT_IN_REQUIRED_HEIGHT_LOCKTIME": ("inputs", 0x12, little(10_000)),
    "PSBT_OUT_AMOUNT": ("outputs", 0x03, bytes(8)),
    "PSBT_OUT_SCRIPT": ("outputs", 0x04, b""),
}
REQUIRED = ["PSBT_GLOBAL_TX_VERSION", "PSBT_GLOBAL_INPUT_COUNT", "PSBT_GLOBAL_OUTPUT_COUNT", "PSBT_IN_PREVIOUS_TXID", "PSBT_IN_OUTPUT_INDEX",
            "PSBT_OUT_AMOUNT", "PSBT_OUT_SCRIPT"]  # fmt: skip


def test_both_versions_make_one_transaction() -> None:
    """And are written again to their own bytes."""
    old, new = of_version(0), of_version(2)
    assert old.transaction == new.transaction
    assert old.version != new.version
    assert encode_psbt(new) == encode_psbt(parse_psbt(encode_psbt(new)))


@pytest.mark.parametrize("field", ONLY_IN_2.values(), ids=ONLY_IN_2.keys())
def test_version_0_has_no_field_of_version_2(field: tuple[str, int, bytes]) -> None:
    """The BIP's invalid cases, one a field."""
    with pytest.raises(Refused):
        parse_psbt(encode_psbt(changed(of_version(0), *field)))


@pytest.mark.parametrize("name", REQUIRED)
def test_version_2_has_every_field_that_it_must_have(name: str) -> None:
    """The BIP's invalid cases, one a field."""
    part, number, _ = ONLY_IN_2[name]
    with pytest.raises(Refused):
        parse_psbt(encode_psbt(changed(of_version(2), part, number, None)))


def test_version_2_has_no_unsigned_transaction() -> None:
    """And there is no version 1."""
    unsigned = of_version(0).head[b"\x00"]
    for part in ((0x00, unsigned), (0xFB, little(1)), (0xFB, little(0))):
        with pytest.raises(Refused):
            parse_psbt(encode_psbt(changed(of_version(2), "head", *part)))


LOCK_TIMES: dict[str, tuple[list[dict[int, int]], int | None]] = {
    "none, no fallback": ([{}, {}], 0),
    "a fallback": ([{}, {}], 7),
    "height 10000 and none": ([{0x12: 10_000}, {}], 10_000),
    "heights, the latest": ([{0x12: 10_000}, {0x12: 9_000}], 10_000),
    "height and both: a height": ([{0x12: 10_000}, {0x12: 9_000, 0x11: TIME}], 10_000),
    "both and both: a height": ([{0x12: 10_000, 0x11: TIME}, {0x12: 9_000, 0x11: TIME + 1}], 10_000),
    "time and both: a time": ([{0x11: TIME}, {0x12: 9_000, 0x11: TIME + 1}], TIME + 1),
    "none and both: a height": ([{}, {0x12: 9_000, 0x11: TIME}], 9_000),
    "none and a time": ([{}, {0x11: TIME}], TIME),
    "height and time": ([{0x12: 10_000}, {0x11: TIME}], None),
    "a height that is a time": ([{0x12: TIME}, {}], None),
    "a time that is a height": ([{0x11: 10_000}, {}], None),
    "height 0": ([{0x12: 0}, {}], None),
}


@pytest.mark.parametrize(("asked", "expected"), LOCK_TIMES.values(), ids=LOCK_TIMES.keys())
def test_lock_times_are_determined(asked: list[dict[int, int]], expected: int | None) -> None:
    """As "Determining Lock Time" says, and its vectors."""
    made: Psbt = of_version(2)
    more: list[dict[bytes, bytes]] = [{bytes([number]): little(time) for number, time in one.items()} for one in asked]
    made = replace(made, inputs=tuple(one | other for one, other in zip(made.inputs, more, strict=True)))
    made = changed(made, "head", 0x03, little(7) if expected == 7 else None)
    if expected is None:
        with pytest.raises(Refused):
            parse_psbt(encode_psbt(made))
    else:
        assert expected == parse_psbt(encode_psbt(made)).transaction.lock_time


MODIFIABLE: dict[str, tuple[int, set[int], int]] = {
    "ALL fixes inputs and outputs": (0b011, {1}, 0b000),
    "DEFAULT fixes them too": (0b011, {0}, 0b000),
    "ALL, ANYONECANPAY leaves inputs": (0b011, {0x81}, 0b001),
    "SINGLE is marked": (0b011, {3}, 0b100),
    "SINGLE, ANYONECANPAY": (0b011, {0x83}, 0b101),
    "the strictest counts": (0b011, {0x83, 1}, 0b100),
    "nothing becomes modifiable again": (0b000, {0x81}, 0b000),
}


@pytest.mark.parametrize(("before", "sighashes", "after"), MODIFIABLE.values(), ids=MODIFIABLE.keys())
def test_a_signer_says_what_may_still_be_changed(before: int, sighashes: set[int], after: int) -> None:
    """BIP370, "Signer"."""
    made = changed(of_version(2), "head", 0x06, bytes([before]))
    assert bytes([after]) == with_signatures(made, {}, sighashes).head[b"\x06"]


def test_without_the_field_nothing_is_added() -> None:
    """Nothing may be changed then, and still may not."""
    made: Any = changed(of_version(2), "head", 0x06, None)
    assert made.head == with_signatures(made, {}, {1}).head
