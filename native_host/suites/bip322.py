"""BIP322 signatures of messages, "simple" and "full", by P2WPKH (BIP143 sighash), P2TR key path (BIP341 sighash), P2SH-P2WPKH
and P2PKH addresses.

A message is signed by signing a transaction that can never be mined: ``to_spend`` pays to the address and commits to the
message, ``to_sign`` spends it to OP_RETURN. A simple signature is the serialized witness stack of ``to_sign``'s only input; only
native segwit addresses have one, as the BIP says, since the others also need a script. A full one is ``to_sign`` itself.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

from native_host.encodings.hash160 import hash160
from native_host.secret import wipe
from native_host.sodium import random_bytes
from native_host.suites import secp256k1
from native_host.suites.hd.accounts import taproot_output_key, taproot_tweak
from native_host.value import Value

Kind = Literal["p2pkh", "p2sh-p2wpkh", "p2wpkh", "p2tr"]
Secret = bytes | bytearray | memoryview

_NO_OUTPUT = bytes(32) + b"\xff\xff\xff\xff"
_VALUE = bytes(8)
_OP_RETURN = b"\x6a"
_SIGHASH_ALL = 1
_WITNESS_FLAG = b"\x00\x01"


class Fields(Value, frozen=True, kw_only=True):
    """What the BIP lets a full ``to_sign`` have other than 0: "as appropriate", for scripts with time locks."""

    version: int = 0
    lock_time: int = 0
    sequence: int = 0


ZERO = Fields()


def message_hash(message: bytes) -> bytes:
    """The tagged hash of BIP322 that ``to_spend`` commits to."""
    return _tagged_hash(b"BIP0322-signed-message", message)


def to_spend(message: bytes, script: bytes) -> bytes:
    """The transaction that pays to ``script`` (an output script) and commits to the message."""
    push = b"\x00\x20" + message_hash(message)
    return _u32(0) + b"\x01" + _NO_OUTPUT + _sized(push) + _u32(0) + b"\x01" + _VALUE + _sized(script) + _u32(0)


def to_sign(message: bytes, script: bytes, *, script_sig: bytes = b"", witness: bytes = b"", fields: Fields = ZERO) -> bytes:
    """The transaction that spends it: signed, or with neither script nor witness."""
    flag = _WITNESS_FLAG if witness else b""
    spent = b"\x01" + _outpoint(message, script) + _sized(script_sig) + _u32(fields.sequence)
    return _u32(fields.version) + flag + spent + b"\x01" + _output() + witness + _u32(fields.lock_time)


def script_of(kind: Kind, public: bytes) -> bytes:
    """The output script of a compressed public key, or of an x-only internal one that commits to no script (``p2tr``, BIP86)."""
    match kind:
        case "p2pkh":
            return b"\x76\xa9\x14" + hash160(public) + b"\x88\xac"
        case "p2sh-p2wpkh":
            return b"\xa9\x14" + hash160(_p2wpkh_script(public)) + b"\x87"
        case "p2wpkh":
            return _p2wpkh_script(public)
        case "p2tr":
            return b"\x51\x20" + taproot_output_key(public)


def sighash(kind: Kind, message: bytes, public: bytes, fields: Fields = ZERO) -> bytes:
    """The digest that is signed, SIGHASH_ALL: BIP143's for P2WPKH also in P2SH, BIP341's for P2TR, the first one for P2PKH."""
    script = script_of(kind, public)
    if kind == "p2tr":
        return _taproot_sighash(message, script, fields)
    if kind == "p2pkh":
        return _sha256d(to_sign(message, script, script_sig=script, fields=fields) + _u32(_SIGHASH_ALL))
    return _segwit_sighash(message, script, script_of("p2pkh", public), fields)


def sign_simple(kind: Kind, secret: Secret, message: bytes, *, public: bytes, aux: bytes | None = None) -> bytes:
    """The witness stack: DER signature ‖ SIGHASH_ALL and public key, or BIP340 signature ‖ SIGHASH_ALL.

    ``public`` is the secret's own key, as ``script_of`` takes it; ``aux`` BIP340's auxiliary randomness, fresh unless given.

    Raises:
        ValueError: for a kind of address that has no such form.
    """
    if kind not in {"p2wpkh", "p2tr"}:
        raise ValueError("a simple signature is one of a native segwit address")
    return _stack(*_signed(kind, secret, message, public, aux, ZERO))


def sign_full(kind: Kind, secret: Secret, message: bytes, *, public: bytes, aux: bytes | None = None, fields: Fields = ZERO) -> bytes:
    """The whole ``to_sign`` with its signature; parameters as for ``sign_simple``."""
    script, stack = script_of(kind, public), _signed(kind, secret, message, public, aux, fields)
    if kind == "p2pkh":
        return to_sign(message, script, script_sig=b"".join(map(_sized, stack)), fields=fields)
    script_sig = _sized(_p2wpkh_script(public)) if kind == "p2sh-p2wpkh" else b""
    return to_sign(message, script, script_sig=script_sig, witness=_stack(*stack), fields=fields)


def _signed(kind: Kind, secret: Secret, message: bytes, public: bytes, aux: bytes | None, fields: Fields) -> tuple[bytes, ...]:
    """What satisfies the script, in order.

    For Taproot too the type is spelt out, where its default means the same, as the BIP's required rules name SIGHASH_ALL.
    """
    digest = sighash(kind, message, public, fields)
    if kind != "p2tr":
        return secp256k1.to_der(secp256k1.ecdsa_sign(secret, digest, public)) + bytes((_SIGHASH_ALL,)), public
    tweaked = secp256k1.add_to_even_secret(secret, taproot_tweak(public))
    try:
        signature = secp256k1.schnorr_sign(tweaked, digest, aux=random_bytes(secp256k1.AUX_BYTES) if aux is None else aux)
    finally:
        wipe(tweaked)
    return (signature + bytes((_SIGHASH_ALL,)),)


def _segwit_sighash(message: bytes, script: bytes, script_code: bytes, fields: Fields) -> bytes:
    outpoint, sequence = _outpoint(message, script), _u32(fields.sequence)
    preimage = _u32(fields.version) + _sha256d(outpoint) + _sha256d(sequence) + outpoint + _sized(script_code) + _VALUE + sequence
    return _sha256d(preimage + _sha256d(_output()) + _u32(fields.lock_time) + _u32(_SIGHASH_ALL))


def _taproot_sighash(message: bytes, script: bytes, fields: Fields) -> bytes:
    common = _u32(fields.version) + _u32(fields.lock_time)
    inputs = _sha256(_outpoint(message, script)) + _sha256(_VALUE) + _sha256(_sized(script)) + _sha256(_u32(fields.sequence))
    spend_type_and_index = bytes(1) + bytes(4)
    preimage = common + inputs + _sha256(_output()) + spend_type_and_index
    return _tagged_hash(b"TapSighash", b"\x00" + bytes((_SIGHASH_ALL,)) + preimage)


def _p2wpkh_script(public: bytes) -> bytes:
    return b"\x00\x14" + hash160(public)


def _stack(*items: bytes) -> bytes:
    return bytes((len(items),)) + b"".join(map(_sized, items))


def _outpoint(message: bytes, script: bytes) -> bytes:
    return _sha256d(to_spend(message, script)) + bytes(4)


def _output() -> bytes:
    return _VALUE + _sized(_OP_RETURN)


def _u32(number: int) -> bytes:
    return number.to_bytes(4, "little")


def _sized(data: bytes) -> bytes:
    """Length, as the compact size that one byte is for everything built here, and the data."""
    return bytes((len(data),)) + data


def _tagged_hash(tag: bytes, data: bytes) -> bytes:
    tag_hash = _sha256(tag)
    return _sha256(tag_hash + tag_hash + data)


def _sha256(data: bytes) -> bytes:
    return sha256(data).digest()


def _sha256d(data: bytes) -> bytes:
    return _sha256(_sha256(data))
