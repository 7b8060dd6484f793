"""Partially signed Bitcoin transactions, versions 0 (BIP174) and 2 (BIP370), with Taproot's fields (BIP371). Pure.

Read strictly, as what is shown to a person comes from here: no key twice in a map, no field in a version or a form that it does not
have, lengths as short as can be, nothing behind the end. What is read is written again to the same bytes; what nobody here knows stays
where it is, as BIP174 has it. What the fields say of each other is checked in ``psbt_checks``.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64

from native_host.encodings import psbt_fields as fields
from native_host.encodings.bitcoin_transaction import (
    FINAL_SEQUENCE,
    Reader,
    Transaction,
    TransactionInput,
    TransactionOutput,
    parse_unsigned,
    sized,
)
from native_host.value import Value

MAGIC = b"psbt\xff"
MAX_BYTES = 1 << 20
MAX_INPUTS = 1000
MAX_OUTPUTS = 250
"""More than that nobody reads before deciding."""
LOCK_TIME_THRESHOLD = 500_000_000
"""Below it a lock time is a height of a block, from there on a time in seconds since 1970."""

Map = dict[bytes, bytes]

_UNSIGNED_TX, _VERSION = b"\x00", b"\xfb"
_TX_VERSION, _FALLBACK_LOCK_TIME, _INPUT_COUNT, _OUTPUT_COUNT = b"\x02", b"\x03", b"\x04", b"\x05"
_TXID, _INDEX, _SEQUENCE, _TIME, _HEIGHT = b"\x0e", b"\x0f", b"\x10", b"\x11", b"\x12"
_AMOUNT, _SCRIPT = b"\x03", b"\x04"


class Refused(ValueError):
    """A PSBT that is not one, or not one to sign; the message is a plain sentence without a value of the caller."""


class Unknown(Refused):
    """It needs of its signer what this one does not know; ``what`` names it."""

    def __init__(self, what: str) -> None:
        super().__init__("This PSBT needs a signer for what Strongroom does not know. Nothing of it is signed.")
        self.what = what


class Psbt(Value, frozen=True, kw_only=True):
    """The maps as they came, keys to values, and the transaction that they make."""

    version: int
    transaction: Transaction
    head: Map
    inputs: tuple[Map, ...]
    outputs: tuple[Map, ...]


def decode_base64(text: str) -> bytes:
    """The bytes of a PSBT's text; raises ``Refused``."""
    try:
        return a2b_base64(text.encode("ascii"), strict_mode=True)
    except (Base64Error, UnicodeEncodeError):
        raise Refused("A PSBT is given in base64, with padding.") from None


def encode_base64(data: bytes) -> str:
    """The text of a PSBT."""
    return b2a_base64(data, newline=False).decode("ascii")


def parse_psbt(data: bytes) -> Psbt:
    """A PSBT; raises ``Refused``, and ``Unknown`` where it needs of its signer what this one does not know."""
    if len(data) > MAX_BYTES:
        raise Refused("The PSBT is longer than 1 MiB.")
    if data[: len(MAGIC)] != MAGIC:
        raise Refused("That is no PSBT.")
    try:
        return _parse(Reader(data, len(MAGIC)))
    except Refused:
        raise
    except ValueError:
        raise Refused("The PSBT is cut off, or not written as BIP174 says.") from None


def encode_psbt(psbt: Psbt) -> bytes:
    """The bytes of a PSBT, each map in its order."""
    return MAGIC + b"".join(_encode_map(one) for one in (psbt.head, *psbt.inputs, *psbt.outputs))


def _parse(reader: Reader) -> Psbt:
    head = _read_map(reader)
    version = int.from_bytes(head.get(_VERSION, b""), "little")
    if version not in {0, 2}:
        raise Refused("There is no such version of PSBTs.")
    _check_fields(head, fields.GLOBAL, version)
    unsigned = _unsigned(head) if version == 0 else None
    inputs, outputs = (
        (len(unsigned.inputs), len(unsigned.outputs)) if unsigned else (_count(head, _INPUT_COUNT), _count(head, _OUTPUT_COUNT))
    )
    if not 1 <= inputs <= MAX_INPUTS or not 1 <= outputs <= MAX_OUTPUTS:
        raise Refused(f"A PSBT has from 1 to {MAX_INPUTS} inputs and from 1 to {MAX_OUTPUTS} outputs here.")
    input_maps = tuple(_checked_map(reader, fields.INPUT, version) for _ in range(inputs))
    output_maps = tuple(_checked_map(reader, fields.OUTPUT, version) for _ in range(outputs))
    if not reader.at_end():
        raise Refused("Something follows the PSBT.")
    transaction = unsigned or _assembled(head, input_maps, output_maps)
    return Psbt(version=version, transaction=transaction, head=head, inputs=input_maps, outputs=output_maps)


def _read_map(reader: Reader) -> Map:
    found: Map = {}
    while key := reader.sized():
        if key in found:
            raise Refused("A field is in the PSBT twice.")
        found[key] = reader.sized()
    return found


def _checked_map(reader: Reader, known: dict[int, fields.Field], version: int) -> Map:
    found = _read_map(reader)
    _check_fields(found, known, version)
    return found


def _check_fields(found: Map, known: dict[int, fields.Field], version: int) -> None:
    for key, value in found.items():
        field = known.get(key[0])
        if field is None:
            continue
        if version not in field.versions:
            raise Refused(f"A PSBT of this version has no field for this: {field.name}.")
        if len(key) - 1 not in field.key_sizes or not field.form(value):
            raise Refused(f"A field of the PSBT has not the form that it must have: {field.name}.")
        if field.unsupported is not None:
            raise Unknown(field.unsupported)


def _encode_map(found: Map) -> bytes:
    return b"".join(sized(key) + sized(value) for key, value in found.items()) + b"\x00"


def _unsigned(head: Map) -> Transaction:
    data = head.get(_UNSIGNED_TX)
    if data is None:
        raise Refused("The PSBT has no transaction.")
    try:
        return parse_unsigned(data)
    except ValueError:
        raise Refused("The PSBT's transaction is none, or has signatures already.") from None


def _count(head: Map, key: bytes) -> int:
    if _TX_VERSION not in head or key not in head:
        raise Refused("The PSBT lacks a field that version 2 must have.")
    return Reader(head[key]).compact_size()


def _assembled(head: Map, inputs: tuple[Map, ...], outputs: tuple[Map, ...]) -> Transaction:
    """The transaction of a PSBT of version 2."""
    if any(_TXID not in one or _INDEX not in one for one in inputs) or any(_AMOUNT not in one or _SCRIPT not in one for one in outputs):
        raise Refused("The PSBT lacks a field that version 2 must have.")
    return Transaction(
        version=_little(head[_TX_VERSION]),
        inputs=tuple(
            TransactionInput(
                txid=one[_TXID], index=_little(one[_INDEX]), sequence=_little(one[_SEQUENCE]) if _SEQUENCE in one else FINAL_SEQUENCE
            )
            for one in inputs
        ),
        outputs=tuple(TransactionOutput(amount=_little(one[_AMOUNT]), script=one[_SCRIPT]) for one in outputs),
        lock_time=_lock_time(head, inputs),
    )


def _lock_time(head: Map, inputs: tuple[Map, ...]) -> int:
    """BIP370, "Determining Lock Time": the latest that every input which asks for one can have; a height where both would do."""
    asking = [one for one in inputs if _TIME in one or _HEIGHT in one]
    if not asking:
        return _little(head.get(_FALLBACK_LOCK_TIME, b""))
    times, heights = ([_little(one[key]) for one in asking if key in one] for key in (_TIME, _HEIGHT))
    if any(time < LOCK_TIME_THRESHOLD for time in times) or any(not 0 < height < LOCK_TIME_THRESHOLD for height in heights):
        raise Refused("A lock time in the PSBT is none of its kind.")
    if len(heights) == len(asking):
        return max(heights)
    if len(times) == len(asking):
        return max(times)
    raise Refused("The PSBT's inputs ask for lock times that exclude each other.")


def _little(value: bytes) -> int:
    return int.from_bytes(value, "little")
