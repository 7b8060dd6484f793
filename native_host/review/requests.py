"""What a person reads before deciding: a title, facts, and warnings, made from the call's own bytes. Pure.

Facts come from what will be done, never from what the extension says about it; what the extension claims is called a claim.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from native_host.language import say, words
from native_host.protocol.approver import Fact, FactKind
from native_host.protocol.messages import (
    DeriveKeyParams,
    DestroyKeyParams,
    GenerateKeyParams,
    GetExtendedPublicKeyParams,
    GetImportKeyParams,
    GetPublicKeyParams,
    ImportKeyFileParams,
    ImportKeyParams,
    ListKeysParams,
    Page,
    RestoreSeedParams,
    RotateKeyParams,
    UpdateKeyParams,
)
from native_host.protocol.transactions import SignPsbtParams, SignTransactionParams, SignTypedDataParams
from native_host.protocol.uses import (
    AggregateSignaturesParams,
    AggregateVerifyParams,
    DecapsulateParams,
    DecryptParams,
    DeriveSecretParams,
    EncapsulateParams,
    EncryptParams,
    RandomBytesParams,
    SignJwsParams,
    SignMessageParams,
    SignParams,
    UnwrapKeyParams,
    VerifyParams,
    WrapKeyParams,
)
from native_host.protocol.wire import Message
from native_host.review.subject import Review
from native_host.review.text import describe_message, size_in_words, visible

if TYPE_CHECKING:
    from native_host.review.subject import Subject

FORMAT_NAMES = {
    "eip191": "Ethereum personal message (EIP-191)",
    "siwe": "Sign-In with Ethereum (ERC-4361)",
    "bip322": "Bitcoin message (BIP-322, simple)",
    "bip322-full": "Bitcoin message (BIP-322, full)",
    "bip137": "Bitcoin message (BIP-137, old form)",
    "solana-offchain": "Solana off-chain message",
    "cip8": "Cardano message (CIP-8)",
    "adr36": "Cosmos message (ADR-036)",
    "solana": "Solana message (signed as it stands)",
}
BLIND = (
    "This is blind signing: Strongroom cannot tell what these bytes mean. They can be a transaction that moves everything"
    " this key holds. Refuse unless you know exactly why you are asked."
)
KNOWN_TO_SENDER = "Whoever sends this key knows it already, and keeps knowing it. Do not use it for money that must be yours alone."
FILE_IN_NEXT_WINDOW = (
    "You will choose the key file, and type its password, in the next windows. The extension gets neither. Strongroom never asks for them"
    " anywhere else. The key stays in the file too, for whoever has it."
)
WORDS_IN_NEXT_WINDOW = "You will type your recovery words in the next window. Strongroom never asks for them anywhere else."
GONE_FOR_GOOD = "This cannot be undone. What this key holds is lost unless you have a backup of it elsewhere."
REPLACED_FOR_GOOD = "The key there is now will never sign again. What only it can move is lost unless you have a backup of it elsewhere."
STILL_READS = "It goes on decrypting and checking what was made with it, and makes nothing more"
ENDS_FOR_GOOD = "This cannot be undone. After that the key does nothing more; if it comes from a seed, no key at its path does."
UNAUTHENTICATED = (
    "This algorithm does not protect against changes: whoever had the ciphertext may have changed what it decrypts to, and may learn the"
    " plaintext by asking often. Refuse requests that come again and again."
)
LEGACY = "This algorithm is kept for what exists already. Do not use it for anything new."
SECRET_GOES_OUT = "The extension gets the shared secret itself, and with it whatever is protected by that secret."
KEY_GOES_OUT = "Whoever can use the wrapping key can take this key in elsewhere. Allow it only for a backup or a move of your own."
IN_TOKEN = "In a token: it is not in this keystore, and does not leave the token"
KNOWN_ELSEWHERE = {
    "imported": "brought in from elsewhere; whoever sent it knows it too",
    "unwrapped": "brought in encrypted under another key; whoever wrapped it knows it too",
    "restored": "from recovery words that were typed in",
}
WRAPS_FOR_OTHERS = (
    "This wrapping key came from elsewhere: its owner will be able to use your key. You will be asked to compare its fingerprint."
)
EVERY_ADDRESS = (
    "Whoever has this sees every address and payment below this path, past and future, and can link them to you. It cannot spend."
    " Together with one private key below it, it would give away all of them."
)
_PLAIN: dict[type[Message], str] = {
    GetImportKeyParams: "Offer a public key to which a key can be encrypted",
    GenerateKeyParams: "Make a key",
    ListKeysParams: "Show the keys of this wallet",
    GetPublicKeyParams: "Show a public key",
    RandomBytesParams: "Give out random bytes",
    VerifyParams: "Check a signature",
    AggregateVerifyParams: "Check a signature",
    AggregateSignaturesParams: "Join signatures into one",
    EncapsulateParams: "Make a secret for a public key",
}
"""What needs nobody, unless a policy of the person's says otherwise."""
RAW_ACCOUNT = "With this, the account can sign bytes that Strongroom cannot read, transactions among them."


def review(params: Message, subject: Subject | None) -> Review:
    """The review of a call's params about ``subject``. What only a policy of the person's has asked about is named, and no more."""
    made = _keeping(params, subject) or _using(params, subject)
    page, about_page = _page(params)
    return Review(
        title=words(made.title),
        facts=(*_about(subject), *made.facts, *page),
        warnings=tuple(map(words, (*made.warnings, *about_page, *_about_algorithm(params, subject)))),
    )


def _keeping(params: Message, subject: Subject | None) -> Review | None:
    match params:
        case ImportKeyParams():
            return _import_key(params)
        case ImportKeyFileParams():
            return _import_key_file(params)
        case RestoreSeedParams():
            return _restore_seed(params)
        case DestroyKeyParams():
            return _destroy_key(subject)
        case DeriveKeyParams():
            return _derive_key(params)
        case UpdateKeyParams():
            return _update_key(params)
        case RotateKeyParams():
            return _rotate_key(subject)
        case GetExtendedPublicKeyParams():
            facts = (_fact("Below the path", params.path, "path"),)
            return Review(title="Show all addresses of an account", facts=facts, warnings=(EVERY_ADDRESS,))
        case WrapKeyParams() | UnwrapKeyParams():
            return _move_key(params, subject)
    return None


def _using(params: Message, subject: Subject | None) -> Review:
    match params:
        case SignParams():
            return _sign(params)
        case SignMessageParams():
            return _sign_message(params, subject)
        case SignJwsParams():
            return _sign_jws(params, subject)
        case EncryptParams():
            return _encrypt(params)
        case DecryptParams() | DecapsulateParams() | DeriveSecretParams():
            return _open_secret(params)
        case SignTransactionParams() | SignTypedDataParams() | SignPsbtParams():
            from native_host.review.decoded import describe

            title, facts, warnings = describe(params, subject)
            return Review(title=title, facts=facts, warnings=warnings)
    return Review(title=_PLAIN.get(type(params), "Use a key"))


def _fact(label: str, value: str, kind: FactKind = "text") -> Fact:
    return Fact(label=words(label), value=visible(value), kind=kind)


def _about(subject: Subject | None) -> tuple[Fact, ...]:
    if subject is None:
        return ()
    facts = []
    if subject.address:
        facts.append(_fact("Address", subject.address, "address"))
    if subject.path:
        facts.append(_fact("Derivation path", subject.path, "path"))
    if subject.in_token:
        facts.append(_fact("Where the key is", words(IN_TOKEN)))
    if subject.provenance in KNOWN_ELSEWHERE:
        facts.append(_fact("Where the key comes from", words(KNOWN_ELSEWHERE[subject.provenance])))
    return tuple(facts)


def _page(params: Message) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    page = getattr(params, "page", UNSET)
    if not isinstance(page, Page):
        return (), ()
    from native_host.review.web_page import describe_page

    return describe_page(page.origin)


def _bytes(label: str, data: bytes) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    described = describe_message(data)
    # Already escaped, and its newlines are to stay.
    shown = Fact(label=words(label), value=described.text, kind=described.kind) if described.size else _fact(label, words("(empty)"))
    return (shown, _fact("Size", size_in_words(described.size))), described.warnings


def _sign(params: SignParams) -> Review:
    if params.digest is not UNSET:
        return Review(title="Sign a digest blind", facts=(_fact("Digest", params.digest.hex(), "hex"),), warnings=(BLIND,))
    facts, warnings = _bytes("Bytes to sign", params.data or b"")
    return Review(title="Sign bytes blind", facts=facts, warnings=(BLIND, *warnings))


def _sign_message(params: SignMessageParams, subject: Subject | None) -> Review:
    from native_host.review import siwe

    facts, warnings = _bytes("Message", params.message)
    told: tuple[tuple[Fact, ...], tuple[str, ...]] = ((), ())
    if params.format in {"eip191", "siwe"}:
        page = params.page.origin if isinstance(params.page, Page) else None
        told = siwe.describe_eip191(
            bytes(params.message), page, now_ms=subject.now_ms if subject else None, address=subject.address if subject else None
        )
    name = _fact("Format", words(FORMAT_NAMES.get(params.format, params.format)))
    title = "Sign in to a website" if params.format == "siwe" else "Sign a message"
    return Review(title=title, facts=(*told[0], *facts, name), warnings=(*told[1], *warnings))


def _sign_jws(params: SignJwsParams, subject: Subject | None) -> Review:
    from native_host.review.jose import describe_jws

    facts, warnings = describe_jws(
        bytes(params.payload), {} if params.header is UNSET else params.header, now_ms=subject.now_ms if subject else None
    )
    return Review(title="Sign a statement (JWS)", facts=facts, warnings=warnings)


def _encrypt(params: EncryptParams) -> Review:
    to = params.public_key_jwk
    receiver = _fact("To your key", str(params.key_id)) if to is UNSET else _fact("To the public key", (to.x or to.pub or b"").hex(), "hex")
    facts = (receiver, *_bytes("Message", params.plaintext)[0])
    if params.aad is not UNSET:
        facts = (*facts, *_bytes("Additional data", params.aad)[0])
    return Review(title="Encrypt" if params.sender_key_id is UNSET else "Encrypt, with your key as the sender's", facts=facts)


def _open_secret(params: DecryptParams | DecapsulateParams | DeriveSecretParams) -> Review:
    if isinstance(params, DecryptParams):
        facts = (_fact("Algorithm", params.alg), _fact("Size of what is encrypted", say("{size} bytes", size=len(params.ciphertext))))
        return Review(title="Decrypt for the extension", facts=facts)
    if isinstance(params, DecapsulateParams):
        return Review(title="Open an encapsulated secret for the extension", warnings=(SECRET_GOES_OUT,))
    other = params.public_key_jwk
    x = b"" if other.x is UNSET else other.x
    return Review(
        title="Agree on a secret for the extension", facts=(_fact("The other's public key", x.hex(), "hex"),), warnings=(SECRET_GOES_OUT,)
    )


def _move_key(params: WrapKeyParams | UnwrapKeyParams, subject: Subject | None) -> Review:
    if isinstance(params, UnwrapKeyParams):
        facts = [_fact("Algorithm of the new key", params.target_alg)]
        if params.usages is not UNSET:
            facts.append(_fact("May be used for", ", ".join(params.usages)))
        return Review(title="Take in a wrapped key", facts=tuple(facts), warnings=(KNOWN_TO_SENDER,))
    target = subject.target if subject else None
    facts = [] if target is None else [_fact("Key to give out", target.label or words("(no name)")), _fact("Its algorithm", target.alg)]
    warnings = (KEY_GOES_OUT,) if subject is None or subject.provenance == "generated" else (KEY_GOES_OUT, WRAPS_FOR_OTHERS)
    return Review(title="Give out a key, encrypted under another", facts=tuple(facts), warnings=warnings)


def _about_algorithm(params: Message, subject: Subject | None) -> tuple[str, ...]:
    """What to know of the key's algorithm before using its private key; not for what does not use it."""
    if subject is None or isinstance(params, DestroyKeyParams | UpdateKeyParams | RotateKeyParams):
        return ()
    return tuple(text for label, text in (("unauthenticated", UNAUTHENTICATED), ("legacy", LEGACY)) if label in subject.labels)


def _import_key(params: ImportKeyParams) -> Review:
    facts = [_fact("Algorithm", params.alg)]
    if params.usages is not UNSET:
        facts.append(_fact("May be used for", ", ".join(params.usages)))
    return Review(title="Take in a private key", facts=tuple(facts), warnings=(KNOWN_TO_SENDER,))


def _import_key_file(params: ImportKeyFileParams) -> Review:
    facts = [_fact("Name", params.label)] if params.label is not UNSET and params.label else []
    facts.append(_fact("Algorithm", words("the one that the file is for") if params.alg is UNSET else params.alg))
    if params.usages is not UNSET:
        facts.append(_fact("May be used for", ", ".join(params.usages)))
    return Review(title="Take in a key from a file of yours", facts=tuple(facts), warnings=(FILE_IN_NEXT_WINDOW,))


def _restore_seed(params: RestoreSeedParams) -> Review:
    facts = (_fact("Name", params.label),) if params.label is not UNSET and params.label else ()
    return Review(title="Restore a wallet from recovery words", facts=facts, warnings=(WORDS_IN_NEXT_WINDOW,))


def _update_key(params: UpdateKeyParams) -> Review:
    facts = []
    if params.expires_at is not UNSET:
        facts.append(_fact("Its end", params.expires_at))
    if params.max_uses is not UNSET:
        facts.append(_fact("Its number of uses", str(params.max_uses), "number"))
    ends = bool(facts)
    if params.label is not UNSET:
        facts.append(_fact("New name", params.label or words("(no name)")))
    if params.usages is not UNSET:
        facts.append(_fact("May be used for", ", ".join(params.usages)))
    title = "Give a key an end" if ends else "Disable a key" if params.state == "disabled" else "Change a key"
    if params.state == "active":
        title = "Enable a disabled key"
    return Review(title=title, facts=tuple(facts), warnings=(ENDS_FOR_GOOD,) if ends else ())


def _destroy_key(subject: Subject | None) -> Review:
    dependants = subject.dependants if subject else 0
    facts = (_fact("Keys derived from it, destroyed too", str(dependants), "number"),) if dependants else ()
    return Review(title="Destroy a key for good", facts=facts, warnings=(GONE_FOR_GOOD,))


def _rotate_key(subject: Subject | None) -> Review:
    """Of a key that is no account's, nothing is lost by it: what was made with the key before is still read and checked."""
    if subject is None or subject.is_account:
        return Review(title="Replace an account's key for good", warnings=(REPLACED_FOR_GOOD,))
    return Review(title="Replace a key by a new one", facts=(_fact("The key until now", words(STILL_READS)),))


def _derive_key(params: DeriveKeyParams) -> Review:
    usages = [] if params.usages is UNSET else params.usages
    facts = [_fact("New account's path", params.path, "path"), _fact("Algorithm", params.alg)]
    if usages:
        facts.append(_fact("May be used for", ", ".join(usages)))
    if "sign" not in usages:
        return Review(title="Make an account", facts=tuple(facts))
    return Review(title="Make an account that can sign anything", facts=tuple(facts), warnings=(RAW_ACCOUNT,))
