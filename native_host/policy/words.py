"""Policies in words, for the person who is to confirm them, and what of them deserves a warning. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cedarpy import pst

from native_host.policy.cedar import AMOUNTS
from native_host.policy.literals import nodes
from native_host.policy.requests import SPENDING
from native_host.protocol.methods import METHODS
from native_host.review.evm_chains import decimal
from native_host.review.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.policy.cedar import Statement

EVERY = frozenset(name for name, row in METHODS.items() if row.consent != "session")
PERMITTABLE = SPENDING | {"signMessage", "decrypt"}
COIN = frozenset({"value", "fee", "total", "spentToday"})
COIN_DECIMALS = {"eip155": ("of the chain's coin", 9), "bip122": ("BTC", 8), "solana": ("SOL", 9)}
_CONTEXT = {
    "time": "the time (in seconds since 1970)", "hour": "the hour (UTC)", "weekday": "the day of the week (1 is Monday, UTC)",
    "page": "the web page (as the extension says)", "format": "the message's format", "authenticated": "the ciphertext is authenticated",
    "chain": "the chain", "bounded": "all that can leave is known", "recipients": "the recipients", "assets": "the assets that leave",
    "value": "the amount without the fee", "fee": "the fee", "total": "the amount with the fee", "spentToday": "what left in the last 24 hours",
    "token": "the token that leaves", "selector": "the contract's function", "unlimitedApproval": "an allowance has no end",
}  # fmt: skip
_TOKEN = {
    "asset": "the token", "amount": "the token's amount in its smallest unit", "billions": "the token's amount in 10⁹ of its smallest units",
    "spentToday": "what left of the token in the last 24 hours", "spentTodayBillions": "what left of the token in the last 24 hours, in 10⁹ of its smallest units",
}  # fmt: skip
_FACTS = {
    "paired": "the extension is paired", "development": "the extension is a development build", "derived": "the key comes from a seed",
    "inToken": "the key lies in a token",
}  # fmt: skip
_THERE = {"page": "a web page is named", "token": "exactly one token leaves"}
_BETWEEN = {
    "eq": "is", "not_eq": "is not", "less": "is less than", "less_eq": "is at most", "greater": "is more than", "greater_eq": "is at least",
    "and": "and", "or": "or", "add": "plus", "sub": "less", "mul": "times", "in": "is in", "contains": "contains",
    "contains_all": "contains all of", "contains_any": "contains any of",
}  # fmt: skip
_COMPARES = frozenset({"eq", "not_eq", "less", "less_eq", "greater", "greater_eq"})

ANY_AMOUNT = "It allows any amount: nothing in it speaks of one."
ANY_RECIPIENT = "It allows any recipient."
NO_SUM = "It limits each payment, and not how many there are: nothing in it speaks of context.spentToday."
NO_FEE = "It speaks of an amount and not of the fee, so that it allows nothing for which a fee is paid. Speak of context.total, or of context.fee too."
NO_MORE = "It allows transactions, PSBTs, messages and authenticated decryption, and no more: about all else only a person decides."
NOTHING = "It allows nothing: only a person decides about this, whatever a policy says."
AS_CLAIMED = "Which web page asks is what the extension says; nobody else can tell."
ANY_EXTENSION = "It allows this to any extension that is paired with this keystore."
UNKNOWN_AMOUNTS = (
    "It does not forbid what cannot be counted; you are asked about that. To forbid it too: !context.bounded || before the amount."
)
NOT_ASCII = "It holds letters that are not ASCII; some of them look like others."


def sentence(one: Statement) -> str:
    """What a policy does, in one sentence."""
    verb = "Always asks you" if one.asks else "Allows without asking you" if one.permits else "Forbids"
    node = one.node
    conditions = " and ".join(condition(part, one) for part in conditions_of(node))
    who = _scope(node.principal, {"Extension": "the extension"})
    about = _scope(node.resource, {"Key": "the key", "Keyring": "the wallet"})
    parts = [f"{verb}: {what(node.action)}", f"asked for by {who}" if who else "", f"about {about}" if about else ""]
    return visible(", ".join(part for part in parts if part) + (f", if {conditions}." if conditions else "."))


def actions_of(one: Statement) -> frozenset[str]:
    """The methods that a policy is about."""
    match one.node.action:
        case pst.ActionEq(entity=uid):
            return _named(uid.id)
        case pst.ActionIn(entities=uids):
            return frozenset().union(*(_named(uid.id) for uid in uids))
        case _:
            return EVERY


def what(action: pst.ActionConstraint) -> str:
    """The methods of a policy's scope."""
    match action:
        case pst.ActionEq(entity=uid):
            return _method(uid.id)
        case pst.ActionIn(entities=uids):
            return ", ".join(_method(uid.id) for uid in uids)
        case _:
            return "everything"


def warnings(one: Statement) -> Iterator[str]:
    """What the person should know of a policy before they confirm it."""
    about, names = actions_of(one), one.names
    spends = bool(about & SPENDING)
    if any(isinstance(node, pst.StringLit) and not node.value.isascii() for node in nodes(one.node.clauses)):
        yield NOT_ASCII
    if not one.permits:
        if spends and names & AMOUNTS and "bounded" not in names:
            yield UNKNOWN_AMOUNTS
        return
    if "page" in names:
        yield AS_CLAIMED
    if one.asks:
        return
    if not about & PERMITTABLE:
        yield NOTHING
        return
    if about == EVERY:
        yield NO_MORE
    if isinstance(one.node.principal, pst.ScopeAny | pst.ScopeIs) and "principal" not in _variables(one):
        yield ANY_EXTENSION
    if spends:
        yield from _about_amounts(one)


def _about_amounts(one: Statement) -> Iterator[str]:
    names = one.names & AMOUNTS
    if not names:
        yield ANY_AMOUNT
    elif not names & {"fee", "total"}:
        yield NO_FEE
    elif not any(isinstance(node, pst.GetAttr) and node.attr.startswith("spentToday") for node in nodes(one.node.clauses)):
        yield NO_SUM
    if "recipients" not in one.names:
        yield ANY_RECIPIENT


def conditions_of(node: pst.Template) -> Iterator[pst.Expr]:
    """The conditions that all have to hold, one by one."""
    for clause in node.clauses:
        yield from _joined(clause.expr) if isinstance(clause, pst.When) else (pst.UnaryOp("not", clause.expr),)


def condition(expression: pst.Expr, one: Statement) -> str:
    """A condition in words."""
    return _say(expression, _chains(one))


def _joined(expression: pst.Expr) -> Iterator[pst.Expr]:
    if isinstance(expression, pst.BinaryOp) and expression.op == "and":
        yield from _joined(expression.left)
        yield from _joined(expression.right)
    else:
        yield expression


def _say(expression: Any, chains: frozenset[str]) -> str:
    return _named_thing(expression, chains) or _operation(expression, chains) or _literal(expression, chains) or type(expression).__name__


def _named_thing(expression: Any, chains: frozenset[str]) -> str | None:
    match expression:
        case pst.GetAttr(base=pst.Var(name="context"), attr=name):
            return _CONTEXT.get(name, name)
        case pst.GetAttr(base=pst.GetAttr(base=pst.Var(name="context"), attr="token"), attr=name):
            return _TOKEN.get(name, name)
        case pst.GetAttr(base=pst.Var(), attr=name) if name in _FACTS:
            return _FACTS[name]
        case pst.GetAttr(base=base, attr=name):
            return f"the {name} of {_say(base, chains)}"
        case pst.HasAttr(base=pst.Var(name="context"), attrs=attrs) if attrs[0] in _THERE:
            return _THERE[attrs[0]]
        case pst.HasAttr(base=base, attrs=attrs):
            return f"{_say(base, chains)} has {'.'.join(attrs)}"
        case pst.Var(name=name):
            return {"principal": "the extension", "resource": "the key", "context": "the request"}.get(name, name)
    return None


def _operation(expression: Any, chains: frozenset[str]) -> str | None:
    match expression:
        case pst.UnaryOp(op=op, arg=arg):
            return f"not ({_say(arg, chains)})" if op == "not" else f"{op} {_say(arg, chains)}"
        case pst.BinaryOp(op=op, left=left, right=right):
            return f"{_side(left, right, op, chains)} {_BETWEEN.get(op, op)} {_side(right, left, op, chains)}"
        case pst.Like(base=base, pattern=pattern):
            return f'{_say(base, chains)} is like "{"".join(part.value if isinstance(part, pst.Char) else "*" for part in pattern)}"'
        case pst.Is(base=base, entity_type=kind):
            return f"{_say(base, chains)} is of the type {kind}"
        case pst.IfThenElse(cond=cond, then_expr=then, else_expr=otherwise):
            return f"(if {_say(cond, chains)} then {_say(then, chains)} else {_say(otherwise, chains)})"
    return None


def _literal(expression: Any, chains: frozenset[str]) -> str | None:
    match expression:
        case pst.Set(elements=elements):
            return f"[{', '.join(_say(part, chains) for part in elements)}]"
        case pst.StringLit(value=value):
            return f'"{value}"'
        case pst.BoolLit() | pst.LongLit():
            return str(expression.value).lower()
        case pst.EntityLit(value=uid):
            return str(uid)
    return None


def _side(expression: Any, other: Any, op: str, chains: frozenset[str]) -> str:
    if isinstance(expression, pst.LongLit) and op in _COMPARES and _is_coin(other):
        return f"{expression.value} ({' or '.join(_coins(expression.value, chains))})"
    said = _say(expression, chains)
    return f"({said})" if isinstance(expression, pst.BinaryOp) and op in {"and", "or"} and expression.op in {"and", "or"} else said


def _is_coin(expression: Any) -> bool:
    if isinstance(expression, pst.BinaryOp):
        return expression.op in {"add", "sub"} and _is_coin(expression.left) and _is_coin(expression.right)
    return isinstance(expression, pst.GetAttr) and expression.base == pst.Var("context") and expression.attr in COIN


def _coins(number: int, chains: frozenset[str]) -> Iterator[str]:
    for namespace, (name, decimals) in COIN_DECIMALS.items():
        if not chains or namespace in chains:
            yield f"{decimal(abs(number), decimals)} {name}"


def _chains(one: Statement) -> frozenset[str]:
    """The kinds of chains that a policy names."""
    texts = (node.value for node in nodes(one.node.clauses) if isinstance(node, pst.StringLit))
    return frozenset(text.partition(":")[0] for text in texts if text.partition(":")[0] in COIN_DECIMALS)


def _variables(one: Statement) -> set[str]:
    return {node.name for node in nodes(one.node.clauses) if isinstance(node, pst.Var)}


def _named(action: str) -> frozenset[str]:
    return SPENDING if action == "spending" else frozenset({action})


def _method(action: str) -> str:
    if action == "spending":
        return "what lets something leave (transactions, typed data, PSBTs)"
    summary = METHODS[action].summary.rstrip(".").partition(";")[0] if action in METHODS else action
    return summary[:1].lower() + summary[1:]


def _scope(scope: Any, names: dict[str, str]) -> str:
    match scope:
        case (
            pst.ScopeEq(entity=pst.EntityUid() as uid)
            | pst.ScopeIn(entity=pst.EntityUid() as uid)
            | pst.ScopeIsIn(entity=pst.EntityUid() as uid)
        ):
            return f"{names.get(str(uid.type), str(uid.type))} {uid.id}"
        case _:
            return ""
