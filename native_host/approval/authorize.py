"""From a decision to a permit: the only maker of permits.

Grants of uses live here, in the memory of one host process: nothing on disk can be edited into one, and none outlives a lock or the port it
was given on. Grants of payments are kept in the keystore, for paired extensions alone (``operations.grants``); the permit carries what the
person took there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.approval.permit import Permit
from native_host.errors import PolicyDenied
from native_host.policy import PAYMENT_RULE, Allow, Ask, Deny, Grant, offered_uses
from native_host.protocol.approver import CallerFacts, KeyFacts

if TYPE_CHECKING:
    from native_host.approval.approver import Approver
    from native_host.policy import Decision, Facts
    from native_host.review.subject import Review
    from native_host.session import Session
    from native_host.transport.jsonrpc import Call

USED_UP = "What was allowed without asking is used up by now. Ask again, and the person is asked."


class Grants:
    """The grants in force, by key and method; all of them end when the keystore is locked."""

    def __init__(self) -> None:
        self._uses: dict[tuple[str, str], int] = {}

    def find(self, key_id: str, method: str) -> Grant | None:
        """The grant for this key and method, if one has uses left."""
        uses = self._uses.get((key_id, method), 0)
        return Grant(key_id=key_id, method=method, uses=uses) if uses else None

    def give(self, key_id: str, method: str, uses: int) -> None:
        """Put a grant in force, in place of the one before."""
        self._uses[key_id, method] = uses

    def use(self, key_id: str, method: str) -> None:
        """Take one use away."""
        left = self._uses.get((key_id, method), 0) - 1
        if left > 0:
            self._uses[key_id, method] = left
        else:
            self._uses.pop((key_id, method), None)

    def end(self) -> None:
        """End every grant."""
        self._uses.clear()


def permit_without_asking(session: Session, call: Call, facts: Facts, decision: Allow | Deny, grants: Grants) -> Permit:
    """The permit of a decision that needs nobody.

    Raises:
        PolicyDenied: the decision is to deny, or others that waited with it have used up the grant it rests on.
    """
    if isinstance(decision, Deny):
        raise PolicyDenied(decision.text)
    if decision.rule.startswith(PAYMENT_RULE):
        return Permit(session=session, call=call, facts=facts, approved_by="grant", rule=decision.rule)
    if decision.rule != "grant":
        return Permit(session=session, call=call, facts=facts, approved_by="rule", rule=decision.rule)
    if facts.key is None or grants.find(facts.key.key_id, call.method) is None:
        raise PolicyDenied(USED_UP)
    grants.use(facts.key.key_id, call.method)
    return Permit(session=session, call=call, facts=facts, approved_by="grant", rule=decision.rule)


def authorize(
    session: Session, call: Call, facts: Facts, decision: Decision, review: Review, caller: CallerFacts, approver: Approver, grants: Grants
) -> Permit:
    """The permit of any decision, asking the person where the decision says so.

    Raises:
        PolicyDenied, UserRejected, Cancelled, BackendUnavailable
    """
    if not isinstance(decision, Ask):
        return permit_without_asking(session, call, facts, decision, grants)
    from native_host.review.text import visible

    key = facts.key or facts.imported
    # The extension gives the label; whatever program asks is not left to make it readable.
    shown = KeyFacts(label=visible(key.label), alg=key.alg) if key else None
    verdict = approver.review(call.method, review, caller, shown, decision.offers, decision.typed)
    taken = verdict.grant if verdict.grant in {offer.id for offer in decision.offers} else None
    uses = offered_uses(taken) if taken else None
    if uses and facts.key is not None:
        grants.give(facts.key.key_id, call.method, uses)
    return Permit(session=session, call=call, facts=facts, approved_by="person", rule=decision.rule, taken=None if uses else taken)
