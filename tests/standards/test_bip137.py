"""BIP137: the old signed messages of Bitcoin addresses."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest
from coincurve import PublicKey
from embit import script as embit_script
from embit.ec import PublicKey as EmbitPublicKey
from embit.networks import NETWORKS
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.base58 import decode_base58check
from native_host.suites import bip137, es256k, signed_message
from tests.vector_files import load

BIP137 = load("bip137")
SECRET = bytes(31) + b"\x07"
PUBLIC = es256k.public_key(SECRET)
PATHS = {"p2pkh": "m/44'/0'/0'/0/0", "p2sh-p2wpkh": "m/49'/0'/0'/0/0", "p2wpkh": "m/84'/0'/0'/0/0"}
KINDS: tuple[bip137.Kind, ...] = ("p2pkh", "p2sh-p2wpkh", "p2wpkh")
FIRST_HEADER = {"p2pkh": 31, "p2sh-p2wpkh": 35, "p2wpkh": 39}

secrets = st.integers(1, 2**256 - 2**130).map(lambda number: number.to_bytes(32, "big"))


def _message(text: Any) -> bytes:
    return (text if isinstance(text, str) else text["repeat"] * text["times"]).encode()


def _recovered(signature: bytes, message: bytes) -> str | None:
    """The address that a signature is by, from the BIP's text and other libraries; ``None`` without one."""
    kind = next((kind for kind, first in FIRST_HEADER.items() if signature[0] in range(first, first + 4)), None)
    if kind is None:
        return None
    compact = signature[1:] + bytes((signature[0] - FIRST_HEADER[kind],))
    public = EmbitPublicKey.parse(PublicKey.from_signature_and_message(compact, bip137.digest_of_message(message), hasher=None).format())
    script = embit_script.p2sh(embit_script.p2wpkh(public)) if kind == "p2sh-p2wpkh" else getattr(embit_script, kind)(public)
    address: str = script.address(NETWORKS["main"])
    return address


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("vector", BIP137["vectors"], ids=lambda vector: f"{vector['secret'][-4:]} {len(_message(vector['message']))}")
def test_against_bitcoinjs(vector: dict[str, Any], kind: bip137.Kind) -> None:
    """Another implementation makes the same signature; its lengths of message reach each form of a compact size."""
    secret = bytes.fromhex(vector["secret"])
    signature, _ = signed_message.sign(
        "bip137", "ES256K", PATHS[kind], es256k.public_key(secret), bytearray(secret), _message(vector["message"])
    )

    assert vector[kind] == signature.hex()


def test_published_by_core() -> None:
    """Bitcoin Core's own test has the same signature."""
    core = BIP137["core"]
    secret = decode_base58check(core["secret_wif"])[1:33]

    expected = (b64decode(core["signature"]), core["address"])
    assert expected == signed_message.sign(
        "bip137", "ES256K", "m/44'/1'/0'/0/0", es256k.public_key(secret), secret, core["message"].encode()
    )


@given(st.sampled_from(KINDS), secrets, st.binary(max_size=300))
def test_recovers(kind: str, secret: bytes, message: bytes) -> None:
    """The signature recovers to the address that we name, by its header's kind, and for no other message."""
    signature, address = signed_message.sign("bip137", "ES256K-R", PATHS[kind], es256k.public_key(secret), secret, message)

    assert len(signature) == 65
    assert _recovered(signature, message) == address
    assert _recovered(signature, message + b".") != address


@pytest.mark.parametrize(
    ("alg", "path"),
    [
        ("ES256K", None),
        ("ES256K", "m/44'/60'/0'/0/0"),
        ("ES256K", "m/84'/0'/0'/0"),
        ("BIP340", "m/86'/0'/0'/0/0"),
        ("BIP340", None),
        ("Ed25519", None),
    ],
)
def test_wrong_keys(alg: str, path: str | None) -> None:
    """Taproot has no header in this BIP, and without a path it is not known which address is meant."""
    with pytest.raises(signed_message.WrongKey):
        signed_message.check("bip137", alg, path, PUBLIC, b"message")
    with pytest.raises(signed_message.WrongKey):
        signed_message.sign("bip137", alg, path, PUBLIC, SECRET, b"message")
