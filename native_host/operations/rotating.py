"""Rotating: a key gets a new secret under its old id, and what was made for an older one is still verified and decrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.errors import Unsupported
from native_host.operations import records
from native_host.operations.backends import new_key, token_of
from native_host.operations.keep import identity_of
from native_host.operations.versions import check_active, version_id

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.keystore.records import Record
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.protocol.messages import KeyInfo, RotateKeyParams
    from native_host.session import Session
    from native_host.suites.table import Suite


def prepare_rotate(store: KeyStore, session: Session, params: RotateKeyParams) -> tuple[Record, Suite]:
    """The key of a call of ``rotateKey``, and its algorithm.

    Raises:
        UnknownKey, KeyState
        Unsupported: a seed, or what is derived from one.
    """
    record = records.find(store, session, params.key_id)
    suite = records.suite_of(record.metadata.alg)
    if record.metadata.parent is not None or suite.kind == "seed":
        raise Unsupported("A seed, and what is derived from it, is not rotated: derive at another path instead.", detail="rotateKey")
    check_active(store, record)
    return record, suite


def rotate_key(house: House, permit: Permit, params: RotateKeyParams) -> KeyInfo:
    """A new secret of the same kind, in the same place, under the same id; the one before goes on verifying and decrypting."""
    from native_host.operations import records

    store, session = house.store, permit.session
    record, suite = prepare_rotate(store, session, params)
    with new_key(house, suite, token_of(house, record), like=record.metadata.public) as (secret, public), house.audit.effect(permit):
        records.check_revision(permit.facts, records.find(store, session, params.key_id))
        _archive(store, session, record)
        changed = records.changed(record.metadata, public=public, address=None, version=record.metadata.version + 1, provenance="generated")
        store.replace(record, changed, secret.buffer, identity_of(store, session.wallet_id, changed, secret))
    return records.key_info(store, session, records.find(store, session, params.key_id))


def _archive(store: KeyStore, session: Session, record: Record) -> None:
    with store.unseal_secret(record) as old:
        place = version_id(store, record, record.metadata.version)
        store.insert(place, store.keys.tag("versions", session.wallet_id), record.metadata, old.buffer, None)
