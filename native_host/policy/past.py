"""What the audit keeps of a call for policies, and the question that it was: so that the past can be put to a changed policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, field
from msgspec.structs import replace

from native_host.policy import Allow, Ask, Deny
from native_host.protocol.methods import METHODS
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.caller.identity import Family
    from native_host.policy import Decision, Facts
    from native_host.policy.requests import Key, Request
    from native_host.review.effect import Effect
    from native_host.session import Session
    from native_host.transport.jsonrpc import Call

MOST_MOVEMENTS = 16
LONGEST = 128
Number = Annotated[str, Meta(pattern="^[0-9]{1,160}$")]
"""Amounts need more than the 64 bits of a number in msgpack."""


class Moved(Value, frozen=True, kw_only=True, array_like=True):
    """``review.effect.Movement``, as it is kept."""

    asset: str
    amount: Number
    recipient: str


class Considered(Value, frozen=True, kw_only=True, omit_defaults=True):
    """What a decision rested on besides what an entry says anyway. ``whole``: nothing of it was left out for its length."""

    paired: bool = False
    development: bool = False
    format: str | None = None
    authenticated: bool = False
    chain: str | None = None
    native: str = ""
    movements: tuple[Moved, ...] = ()
    fee: Number = "0"
    spent: dict[str, Number] = field(default_factory=dict)
    selector: str | None = None
    bounded: bool = False
    whole: bool = True


def considered(session: Session, call: Call, facts: Facts) -> Considered:
    """What is kept of a call."""
    form = getattr(call.params, "format", None)
    labels = facts.key.labels if facts.key is not None else ()
    effect = facts.effect
    common = Considered(
        paired=session.pairing is not None,
        development=session.development,
        format=form if isinstance(form, str) and call.method == "signMessage" else None,
        authenticated=call.method == "decrypt" and facts.key is not None and "unauthenticated" not in labels,
    )
    if effect is None:
        return common
    movements, assets = effect.movements[:MOST_MOVEMENTS], {effect.native, *(one.asset for one in effect.movements)}
    texts = (one.recipient + one.asset for one in movements)
    return replace(
        common,
        chain=effect.chain[:LONGEST],
        native=effect.native[:LONGEST],
        movements=tuple(Moved(asset=one.asset[:LONGEST], amount=str(one.amount), recipient=one.recipient[:LONGEST]) for one in movements),
        fee=str(effect.fee),
        spent={asset: str(facts.spent[asset]) for asset in sorted(assets)[:MOST_MOVEMENTS] if facts.spent.get(asset)},
        selector=effect.selector,
        bounded=effect.bounded,
        whole=len(effect.movements) <= MOST_MOVEMENTS and all(len(text) <= LONGEST for text in texts),
    )


def request_then(
    kept: Considered, *, method: str, origin: str, family: Family | None, wallet: str, page: str | None, at_ms: int, key: Key | None
) -> Request | None:
    """The question that a call was; ``None`` where too much of it was left out."""
    from native_host.policy.requests import SPENDING, WITH_KEY, Context, Extension, Request, about_leaving, about_time

    if not kept.whole or (method in WITH_KEY and key is None):
        return None
    known, fits = about_time(at_ms // 1000), True
    if page is not None:
        known["page"] = page
    if method == "signMessage":
        known["format"] = kept.format or ""
    elif method == "decrypt":
        known["authenticated"] = kept.authenticated
    elif method in SPENDING:
        spent = {asset: int(amount) for asset, amount in kept.spent.items()}
        leaving, fits = about_leaving(effect_of(kept), spent, chain="")
        known |= leaving
    return Request(
        principal=Extension(origin=origin, browser=family or "", paired=kept.paired, development=kept.development),
        action=method,
        wallet=wallet,
        key=key,
        context=Context(**known),  # type: ignore[arg-type]
        fits=fits,
    )


def effect_of(kept: Considered) -> Effect | None:
    """The effect that was kept."""
    if kept.chain is None:
        return None
    from native_host.review.effect import Effect, Movement

    return Effect(
        chain=kept.chain,
        native=kept.native,
        movements=tuple(Movement(asset=one.asset, amount=int(one.amount), recipient=one.recipient) for one in kept.movements),
        fee=int(kept.fee),
        selector=kept.selector,
        bounded=kept.bounded,
    )


def decided_then(approved_by: str, outcome: str) -> str:
    """``allow``, ``ask`` or ``deny``, as an entry tells it."""
    if approved_by in {"rule", "grant"}:
        return "allow"
    return "deny" if approved_by == "nobody" and outcome == "policy_denied" else "ask"


def rows_then(method: str, approved_by: str, rule: str) -> Decision:
    """What the rows had said, before any policy."""
    by_policy = rule.startswith(("policy", "system policy"))
    if approved_by == "nobody" and rule and not by_policy:
        return Deny(rule=rule)
    if METHODS[method].consent == "person" and (by_policy or approved_by in {"person", "nobody"}):
        return Ask(rule="use of a private key")
    return Ask(rule=rule) if approved_by == "person" and not by_policy else Allow(rule=rule)
