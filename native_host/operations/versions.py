"""The life of a key: its versions, its last day, and how often it may still be used.

What a rotated key was before stays in a record of its own, under an id that only the store's keys give. A key with a bound on its
uses has a counter in another such record: it changes in the transaction that uses the key, and the audit chain notices if
it is set back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from native_host.errors import InvalidParams, KeyState
from native_host.keystore.records import Metadata
from native_host.suites.table import SUITES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.keystore.records import Record
    from native_host.keystore.store import KeyStore
    from native_host.protocol.messages import DeriveKeyParams, GenerateKeyParams, ImportKeyParams
    from native_host.session import Session
    from native_host.suites.table import Suite

COUNTER_ALG = "USES"
YEAR_10000 = 253_402_300_800_000
"""In milliseconds since 1970: no time from then on can be written as RFC 3339 does."""


def versions_of(store: KeyStore, record: Record, version: object) -> Iterator[Record]:
    """The record of the version asked for, or of every version, the newest first.

    Raises:
        InvalidParams: there is no such version.
    """
    newest = record.metadata.version
    if isinstance(version, int) and not 1 <= version <= newest:
        raise InvalidParams("The key has no such version.", path="version")
    for number in (version,) if isinstance(version, int) else range(newest, 0, -1):
        found = record if number == newest else store.read(version_id(store, record, number))
        if found is not None:
            yield found


def one_version(store: KeyStore, record: Record, version: object) -> Record:
    """The version asked for, or the newest; raises ``InvalidParams``."""
    return next(versions_of(store, record, version))


def older_versions(store: KeyStore, record: Record) -> list[Record]:
    """Every version but the newest."""
    return [found for found in versions_of(store, record, None) if found.record_id != record.record_id]


def check_active(store: KeyStore, record: Record) -> None:
    """See that a key is active, not past its end, and not used up.

    Raises:
        KeyState
    """
    metadata = record.metadata
    if metadata.state == "unconfirmed":
        raise KeyState("The seed's recovery words have not been confirmed yet. Confirm them first; until then it derives nothing.")
    if metadata.state != "active":
        raise KeyState
    if metadata.expires_at is not None and metadata.expires_at <= store.now():
        raise KeyState("The key has expired.")
    if uses_left(store, record) == 0:
        raise KeyState("The key was used as often as it may be.")


def uses_left(store: KeyStore, record: Record) -> int | None:
    """How often the private key may still be used; ``None`` without a bound."""
    if record.metadata.max_uses is None:
        return None
    counter = store.read(_counter_id(store, record))
    return max(0, record.metadata.max_uses - (counter.metadata.uses if counter else 0))


def count_use(store: KeyStore, session: Session, record: Record) -> None:
    """Count a use of the private key, inside the transaction that uses it."""
    from msgspec.structs import replace

    if record.metadata.max_uses is None:
        return
    place = _counter_id(store, record)
    counter = store.read(place)
    if counter is None:
        first = Metadata(alg=COUNTER_ALG, usages=(), provenance="generated", state="active", created_at=store.now(), uses=1)
        store.insert(place, store.keys.tag("counters", session.wallet_id), first, None, None)
    else:
        store.update(counter, replace(counter.metadata, uses=counter.metadata.uses + 1))


def bounds(params: GenerateKeyParams | DeriveKeyParams | ImportKeyParams, suite: Suite, now: int) -> tuple[int | None, int | None]:
    """The end of a new key, in milliseconds since 1970, and how often it may be used; raises ``InvalidParams``."""
    if params.max_uses is not UNSET and suite.kind == "seed":
        raise InvalidParams("A seed is not used itself: give the keys that are derived from it a number of uses.", path="maxUses")
    return parse_end(params.expires_at, now), None if params.max_uses is UNSET else params.max_uses


def parse_end(expires_at: object, now: int) -> int | None:
    """An RFC 3339 time that lies ahead, in milliseconds since 1970.

    Raises:
        InvalidParams: it is no time, or has passed.
    """
    if not isinstance(expires_at, str):
        return None
    from datetime import datetime

    try:
        moment = datetime.fromisoformat(expires_at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in expires_at:
        raise InvalidParams("That is no RFC 3339 time with its offset from UTC, such as 2027-01-31T12:00:00Z.", path="expiresAt")
    at = int(moment.timestamp() * 1000)
    if at <= now:
        raise InvalidParams("That time has passed.", path="expiresAt")
    if at >= YEAR_10000:
        raise InvalidParams("That time is further ahead than can be written.", path="expiresAt")
    return at


def place_of(seed: Record, alg: str, path: str) -> tuple[bytes, bytes, bytes]:
    """(seed, curve, path); a symmetric key's path has labels that may look like indices, and stands apart by its kind."""
    suite = SUITES[alg]
    return seed.metadata.seed or b"", (suite.crv or suite.kty or "").encode(), path.encode()


def version_id(store: KeyStore, record: Record, version: int) -> bytes:
    """Where a version of a key that is not its newest stands."""
    return store.keys.tag("version", record.record_id, version.to_bytes(4, "big"))


def _counter_id(store: KeyStore, record: Record) -> bytes:
    """Of a derived key it belongs to (seed, curve, path), as usages do: another name of that place has no uses more."""
    metadata = record.metadata
    seed = None if metadata.parent is None else store.read(metadata.parent)
    if seed is None:
        return store.keys.tag("uses", record.record_id)
    return store.keys.tag("uses", record.owner, *place_of(seed, metadata.alg, metadata.path or ""))
