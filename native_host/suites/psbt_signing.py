"""Signatures for a PSBT's inputs, and finalizing them. libwally computes what is signed and puts finished inputs together.

The digests are those of the transaction and the outputs that were decoded here and shown: libwally is given what we have written ourselves
and never the caller's bytes, and no secret. ECDSA and Schnorr signatures are made by libsecp256k1 from a buffer that is wiped
(``secp256k1``), each checked before it leaves. Standards: the first sighash, BIP143, BIP341 (key path); BIP174 and BIP370 for what is
written into the PSBT; nothing else in it changes.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from native_host.encodings import bitcoin_script as script
from native_host.encodings import psbt_checks as names
from native_host.encodings import psbt_fields as fields
from native_host.encodings.bitcoin_transaction import TransactionOutput, encode_output, encode_unsigned
from native_host.encodings.psbt import Map, Psbt, Refused, encode_psbt, parse_psbt
from native_host.encodings.spending import ANYONE_CAN_PAY, SIGHASH_DEFAULT, SIGHASH_NONE, SIGHASH_OUTPUTS, SIGHASH_SINGLE, OwnInput
from native_host.secret import wipe
from native_host.sodium import random_bytes
from native_host.suites import secp256k1
from native_host.suites.fault import SigningFault
from native_host.suites.psbt_keys import taproot_tweak

if TYPE_CHECKING:
    from native_host.encodings.psbt_checks import Checked, Scripts

Secret = bytes | bytearray | memoryview

_MODIFIABLE = b"\x06"
_INPUTS_MODIFIABLE, _OUTPUTS_MODIFIABLE, _HAS_SINGLE = 1, 2, 4
_UNSIGNED_TX = b"\x00"
_NO_CODE_SEPARATOR = 0xFFFFFFFF
_SCHNORR_BYTES = 64
_KEPT_WHEN_FINAL = frozenset({0x00, 0x01, 0x07, 0x08, 0x0E, 0x0F, 0x10, 0x11, 0x12, 0xFC})
"""The outputs that are spent, what satisfies them, and what makes the transaction of version 2; unknown fields stay too (BIP174)."""


def is_available() -> bool:
    """Whether libwally is here; some platforms have no build of it."""
    return find_spec("wallycore") is not None


class Digests:
    """The digests that are signed for a PSBT's inputs."""

    def __init__(self, checked: Checked) -> None:
        import wallycore

        self._wally = wallycore
        self._checked = checked
        self._transaction = wallycore.tx_from_bytes(encode_unsigned(checked.psbt.transaction), 0)
        self._taproot: tuple[Any, list[int]] | None = None

    def ecdsa(self, index: int, sighash: int) -> bytes:
        """The first sighash, or for a witness program of version 0 that of BIP143."""
        scripts, amount = self._previous(index)
        program = scripts.redeem if scripts.redeem is not None else scripts.script
        segwit = script.kind_of(program) in {"p2wpkh", "p2wsh"}
        code = scripts.lock
        if script.kind_of(program) == "p2wpkh":
            code = b"\x76\xa9\x14" + program[2:] + b"\x88\xac"
        flags = self._wally.WALLY_TX_FLAG_USE_WITNESS if segwit else 0
        return bytes(self._wally.tx_get_btc_signature_hash(self._transaction, index, code, amount if segwit else 0, sighash, flags))

    def taproot(self, index: int, sighash: int) -> bytes:
        """BIP341's for the key path; it covers what every input spends."""
        spent, amounts = self._all_spent()
        return bytes(
            self._wally.tx_get_btc_taproot_signature_hash(
                self._transaction, index, spent, amounts, None, 0, _NO_CODE_SEPARATOR, None, sighash, 0
            )
        )

    def _previous(self, index: int) -> tuple[Scripts, int]:
        one = self._checked.inputs[index]
        if one.scripts is None or one.amount is None:
            raise Refused("An input does not say what it spends.")
        return one.scripts, one.amount

    def _all_spent(self) -> tuple[Any, list[int]]:
        if self._taproot is None:
            spent = [self._previous(index) for index in range(len(self._checked.inputs))]
            known = self._wally.map_init(len(spent), None)
            for index, (scripts, _) in enumerate(spent):
                self._wally.map_add_integer(known, index, scripts.script)
            self._taproot = known, [amount for _, amount in spent]
        return self._taproot


def sign_input(digests: Digests, checked: Checked, own: OwnInput, secret: Secret) -> tuple[bytes, bytes]:
    """The field that an input gets, key and value. ``secret`` is that of ``own.public``.

    Raises:
        SigningFault: the secret is another's, or something went wrong while signing.
    """
    suffix = b"" if own.sighash == SIGHASH_DEFAULT else bytes((own.sighash,))
    if own.kind == "p2tr":
        return names.TAP_SIGNATURE, _sign_taproot(digests, checked, own, secret) + suffix
    signature = secp256k1.ecdsa_sign(secret, digests.ecdsa(own.index, own.sighash), own.public)
    return names.SIGNATURE + own.public, secp256k1.to_der(signature) + suffix


def _sign_taproot(digests: Digests, checked: Checked, own: OwnInput, secret: Secret) -> bytes:
    scripts = checked.inputs[own.index].scripts
    if scripts is None:
        raise Refused("An input does not say what it spends.")
    digest = digests.taproot(own.index, own.sighash)
    tweaked = secp256k1.add_to_even_secret(secret, taproot_tweak(own.public, scripts.tap_root))
    try:
        signature = secp256k1.schnorr_sign(tweaked, digest, aux=random_bytes(secp256k1.AUX_BYTES))
    finally:
        wipe(tweaked)
    if not secp256k1.schnorr_verify(scripts.script[2:], digest, signature):
        raise SigningFault
    return signature


def with_signatures(psbt: Psbt, signatures: dict[int, tuple[bytes, bytes]], sighashes: set[int]) -> Psbt:
    """The PSBT with a field more in each signed input, by its index; of version 2 also with what may still be changed (BIP370)."""
    from msgspec.structs import replace

    inputs = tuple(one | dict([signatures[index]]) if index in signatures else one for index, one in enumerate(psbt.inputs))
    head = psbt.head
    if psbt.version == 2 and _MODIFIABLE in head:  # noqa: PLR2004  # without the field nothing may be changed
        head = head | {_MODIFIABLE: bytes((_still_modifiable(head[_MODIFIABLE][0], sighashes),))}
    return replace(psbt, head=head, inputs=inputs)


def _still_modifiable(flags: int, sighashes: set[int]) -> int:
    for sighash in sighashes:
        outputs = sighash & SIGHASH_OUTPUTS
        flags &= ~0 if sighash & ANYONE_CAN_PAY else ~_INPUTS_MODIFIABLE
        flags &= ~0 if outputs == SIGHASH_NONE else ~_OUTPUTS_MODIFIABLE
        flags |= _HAS_SINGLE if outputs == SIGHASH_SINGLE else 0
    return flags & 0xFF


def finalized(checked: Checked, signed: Psbt) -> Psbt:
    """The PSBT with every input finalized that has the signatures it needs, its own and others', each checked first."""
    from msgspec.structs import replace

    plain, open_inputs = _plain(checked, signed)
    if not open_inputs:
        return signed
    import wallycore

    made = wallycore.psbt_from_bytes(encode_psbt(plain), wallycore.WALLY_PSBT_PARSE_FLAG_STRICT)
    wallycore.psbt_finalize(made, 0)
    finished = parse_psbt(bytes(wallycore.psbt_to_bytes(made, 0)))
    inputs = list(signed.inputs)
    for index in open_inputs:
        final = {key: value for key, value in finished.inputs[index].items() if key in {names.FINAL_SCRIPT, names.FINAL_WITNESS}}
        if final:
            kept = {key: value for key, value in signed.inputs[index].items() if key[0] in _KEPT_WHEN_FINAL or key[0] not in fields.INPUT}
            inputs[index] = kept | final
    return replace(signed, inputs=tuple(inputs))


def _plain(checked: Checked, signed: Psbt) -> tuple[Psbt, list[int]]:
    """A PSBT of version 0 with nothing but what finalizing needs, and the indexes of the inputs for which there is that."""
    digests, maps, indexes = Digests(checked), list[Map](), list[int]()
    for index, one in enumerate(signed.inputs):
        known = checked.inputs[index]
        made: Map = {}
        if known.scripts is not None and known.amount is not None and not known.final:
            made = _signatures(digests, checked, index, one)
        if made and known.scripts is not None:
            indexes.append(index)
            made |= _spent_fields(one, known.scripts, known.amount or 0)
        maps.append(made)
    outputs = tuple(Map() for _ in signed.outputs)
    head = {_UNSIGNED_TX: encode_unsigned(signed.transaction)}
    return Psbt(version=0, transaction=signed.transaction, head=head, inputs=tuple(maps), outputs=outputs), indexes


def _spent_fields(found: Map, scripts: Scripts, amount: int) -> Map:
    output = encode_output(TransactionOutput(amount=amount, script=scripts.script))
    spent = {names.PREVIOUS: found[names.PREVIOUS]} if names.PREVIOUS in found else {names.SPENT: output}
    given = ((names.REDEEM, scripts.redeem), (names.WITNESS, scripts.witness), (names.TAP_KEY, scripts.tap_key))
    return spent | {key: value for key, value in given if value is not None}


def _signatures(digests: Digests, checked: Checked, index: int, found: Map) -> Map:
    """The signatures of an input that are valid."""
    scripts = checked.inputs[index].scripts
    if scripts is None:
        return {}
    if script.kind_of(scripts.script) == "p2tr":
        signature = found.get(names.TAP_SIGNATURE, b"")
        sighash = signature[_SCHNORR_BYTES] if len(signature) > _SCHNORR_BYTES else SIGHASH_DEFAULT
        known = all(one.scripts is not None for one in checked.inputs)
        valid = signature and known and _is_schnorr(scripts.script[2:], digests.taproot(index, sighash), signature[:_SCHNORR_BYTES])
        return {names.TAP_SIGNATURE: signature} if valid else {}
    made: Map = {}
    for key, value in found.items():
        if key[:1] == names.SIGNATURE and value and _is_ecdsa(key[1:], digests.ecdsa(index, value[-1]), value[:-1]):
            made[key] = value
    return made


def _is_schnorr(xonly: bytes, digest: bytes, signature: bytes) -> bool:
    try:
        return secp256k1.schnorr_verify(xonly, digest, signature)
    except ValueError:
        return False


def _is_ecdsa(public: bytes, digest: bytes, der: bytes) -> bool:
    try:
        compact = secp256k1.from_der(der)
        return compact is not None and secp256k1.ecdsa_verify(public, digest, compact)
    except ValueError:
        return False
