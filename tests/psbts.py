"""PSBTs as a wallet makes them, by embit: what is spent, what is paid, whose it is. Another seed than the signer's is somebody else's."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from embit import bip39, ec, script
from embit.bip32 import HDKey, parse_path
from embit.psbt import PSBT, DerivationPath
from embit.transaction import Transaction, TransactionInput, TransactionOutput

from native_host.encodings.psbt import decode_base64, encode_psbt, parse_psbt
from native_host.encodings.psbt_checks import Checked, check_psbt
from native_host.encodings.spending import Spending
from native_host.review.bitcoin import describe
from native_host.suites import psbt_signing
from native_host.suites.hd import bip32
from native_host.suites.hd.extended_key import extended_public, fingerprint_of
from native_host.suites.psbt_keys import Keys, SeedKeys, find_own

WORDS = "abandon " * 11 + "about"
ROOT = HDKey.from_seed(bip39.mnemonic_to_seed(WORDS))
STRANGER = HDKey.from_seed(bip39.mnemonic_to_seed("zoo " * 11 + "wrong"))
THIRD = HDKey.from_seed(bip39.mnemonic_to_seed("legal winner thank year wave sausage worth useful legal winner thank yellow"))
PATHS = {"p2pkh": "m/44h/0h/0h", "p2sh-p2wpkh": "m/49h/0h/0h", "p2wpkh": "m/84h/0h/0h", "p2tr": "m/86h/0h/0h"}
SEVERAL = "m/48h/0h/0h/2h"


@dataclass
class Lock:
    """A script with what a PSBT says of it. ``keys``: (root, path) of every key in it."""

    kind: str
    keys: list[tuple[HDKey, str]]
    required: int = 1
    public: script.Script = field(init=False)
    redeem: script.Script | None = None
    witness: script.Script | None = None

    def __post_init__(self) -> None:
        points = [root.derive(path).get_public_key() for root, path in self.keys]
        match self.kind:
            case "p2pkh":
                self.public = script.p2pkh(points[0])
            case "p2wpkh":
                self.public = script.p2wpkh(points[0])
            case "p2sh-p2wpkh":
                self.redeem = script.p2wpkh(points[0])
                self.public = script.p2sh(self.redeem)
            case "p2tr":
                self.public = script.p2tr(points[0])
            case "p2wsh":
                self.witness = script.multisig(self.required, sorted(points))
                self.public = script.p2wsh(self.witness)
            case "p2sh-p2wsh":
                self.witness = script.multisig(self.required, sorted(points))
                self.redeem = script.p2wsh(self.witness)
                self.public = script.p2sh(self.redeem)
            case "p2sh":
                self.redeem = script.multisig(self.required, sorted(points))
                self.public = script.p2sh(self.redeem)

    def write(self, scope: Any) -> None:
        """What a wallet writes into an input or an output of its own."""
        scope.redeem_script, scope.witness_script = self.redeem, self.witness
        for root, path in self.keys:
            point = root.derive(path).get_public_key()
            place = DerivationPath(root.my_fingerprint, parse_path(path))
            if self.kind == "p2tr":
                scope.taproot_internal_key = ec.PublicKey.from_xonly(point.xonly())
                scope.taproot_bip32_derivations[ec.PublicKey.from_xonly(point.xonly())] = ([], place)
            else:
                scope.bip32_derivations[point] = place


def mine(kind: str = "p2wpkh", below: str = "0/0", *, root: HDKey = ROOT, account: str | None = None) -> Lock:
    return Lock(kind, [(root, f"{account or PATHS[kind]}/{below}")])


def ours(kind: str = "p2wsh", below: str = "0/0", *, required: int = 2, roots: Sequence[HDKey] = (ROOT, STRANGER, THIRD)) -> Lock:
    return Lock(kind, [(root, f"{SEVERAL}/{below}") for root in roots], required)


@dataclass
class Spend:
    """An input. ``previous``: whether its previous transaction is there; ``known``: whether the wallet says anything of its key."""

    lock: Lock
    amount: int
    sequence: int = 0xFFFFFFFD
    previous: bool = True
    known: bool = True
    sighash: int | None = None


@dataclass
class Pay:
    """An output. ``known``: whether the wallet says whose it is."""

    lock: Lock | bytes
    amount: int
    known: bool = False


def previous_of(spend: Spend, number: int) -> Transaction:
    """A transaction that pays to what is spent, beside something else."""
    source = TransactionInput(bytes([number % 251 + 1]) * 32, number)
    outputs = [TransactionOutput(5000 + number, script.p2wpkh(ROOT.get_public_key())), TransactionOutput(spend.amount, spend.lock.public)]
    return Transaction(2, [source], outputs, 0)


def make(spends: Sequence[Spend], pays: Sequence[Pay], *, version: int = 0, lock_time: int = 0, xpubs: Sequence[HDKey] = ()) -> PSBT:
    """A PSBT to be signed."""
    previous = [previous_of(spend, number) for number, spend in enumerate(spends)]
    inputs = [TransactionInput(one.txid(), 1, sequence=spend.sequence) for one, spend in zip(previous, spends, strict=True)]
    outputs = [TransactionOutput(pay.amount, pay.lock.public if isinstance(pay.lock, Lock) else script.Script(pay.lock)) for pay in pays]
    made = PSBT(Transaction(2, inputs, outputs, lock_time), version=version or None)
    for spend, transaction, scope in zip(spends, previous, made.inputs, strict=True):
        if spend.previous:
            scope.non_witness_utxo = transaction
        if spend.lock.kind not in {"p2pkh", "p2sh"}:
            scope.witness_utxo = transaction.vout[1]
        scope.sighash_type = spend.sighash
        if spend.known:
            spend.lock.write(scope)
    for pay, scope in zip(pays, made.outputs, strict=True):
        if pay.known and isinstance(pay.lock, Lock):
            pay.lock.write(scope)
    for root in xpubs:
        made.xpubs[root.derive(SEVERAL).to_public()] = DerivationPath(root.my_fingerprint, parse_path(SEVERAL))
    return made


def text_of(made: PSBT) -> str:
    """The base64 of a PSBT."""
    return base64.b64encode(made.serialize()).decode()


def elsewhere(kind: str = "p2wpkh", number: int = 0) -> Lock:
    """An address of somebody else."""
    return mine(kind, f"0/{number}", root=STRANGER)


SEED = bip39.mnemonic_to_seed(WORDS)


def seed_keys() -> SeedKeys:
    """The signer's."""
    return SeedKeys(fingerprint_of(extended_public(SEED, ()).public), lambda path: extended_public(SEED, path))


def checked_of(made: PSBT) -> Checked:
    """As the host reads it; raises what it raises."""
    return check_psbt(parse_psbt(decode_base64(text_of(made))))


def spending_of(made: PSBT, keys: Keys | None = None) -> Spending:
    """What of it is the signer's."""
    return find_own(checked_of(made), keys or seed_keys())


def sign(made: PSBT, *, finalize: bool = False) -> bytes:
    """With the signer's seed, as the host does."""
    checked = checked_of(made)
    spending = find_own(checked, seed_keys())
    digests = psbt_signing.Digests(checked)
    signatures = {own.index: psbt_signing.sign_input(digests, checked, own, bip32.derive(SEED, own.path or ())) for own in spending.to_sign}
    signed = psbt_signing.with_signatures(checked.psbt, signatures, {own.sighash for own in spending.to_sign})
    return encode_psbt(psbt_signing.finalized(checked, signed) if finalize else signed)


def described(made: PSBT) -> tuple[str, list[tuple[str, str]], list[str]]:
    """The title, the facts and the warnings that the person reads."""
    title, facts, warnings = describe(checked_of(made), spending_of(made))
    return title, [(one.label, one.value) for one in facts], list(warnings)


def stripped_size(transaction: Transaction) -> int:
    """In bytes, without witnesses."""
    inputs = sum(36 + 4 + len(one.script_sig.serialize()) for one in transaction.vin)
    return 4 + 1 + inputs + 1 + sum(len(one.serialize()) for one in transaction.vout) + 4
