"""Known-answer tests at an algorithm's first use, as FIPS 140-3 (ISO/IEC 19790 section 7.10) asks of a module.

Each kind of algorithm has one procedure: with fixed secrets, messages and nonces it computes what the algorithm computes,
undoes it, and sees that what was changed is refused. Everything that came out the same each time is hashed and compared with
``ANSWERS``; what an algorithm draws afresh (RSA-PSS, ML-DSA, KEMs) is checked by undoing it. The published vectors that stand
behind the answers run in ``strongroom selftest``: here is only the proof that this computer still computes them.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING

from native_host.errors import BackendUnavailable
from native_host.suites.answers import ANSWERS, RSA_SECRET
from native_host.suites.kinds import CannotDecrypt, Sealed

if TYPE_CHECKING:
    from native_host.suites import kinds
    from native_host.suites.table import Suite

MESSAGE = b"Strongroom: known answer"
_AAD = b"associated"
RANDOMIZED = frozenset({"BIP340", "PS256", "PS384", "PS512", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "sr25519"})
"""Signature algorithms of which no two signatures are alike: their answer is the public key alone."""


def check(suite: Suite, code: object) -> None:
    """See that ``code`` computes what ``suite`` names.

    Raises:
        BackendUnavailable: it does not. The algorithm then stays unused.
    """
    transcript = _TRANSCRIPTS.get(suite.kind)
    if transcript is None:
        return
    try:
        answer = transcript(suite, code)
    except Exception:  # noqa: BLE001  # whatever a broken algorithm raises, it is broken
        answer = b""
    if sha256(answer).hexdigest()[:32] != ANSWERS.get(suite.alg):
        raise BackendUnavailable(
            "This algorithm did not compute its known answers here, so it is not used. Run: strongroom selftest", detail=suite.alg
        )


def stream(length: int) -> bytes:
    """Fixed bytes in place of random ones: a valid secret of every algorithm here."""
    return bytes((index * 7 + 1) % 251 for index in range(length))


def secret_of(suite: Suite) -> bytes:
    """The fixed secret of an algorithm."""
    if suite.kty == "RSA":
        return RSA_SECRET
    if suite.secret_bytes is None:
        code: kinds.KeyPairs = suite.loaded()
        return bytes(code.generate_secret(stream))
    return stream(suite.secret_bytes[0])


def _require(*, holds: bool) -> None:
    if not holds:
        raise ValueError("a known answer does not hold")


def _refuses(decrypt: Callable[[], object]) -> None:
    try:
        decrypt()
    except CannotDecrypt:
        return
    raise ValueError("what was changed is not refused")


def _flipped(data: bytes) -> bytes:
    return bytes((data[0] ^ 1,)) + data[1:]


def _signature(suite: Suite, code: kinds.Signatures) -> bytes:
    secret = secret_of(suite)
    public = code.public_key(secret)
    signature = code.sign(secret, data=MESSAGE, public=public)
    _require(holds=code.verify(public, data=MESSAGE, signature=signature))
    _require(holds=not code.verify(public, data=MESSAGE + b".", signature=signature))
    return public if suite.alg in RANDOMIZED else public + signature


def _mac(suite: Suite, code: kinds.Macs) -> bytes:
    mac = code.mac(secret_of(suite), MESSAGE)
    _require(holds=code.verify_mac(secret_of(suite), MESSAGE, mac) and not code.verify_mac(secret_of(suite), MESSAGE, _flipped(mac)))
    return mac


def _cipher(suite: Suite, code: kinds.Ciphers) -> bytes:
    secret, aad = secret_of(suite), _AAD if suite.aad else b""
    sealed = code.encrypt(secret, MESSAGE, aad=aad, random_bytes=stream)
    _require(holds=code.decrypt(secret, sealed, aad=aad) == MESSAGE)
    if suite.aad:
        forged = Sealed(ciphertext=_flipped(sealed.ciphertext), iv=sealed.iv, tag=sealed.tag)
        _refuses(lambda: code.decrypt(secret, forged, aad=aad))
    return sealed.iv + sealed.ciphertext + sealed.tag


def _public_cipher(suite: Suite, code: kinds.PublicCiphers) -> bytes:
    secret = secret_of(suite)
    public = code.public_key(secret)
    ciphertext = code.encrypt_to(public, MESSAGE, aad=_AAD)
    _require(holds=code.decrypt_with(secret, ciphertext, aad=_AAD) == MESSAGE)
    _refuses(lambda: code.decrypt_with(secret, ciphertext[:-1] + bytes((ciphertext[-1] ^ 1,)), aad=_AAD))
    return public


def _agreement(suite: Suite, code: kinds.Agreements) -> bytes:
    ours = secret_of(suite)
    theirs = ours[:1] + bytes(reversed(ours[1:]))  # the first byte keeps it below the order of P-521
    shared = code.shared_secret(ours, code.public_key(theirs))
    _require(holds=shared == code.shared_secret(theirs, code.public_key(ours)))
    return bytes(shared)


def _kem(suite: Suite, code: kinds.Kems) -> bytes:
    secret = secret_of(suite)
    public = code.public_key(secret)
    ciphertext, shared = code.encapsulate(public)
    _require(holds=code.decapsulate(secret, ciphertext) == shared)
    rejected = code.decapsulate(secret, bytes(len(ciphertext)))
    _require(holds=rejected != shared)
    return public + bytes(rejected)


def _wrap(suite: Suite, code: kinds.Wraps) -> bytes:
    wrapped = code.wrap(secret_of(suite), MESSAGE)
    _require(holds=code.unwrap(secret_of(suite), wrapped) == MESSAGE)
    _refuses(lambda: code.unwrap(secret_of(suite), _flipped(wrapped)))
    return wrapped


_TRANSCRIPTS: dict[str, Callable[..., bytes]] = {
    "signature": _signature,
    "mac": _mac,
    "cipher": _cipher,
    "publicCipher": _public_cipher,
    "agreement": _agreement,
    "kem": _kem,
    "wrap": _wrap,
}


def answer_of(suite: Suite, code: object) -> str:
    """What stands in ``ANSWERS`` for an algorithm that is right."""
    return sha256(_TRANSCRIPTS[suite.kind](suite, code)).hexdigest()[:32]
