"""What stays in sight whatever is scrolled: that there are warnings, the amount, and the address it is for."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from native_host.approval import texts
from native_host.approval.arrangement import Arranged
from native_host.approval.window.facts import FactsText
from native_host.approval.window.look import Look
from native_host.approval.window.widgets import Button, compare_button, notice
from native_host.protocol.approver import ReviewAsk
from native_host.review.text import visible

_LEAST_REST_POINTS = 22.0
_GAP_POINTS = 5.0


class Glance(tk.Frame):
    """Stands over the scrolled part. ``compare`` opens the comparison of addresses. ``cropped`` is told whether it has too little room to show
    all that it holds: the amount then stands there without its label and its smallest units, and of the address the beginning."""

    def __init__(
        self,
        parent: tk.Frame,
        look: Look,
        ask: ReviewAsk,
        arranged: Arranged,
        *,
        caution: str,
        width: int,
        compare: Callable[[], None] | None,
        cropped: Callable[[bool], None],
    ) -> None:
        super().__init__(parent, background=look.palette.surface)
        self._look, self._cropped = look, cropped
        self._wanted = self._room = 0
        self._is_cropped = False
        self._has_amount = arranged.amount is not None
        for said in filter(None, (caution, _said_first(ask, arranged))):
            notice(self, look, said, wrap=width).pack(fill="x", pady=(0, look.px(_GAP_POINTS)))
        self._edge = tk.Frame(self, background=look.palette.line, padx=1, pady=1)
        self._text: FactsText | None = None
        if arranged.amount is not None or arranged.party is not None:
            self._edge.pack(fill="x", pady=(0, look.px(_GAP_POINTS)))
            self._text = self._write(arranged, width - 2, compare)

    def _write(self, arranged: Arranged, width: int, compare: Callable[[], None] | None) -> FactsText:
        text = FactsText(self._edge, self._look)
        facts = [(fact, role) for fact, role in ((arranged.amount, "amount"), (arranged.party, "party")) if fact is not None]
        for fact, role in facts:
            text.fact(fact, "amount" if role == "amount" else "party")
        text.tag_add("first", "1.0", "2.0")
        text.delete("end-2c")
        text.configure(state="disabled", takefocus=False)
        text.bind("<Configure>", lambda _: self._recount(), add=True)
        self._edge.pack_propagate(flag=False)
        text.pack(fill="both", expand=True)
        if compare is not None:
            self._put_button(text, compare, alone=len(facts) == 1)
        self._wanted = text.height_in(width, self._look.px(400)) + 2
        self._edge.configure(height=self._wanted)
        return text

    def _put_button(self, text: FactsText, compare: Callable[[], None], *, alone: bool) -> None:
        """In the corner, beside the label and the amount; beside a label alone, what follows begins below the button."""
        button: Button = compare_button(self._edge, self._look, compare)
        button.place(relx=1.0, x=-self._look.px(3), y=self._look.px(3), anchor="ne")
        button.update_idletasks()  # it has no size before
        text.tag_configure("beside", rmargin=button.winfo_reqwidth() + self._look.px(4))
        text.tag_add("beside", "1.0", "1.0 lineend" if alone else "2.0 lineend")
        if alone:
            text.tag_configure("first", spacing3=max(0, button.winfo_reqheight() - self._look.body.metrics("linespace")))

    def _recount(self) -> None:
        """Of the text as it is wrapped now, with nothing hidden."""
        if self._text is not None:
            self._hide(hidden=False)
            self._wanted = self._text.height_now() + 2
            self._hide(hidden=self._is_cropped)
            self._apply()

    def _hide(self, *, hidden: bool) -> None:
        for tag in ("first", "amountRest"):
            if self._text is not None and self._has_amount:
                self._text.tag_configure(tag, elide=hidden)

    def fit(self, height: int) -> None:
        """Take no more of ``height`` pixels than leaves a piece of the scrolled part."""
        if self._text is not None:
            self._room = height - (self.winfo_reqheight() - int(str(self._edge.cget("height")))) - self._look.px(_LEAST_REST_POINTS)
            self._apply()

    def _apply(self) -> None:
        if self._text is None or not self._room:
            return
        if (cropped := self._wanted > self._room) != self._is_cropped:
            self._is_cropped = cropped
            self._hide(hidden=cropped)
            self._cropped(cropped)
        wanted = self._text.height_now() + 2 if cropped else self._wanted
        self._edge.configure(height=max(min(wanted, self._room), 1))


def _said_first(ask: ReviewAsk, arranged: Arranged) -> str:
    """What is said before all else."""
    found = []
    if ask.warnings:
        found.append(texts.WARNED_ONE if len(ask.warnings) == 1 else texts.WARNED.format(count=len(ask.warnings)))
    if arranged.money:
        roles = [role for _, role in arranged.money]
        amounts, parties = roles.count("amount"), roles.count("party") + roles.count("contract")
        text = texts.SEVERAL if amounts else texts.SEVERAL_ADDRESSES
        found.append(text.format(amounts=amounts, parties=parties))
    return visible(" ".join(found))
