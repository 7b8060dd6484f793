"""The window of a review: warnings first, who asks, what is asked, for how long; Deny, and Approve once it may be pressed."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from msgspec import UNSET

from native_host.approval import texts
from native_host.approval.window.body import Body
from native_host.approval.window.sheet import Sheet
from native_host.approval.window.widgets import Button, Ring, label, wrapped
from native_host.protocol.approver import Answer, CompareCode, ReviewAsk
from native_host.review.text import in_groups, visible

_LEAST_BODY_POINTS = 60.0
_INDICATOR_POINTS = 26.0


def open_review(sheet: Sheet, ask: ReviewAsk) -> None:
    """Show ``ask`` and let the person decide."""
    choice = tk.StringVar(sheet.window, value="")

    def approve() -> None:
        if sheet.is_ready():
            sheet.finish(Answer(id=ask.id, verdict="allow", grant=choice.get() or UNSET))

    body = Body(sheet.content, sheet.look, sheet.arming.set_seen)
    _grants(sheet, ask, choice)
    sheet.add_deny(texts.DENY)
    guard(sheet, sheet.add_button(texts.APPROVE, approve, main=True))
    _write(body, ask)
    _fit(sheet, body)
    sheet.keys.configure(text=texts.REVIEW_KEYS)
    sheet.open(body.text)


def _fit(sheet: Sheet, body: Body) -> None:
    """As high as the text, as far as the screen allows; more than that is scrolled."""
    height = body.end(sheet.width() - 2 * sheet.look.px(2), max(sheet.height_left(), sheet.look.px(_LEAST_BODY_POINTS)))
    body.configure(height=height)
    body.pack_propagate(flag=False)
    body.pack(side="top", fill="both", expand=True)


def _write(body: Body, ask: ReviewAsk) -> None:
    for warning in ask.warnings:
        body.warning(warning)
    body.heading(texts.WHO_ASKS)
    body.pair(texts.ORIGIN, visible(ask.caller.origin), "exact")
    body.pair(texts.BROWSER, texts.BROWSER_UNKNOWN if ask.caller.browser is UNSET else visible(ask.caller.browser))
    for number, sentence in enumerate(ask.caller.evidence):
        body.pair("" if number else texts.EVIDENCE, visible(sentence))
    body.heading(texts.WHAT)
    if ask.key is not UNSET:
        body.pair(texts.KEY, f"{visible(ask.key.label) or texts.NO_LABEL} · {visible(ask.key.alg)}")
    for fact in ask.facts:
        body.fact(fact)


def _grants(sheet: Sheet, ask: ReviewAsk, choice: tk.StringVar) -> None:
    """Choices stand outside the scrolled part; the narrowest one is chosen until the person takes another."""
    if not ask.grants:
        return
    look = sheet.look
    box = tk.Frame(sheet.content, background=look.palette.surface)
    box.pack(side="bottom", fill="x", pady=(look.px(10), 0))
    label(box, look, texts.HOW_LONG, wrap=sheet.width(), font=look.bold).pack(fill="x")
    for value, text in (("", texts.ONLY_THIS_TIME), *((grant.id, visible(grant.text)) for grant in ask.grants)):
        ring = Ring(box, look, idle=look.palette.surface)
        lines = wrapped(text, look.body, sheet.width() - look.px(_INDICATOR_POINTS))
        ring.hold(ttk.Radiobutton(ring, text=lines, value=value, variable=choice, style="Choice.TRadiobutton"))
        ring.pack(anchor="w")


def guard(sheet: Sheet, button: Button, *, unread: str = texts.SCROLL_TO_END, ready: str = texts.READY) -> None:
    """Keep ``button`` from being pressed until the window is ready for it, and say what is missing."""

    def follow() -> None:
        readiness = sheet.readiness()
        button.enable(enabled=readiness.state == "ready")
        sheet.status.configure(
            text={
                "unfocused": texts.NOT_FOCUSED,
                "unread": unread,
                "arming": texts.ARMING.format(seconds=readiness.left_seconds),
                "ready": ready,
            }[readiness.state]
        )

    button.enable(enabled=False)
    sheet.on_tick = follow


def open_compare(sheet: Sheet, ask: CompareCode) -> None:
    """Show a code to compare with one shown elsewhere."""

    def allow() -> None:
        if sheet.is_ready():
            sheet.finish(Answer(id=ask.id, verdict="allow"))

    look = sheet.look
    label(sheet.content, look, texts.COMPARE, wrap=sheet.width()).pack(fill="x")
    code = tk.Label(
        sheet.content, text=in_groups(visible(ask.code)), font=look.huge_mono, background=look.palette.raised, foreground=look.palette.ink
    )
    code.configure(pady=look.px(16), wraplength=sheet.width(), takefocus=True)
    code.pack(fill="x", pady=(look.px(10), 0))
    sheet.add_deny(texts.DENY)
    guard(sheet, sheet.add_button(texts.ALLOW, allow, main=True))
    sheet.arming.set_seen()
    sheet.keys.configure(text=texts.REVIEW_KEYS)
    sheet.open(code)
