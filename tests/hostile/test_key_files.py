"""Whatever is in a key file: its form is seen, and it is imported or refused in one sentence; never a crash, never another key."""

from __future__ import annotations

import json
from base64 import encodebytes
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from eth_keys.datatypes import PrivateKey
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from native_host.encodings.base58 import encode_base58check
from native_host.encodings.base64url import encode_base64url
from native_host.encodings.jwk import encode_members
from native_host.suites import ed25519, secp256k1
from native_host.suites.importing.detect import detect, needs_password, read_key_file
from native_host.suites.importing.imported import (
    MAX_FILE_BYTES,
    CannotImport,
    ChooseAlgorithm,
    Imported,
    KeyMismatch,
    NotThisForm,
    TooCostly,
)
from native_host.suites.importing.jwk_file import read_jwk
from native_host.suites.table import SUITES
from tests.keystore_makers import changed, eip2335, text, web3

SECRET = bytes(range(1, 33))
ADDRESS = PrivateKey(SECRET).public_key.to_checksum_address()
calm = settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"
XPRV = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"


def pem(der: bytes, label: str = "PRIVATE KEY") -> bytes:
    """A PEM text."""
    return f"-----BEGIN {label}-----\n{encodebytes(der).decode()}-----END {label}-----\n".encode()


def jwk(**members: Any) -> dict[str, Any]:
    """A private JWK of Ed25519."""
    return {**encode_members(ed25519.public_jwk(ed25519.public_key(SECRET))), "d": encode_base64url(SECRET), **members}


ED25519_DER = bytes.fromhex("3051020101300506032b657004220420") + SECRET + b"\x81\x21\x00" + ed25519.public_key(SECRET)
P256_DER = ec.derive_private_key(int.from_bytes(SECRET, "big"), ec.SECP256R1()).private_bytes(
    Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
)
WIF = encode_base58check(b"\x80" + SECRET + b"\x01")
FORMS = {
    "web3-v3": text(web3(SECRET, address=ADDRESS)),
    "eip-2335": text(eip2335(SECRET)),
    "wif": WIF.encode(),
    "xprv": XPRV.encode(),
    "pem": pem(ED25519_DER),
    "bip39": WORDS.encode(),
    "jwk": text(jwk()),
}
# Each with what binds the key to the rest of the file.
BOUND = {
    "web3-v3": (FORMS["web3-v3"], ""),
    "web3-v3, pbkdf2": (text(web3(SECRET, kdf="pbkdf2", address=ADDRESS)), ""),
    "wif": (FORMS["wif"], ""),
    "ed25519": (FORMS["pem"], ""),
    "p256": (pem(P256_DER), "ES256"),
    "jwk": (FORMS["jwk"], ""),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(form: str) -> None:
    """Each form is known by its looks, also with blanks or a mark of UTF-8 around it, and says whether it needs a password."""
    for around in (b"%s", b"\n  %s \r\n", b"\xef\xbb\xbf%s\n"):
        assert detect(around % FORMS[form]) == form
        assert needs_password(around % FORMS[form]) is (form in {"web3-v3", "eip-2335"})
    assert needs_password(pem(b"", "ENCRYPTED PRIVATE KEY")) is True


@pytest.mark.parametrize("form", FORMS)
def test_read(form: str) -> None:
    """Each form is read by its own reader; recovery words are sent to where they are typed."""
    if form == "bip39":
        with pytest.raises(CannotImport, match="Restore them as a seed"):
            read_key_file(FORMS[form])
        return
    key = read_key_file(FORMS[form], password=b"password")

    assert isinstance(key.secret, bytearray)
    assert form == "xprv" or bytes(key.secret) == SECRET
    assert key.public == SUITES[key.alg].pairs().public_key(key.secret)


NOT_DETECTED: dict[str, Any] = {
    "empty": b"",
    "blanks": b" \n",
    "binary": bytes(range(256)),
    "zeros": bytes(40),
    "long": b"a" * (MAX_FILE_BYTES + 1),
    "xpub": b"xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8",
    "hexadecimal": SECRET.hex().encode(),
    "thirteen words": (WORDS + " legal").encode(),
    "numbers": b"1 2 3 4 5 6 7 8 9 10 11 12",
    "words of other letters": "élève " * 12,
    "version 1": text({"version": 1}),
    "version as text": text({"version": "3"}),
    "set of JWKs": text({"keys": [jwk()]}),
    "kty of another type": text({"kty": 1}),
    "open object": b"{",
    "nested without end": b'{"a":' * 5000,
    "array": text([1]),
}


@pytest.mark.parametrize("content", NOT_DETECTED.values(), ids=NOT_DETECTED.keys())
def test_not_detected(content: bytes | str) -> None:
    """What is no key file is none, with a sentence that says so."""
    with pytest.raises(NotThisForm, match=r"\.$"):
        detect(content.encode() if isinstance(content, str) else content)


def outcome(content: bytes, *, alg: str = "", password: bytes = b"password") -> Imported | CannotImport:
    """The key or the refusal; a refusal is one or two sentences without the secret."""
    try:
        return read_key_file(content, alg=alg, password=password)
    except CannotImport as error:
        says = str(error)
        assert says.endswith((".", "FILE", "COPY"))
        assert says[0].isupper()
        assert len(says) < 300
        assert SECRET.hex() not in says
        return error


@calm
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.sampled_from(["", "ES256", "RS256", "no such"]))
@example(b"-----BEGIN PRIVATE KEY-----" * 2000, "")
@example(b"-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----" * 1000, "")
@example(b"\xef\xbb\xbf", "")
def test_anything(content: bytes, alg: str) -> None:
    """Anything at all is a key or refused."""
    outcome(content, alg=alg)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.sampled_from(["scrypt", "pbkdf2", "aes-128-ctr", "sha256", "00", "x", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["n", "r", "p", "c", "dklen", "salt", "iv", "function"]), inner),
    max_leaves=8,
)  # fmt: skip


@calm
@given(st.sampled_from([web3(SECRET), web3(SECRET, kdf="pbkdf2"), eip2335(SECRET), eip2335(SECRET, kdf="pbkdf2"), jwk()]), st.data())
def test_any_member(file: dict[str, Any], data: st.DataObject) -> None:
    """A member of a keystore or JWK may be anything, at any depth."""
    path: list[str] = []
    value: Any = file
    while isinstance(value, dict) and (not path or data.draw(st.booleans())):
        path.append(data.draw(st.sampled_from(sorted(value) or ["x"])))
        value = value.get(path[-1])
    outcome(text(changed(file, *path, to=data.draw(JSON))))


@calm
@given(st.sampled_from(sorted(BOUND)), st.data())
def test_one_byte(name: str, data: st.DataObject) -> None:
    """Where a file names its address, public key or checksum, a changed byte gives the same key or none."""
    content, alg = BOUND[name]
    at, byte = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(0, 255))

    got = outcome(content[:at] + bytes((byte,)) + content[at + 1 :], alg=alg)

    # A letter of ``address`` itself may go, and with it what would have been compared; the MAC still holds.
    assert isinstance(got, CannotImport) or got.secret == SECRET


@pytest.mark.parametrize("length", [0, 1, 5, 30, 60, 90, 120, 500])
@pytest.mark.parametrize("form", FORMS)
def test_cut_off(form: str, length: int) -> None:
    """A file that was cut off is refused."""
    if length < len(FORMS[form]) - 2:
        assert isinstance(outcome(FORMS[form][:length]), CannotImport)


BOMBS = {
    "scrypt, memory": changed(web3(SECRET), "crypto", "kdfparams", "n", to=1 << 30),
    "scrypt, block": changed(web3(SECRET), "crypto", "kdfparams", "r", to=1 << 29),
    "scrypt, parallel": changed(web3(SECRET), "crypto", "kdfparams", "p", to=1 << 29),
    "PBKDF2": changed(web3(SECRET, kdf="pbkdf2"), "crypto", "kdfparams", "c", to=1 << 31),
    "EIP-2335, scrypt": changed(eip2335(SECRET), "crypto", "kdf", "params", "n", to=1 << 30),
    "EIP-2335, PBKDF2": changed(eip2335(SECRET, kdf="pbkdf2"), "crypto", "kdf", "params", "c", to=1 << 31),
}


@pytest.mark.parametrize("file", BOMBS.values(), ids=BOMBS.keys())
def test_bombs(file: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """What would take gigabytes or hours is refused before the derivation begins."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError

    for name in ("scrypt.Scrypt", "pbkdf2.PBKDF2HMAC"):
        monkeypatch.setattr(f"cryptography.hazmat.primitives.kdf.{name}", never)
    monkeypatch.setattr("Crypto.Protocol.KDF.scrypt", never)
    with pytest.raises(TooCostly, match="usual settings"):
        read_key_file(text(file), password=b"password")


def test_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer without the memory says so."""

    def none(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("cryptography.hazmat.primitives.kdf.scrypt.Scrypt", none)
    with pytest.raises(TooCostly, match="Close other programs"):
        read_key_file(FORMS["web3-v3"], password=b"password")


def test_mismatch_wipes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is not the one that the file names is wiped before it is refused."""
    seen: list[bytearray] = []
    real = secp256k1.public_key

    def public_key(secret: bytearray) -> bytes:
        seen.append(secret)
        return real(secret)

    SUITES["ES256K"].pairs()  # so that its known answers have been checked
    monkeypatch.setattr("native_host.suites.es256k.secp256k1.public_key", public_key)
    with pytest.raises(KeyMismatch):
        read_key_file(text(web3(SECRET, address="00" * 20)), password=b"password")
    assert seen[-1] == bytearray(32)


def test_reprs() -> None:
    """Nothing shows a secret."""
    key = read_key_file(FORMS["wif"])

    assert SECRET.hex() not in repr(key)
    assert repr(key) == "Imported(alg, secret, public, remarks)"


@pytest.mark.parametrize(
    ("members", "alg", "expected"),
    [
        (jwk(), "", "Ed25519"),
        (jwk(alg="EdDSA"), "", "Ed25519"),
        (jwk(alg="Ed25519", kid="1", use="sig", key_ops=["sign"]), "Ed25519", "Ed25519"),
        ({"kty": "oct", "k": encode_base64url(SECRET), "alg": "HS256"}, "", "HS256"),
        ({"kty": "oct", "k": encode_base64url(SECRET)}, "SEED", "SEED"),
    ],
    ids=["by its curve", "by an older name", "by its name", "symmetric", "seed"],
)
def test_jwk(members: dict[str, Any], alg: str, expected: str) -> None:
    """A JWK is imported for the algorithm that it names, or that is chosen, or that is the only one."""
    key = read_jwk(text(members), alg=alg)

    assert (key.alg, bytes(key.secret)) == (expected, SECRET)
    assert bool(key.public) is (members["kty"] != "oct")


@pytest.mark.parametrize(
    ("members", "alg", "error"),
    [
        ({"kty": "oct", "k": encode_base64url(SECRET)}, "", ChooseAlgorithm),
        (jwk(), "ES256", CannotImport),
        (jwk(alg="ES256"), "", CannotImport),
        (jwk(x=encode_base64url(SECRET)), "", CannotImport),
        (jwk(crv="X25519"), "X25519", CannotImport),
        (jwk(crv="secp256k1"), "", CannotImport),
        (jwk(d=encode_base64url(SECRET[1:])), "", CannotImport),
        ({"kty": "OKP", "crv": "Ed25519", "x": jwk()["x"]}, "", CannotImport),
        ({"kty": "RSA"}, "RS256", CannotImport),
        ({"kty": "RSA"}, "", ChooseAlgorithm),
        ({"kty": 1}, "", NotThisForm),
        ([jwk()], "", NotThisForm),
        ({}, "", NotThisForm),
    ],
    ids=["many", "other", "says other", "public of another", "curve of another", "no such curve", "short", "public", "RSA", "RSA for what", "type", "array", "empty"],
)  # fmt: skip
def test_jwk_refused(members: Any, alg: str, error: type[CannotImport]) -> None:
    """A JWK that is not whole, not private, not its own or for something else is refused."""
    with pytest.raises(CannotImport) as caught:
        read_jwk(json.dumps(members).encode(), alg=alg)
    assert error is caught.type
