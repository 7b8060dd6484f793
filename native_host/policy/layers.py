"""Two layers over the rows: the administrator's policies, which can only restrict, and the person's own, which can also permit. Pure.

In this order: what the rows deny is denied; what either forbids is denied; what either wants asked is asked, and so is what could not be
evaluated; what the person's policy permits is allowed where a policy may; everything else is as the rows have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from native_host.policy import Allow, Ask, Deny
from native_host.policy.requests import why_never_permitted

if TYPE_CHECKING:
    from native_host.policy import Decision
    from native_host.policy.cedar import Rules, Verdict
    from native_host.policy.requests import Request

FORBIDDEN = "A policy of this keystore's owner forbids this."
FORBIDDEN_HERE = "A policy of this computer's administrator forbids this."
PERSON, SYSTEM = "policy", "system policy"


def decide(own: Decision, request: Request, system: Rules | None, person: Rules | None, *, permits: bool = True) -> Decision:
    """What becomes of the rows' decision ``own`` under the two layers; without ``permits``, nothing is permitted: something speaks against the
    caller, and a person is to see it."""
    if isinstance(own, Deny):
        return own
    ask: Ask | None = None
    for whose, rules in ((SYSTEM, system), (PERSON, person)):
        if rules is None:
            continue
        verdict = rules.judge(request)
        text = FORBIDDEN_HERE if whose == SYSTEM else FORBIDDEN
        if verdict.forbids:
            return Deny(rule=f"{whose}: {verdict.forbids[0]}", text=text)
        # An administrator's policy that cannot be evaluated may be one that forbids.
        if whose == SYSTEM and verdict.forbid_failed:
            return Deny(rule=f"{whose} failed: {verdict.errors[0]}", text=text)
        ask = ask or _ask(own, whose, verdict)
        if permits and whose == PERSON and ask is None and verdict.permits and may_permit(own, request):
            return Allow(rule=f"{whose}: {verdict.permits[0]}")
    return ask or own


def may_permit(own: Decision, request: Request) -> bool:
    """Whether a policy may stand in for the person here: they would be asked, and for no more than a yes."""
    return isinstance(own, Ask) and own.typed is None and why_never_permitted(request) is None


def _ask(own: Decision, whose: str, verdict: Verdict) -> Ask | None:
    """The ask that a layer wants. A grant offered with it would not be looked at the next time."""
    if verdict.errors:
        rule = f"{whose} failed: {verdict.errors[0]}"
    elif verdict.asks:
        rule = f"{whose}: {verdict.asks[0]}"
    else:
        return None
    return replace(own, rule=rule, offers=()) if isinstance(own, Ask) else Ask(rule=rule)
