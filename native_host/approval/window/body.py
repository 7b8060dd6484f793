"""The scrolled part of a review, with a scrollbar that is there when it is needed. It says when its end was on the screen."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from native_host.approval import texts
from native_host.approval.arrangement import Role
from native_host.approval.window.facts import FactsText
from native_host.approval.window.look import Look
from native_host.approval.window.widgets import Button, Ring
from native_host.approval.wording import size_of
from native_host.protocol.approver import Fact
from native_host.review.text import visible

_RAW = "raw"
_AFTER_RAW = "afterRaw"
_TOP = "top"
_AFTER_TOP = "afterTop"
_AMOUNT: Role = "amount"
_PARTY: Role = "party"
_MOVES: dict[str, tuple[str, ...]] = {
    "<Up>": ("scroll", "-1", "units"),
    "<Down>": ("scroll", "1", "units"),
    "<Prior>": ("scroll", "-1", "pages"),
    "<Next>": ("scroll", "1", "pages"),
    "<Home>": ("moveto", "0"),
    "<End>": ("moveto", "1"),
}
_MOVES_FROM_ANYWHERE = ("<Prior>", "<Next>", "<Home>", "<End>")


class Body(Ring):
    """``seen`` is called once its end is on the screen."""

    def __init__(self, parent: tk.Misc, look: Look, seen: Callable[[], None]) -> None:
        super().__init__(parent, look, idle=look.palette.line)
        self._look, self._seen = look, seen
        self._top: list[tuple[Fact, Role]] = []
        self._raw: tuple[Fact, ...] = ()
        self._raw_button: Button | None = None
        inside = tk.Frame(self, background=look.palette.raised)
        inside.pack(fill="both", expand=True)
        self.text = FactsText(inside, look)
        self.text.configure(takefocus=True)
        self._bar = ttk.Scrollbar(inside, orient="vertical", style="Body.Vertical.TScrollbar", command=self.text.yview, takefocus=False)
        self.text.pack(side="left", fill="both", expand=True)
        self.text.bind("<FocusIn>", lambda _: self.configure(background=look.palette.accent), add=True)
        self.text.bind("<FocusOut>", lambda _: self.configure(background=look.palette.line), add=True)
        for key, move in _MOVES.items():
            # In a text that cannot be edited, an insertion mark moving about would be of no use.
            self.text.bind(key, lambda _, move=move: self._scroll(move))  # type: ignore[misc]  # a default fixes the loop's value

    def scroll_from(self, window: tk.Misc) -> None:
        """Let the keys that scroll by pages do so wherever the keyboard is, unless it is in a field."""
        for key in _MOVES_FROM_ANYWHERE:
            window.bind(key, lambda event, move=_MOVES[key]: self._scroll_unless_field(event, move), add=True)  # type: ignore[misc]

    def top(self, amount: Fact | None, party: Fact | None) -> None:
        """The place of what stands over this text, for when that has too little room."""
        self._top = [(fact, role) for fact, role in ((amount, _AMOUNT), (party, _PARTY)) if fact is not None]
        self._mark(_TOP, _AFTER_TOP)

    def repeat_top(self, repeated: bool) -> None:  # noqa: FBT001  # a callback's one argument
        """Show it here as well, whole, or no longer: what is cropped above is then read here on the way to the end."""
        self._between(_TOP, _AFTER_TOP, self._top if repeated else [])

    def _mark(self, first: str, last: str) -> None:
        self.text.mark_set(first, "end-1c")
        self.text.mark_gravity(first, "left")
        self.text.mark_set(last, "end-1c")
        self.text.mark_gravity(last, "left")

    def _between(self, first: str, last: str, facts: Sequence[tuple[Fact, Role]]) -> None:
        """Let nothing but ``facts`` stand between two marks."""
        state = self.text.cget("state")
        self.text.configure(state="normal")
        self.text.delete(first, last)
        self.text.mark_gravity(last, "right")
        self.text.spot = last
        for fact, role in facts:
            self.text.fact(fact, role)
        self.text.spot = "end"
        self.text.mark_gravity(last, "left")
        self.text.configure(state=state)

    def raw(self, facts: tuple[Fact, ...]) -> None:
        """What is named, with its size, and shown when the person asks for it."""
        if not facts:
            return
        self._raw = facts
        self.text.heading(texts.RAW)
        for fact in facts:
            self.text.sentence(texts.RAW_PART.format(label=visible(fact.label), size=size_of(fact)))
        self._raw_button = Button(self.text, self._look, texts.RAW_SHOW, self.toggle_raw, key=texts.ACCELERATORS["raw"])
        self._embed(self._raw_button, self._raw_button.button)
        self._mark(_RAW, _AFTER_RAW)

    def toggle_raw(self) -> None:
        """Show what was left out, or take it away again."""
        if self._raw_button is None:
            return
        shown = self.text.compare(_RAW, "!=", _AFTER_RAW)
        self._between(_RAW, _AFTER_RAW, [] if shown else [(fact, "plain") for fact in self._raw])
        if not shown:
            self.text.see(_RAW)
            self.text.yview_scroll(self.text.winfo_height() // 2, "pixels")
        self._raw_button.say(texts.RAW_SHOW if shown else texts.RAW_HIDE)

    def choice(self, widget: tk.Widget, focused: tk.Widget) -> None:
        """A choice on a line of its own; ``focused`` is what gets the keyboard."""
        self._embed(widget, focused)

    def _embed(self, widget: tk.Widget, focused: tk.Widget) -> None:
        self.text.embed(widget)
        focused.bind("<FocusIn>", lambda _: self.text.see(widget), add=True)

    def end(self, width: int, most: int) -> int:
        """Nothing more is written. How many pixels high it wants to be in ``width`` pixels, at most ``most``."""
        self.text.configure(state="disabled")
        height = self.text.height_in(width, most) + 2 * self._look.px(2)
        self.text.configure(yscrollcommand=self._scrolled)
        return min(most, height)

    def _scroll_unless_field(self, event: tk.Event[tk.Misc], move: tuple[str, ...]) -> None:
        if not isinstance(event.widget, tk.Entry | tk.Text):
            self._scroll(move)

    def _scroll(self, move: tuple[str, ...]) -> str:
        self.text.yview(*move)
        return "break"

    def _scrolled(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        if float(first) <= 0.0 and float(last) >= 1.0:
            self._bar.pack_forget()
        elif not self._bar.winfo_manager():
            self._bar.pack(side="right", fill="y", before=self.text)
        if self._end_is_visible():
            self._seen()

    def _end_is_visible(self) -> bool:
        """By the last line's own box: the scrollbar's fractions are estimates until all of a long text was laid out."""
        box = self.text.dlineinfo("end-1c")
        return self.text.cget("state") == "disabled" and box is not None and box[1] + box[3] <= self.text.winfo_height()
