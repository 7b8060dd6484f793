"""Keys: generate, derive, import, read, update, destroy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from native_host.backends import LOCAL, token_usages
from native_host.encodings.base64url import decode_base64url, encode_base64url
from native_host.errors import InvalidParams, KeyState, Unsupported, UsageNotAllowed
from native_host.keystore.records import Metadata, Record
from native_host.operations import backends, records, seeds, versions
from native_host.operations.keep import insert_key
from native_host.operations.unsealing import derived_secret
from native_host.protocol.messages import DestroyKeyResult, ListKeysResult, PublicKeyResult
from native_host.protocol.wire import Base64Url
from native_host.suites.hd import derivation
from native_host.suites.table import SUITES

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.operations.house import House
    from native_host.protocol.messages import (
        DeriveKeyParams,
        DestroyKeyParams,
        GenerateKeyParams,
        GetPublicKeyParams,
        KeyInfo,
        ListKeysParams,
        UpdateKeyParams,
    )

DEFAULT_PAGE = 50
POSITION_BYTES = 8
MODULUS_LENGTHS = (2048, 3072, 4096)


def generate_key(house: House, permit: Permit, params: GenerateKeyParams) -> KeyInfo:
    """A key made in the host, or in a token; a seed goes by its own way."""
    suite = records.suite_of(params.alg)
    if params.modulus_length is not UNSET and (suite.kty != "RSA" or params.modulus_length not in MODULUS_LENGTHS):
        raise InvalidParams("Only an RSA key has a modulus, of 2048, 3072 or 4096 bits.", path="modulusLength")
    place = backends.check_new(house, params, suite)
    usages = records.narrower(params.usages, suite, path="usages")
    if place != LOCAL:
        usages = tuple(usage for usage in usages if usage in token_usages(suite))
    expires_at, max_uses = versions.bounds(params, suite, house.clock())
    if params.alg == "BIP39":
        return seeds.generate(house, permit, params, expires_at)
    seeds.refuse_words(params)
    if not suite.generated:
        raise Unsupported(detail=params.alg)
    modulus_length = None if params.modulus_length is UNSET else params.modulus_length
    token = None if place == LOCAL else backends.chosen_token(house, params)
    with backends.new_key(house, suite, token, modulus_length=modulus_length) as (secret, public):
        metadata = Metadata(
            alg=params.alg,
            usages=usages,
            provenance="generated",
            state="active",
            created_at=house.clock(),
            label=_label(params.label),
            backend=place,
            protection="software" if place == LOCAL else "token",
            key_storage=None if token is None else backends.tokens_of(house).key_storage(token),
            public=public,
            expires_at=expires_at,
            max_uses=max_uses,
        )
        key_id = insert_key(house, permit, metadata, secret)
    return records.key_info(house.store, permit.session, records.find(house.store, permit.session, key_id))


def derive_key(house: House, permit: Permit, params: DeriveKeyParams) -> KeyInfo:
    """An account key: a record without a secret, derived again at each use."""
    store, session = house.store, permit.session
    suite = records.suite_of(params.alg)
    seed = records.find_usable(store, session, params.key_id, "deriveKey")
    path, scheme = parse_place(params.path, params.alg, params.scheme)
    expires_at, max_uses = versions.bounds(params, suite, house.clock())
    if params.alg == "BIP39":
        return seeds.derive(house, permit, params, path, expires_at)
    wanted = records.narrower(params.usages, suite, path="usages")
    usages = suite.derived_usages if params.usages is UNSET else wanted
    ceiling_id = records.ceiling_id(store, session, seed, params.alg, path)
    with derived_secret(house, seed, params.alg, scheme, path) as secret:
        public = suite.pairs().public_key(secret.buffer) if suite.has_public else None
        made = records.changed(
            _derived(house, params, usages, public, seed.record_id, scheme, path), expires_at=expires_at, max_uses=max_uses
        )
        metadata = _under(records.read_ceiling(store, ceiling_id), made, asked=params.usages is not UNSET)
        key_id = insert_key(
            house,
            permit,
            metadata,
            None,
            known_by=secret,
            also=lambda: records.write_ceiling(store, session, ceiling_id, metadata, house.clock()),
        )
    return records.key_info(store, session, records.find(store, session, key_id))


def _under(ceiling: Record | None, made: Metadata, *, asked: bool) -> Metadata:
    """A derived key as the ceiling of its place lets it be; ``asked``: its usages were asked for, and are given whole or not at all.

    Raises:
        UsageNotAllowed: it would have usages that the place has no more, or take from the place what others have there.
    """
    if ceiling is None:
        return made
    within, left = records.lowered(made, ceiling.metadata), records.lowered(ceiling.metadata, made)
    if asked and within.usages != made.usages:
        raise UsageNotAllowed("This path was derived before with fewer usages, and deriving it again cannot widen them.")
    if not within.usages:
        raise UsageNotAllowed("This path was derived before for other usages, which exclude these.")
    if (left.expires_at, left.max_uses) != (ceiling.metadata.expires_at, ceiling.metadata.max_uses):
        raise UsageNotAllowed("This path was derived before, and its key there would end too. Give that one its end, by updateKey.")
    # Enabling what was disabled is the person's.
    return records.changed(within, state=ceiling.metadata.state)


def _derived(
    house: House,
    params: DeriveKeyParams,
    usages: tuple[str, ...],
    public: bytes | None,
    parent: bytes,
    scheme: str,
    path: str,
) -> Metadata:
    return Metadata(
        alg=params.alg,
        usages=usages,
        provenance="derived",
        state="active",
        created_at=house.clock(),
        label=_label(params.label),
        public=public,
        address=None if public is None else derivation.address(params.alg, path, public),
        parent=parent,
        scheme=scheme,
        path=path,
    )


def parse_place(path: str, alg: str, scheme: object) -> tuple[str, str]:
    """A derivation path in canonical form, and the scheme.

    Raises:
        InvalidParams: a path that is none, or that the scheme cannot derive.
        Unsupported: a scheme that this algorithm or host does not have.
    """
    suite = records.suite_of(alg)
    chosen = scheme if isinstance(scheme, str) else next(iter(suite.schemes), None)
    if chosen is None or chosen not in suite.schemes:
        raise Unsupported("This algorithm cannot be derived here by that scheme.", detail=str(chosen or alg))
    try:
        return derivation.canonical_path(path, scheme=chosen, alg=alg), chosen
    except ValueError:
        raise InvalidParams("The derivation path is not one that this algorithm can derive.", path="path") from None


def get_public_key(house: House, permit: Permit, params: GetPublicKeyParams) -> PublicKeyResult:
    """The public key of a key, or of a path of a seed."""
    store = house.store
    record = records.find(store, permit.session, params.key_id)
    if record.metadata.alg not in records.SEED_ALGS:
        for name in ("path", "scheme"):
            if getattr(params, name) is not UNSET:
                raise InvalidParams("Only a seed has paths.", path=name)
        alg = record.metadata.alg if params.alg is UNSET else params.alg
        if record.metadata.public is None:
            raise InvalidParams("This key has no public part.", path="keyId")
        return _public_result(alg, records.public_as(record, records.suite_of(alg)))
    for name in ("alg", "path"):
        if getattr(params, name) is UNSET:
            raise InvalidParams("For a seed, an algorithm and a path are needed.", path=name)
    seed = records.find_usable(store, permit.session, params.key_id, "deriveKey")
    path, scheme = parse_place(str(params.path), str(params.alg), params.scheme)
    if not SUITES[str(params.alg)].has_public:
        raise InvalidParams("Such a key has no public part.", path="alg")
    return _public_result(str(params.alg), _public_at(house, seed, str(params.alg), scheme, path))


def list_keys(house: House, permit: Permit, params: ListKeysParams) -> ListKeysResult:
    """The wallet's keys, oldest first, a page at a time."""
    store, session = house.store, permit.session
    limit = DEFAULT_PAGE if params.limit is UNSET else params.limit
    after = 0 if params.cursor is UNSET else _position(params.cursor)
    found = store.page(store.owner_of(session.wallet_id), after=after, limit=limit + 1)
    more = len(found) > limit
    keys = [records.key_info(store, session, record) for record in found[:limit]]
    cursor = encode_base64url(found[limit - 1].position.to_bytes(POSITION_BYTES, "big")) if more else UNSET
    return ListKeysResult(keys=keys, next_cursor=cursor)


def update_key(house: House, permit: Permit, params: UpdateKeyParams) -> KeyInfo:
    """Rename, disable, enable, narrow; making an unconfirmed seed active shows its words first."""
    store, session = house.store, permit.session
    record = records.find(store, session, params.key_id)
    records.check_revision(permit.facts, record)
    confirms = record.metadata.state == "unconfirmed" and params.state is not UNSET
    if confirms and params.state != "active":
        raise KeyState("The seed's recovery words have not been confirmed yet.")
    members: dict[str, object] = {}
    if params.label is not UNSET:
        members["label"] = params.label or None
    if params.state is not UNSET:
        members["state"] = params.state
    if params.usages is not UNSET:
        current = records.usages_of(store, session, record)
        if not set(params.usages) <= set(current):
            raise UsageNotAllowed("A key's usages can only become fewer.")
        members["usages"] = tuple(usage for usage in current if usage in params.usages)
    members |= _earlier_end(house, record, params)
    if confirms:
        record = seeds.confirm(house, permit, record)
    with house.audit.effect(permit):
        metadata = records.changed(record.metadata, **members)
        store.update(record, metadata)
        if metadata.parent is not None and members.keys() & {"usages", "state", "expires_at", "max_uses"}:
            _lower_ceiling(house, permit, metadata)
    return records.key_info(store, session, records.find(store, session, params.key_id))


def _earlier_end(house: House, record: Record, params: UpdateKeyParams) -> dict[str, object]:
    """The new end of a key; raises ``InvalidParams`` unless it is earlier than the one it has."""
    members: dict[str, object] = {}
    expires_at = versions.parse_end(params.expires_at, house.clock())
    if expires_at is not None:
        if record.metadata.expires_at is not None and expires_at > record.metadata.expires_at:
            raise InvalidParams("A key's end can only come earlier.", path="expiresAt")
        members["expires_at"] = expires_at
    if params.max_uses is not UNSET:
        if record.metadata.alg in records.SEED_ALGS:
            raise InvalidParams("A seed is not used itself: give the keys that are derived from it a number of uses.", path="maxUses")
        if record.metadata.max_uses is not None and params.max_uses > record.metadata.max_uses:
            raise InvalidParams("A key's uses can only become fewer.", path="maxUses")
        members["max_uses"] = params.max_uses
    return members


def destroy_key(house: House, permit: Permit, params: DestroyKeyParams) -> DestroyKeyResult:
    """The key and all that is derived from it; a key in a token goes from there too, if the token is here and made it for us."""
    store = house.store
    reviewed, remains = permit.facts.key, False
    with house.audit.effect(permit):
        record = records.find(store, permit.session, params.key_id)
        derived = dependants(house, permit.session.wallet_id, record)
        if reviewed is None or len(derived) != reviewed.dependants:
            raise KeyState("Keys were derived from this one, or destroyed, while this waited for the person. Ask again.")
        for doomed in (*derived, *versions.older_versions(store, record), record):
            remains |= backends.destroy(house, doomed)
            store.destroy(doomed, records.changed(doomed.metadata, state="destroyed", usages=()))
    return DestroyKeyResult(remains_in_token=remains or UNSET)


def dependants(house: House, wallet_id: bytes, record: Record) -> list[Record]:
    """The records derived from one, and from those. Which these are is sealed, so all of the wallet's are read; destroying is rare."""
    if record.metadata.alg not in records.SEED_ALGS:
        return []
    store, found, after, parents = house.store, list[Record](), 0, {record.record_id}
    while batch := store.page(store.owner_of(wallet_id), after=after, limit=1000):
        for one in batch:  # a child stands after its parent
            if one.metadata.parent in parents:
                found.append(one)
                parents.add(one.record_id)
        after = batch[-1].position
    return found


def _lower_ceiling(house: House, permit: Permit, metadata: Metadata) -> None:
    store, session = house.store, permit.session
    seed = store.read(metadata.parent) if metadata.parent else None
    if seed is None:
        raise KeyState
    place = records.ceiling_id(store, session, seed, metadata.alg, metadata.path or "")
    records.write_ceiling(store, session, place, metadata, house.clock())


def _public_at(house: House, seed: Record, alg: str, scheme: str, path: str) -> bytes:
    with derived_secret(house, seed, alg, scheme, path) as secret:
        return SUITES[alg].pairs().public_key(secret.buffer)


def _public_result(alg: str, public: bytes) -> PublicKeyResult:
    multikey = SUITES[alg].multikey(public)
    return PublicKeyResult(
        public_key_jwk=records.public_jwk(alg, public),
        multikey=multikey or UNSET,
        did=f"did:key:{multikey}" if multikey else UNSET,
        raw=Base64Url(public),
    )


def _position(cursor: str) -> int:
    try:
        data = decode_base64url(cursor)
    except ValueError:
        data = b""
    if len(data) != POSITION_BYTES:
        raise InvalidParams("The cursor is not one that this host gave.", path="cursor")
    return min(int.from_bytes(data, "big"), 2**63 - 1)


def _label(label: object) -> str | None:
    return label if isinstance(label, str) and label else None
