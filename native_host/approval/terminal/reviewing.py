"""A review on the terminal: in plain lines and the order of the window, each address in groups, ``approve`` typed in full."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import UNSET

from native_host.approval import texts
from native_host.approval.addresses import grouped
from native_host.approval.arrangement import Arranged, addresses, arrange
from native_host.approval.terminal.console import Console
from native_host.approval.timing import seconds_for
from native_host.approval.wording import group, judge, size_of
from native_host.caller.identity import PERSON_ORIGIN
from native_host.protocol.approver import Answer, Fact, ReviewAsk
from native_host.review.text import visible, visible_block

_REPEAT_WARNINGS_AFTER_LINES = 20


def review(ask: ReviewAsk, console: Console, deadline: float) -> Answer:
    """Read ``ask`` out and take the answer; what can be asked meanwhile is in ``_ASIDE``."""
    read_out(ask, console)
    for number, grant in enumerate(ask.grants, 1):
        console.say(texts.T_GRANT.format(number=number, text=visible(grant.text)))
    if addresses(ask):
        console.say(texts.T_COMPARE)
    console.say(texts.T_APPROVE.format(minutes=round(seconds_for(ask) / 60)))
    choices = {"approve": UNSET} | {f"approve {number}": grant.id for number, grant in enumerate(ask.grants, 1)}
    while (choice := console.read_line(texts.T_PROMPT, deadline=deadline).strip().lower()) in _ASIDE:
        _ASIDE[choice](ask, console, deadline)
    typed = _typed_amount(ask, console, deadline) if choice in choices else None
    allowed = typed is not None
    console.say(texts.T_APPROVED if allowed else texts.T_DENIED)
    if not allowed:
        return Answer(id=ask.id, verdict="deny")
    return Answer(id=ask.id, verdict="allow", grant=choices[choice], typed=typed or UNSET)


def read_out(ask: ReviewAsk, console: Console, *, whole: bool = False) -> None:
    """In the order of the window: what happens, warnings, who asks, the rest, the key. Raw data is named, and read when it is asked for; with
    ``whole`` at once."""
    arranged = arrange(ask)
    _say_warnings(ask, console)
    _say_caller(ask, arranged, console)
    top = [fact for fact in (arranged.amount, arranged.party) if fact is not None]
    money = top or [fact for fact, _ in arranged.money]
    lines = [] if not money else [texts.T_MONEY, *_lines_of(money)]
    rest = [fact for fact, _ in arranged.facts]
    lines += [*([texts.T_ELSE] if money and rest else []), *_lines_of(rest)]
    for line in lines:
        console.say(line)
    _say_key(ask, arranged, console)
    if whole:
        _read_raw(ask, console, 0.0)
    elif arranged.raw:
        parts = ", ".join(texts.RAW_PART.format(label=visible(fact.label), size=size_of(fact)) for fact in arranged.raw)
        console.say(texts.T_RAW.format(parts=parts))
    if ask.warnings and not whole and len(lines) > _REPEAT_WARNINGS_AFTER_LINES:
        console.say(texts.T_WARNINGS_AGAIN)
        _say_warnings(ask, console)


def _lines_of(facts: Iterable[Fact]) -> list[str]:
    return [line for fact in facts for line in fact_lines(fact)]


def _say_warnings(ask: ReviewAsk, console: Console) -> None:
    for number, text in enumerate(ask.warnings, 1):
        console.say(texts.T_WARNING.format(number=number, count=len(ask.warnings), text=visible(text)))


def _say_caller(ask: ReviewAsk, arranged: Arranged, console: Console) -> None:
    own = ask.caller.origin == PERSON_ORIGIN
    browser = texts.BROWSER_UNKNOWN if ask.caller.browser is UNSET else ask.caller.browser
    console.say(texts.T_WHO)
    who = (texts.PROGRAM, texts.OWN_PROGRAM) if own else (texts.ORIGIN, visible(ask.caller.origin))
    console.say(texts.T_FACT.format(label=who[0], value=who[1]))
    for fact in arranged.page:
        claimed = Fact(label=texts.PAGE, value=texts.PAGE_CLAIMED.format(page=fact.value), kind="text")
        for line in fact_lines(claimed if fact.kind == "origin" else fact):
            console.say(line)
    if not own:
        console.say(texts.T_FACT.format(label=texts.BROWSER, value=visible(browser)))
    for sentence in ask.caller.evidence:
        console.say(texts.T_FACT.format(label=texts.EVIDENCE, value=visible(sentence)))


def _say_key(ask: ReviewAsk, arranged: Arranged, console: Console) -> None:
    if ask.key is not UNSET or arranged.key:
        console.say(texts.T_KEY)
    if ask.key is not UNSET:
        value = f"{visible(ask.key.label) or texts.NO_LABEL}, {visible(ask.key.alg)}"
        console.say(texts.T_FACT.format(label=texts.KEY, value=value))
    for line in _lines_of(arranged.key):
        console.say(line)


def fact_lines(fact: Fact) -> list[str]:
    """A fact as lines: an address in groups of four, a message of several lines with its beginning and end said."""
    label = visible(fact.label)
    if fact.kind == "address":
        return [texts.T_FACT.format(label=label, value=grouped(visible(fact.value)))]
    if fact.kind != "message" or "\n" not in fact.value:
        return [texts.T_FACT.format(label=label, value=visible(fact.value) or texts.EMPTY)]
    lines = visible_block(fact.value).split("\n")
    begin = texts.T_BLOCK.format(label=label, count=len(lines))
    return [begin, *(f"> {line}" for line in lines), texts.T_BLOCK_END.format(label=label)]


def _read_raw(ask: ReviewAsk, console: Console, _deadline: float) -> None:
    for line in _lines_of(arrange(ask).raw):
        console.say(line)


def _compare_address(ask: ReviewAsk, console: Console, deadline: float) -> None:
    """Until an empty line: hold what is typed against the addresses of the request."""
    facts = addresses(ask)
    if not facts:
        return
    console.say(texts.T_COMPARE_ADVICE)
    while line := console.read_line(texts.T_COMPARE_FIELD, deadline=deadline).strip():
        found = judge(line, facts)
        made = found.comparison
        for sentence in filter(None, (found.said, found.caution)):
            console.say(sentence)
        for place in made.places if made.outcome == "different" else ():
            yours, here = group(made.typed, place), group(made.shown, place)
            console.say(texts.T_GROUP_DIFFERS.format(place=place + 1, yours=yours, here=here))


def _typed_amount(ask: ReviewAsk, console: Console, deadline: float) -> str | None:
    """What has to be typed before it can be allowed; empty if that is nothing, ``None`` if the person gave up.

    A terminal hands over whole lines: whether one was pasted cannot be told here.
    """
    if ask.typed is UNSET:
        return ""
    console.say(visible(ask.typed.prompt))
    while line := console.read_line(texts.T_TYPED_FIELD, deadline=deadline).strip():
        if line == ask.typed.expected:
            return line
        console.say(texts.T_TYPED_WRONG)
    return None


_ASIDE: dict[str, Callable[[ReviewAsk, Console, float], None]] = {"compare": _compare_address, "data": _read_raw}
"""What can be done before the answer."""
