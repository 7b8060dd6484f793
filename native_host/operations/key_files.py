"""Key files of other programs, given to the host by the person: opened, and kept as imported keys.

What a file is and how it is opened is known in ``suites.importing``. A caller learns that a key came in or that none did; what was
wrong with the file or its password is said to the person, in the host's own window.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from contextlib import nullcontext
from typing import TYPE_CHECKING

from msgspec import UNSET

from native_host.errors import DecryptionFailed, InvalidParams, Unsupported
from native_host.keystore.records import Metadata
from native_host.language import sentence
from native_host.operations import records, seeds
from native_host.operations.keep import insert_key
from native_host.protocol.messages import KeyInfo
from native_host.secret import SecretBytes, wipe
from native_host.suites.hd import bip39
from native_host.suites.importing.detect import detect, needs_password, read_key_file
from native_host.suites.importing.imported import CannotImport, ChooseAlgorithm, Imported, NotThisForm, WrongPassword
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from native_host.approval.permit import Permit
    from native_host.operations.house import House
    from native_host.protocol.messages import ImportKeyFileParams

LANGUAGES = bip39.LANGUAGES
TRIES = 3
ASK_FILE = "Choose the key file, or paste its text"
ASK_PASSWORD = "Type the password of the key file"


class AmbiguousWords(CannotImport):
    """Recovery words that are good in several ``languages``."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        super().__init__("These recovery words are in several lists. Say which language they are in.")
        self.languages = languages


class Taken(Value, frozen=True, kw_only=True):
    """A key that came in, and what the person is to know of it: what was not kept, or could not be checked."""

    key: KeyInfo
    remarks: tuple[str, ...] = ()


def check_wishes(params: ImportKeyFileParams) -> None:
    """See that there can be a key as the caller wants it, before the person is asked for one.

    Raises:
        Unsupported: an algorithm that keys cannot have here, or do not come in as.
        InvalidParams: usages that it does not have.
    """
    if params.alg is UNSET:
        return
    suite = records.suite_of(params.alg)
    if not suite.imported:
        raise Unsupported(detail=params.alg)
    records.narrower(params.usages, suite, path="usages")


def import_key_file(house: House, permit: Permit, params: ImportKeyFileParams) -> KeyInfo:
    """A key from a file that the person gives in the host's own window, with its password if it has one.

    Raises:
        UserRejected: the person gave none.
        DecryptionFailed: three files were none of a key, or three passwords wrong.
        InvalidParams: the key is good for several algorithms and none was named, or it has not the usages.
        Duplicate: the wallet holds that key.
    """
    hint: str | None = None
    for _ in range(TRIES):
        with house.approver.ask_secret("keyFile", ASK_FILE, hint) as text:
            try:
                key = open_key_file(
                    text,
                    "" if params.alg is UNSET else params.alg,
                    lambda said: house.approver.ask_secret("keyFilePassword", ASK_PASSWORD, said),
                    house.aside,
                )
            except ChooseAlgorithm:
                raise InvalidParams(
                    "The key in this file can be used in several ways. Name the algorithm that it is for.", path="alg"
                ) from None
            except WrongPassword:
                raise DecryptionFailed from None
            except CannotImport as error:
                hint = str(error)
                continue
            return keep_imported(house, permit, params, key, detect(text.buffer))
    raise DecryptionFailed


def take_in(house: House, permit: Permit, params: ImportKeyFileParams, text: SecretBytes, language: str | None) -> Taken:
    """A key, or a seed from recovery words, from a file that the person's own program has read.

    Raises:
        CannotImport: with the sentence that says why.
        UserRejected, Duplicate, Unsupported, InvalidParams
    """
    permit.spend()
    found = entropy_of_words(text, language)
    if found is not None:
        if params.alg is not UNSET or params.usages is not UNSET:
            wipe(found[0])
            raise CannotImport(
                "These are recovery words: a seed, which is for no one algorithm and only derives. Leave --alg and --usage out."
            )
        return Taken(key=seeds.keep_restored(house, permit, *found, params.label))
    if language is not None:
        raise CannotImport("These are no recovery words, which alone have a language. Leave --language out.")
    check_wishes(params)
    key = open_key_file(
        text,
        "" if params.alg is UNSET else params.alg,
        lambda said: house.approver.ask_secret("keyFilePassword", ASK_PASSWORD, said),
    )
    return Taken(key=keep_imported(house, permit, params, key, detect(text.buffer)), remarks=key.remarks)


def open_key_file(
    text: SecretBytes,
    alg: str,
    ask_password: Callable[[str | None], SecretBytes],
    aside: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Imported:
    """The key of a file; ``ask_password`` gets what was wrong with the password before, at most three times in all.

    Raises:
        WrongPassword: three times.
        CannotImport: for what the form's own reader says.
    """
    if not needs_password(text.buffer):
        return read_key_file(text.buffer, alg=alg)
    wrong: WrongPassword | None = None
    for left in range(TRIES, 0, -1):
        with ask_password(None if wrong is None else _hint(wrong, left)) as password, aside():
            try:
                return read_key_file(text.buffer, alg=alg, password=password.buffer)
            except WrongPassword as error:
                wrong = error
    raise WrongPassword


def _hint(wrong: WrongPassword, left: int) -> str:
    return sentence("{wrong} 1 try left." if left == 1 else "{wrong} {left} tries left.", wrong=sentence(str(wrong)), left=left)


def keep_imported(house: House, permit: Permit, params: ImportKeyFileParams, key: Imported, form: str) -> KeyInfo:
    """Put an opened key into the caller's wallet.

    Raises:
        InvalidParams: usages that it does not have.
        Duplicate: the wallet holds that key.
    """
    suite = records.suite_of(key.alg)
    with SecretBytes(key.secret) as secret:
        metadata = Metadata(
            alg=key.alg,
            usages=records.narrower(params.usages, suite, path="usages"),
            provenance="imported",
            state="active",
            created_at=house.clock(),
            label=None if params.label is UNSET else params.label or None,
            public=key.public or None,
            address=_address(key.public) if form == "web3-v3" else None,
            seed=house.store.keys.tag("seed", bytes(secret.buffer)) if key.alg == "SEED" else None,
        )
        key_id = insert_key(house, permit, metadata, secret)
    return records.key_info(house.store, permit.session, records.find(house.store, permit.session, key_id))


def entropy_of_words(text: SecretBytes, language: str | None) -> tuple[bytearray, str] | None:
    """The entropy of recovery words in a file, and their language; ``None`` if the file is something else.

    Raises:
        AmbiguousWords: they are words of several languages, and ``language`` does not say of which.
        NotThisForm: they look like recovery words and are none.
    """
    try:
        words = text.buffer[3:] if bytes(text.buffer[:3]) == BOM_UTF8 else text.buffer
        entropy = bip39.entropy_of_mnemonic(words, language)
    except bip39.AmbiguousMnemonic as ambiguous:
        raise AmbiguousWords(ambiguous.languages) from None
    except ValueError:
        if _looks_like_words(text):
            raise NotThisForm(
                "These are not recovery words as BIP39 makes them. Check the spelling, the order and that none is missing."
            ) from None
        return None
    if language is not None:
        return entropy, language
    try:
        return entropy, bip39.language_of(words)
    except BaseException:
        wipe(entropy)
        raise


def _looks_like_words(text: SecretBytes) -> bool:
    try:
        return detect(text.buffer) == "bip39"
    except NotThisForm:
        return False


def _address(public: bytes) -> str:
    from native_host.suites.hd.accounts import ethereum_address

    return ethereum_address(public)
