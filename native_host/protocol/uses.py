"""Params and results of protocol version 1, section 7: using keys.

A member that may be left out is ``T | UnsetType = UNSET``: present or absent, never ``null``.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from native_host.protocol.messages import (
    Algorithm,
    KeyId,
    Label,
    Page,
    PublicKeyJwk,
    RequestKey,
    SignatureEncoding,
    Usages,
    Version,
)
from native_host.protocol.wire import Base64Url, Message


class SignParams(Message, frozen=True, kw_only=True):
    """Exactly one of ``data`` and ``digest``."""

    key_id: KeyId
    data: Base64Url | UnsetType = UNSET
    digest: Base64Url | UnsetType = UNSET
    alg: Algorithm | UnsetType = UNSET
    encoding: SignatureEncoding | UnsetType = UNSET
    page: Page | UnsetType = UNSET
    request_key: RequestKey | UnsetType = UNSET


class SignResult(Message, frozen=True, kw_only=True):
    signature: Base64Url
    alg: str


class VerifyParams(Message, frozen=True, kw_only=True):
    """Exactly one of ``publicKeyJwk`` and ``keyId``, and exactly one of ``data`` and ``digest``. Any version of a rotated key will do,
    unless ``version`` says which.
    """

    public_key_jwk: PublicKeyJwk | UnsetType = UNSET
    key_id: KeyId | UnsetType = UNSET
    alg: Algorithm
    data: Base64Url | UnsetType = UNSET
    digest: Base64Url | UnsetType = UNSET
    signature: Base64Url
    encoding: SignatureEncoding | UnsetType = UNSET
    version: Version | UnsetType = UNSET


class VerifyResult(Message, frozen=True, kw_only=True):
    valid: bool


class RandomBytesParams(Message, frozen=True, kw_only=True):
    length: Annotated[int, Meta(ge=1, le=65536)]


class RandomBytesResult(Message, frozen=True, kw_only=True):
    bytes: Base64Url


class SignMessageParams(Message, frozen=True, kw_only=True):
    """``format``: ``eip191``, ``siwe``, ``bip322``, ``bip322-full``, ``bip137``, ``solana``, ``solana-offchain``, ``cip8``, ``adr36``.
    ``address`` names the signer: the key's own address, or in ``cip8`` and ``adr36`` another that is the key's too.
    """

    key_id: KeyId
    format: Annotated[str, Meta(min_length=1, max_length=32)]
    message: Base64Url
    address: Annotated[str, Meta(min_length=1, max_length=128)] | UnsetType = UNSET
    page: Page | UnsetType = UNSET
    request_key: RequestKey | UnsetType = UNSET


class SignMessageResult(Message, frozen=True, kw_only=True):
    """``signature``: ``eip191`` and ``siwe`` r ‖ s ‖ v with v 27 or 28 (65 bytes), ``bip322`` the serialized witness stack, ``bip322-full``
    the serialized transaction, ``bip137`` header ‖ r ‖ s (65), ``solana`` 64 bytes, ``cip8`` a COSE_Sign1 with its ``coseKey``, ``adr36`` r ‖ s (64).
    """

    signature: Base64Url
    address: str
    cose_key: Base64Url | UnsetType = UNSET


class SignJwsParams(Message, frozen=True, kw_only=True):
    """``header`` holds members of the protected header; ``alg`` is the key's own and may not stand in it."""

    key_id: KeyId
    payload: Base64Url
    header: Annotated[dict[str, Any], Meta(max_length=16)] | UnsetType = UNSET
    page: Page | UnsetType = UNSET
    request_key: RequestKey | UnsetType = UNSET


class SignJwsResult(Message, frozen=True, kw_only=True):
    """A compact JWS (RFC 7515 section 7.1)."""

    jws: str


class EncryptParams(Message, frozen=True, kw_only=True):
    """Exactly one of ``publicKeyJwk`` and ``keyId``. ``aad`` where the algorithm authenticates it. ``enc`` is the content encryption of a
    JWE (default ``A256GCM``). ``senderKeyId`` (HPKE) authenticates the sender with a private key, and asks the person;
    a ``requestKey`` goes with it only.
    """

    public_key_jwk: PublicKeyJwk | UnsetType = UNSET
    key_id: KeyId | UnsetType = UNSET
    alg: Algorithm
    plaintext: Base64Url
    aad: Base64Url | UnsetType = UNSET
    enc: Algorithm | UnsetType = UNSET
    sender_key_id: KeyId | UnsetType = UNSET
    page: Page | UnsetType = UNSET
    request_key: RequestKey | UnsetType = UNSET


class EncryptResult(Message, frozen=True, kw_only=True):
    """``ciphertext``: of HPKE, enc ‖ ciphertext; of a JWE, its compact form as bytes. ``version`` of the key, where it is the host's."""

    ciphertext: Base64Url
    iv: Base64Url | UnsetType = UNSET
    tag: Base64Url | UnsetType = UNSET
    version: int | UnsetType = UNSET


class DecryptParams(Message, frozen=True, kw_only=True):
    """Of a rotated key every version is tried, the newest first, unless ``version`` says which; without authentication, the newest only.
    ``senderPublicKeyJwk`` (HPKE): the sender that must have encrypted it.
    """

    key_id: KeyId
    alg: Algorithm
    ciphertext: Base64Url
    iv: Base64Url | UnsetType = UNSET
    tag: Base64Url | UnsetType = UNSET
    aad: Base64Url | UnsetType = UNSET
    version: Version | UnsetType = UNSET
    sender_public_key_jwk: PublicKeyJwk | UnsetType = UNSET
    page: Page | UnsetType = UNSET
    request_key: RequestKey | UnsetType = UNSET


class DecryptResult(Message, frozen=True, kw_only=True):
    plaintext: Base64Url


class WrapKeyParams(Message, frozen=True, kw_only=True):
    """``keyId`` is the wrapping key. Not wrapped are seeds, what is derived from them, and keys with an end or a number of uses."""

    key_id: KeyId
    target_key_id: KeyId
    alg: Algorithm
    page: Page | UnsetType = UNSET
    request_key: RequestKey | UnsetType = UNSET


class WrapKeyResult(Message, frozen=True, kw_only=True):
    """The target as a JWK with ``alg`` and ``key_ops``, encrypted: by ``A*KW`` as it stands (RFC 3394; RFC 5649 for odd lengths), by
    ``RSA-OAEP`` as a compact JWE (RFC 7517 section 7).
    """

    wrapped_key: Base64Url


class UnwrapKeyParams(Message, frozen=True, kw_only=True):
    """``targetAlg`` must be the one that was wrapped; ``usages`` can only be fewer."""

    key_id: KeyId
    wrapped_key: Base64Url
    alg: Algorithm
    target_alg: Algorithm
    usages: Usages | UnsetType = UNSET
    label: Label | UnsetType = UNSET
    version: Version | UnsetType = UNSET
    page: Page | UnsetType = UNSET
    request_key: RequestKey | UnsetType = UNSET


class EncapsulateParams(Message, frozen=True, kw_only=True):
    """Exactly one of ``publicKeyJwk`` and ``keyId``."""

    public_key_jwk: PublicKeyJwk | UnsetType = UNSET
    key_id: KeyId | UnsetType = UNSET
    alg: Algorithm


class EncapsulateResult(Message, frozen=True, kw_only=True):
    """A fresh shared secret and its encapsulation."""

    ciphertext: Base64Url
    secret: Base64Url
    version: int | UnsetType = UNSET


class DecapsulateParams(Message, frozen=True, kw_only=True):
    """A ciphertext that was not made for this key gives another secret, as FIPS 203 has it (implicit rejection)."""

    key_id: KeyId
    ciphertext: Base64Url
    alg: Algorithm | UnsetType = UNSET
    version: Version | UnsetType = UNSET
    page: Page | UnsetType = UNSET
    request_key: RequestKey | UnsetType = UNSET


class SecretResult(Message, frozen=True, kw_only=True):
    """A shared secret: for the caller, never a key of the host."""

    secret: Base64Url


class DeriveSecretParams(Message, frozen=True, kw_only=True):
    """The raw shared secret of a key agreement; put it through a KDF before using it."""

    key_id: KeyId
    public_key_jwk: PublicKeyJwk
    version: Version | UnsetType = UNSET
    page: Page | UnsetType = UNSET
    request_key: RequestKey | UnsetType = UNSET


class AggregateSignaturesParams(Message, frozen=True, kw_only=True):
    """``alg``: ``BLS12381G2``."""

    alg: Algorithm
    signatures: Annotated[list[Base64Url], Meta(min_length=1, max_length=4096)]


class AggregateSignaturesResult(Message, frozen=True, kw_only=True):
    signature: Base64Url


class AggregateVerifyParams(Message, frozen=True, kw_only=True):
    """As many ``data`` as keys, one for each; or a single one that all have signed, which proves something only if each key's
    possession was proven.
    """

    alg: Algorithm
    public_key_jwks: Annotated[list[PublicKeyJwk], Meta(min_length=1, max_length=2048)]
    data: Annotated[list[Base64Url], Meta(min_length=1, max_length=512)]
    signature: Base64Url
