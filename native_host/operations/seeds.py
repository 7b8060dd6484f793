"""Seeds: made, confirmed by typing the words back, restored from words, and never shown but in the host's own window.

A BIP39 record's secret is: the entropy's length (1 byte) ‖ the entropy ‖ the 64-byte seed. A SEED record's is the seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from native_host.errors import BackendUnavailable, Cancelled, InvalidParams, KeyState, Unsupported, UserRejected
from native_host.keystore.records import Metadata
from native_host.operations import records
from native_host.operations.keep import insert_key
from native_host.secret import SecretBytes, wipe
from native_host.suites.hd import bip39

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.keystore.records import Record
    from native_host.operations.house import House
    from native_host.protocol.messages import DeriveKeyParams, GenerateKeyParams, KeyInfo, RestoreSeedParams

DEFAULT_WORDS = 12
TRIES = 3


def generate(house: House, permit: Permit, params: GenerateKeyParams, expires_at: int | None) -> KeyInfo:
    """A new BIP39 seed, its words shown and typed back; until then it is ``unconfirmed`` and derives nothing."""
    words = DEFAULT_WORDS if params.words is UNSET else params.words
    language = "english" if params.language is UNSET else params.language
    if language not in bip39.LANGUAGES:
        raise Unsupported("There is no word list of that language.", detail="language")
    entropy = bytearray(house.random_bytes(words * 4 // 3))
    with _secret_of(entropy, language) as secret:
        made = _metadata(house, "generated", "unconfirmed", secret, _label(params.label), language)
        metadata = records.changed(made, expires_at=expires_at)
        record_id = insert_key(house, permit, metadata, secret)
    record = records.find(house.store, permit.session, record_id)
    try:
        record = confirm(house, permit, record)
    except (UserRejected, Cancelled, BackendUnavailable):
        # The seed is made and safe, and to answer anything else would hide it; the person may write its words down later.
        record = records.find(house.store, permit.session, record_id)
    return records.key_info(house.store, permit.session, record)


def confirm(house: House, permit: Permit, record: Record) -> Record:
    """Show a seed's words, have them typed back, and make the seed active.

    An unattended store skips the typing: the program that would type is the one that was shown.

    Raises:
        UserRejected: the person closed a window, or the words were wrong three times.
    """
    store = house.store
    with store.unseal_secret(record) as secret:
        language = record.metadata.language or "english"
        mnemonic = SecretBytes(bip39.words_of_entropy(secret.buffer[1 : 1 + secret.buffer[0]], language))
    with mnemonic:
        house.approver.show_secret("mnemonic", "Write down your recovery words", mnemonic)
        if not store.unattended:
            _typed_back(house, mnemonic)
    with house.audit.effect(permit):
        current = records.find(store, permit.session, records.key_view(record).key_id)
        if current.metadata.state != "unconfirmed":
            raise KeyState("The seed was changed while its words were shown.")
        store.update(current, records.changed(current.metadata, state="active"))
    return records.find(store, permit.session, records.key_view(record).key_id)


def restore(house: House, permit: Permit, params: RestoreSeedParams) -> KeyInfo:
    """A seed from words that the person types in the host's window, with the BIP39 passphrase if there is one."""
    hint: str | None = None
    language = None if params.language is UNSET else params.language
    if language is not None and language not in bip39.LANGUAGES:
        raise Unsupported("There is no word list of that language.", detail="language")
    for _ in range(TRIES):
        with house.approver.ask_secret("mnemonic", "Type your recovery words", hint) as typed:
            try:
                entropy = bip39.entropy_of_mnemonic(typed.buffer, language)
                language = language or bip39.language_of(typed.buffer)
                break
            except bip39.AmbiguousMnemonic as ambiguous:
                hint = (
                    f"These words are in several lists: {', '.join(ambiguous.languages)}. The wallet must say which language they are in."
                )
            except ValueError:
                hint = "These are not recovery words as BIP39 makes them: check the spelling, the order and that none is missing."
    else:
        raise UserRejected
    return keep_restored(house, permit, entropy, language or "english", params.label)


def keep_restored(house: House, permit: Permit, entropy: bytearray, language: str, label: object) -> KeyInfo:
    """Ask for the BIP39 passphrase of restored words, and keep their seed; the entropy is wiped."""
    with (
        house.approver.ask_secret("bip39Passphrase", "Optional extra passphrase of your recovery words") as extra,
        _secret_of(entropy, language, extra.buffer) as secret,
    ):
        metadata = _metadata(house, "restored", "active", secret, _label(label), language)
        record_id = insert_key(house, permit, metadata, secret)
    return records.key_info(house.store, permit.session, records.find(house.store, permit.session, record_id))


def derive(house: House, permit: Permit, params: DeriveKeyParams, path: str, expires_at: int | None) -> KeyInfo:
    """A seed of its own from another, by BIP85: the words of the first are the backup of both.

    It keeps its secret, as its own keys are derived from it like any seed's, and ends with the seed that it comes from.
    """
    from native_host.suites.hd import bip85, derivation, extended_key

    if params.usages is not UNSET and list(params.usages) != ["deriveKey"]:
        raise InvalidParams("A seed only derives.", path="usages")
    parent = records.find_usable(house.store, permit.session, params.key_id, "deriveKey")
    language, words, index = derivation.bip85_words(path)
    with house.store.unseal_secret(parent) as unsealed:
        root = extended_key.master_key(seed_of(parent, unsealed))
        try:
            entropy = bip85.mnemonic_entropy(root, words=words, index=index, language=language)
        finally:
            wipe(root.secret)
    with _secret_of(entropy, language) as secret:
        made = _metadata(house, "derived", "active", secret, _label(params.label), language)
        metadata = records.changed(made, parent=parent.record_id, scheme="BIP85", path=path, expires_at=expires_at)
        record_id = insert_key(house, permit, metadata, secret)
    return records.key_info(house.store, permit.session, records.find(house.store, permit.session, record_id))


def seed_of(record: Record, secret: SecretBytes) -> memoryview:
    """The seed's bytes inside an unsealed secret: a view, wiped with it."""
    view = memoryview(secret.buffer)
    return view[1 + secret.buffer[0] :] if record.metadata.alg == "BIP39" else view


def entropy_of(record: Record, secret: SecretBytes) -> memoryview | None:
    """The entropy of the recovery words inside an unsealed secret, if it has any: a view, wiped with it."""
    return memoryview(secret.buffer)[1 : 1 + secret.buffer[0]] if record.metadata.alg == "BIP39" else None


def _typed_back(house: House, mnemonic: SecretBytes) -> None:
    hint: str | None = None
    for _ in range(TRIES):
        title = "Type your recovery words back, to be sure that they are written down"
        with (
            house.approver.ask_secret("mnemonic", title, hint) as typed,
            SecretBytes(bip39.normalized(typed.buffer)) as words,
            SecretBytes(bip39.normalized(mnemonic.buffer)) as shown,
        ):
            if words == shown:
                return
        hint = "These are not the words that were shown. Compare them with what you wrote down."
    raise UserRejected


def _secret_of(entropy: bytearray, language: str, passphrase: memoryview | str = "") -> SecretBytes:
    words = bip39.words_of_entropy(entropy, language)
    seed = bip39.seed_of_mnemonic(words, passphrase)
    secret = SecretBytes(bytes(1 + len(entropy) + len(seed)))
    secret.buffer[0] = len(entropy)
    secret.buffer[1 : 1 + len(entropy)] = entropy
    secret.buffer[1 + len(entropy) :] = seed
    for buffer in (words, entropy, seed):
        wipe(buffer)
    return secret


def _metadata(house: House, provenance: str, state: str, secret: SecretBytes, label: str | None, language: str) -> Metadata:
    seed = secret.buffer[1 + secret.buffer[0] :]
    return Metadata(
        alg="BIP39",
        usages=("deriveKey",),
        provenance=provenance,
        state=state,
        created_at=house.clock(),
        label=label,
        seed=house.store.keys.tag("seed", bytes(seed)),
        language=None if language == "english" else language,
    )


def _label(label: object) -> str | None:
    return label if isinstance(label, str) and label else None


def refuse_words(params: GenerateKeyParams) -> None:
    """Refuse ``words`` and their ``language`` for anything but BIP39; raises ``InvalidParams``."""
    for name in ("words", "language"):
        if getattr(params, name) is not UNSET:
            raise InvalidParams("Only a BIP39 seed has words.", path=name)
