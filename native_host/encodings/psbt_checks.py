"""What a PSBT says of each input and output, and whether it can be true: nothing here is believed that can be checked. Pure.

A previous transaction must be the one whose id the input names, and the spent output the one in it; scripts must be those that outputs
commit to. An amount is *proven* by the previous transaction, or because a Taproot signature of ours commits to it (BIP341): the sighash
of segwit version 0 covers the input's own amount only, so that two lies about amounts make a true signature with a fee that nobody saw
(CVE-2020-14199).
"""

from __future__ import annotations

from native_host.encodings import bitcoin_script as script
from native_host.encodings.bitcoin_transaction import MAX_MONEY, Reader, TransactionOutput, parse_mined, parse_output
from native_host.encodings.psbt import Map, Psbt, Refused
from native_host.value import Value

PREVIOUS, SPENT, SIGNATURE, SIGHASH, REDEEM, WITNESS, DERIVATION = (bytes((number,)) for number in range(7))
FINAL_SCRIPT, FINAL_WITNESS = b"\x07", b"\x08"
TAP_SIGNATURE, TAP_DERIVATION, TAP_KEY, TAP_ROOT = b"\x13", b"\x16", b"\x17", b"\x18"
_OUT_REDEEM, _OUT_WITNESS, _OUT_DERIVATION = b"\x00", b"\x01", b"\x02"
_OUT_TAP_KEY, _OUT_TAP_TREE, _OUT_TAP_DERIVATION = b"\x05", b"\x06", b"\x07"
_XPUB = 0x01


class Derivation(Value, frozen=True, kw_only=True):
    """A claim that ``public`` (SEC 1, or x-only) stands at ``path`` under the master key of that fingerprint (4 bytes)."""

    public: bytes
    fingerprint: bytes
    path: tuple[int, ...]


class Scripts(Value, frozen=True, kw_only=True):
    """An output script with what the PSBT says of it: an input's, of the output that it spends, or an output's own.

    ``tap_tree``: whether other scripts may spend it. ``lock`` is the script that has to be satisfied, behind P2SH and P2WSH.
    """

    script: bytes
    redeem: bytes | None = None
    witness: bytes | None = None
    derivations: tuple[Derivation, ...] = ()
    tap_key: bytes | None = None
    tap_root: bytes = b""
    tap_tree: bool = False

    @property
    def lock(self) -> bytes:
        return self.witness or self.redeem or self.script


class Input(Value, frozen=True, kw_only=True):
    """``amount`` in satoshi, ``None`` where the PSBT does not say; ``proven``: by the previous transaction. ``sighash`` as it is asked for.
    ``signed`` holds the public keys of whom there are signatures; ``tap_signed`` that there is one by the Taproot key.
    """

    scripts: Scripts | None
    amount: int | None
    proven: bool
    sighash: int | None
    signed: frozenset[bytes]
    tap_signed: bool
    final: bool


class Checked(Value, frozen=True, kw_only=True):
    """A PSBT in whose fields no contradiction was found. ``xpubs``: extended public keys (78 bytes) with where they claim to stand."""

    psbt: Psbt
    inputs: tuple[Input, ...]
    outputs: tuple[Scripts, ...]
    xpubs: tuple[tuple[bytes, Derivation], ...]

    @property
    def spent(self) -> int | None:
        """The sum of the inputs in satoshi, if every amount is given."""
        amounts = [one.amount for one in self.inputs if one.amount is not None]
        return sum(amounts) if len(amounts) == len(self.inputs) else None

    @property
    def paid(self) -> int:
        """The sum of the outputs in satoshi."""
        return sum(one.amount for one in self.psbt.transaction.outputs)

    @property
    def fee(self) -> int | None:
        """What the miner gets, in satoshi, if every amount is given."""
        return None if self.spent is None else self.spent - self.paid


def check_psbt(psbt: Psbt) -> Checked:
    """The PSBT with what its fields say; raises ``Refused`` where they contradict each other or what they name."""
    transaction = psbt.transaction
    outpoints = {(one.txid, one.index) for one in transaction.inputs}
    if len(outpoints) != len(transaction.inputs):
        raise Refused("The transaction spends the same output twice.")
    inputs = tuple(_input(psbt, index, found) for index, found in enumerate(psbt.inputs))
    outputs = tuple(_scripts_of_output(one, found) for one, found in zip(transaction.outputs, psbt.outputs, strict=True))
    xpubs = tuple((key[1:], _derivation(b"", value)) for key, value in psbt.head.items() if key[0] == _XPUB)
    checked = Checked(psbt=psbt, inputs=inputs, outputs=outputs, xpubs=xpubs)
    if max(checked.paid, checked.spent or 0, *(one.amount or 0 for one in inputs)) > MAX_MONEY:
        raise Refused("The amounts are more than all bitcoins that there will be.")
    if checked.fee is not None and checked.fee < 0:
        raise Refused("The transaction pays more than it spends.")
    return checked


def _input(psbt: Psbt, index: int, found: Map) -> Input:
    spent, proven = _spent_output(psbt, index, found)
    if spent is not None and not spent.script:
        raise Refused("An input spends an output that has no script, which no wallet makes.")
    sighash = found.get(SIGHASH)
    return Input(
        scripts=None if spent is None else _scripts_of_input(spent, found),
        amount=None if spent is None else spent.amount,
        proven=proven,
        sighash=None if sighash is None else int.from_bytes(sighash, "little"),
        signed=frozenset(key[1:] for key in found if key[:1] == SIGNATURE),
        tap_signed=TAP_SIGNATURE in found,
        final=FINAL_SCRIPT in found or FINAL_WITNESS in found,
    )


def _spent_output(psbt: Psbt, index: int, found: Map) -> tuple[TransactionOutput | None, bool]:
    """What an input spends, and whether its previous transaction proves it."""
    outpoint = psbt.transaction.inputs[index]
    try:
        claimed = parse_output(found[SPENT]) if SPENT in found else None
        previous = parse_mined(found[PREVIOUS]) if PREVIOUS in found else None
    except ValueError:
        raise Refused("What an input spends is not readable.") from None
    if previous is None:
        if claimed is not None and not _may_be_segwit(claimed.script, found.get(REDEEM)):
            raise Refused("An input lacks its previous transaction, which all but segwit inputs must have.")
        return claimed, False
    if previous.txid != outpoint.txid or outpoint.index >= len(previous.outputs):
        raise Refused("A previous transaction is not the one that its input spends from.")
    proven = previous.outputs[outpoint.index]
    if claimed is not None and claimed != proven:
        raise Refused("What an input is said to spend is not what its previous transaction holds.")
    return proven, True


def _may_be_segwit(spent: bytes, redeem: bytes | None) -> bool:
    program = redeem if redeem is not None and script.kind_of(spent) == "p2sh" else spent
    return script.witness_program(program) is not None or (redeem is None and script.kind_of(spent) == "p2sh")


def _scripts_of_input(spent: TransactionOutput, found: Map) -> Scripts:
    scripts = Scripts(
        script=spent.script,
        redeem=found.get(REDEEM),
        witness=found.get(WITNESS),
        derivations=_derivations(found, DERIVATION, TAP_DERIVATION),
        tap_key=found.get(TAP_KEY),
        tap_root=found.get(TAP_ROOT, b""),
        tap_tree=TAP_ROOT in found,
    )
    _check_committed(scripts)
    return scripts


def _scripts_of_output(output: TransactionOutput, found: Map) -> Scripts:
    scripts = Scripts(
        script=output.script,
        redeem=found.get(_OUT_REDEEM),
        witness=found.get(_OUT_WITNESS),
        derivations=_derivations(found, _OUT_DERIVATION, _OUT_TAP_DERIVATION),
        tap_key=found.get(_OUT_TAP_KEY),
        tap_tree=_OUT_TAP_TREE in found,
    )
    _check_committed(scripts)
    return scripts


def _check_committed(scripts: Scripts) -> None:
    """The output commits to its redeem script, and one of the two to the witness script."""
    if scripts.redeem is not None and scripts.script != script.p2sh(scripts.redeem):
        raise Refused("A redeem script is not the one that its output commits to.")
    program = scripts.redeem if scripts.redeem is not None else scripts.script
    if scripts.witness is not None and program != script.p2wsh(scripts.witness):
        raise Refused("A witness script is not the one that its output commits to.")


def _derivations(found: Map, plain: bytes, taproot: bytes) -> tuple[Derivation, ...]:
    made = []
    for key, value in found.items():
        if key[:1] == plain:
            made.append(_derivation(key[1:], value))
        elif key[:1] == taproot:
            reader = Reader(value)
            leaves = reader.compact_size()
            if not leaves:  # with leaves, the key is one of scripts, which are not signed for here
                made.append(_derivation(key[1:], value[reader.place :]))
    return tuple(made)


def _derivation(public: bytes, value: bytes) -> Derivation:
    path = tuple(int.from_bytes(value[place : place + 4], "little") for place in range(4, len(value), 4))
    return Derivation(public=public, fingerprint=value[:4], path=path)
