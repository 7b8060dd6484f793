"""A wallet's keys as operations find them: whose they are, in which state, and what they may be used for.

Usages belong to (seed, curve, path): a *ceiling* record bounds what any key at that place may do, whatever scheme,
algorithm or record names it, and outlives the key, so that deriving a path again cannot widen anything.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from native_host.backends import LOCAL, TOKEN_ALGS
from native_host.encodings.base64url import decode_base64url, encode_base64url
from native_host.errors import KeyState, UnknownKey, Unsupported, UsageNotAllowed
from native_host.kek.kinds import weakest
from native_host.keystore.records import RECORD_ID_BYTES, Metadata, Record
from native_host.operations.versions import check_active, place_of, uses_left
from native_host.policy import Facts, KeyView
from native_host.protocol.messages import DerivedFrom, KeyInfo, PublicKeyJwk
from native_host.protocol.wire import Base64Url
from native_host.suites.table import SUITES, UNSUPPORTED, Suite

if TYPE_CHECKING:
    from native_host.keystore.store import KeyStore
    from native_host.protocol.messages import Protection, Usage
    from native_host.session import Session

CEILING_ALG = "CEILING"
SEED_ALGS = ("BIP39", "SEED")


def suite_of(alg: str) -> Suite:
    """The row of an algorithm that a key can have here.

    Raises:
        Unsupported: by name.
    """
    suite = SUITES.get(alg)
    if suite is None:
        raise Unsupported(UNSUPPORTED.get(alg), detail=alg)
    return suite


def suite_for(record: Record, alg: object, kinds: tuple[str, ...]) -> Suite:
    """The row of the algorithm that a call names for a key, or of the key's own.

    Raises:
        Unsupported: by name.
        InvalidParams: the key has another algorithm, or that one does not do what is asked.
    """
    from native_host.errors import InvalidParams

    own = SUITES[record.metadata.alg]
    suite = suite_of(alg) if isinstance(alg, str) else own
    if not own.allows(suite.alg):
        raise InvalidParams("The key has another algorithm.", path="alg")
    if suite.kind not in kinds:
        raise InvalidParams("This algorithm does not do that.", path="alg")
    if record.metadata.backend != LOCAL and suite.alg not in TOKEN_ALGS:
        raise Unsupported("Keys in tokens do not do that.", detail=suite.alg)
    return suite


def find(store: KeyStore, session: Session, key_id: str) -> Record:
    """The caller's own key of that id, in whatever state but destroyed.

    Raises:
        UnknownKey: no such key, or one of another wallet's: which of the two is not revealed.
        KeyState: it was destroyed.
        CannotUnseal: it was changed from outside.
    """
    try:
        record_id = decode_base64url(key_id)
    except (ValueError, Base64Error):
        raise UnknownKey from None
    record = store.read(record_id) if len(record_id) == RECORD_ID_BYTES else None
    if record is None or record.owner != store.owner_of(session.wallet_id) or record.metadata.alg == CEILING_ALG:
        raise UnknownKey
    if record.metadata.state == "destroyed":
        raise KeyState("The key was destroyed.")
    return record


def find_usable(store: KeyStore, session: Session, key_id: str, usage: str) -> Record:
    """The caller's own active key, which may be used for ``usage``.

    Raises:
        UnknownKey, KeyState, UsageNotAllowed, CannotUnseal
    """
    record = in_force(store, session, find(store, session, key_id))
    check_active(store, record)
    if usage not in record.metadata.usages:
        raise UsageNotAllowed
    return record


def check_revision(facts: Facts, record: Record) -> None:
    """See that a record is still the one that was reviewed.

    Raises:
        KeyState: it was changed meanwhile.
    """
    reviewed = facts.key
    if reviewed is not None and reviewed.revision != record.revision:
        raise KeyState("The key was changed while this waited for the person. Ask again.")


def usages_of(store: KeyStore, session: Session, record: Record) -> tuple[str, ...]:
    """What the key may be used for, its ceiling applied."""
    return in_force(store, session, record).metadata.usages


def in_force(store: KeyStore, session: Session, record: Record) -> Record:
    """The record with what is left of its usages, its end and its uses by the place it is derived at; not to be written.

    Raises:
        KeyState: the seed it comes from cannot be used.
    """
    from msgspec.structs import replace

    metadata = record.metadata
    if metadata.parent is None:
        return record
    parent = store.read(metadata.parent)
    try:
        if parent is None:
            raise KeyState
        check_active(store, in_force(store, session, parent))  # a seed by BIP85 comes from another
    except KeyState:
        raise KeyState("The seed that this key comes from is not active.") from None
    ceiling = read_ceiling(store, ceiling_id(store, session, parent, metadata.alg, metadata.path or ""))
    return record if ceiling is None else replace(record, metadata=lowered(metadata, ceiling.metadata))


def lowered(metadata: Metadata, ceiling: Metadata) -> Metadata:
    """The metadata with no usage, no time and no number of uses above the ceiling's."""
    usages = tuple(usage for usage in metadata.usages if usage in ceiling.usages)
    expires_at, max_uses = (
        min((one for one in pair if one is not None), default=None)
        for pair in ((metadata.expires_at, ceiling.expires_at), (metadata.max_uses, ceiling.max_uses))
    )
    return changed(metadata, usages=usages, expires_at=expires_at, max_uses=max_uses)


def ceiling_id(store: KeyStore, session: Session, seed: Record, alg: str, path: str) -> bytes:
    """Where the ceiling of a place under a seed stands; ``path`` in canonical form."""
    return store.keys.tag("ceiling", session.wallet_id, *place_of(seed, alg, path))


def read_ceiling(store: KeyStore, record_id: bytes) -> Record | None:
    """The ceiling record, if that place was ever derived."""
    return store.read(record_id)


def write_ceiling(store: KeyStore, session: Session, record_id: bytes, key: Metadata, at: int) -> None:
    """Set or lower a ceiling to what a key at its place may do, inside a transaction; it is never raised.

    Its state is the last that a key at the place was given, and that of the next one there.
    """
    ceiling = read_ceiling(store, record_id)
    if ceiling is None:
        metadata = Metadata(alg=CEILING_ALG, usages=key.usages, provenance="derived", state=key.state, created_at=at)
        store.insert(record_id, store.keys.tag("ceilings", session.wallet_id), lowered(metadata, key), None, None)
        return
    metadata = changed(lowered(ceiling.metadata, key), state=key.state)
    if metadata != ceiling.metadata:
        store.update(ceiling, metadata)


def changed(metadata: Metadata, **members: object) -> Metadata:
    """The metadata with some members exchanged."""
    from msgspec.structs import replace

    return replace(metadata, **members)


def key_view(record: Record, *, dependants: int = 0) -> KeyView:
    """The key as policy and reviews may know it."""
    metadata = record.metadata
    return KeyView(
        key_id=encode_base64url(record.record_id),
        revision=record.revision,
        alg=metadata.alg,
        usages=metadata.usages,
        state=metadata.state,
        label=metadata.label or "",
        address=metadata.address,
        derived=metadata.parent is not None,
        path=metadata.path,
        dependants=dependants,
        labels=SUITES[metadata.alg].labels,
        provenance=metadata.provenance,
        backend=metadata.backend,
        public=metadata.public,
        parent=None if metadata.parent is None else encode_base64url(metadata.parent),
    )


def key_info(store: KeyStore, session: Session, record: Record) -> KeyInfo:
    """The key as the wire describes it."""
    with suppress(KeyState):
        record = in_force(store, session, record)
    metadata = record.metadata
    public, left = metadata.public, uses_left(store, record)
    ended = metadata.state == "active" and metadata.expires_at is not None and metadata.expires_at <= store.now()
    return KeyInfo(
        key_id=encode_base64url(record.record_id),
        alg=metadata.alg,
        usages=list(metadata.usages),  # type: ignore[arg-type]  # only usages of the protocol are ever written
        label=metadata.label or UNSET,
        public_key_jwk=UNSET if public is None else public_jwk(metadata.alg, public),
        multikey=UNSET if public is None else SUITES[metadata.alg].multikey(public) or UNSET,
        address=metadata.address or UNSET,
        backend=metadata.backend,
        protection=protection_of(store, metadata),
        derived_from=_derived_from(metadata),
        provenance=metadata.provenance,  # type: ignore[arg-type]
        state="expired" if ended else metadata.state,  # type: ignore[arg-type]
        version=metadata.version,
        created_at=rfc3339(metadata.created_at),
        labels=list(SUITES[metadata.alg].labels) or UNSET,
        expires_at=UNSET if metadata.expires_at is None else rfc3339(metadata.expires_at),
        uses_left=UNSET if left is None else left,
        key_storage=metadata.key_storage or UNSET,  # type: ignore[arg-type]  # only what the list of modules allows is ever written
    )


def protection_of(store: KeyStore, metadata: Metadata) -> Protection:
    """What keeps a key's secret from whoever has the files: where it lives elsewhere, that; otherwise the weakest way into the store."""
    if metadata.backend != "local":
        return metadata.protection  # type: ignore[return-value]  # only protections of the protocol are ever written
    row = weakest(store.slot_kinds())
    return "software" if row is None else row.protection


def public_jwk(alg: str, public: bytes) -> PublicKeyJwk:
    """A raw public key as a JWK."""
    jwk = SUITES[alg].pairs().public_jwk(public)

    def given(value: bytes | None) -> Base64Url | UnsetType:
        return Base64Url(value) if value else UNSET

    return PublicKeyJwk(
        kty=jwk.kty,
        crv=jwk.crv or UNSET,
        x=given(jwk.x),
        y=given(jwk.y),
        n=given(jwk.n),
        e=given(jwk.e),
        alg=jwk.alg or UNSET,
        pub=given(jwk.pub),
    )


def parse_public(jwk: PublicKeyJwk, suite: Suite, *, path: str = "publicKeyJwk") -> bytes:
    """The raw public key of a JWK that a caller sent.

    Raises:
        InvalidParams: it is no public key of that algorithm.
    """
    from native_host.encodings.jwk import Jwk
    from native_host.errors import InvalidParams

    def given(value: Base64Url | UnsetType) -> bytes:
        return b"" if value is UNSET else bytes(value)

    try:
        return suite.pairs().parse_public(
            Jwk(
                kty=jwk.kty,
                crv="" if jwk.crv is UNSET else jwk.crv,
                x=given(jwk.x),
                y=None if jwk.y is UNSET else bytes(jwk.y),
                n=given(jwk.n),
                e=given(jwk.e),
                alg="" if jwk.alg is UNSET else jwk.alg,
                pub=given(jwk.pub),
            )
        )
    except ValueError:
        raise InvalidParams("That is not a public key of this algorithm.", path=path) from None


def public_as(record: Record, suite: Suite) -> bytes:
    """A key's raw public key as its algorithm, or a variant of it, takes it; by way of the JWK, which variants share.

    Raises:
        InvalidParams: the key has another algorithm.
    """
    from native_host.errors import InvalidParams

    public, own = record.metadata.public, SUITES[record.metadata.alg]
    if public is None or not own.allows(suite.alg):
        raise InvalidParams("The key has another algorithm.", path="alg")
    return public if suite.alg == own.alg else suite.pairs().parse_public(own.pairs().public_jwk(public))


def rfc3339(milliseconds: int) -> str:
    """Milliseconds since 1970 as RFC 3339 UTC, to the millisecond."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _derived_from(metadata: Metadata) -> DerivedFrom | UnsetType:
    if metadata.parent is None or metadata.path is None:
        return UNSET
    return DerivedFrom(key_id=encode_base64url(metadata.parent), path=metadata.path)


def narrower(wanted: list[Usage] | object, suite: Suite, *, path: str) -> tuple[str, ...]:
    """The usages asked for, or all that are allowed together.

    Raises:
        InvalidParams: a usage that the algorithm does not have, or not together with the others.
    """
    from native_host.errors import InvalidParams

    if not isinstance(wanted, list):
        return suite.usages
    for allowed in suite.usage_sets():
        if set(wanted) <= set(allowed):
            return tuple(usage for usage in allowed if usage in wanted)
    raise InvalidParams("This algorithm does not have that usage, or not together with the others.", path=path)
