"""Every params and every result of protocol version 1, sections 5 to 7, and its events.

A member that may be left out is ``T | UnsetType = UNSET``: present or absent, never ``null``.
No type here has a member that carries a private key, seed, mnemonic, passphrase, PIN or KEK; a test walks them all.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from native_host.protocol.wire import Base64Url, Message

State = Literal["uninitialized", "locked", "unlocked"]
KeyStateName = Literal["unconfirmed", "active", "disabled", "expired", "destroyed"]
Usage = Literal[
    "sign",
    "verify",
    "encrypt",
    "decrypt",
    "wrapKey",
    "unwrapKey",
    "deriveKey",
    "deriveSecret",
    "message",
    "typedData",
    "transaction",
    "jws",
    "cosign",
]
Protection = Literal["software", "platform", "tpm", "token", "remote", "device"]
Provenance = Literal["generated", "imported", "restored", "unwrapped", "derived"]
Scheme = Literal["BIP32", "SLIP10", "EIP2333"]
SignatureEncoding = Literal["jose", "der"]
EventType = Literal["locked", "unlocked", "keysChanged", "approvalWaiting", "approvalDone"]
AlgorithmName = Literal[
    "BIP39",
    "SEED",
    "Ed25519",
    "Ed448",
    "ES256",
    "ES384",
    "ES512",
    "ES224",
    "ES256K",
    "ES256K-R",
    "BIP340",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "BLS12381G2",
    "ML-DSA-44",
    "ML-DSA-65",
    "ML-DSA-87",
    "HS256",
    "HS384",
    "HS512",
    "A128GCM",
    "A192GCM",
    "A256GCM",
    "A128CBC",
    "A192CBC",
    "A256CBC",
    "A128CTR",
    "A192CTR",
    "A256CTR",
    "A128ECB",
    "A256ECB",
    "C20P",
    "XC20P",
    "A128KW",
    "A192KW",
    "A256KW",
    "RSA-OAEP",
    "RSA-OAEP-256",
    "X25519",
    "X448",
    "ECDH-P256",
    "ECDH-P384",
    "ECDH-P521",
    "ML-KEM-512",
    "ML-KEM-768",
    "ML-KEM-1024",
]
"""Every ``alg`` that version 1 names, for the published types. What a host offers stands in ``hello``'s ``algorithms``; params take
any short text, so that an unknown name is ``unsupported`` and not ``invalid_params``."""

KeyId = Annotated[str, Meta(min_length=1, max_length=64)]
Algorithm = Annotated[str, Meta(min_length=1, max_length=32, title="AlgorithmName")]
Label = Annotated[str, Meta(max_length=128)]
Path = Annotated[str, Meta(min_length=1, max_length=256)]
Usages = Annotated[list[Usage], Meta(min_length=1, max_length=13)]
RequestKey = Annotated[str, Meta(min_length=1, max_length=64)]
ShortText = Annotated[str, Meta(min_length=1, max_length=128)]
Cursor = Annotated[str, Meta(min_length=1, max_length=128)]


class PublicKeyJwk(Message, frozen=True, kw_only=True):
    """A public JSON Web Key (RFC 7517; OKP: RFC 8037; secp256k1: RFC 8812). A private member is refused."""

    kty: Annotated[str, Meta(max_length=16)]
    crv: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    x: Base64Url | UnsetType = UNSET
    y: Base64Url | UnsetType = UNSET
    alg: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    kid: Annotated[str, Meta(max_length=128)] | UnsetType = UNSET
    use: Annotated[str, Meta(max_length=16)] | UnsetType = UNSET


class Page(Message, frozen=True, kw_only=True):
    """The web page that asked, in the extension's words: a claim, shown and ruled on as one."""

    origin: Annotated[str, Meta(min_length=1, max_length=512)]


class NoParams(Message, frozen=True, kw_only=True):
    """A method that takes nothing."""


class GetStatusParams(NoParams, frozen=True, kw_only=True):
    pass


class UnlockParams(NoParams, frozen=True, kw_only=True):
    pass


class LockParams(NoParams, frozen=True, kw_only=True):
    pass


class GetImportKeyParams(NoParams, frozen=True, kw_only=True):
    pass


class Empty(Message, frozen=True, kw_only=True):
    """A result that says only that it was done."""


# --- section 5: session ---------------------------------------------------------------------------------------------


class Client(Message, frozen=True, kw_only=True):
    name: ShortText
    version: ShortText


class HelloParams(Message, frozen=True, kw_only=True):
    protocol: Annotated[list[Annotated[str, Meta(max_length=16)]], Meta(min_length=1, max_length=16)]
    client: Client


class HostVersion(Message, frozen=True, kw_only=True):
    name: str
    version: str


class Limits(Message, frozen=True, kw_only=True):
    """Sizes in bytes, ``batch`` and ``waiting`` in calls."""

    request_bytes: int
    response_bytes: int
    batch: int
    waiting: int


class HelloResult(Message, frozen=True, kw_only=True):
    protocol: str
    host: HostVersion
    origin: str
    state: State
    paired: bool
    unattended: bool
    methods: list[str]
    algorithms: list[str]
    backends: list[str]
    limits: Limits


class Slot(Message, frozen=True, kw_only=True):
    kind: str
    label: str


class Status(Message, frozen=True, kw_only=True):
    """``keyCount`` (keys of the caller's wallet) is left out while locked: which records are whose is sealed.
    ``unattended`` is what ``hello`` says too, but a set-up after ``hello`` decides it anew; left out when there is no keystore.
    """

    state: State
    idle_lock_seconds: int
    slots: list[Slot]
    unattended: bool | UnsetType = UNSET
    key_count: int | UnsetType = UNSET


class StateResult(Message, frozen=True, kw_only=True):
    state: State


# --- section 6: keys ------------------------------------------------------------------------------------------------


class DerivedFrom(Message, frozen=True, kw_only=True):
    key_id: str
    path: str


class KeyInfo(Message, frozen=True, kw_only=True):
    key_id: str
    alg: str
    usages: list[Usage]
    label: str | UnsetType = UNSET
    public_key_jwk: PublicKeyJwk | UnsetType = UNSET
    multikey: str | UnsetType = UNSET
    address: str | UnsetType = UNSET
    backend: str
    protection: Protection
    derived_from: DerivedFrom | UnsetType = UNSET
    provenance: Provenance
    state: KeyStateName
    version: int
    created_at: str


class GenerateKeyParams(Message, frozen=True, kw_only=True):
    alg: Algorithm
    usages: Usages | UnsetType = UNSET
    label: Label | UnsetType = UNSET
    backend: Annotated[str, Meta(min_length=1, max_length=32)] | UnsetType = UNSET
    words: Literal[12, 15, 18, 21, 24] | UnsetType = UNSET
    modulus_length: Annotated[int, Meta(ge=2048, le=16384)] | UnsetType = UNSET


class ImportKeyOffer(Message, frozen=True, kw_only=True):
    import_key_id: str
    public_key_jwk: PublicKeyJwk
    alg: str
    enc: str
    expires_at: str


class ImportKeyParams(Message, frozen=True, kw_only=True):
    import_key_id: KeyId
    jwe: Annotated[str, Meta(min_length=1, max_length=65536)]
    alg: Algorithm
    usages: Usages | UnsetType = UNSET
    label: Label | UnsetType = UNSET


class RestoreSeedParams(Message, frozen=True, kw_only=True):
    label: Label | UnsetType = UNSET


class DeriveKeyParams(Message, frozen=True, kw_only=True):
    key_id: KeyId
    path: Path
    alg: Algorithm
    scheme: Scheme | UnsetType = UNSET
    usages: Usages | UnsetType = UNSET
    label: Label | UnsetType = UNSET


class GetPublicKeyParams(Message, frozen=True, kw_only=True):
    key_id: KeyId
    path: Path | UnsetType = UNSET
    alg: Algorithm | UnsetType = UNSET
    scheme: Scheme | UnsetType = UNSET


class PublicKeyResult(Message, frozen=True, kw_only=True):
    """``raw``: EC keys as SEC1 compressed (33 bytes), BIP340 x-only (32), OKP keys as their standard's bytes (32)."""

    public_key_jwk: PublicKeyJwk
    multikey: str
    raw: Base64Url


class ListKeysParams(Message, frozen=True, kw_only=True):
    cursor: Cursor | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=100)] | UnsetType = UNSET


class ListKeysResult(Message, frozen=True, kw_only=True):
    keys: list[KeyInfo]
    next_cursor: str | UnsetType = UNSET


class UpdateKeyParams(Message, frozen=True, kw_only=True):
    key_id: KeyId
    label: Label | UnsetType = UNSET
    state: Literal["active", "disabled"] | UnsetType = UNSET
    usages: Usages | UnsetType = UNSET


class DestroyKeyParams(Message, frozen=True, kw_only=True):
    key_id: KeyId


# --- section 7: use -------------------------------------------------------------------------------------------------


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
    """Exactly one of ``publicKeyJwk`` and ``keyId``, and exactly one of ``data`` and ``digest``."""

    public_key_jwk: PublicKeyJwk | UnsetType = UNSET
    key_id: KeyId | UnsetType = UNSET
    alg: Algorithm
    data: Base64Url | UnsetType = UNSET
    digest: Base64Url | UnsetType = UNSET
    signature: Base64Url
    encoding: SignatureEncoding | UnsetType = UNSET


class VerifyResult(Message, frozen=True, kw_only=True):
    valid: bool


class RandomBytesParams(Message, frozen=True, kw_only=True):
    length: Annotated[int, Meta(ge=1, le=65536)]


class RandomBytesResult(Message, frozen=True, kw_only=True):
    bytes: Base64Url


class SignMessageParams(Message, frozen=True, kw_only=True):
    key_id: KeyId
    format: Annotated[str, Meta(min_length=1, max_length=32)]
    message: Base64Url
    page: Page | UnsetType = UNSET
    request_key: RequestKey | UnsetType = UNSET


class SignMessageResult(Message, frozen=True, kw_only=True):
    """``signature``: ``eip191`` r‖s‖v with v 27 or 28 (65 bytes), ``bip322`` the serialized witness stack, ``solana`` 64 bytes."""

    signature: Base64Url
    address: str


class CancelParams(Message, frozen=True, kw_only=True):
    id: Annotated[int, Meta(ge=0, le=2**53 - 1)] | Annotated[str, Meta(min_length=1, max_length=64)]


# --- events ---------------------------------------------------------------------------------------------------------


class Event(Message, frozen=True, kw_only=True):
    type: EventType
