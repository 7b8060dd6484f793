"""Putting a new key into the store, once for every way in which keys come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.encodings.base64url import encode_base64url
from native_host.errors import Duplicate
from native_host.keystore.records import RECORD_ID_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from native_host.approval.permit import Permit
    from native_host.keystore.records import Metadata
    from native_host.operations.house import House
    from native_host.secret import SecretBytes


def insert_key(
    house: House,
    permit: Permit,
    metadata: Metadata,
    secret: SecretBytes | None,
    *,
    identity: bytes | None,
    also: Callable[[], None] | None = None,
) -> str:
    """Add a key to the caller's wallet and return its key id. ``identity`` tells what makes it the same key as another.

    ``also`` is done in the same transaction, before the insertion.

    Raises:
        Duplicate: the wallet holds that key.
    """
    from sqlite3 import IntegrityError

    store, wallet_id = house.store, permit.session.wallet_id
    record_id = house.random_bytes(RECORD_ID_BYTES)
    with house.audit.effect(permit):
        if also is not None:
            also()
        tag = store.keys.tag("identity", wallet_id, metadata.alg.encode(), identity or metadata.public or record_id)
        try:
            store.insert(record_id, store.owner_of(wallet_id), metadata, secret.buffer if secret else None, tag)
        except IntegrityError:
            raise Duplicate from None
    return encode_base64url(record_id)
