"""Every params and every result of protocol version 1, sections 5 and 6, and its events; section 7 is in ``uses.py``.

A member that may be left out is ``T | UnsetType = UNSET``: present or absent, never ``null``.
No type here has a member that carries a private key, seed, mnemonic, passphrase, PIN or KEK; a test walks them all.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

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
KeyStorage = Literal["iso_18045_high", "iso_18045_moderate", "iso_18045_enhanced-basic", "iso_18045_basic"]
Provenance = Literal["generated", "imported", "restored", "unwrapped", "derived"]
Scheme = Literal["BIP32", "SLIP10", "SLIP21", "EIP2333", "CIP1852", "BIP85"]
SignatureEncoding = Literal["jose", "der"]
AlgorithmLabel = Literal["legacy", "unauthenticated", "post-quantum"]
ExtendedKeyFormat = Literal["xpub", "ypub", "zpub", "tpub", "upub", "vpub"]
EventType = Literal["locked", "unlocked", "keysChanged", "approvalWaiting", "approvalDone"]
LockReason = Literal["idle", "request", "screen", "sleep", "user", "elsewhere"]
"""Why it was locked: not used for too long; this extension's own ``lock``; the screen was locked; the computer goes to sleep; the person's
session ended or another one is in front; another process locked it, or changed its file."""
KeyId = Annotated[str, Meta(min_length=1, max_length=64)]
Algorithm = Annotated[str, Meta(min_length=1, max_length=32, title="AlgorithmName")]
"""What a host offers stands in ``hello``'s ``algorithms``; any short text is taken, so that an unknown name is ``unsupported`` and
not ``invalid_params``. The published type is made from the table of suites."""
Label = Annotated[str, Meta(max_length=128)]
Path = Annotated[str, Meta(min_length=1, max_length=256)]
Usages = Annotated[list[Usage], Meta(min_length=1, max_length=13)]
RequestKey = Annotated[str, Meta(min_length=1, max_length=64)]
ShortText = Annotated[str, Meta(min_length=1, max_length=128)]
Time = Annotated[str, Meta(min_length=20, max_length=35)]
UseCount = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Cursor = Annotated[str, Meta(min_length=1, max_length=128)]


class PublicKeyJwk(Message, frozen=True, kw_only=True):
    """A public JSON Web Key (RFC 7517; OKP: RFC 8037; secp256k1: RFC 8812; AKP: RFC 9964). A private member is refused.

    ``ext`` and ``key_ops``, which WebCrypto writes, are read and have no effect.
    """

    kty: Annotated[str, Meta(max_length=16)]
    crv: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    x: Base64Url | UnsetType = UNSET
    y: Base64Url | UnsetType = UNSET
    n: Base64Url | UnsetType = UNSET
    e: Base64Url | UnsetType = UNSET
    pub: Base64Url | UnsetType = UNSET
    alg: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    kid: Annotated[str, Meta(max_length=128)] | UnsetType = UNSET
    use: Annotated[str, Meta(max_length=16)] | UnsetType = UNSET
    ext: bool | UnsetType = UNSET
    key_ops: Annotated[list[ShortText], Meta(max_length=16)] | UnsetType = field(default=UNSET, name="key_ops")


class Page(Message, frozen=True, kw_only=True):
    """The web page that asked, in the extension's words: a claim, shown and ruled on as one. ``origin`` as browsers write it (RFC 6454), such
    as ``https://shop.example``; a page whose origin is opaque (``null``) is not named.
    """

    origin: Annotated[str, Meta(min_length=1, max_length=512)]

    def __post_init__(self) -> None:
        """Give the origin its one spelling, before anything sees it that compares it."""
        from msgspec.structs import force_setattr

        from native_host.encodings.web_origin import canonical_origin

        try:
            force_setattr(self, "origin", canonical_origin(self.origin))
        except ValueError:
            raise ValueError("Wrong member `origin`") from None


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
    ``protection`` is that of the weakest slot, as any slot opens the keystore. ``paired``: this call came through the channel of a pairing.
    """

    state: State
    idle_lock_seconds: int
    slots: list[Slot]
    protection: Protection | UnsetType = UNSET
    unattended: bool | UnsetType = UNSET
    key_count: int | UnsetType = UNSET
    paired: bool | UnsetType = UNSET


class StateResult(Message, frozen=True, kw_only=True):
    state: State


# --- section 6: keys ------------------------------------------------------------------------------------------------


class DerivedFrom(Message, frozen=True, kw_only=True):
    key_id: str
    path: str


class KeyInfo(Message, frozen=True, kw_only=True):
    """``labels`` say what to know of the algorithm: ``legacy``, ``unauthenticated``, ``post-quantum``. ``expiresAt`` and ``usesLeft`` are
    there if the key has such an end. ``version`` counts rotations. ``protection`` of a key of the keystore is that of its weakest slot.
    ``keyStorage`` of a key in a token is what the machine's administrator says that it resists (OpenID4VCI 1.0 appendix D.2), never a guess.
    """

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
    labels: list[AlgorithmLabel] | UnsetType = UNSET
    expires_at: str | UnsetType = UNSET
    uses_left: int | UnsetType = UNSET
    key_storage: KeyStorage | UnsetType = UNSET


class GenerateKeyParams(Message, frozen=True, kw_only=True):
    """``words`` and ``language`` (a word list of BIP39) are for ``BIP39``, ``modulusLength`` (2048, 3072 or 4096 bits, default 3072) is for
    RSA. After ``expiresAt``, or ``maxUses`` uses of the private key, the key does nothing more. With ``backend`` ``pkcs11`` it is made in
    a token and never leaves it; ``token`` is the token's serial number or label, and needed if more than one is connected.
    """

    alg: Algorithm
    usages: Usages | UnsetType = UNSET
    label: Label | UnsetType = UNSET
    backend: Annotated[str, Meta(min_length=1, max_length=32)] | UnsetType = UNSET
    token: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET
    words: Literal[12, 15, 18, 21, 24] | UnsetType = UNSET
    language: Annotated[str, Meta(min_length=1, max_length=32)] | UnsetType = UNSET
    modulus_length: Annotated[int, Meta(ge=2048, le=16384)] | UnsetType = UNSET
    expires_at: Time | UnsetType = UNSET
    max_uses: UseCount | UnsetType = UNSET


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
    expires_at: Time | UnsetType = UNSET
    max_uses: UseCount | UnsetType = UNSET


class ImportKeyFileParams(Message, frozen=True, kw_only=True):
    """``alg`` is needed where the file holds a key that is good for several. The file is the person's, who gives it to the host alone."""

    alg: Algorithm | UnsetType = UNSET
    usages: Usages | UnsetType = UNSET
    label: Label | UnsetType = UNSET


class RestoreSeedParams(Message, frozen=True, kw_only=True):
    """``language`` names the word list where the words are in more than one."""

    label: Label | UnsetType = UNSET
    language: Annotated[str, Meta(min_length=1, max_length=32)] | UnsetType = UNSET


class DeriveKeyParams(Message, frozen=True, kw_only=True):
    """``path``: indices; of ``SLIP21`` labels (``m/SLIP-0021/Backup``); of ``BIP85``, which makes a new seed of ``alg`` ``BIP39``,
    ``m/83696968'/39'/language'/words'/index'``.
    """

    key_id: KeyId
    path: Path
    alg: Algorithm
    scheme: Scheme | UnsetType = UNSET
    usages: Usages | UnsetType = UNSET
    label: Label | UnsetType = UNSET
    expires_at: Time | UnsetType = UNSET
    max_uses: UseCount | UnsetType = UNSET


class GetPublicKeyParams(Message, frozen=True, kw_only=True):
    key_id: KeyId
    path: Path | UnsetType = UNSET
    alg: Algorithm | UnsetType = UNSET
    scheme: Scheme | UnsetType = UNSET


class PublicKeyResult(Message, frozen=True, kw_only=True):
    """``raw``: EC keys as SEC 1 compressed, BIP340 x-only (32 bytes), RSA keys as ``RSAPublicKey`` (RFC 8017), all others as their
    standard's bytes. ``multikey`` and ``did`` (did:key) are left out where the kind of key has none.
    """

    public_key_jwk: PublicKeyJwk
    multikey: str | UnsetType = UNSET
    did: str | UnsetType = UNSET
    raw: Base64Url


class GetExtendedPublicKeyParams(Message, frozen=True, kw_only=True):
    """``format`` by SLIP-0132; its default follows the path's purpose (49': ``ypub``, 84': ``zpub``) and coin, else ``xpub``."""

    key_id: KeyId
    path: Path
    format: ExtendedKeyFormat | UnsetType = UNSET
    page: Page | UnsetType = UNSET


class ExtendedPublicKeyResult(Message, frozen=True, kw_only=True):
    """``xpub`` in the format asked for."""

    xpub: str
    format: ExtendedKeyFormat


class ListKeysParams(Message, frozen=True, kw_only=True):
    cursor: Cursor | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=100)] | UnsetType = UNSET


class ListKeysResult(Message, frozen=True, kw_only=True):
    keys: list[KeyInfo]
    next_cursor: str | UnsetType = UNSET


class UpdateKeyParams(Message, frozen=True, kw_only=True):
    """``usages``, ``expiresAt`` and ``maxUses`` can only become less. ``maxUses`` counts from when the key first had one; a decryption that
    fails counts too. Giving a key an end asks the person; of a derived key it is the end of every key at its path.
    """

    key_id: KeyId
    label: Label | UnsetType = UNSET
    state: Literal["active", "disabled"] | UnsetType = UNSET
    usages: Usages | UnsetType = UNSET
    expires_at: Time | UnsetType = UNSET
    max_uses: UseCount | UnsetType = UNSET


class RotateKeyParams(Message, frozen=True, kw_only=True):
    """The key keeps its id, label and usages. Older versions go on verifying and decrypting. Of a key with the usages of an account
    it asks the person: what only the older version could move is lost.
    """

    key_id: KeyId


class DestroyKeyParams(Message, frozen=True, kw_only=True):
    key_id: KeyId


class DestroyKeyResult(Message, frozen=True, kw_only=True):
    """``remainsInToken``: the key is gone from the keystore, and is still in its token: that is not here, or had the key before."""

    remains_in_token: bool | UnsetType = UNSET


# --- notifications and events -----------------------------------------------------------------------------------------


class CancelParams(Message, frozen=True, kw_only=True):
    id: Annotated[int, Meta(ge=0, le=2**53 - 1)] | Annotated[str, Meta(min_length=1, max_length=64)]


class Event(Message, frozen=True, kw_only=True):
    """``reason``: of ``locked``, where it is known."""

    type: EventType
    reason: LockReason | UnsetType = UNSET
