"""Makes JSON keystores with other people's primitives, as cheap ones as a test wants."""

from __future__ import annotations

import json
from hashlib import pbkdf2_hmac, sha256
from typing import Any

from Crypto.Cipher import AES
from Crypto.Hash import keccak
from Crypto.Protocol.KDF import scrypt
from Crypto.Util import Counter

IV = bytes(range(16))
SALT = b"salt of a keystore, 32 bytes....".ljust(32, b".")
SCRYPT = {"dklen": 32, "n": 2, "r": 8, "p": 1, "salt": SALT.hex()}
PBKDF2 = {"dklen": 32, "c": 1, "prf": "hmac-sha256", "salt": SALT.hex()}


def _key(kdf: str, params: dict[str, Any], password: bytes) -> bytes:
    salt = bytes.fromhex(params["salt"])
    if kdf == "pbkdf2":
        return pbkdf2_hmac("sha256", password, salt, params["c"], 32)
    key = scrypt(password, salt, 32, N=params["n"], r=params["r"], p=params["p"])  # type: ignore[arg-type]
    assert isinstance(key, bytes)
    return key


def _encrypt(key: bytes, secret: bytes) -> bytes:
    return AES.new(key[:16], AES.MODE_CTR, counter=Counter.new(128, initial_value=int.from_bytes(IV, "big"))).encrypt(secret)


def web3(secret: bytes, *, password: bytes = b"password", kdf: str = "scrypt", **members: Any) -> dict[str, Any]:
    """A Web3 keystore of version 3 without an address, unless one is among ``members``."""
    params = SCRYPT if kdf == "scrypt" else PBKDF2
    key = _key(kdf, params, password)
    ciphertext = _encrypt(key, secret)
    crypto = {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": IV.hex()},
        "ciphertext": ciphertext.hex(),
        "kdf": kdf,
        "kdfparams": params,
        "mac": keccak.new(data=key[16:] + ciphertext, digest_bits=256).hexdigest(),
    }
    return {"version": 3, "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6", "crypto": crypto, **members}


def eip2335(secret: bytes, *, password: bytes = b"password", kdf: str = "scrypt", **members: Any) -> dict[str, Any]:
    """An EIP-2335 keystore without a public key, unless one is among ``members``."""
    params = SCRYPT if kdf == "scrypt" else PBKDF2
    key = _key(kdf, params, password)
    ciphertext = _encrypt(key, secret)
    crypto = {
        "kdf": {"function": kdf, "params": params, "message": ""},
        "checksum": {"function": "sha256", "params": {}, "message": sha256(key[16:] + ciphertext).hexdigest()},
        "cipher": {"function": "aes-128-ctr", "params": {"iv": IV.hex()}, "message": ciphertext.hex()},
    }
    return {"version": 4, "uuid": "1d85ae20-35c5-4611-98e8-aa14a633906f", "path": "", "crypto": crypto, **members}


def text(value: Any) -> bytes:
    """The JSON of a value."""
    return json.dumps(value).encode()


def changed(value: Any, *path: str, to: Any) -> Any:
    """A copy of nested objects with one member another."""
    first, *rest = path
    return {**value, first: changed(value[first], *rest, to=to) if rest else to}
