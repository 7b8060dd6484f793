"""RFC 7516, RFC 7518, RFC 8037: the JWE of an import, ECDH-ES+A256KW with A256GCM to an X25519 key.

No RFC prints a JWE of this kind, so the senders here are two: one put together from primitives as the RFCs say, and jwcrypto.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from native_host.encodings.base64url import encode_base64url
from native_host.encodings.jwk import encode_members
from native_host.suites import x25519
from native_host.suites.jwe import CannotOpen, open_jwe

SECRET = bytearray(b"s" * 32)
PUBLIC = x25519.public_key(SECRET)
PLAINTEXT = b'{"kty":"oct","k":"AAAA"}'
HEADER = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}
ALGS = ["ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW", "A256KW", "dir", "A128GCM", "A256GCM", "A128CBC-HS256"]
KINDS = [
    HEADER | {"alg": "ECDH-ES"},
    HEADER | {"alg": "ECDH-ES+A128KW"},
    HEADER | {"enc": "A128GCM"},
    HEADER | {"enc": "A128CBC-HS256"},
    HEADER | {"zip": "DEF"},
]


def _kdf(shared: bytes, alg: bytes, apu: bytes, apv: bytes) -> bytes:
    """The Concat KDF of RFC 7518 section 4.6.2, one round for 256 bits."""
    info = b"".join(len(part).to_bytes(4, "big") + part for part in (alg, apu, apv)) + (256).to_bytes(4, "big")
    return sha256((1).to_bytes(4, "big") + shared + info).digest()


def _seal(
    plaintext: bytes = PLAINTEXT, *, ephemeral: X25519PrivateKey | None = None, parties: tuple[bytes, bytes] = (b"", b""), **changes: Any
) -> str:
    """A compact JWE from primitives; a change to None takes a header parameter out."""
    key = ephemeral or X25519PrivateKey.generate()
    epk = {"kty": "OKP", "crv": "X25519", "x": encode_base64url(key.public_key().public_bytes_raw())}
    header = {name: value for name, value in (HEADER | {"epk": epk} | changes).items() if value is not None}
    protected = encode_base64url(json.dumps(header).encode())
    kek = _kdf(key.exchange(X25519PublicKey.from_public_bytes(PUBLIC)), b"ECDH-ES+A256KW", *parties)
    cek, iv = b"c" * 32, b"i" * 12
    sealed = AESGCM(cek).encrypt(iv, plaintext, protected.encode())
    return ".".join([protected, *map(encode_base64url, (aes_key_wrap(kek, cek), iv, sealed[:-16], sealed[-16:]))])


def _seal_by_jwcrypto(header: dict[str, Any], key: JWK | None = None) -> str:
    jwe = JWE(PLAINTEXT, protected=header, algs=ALGS)
    jwe.add_recipient(key or JWK(**encode_members(x25519.public_jwk(PUBLIC))))
    return str(jwe.serialize(compact=True))


@given(st.binary(min_size=1, max_size=200))
def test_from_primitives(plaintext: bytes) -> None:
    """A JWE put together as the RFCs say is opened."""
    assert plaintext == open_jwe(_seal(plaintext), SECRET)


def test_from_jwcrypto() -> None:
    """A JWE of a common library is opened."""
    assert open_jwe(_seal_by_jwcrypto(HEADER), SECRET) == PLAINTEXT


def test_party_info() -> None:
    """``apu`` and ``apv`` go into the key derivation; ``kid``, ``typ`` and ``cty`` may stand there."""
    parties: dict[str, Any] = {"apu": encode_base64url(b"Alice"), "apv": encode_base64url(b"Bob")}

    assert open_jwe(_seal(parties=(b"Alice", b"Bob"), **parties), SECRET) == PLAINTEXT
    assert open_jwe(_seal_by_jwcrypto(HEADER | parties), SECRET) == PLAINTEXT
    assert open_jwe(_seal(kid="k", typ="JOSE", cty="jwk+json"), SECRET) == PLAINTEXT
    with pytest.raises(CannotOpen):
        open_jwe(_seal(**parties), SECRET)


@pytest.mark.parametrize("header", KINDS, ids=["direct", "A128KW", "A128GCM", "CBC", "zip"])
def test_other_kinds(header: dict[str, Any]) -> None:
    """Well-formed JWEs to the same key, of other algorithms or compressed, are not opened."""
    with pytest.raises(CannotOpen):
        open_jwe(_seal_by_jwcrypto(header), SECRET)


EPK = {"kty": "OKP", "crv": "X25519", "x": encode_base64url(b"\x09" + bytes(31))}


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": None},
        {"alg": "none"},
        {"alg": "dir"},
        {"alg": ["ECDH-ES+A256KW"]},
        {"enc": None},
        {"enc": "A256gcm"},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"zip": "none"},
        {"b64": False},
        {"epk": None},
        {"epk": {}},
        {"epk": EPK | {"crv": "Ed25519"}},
        {"epk": EPK | {"kty": "EC"}},
        {"epk": EPK | {"y": "AA"}},
        {"epk": EPK | {"d": EPK["x"]}},
        {"epk": EPK | {"x": encode_base64url(bytes(32))}},
        {"epk": EPK | {"x": encode_base64url(bytes(31))}},
        {"epk": EPK | {"x": "*"}},
        {"epk": EPK},
        {"jku": "https://example.org"},
        {"jwk": EPK},
    ],
)
def test_header_refused(changes: dict[str, Any]) -> None:
    """Other algorithms, critical extensions, compression, unknown parameters and other ephemeral keys are refused."""
    with pytest.raises(CannotOpen):
        open_jwe(_seal(**changes), SECRET)


@pytest.mark.parametrize("part", range(5))
@pytest.mark.parametrize(
    "change",
    [lambda text: text[:-1] + "!", lambda _: "", lambda text: ("B" if text[0] == "A" else "A") + text[1:], lambda text: text + "A"],
    ids=["foreign letter", "nothing", "first letter", "one letter more"],
)
def test_changed(part: int, change: Callable[[str], str]) -> None:
    """A change to any of the five parts is refused."""
    parts = _seal(ephemeral=X25519PrivateKey.from_private_bytes(b"e" * 32)).split(".")
    parts[part] = change(parts[part])

    with pytest.raises(CannotOpen):
        open_jwe(".".join(parts), SECRET)


def test_another_key() -> None:
    """A JWE to another key is refused."""
    with pytest.raises(CannotOpen):
        open_jwe(_seal(), bytearray(b"t" * 32))


def test_nothing_inside() -> None:
    """A JWE of nothing is refused: nothing is no key."""
    with pytest.raises(CannotOpen):
        open_jwe(_seal(b""), SECRET)


def test_json_serialization() -> None:
    """Only the compact form is read."""
    jwe = JWE(PLAINTEXT, protected=HEADER, algs=ALGS)
    jwe.add_recipient(JWK(**encode_members(x25519.public_jwk(PUBLIC))))

    with pytest.raises(CannotOpen):
        open_jwe(jwe.serialize(), SECRET)


@given(st.one_of(st.text(max_size=100), st.lists(st.text(alphabet="ABab01-_", max_size=12), min_size=5, max_size=5).map(".".join)))
def test_hostile(text: str) -> None:
    """No text breaks opening, and there is one error for all of them, which tells nothing."""
    with pytest.raises(CannotOpen) as caught:
        open_jwe(text, SECRET)
    assert str(caught.value) == "the JWE cannot be opened"
    assert caught.value.__suppress_context__
