"""What the window and the terminal say in the same words: of an address that was compared, and how much raw data there is."""

from __future__ import annotations

from collections.abc import Sequence

from native_host.approval import texts
from native_host.approval.addresses import Comparison, match
from native_host.protocol.approver import Fact
from native_host.review.text import visible
from native_host.value import Value


class Verdict(Value, frozen=True, kw_only=True):
    """``fact``: the address that fits what was typed, or else comes nearest. ``caution`` is said if it fits, but is not the first one; empty
    otherwise. ``good``: it is the first one, whatever the case of its letters."""

    comparison: Comparison
    fact: Fact
    said: str
    caution: str = ""

    @property
    def good(self) -> bool:
        return self.comparison.outcome in ("same", "case") and not self.caution


def judge(typed: str, facts: Sequence[Fact]) -> Verdict:
    """Hold what was typed against the addresses of a request, of which the first is the one it is for."""
    found = match(visible(typed), [visible(fact.value) for fact in facts])
    made, fact = found.comparison, facts[found.index]
    place = made.places[0] if made.places else 0
    yours, here = group(made.typed, place), group(made.shown, place)
    said = texts.COMPARED[made.outcome].format(label=visible(fact.label), place=place + 1, yours=yours, here=here)
    other = made.outcome in ("same", "case") and fact.value != facts[0].value
    caution = texts.COMPARED_OTHER.format(label=visible(facts[0].label)) if other else ""
    return Verdict(comparison=made, fact=fact, said=said, caution=caution)


def group(groups: Sequence[str], place: int) -> str:
    """A group as it is said, where there may be none."""
    return groups[place] if place < len(groups) else texts.COMPARED_NO_GROUP


def size_of(fact: Fact) -> str:
    """How much of it there is."""
    lines = fact.value.count("\n") + 1
    return texts.RAW_LINES.format(count=lines) if lines > 1 else texts.RAW_CHARACTERS.format(count=len(fact.value))
