"""Why a policy decides as it does: each of its rules for one request, condition by condition. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cedarpy import pst

from native_host.policy.cedar import holds
from native_host.policy.requests import why_never_permitted
from native_host.policy.words import condition, conditions_of
from native_host.review.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.policy.cedar import Rules, Statement
    from native_host.policy.requests import Request

LEFT_OUT = {
    "value": "it speaks of amounts, and not of what leaves of the chain's own coin: context.value or context.total",
    "fee": "it speaks of amounts, and not of the fee that is paid: context.fee or context.total",
    "token": "it speaks of amounts, and not of the other assets that leave: context.token or context.assets",
}


def explain(rules: Rules, request: Request) -> Iterator[str]:
    """One line a rule, and below it one a condition that does not hold."""
    for one in rules.statements:
        matches, failed = rules.alone(one, request)
        kind = "permit, asks" if one.asks else "permit" if one.permits else "forbid"
        if failed is not None:
            yield f"{one.id} ({kind}): could not be evaluated: {failed}"
        elif matches:
            why_not = _why_not(one, request)
            yield f"{one.id} ({kind}): matches" + (f", and yet allows nothing here: {why_not}" if why_not else "")
        else:
            yield f"{one.id} ({kind}): does not match"
            yield from (f"    {line}" for line in _what_does_not_hold(one, request))


def _why_not(one: Statement, request: Request) -> str | None:
    if not one.permits or one.asks:
        return None
    never, left_out = why_never_permitted(request), one.leaves_out(request)
    return never or (LEFT_OUT[left_out] if left_out else None)


def _what_does_not_hold(one: Statement, request: Request) -> Iterator[str]:
    node, anybody = one.node, pst.ScopeAny()
    for name, scope in (("principal", node.principal), ("action", node.action), ("resource", node.resource)):
        parts = {"principal": anybody, "action": anybody, "resource": anybody, name: scope}
        if not holds(_template(parts["principal"], parts["action"], parts["resource"], ()), request)[0]:
            yield f"it is for another {name}"
            return
    for expression in conditions_of(node):
        held, failed = holds(_template(anybody, anybody, anybody, (pst.When(expression),)), request)
        if not held:
            yield visible(f"does not hold: {condition(expression, one)}" + (f" ({failed})" if failed else ""))
            return


def _template(principal: object, action: object, resource: object, clauses: tuple[pst.Clause, ...]) -> pst.Template:
    return pst.Template(
        id="policy0",
        effect="permit",
        principal=principal,  # type: ignore[arg-type]  # each comes from a template
        action=action,  # type: ignore[arg-type]
        resource=resource,  # type: ignore[arg-type]
        clauses=clauses,
        annotations=pst.FrozenMap(),
    )
