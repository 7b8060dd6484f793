"""The scrolled part of a review: headings, warnings, facts. One Tk text, which draws only what is on the screen, however long.

A canvas full of labels would end at X11's 32 767 pixels, and what lies beyond would be approved unseen.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from native_host.approval import texts
from native_host.approval.window.look import Look
from native_host.approval.window.widgets import Ring, warning_mark
from native_host.protocol.approver import Fact
from native_host.review.text import in_groups, visible, visible_block

_LABEL_POINTS = 84.0
_EDGE_POINTS = 12.0
_INNER_POINTS = 8.0
_GAP_POINTS = 4.0
_PIECE_CHARACTERS = 1000
"""Tk lays out a line of the text as a whole: a message in one endless line is cut into pieces of this many, which wrap as one."""


class Body(Ring):
    """Read-only text with a scrollbar that is there when it is needed. ``seen`` is called once its end is on the screen."""

    def __init__(self, parent: tk.Misc, look: Look, seen: Callable[[], None]) -> None:
        super().__init__(parent, look, idle=look.palette.line)
        self._look, self._seen = look, seen
        inside = tk.Frame(self, background=look.palette.raised)
        inside.pack(fill="both", expand=True)
        self.text = tk.Text(
            inside, wrap="word", width=1, height=1, relief="flat", borderwidth=0, highlightthickness=0, cursor="arrow", undo=False
        )
        self.text.configure(background=look.palette.raised, foreground=look.palette.ink, font=look.tiny, exportselection=False)
        self.text.configure(selectbackground=look.palette.accent, selectforeground=look.palette.accent_ink, insertwidth=0, takefocus=True)
        self.text.configure(padx=look.px(_EDGE_POINTS), pady=look.px(_EDGE_POINTS / 2))
        self._bar = ttk.Scrollbar(inside, orient="vertical", style="Body.Vertical.TScrollbar", command=self.text.yview, takefocus=False)
        self.text.pack(side="left", fill="both", expand=True)
        self.text.bind("<FocusIn>", lambda _: self.configure(background=look.palette.accent), add=True)
        self.text.bind("<FocusOut>", lambda _: self.configure(background=look.palette.line), add=True)
        self._define_tags()
        self._bind_keys()

    def heading(self, text: str) -> None:
        """A small heading over what follows."""
        self.text.insert("end", text + "\n", ("heading",))

    def warning(self, text: str) -> None:
        """A warning: the mark, the word, the sentence, on a ground of its own."""
        start = self.text.index("end-1c")
        self.text.window_create("end", window=warning_mark(self.text, self._look, ground=self._look.palette.warning), align="center")
        self.text.insert("end", f"\t{texts.WARNING}. ", ("strong",))
        self.text.insert("end", visible(text) + "\n")
        self.text.tag_add("warning", start, "end-1c")
        self._space("gap")

    def fact(self, fact: Fact) -> None:
        """A label and its value; an address in groups of four, a message as a block of its own."""
        if fact.kind == "message":
            self._block(visible(fact.label), visible_block(fact.value) or texts.EMPTY)
            return
        value = in_groups(visible(fact.value)) if fact.kind == "address" else visible(fact.value)
        tag = {"address": "mono", "hex": "exact", "path": "exact", "origin": "exact"}.get(fact.kind, "value")
        self.pair(visible(fact.label), value or texts.EMPTY, tag)

    def pair(self, label: str, value: str, tag: str = "value") -> None:
        """A label with its value beside it, or under it where the label is long; both are shown as they are."""
        start = self.text.index("end-1c")
        beside = self._look.body.measure(label) < self._look.px(_LABEL_POINTS - _GAP_POINTS)
        self.text.insert("end", f"{label}\t" if beside else f"{label}\n", ("label",))
        self.text.insert("end", "\n".join(_pieces(value)) + "\n", (tag,))
        self.text.tag_add("pair", start, "end-1c")
        self.text.tag_add("continued", f"{start} +1 lines linestart", "end-1c")
        if tag == "exact":
            self.text.tag_add("anywhere", start, "end-1c")

    def _block(self, label: str, value: str) -> None:
        self.text.insert("end", label + "\n", ("label",))
        self._space("blockEdge")
        self.text.insert("end", "\n".join(_pieces(value)) + "\n", ("block",))
        self._space("blockEdge")

    def _space(self, tag: str) -> None:
        self.text.insert("end", "\n", (tag,))

    def end(self, width: int, most: int) -> int:
        """Nothing more is written. How many pixels high it wants to be in ``width`` pixels, at most ``most``."""
        self.text.configure(state="disabled")
        self.text.pack_forget()
        self.text.place(x=0, y=0, width=width, height=most)
        self.update_idletasks()
        counted = self.text.tk.call(self.text, "count", "-update", "-ypixels", "1.0", "end")
        self.text.place_forget()
        self.text.pack(side="left", fill="both", expand=True)
        self.text.configure(yscrollcommand=self._scrolled)
        edges = 2 * self._look.px(_EDGE_POINTS / 2) + 2 * self._look.px(2)
        return min(most, int(counted) + edges)

    def _define_tags(self) -> None:
        look, text = self._look, self.text
        px, colours = look.px, look.palette
        column, inner = px(_LABEL_POINTS), px(_INNER_POINTS)
        text.tag_configure("heading", font=look.bold, spacing1=px(7), spacing3=px(3))
        text.tag_configure("label", font=look.body, foreground=colours.muted, spacing1=px(2), spacing3=px(2))
        text.tag_configure("value", font=look.body)
        text.tag_configure("mono", font=look.mono)
        text.tag_configure("exact", font=look.mono)
        text.tag_configure("anywhere", wrap="char")
        text.tag_configure("pair", tabs=(column,), lmargin2=column, spacing1=px(2), spacing3=px(2))
        text.tag_configure("continued", lmargin1=column, spacing1=0)
        indent = inner + px(20)
        text.tag_configure("warning", lmargin1=inner, lmargin2=indent, rmargin=inner, tabs=(indent,), spacing1=px(4), spacing3=px(4))
        text.tag_configure("warning", background=colours.warning, lmargincolor=colours.warning, rmargincolor=colours.warning)
        text.tag_configure("warning", font=look.body, foreground=colours.warning_ink)
        text.tag_configure("strong", font=look.bold)
        text.tag_configure("gap", font=look.tiny)
        for tag, font in (("block", look.mono), ("blockEdge", look.tiny)):
            text.tag_configure(tag, font=font, lmargin1=inner, lmargin2=inner, rmargin=inner, spacing1=px(0.5), spacing3=px(0.5))
            text.tag_configure(tag, background=colours.box, lmargincolor=colours.box, rmargincolor=colours.box)
        text.tag_raise("sel")

    def _bind_keys(self) -> None:
        """Keys scroll: in a text that cannot be edited, an insertion mark moving about would be of no use."""
        moves: dict[str, tuple[str, ...]] = {
            "<Up>": ("scroll", "-1", "units"),
            "<Down>": ("scroll", "1", "units"),
            "<Prior>": ("scroll", "-1", "pages"),
            "<Next>": ("scroll", "1", "pages"),
            "<Home>": ("moveto", "0"),
            "<End>": ("moveto", "1"),
        }
        for key, move in moves.items():
            self.text.bind(key, lambda _, move=move: self._scroll(move))  # type: ignore[misc]  # a default fixes the loop's value
        self.text.bind("<Button-1>", lambda _: self.text.focus_set(), add=True)

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


def _pieces(text: str) -> list[str]:
    """Its lines, the endless ones in pieces."""
    return [line[at : at + _PIECE_CHARACTERS] for line in text.split("\n") for at in range(0, max(1, len(line)), _PIECE_CHARACTERS)]
