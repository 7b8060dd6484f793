"""What a person reads before deciding: a title, facts, and warnings, made from the call's own bytes. Pure.

Facts come from what will be done, never from what the extension says about it; what the extension claims is called a claim.
"""

from __future__ import annotations

from msgspec import UNSET

from native_host.protocol.approver import Fact, FactKind
from native_host.protocol.messages import (
    DeriveKeyParams,
    DestroyKeyParams,
    ImportKeyParams,
    Page,
    RestoreSeedParams,
    SignMessageParams,
    SignParams,
    UpdateKeyParams,
)
from native_host.protocol.wire import Message
from native_host.review.text import describe_message, visible
from native_host.value import Value

FORMAT_NAMES = {
    "eip191": "Ethereum personal message (EIP-191)",
    "bip322": "Bitcoin message (BIP-322, simple)",
    "solana": "Solana message (signed as it stands)",
}
BLIND = (
    "This is blind signing: Strongroom cannot tell what these bytes mean. They can be a transaction that moves everything"
    " this key holds. Refuse unless you know exactly why you are asked."
)
KNOWN_TO_SENDER = "Whoever sends this key knows it already, and keeps knowing it. Do not use it for money that must be yours alone."
GONE_FOR_GOOD = "This cannot be undone. What this key holds is lost unless you have a backup of it elsewhere."
RAW_ACCOUNT = "With this, the account can sign bytes that Strongroom cannot read, transactions among them."


class Subject(Value, frozen=True, kw_only=True):
    """What a review may know of its key; the key's name and algorithm stand beside every review and are not repeated in it."""

    address: str | None = None
    path: str | None = None
    dependants: int = 0


class Review(Value, frozen=True, kw_only=True):
    """What is shown, apart from who asks: warnings stand before facts."""

    title: str
    facts: tuple[Fact, ...] = ()
    warnings: tuple[str, ...] = ()


def review(params: Message, subject: Subject | None) -> Review:
    """The review of a call's params about ``subject``; a method without a text of its own is named by its type."""
    match params:
        case SignParams():
            made = _sign(params)
        case SignMessageParams():
            made = _sign_message(params)
        case ImportKeyParams():
            made = _import_key(params)
        case RestoreSeedParams():
            made = _restore_seed(params)
        case DestroyKeyParams():
            made = _destroy_key(subject)
        case DeriveKeyParams():
            made = _derive_key(params)
        case UpdateKeyParams():
            made = Review(title="Enable a disabled key")
        case _:
            made = Review(title="Use a key")
    return Review(title=made.title, facts=(*_about(subject), *made.facts, *_page(params)), warnings=made.warnings)


def attach_review(origins: tuple[str, ...], wallet: str) -> Review:
    """Attaching extensions to a wallet: what they may do from then on."""
    facts = (*(_fact("Extension", origin, "origin") for origin in origins), _fact("Wallet", wallet))
    warning = (
        "An attached extension sees this wallet's accounts and may ask you to sign with its keys. Check its id against its publisher's."
    )
    return Review(title="Attach this extension to your wallet?", facts=facts, warnings=(warning,))


def program_review(program: tuple[str, ...]) -> Review:
    """Letting a program answer in the person's place."""
    facts = (_fact("Program", " ".join(program), "path"),)
    warning = "From then on this program is asked instead of you, and you see no windows. Whoever can change it can use your keys."
    return Review(title="Let a program answer for you?", facts=facts, warnings=(warning,))


def set_up_review(origins: tuple[str, ...], folder: str) -> Review:
    """The first step of setting a keystore up."""
    facts = (_fact("Folder", folder, "path"), *(_fact("Extension to attach", origin, "origin") for origin in origins))
    return Review(title="Set up Strongroom on this computer?", facts=facts)


def _fact(label: str, value: str, kind: FactKind = "text") -> Fact:
    return Fact(label=label, value=visible(value), kind=kind)


def _about(subject: Subject | None) -> tuple[Fact, ...]:
    if subject is None:
        return ()
    facts = []
    if subject.address:
        facts.append(_fact("Address", subject.address, "address"))
    if subject.path:
        facts.append(_fact("Derivation path", subject.path, "path"))
    return tuple(facts)


def _page(params: Message) -> tuple[Fact, ...]:
    page = getattr(params, "page", UNSET)
    return (_fact("Web page, as the extension claims", page.origin, "origin"),) if isinstance(page, Page) else ()


def _bytes(label: str, data: bytes) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    described = describe_message(data)
    size = "1 byte" if described.size == 1 else f"{described.size} bytes"
    # Already escaped, and its newlines are to stay.
    shown = Fact(label=label, value=described.text, kind=described.kind) if described.size else _fact(label, "(empty)")
    return (shown, _fact("Size", size)), described.warnings


def _sign(params: SignParams) -> Review:
    if params.digest is not UNSET:
        return Review(title="Sign a digest blind", facts=(_fact("Digest", params.digest.hex(), "hex"),), warnings=(BLIND,))
    facts, warnings = _bytes("Bytes to sign", params.data or b"")
    return Review(title="Sign bytes blind", facts=facts, warnings=(BLIND, *warnings))


def _sign_message(params: SignMessageParams) -> Review:
    facts, warnings = _bytes("Message", params.message)
    name = FORMAT_NAMES.get(params.format, params.format)
    return Review(title="Sign a message", facts=(*facts, _fact("Format", name)), warnings=warnings)


def _import_key(params: ImportKeyParams) -> Review:
    facts = [_fact("Algorithm", params.alg)]
    if params.usages is not UNSET:
        facts.append(_fact("May be used for", ", ".join(params.usages)))
    return Review(title="Take in a private key", facts=tuple(facts), warnings=(KNOWN_TO_SENDER,))


def _restore_seed(params: RestoreSeedParams) -> Review:
    facts = (_fact("Name", params.label),) if params.label is not UNSET and params.label else ()
    text = "You will type your recovery words in the next window. Strongroom never asks for them anywhere else."
    return Review(title="Restore a wallet from recovery words", facts=facts, warnings=(text,))


def _destroy_key(subject: Subject | None) -> Review:
    dependants = subject.dependants if subject else 0
    facts = (_fact("Keys derived from it, destroyed too", str(dependants), "number"),) if dependants else ()
    return Review(title="Destroy a key for good", facts=facts, warnings=(GONE_FOR_GOOD,))


def _derive_key(params: DeriveKeyParams) -> Review:
    usages = [] if params.usages is UNSET else params.usages
    facts = (_fact("New account's path", params.path, "path"), _fact("Algorithm", params.alg), _fact("May be used for", ", ".join(usages)))
    return Review(title="Make an account that can sign anything", facts=facts, warnings=(RAW_ACCOUNT,))
