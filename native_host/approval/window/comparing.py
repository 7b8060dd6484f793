"""Holding an address of the request against one that the person has from elsewhere: over the request, group by group, by keyboard too."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from native_host.approval import texts
from native_host.approval.addresses import MAX_TYPED_CHARACTERS, Comparison, Outcome
from native_host.approval.window.look import Look
from native_host.approval.window.sheet import Sheet
from native_host.approval.window.widgets import Button, Field, label
from native_host.approval.wording import Verdict, judge
from native_host.protocol.approver import Fact
from native_host.review.text import visible

_GOOD: frozenset[Outcome] = frozenset({"same", "case"})
_ROW_POINTS = 4.0


class Comparing:
    """Opens over the content of a sheet, which cannot be approved meanwhile. ``facts``: the addresses, first the one it is for."""

    def __init__(self, sheet: Sheet, facts: Sequence[Fact]) -> None:
        self._sheet, self._facts = sheet, facts
        self._panel: tk.Frame | None = None

    def open(self) -> None:
        """Show it with the keyboard in its field."""
        if self._panel is not None:
            return
        sheet, look = self._sheet, self._sheet.look
        self._before = sheet.window.focus_get()
        self._panel = panel = tk.Frame(sheet.content, background=look.palette.surface)
        wrap = sheet.content.winfo_width()
        label(panel, look, texts.COMPARE_TITLE, wrap=wrap, font=look.bold).pack(fill="x")
        row = tk.Frame(panel, background=look.palette.surface)
        row.pack(side="bottom", fill="x", pady=(look.px(4), 0))
        self._field = Field(panel, look, self._changed, most=MAX_TYPED_CHARACTERS)
        self._field.pack(fill="x", pady=(look.px(4), look.px(4)))
        self._said = label(panel, look, wrap=wrap, font=look.bold)
        self._said.pack(fill="x")
        self._groups = _Groups(panel, look)
        self._groups.pack(fill="both", expand=True, pady=(look.px(4), 0))
        Button(row, look, texts.COMPARE_COPY, self._copy, key=texts.ACCELERATORS["copy"], style="Small").pack(side="left")
        Button(row, look, texts.COMPARE_BACK, self.close, key=texts.ACCELERATORS["back"], style="Small").pack(side="right")
        sheet.hold(held=True)
        sheet.on_escape = self.close
        sheet.accelerate(texts.ACCELERATORS["back"], self.close)
        sheet.accelerate(texts.ACCELERATORS["copy"], self._copy)
        panel.place(x=0, y=0, relwidth=1, relheight=1)
        panel.lift()
        self._changed()
        self._field.entry.focus_set()

    def close(self) -> None:
        """Back to the request."""
        if self._panel is None:
            return
        panel, self._panel = self._panel, None
        sheet = self._sheet
        sheet.on_escape = sheet.deny
        for name in ("back", "copy"):
            sheet.accelerate(texts.ACCELERATORS[name], None)
        panel.destroy()
        sheet.hold(held=False)
        if self._before is not None and self._before.winfo_exists():
            self._before.focus_set()

    def _changed(self) -> None:
        found = judge(self._field.get(), self._facts)
        look = self._sheet.look
        if found.comparison.outcome == "nothing":
            self._said.configure(text=texts.COMPARE_ADVICE, foreground=look.palette.muted, font=look.small)
        else:
            said = f"{found.said}\n{found.caution}" if found.caution else found.said
            self._said.configure(text=said, foreground=self._colour(found), font=look.bold)
        self._groups.show(found.comparison)

    def _colour(self, found: Verdict) -> str:
        palette = self._sheet.look.palette
        if found.good:
            return palette.good
        return palette.bad if found.caution or found.comparison.outcome == "different" else palette.ink

    def _copy(self) -> None:
        """Of the address that what was typed is held against, as programs take it."""
        fact = judge(self._field.get(), self._facts).fact
        self._sheet.window.clipboard_clear()
        self._sheet.window.clipboard_append(fact.value)
        self._said.configure(text=texts.COMPARE_COPIED.format(label=visible(fact.label)), foreground=self._sheet.look.palette.ink)


class _Groups(tk.Text):
    """Two rows under each other, as often as the width asks for: the groups that were typed, and those of the request."""

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(parent, wrap="none", width=1, height=1, relief="flat", borderwidth=0, highlightthickness=0, undo=False)
        colours = look.palette
        self.configure(background=colours.raised, foreground=colours.ink, font=look.party, padx=look.px(8), pady=look.px(6))
        self.configure(cursor="arrow", takefocus=False, insertwidth=0, exportselection=False, state="disabled")
        self.tag_configure("name", foreground=colours.muted)
        self.tag_configure("otherwise", foreground=colours.good, underline=True)
        self.tag_configure("differs", background=colours.bad, foreground=colours.raised)
        self.tag_configure("alike", foreground=colours.good)
        self.tag_configure("below", spacing3=look.px(_ROW_POINTS))
        self._look = look
        self._made: Comparison | None = None
        self.bind("<Configure>", lambda _: self.show(self._made), add=True)

    def show(self, made: Comparison | None) -> None:
        """Draw a comparison in as many groups a row as there is room for."""
        if made is None:
            return
        self._made = made
        count = max(len(made.typed), len(made.shown))
        columns = [max(len(_group_at(made.typed, at)), len(_group_at(made.shown, at))) for at in range(count)]
        names = max(map(len, (texts.COMPARE_YOURS, texts.COMPARE_HERE)))
        width = max(self.winfo_width(), self._look.px(200)) - 2 * self._look.px(8)
        a_row = max(1, (width // self._look.party.measure("0") - names - 1) // (max(columns, default=0) + 1))
        rows = [(texts.COMPARE_HERE, made.shown, "below")]
        if made.typed:
            rows.insert(0, (texts.COMPARE_YOURS, made.typed, ""))
        self.configure(state="normal")
        self.delete("1.0", "end")
        for start in range(0, count, a_row):
            places = range(start, min(start + a_row, count))
            for name, groups, tag in rows:
                self._row(f"{name:{names}} ", [(f"{_group_at(groups, at):{columns[at]}}", self._mark(made, at)) for at in places], tag)
        self.configure(state="disabled")

    def _mark(self, made: Comparison, place: int) -> str:
        if place in made.places:
            return "otherwise" if made.outcome == "case" else "differs"
        return "alike" if made.outcome in _GOOD else ""

    def _row(self, name: str, groups: list[tuple[str, str]], tag: str) -> None:
        self.insert("end", name, ("name", tag))
        for group, mark in groups:
            self.insert("end", group, (mark, tag))
            self.insert("end", " ", (tag,))
        self.insert("end", "\n", (tag,))


def _group_at(groups: tuple[str, ...], place: int) -> str:
    return groups[place] if place < len(groups) else ""
