"""Taking in a key that a token holds already: the person's own doing, at their own program.

The keystore gets a reference and the public key. Its provenance is ``imported``: what was done with the key before, and by whom, is
not known here, whatever the token says of it. It is never destroyed in the token, as other programs may use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.backends import PKCS11, TOKEN_ALGS, token_usages
from native_host.backends.pkcs11 import Described, Reference, encode_reference
from native_host.backends.token_forms import form_of, public_of
from native_host.backends.token_suite import token_suite
from native_host.errors import InvalidParams, UnknownKey, Unsupported
from native_host.keystore.records import Metadata
from native_host.operations import records
from native_host.operations.backends import tokens_of
from native_host.operations.keep import insert_key
from native_host.protocol.wire import Message
from native_host.secret import SecretBytes
from native_host.suites.table import SUITES

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.operations.house import House
    from native_host.protocol.messages import KeyInfo
    from native_host.tokens.client import TokenInfo

METHOD = "adoptKey"
"""What the record of decisions calls it; no extension can ask for it."""


class AdoptKeyParams(Message, frozen=True, kw_only=True):
    """``key`` is the key's label in the token, or its CKA_ID in hex; ``alg`` is needed where the key is good for several."""

    token: str
    key: str
    alg: str | None = None
    label: str | None = None


def algorithms_for(key: Described) -> list[str]:
    """The algorithms that a key in a token can be used with here, by its kind, its curve or size, and its flags."""
    if not key.stays or key.always:
        return []
    return sorted(alg for alg in TOKEN_ALGS if form_of(SUITES[alg]).use in key.flags and _fits(alg, key))


def _fits(alg: str, key: Described) -> bool:
    try:
        public_of(SUITES[alg], key)
    except ValueError:
        return False
    return True


def adopt(house: House, permit: Permit, token: TokenInfo, params: AdoptKeyParams) -> KeyInfo:
    """Take in a key of a token that is logged in to; it is used once, to see that it does what its public key asks.

    Raises:
        UnknownKey, InvalidParams, Unsupported, Duplicate
        MechanismMissing, TokenRefuses: the token cannot do what the algorithm needs.
    """
    tokens, session = tokens_of(house), permit.session
    key = _chosen(tokens.keys(token), params.key)
    suite = SUITES[_algorithm(key, params.alg)]
    reference = Reference(serial=token.serial, manufacturer=token.manufacturer, key_id=key.id, kind=key.kind)
    public = public_of(suite, key)
    token_suite(tokens, suite, public).prove(reference)
    metadata = Metadata(
        alg=suite.alg,
        usages=token_usages(suite),
        provenance="imported",
        state="active",
        created_at=house.clock(),
        backend=PKCS11,
        protection="token",
        label=params.label or None,
        public=public,
        key_storage=tokens.key_storage(token),
    )
    with SecretBytes(encode_reference(reference)) as sealed:
        key_id = insert_key(house, permit, metadata, sealed)
    return records.key_info(house.store, session, records.find(house.store, session, key_id))


def _chosen(found: list[Described], wanted: str) -> Described:
    fitting = [key for key in found if wanted and wanted in {key.label, key.id.hex()}]
    if not fitting:
        raise UnknownKey("The token has no key of that name or id. See them with: strongroom tokens keys")
    if len(fitting) > 1:
        raise InvalidParams("The token has several keys of that name. Name one by its id.", path="key")
    if not fitting[0].id:
        raise Unsupported("That key has no id in the token, by which it could be found again.", detail="CKA_ID")
    return fitting[0]


def _algorithm(key: Described, wanted: str | None) -> str:
    if not key.stays:
        raise Unsupported("That key can leave its token, so the token does not protect it. Make a new one there.", detail="CKA_EXTRACTABLE")
    if key.always:
        raise Unsupported("That key wants the PIN at each single use, which is not supported.", detail="CKA_ALWAYS_AUTHENTICATE")
    able = algorithms_for(key)
    if not able:
        raise Unsupported("There is no algorithm here for such a key, or its public key is not in the token.", detail=key.kind)
    if wanted is None and len(able) == 1:
        return able[0]
    if wanted not in able:
        raise InvalidParams(f"Choose one of the algorithms that the key is good for, with --alg: {', '.join(able)}", path="alg")
    return wanted
