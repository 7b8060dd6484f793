"""May this be done: allow, deny, or ask the person. Pure: it reads its arguments and nothing else.

The rules are rows, tried in order, the first that speaks decides; a method that no row speaks about is asked about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from msgspec import UNSET, field

from native_host.language import say
from native_host.protocol.approver import GrantOffer, TypedText
from native_host.protocol.messages import DeriveKeyParams, RotateKeyParams, UpdateKeyParams
from native_host.protocol.methods import METHODS
from native_host.protocol.uses import DecryptParams, EncryptParams, SignParams
from native_host.session import Session
from native_host.transport.jsonrpc import Call
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.encodings.spending import Spending
    from native_host.policy.grants import PaymentGrant
    from native_host.policy.limits import Over
    from native_host.review.effect import Effect

GRANT_USES = (10, 100)
BLIND_ALGS = frozenset({"ES256K", "ES256K-R", "BIP340", "Ed25519", "Ed25519-BIP32", "sr25519", "BLS12381G2"})
"""Keys of these hold money on some chain: what they sign raw is signed blind, and never remembered."""
OFFER = "Also allow the next {uses} signatures with this key without asking, until locked"
OFFERS = {
    "signMessage": "Also allow the next {uses} messages with this key without asking, until locked",
    "decrypt": "Also allow the next {uses} decryptions with this key without asking, until locked",
}
PAYMENT_RULE = "grant: "
"""Before the id of a grant of payments, as the rule that allowed a call."""


class KeyView(Value, frozen=True, kw_only=True):
    """What may be known of a key before anything is decided: never its secret. ``derived``: it comes from a seed.

    ``revision`` is the record's, so that what is performed is what was reviewed. ``public`` is the raw public key, where there is one;
    ``parent`` the id of the seed that it comes from.
    """

    key_id: str
    revision: int
    alg: str
    usages: tuple[str, ...]
    state: str
    label: str
    address: str | None
    derived: bool
    path: str | None
    dependants: int = 0
    labels: tuple[str, ...] = ()
    provenance: str = "generated"
    backend: str = "local"
    public: bytes | None = None
    parent: str | None = None


class Grant(Value, frozen=True, kw_only=True):
    """The one kind of grant: this key, this method, so many uses, until the keystore is locked."""

    key_id: str
    method: str
    uses: int


class Facts(Value, frozen=True, kw_only=True):
    """What a decision may rest on besides the session and the call. ``imported`` describes a key that waits to be taken in,
    ``target`` the key that is to be wrapped, ``spending`` what of a Bitcoin transaction is the signer's, ``effect`` what a
    transaction, typed data or a PSBT lets leave the account: ``None`` for every other call. ``recorded``: this very request was answered
    already, under its request key, and is answered again from the record. ``authorities``: the accounts that a transaction's authorizations
    hand over, ``None`` for each that nobody signed.

    ``over`` is a limit that does not allow the call, ``typed`` an amount that the person has to type, ``payment`` a grant that allows it. ``spent``
    is what left the account in the last 24 hours, by asset, told where there is an effect.
    """

    key: KeyView | None = None
    grant: Grant | None = None
    imported: KeyView | None = None
    target: KeyView | None = None
    spending: Spending | None = None
    effect: Effect | None = None
    recorded: bool = False
    authorities: tuple[str | None, ...] = ()
    over: Over | None = None
    typed: TypedText | None = None
    payment: PaymentGrant | None = None
    spent: dict[str, int] = field(default_factory=dict)


class Allow(Value, frozen=True, kw_only=True, tag=True):
    """``rule`` names what allowed it, for the audit."""

    rule: str


class Deny(Value, frozen=True, kw_only=True, tag=True):
    """``text`` tells the caller why, and what to do: a sentence of ours, without a value of the caller's."""

    rule: str
    text: str | None = None


class Ask(Value, frozen=True, kw_only=True, tag=True):
    """Ask the person; ``offers`` are the grants that may be given with the answer, ``typed`` is what they have to type to allow it."""

    rule: str
    offers: tuple[GrantOffer, ...] = ()
    typed: TypedText | None = None


Decision = Allow | Deny | Ask
Rule = Callable[[Session, Call, Facts], Decision | None]


def decide(session: Session, call: Call, facts: Facts) -> Decision:
    """The first row that speaks; asking is the default. What is to be typed is asked for, whatever would allow it."""
    decision: Decision | None = None
    for rule in _ROWS:
        decision = rule(session, call, facts)
        if decision is not None:
            break
    decision = decision or Ask(rule="nothing allows it")
    if facts.typed is None or isinstance(decision, Deny):
        return decision
    return Ask(rule="an amount to be typed", offers=decision.offers if isinstance(decision, Ask) else (), typed=facts.typed)


def is_account(key: KeyView) -> bool:
    """Whether a key is one of an account on a chain."""
    return bool(_ACCOUNT & set(key.usages))


def offered_uses(offer_id: str) -> int | None:
    """How many uses an offer of ours grants; ``None`` for an id that was never offered."""
    return next((uses for uses in GRANT_USES if offer_id == f"uses:{uses}"), None)


def _seeds_never_sign(_session: Session, call: Call, facts: Facts) -> Decision | None:
    key = facts.key
    return Deny(rule="a seed signs nothing itself") if key and key.alg in {"BIP39", "SEED"} and call.method in _SIGNING else None


def _limited(_session: Session, _call: Call, facts: Facts) -> Decision | None:
    return None if facts.over is None else Deny(rule=facts.over.rule, text=facts.over.text)


def _granted(session: Session, call: Call, facts: Facts) -> Decision | None:
    grant, key, payment = facts.grant, facts.key, facts.payment
    if payment is not None and key is not None and payment.covers(session, call, key, facts.effect):
        return Allow(rule=f"{PAYMENT_RULE}{payment.grant_id}")
    if grant is None or key is None or grant.uses < 1 or not _may_be_granted(call, key):
        return None
    return Allow(rule="grant") if (grant.key_id, grant.method) == (key.key_id, call.method) else None


def _raw_signing_asked_for(_session: Session, call: Call, _facts: Facts) -> Decision | None:
    """A derived account key that may sign raw bytes can sign a transaction unseen: only a person may make one."""
    params = call.params
    if isinstance(params, DeriveKeyParams) and params.usages and "sign" in params.usages:
        return Ask(rule="raw signing with an account key")
    return None


def _enabling(_session: Session, call: Call, facts: Facts) -> Decision | None:
    params = call.params
    if isinstance(params, UpdateKeyParams) and params.state == "active" and facts.key and facts.key.state == "disabled":
        return Ask(rule="enabling a disabled key")
    return None


def _ending(_session: Session, call: Call, facts: Facts) -> Decision | None:
    """What gives a key an end, or takes an account's private key out of use for good, is as good as destroying it."""
    params = call.params
    if isinstance(params, UpdateKeyParams) and (params.expires_at, params.max_uses) != (UNSET, UNSET):
        return Ask(rule="giving a key an end")
    if isinstance(params, RotateKeyParams) and facts.key and is_account(facts.key):
        return Ask(rule="replacing an account's key")
    return None


def _authenticating_the_sender(_session: Session, call: Call, _facts: Facts) -> Decision | None:
    """Encrypting needs nobody; with a private key of the sender's in it, it is a use of that key."""
    params = call.params
    if isinstance(params, EncryptParams) and params.sender_key_id is not UNSET:
        return Ask(rule="authenticating as the sender")
    return None


def _by_consent(session: Session, call: Call, facts: Facts) -> Decision | None:
    consent: Literal["session", "public", "own", "person"] = METHODS[call.method].consent
    if consent == "person":
        return Ask(rule="use of a private key", offers=(*_offers(call, facts.key), *_payments(session, call, facts)))
    return Allow(rule={"session": "session", "public": "public reads", "own": "the caller's own wallet"}[consent])


_SIGNING = frozenset({"sign", "signMessage", "signTypedData", "signTransaction", "signJws"})
"""Not ``signPsbt``: it names in its inputs which keys of a seed are to sign, and each is bound by what was said of its place."""
_ACCOUNT = frozenset({"message", "typedData", "transaction"})
_ROWS: tuple[Rule, ...] = (
    _seeds_never_sign, _limited, _granted, _raw_signing_asked_for, _enabling, _ending, _authenticating_the_sender, _by_consent,
)  # fmt: skip


def _may_be_granted(call: Call, key: KeyView) -> bool:
    """Never blind signing, nor raw ``sign`` by any account: the bytes can be the preimage of a transaction. Never a transaction, a PSBT or
    typed data: each can move another amount; what may be granted of them is in ``policy.grants``. Never decrypting what nothing
    authenticates: whoever may ask often learns the plaintext from which ciphertexts are refused.
    """
    match call.params:
        case SignParams():
            return not key.derived and key.alg not in BLIND_ALGS
        case DecryptParams():
            return "unauthenticated" not in key.labels
        case _:
            return call.method == "signMessage"


def _offers(call: Call, key: KeyView | None) -> tuple[GrantOffer, ...]:
    if key is None or not _may_be_granted(call, key):
        return ()
    template = OFFERS.get(call.method, OFFER)
    return tuple(GrantOffer(id=f"uses:{uses}", text=say(template, uses=uses)) for uses in GRANT_USES)


def _payments(session: Session, call: Call, facts: Facts) -> tuple[GrantOffer, ...]:
    if facts.effect is None or session.pairing is None:
        return ()
    from native_host.policy.grants import offers

    return offers(session, call, facts.effect)
