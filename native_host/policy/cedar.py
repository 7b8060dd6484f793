"""Policies in Cedar (https://docs.cedarpolicy.com): parsed, validated against the schema, and asked. Pure.

cedarpy, the Rust engine itself: a policy of ours in another language would be one that nobody else can check. A ``permit`` may carry
``@decision("ask")``: then it asks the person instead of allowing. No other annotation than that and ``@id`` is taken: one that was mistyped
would turn an ask into a permission.

Cedar passes over a policy that fails while it is evaluated, a ``forbid`` too. Here nothing is permitted then.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import cedarpy
from cedarpy import pst

from native_host.policy.literals import names_of, what_is_wrong
from native_host.policy.plainly import plainly
from native_host.policy.requests import entities, question
from native_host.policy.scan import MOST_STATEMENTS, Part, PolicyRefused, Problem, statements
from native_host.policy.scope import may_apply
from native_host.review.text import visible
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from native_host.policy.requests import Request
    from native_host.policy.scan import Source

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:-]{0,63}")
AMOUNTS = frozenset({"value", "fee", "total", "spentToday", "token", "assets"})
_NAMED = re.compile(r"policy `(policy[0-9]+)`(?:, |: )?(.*)", re.DOTALL)
_PREFIX = re.compile(r"for policy `policy[0-9]+`, ")
_MISSING = re.compile(r"attribute `(\w+)` in context for Action")
ERROR_CHARACTERS = 120
MOST_KINDS = 64
"""Of calls, whose policies are kept apart."""


class Statement(Value, frozen=True, kw_only=True):
    """One policy. ``id`` is its annotation's, else its place; ``asks``: it asks the person instead of allowing; ``names``: the members of
    the context that its conditions speak of; ``node`` is cedarpy's tree of it."""

    id: str
    part: Part
    permits: bool
    asks: bool
    names: frozenset[str]
    node: pst.Template

    def leaves_out(self, request: Request) -> str | None:
        """What of this call leaves that a permit does not speak of, though it speaks of amounts; ``None`` if it speaks of all, or of none.

        A limit on one coin must not let another one leave: of a transfer of a token the chain's own coin is nothing.
        """
        context, spoken = request.context, self.names & AMOUNTS
        if not spoken:
            return None
        if isinstance(context.value, int) and context.value and not spoken & {"value", "total"}:
            return "value"
        if isinstance(context.fee, int) and context.fee and not spoken & {"fee", "total"}:
            return "fee"
        others = isinstance(context.assets, tuple) and len(context.assets) > bool(context.value)
        return "token" if others and not spoken & {"token", "assets"} else None


class Verdict(Value, frozen=True, kw_only=True):
    """What a set of policies says: the ids of those that match. Where something is forbidden, what else matches is not told. ``errors``: those
    that could not be evaluated, with why; ``forbid_failed``: one of them forbids."""

    forbids: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    permits: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    forbid_failed: bool = False


class Rules:
    """A set of policies, ready to be asked. Those that can apply to a call of one action and wallet are parsed for it once."""

    def __init__(self, made: Sequence[Statement], policies: cedarpy.PolicySet) -> None:
        self.statements = tuple(made)
        self._all = (self.statements, policies)
        self._applying: dict[tuple[str, str], tuple[tuple[Statement, ...], cedarpy.PolicySet]] = {}

    def judge(self, request: Request) -> Verdict:
        """What the policies say about a request."""
        asked, policies = self._those_for(request)
        told = cedarpy.is_authorized(question(request), policies, entities(request))
        matching = [asked[place] for place in sorted(map(_place, told.diagnostics.reasons))]
        permits = [one for one in matching if one.permits]
        failed = [_failed(error, asked) for error in told.diagnostics.errors]
        if told.decision is cedarpy.Decision.NoDecision and not failed:
            failed = [(None, "the request does not fit")]
        return Verdict(
            forbids=tuple(one.id for one in matching if not one.permits),
            asks=tuple(one.id for one in permits if one.asks),
            permits=tuple(one.id for one in permits if not one.asks and one.leaves_out(request) is None),
            errors=tuple(f"{one.id if one else '?'}: {visible(text)[:ERROR_CHARACTERS]}" for one, text in failed),
            forbid_failed=any(one is None or not one.permits for one, _ in failed),
        )

    def alone(self, statement: Statement, request: Request) -> tuple[bool, str | None]:
        """Whether one policy matches by itself, and why it could not be evaluated."""
        return holds(statement.node, request)

    def _those_for(self, request: Request) -> tuple[tuple[Statement, ...], cedarpy.PolicySet]:
        """The policies that can apply to the request, each at the place by which Cedar names it."""
        kind = (request.action, request.wallet)
        found = self._applying.get(kind)
        if found is None:
            asked = tuple(one for one in self.statements if may_apply(one.node, request))
            found = self._all if len(asked) == len(self.statements) else (asked, _parsed(one.part for one in asked))
            if len(self._applying) >= MOST_KINDS:
                self._applying.clear()
            self._applying[kind] = found
        return found


def _failed(error: str, asked: Sequence[Statement]) -> tuple[Statement | None, str]:
    found = _NAMED.search(error)
    place = _place(found[1]) if found else -1
    return (asked[place], found[2]) if found and place < len(asked) else (None, error)


def _parsed(parts: Iterable[Part]) -> cedarpy.PolicySet:
    # A semicolon is in each, and a comment within one may be at its end.
    return cedarpy.PolicySet.from_str("\n".join(part.text for part in parts))


def holds(node: pst.Template, request: Request) -> tuple[bool, str | None]:
    """Whether a single policy's scope and conditions hold, and why that could not be told."""
    alone = pst.Template(
        id="policy0",
        effect="permit",
        principal=node.principal,
        action=node.action,
        resource=node.resource,
        clauses=node.clauses,
        annotations=pst.FrozenMap(),
    )
    policies = cedarpy.PolicySet.from_pst(
        pst.PolicySet(templates=pst.FrozenMap(), static_policies=pst.FrozenMap({"policy0": alone}), template_links=())
    )
    told = cedarpy.is_authorized(question(request), policies, entities(request))
    errors = told.diagnostics.errors
    found = _NAMED.search(errors[0]) if errors else None
    return told.allowed, (visible(found[2] if found else errors[0])[:ERROR_CHARACTERS] if errors else None)


def load(sources: Sequence[Source], schema: str) -> Rules:
    """The policies of one or several texts, in their order.

    Raises:
        PolicyRefused: with everything that is wrong with them.
    """
    parts = [part for source in sources for part in statements(source)]
    if len(parts) > MOST_STATEMENTS:
        raise PolicyRefused([parts[MOST_STATEMENTS].problem(f"A policy has at most {MOST_STATEMENTS} rules.")])
    problems = [problem for part in parts for problem in _parse_problems(part)]
    if problems:
        raise PolicyRefused(problems)
    policies = _parsed(parts)
    try:
        nodes = policies.to_pst().static_policies
    except ValueError as error:
        raise PolicyRefused([Problem(line=1, text=plainly(str(error)))]) from None
    if len(nodes) != len(parts):
        raise PolicyRefused([Problem(line=1, text="Its rules cannot be told apart.")])
    known = list(_schema_problems(schema, parts))
    made = [_statement(part, place, nodes[f"policy{place}"]) for place, part in enumerate(parts)]
    known += [problem for one in made for problem in _own_problems(one)]
    known += list(_duplicates(made))
    if known:
        raise PolicyRefused(sorted(known, key=lambda problem: (problem.file, problem.line)))
    return Rules(made, policies)


def _parse_problems(part: Part) -> Iterator[Problem]:
    try:
        policies = cedarpy.PolicySet.from_str(part.text)
    except ValueError as error:
        yield part.problem(plainly(str(error)), _quoted(str(error)))
        return
    if policies.templates():
        yield part.problem("A rule has no open places: write whom it is for instead of ?principal or ?resource.", "?")
    elif len(policies) != 1:
        yield part.problem("This is no rule: each begins with permit or forbid, and ends with a semicolon.")


def _schema_problems(schema: str, parts: Sequence[Part]) -> Iterator[Problem]:
    """What Cedar's own strict validation finds, by the lines on which it stands. What is wrong for several actions is told once."""
    told = set()
    text = "\n".join(part.text for part in parts)
    for error in cedarpy.validate_policies(text, cedarpy.Schema.from_str(schema)).errors:
        place, said = _place(error.policy_id), _PREFIX.sub("", error.error)
        part = parts[place] if 0 <= place < len(parts) else parts[0]
        missing = _MISSING.match(said)
        once = (place, missing[1] if missing else said)
        if once not in told:
            told.add(once)
            yield part.problem(plainly(said), f"context.{missing[1]}" if missing else _quoted(said))


def _statement(part: Part, place: int, node: pst.Template) -> Statement:
    annotations: Mapping[str, str] = node.annotations
    permits = node.effect == "permit"
    return Statement(
        id=annotations.get("id") or f"{f'{part.file}:' if part.file else ''}{place + 1}",
        part=part,
        permits=permits,
        asks=permits and annotations.get("decision") == "ask",
        names=names_of(node),
        node=node,
    )


def _own_problems(one: Statement) -> Iterator[Problem]:
    part, annotations = one.part, one.node.annotations
    for name in annotations:
        if name not in {"id", "decision"}:
            yield part.problem(f"There are the annotations @id and @decision, and no @{name}.", f"@{name}")
    if "id" in annotations and not ID.fullmatch(annotations["id"]):
        yield part.problem("An @id has 1 to 64 letters, digits, blanks or .:_- of ASCII, and begins with a letter or digit.", "@id")
    if "id" in annotations and annotations["id"].isdecimal():
        yield part.problem("An @id is no number alone: those without one are told by their place.", "@id")
    if "decision" in annotations and (annotations["decision"], one.permits) != ("ask", True):
        yield part.problem('A @decision is "ask", and stands before a permit: it asks the person instead of allowing.', "@decision")
    for text, needle in what_is_wrong(one.node):
        yield part.problem(text, needle)


def _duplicates(made: Sequence[Statement]) -> Iterator[Problem]:
    seen: set[str] = set()
    for one in made:
        if one.id in seen:
            yield one.part.problem(f"There is a rule called {one.id} already: the record could not tell which of them decided.", "@id")
        seen.add(one.id)


def _quoted(error: str) -> str:
    """What an error of Cedar's speaks of, to be looked for in the text."""
    found = re.search(r"`(?:Action::)?([^`]+)`", error)
    return found[1] if found and not found[1].startswith("policy") else ""


def _place(policy_id: Any) -> int:
    digits = str(policy_id).removeprefix("policy")
    return int(digits) if digits.isdecimal() else -1
