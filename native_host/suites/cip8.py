"""Cardano's message signatures (CIP-8), in the form that wallets give dApps (CIP-30 ``signData``). CBOR by cbor2 (RFC 8949).

A COSE_Sign1 (RFC 9052 section 4.2) whose protected header holds ``alg`` EdDSA (-8) and ``address``, and a COSE_Key with the
public key. Signed is the Sig_structure, which begins with an array of four and the text "Signature1"; a Cardano transaction is
signed as the 32 bytes of its hash, so what is signed here is none.

``EdDSA`` is deprecated (RFC 9864), but it is the name that CIP-30 requires. The unprotected header is that of CIP-30, without
CIP-8's ``version``, which no wallet writes.
"""

from __future__ import annotations

from hashlib import blake2b

from native_host.encodings.bech32 import decode_bech32

Secret = bytes | bytearray | memoryview

_KTY, _ALG, _CRV, _X = 1, 3, -1, -2  # labels of a COSE_Key
_OKP, _EDDSA, _ED25519 = 1, -8, 6
_HEADER_ALG = 1
_HASH_BYTES = 28

# CIP-19: the upper half of an address's first byte, of those where the hash of the key that signs stands next.
_BASE_KEY, _BASE_SCRIPT, _ENTERPRISE, _REWARD = 0b0000, 0b0010, 0b0110, 0b1110
_ADDRESS_BYTES = {_BASE_KEY: 57, _BASE_SCRIPT: 57, _ENTERPRISE: 29, _REWARD: 29}
_NETWORK_OF_HRP = {"addr": 1, "addr_test": 0, "stake": 1, "stake_test": 0}
_ADDRESS_LETTERS = 108  # of ``addr_test1`` and 57 bytes


def key_hash(public: bytes) -> bytes:
    """Blake2b-224 of a public key: the credential in its addresses (CIP-19)."""
    return blake2b(public, digest_size=_HASH_BYTES).digest()


def parse_address(text: str, public: bytes) -> bytes:
    """The bytes of an address whose payment key, or staking key for a reward address, ``public`` is (as CIP-30 has it).

    Raises:
        ValueError: if it is no Shelley address in lower case, or one of another key or of a script.
    """
    hrp, data = decode_bech32(text, max_length=_ADDRESS_LETTERS)
    kind = data[0] >> 4 if data else -1
    fits = len(data) == _ADDRESS_BYTES.get(kind) and data[0] & 0x0F == _NETWORK_OF_HRP.get(hrp)
    if not fits or hrp.startswith("stake") is not (kind == _REWARD) or text != text.lower():
        raise ValueError("not an address of a Cardano key")
    if data[1 : 1 + _HASH_BYTES] != key_hash(public):
        raise ValueError("an address of another key")
    return data


def sig_structure(address: bytes, message: bytes) -> bytes:
    """The bytes that are signed (RFC 9052 section 4.4)."""
    from cbor2 import dumps

    return dumps(["Signature1", _protected(address), b"", message])


def sign(alg: str, secret: Secret, message: bytes, *, public: bytes, address: bytes) -> bytes:
    """The COSE_Sign1 by a key of ``Ed25519`` or ``Ed25519-BIP32``; ``address`` is one of its own."""
    from cbor2 import dumps

    to_sign = sig_structure(address, message)
    if alg == "Ed25519":
        from native_host.suites import ed25519

        signature = ed25519.sign(secret, data=to_sign, public=public)
    else:
        from native_host.suites import ed25519_bip32

        signature = ed25519_bip32.sign(secret, data=to_sign, public=public)
    return dumps([_protected(address), {"hashed": False}, message, signature])


def cose_key(public: bytes) -> bytes:
    """The COSE_Key that goes with it."""
    from cbor2 import dumps

    return dumps({_KTY: _OKP, _ALG: _EDDSA, _CRV: _ED25519, _X: public})


def _protected(address: bytes) -> bytes:
    from cbor2 import dumps

    return dumps({_HEADER_ALG: _EDDSA, "address": address})
