"""What PKCS#11 calls the keys of our algorithms, and the public keys that it gives, read as a stranger's word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.backends.pkcs11 import MAKERS, Described, Kind
from native_host.encodings.der import OCTET_STRING, read_only
from native_host.encodings.jwk import Jwk
from native_host.errors import Unsupported
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.suites.table import Suite

_UNCOMPRESSED = b"\x04"


class Form(Value, frozen=True, kw_only=True):
    """What PKCS#11 calls a key: ``params`` is CKA_EC_PARAMS, ``bits`` a symmetric key's length, ``hash`` the one that an RSA key works with."""

    kind: Kind
    use: str
    params: bytes = b""
    bits: int = 0
    hash: str = ""
    curve: str = ""


_CURVES = {
    "P-256": bytes.fromhex("06082a8648ce3d030107"),
    "P-384": bytes.fromhex("06052b81040022"),
    "P-521": bytes.fromhex("06052b81040023"),
    "secp256k1": bytes.fromhex("06052b8104000a"),
    "Ed25519": bytes.fromhex("06032b6570"),
    "Ed448": bytes.fromhex("06032b6571"),
}
_SIZES = {"P-256": 32, "P-384": 48, "P-521": 66, "secp256k1": 32, "Ed25519": 32, "Ed448": 57}


_USED = {
    ("EC", "sign"): "CKM_ECDSA",
    ("EC", "derive"): "CKM_ECDH1_DERIVE",
    ("OKP", "sign"): "CKM_EDDSA",
    ("RSA", "sign"): "CKM_RSA_PKCS",
    ("RSA", "decrypt"): "CKM_RSA_PKCS_OAEP",
    ("oct", "decrypt"): "CKM_AES_GCM",
    ("oct", "wrap"): "CKM_AES_KEY_WRAP",
}


def form_of(suite: Suite) -> Form:
    """How a key of this algorithm is made and used in a token.

    Raises:
        Unsupported: tokens have no such keys.
    """
    match suite.kind:
        case "signature" if suite.kty == "RSA":
            return Form(kind="RSA", use="sign", hash=suite.hash_name)
        case "signature" if suite.crv in _CURVES:
            return Form(kind="OKP" if suite.kty == "OKP" else "EC", use="sign", params=_CURVES[suite.crv], curve=suite.crv)
        case "agreement" if suite.kty == "EC":
            return Form(kind="EC", use="derive", params=_CURVES[suite.crv], curve=suite.crv)
        case "publicCipher" if suite.kty == "RSA":
            return Form(kind="RSA", use="decrypt", hash="SHA-256" if suite.alg == "RSA-OAEP-256" else "SHA-1")
        case "cipher" | "wrap" if suite.secret_bytes is not None:
            return Form(kind="oct", use="wrap" if suite.kind == "wrap" else "decrypt", bits=suite.secret_bytes[0] * 8)
    raise Unsupported("Tokens have no keys of this algorithm.", detail=suite.alg)


def mechanisms_of(suite: Suite) -> set[str]:
    """What a token must have for keys of this algorithm, by PKCS#11's names. Curves, sizes and hashes have no names there."""
    form = form_of(suite)
    used = "CKM_RSA_PKCS_PSS" if suite.alg.startswith("PS") else _USED[form.kind, form.use]
    return {MAKERS[form.kind], used}


def public_of(suite: Suite, described: Described) -> bytes | None:
    """The suite's raw public key of a key as its token describes it; ``None`` for a symmetric one.

    Raises:
        ValueError: it is no public key of that algorithm.
    """
    form = form_of(suite)
    if described.kind != form.kind:
        raise ValueError("another kind of key")
    if form.kind == "oct":
        if described.size and described.size * 8 != form.bits:
            raise ValueError("a key of another length")
        return None
    public: bytes = suite.pairs().parse_public(_jwk(form, described))
    return public


def _jwk(form: Form, described: Described) -> Jwk:
    if form.kind == "RSA":
        return Jwk(kty="RSA", n=described.modulus.lstrip(b"\0"), e=described.exponent.lstrip(b"\0"))
    if described.params != form.params:
        raise ValueError("a key of another curve")
    # DER, as PKCS#11 has it; some modules give the bytes as they are.
    point, size = described.point, _SIZES[form.curve]
    plain = size if form.kind == "OKP" else 1 + 2 * size
    if len(point) != plain:
        point = bytes(read_only(memoryview(point), OCTET_STRING))
    if form.kind == "OKP":
        return Jwk(kty="OKP", crv=form.curve, x=point)
    if len(point) != plain or point[:1] != _UNCOMPRESSED:
        raise ValueError("not an uncompressed point")
    return Jwk(kty="EC", crv=form.curve, x=point[1 : 1 + size], y=point[1 + size :])
