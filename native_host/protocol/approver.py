"""What the host tells an approver and what it answers: protocol section 8.

The same messages go to our own window, to the terminal and to a configured program; only this host and its
approver see them. ``ShowSecret`` and ``Answer`` are the two messages of the product that carry a secret.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Raw, UnsetType

from native_host.protocol.wire import Message

FactKind = Literal["text", "message", "address", "hex", "path", "origin", "time", "number"]
"""How a fact is drawn: ``message`` is a block of text, ``address`` and ``hex`` are monospaced and never cut."""

SecretPurpose = Literal[
    "unlock",
    "newPassphrase",
    "mnemonic",
    "bip39Passphrase",
    "pin",
    "newPin",
    "keyFile",
    "keyFilePassword",
    "recoveryCode",
    "share",
    "backup",
]
"""``mnemonic`` asks for recovery words: to restore a seed, or typed back to confirm a backup (the title says which). ``keyFile`` asks for
the text of another program's key file, ``keyFilePassword`` for what opens it. ``pin`` is a device's, ``newPin`` one that a device is to
have; ``recoveryCode`` is the code of a recovery slot, shown or typed, ``share`` one share of a secret (SLIP-39), ``backup`` the passphrase
of a backup.
"""

MAX_TYPED_CHARACTERS = 128
MAX_SECRET_CHARACTERS = 16384
"""The longest key file is a PEM of 6,700 characters; nothing else that a person types comes near."""


class CallerFacts(Message, frozen=True, kw_only=True):
    """Who asks. ``evidence`` is plain sentences, most telling first."""

    origin: str
    browser: str | UnsetType = UNSET
    evidence: list[str]


class KeyFacts(Message, frozen=True, kw_only=True):
    label: str
    alg: str


class Fact(Message, frozen=True, kw_only=True):
    label: str
    value: str
    kind: FactKind


class GrantOffer(Message, frozen=True, kw_only=True):
    id: str
    text: str


class TypedText(Message, frozen=True, kw_only=True):
    """What the person has to type before they can allow it: an amount above their own threshold. ``expected`` is what is to be typed, a number
    without its unit; ``prompt`` says so."""

    prompt: str
    expected: str


class ReviewAsk(Message, frozen=True, kw_only=True, tag_field="kind", tag="review"):
    id: int
    method: str
    title: str
    caller: CallerFacts
    key: KeyFacts | UnsetType = UNSET
    facts: list[Fact]
    warnings: list[str]
    grants: list[GrantOffer]
    typed: TypedText | UnsetType = UNSET


class SecretAsk(Message, frozen=True, kw_only=True, tag_field="kind", tag="askSecret"):
    id: int
    purpose: SecretPurpose
    title: str
    hint: str | UnsetType = UNSET


class ShowSecret(Message, frozen=True, kw_only=True, tag_field="kind", tag="showSecret"):
    id: int
    purpose: SecretPurpose
    title: str
    secret: str


class CompareCode(Message, frozen=True, kw_only=True, tag_field="kind", tag="compareCode"):
    id: int
    title: str
    code: str


class Withdraw(Message, frozen=True, kw_only=True, tag_field="kind", tag="withdraw"):
    """The call that asked is gone: close its window."""

    id: int


Ask = ReviewAsk | SecretAsk | ShowSecret | CompareCode | Withdraw


class Answer(Message, frozen=True, kw_only=True):
    """``verdict`` for a review, a code or a shown secret; ``secret`` for an asked one, unless it was denied. ``typed`` is what was typed where
    a review asks for it: the host compares it, and takes anything else for a denial."""

    id: int
    verdict: Literal["allow", "deny", "done"] | UnsetType = UNSET
    grant: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    typed: Annotated[str, Meta(max_length=MAX_TYPED_CHARACTERS)] | UnsetType = UNSET
    secret: Annotated[str, Meta(max_length=MAX_SECRET_CHARACTERS)] | UnsetType = UNSET


class ArrivedAnswer(Message, frozen=True, kw_only=True):
    """An ``Answer`` as the host reads it: the secret is still the JSON that it came as, in the frame's own buffer."""

    id: int
    verdict: Literal["allow", "deny", "done"] | UnsetType = UNSET
    grant: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    typed: Annotated[str, Meta(max_length=MAX_TYPED_CHARACTERS)] | UnsetType = UNSET
    secret: Raw | UnsetType = UNSET
