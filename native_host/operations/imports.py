"""Keys that come from elsewhere, as a JWE to a one-time key of the host (RFC 7516, ECDH-ES+A256KW, A256GCM).

The JWE is opened before the person is asked, so that nobody is asked about what cannot be taken in and a review can name
the key; the import key is spent by that first try. What was opened waits here, in memory, until it is approved or abandoned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from native_host.encodings.base64url import encode_base64url
from native_host.errors import DecryptionFailed, InvalidParams, Unsupported
from native_host.keystore.records import Metadata
from native_host.operations import records
from native_host.operations.keep import insert_key
from native_host.operations.versions import bounds
from native_host.policy import KeyView
from native_host.protocol.messages import ImportKeyOffer, PublicKeyJwk
from native_host.protocol.wire import Base64Url
from native_host.secret import SecretBytes
from native_host.suites import x25519

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.operations.house import House
    from native_host.protocol.messages import ImportKeyParams, KeyInfo
    from native_host.session import Session

LIFETIME_MS = 10 * 60 * 1000
OFFERS = 16


class Imports:
    """The import keys that are out, and the keys that were opened and wait for the person."""

    def __init__(self) -> None:
        self._offers: dict[tuple[bytes, str], tuple[SecretBytes, int]] = {}
        self._opened: dict[tuple[bytes, str], tuple[SecretBytes, Metadata]] = {}

    def offer(self, house: House, session: Session) -> ImportKeyOffer:
        """A new import key for the caller's wallet; the oldest is withdrawn when there are too many."""
        secret = SecretBytes(x25519.generate_secret(house.random_bytes))
        import_key_id, expires_at = encode_base64url(house.random_bytes(16)), house.clock() + LIFETIME_MS
        if len(self._offers) >= OFFERS:
            self._offers.pop(next(iter(self._offers)))[0].wipe()
        self._offers[session.wallet_id, import_key_id] = (secret, expires_at)
        jwk = x25519.public_jwk(x25519.public_key(secret.buffer))
        return ImportKeyOffer(
            import_key_id=import_key_id,
            public_key_jwk=PublicKeyJwk(kty=jwk.kty, crv=jwk.crv, x=Base64Url(jwk.x)),
            alg="ECDH-ES+A256KW",
            enc="A256GCM",
            expires_at=records.rfc3339(expires_at),
        )

    def open(self, house: House, session: Session, params: ImportKeyParams) -> KeyView:
        """Open the JWE and say what is in it; the import key is spent, whatever comes of it.

        Raises:
            InvalidParams: no such import key, or no such usages.
            Unsupported: an algorithm that keys cannot have here.
            DecryptionFailed: whatever is wrong with the JWE or the JWK in it.
        """
        place = (session.wallet_id, params.import_key_id)
        secret, offered_until = self._offers.pop(place, (None, 0))
        with secret or SecretBytes(b"") as one_time:
            suite = records.suite_of(params.alg)
            if not suite.imported:
                raise Unsupported(detail=params.alg)
            usages = records.narrower(params.usages, suite, path="usages")
            expires_at, max_uses = bounds(params, suite, house.clock())
            if secret is None or offered_until <= house.clock():
                raise InvalidParams("There is no such import key, or it was used or has expired. Get a new one.", path="importKeyId")
            imported = _open(one_time, params)
        metadata = records.changed(_metadata(house, params, imported, usages), expires_at=expires_at, max_uses=max_uses)
        self._opened[place] = (imported, metadata)
        return KeyView(
            key_id="",
            revision=0,
            alg=params.alg,
            usages=usages,
            state="active",
            label=metadata.label or "",
            address=None,
            derived=False,
            path=None,
            labels=suite.labels,
            provenance="imported",
        )

    def keep(self, house: House, permit: Permit, params: ImportKeyParams) -> KeyInfo:
        """Take in what was opened and approved; raises ``Duplicate``."""
        secret, metadata = self._opened.pop((permit.session.wallet_id, params.import_key_id))
        with secret:
            key_id = insert_key(house, permit, metadata, secret)
        return records.key_info(house.store, permit.session, records.find(house.store, permit.session, key_id))

    def abandon(self, session: Session, import_key_id: str) -> None:
        """Forget what was opened and not approved."""
        opened = self._opened.pop((session.wallet_id, import_key_id), None)
        if opened is not None:
            opened[0].wipe()

    def forget(self) -> None:
        """Wipe everything: the store was locked."""
        for secret, _ in (*self._offers.values(), *self._opened.values()):
            secret.wipe()
        self._offers.clear()
        self._opened.clear()


def _metadata(house: House, params: ImportKeyParams, imported: SecretBytes, usages: tuple[str, ...]) -> Metadata:
    suite = records.suite_of(params.alg)
    return Metadata(
        alg=params.alg,
        usages=usages,
        provenance="imported",
        state="active",
        created_at=house.clock(),
        label=None if params.label is UNSET else params.label or None,
        public=suite.pairs().public_key(imported.buffer) if suite.has_public else None,
        seed=house.store.keys.tag("seed", bytes(imported.buffer)) if params.alg == "SEED" else None,
    )


def _open(secret: SecretBytes, params: ImportKeyParams) -> SecretBytes:
    from native_host.suites.jwe import open_jwe
    from native_host.suites.private_jwk import parse_private_jwk

    try:
        with SecretBytes(open_jwe(params.jwe, secret.buffer)) as plaintext:
            return SecretBytes(parse_private_jwk(plaintext.buffer, records.suite_of(params.alg)))
    except ValueError:
        # One answer for everything: a difference could be asked about until the key is known.
        raise DecryptionFailed from None
