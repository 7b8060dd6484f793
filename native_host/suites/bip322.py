"""BIP322 "simple" signatures, for P2WPKH (BIP143 sighash) and P2TR key path (BIP341 sighash) addresses.

A message is signed by signing a transaction that can never be mined: ``to_spend`` pays to the address and commits to the
message, ``to_sign`` spends it to OP_RETURN. The signature is the serialized witness stack of ``to_sign``'s only input.
P2PKH addresses have no witness, so the simple form does not cover them.
"""

from __future__ import annotations

from hashlib import sha256

from native_host.encodings.hash160 import hash160
from native_host.secret import wipe
from native_host.sodium import random_bytes
from native_host.suites import secp256k1
from native_host.suites.hd.accounts import taproot_output_key, taproot_tweak

_VERSION = (0).to_bytes(4, "little")
_LOCK_TIME = bytes(4)
_SEQUENCE = bytes(4)
_NO_OUTPUT = bytes(32) + b"\xff\xff\xff\xff"
_VALUE = bytes(8)
_OP_RETURN = b"\x6a"
_SIGHASH_ALL = 1


def message_hash(message: bytes) -> bytes:
    """The tagged hash of BIP322 that ``to_spend`` commits to."""
    return _tagged_hash(b"BIP0322-signed-message", message)


def to_spend(message: bytes, script: bytes) -> bytes:
    """The transaction that pays to ``script`` (an output script) and commits to the message."""
    push = b"\x00\x20" + message_hash(message)
    return _VERSION + b"\x01" + _NO_OUTPUT + _sized(push) + _SEQUENCE + b"\x01" + _VALUE + _sized(script) + _LOCK_TIME


def to_sign(message: bytes, script: bytes) -> bytes:
    """The transaction that spends it, without its witness."""
    return _VERSION + b"\x01" + _outpoint(message, script) + b"\x00" + _SEQUENCE + b"\x01" + _output() + _LOCK_TIME


def p2wpkh_script(public: bytes) -> bytes:
    """The output script of a compressed public key (BIP141)."""
    return b"\x00\x14" + hash160(public)


def p2tr_script(internal: bytes) -> bytes:
    """The output script of an x-only internal key that commits to no script (BIP86)."""
    return b"\x51\x20" + taproot_output_key(internal)


def p2wpkh_sighash(message: bytes, public: bytes) -> bytes:
    """The digest that is signed for a P2WPKH address, SIGHASH_ALL (BIP143)."""
    script = p2wpkh_script(public)
    outpoint = _outpoint(message, script)
    script_code = b"\x76\xa9\x14" + script[2:] + b"\x88\xac"
    preimage = _VERSION + _sha256d(outpoint) + _sha256d(_SEQUENCE) + outpoint + _sized(script_code) + _VALUE + _SEQUENCE
    return _sha256d(preimage + _sha256d(_output()) + _LOCK_TIME + _SIGHASH_ALL.to_bytes(4, "little"))


def p2tr_sighash(message: bytes, internal: bytes) -> bytes:
    """The message that is signed for a P2TR address by key path, SIGHASH_ALL (BIP341)."""
    script = p2tr_script(internal)
    common = _VERSION + _LOCK_TIME
    inputs = _sha256(_outpoint(message, script)) + _sha256(_VALUE) + _sha256(_sized(script)) + _sha256(_SEQUENCE)
    spend_type_and_index = bytes(1) + bytes(4)
    preimage = common + inputs + _sha256(_output()) + spend_type_and_index
    return _tagged_hash(b"TapSighash", b"\x00" + bytes((_SIGHASH_ALL,)) + preimage)


def sign_p2wpkh(secret: bytes | bytearray | memoryview, message: bytes, *, public: bytes) -> bytes:
    """The witness stack: DER signature ‖ SIGHASH_ALL, public key; ``public`` is the secret's own compressed key."""
    signature = secp256k1.to_der(secp256k1.ecdsa_sign(secret, p2wpkh_sighash(message, public), public))
    return b"\x02" + _sized(signature + bytes((_SIGHASH_ALL,))) + _sized(public)


def sign_p2tr(secret: bytes | bytearray | memoryview, message: bytes, *, internal: bytes, aux: bytes | None = None) -> bytes:
    """The witness stack: a BIP340 signature by the tweaked key ‖ SIGHASH_ALL; ``internal`` is the secret's x-only key.

    ``aux`` is BIP340's auxiliary randomness, fresh unless given. The type is spelt out, where Taproot's default means
    the same, because BIP322's required rules name SIGHASH_ALL.
    """
    aux = random_bytes(secp256k1.AUX_BYTES) if aux is None else aux
    tweaked = secp256k1.add_to_even_secret(secret, taproot_tweak(internal))
    try:
        signature = secp256k1.schnorr_sign(tweaked, p2tr_sighash(message, internal), aux=aux)
    finally:
        wipe(tweaked)
    return b"\x01" + _sized(signature + bytes((_SIGHASH_ALL,)))


def _outpoint(message: bytes, script: bytes) -> bytes:
    return _sha256d(to_spend(message, script)) + bytes(4)


def _output() -> bytes:
    return _VALUE + _sized(_OP_RETURN)


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
