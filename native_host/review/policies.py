"""What the person sees before a policy is in force: what each of its rules does, and what to beware of. Pure."""

from __future__ import annotations

from native_host.protocol.approver import Fact
from native_host.review.subject import Review
from native_host.review.text import visible
from native_host.value import Value

INSTEAD = "From then on it decides instead of you wherever it allows something: no window comes."
BEFORE_ROWS = "What it forbids is refused, also if you would have allowed it."
GONE = "From then on nothing is forbidden, allowed or asked by it any more: you are asked as without a policy."


class Told(Value, frozen=True, kw_only=True):
    """One rule in words, and what to know of it."""

    id: str
    text: str
    warnings: tuple[str, ...] = ()


def load_review(rules: tuple[Told, ...], digest: str, before: str | None) -> Review:
    """Putting a policy in force. ``digest`` is SHA-256 over its text in hex, ``before`` that of the policy which it takes the place of."""
    warnings = tuple(visible(f"{one.id}: {text}") for one in rules for text in one.warnings)
    facts = (
        Fact(label="Rules", value=str(len(rules)), kind="number"),
        *(Fact(label=visible(one.id), value=visible(one.text), kind="text") for one in rules),
        Fact(label="What that means", value=f"{INSTEAD} {BEFORE_ROWS}", kind="text"),
        Fact(label="SHA-256 of its text", value=digest, kind="hex"),
        *_before(before),
    )
    return Review(title="Let this policy decide for you?", facts=facts, warnings=warnings)


def remove_review(before: str) -> Review:
    """Taking the policy away."""
    return Review(title="Take your policy away?", facts=(*_before(before), Fact(label="What that means", value=GONE, kind="text")))


def _before(before: str | None) -> tuple[Fact, ...]:
    if before is None:
        return ()
    return (Fact(label="The policy in force until now, its SHA-256", value=before, kind="hex"),)
