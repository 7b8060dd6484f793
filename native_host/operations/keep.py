"""Making a secret and putting a new key into the store, once for every way in which keys come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from native_host.encodings.base64url import encode_base64url
from native_host.errors import Duplicate
from native_host.keystore.records import RECORD_ID_BYTES
from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from native_host.approval.permit import Permit
    from native_host.keystore.records import Metadata
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.suites.table import Suite

DEFAULT_MODULUS = 3072


def new_secret(
    house: House, suite: Suite, *, modulus_length: int | None = None, like: bytes | None = None, code: Any = None
) -> SecretBytes:
    """A fresh secret; an RSA key, and one that ``code`` makes elsewhere, takes a while, during which other calls go on. ``like`` is a
    public key whose size it is to have."""
    if suite.kty != "RSA":
        if code is None:
            return SecretBytes(suite.code().generate_secret(house.random_bytes))
        with house.aside():
            return SecretBytes(code.generate_secret(house.random_bytes))
    code = code or suite.code()
    bits = modulus_length or (len(code.public_jwk(like).n) * 8 if like is not None else DEFAULT_MODULUS)
    with house.aside():
        return SecretBytes(code.generate_secret(house.random_bytes, modulus_length=bits))


def new_id(house: House) -> bytes:
    """A record's id: random, and such that as a key id it does not begin with the sign by which programs know their options."""
    while encode_base64url(record_id := house.random_bytes(RECORD_ID_BYTES)).startswith("-"):
        continue
    return record_id


def identity_of(store: KeyStore, wallet_id: bytes, metadata: Metadata, secret: SecretBytes | None) -> bytes:
    """The keyed hash by which a wallet knows a key again: of its public part, its seed, or its secret if it has neither."""
    known = metadata.seed or metadata.public or (bytes(secret.buffer) if secret else b"")
    return store.keys.tag("identity", wallet_id, metadata.alg.encode(), known)


def insert_key(
    house: House,
    permit: Permit,
    metadata: Metadata,
    secret: SecretBytes | None,
    *,
    known_by: SecretBytes | None = None,
    also: Callable[[], None] | None = None,
) -> str:
    """Add a key to the caller's wallet and return its key id. ``also`` is done in the same transaction, before the insertion.

    ``known_by`` is the secret of a key that keeps none, by which it is known again if it has no public part.

    Raises:
        Duplicate: the wallet holds that key.
    """
    with house.audit.effect(permit):
        if also is not None:
            also()
        return put_key(house, permit.session.wallet_id, metadata, secret, known_by=known_by)


def put_key(house: House, wallet_id: bytes, metadata: Metadata, secret: SecretBytes | None, *, known_by: SecretBytes | None = None) -> str:
    """As ``insert_key``, inside the caller's own transaction."""
    from sqlite3 import IntegrityError

    store, record_id = house.store, new_id(house)
    tag = identity_of(store, wallet_id, metadata, secret or known_by)
    try:
        store.insert(record_id, store.owner_of(wallet_id), metadata, secret.buffer if secret else None, tag)
    except IntegrityError:
        raise Duplicate from None
    return encode_base64url(record_id)
