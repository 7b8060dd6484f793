"""Public COSE_Keys: RFC 9052 section 7; EC2 and OKP keys RFC 9053 section 7, secp256k1 RFC 8812 section 3.1, RSA keys RFC 8230
section 4, AKP keys (ML-DSA) RFC 9964; fully specified algorithms RFC 9864 section 2. CBOR by cbor2 (RFC 8949).

Written in the core deterministic encoding (RFC 8949 section 4.2.1) and read in no other. The labels of a COSE_Key are all of
one byte, where that order is also the one that cbor2 calls canonical. A label that has no meaning here is refused rather
than ignored: it may be one that a private key has.
"""

from __future__ import annotations

from native_host.encodings.jwk import Jwk
from native_host.value import Value

MAX_BYTES = 4096

_KTY, _KID, _ALG = 1, 2, 3
_OKP, _EC2, _RSA, _AKP = 1, 2, 3, 7
# Label, member, by key type.
_MEMBERS = {_OKP: ((-1, "crv"), (-2, "x")), _EC2: ((-1, "crv"), (-2, "x"), (-3, "y")), _RSA: ((-1, "n"), (-2, "e")), _AKP: ((-1, "pub"),)}
_KTY_OF = {"OKP": _OKP, "EC": _EC2, "RSA": _RSA, "AKP": _AKP}
_KTY_NAME = {number: name for name, number in _KTY_OF.items()}

# Number and bytes of x, by curve.
_CURVES = {
    "EC": {"P-256": (1, 32), "P-384": (2, 48), "P-521": (3, 66), "secp256k1": (8, 32)},
    "OKP": {"X25519": (4, 32), "X448": (5, 56), "Ed25519": (6, 32), "Ed448": (7, 57)},
}
_AKP_BYTES = {"ML-DSA-44": 1312, "ML-DSA-65": 1952, "ML-DSA-87": 2592}

# What kind of key an algorithm is for: kty, crv. The first number of an algorithm is the one written; others are read too,
# as the polymorphic ones of RFC 9053 are what WebAuthn has used for years.
_ALGORITHMS = {
    "ES256": (("EC", "P-256"), (-9, -7)),
    "ES384": (("EC", "P-384"), (-51, -35)),
    "ES512": (("EC", "P-521"), (-52, -36)),
    "ES256K": (("EC", "secp256k1"), (-47,)),
    "Ed25519": (("OKP", "Ed25519"), (-19, -8)),
    "Ed448": (("OKP", "Ed448"), (-53, -8)),
    "RS256": (("RSA", ""), (-257,)),
    "RS384": (("RSA", ""), (-258,)),
    "RS512": (("RSA", ""), (-259,)),
    "PS256": (("RSA", ""), (-37,)),
    "PS384": (("RSA", ""), (-38,)),
    "PS512": (("RSA", ""), (-39,)),
    "RSA-OAEP": (("RSA", ""), (-40,)),
    "RSA-OAEP-256": (("RSA", ""), (-41,)),
    "ML-DSA-44": (("AKP", ""), (-48,)),
    "ML-DSA-65": (("AKP", ""), (-49,)),
    "ML-DSA-87": (("AKP", ""), (-50,)),
}


class CoseKey(Value, frozen=True, kw_only=True):
    """A public COSE_Key. ``alg`` is the JOSE name, empty where the key names none; ``kid`` is empty where there is none."""

    jwk: Jwk
    alg: str = ""
    kid: bytes = b""


def encode_cose_key(key: CoseKey) -> bytes:
    """The deterministic CBOR of a public key.

    Raises:
        ValueError: if the kind of key, its curve or its algorithm has no COSE number, or they do not go together.
    """
    from cbor2 import dumps

    jwk, alg = key.jwk, key.alg or key.jwk.alg
    if jwk.kty not in _KTY_OF or (alg and alg not in _ALGORITHMS):
        raise ValueError("a kind of key that has no COSE_Key")
    _check(jwk, alg)
    members: dict[int, object] = {_KTY: _KTY_OF[jwk.kty]}
    if key.kid:
        members[_KID] = key.kid
    if alg:
        members[_ALG] = _ALGORITHMS[alg][1][0]
    for label, name in _MEMBERS[_KTY_OF[jwk.kty]]:
        members[label] = _CURVES[jwk.kty][jwk.crv][0] if name == "crv" else getattr(jwk, name)
    return dumps(members, canonical=True)


def decode_cose_key(data: bytes) -> CoseKey:
    """The key that ``data`` is, not yet known to be a point or a modulus, unless y had to be computed.

    Raises:
        ValueError: if it is not deterministic CBOR of a public key with members that are known here.
    """
    members = _map(data)
    kty, number, kid = members.pop(_KTY, None), members.pop(_ALG, None), members.pop(_KID, None)
    if type(kty) is not int or kty not in _MEMBERS:
        raise ValueError("not a COSE_Key of a kind that is known here")
    if kid == b"":
        raise ValueError("the COSE_Key has an empty key identifier")
    if set(members) != {label for label, _ in _MEMBERS[kty]}:
        raise ValueError("the COSE_Key has not the members of a public key of its kind")
    values = {name: members[label] for label, name in _MEMBERS[kty]}
    jwk = _jwk(_KTY_NAME[kty], values, number)
    alg = _algorithm(jwk, number)
    _check(jwk, alg)
    return CoseKey(jwk=jwk, alg=alg, kid=b"" if kid is None else _bytes(kid))


def _map(data: bytes) -> dict[object, object]:
    from cbor2 import CBORError, dumps, loads

    if len(data) > MAX_BYTES:
        raise ValueError("the COSE_Key is too long")
    try:
        # One level deep there is no tag around a value, so no date, regular expression or shared reference is made of it.
        members = loads(data, max_depth=1, allow_indefinite=False, allow_duplicate_keys=False)
    except CBORError:
        raise ValueError("the COSE_Key is not CBOR") from None
    if not isinstance(members, dict) or not all(type(label) is int for label in members):
        raise ValueError("not a COSE_Key")
    if dumps(members, canonical=True) != data:
        raise ValueError("the COSE_Key is not deterministic CBOR")
    return members


def _jwk(kty: str, values: dict[str, object], number: object) -> Jwk:
    if kty == "AKP":
        alg = next((name for name in _AKP_BYTES if number in _ALGORITHMS[name][1]), "")
        return Jwk(kty=kty, alg=alg, pub=_bytes(values["pub"]))
    if kty == "RSA":
        return Jwk(kty=kty, n=_bytes(values["n"]), e=_bytes(values["e"]))
    curve = values["crv"]
    crv = next((name for name, (known, _) in _CURVES[kty].items() if type(curve) is int and known == curve), "")
    x, y = _bytes(values["x"]), values.get("y")
    if kty == "EC":
        y = _y_coordinate(crv, x, odd=y) if isinstance(y, bool) else _bytes(y)
        return Jwk(kty=kty, crv=crv, x=x, y=y)
    return Jwk(kty=kty, crv=crv, x=x)


def _algorithm(jwk: Jwk, number: object) -> str:
    if number is None:
        return ""
    for name, (kind, numbers) in _ALGORITHMS.items():
        if type(number) is int and number in numbers and kind == (jwk.kty, jwk.crv):
            return name
    raise ValueError("the COSE_Key is for an algorithm that is not known here")


def _check(jwk: Jwk, alg: str) -> None:
    if alg and _ALGORITHMS[alg][0] != (jwk.kty, jwk.crv):
        raise ValueError("the COSE_Key's algorithm is not one of its kind of key")
    if jwk.kty == "RSA":
        good = bool(jwk.n) and bool(jwk.e) and bool(jwk.n[0]) and bool(jwk.e[0])
    elif jwk.kty == "AKP":
        good = jwk.alg == alg and len(jwk.pub) == _AKP_BYTES.get(alg)
    else:
        length = _CURVES[jwk.kty].get(jwk.crv, (0, -1))[1]
        good = len(jwk.x) == length and (None if jwk.y is None else len(jwk.y)) == (length if jwk.kty == "EC" else None)
    if not good:
        raise ValueError("the COSE_Key has not the form of its kind")


def _y_coordinate(crv: str, x: bytes, *, odd: bool) -> bytes:
    """The y that RFC 9053 section 7.1.1 lets be one bit, computed by OpenSSL."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    curves = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1(), "secp256k1": ec.SECP256K1()}
    try:
        point = ec.EllipticCurvePublicKey.from_encoded_point(curves[crv], bytes((2 + odd,)) + x)
    except (KeyError, ValueError):
        raise ValueError("the COSE_Key is no point of its curve") from None
    return point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1 + len(x) :]


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a member of the COSE_Key is not a byte string")  # noqa: TRY004  # wrong input, as all of it
    return value
