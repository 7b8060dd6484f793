"""A wallet's keys for another program, and another program's for a wallet: Universal Wallet 2020.

A key goes out by its public part and where it is, unless the person says that private parts are to go. These never go: of a key that is
derived (it comes back from its seed, and one that is not hardened gives the seed's account away), of one that is to end or may be used
so often (taken in again, it would begin anew), and of one that lives in a device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET
from msgspec.json import decode

from native_host.encodings.base64url import encode_base64url
from native_host.encodings.jwk import encode_members
from native_host.errors import Duplicate, KmsError
from native_host.operations import key_files, records, seeds
from native_host.operations.sharing import has_passphrase
from native_host.protocol.messages import ImportKeyFileParams
from native_host.secret import SecretBytes, wipe
from native_host.suites.hd import bip39
from native_host.suites.importing.imported import CannotImport, Imported
from native_host.suites.private_jwk import encode_private_jwk
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.approval.permit import Permit
    from native_host.backups.universal_wallet import Item
    from native_host.keystore.records import Record
    from native_host.operations.house import House
    from native_host.session import Session

CONTEXT = ["https://w3id.org/wallet/v1"]
PAGE = 1000
REFERENCE = "privateKeyStrongroom"
"""Where the private part is, as the specification has ``privateKeyWebKms`` and others: a name of ours, which other wallets pass over."""

EXTRA = "These words were used with an extra passphrase (BIP39), which is not in this wallet. Without it, other accounts come of them."


class Outcome(Value, frozen=True, kw_only=True):
    """What became of one object of another wallet: the id of the key that it is now, or why it is none, in a sentence."""

    key_id: str | None = None
    why_not: str = ""
    remarks: tuple[str, ...] = ()


# out


def keys_of(house: House, wallet_id: bytes) -> Iterator[Record]:
    """Every key of a wallet."""
    owner, after = house.store.owner_of(wallet_id), 0
    while page := house.store.page(owner, after=after, limit=PAGE):
        yield from page
        after = page[-1].position


def may_leave(record: Record) -> bool:
    """Whether the private part of a key may be in an exported wallet, if the person says so."""
    known = record.metadata
    derived = known.parent is not None and known.alg not in records.SEED_ALGS
    return not derived and known.expires_at is None and known.max_uses is None and known.backend == "local" and known.state != "unconfirmed"


def content_of(house: House, session: Session, record: Record, permit: Permit | None) -> dict[str, Any]:
    """A key as an object of a wallet: with its private part if there is a ``permit`` for that, which the audit chain then has."""
    known = record.metadata
    content: dict[str, Any] = {
        "@context": CONTEXT,
        "id": f"urn:strongroom:{encode_base64url(record.record_id)}",
        "type": {"BIP39": "Mnemonic", "SEED": "Entropy"}.get(known.alg, "JsonWebKey2020"),
        "name": known.label or "",
        "tags": [session.wallet, known.alg],
    }
    if known.public is not None:
        content["publicKeyJwk"] = {**encode_members(records.suite_of(known.alg).pairs().public_jwk(known.public)), "alg": known.alg}
    if known.parent is not None:
        content |= {"hdPath": known.path, "target": [f"urn:strongroom:{encode_base64url(known.parent)}"]}
    if permit is None:
        return content | {REFERENCE: content["id"]}
    with house.audit.effect(permit), house.store.unseal_secret(record) as secret:
        return content | _private(house, session, record, secret)


def _private(house: House, session: Session, record: Record, secret: SecretBytes) -> dict[str, Any]:
    known = record.metadata
    if known.alg == "SEED":
        return {"multibase": f"f{secret.buffer.hex()}"}
    entropy = seeds.entropy_of(record, secret)
    if entropy is not None:
        words = {"value": bip39.mnemonic_of_entropy(entropy, known.language or "english")}
        return words | ({"description": EXTRA} if has_passphrase(record, secret) else {})
    jwk = encode_private_jwk(records.suite_of(known.alg), secret.buffer, records.usages_of(house.store, session, record))
    try:
        return {"privateKeyJwk": decode(jwk)}
    finally:
        wipe(jwk)


def connections_of(house: House, session: Session) -> list[dict[str, Any]]:
    """The extensions that are attached to the wallet, as connections: to be known elsewhere, and never taken in from there."""
    return [
        {
            "@context": CONTEXT,
            "id": f"urn:strongroom:attached:{number}",
            "type": "Connection",
            "name": one.origin,
            "connection": {"their_label": one.origin, "my_label": one.wallet, "state": "active"},
        }
        for number, one in enumerate(house.store.attachments(), 1)
        if one.wallet_id == session.wallet_id
    ]


# and in


def take(house: House, permit: Permit, item: Item) -> Outcome:
    """Take one object of another wallet in, by the way that key files come in; its secret is wiped.

    Raises:
        UserRejected: the person stopped while they were asked for what belongs to it.
    """
    permit.spend()
    try:
        with SecretBytes(item.text) as text:
            return _taken(house, permit, item, text)
    except Duplicate:
        return Outcome(why_not="The wallet holds it already.")
    except (CannotImport, KmsError) as error:
        if isinstance(error, KmsError) and error.reason == "user_rejected":
            raise
        return Outcome(why_not=str(error))


def _taken(house: House, permit: Permit, item: Item, text: SecretBytes) -> Outcome:
    params = ImportKeyFileParams(label=item.label or UNSET)
    if item.kind == "words":
        found = key_files.entropy_of_words(text, None)
        if found is None:
            return Outcome(why_not="These are not recovery words as BIP39 makes them.")
        return Outcome(key_id=seeds.keep_restored(house, permit, *found, item.label).key_id)
    if item.kind == "entropy":
        key = Imported(alg="SEED", secret=bytearray(text.buffer), public=b"")
        return Outcome(key_id=key_files.keep_imported(house, permit, params, key, "entropy").key_id)
    key = key_files.open_key_file(text, "", _no_password)
    return Outcome(key_id=key_files.keep_imported(house, permit, params, key, "jwk").key_id, remarks=key.remarks)


def _no_password(_said: str | None) -> SecretBytes:
    raise CannotImport("This is no JSON Web Key.")
