"""Signing a PSBT: which inputs are ours, whether they may be signed, and the signatures.

An account key signs inputs of its own public key. A seed signs every input whose key it proves to have, each as if the key at that path
had been derived: what was said of that place (usages, state, end, number of uses) binds the seed too, so that a disabled account does not
sign through its seed. A transaction is one use of each key in it, however many inputs it has.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from native_host.backends import LOCAL
from native_host.encodings.psbt import Refused, Unknown, decode_base64, encode_base64, encode_psbt, parse_psbt
from native_host.encodings.psbt_checks import check_psbt
from native_host.encodings.spending import ANYONE_CAN_PAY, SIGHASH_ALL, SIGHASH_DEFAULT, SIGHASH_SINGLE
from native_host.errors import InvalidParams, KeyState, PolicyDenied, Unsupported, UsageNotAllowed
from native_host.operations import records, versions
from native_host.operations.seeds import seed_of
from native_host.operations.unsealing import secret_of
from native_host.protocol.transactions import SignPsbtResult
from native_host.secret import SecretBytes
from native_host.suites import psbt_signing
from native_host.suites.hd import bip32
from native_host.suites.hd.extended_key import extended_public, fingerprint_of
from native_host.suites.hd.path import format_path, parse_path
from native_host.suites.psbt_keys import AccountKey, SeedKeys, find_own

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.approval.permit import Permit
    from native_host.encodings.psbt_checks import Checked
    from native_host.encodings.spending import OwnInput, Path, Spending
    from native_host.keystore.records import Record
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.protocol.transactions import SignPsbtParams
    from native_host.session import Session

_ALG = "ES256K"
_ALGS = ("ES256K", "ES256K-R", "BIP340")
_SIGHASHES = frozenset({SIGHASH_ALL, SIGHASH_SINGLE, SIGHASH_ALL | ANYONE_CAN_PAY, SIGHASH_SINGLE | ANYONE_CAN_PAY})

NONE_OF_OURS = (
    "No input of this PSBT is one that this key can sign: none names it, or those that do have signatures, are of other scripts than keys and"
    " multisig, or do not say what they spend."
)
NO_AMOUNT = "The PSBT must carry the whole previous transaction of each input that is not Taproot: without it, the amount and the fee could be lies."
ALL_AMOUNTS = "A Taproot signature covers what every input spends, and the PSBT does not say it of every one."
REFUSED_SIGHASH = (
    "A signature of that sighash type is not made: it would leave to others where the money goes. Strongroom signs ALL, and on a warning SINGLE"
    " and ANYONECANPAY."
)
NO_OUTPUT = "SIGHASH_SINGLE of an input that has no output of its number would sign nothing at all."


def prepare(house: House, session: Session, params: SignPsbtParams) -> tuple[Record, Spending]:
    """The key of a call of ``signPsbt`` and what of the PSBT is its own, everything checked.

    A seed is opened for it, as for its public keys: only these show what is ours.

    Raises:
        UnknownKey, KeyState, UsageNotAllowed, InvalidParams, Unsupported, PolicyDenied, CannotUnseal
    """
    record, _, spending = _prepare(house, session, params)
    return record, spending


def sign(house: House, permit: Permit, params: SignPsbtParams) -> SignPsbtResult:
    """The PSBT with a signature more in each input that was reviewed as ours."""
    record, checked, spending = _prepare(house, permit.session, params)
    records.check_revision(permit.facts, record)
    if permit.facts.spending != spending:
        raise KeyState("The key was changed while this waited for the person. Ask again.")
    _count_uses(house.store, permit.session, record, spending)
    digests, signatures = psbt_signing.Digests(checked), {}
    with _signing(house, record) as signing:
        for own in spending.to_sign:
            with signing.secret(own) as secret:
                signatures[own.index] = psbt_signing.sign_input(digests, checked, own, secret.buffer)
    signed = psbt_signing.with_signatures(checked.psbt, signatures, {own.sighash for own in spending.to_sign})
    if params.finalize is True:
        signed = psbt_signing.finalized(checked, signed)
    return SignPsbtResult(psbt=encode_base64(encode_psbt(signed)), signed_inputs=sorted(signatures))


def _prepare(house: House, session: Session, params: SignPsbtParams) -> tuple[Record, Checked, Spending]:
    if not psbt_signing.is_available():
        raise Unsupported("This installation has no libwally, which computes what a PSBT's signatures are of.", detail="wallycore")
    record = _key(house.store, session, params)
    try:
        checked = check_psbt(parse_psbt(decode_base64(params.psbt)))
        spending = _own(house, record, checked)
    except Unknown as unknown:
        raise Unsupported(str(unknown), detail=unknown.what) from None
    except Refused as refusal:
        raise InvalidParams(str(refusal), path="psbt") from None
    if not spending.to_sign:
        raise InvalidParams(NONE_OF_OURS, path="psbt")
    for own in spending.to_sign:
        _check_signable(checked, own)
    for place in _places(house.store, session, record, spending):
        if "transaction" not in place.metadata.usages:
            raise UsageNotAllowed
        versions.check_active(house.store, place)
    return record, checked, spending


def _key(store: KeyStore, session: Session, params: SignPsbtParams) -> Record:
    record = records.find(store, session, params.key_id)
    if record.metadata.alg in records.SEED_ALGS:
        return records.find_usable(store, session, params.key_id, "deriveKey")
    record = records.find_usable(store, session, params.key_id, "transaction")
    if record.metadata.alg not in _ALGS:
        raise InvalidParams("This key cannot sign Bitcoin transactions.", path="keyId")
    if record.metadata.backend != LOCAL:
        raise Unsupported("Keys in tokens do not sign PSBTs.", detail=record.metadata.backend)
    return record


def _own(house: House, record: Record, checked: Checked) -> Spending:
    metadata = record.metadata
    if metadata.alg not in records.SEED_ALGS:
        path = None if metadata.path is None else parse_path(metadata.path)
        return find_own(checked, AccountKey(metadata.public or b"", path))
    with house.store.unseal_secret(record) as unsealed:
        seed = seed_of(record, unsealed)
        return find_own(checked, SeedKeys(fingerprint_of(extended_public(seed, ()).public), lambda path: extended_public(seed, path)))


def _check_signable(checked: Checked, own: OwnInput) -> None:
    """The signature would be of what a person can be shown.

    Raises:
        PolicyDenied: the sighash type leaves too much open.
        InvalidParams: what is spent is not proven, or not said.
    """
    taproot = own.kind == "p2tr"
    if own.sighash not in _SIGHASHES and not (taproot and own.sighash == SIGHASH_DEFAULT):
        raise PolicyDenied(REFUSED_SIGHASH)
    if own.sighash & ~ANYONE_CAN_PAY == SIGHASH_SINGLE and own.index >= len(checked.outputs):
        raise PolicyDenied(NO_OUTPUT)
    if not taproot and not checked.inputs[own.index].proven:
        raise InvalidParams(NO_AMOUNT, path="psbt")
    if taproot and any(one.scripts is None for one in checked.inputs):
        raise InvalidParams(ALL_AMOUNTS, path="psbt")


def _places(store: KeyStore, session: Session, seed: Record, spending: Spending) -> Iterator[Record]:
    """For a seed, what was said of each place whose key signs, as a record that stands for every key there."""
    if seed.metadata.alg not in records.SEED_ALGS:
        return
    from msgspec.structs import replace

    for path in {format_path(_path(own)): True for own in spending.to_sign}:
        ceiling = records.read_ceiling(store, records.ceiling_id(store, session, seed, _ALG, path))
        if ceiling is not None:
            metadata = records.changed(ceiling.metadata, alg=_ALG, parent=seed.record_id, path=path)
            yield replace(ceiling, owner=seed.owner, metadata=metadata)


def _count_uses(store: KeyStore, session: Session, record: Record, spending: Spending) -> None:
    versions.count_use(store, session, record)
    for place in _places(store, session, record, spending):
        versions.count_use(store, session, place)


def _path(own: OwnInput) -> Path:
    if own.path is None:
        raise KeyState
    return own.path


class _Signing:
    """The secrets of one transaction's inputs, from a seed that is open, or of the one key that is."""

    def __init__(self, record: Record, opened: SecretBytes) -> None:
        self._seed = seed_of(record, opened) if record.metadata.alg in records.SEED_ALGS else None
        self._opened = opened

    @contextmanager
    def secret(self, own: OwnInput) -> Iterator[SecretBytes]:
        if self._seed is None:
            yield self._opened
            return
        with SecretBytes(bip32.derive(self._seed, _path(own))) as derived:
            yield derived


@contextmanager
def _signing(house: House, record: Record) -> Iterator[_Signing]:
    if record.metadata.alg in records.SEED_ALGS:
        with house.store.unseal_secret(record) as opened:
            yield _Signing(record, opened)
        return
    with secret_of(house, record) as opened:
        yield _Signing(record, opened)
