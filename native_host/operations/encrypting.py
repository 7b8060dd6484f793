"""Encrypting for a key and decrypting with one. Whatever does not decrypt is answered alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from native_host.errors import DecryptionFailed, InvalidParams, Locked, Uninitialized, Unsupported
from native_host.operations import records, versions
from native_host.operations.backends import ciphers_of, public_ciphers_of
from native_host.operations.unsealing import handle_of, secret_of
from native_host.protocol.uses import DecryptResult, EncryptResult
from native_host.protocol.wire import Base64Url
from native_host.suites.kinds import CannotDecrypt, Sealed
from native_host.suites.table import SUITES

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.keystore.records import Record
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.protocol.uses import DecryptParams, EncryptParams
    from native_host.session import Session
    from native_host.suites.table import Suite

CIPHERS = ("cipher", "publicCipher", "jwe")
DEFAULT_ENC = "A256GCM"


def prepare_encrypt(store: KeyStore, session: Session, params: EncryptParams) -> Record | None:
    """The sender's key, if the call names one; raises what finding a key raises, ``InvalidParams``, ``Unsupported``."""
    if params.sender_key_id is UNSET:
        if params.request_key is not UNSET:
            raise InvalidParams(
                "Encrypting asks nobody, unless it is to authenticate a sender, and needs no request key.", path="requestKey"
            )
        return None
    suite = records.suite_of(params.alg)
    if not suite.authenticates_sender:
        raise InvalidParams("This algorithm does not authenticate a sender.", path="senderKeyId")
    if session.state != "unlocked":
        raise Uninitialized if session.state == "uninitialized" else Locked
    record = records.find_usable(store, session, params.sender_key_id, "encrypt")
    if record.metadata.alg != suite.alg:
        raise InvalidParams("The sender's key has another algorithm.", path="senderKeyId")
    return record


def encrypt(house: House, permit: Permit, params: EncryptParams) -> EncryptResult:
    """The plaintext encrypted to a public key, or with a key of the host."""
    suite = records.suite_of(params.alg)
    if suite.kind not in CIPHERS:
        raise InvalidParams("This algorithm does not encrypt.", path="alg")
    if (params.public_key_jwk is UNSET) == (params.key_id is UNSET):
        raise InvalidParams("Exactly one of publicKeyJwk and keyId is needed.", path="publicKeyJwk")
    _check_aad(suite, params.aad)
    if params.enc is not UNSET and suite.kind != "jwe":
        raise InvalidParams("Only a JWE has a content encryption of its own.", path="enc")
    record = None if params.key_id is UNSET else _usable(house, permit, params.key_id)
    if record is not None:
        records.suite_for(record, params.alg, CIPHERS)
    version = UNSET if record is None else record.metadata.version
    if suite.kind == "cipher":
        return _encrypt_with(house, record, params, suite)
    return EncryptResult(ciphertext=Base64Url(_encrypt_to(house, permit, params, suite, record)), version=version)


def _encrypt_with(house: House, record: Record | None, params: EncryptParams, suite: Suite) -> EncryptResult:
    if record is None:
        raise InvalidParams("This algorithm encrypts with a key of the host, by its keyId.", path="keyId")
    with handle_of(house, record) as handle:
        code = ciphers_of(house, record, suite)
        sealed = code.encrypt(handle.buffer, bytes(params.plaintext), aad=_given(params.aad), random_bytes=house.random_bytes)
    return EncryptResult(
        ciphertext=Base64Url(sealed.ciphertext),
        iv=Base64Url(sealed.iv) if sealed.iv else UNSET,
        tag=Base64Url(sealed.tag) if sealed.tag else UNSET,
        version=record.metadata.version,
    )


def _encrypt_to(house: House, permit: Permit, params: EncryptParams, suite: Suite, record: Record | None) -> bytes:
    if suite.kind == "jwe":
        return _encrypt_jwe(params, suite, record)
    public = _public(params, suite, record)
    try:
        sender = prepare_encrypt(house.store, permit.session, params)
        if sender is None:
            return suite.public_ciphers().encrypt_to(public, bytes(params.plaintext), aad=_given(params.aad))
        records.check_revision(permit.facts, sender)
        versions.count_use(house.store, permit.session, sender)
        with secret_of(house, sender) as secret:
            code: Any = suite.code()
            ciphertext: bytes = code.auth_encrypt_to(public, bytes(params.plaintext), sender_secret=secret.buffer, aad=_given(params.aad))
            return ciphertext
    except ValueError:
        raise InvalidParams("This is too long for the algorithm.", path="plaintext") from None


def _encrypt_jwe(params: EncryptParams, suite: Suite, record: Record | None) -> bytes:
    from native_host.suites import jwe_content

    enc = DEFAULT_ENC if params.enc is UNSET else params.enc
    if enc not in jwe_content.LENGTHS:
        raise Unsupported(detail=enc)
    if record is not None:
        own = SUITES[record.metadata.alg]
        jwk = own.pairs().public_jwk(record.metadata.public or b"")
    else:
        own = _agreement_of(params)
        jwk = own.pairs().public_jwk(records.parse_public(params.public_key_jwk, own))  # type: ignore[arg-type]  # the caller has seen to it
    return jwe_content.encrypt_jwe(bytes(params.plaintext), jwk, alg=suite.alg, enc=enc)


def _agreement_of(params: EncryptParams) -> Suite:
    """The key agreement that a JWE to this public key rests on, by its curve."""
    jwk = params.public_key_jwk
    for suite in SUITES.values():
        if jwk is not UNSET and suite.allows(params.alg) and suite.kind == "agreement" and (suite.kty, suite.crv) == (jwk.kty, jwk.crv):
            return suite
    raise InvalidParams("That is not a public key for this algorithm.", path="publicKeyJwk")


def prepare_decrypt(store: KeyStore, session: Session, params: DecryptParams) -> tuple[Record, Suite]:
    """The key and the algorithm of a call of ``decrypt``; raises what finding a key raises, ``InvalidParams``, ``Unsupported``."""
    record = records.find_usable(store, session, params.key_id, "decrypt")
    suite = records.suite_for(record, params.alg, CIPHERS)
    _check_aad(suite, params.aad)
    for name in ("iv", "tag"):
        if suite.kind != "cipher" and getattr(params, name) is not UNSET:
            raise InvalidParams("This algorithm carries everything in its ciphertext.", path=name)
    if params.sender_public_key_jwk is not UNSET and not suite.authenticates_sender:
        raise InvalidParams("This algorithm does not authenticate a sender.", path="senderPublicKeyJwk")
    if params.sender_public_key_jwk is not UNSET:
        records.parse_public(params.sender_public_key_jwk, suite, path="senderPublicKeyJwk")
    versions.one_version(store, record, params.version)
    return record, suite


def decrypt(house: House, permit: Permit, params: DecryptParams) -> DecryptResult:
    """The plaintext.

    Raises:
        DecryptionFailed: whatever is wrong with the ciphertext.
    """
    record, suite = prepare_decrypt(house.store, permit.session, params)
    records.check_revision(permit.facts, record)
    versions.count_use(house.store, permit.session, record)
    # Nothing tells a wrong key from a right one where nothing is authenticated.
    version = record.metadata.version if params.version is UNSET and "unauthenticated" in suite.labels else params.version
    for found in versions.versions_of(house.store, record, version):
        with handle_of(house, found) as handle:
            try:
                return DecryptResult(plaintext=Base64Url(_decrypt(house, suite, handle.buffer, found, params)))
            except CannotDecrypt:
                continue
    raise DecryptionFailed


def _decrypt(house: House, suite: Suite, secret: memoryview, record: Record, params: DecryptParams) -> bytes:
    ciphertext, aad = bytes(params.ciphertext), _given(params.aad)
    if suite.kind == "cipher":
        sealed = Sealed(ciphertext=ciphertext, iv=_given(params.iv), tag=_given(params.tag))
        return bytes(ciphers_of(house, record, suite).decrypt(secret, sealed, aad=aad))
    if suite.kind == "jwe":
        from native_host.suites import jwe_content

        return bytes(jwe_content.decrypt_jwe(ciphertext, secret, curve=SUITES[record.metadata.alg].crv, alg=suite.alg))
    if params.sender_public_key_jwk is UNSET:
        return bytes(public_ciphers_of(house, record, suite).decrypt_with(secret, ciphertext, aad=aad))
    sender = records.parse_public(params.sender_public_key_jwk, suite, path="senderPublicKeyJwk")
    code: Any = suite.code()
    return bytes(code.auth_decrypt_with(secret, ciphertext, sender_public=sender, aad=aad))


def _public(params: EncryptParams, suite: Suite, record: Record | None) -> bytes:
    if params.public_key_jwk is not UNSET:
        return records.parse_public(params.public_key_jwk, suite)
    return records.public_as(record, suite) if record is not None else b""


def _usable(house: House, permit: Permit, key_id: str) -> Record:
    if permit.session.state != "unlocked":
        raise Uninitialized if permit.session.state == "uninitialized" else Locked
    return records.find_usable(house.store, permit.session, key_id, "encrypt")


def _check_aad(suite: Suite, aad: object) -> None:
    if aad is not UNSET and not suite.aad:
        raise InvalidParams("This algorithm authenticates no additional data.", path="aad")


def _given(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes) else b""
