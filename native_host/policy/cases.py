"""Cases: requests with the decision that is expected of a policy, as a person writes them in JSON. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from msgspec import UNSET, Meta, MsgspecError, UnsetType
from msgspec.json import Decoder
from msgspec.structs import replace

from native_host.policy import Allow, Ask, Deny
from native_host.policy.layers import decide
from native_host.policy.requests import BILLION, MOST, SPENDING, WITH_KEY, Context, Extension, Key, Request
from native_host.policy.scan import PolicyRefused, Problem
from native_host.protocol.methods import METHODS
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.policy import Decision
    from native_host.policy.cedar import Rules

T = TypeVar("T")
MOST_BYTES = 4 << 20
Expected = Literal["allow", "ask", "deny"]


class Case(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One case. ``by`` is the id of the policy that is to decide; everything that is left out has the value that it would have of a plain call."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    action: str
    principal: Extension = Extension(origin="chrome-extension://abcdefghijklmnopabcdefghijklmnop/")
    key: Key | UnsetType = UNSET
    wallet: str = "main"
    context: Context = Context()
    expect: Expected | UnsetType = UNSET
    by: str | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.action not in METHODS or METHODS[self.action].consent == "session":
            raise ValueError("There is no such action: an action is called as the method is.")

    def request(self) -> Request:
        """The case as a question."""
        about_key = self.action in WITH_KEY or (self.action == "encrypt" and self.key is not UNSET)
        key = self.key if isinstance(self.key, Key) else Key(id="AAAAAAAAAAAAAAAAAAAAAA")
        return Request(
            principal=self.principal,
            action=self.action,
            wallet=self.wallet,
            key=key if about_key else None,
            context=filled(self.action, self.context),
        )


class _File(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    cases: list[Case]


def read(content: bytes, name: str = "") -> list[Case]:
    """The cases of a file that is called ``name``; raises ``PolicyRefused``."""
    try:
        if len(content) > MOST_BYTES:
            raise ValueError(f"There are at most {MOST_BYTES >> 20} megabytes of cases.")
        return Decoder(_File).decode(content).cases
    except (MsgspecError, ValueError, RecursionError) as error:
        raise PolicyRefused([Problem(line=1, text=f"These are no cases. {error}", file=name)]) from None


def filled(action: str, context: Context) -> Context:
    """The context with what a live call would have besides: nothing leaves, and that is known."""
    if action == "signMessage":
        return replace(context, format=_or(context.format, "eip191"))
    if action == "decrypt":
        return replace(context, authenticated=_or(context.authenticated, True))
    if action not in SPENDING:
        return context
    value, fee, token = _or(context.value, 0), _or(context.fee, 0), context.token
    chain = _or(context.chain, "eip155:1")
    if token is not UNSET and token.billions is UNSET:
        token = replace(token, billions=-(-token.amount // BILLION))
    assets = (*((f"{chain}/slip44:60",) if value else ()), *((token.asset,) if token is not UNSET else ()))
    return replace(
        context,
        chain=chain,
        bounded=_or(context.bounded, True),
        recipients=_or(context.recipients, ()),
        assets=_or(context.assets, assets),
        value=value,
        fee=fee,
        total=_or(context.total, min(value + fee, MOST)),
        spent_today=_or(context.spent_today, 0),
        token=token,
        unlimited_approval=_or(context.unlimited_approval, False),
    )


def rows_for(action: str) -> Decision:
    """What the rows say to a plain call of a method."""
    return Ask(rule="use of a private key") if METHODS[action].consent == "person" else Allow(rule=METHODS[action].consent)


def outcome(case: Case, system: Rules | None, rules: Rules | None) -> tuple[Expected, str]:
    """What is decided about a case, and by what."""
    decision = decide(rows_for(case.action), case.request(), system, rules)
    kind: Expected = "allow" if isinstance(decision, Allow) else "deny" if isinstance(decision, Deny) else "ask"
    return kind, decision.rule


def _or(value: T | UnsetType, default: T) -> T:
    return default if isinstance(value, UnsetType) else value
