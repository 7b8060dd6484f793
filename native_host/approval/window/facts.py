"""Labels and values in one Tk text, which draws only what is on the screen, however long; what is copied out of it is what it stands for.

A canvas full of labels would end at X11's 32 767 pixels, and what lies beyond would be approved unseen.
"""

from __future__ import annotations

import tkinter as tk

from native_host.approval import texts
from native_host.approval.addresses import grouped
from native_host.approval.arrangement import Role, halves, with_gaps, without_gaps
from native_host.approval.window.look import Look
from native_host.approval.window.widgets import warning_mark
from native_host.protocol.approver import Fact
from native_host.review.text import visible, visible_block

LABEL_POINTS = 84.0
EDGE_POINTS = 12.0
_INNER_POINTS = 8.0
_GAP_POINTS = 4.0
_PIECE_CHARACTERS = 1000
"""Tk lays out a line of the text as a whole: a message in one endless line is cut into pieces of this many, which wrap as one."""


class FactsText(tk.Text):
    """Read-only text. Everything is written at ``spot``, an index, which moves along; ``end`` unless said otherwise."""

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(
            parent, wrap="word", width=1, height=1, relief="flat", borderwidth=0, highlightthickness=0, cursor="arrow", undo=False
        )
        self._look = look
        self.spot = "end"
        self.configure(background=look.palette.raised, foreground=look.palette.ink, font=look.tiny, exportselection=False)
        self.configure(selectbackground=look.palette.accent, selectforeground=look.palette.accent_ink, insertwidth=0)
        self.configure(padx=look.px(EDGE_POINTS), pady=look.px(EDGE_POINTS / 2))
        self._define_tags()
        self.bind("<<Copy>>", lambda _: self._copy())
        self.bind("<Button-1>", lambda _: self.focus_set(), add=True)
        self.bind("<Double-Button-1>", self._select_address)

    def heading(self, text: str) -> None:
        """A small heading over what follows."""
        self._write(text + "\n", "heading")

    def warning(self, text: str) -> None:
        """A warning: the mark, the word, the sentence, on a ground of its own."""
        start = self._here()
        self.window_create(self.spot, window=warning_mark(self, self._look, ground=self._look.palette.warning), align="center")
        self._write(f"\t{texts.WARNING}. ", "strong")
        self._write(visible(text) + "\n")
        self.tag_add("warning", start, self._here())
        self._write("\n", "gap")

    def fact(self, fact: Fact, role: Role = "plain") -> None:
        """A label and its value; an address in groups of four, a message as a block of its own, what moves money large."""
        label = visible(fact.label)
        if fact.kind == "message":
            self._block(label, visible_block(fact.value) or texts.EMPTY)
        elif role == "amount":
            self.amount(label, visible(fact.value))
        elif role == "party" and fact.kind == "address":
            self.party(label, visible(fact.value))
        else:
            value = grouped(visible(fact.value)) if fact.kind == "address" else visible(fact.value)
            tag = {"address": "address", "hex": "exact", "path": "exact", "origin": "exact"}.get(fact.kind, "value")
            self.pair(label, (with_gaps(value) if role == "fee" else value) or texts.EMPTY, "fee" if role == "fee" else tag)

    def amount(self, label: str, value: str) -> None:
        """An amount, its number and unit large, what follows in brackets as the rest."""
        first, rest = halves(value)
        self._write(label + "\n", "label")
        self._write(with_gaps(first), "amount")
        self._write(with_gaps(rest), "amountRest")
        self._write("\n", "amount")

    def party(self, label: str, address: str) -> None:
        """Whom it is for, large."""
        self._write(label + "\n", "label")
        self._write(grouped(address), "party", "address")
        self._write("\n", "party")

    def pair(self, label: str, value: str, tag: str = "value") -> None:
        """A label with its value beside it, or under it where the label is long; both are shown as they are."""
        start = self._here()
        beside = self._look.body.measure(label) < self._look.px(LABEL_POINTS - _GAP_POINTS)
        self._write(f"{label}\t" if beside else f"{label}\n", "label")
        self._write("\n".join(_pieces(value)), tag)
        self._write("\n", tag if tag != "address" else "value")
        self.tag_add("pair", start, self._here())
        self.tag_add("continued", f"{start} +1 lines linestart", self._here())
        if tag == "exact":
            self.tag_add("anywhere", start, self._here())

    def sentence(self, text: str) -> None:
        """A line of its own."""
        self._write(text + "\n", "value")

    def embed(self, widget: tk.Widget) -> None:
        """A widget on a line of its own, brought into sight when it gets the keyboard."""
        self.window_create(self.spot, window=widget)
        self._write("\n", "value")

    def height_in(self, width: int, most: int) -> int:
        """How many pixels high it wants to be in ``width`` pixels, edges and all; before it is on the screen."""
        packed = self.winfo_manager() == "pack"
        self.pack_forget()
        self.place_configure(x=0, y=0, width=width, height=most)
        self.update_idletasks()
        height = self.height_now()
        self.place_forget()
        if packed:
            self.pack(side="left", fill="both", expand=True)
        return height

    def height_now(self) -> int:
        """The same, as wide as it is."""
        counted = int(self.tk.call(self, "count", "-update", "-ypixels", "1.0", "end"))
        return counted + 2 * self._look.px(EDGE_POINTS / 2)

    def _block(self, label: str, value: str) -> None:
        self._write(label + "\n", "label")
        self._write("\n", "blockEdge")
        self._write("\n".join(_pieces(value)) + "\n", "block")
        self._write("\n", "blockEdge")

    def _write(self, text: str, *tags: str) -> None:
        self.insert(self.spot, text, tags)

    def _here(self) -> str:
        return self.index("end-1c" if self.spot == "end" else self.spot)

    def _copy(self) -> str:
        """What was selected, without the gaps that are only drawn: an address goes to the clipboard as programs take it."""
        if self.tag_ranges("sel"):
            self.clipboard_clear()
            self.clipboard_append(self.plain("sel.first", "sel.last"))
        return "break"

    def plain(self, first: str, last: str) -> str:
        """The text between two places, without the gaps in its addresses and amounts."""
        inside = "address" in self.tag_names(first)
        parts: list[str] = []
        for what, value, _ in self.dump(first, last, text=True, tag=True):
            if what == "text":
                parts.append(value.replace(" ", "") if inside else without_gaps(value))
            elif value == "address":
                inside = what == "tagon"
        return "".join(parts)

    def _select_address(self, event: tk.Event[tk.Text]) -> str | None:
        """The whole address under the pointer, where there is one, and not a group of it."""
        place = self.index(f"@{event.x},{event.y}")
        if "address" not in self.tag_names(place):
            return None
        self.tag_remove("sel", "1.0", "end")
        self.tag_add("sel", *self.tag_prevrange("address", f"{place} +1c"))
        return "break"

    def _define_tags(self) -> None:
        look = self._look
        px, colours = look.px, look.palette
        column, inner = px(LABEL_POINTS), px(_INNER_POINTS)
        self.tag_configure("heading", font=look.bold, spacing1=px(7), spacing3=px(3))
        self.tag_configure("label", font=look.body, foreground=colours.muted, spacing1=px(2), spacing3=px(2))
        self.tag_configure("value", font=look.body)
        self.tag_configure("fee", font=look.bold)
        self.tag_configure("address", font=look.mono)
        self.tag_configure("exact", font=look.mono)
        self.tag_configure("anywhere", wrap="char")
        self.tag_configure("amount", font=look.amount, spacing3=px(3))
        self.tag_configure("amountRest", font=look.body, foreground=colours.muted, spacing3=px(3))
        self.tag_configure("party", font=look.party, spacing3=px(3))
        self.tag_configure("first", spacing1=px(2))
        self.tag_configure("pair", tabs=(column,), lmargin2=column, spacing1=px(2), spacing3=px(2))
        self.tag_configure("continued", lmargin1=column, spacing1=0)
        indent = inner + px(20)
        self.tag_configure("warning", lmargin1=inner, lmargin2=indent, rmargin=inner, tabs=(indent,), spacing1=px(4), spacing3=px(4))
        self.tag_configure("warning", background=colours.warning, lmargincolor=colours.warning, rmargincolor=colours.warning)
        self.tag_configure("warning", font=look.body, foreground=colours.warning_ink)
        self.tag_configure("strong", font=look.bold)
        self.tag_configure("gap", font=look.tiny)
        for tag, font in (("block", look.mono), ("blockEdge", look.tiny)):
            self.tag_configure(tag, font=font, lmargin1=inner, lmargin2=inner, rmargin=inner, spacing1=px(0.5), spacing3=px(0.5))
            self.tag_configure(tag, background=colours.box, lmargincolor=colours.box, rmargincolor=colours.box)
        self.tag_raise("party")
        self.tag_raise("sel")


def _pieces(text: str) -> list[str]:
    """Its lines, the endless ones in pieces."""
    return [line[at : at + _PIECE_CHARACTERS] for line in text.split("\n") for at in range(0, max(1, len(line)), _PIECE_CHARACTERS)]
