"""Bitcoin transactions as they go over the network (BIP144), and what they are made of: compact sizes, inputs, outputs. Pure.

Read strictly: every compact size is the shortest there is, and nothing follows the last byte; so what was read is written again to
the same bytes.
"""

from __future__ import annotations

from hashlib import sha256

from native_host.value import Value

TXID_BYTES = 32
MAX_MONEY = 21_000_000 * 100_000_000
"""In satoshi: no amount, and no sum of amounts, can be more."""
FINAL_SEQUENCE = 0xFFFFFFFF
_SEGWIT_MARKER = b"\x00\x01"
_SMALLEST = {2: 0xFD, 4: 0x10000, 8: 0x100000000}
_WIDTHS = {0xFD: 2, 0xFE: 4, 0xFF: 8}


class Reader:
    """Bytes read from the front; raises ``ValueError`` where there are too few."""

    __slots__ = ("data", "place")

    def __init__(self, data: bytes, place: int = 0) -> None:
        self.data = data
        self.place = place

    def take(self, length: int) -> bytes:
        """The next bytes."""
        end = self.place + length
        taken = self.data[self.place : end]
        if len(taken) != length:
            raise ValueError("the bytes end too early")
        self.place = end
        return taken

    def number(self, width: int) -> int:
        """An unsigned little-endian number of so many bytes."""
        return int.from_bytes(self.take(width), "little")

    def compact_size(self) -> int:
        """A length; raises ``ValueError`` if it is not written as short as can be."""
        first = self.number(1)
        width = _WIDTHS.get(first)
        if width is None:
            return first
        size = self.number(width)
        if size < _SMALLEST[width]:
            raise ValueError("a length is not written as short as it can be")
        return size

    def sized(self) -> bytes:
        """As many bytes as a length before them says."""
        return self.take(self.compact_size())

    def count(self, smallest: int) -> int:
        """A number of things of at least so many bytes each, for which there is room."""
        count = self.compact_size()
        if count * smallest > len(self.data) - self.place:
            raise ValueError("the bytes end too early")
        return count

    def at_end(self) -> bool:
        """Whether everything was read."""
        return self.place == len(self.data)


class TransactionInput(Value, frozen=True, kw_only=True):
    """``txid`` in the order of the wire, which is the reverse of how it is shown."""

    txid: bytes
    index: int
    sequence: int = FINAL_SEQUENCE


class TransactionOutput(Value, frozen=True, kw_only=True):
    """``amount`` in satoshi."""

    amount: int
    script: bytes


class Transaction(Value, frozen=True, kw_only=True):
    """A transaction without what satisfies its inputs' scripts."""

    version: int
    inputs: tuple[TransactionInput, ...]
    outputs: tuple[TransactionOutput, ...]
    lock_time: int


class Mined(Value, frozen=True, kw_only=True):
    """A transaction that is spent from: its id, in the order of the wire, and its outputs."""

    txid: bytes
    outputs: tuple[TransactionOutput, ...]


def parse_unsigned(data: bytes) -> Transaction:
    """A transaction whose inputs have neither scripts nor witnesses.

    Raises:
        ValueError: it is none, or has some.
    """
    reader = Reader(data)
    version = reader.number(4)
    inputs = []
    for _ in range(reader.count(41)):
        txid, index = reader.take(TXID_BYTES), reader.number(4)
        if reader.sized():
            raise ValueError("an input of the unsigned transaction has a script")
        inputs.append(TransactionInput(txid=txid, index=index, sequence=reader.number(4)))
    outputs = _outputs(reader)
    lock_time = reader.number(4)
    if not reader.at_end():
        raise ValueError("something follows the transaction")
    return Transaction(version=version, inputs=tuple(inputs), outputs=outputs, lock_time=lock_time)


def parse_mined(data: bytes) -> Mined:
    """The id and the outputs of a whole transaction, with or without witnesses.

    Raises:
        ValueError: it is none.
    """
    reader = Reader(data, 4)
    has_witnesses = data[4:6] == _SEGWIT_MARKER
    start = 4 + len(_SEGWIT_MARKER) if has_witnesses else 4
    reader.place = start
    inputs = reader.count(41)
    for _ in range(inputs):
        reader.take(TXID_BYTES + 4)
        reader.sized()
        reader.take(4)
    outputs = _outputs(reader)
    body = data[start : reader.place]
    for _ in range(inputs if has_witnesses else 0):
        for _ in range(reader.count(1)):
            reader.sized()
    lock_time = reader.take(4)
    if not reader.at_end() or not inputs:
        raise ValueError("that is no transaction")
    return Mined(txid=sha256d(data[:4] + body + lock_time), outputs=outputs)


def encode_unsigned(transaction: Transaction) -> bytes:
    """The bytes of a transaction whose inputs have nothing that satisfies their scripts."""
    inputs = (one.txid + one.index.to_bytes(4, "little") + b"\x00" + one.sequence.to_bytes(4, "little") for one in transaction.inputs)
    return b"".join((
        transaction.version.to_bytes(4, "little"),
        compact_size(len(transaction.inputs)),
        *inputs,
        compact_size(len(transaction.outputs)),
        *map(encode_output, transaction.outputs),
        transaction.lock_time.to_bytes(4, "little"),
    ))  # fmt: skip


def encode_output(output: TransactionOutput) -> bytes:
    """An amount and its script."""
    return output.amount.to_bytes(8, "little") + sized(output.script)


def parse_output(data: bytes) -> TransactionOutput:
    """One output and nothing else; raises ``ValueError``."""
    reader = Reader(data)
    output = TransactionOutput(amount=reader.number(8), script=reader.sized())
    if not reader.at_end():
        raise ValueError("something follows the output")
    return output


def compact_size(number: int) -> bytes:
    """A length, written as short as can be."""
    for first, width in _WIDTHS.items():
        if number < _SMALLEST[width]:
            break
        if number < 1 << 8 * width:
            return bytes((first,)) + number.to_bytes(width, "little")
    return bytes((number,))


def sized(data: bytes) -> bytes:
    """A length and the bytes."""
    return compact_size(len(data)) + data


def sha256d(data: bytes) -> bytes:
    """SHA-256 of SHA-256."""
    return sha256(sha256(data).digest()).digest()


def _outputs(reader: Reader) -> tuple[TransactionOutput, ...]:
    return tuple(TransactionOutput(amount=reader.number(8), script=reader.sized()) for _ in range(reader.count(9)))
