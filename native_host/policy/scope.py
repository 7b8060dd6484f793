"""Which policies can apply to a call, by what their scope says of the action and the keyring: of hundreds, a few.

Sound to leave the others out: Cedar's semantics evaluate a policy's scope before its conditions, a scope cannot fail to be evaluated, and one
that does not hold makes the policy neither match nor err. What is not known for certain to be ruled out stays in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cedarpy import pst

from native_host.policy.requests import SPENDING

if TYPE_CHECKING:
    from native_host.policy.requests import Request


def may_apply(policy: pst.Template, request: Request) -> bool:
    """Whether the policy's scope leaves open that it is about this request's action, and its key or keyring."""
    return _action(policy.action, request.action) and _keyring(policy.resource, request.wallet)


def _action(scope: pst.ActionConstraint, action: str) -> bool:
    match scope:
        case pst.ActionEq(entity=uid):
            return _names(uid, "Action", action)
        case pst.ActionIn(entities=uids):
            groups = {action, "spending"} if action in SPENDING else {action}
            return any(_names(uid, "Action", name) for uid in uids for name in groups)
        case _:
            return True


def _keyring(scope: pst.PrincipalOrResourceConstraint, wallet: str) -> bool:
    """A key is in the keyring of the call's wallet and in no other; what a scope says of a key itself is left to Cedar."""
    match scope:
        case (
            pst.ScopeEq(entity=pst.EntityUid() as uid)
            | pst.ScopeIn(entity=pst.EntityUid() as uid)
            | pst.ScopeIsIn(entity=pst.EntityUid() as uid)
        ):
            return str(uid.type) != "Keyring" or uid.id == wallet
        case _:
            return True


def _names(uid: pst.EntityUid, kind: str, name: str) -> bool:
    return (str(uid.type), uid.id) == (kind, name)
