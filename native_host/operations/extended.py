"""Extended public keys: what a wallet needs to show every address below a path, and gives whoever has it the same sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from native_host.errors import InvalidParams
from native_host.operations import records
from native_host.operations.seeds import seed_of
from native_host.protocol.messages import ExtendedPublicKeyResult

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.keystore.records import Record
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.protocol.messages import ExtendedKeyFormat, GetExtendedPublicKeyParams
    from native_host.session import Session
    from native_host.suites.hd.path import Path

_FORMATS: dict[tuple[int, int], ExtendedKeyFormat] = {
    (44, 1): "tpub", (49, 0): "ypub", (49, 1): "upub", (84, 0): "zpub", (84, 1): "vpub", (86, 1): "tpub",
}  # fmt: skip


def prepare_extended(store: KeyStore, session: Session, params: GetExtendedPublicKeyParams) -> tuple[Record, Path]:
    """The seed, and a path whose extended key may be given; raises what finding a key raises, and ``InvalidParams``."""
    from native_host.suites.hd.path import HARDENED, parse_path

    seed = records.find_usable(store, session, params.key_id, "deriveKey")
    try:
        path = parse_path(params.path)
    except ValueError:
        raise InvalidParams("That is not a derivation path.", path="path") from None
    if path and path[-1] < HARDENED:
        raise InvalidParams("An extended public key is given at a hardened index: derive the rest from it.", path="path")
    return seed, path


def get_extended_public_key(house: House, permit: Permit, params: GetExtendedPublicKeyParams) -> ExtendedPublicKeyResult:
    """The extended public key (BIP32) at a path of a seed whose last index is hardened, or at ``m``.

    Below a hardened index it cannot be turned against what stands above; deeper ones are its own children, which its owner derives.
    """
    from native_host.suites.hd import extended_key

    with house.audit.effect(permit):
        seed, path = prepare_extended(house.store, permit.session, params)
        records.check_revision(permit.facts, seed)
        chosen: ExtendedKeyFormat = _default(path) if params.format is UNSET else params.format
        with house.store.unseal_secret(seed) as unsealed:
            try:
                key = extended_key.extended_public(seed_of(seed, unsealed), path)
            except ValueError:
                raise InvalidParams("This path has no key.", path="path") from None
        return ExtendedPublicKeyResult(xpub=extended_key.encode_extended_public(key, chosen), format=chosen)


def _default(path: Path) -> ExtendedKeyFormat:
    from native_host.suites.hd.path import HARDENED

    if len(path) < 2:  # noqa: PLR2004  # purpose and coin type
        return "xpub"
    return _FORMATS.get((path[0] - HARDENED, path[1] - HARDENED), "xpub")
