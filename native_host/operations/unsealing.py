"""A key's secret for the time of one use: unsealed, or derived anew where it comes from a seed, and wiped at the end.

A key that lives elsewhere has none here, but a sealed reference: ``handle_of`` gives whichever of the two its code takes, and
``secret_of`` refuses the one that is no secret.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from native_host.backends import LOCAL
from native_host.errors import Locked, Unsupported
from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from native_host.keystore.records import Record
    from native_host.operations.house import House

NO_KEY = {
    "CIP1852": "Cardano's keys come from recovery words without an extra passphrase, and this seed is none such.",
    "EIP2333": "Keys of the beacon chain come from a seed of at least 32 bytes.",
}


def handle_of(house: House, record: Record) -> AbstractContextManager[SecretBytes]:
    """What the code of a record's key takes in its first place: the secret, or the reference to a key elsewhere."""
    metadata = record.metadata
    if metadata.backend != LOCAL or metadata.parent is None:
        return house.store.unseal_secret(record)
    return secret_of(house, record)


@contextmanager
def secret_of(house: House, record: Record) -> Iterator[SecretBytes]:
    """The secret of a record that was found usable; raises ``CannotUnseal``, ``Locked``, and ``Unsupported`` where none is here."""
    metadata = record.metadata
    if metadata.backend != LOCAL:
        raise Unsupported("This key lives outside of the host, which cannot do that with it.", detail=metadata.backend)
    if metadata.parent is None:
        with house.store.unseal_secret(record) as secret:
            yield secret
        return
    seed = house.store.read(metadata.parent)
    if seed is None or metadata.scheme is None or metadata.path is None:
        raise Locked
    with derived_secret(house, seed, metadata.alg, metadata.scheme, metadata.path) as secret:
        yield secret


@contextmanager
def derived_secret(house: House, seed: Record, alg: str, scheme: str, path: str) -> Iterator[SecretBytes]:
    """The secret at a path under a seed; raises ``CannotUnseal``, and ``Unsupported`` where the scheme has no key for such a seed."""
    from native_host.operations.seeds import entropy_of, seed_of
    from native_host.suites.hd import derivation

    language = seed.metadata.language or "english"
    with house.store.unseal_secret(seed) as unsealed:
        try:
            derived = derivation.derive(alg, scheme, seed_of(seed, unsealed), path, entropy=entropy_of(seed, unsealed), language=language)
        except ValueError:
            raise Unsupported(NO_KEY.get(scheme), detail=scheme) from None
    with SecretBytes(derived) as secret:
        yield secret
