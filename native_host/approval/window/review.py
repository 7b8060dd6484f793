"""The window of a review: what happens at the top, warnings, who asks, the rest, for how long; Deny, and Approve once it may be pressed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from msgspec import UNSET

from native_host.approval import texts
from native_host.approval.arrangement import MOST_TITLE_CHARACTERS, Arranged, addresses, arrange
from native_host.approval.window.body import Body
from native_host.approval.window.comparing import Comparing
from native_host.approval.window.glance import Glance
from native_host.approval.window.sheet import Sheet
from native_host.approval.window.typed import TypedAmount
from native_host.approval.window.widgets import Button, Ring, compare_button, wrapped
from native_host.caller.identity import PERSON_ORIGIN
from native_host.protocol.approver import Answer, ReviewAsk
from native_host.review.text import visible

_LEAST_BODY_POINTS = 60.0
_INDICATOR_POINTS = 26.0
_EDGES_POINTS = 40.0
_TYPED_GAP_POINTS = 8.0


def open_review(sheet: Sheet, ask: ReviewAsk, caution: str = "") -> None:
    """Show ``ask`` and let the person decide; ``caution`` is said before all else."""
    choice = tk.StringVar(sheet.window, value="")
    arranged = arrange(ask)
    body = Body(sheet.content, sheet.look, sheet.arming.set_seen)
    compare = _comparing(sheet, ask)
    glance = Glance(
        sheet.content, sheet.look, ask, arranged, caution=caution, width=sheet.width(), compare=compare, cropped=body.repeat_top
    )
    glance.lower()  # so that Tab comes to it first
    glance.pack(side="top", fill="x")
    typed = None if ask.typed is UNSET else TypedAmount(sheet.content, sheet, ask.typed)

    def approve() -> None:
        if sheet.is_ready():
            given = UNSET if typed is None else typed.get()
            sheet.finish(Answer(id=ask.id, verdict="allow", grant=choice.get() or UNSET, typed=given))

    deny = sheet.add_deny(texts.DENY, key=texts.ACCELERATORS["deny"])
    button = sheet.add_button(texts.APPROVE, approve, main=True, key=texts.ACCELERATORS["approve"])
    guard(sheet, button)
    sheet.accelerate(texts.ACCELERATORS["deny"], sheet.deny)
    sheet.accelerate(texts.ACCELERATORS["approve"], button.button.focus_set)
    sheet.accelerate(texts.ACCELERATORS["raw"], body.toggle_raw)
    _write(body, ask, arranged, None if compare is None else lambda: compare_button(body.text, sheet.look, compare))
    _grants(sheet, body, ask, choice)
    if typed is not None:
        typed.pack(side="bottom", fill="x", pady=(sheet.look.px(_TYPED_GAP_POINTS), 0))
    _fit(sheet, glance, body, typed)
    body.scroll_from(sheet.window)
    sheet.keys.configure(text=texts.REVIEW_KEYS)
    sheet.open(deny.button)


def _comparing(sheet: Sheet, ask: ReviewAsk) -> Callable[[], None] | None:
    """What opens the comparison of addresses, if there are any."""
    facts = addresses(ask)
    if not facts:
        return None
    comparing = Comparing(sheet, facts)
    sheet.accelerate(texts.ACCELERATORS["compare"], comparing.open)
    return comparing.open


def _fit(sheet: Sheet, glance: Glance, body: Body, typed: TypedAmount | None) -> None:
    """As high as the text, as far as the screen allows; more than that is scrolled. What stands at the top gives way last."""
    height = body.end(sheet.width() - 2 * sheet.look.px(2), max(sheet.height_left(), sheet.look.px(_LEAST_BODY_POINTS)))
    body.configure(height=height)
    body.pack_propagate(flag=False)
    body.pack(side="top", fill="both", expand=True)

    sheet.least_more = taken = 0 if typed is None else typed.winfo_reqheight() + sheet.look.px(_TYPED_GAP_POINTS)
    sheet.content.bind("<Configure>", lambda event: glance.fit(event.height - taken), add=True)


def _write(body: Body, ask: ReviewAsk, arranged: Arranged, compare: Callable[[], Button] | None) -> None:
    text = body.text
    for warning in ask.warnings:
        text.warning(warning)
    if len(ask.title) > MOST_TITLE_CHARACTERS:
        text.sentence(visible(ask.title))
    if arranged.money:
        text.heading(texts.MONEY)
        _put(body, compare)
        for fact, role in arranged.money:
            text.fact(fact, role)
    body.top(arranged.amount, arranged.party)
    _who(body, ask, arranged)
    if arranged.facts:
        text.heading(texts.WHAT_ELSE if arranged.amount or arranged.party or arranged.money else texts.WHAT)
    for fact, role in arranged.facts:
        text.fact(fact, role)
    _key(body, ask, arranged)
    if not (arranged.money or arranged.amount or arranged.party):
        _put(body, compare)
    body.raw(arranged.raw)


def _put(body: Body, button: Callable[[], Button] | None) -> None:
    if button is not None:
        made = button()
        body.choice(made, made.button)


def _key(body: Body, ask: ReviewAsk, arranged: Arranged) -> None:
    if ask.key is not UNSET or arranged.key:
        body.text.heading(texts.WITH_KEY)
    if ask.key is not UNSET:
        body.text.pair(texts.KEY, f"{visible(ask.key.label) or texts.NO_LABEL} · {visible(ask.key.alg)}")
    for fact in arranged.key:
        body.text.fact(fact)


def _who(body: Body, ask: ReviewAsk, arranged: Arranged) -> None:
    text = body.text
    text.heading(texts.WHO_ASKS)
    if ask.caller.origin == PERSON_ORIGIN:
        text.pair(texts.PROGRAM, texts.OWN_PROGRAM)
    else:
        text.pair(texts.ORIGIN, visible(ask.caller.origin), "exact")
    for fact in arranged.page:
        if fact.kind == "origin":
            text.pair(texts.PAGE, texts.PAGE_CLAIMED.format(page=visible(fact.value)))
        else:
            text.fact(fact)
    if ask.caller.origin != PERSON_ORIGIN:
        text.pair(texts.BROWSER, texts.BROWSER_UNKNOWN if ask.caller.browser is UNSET else visible(ask.caller.browser))
    for number, sentence in enumerate(ask.caller.evidence):
        text.pair("" if number else texts.EVIDENCE, visible(sentence))


def _grants(sheet: Sheet, body: Body, ask: ReviewAsk, choice: tk.StringVar) -> None:
    """Choices, at the end of what is read, so that none can push another out of sight; the narrowest is chosen until the person takes another."""
    if not ask.grants:
        return
    look = sheet.look
    body.text.heading(texts.HOW_LONG)
    made: list[tuple[ttk.Radiobutton, str]] = []
    for value, text in (("", texts.ONLY_THIS_TIME), *((grant.id, visible(grant.text)) for grant in ask.grants)):
        ring = Ring(body.text, look, idle=look.palette.raised)
        button = ttk.Radiobutton(ring, text=text, value=value, variable=choice, style="Choice.TRadiobutton")
        ring.hold(button)
        body.choice(ring, button)
        made.append((button, text))

    def rewrap(width: int) -> None:
        for button, text in made:
            button.configure(text=wrapped(text, look.body, width - look.px(_INDICATOR_POINTS + _EDGES_POINTS)))

    rewrap(sheet.width())
    body.text.bind("<Configure>", lambda event: rewrap(event.width), add=True)


def guard(sheet: Sheet, button: Button, *, unread: str = texts.SCROLL_TO_END, ready: str = texts.READY, arming: str = texts.ARMING) -> None:
    """Keep ``button`` from being pressed until the window is ready for it, and say what is missing."""

    def follow() -> None:
        readiness = sheet.readiness()
        button.enable(enabled=readiness.state == "ready")
        sheet.status.configure(
            text={
                "unfocused": texts.NOT_FOCUSED,
                "held": texts.COMPARING,
                "unread": unread,
                "untyped": texts.TYPE_FIRST,
                "arming": arming.format(seconds=readiness.left_seconds),
                "ready": ready,
            }[readiness.state]
        )

    button.enable(enabled=False)
    sheet.on_tick = follow
