"""The windows of a recovery code: typed, checked as it comes, and shown once to be written down."""

from __future__ import annotations

import tkinter as tk

from native_host.approval import texts
from native_host.approval.codes import GROUPS, TypedCode, check_code
from native_host.approval.window.secret import say_hint
from native_host.approval.window.sheet import Sheet
from native_host.approval.window.widgets import SecretText, label
from native_host.approval.window.words import Said, only, reveal
from native_host.protocol.approver import Answer, SecretAsk, ShowSecret
from native_host.review.text import visible

_COLUMNS = 4
_SAID = Said(show=texts.CODE_SHOW, hide=texts.CODE_HIDE, written_down=texts.CODE_WRITTEN_DOWN, shown=texts.CODE_SHOWN)


def open_code(sheet: Sheet, ask: SecretAsk) -> None:
    """Ask for a recovery code; below, its groups stand as they are read, to be compared with the paper."""
    look = sheet.look
    say_hint(sheet, ask)
    label(sheet.content, look, texts.CODE_ADVICE, wrap=sheet.width()).pack(fill="x", pady=(0, look.px(8)))
    field = SecretText(sheet.content, look, lines=2, font=look.large_mono)
    field.pack(fill="x")
    grid = GroupGrid(sheet)
    verdict = label(sheet.content, look, wrap=sheet.width())
    verdict.pack(fill="x", pady=(look.px(6), 0))
    sheet.add_deny(texts.CANCEL)

    def take() -> None:
        typed = check_code(field.get())
        if typed.problem == "none":
            sheet.finish(Answer(id=ask.id, secret=typed.text))

    accept = sheet.add_button(texts.CONTINUE, take, main=True)

    def changed() -> None:
        typed = check_code(field.get())
        grid.judge(typed)
        verdict.configure(text=verdict_on(typed), foreground=_colour(sheet, typed))
        accept.enable(enabled=typed.problem == "none")

    field.watch(changed)
    for key in ("<Return>", "<KP_Enter>"):
        field.text.bind(key, lambda _: only(take))
    sheet.on_close = field.clear
    changed()
    sheet.keys.configure(text=texts.FORM_KEYS)
    sheet.open(field.text)


def verdict_on(typed: TypedCode) -> str:
    """What is right or wrong with what was typed."""
    places = ", ".join(str(place + 1) for place in typed.wrong)
    return texts.CODE_PROBLEMS[typed.problem].format(count=typed.count, places=places)


def _colour(sheet: Sheet, typed: TypedCode) -> str:
    palette = sheet.look.palette
    return {"none": palette.good, "empty": palette.muted, "count": palette.muted}.get(typed.problem, palette.bad)


def open_show_code(sheet: Sheet, ask: ShowSecret) -> None:
    """Show a recovery code to be written down, hidden until the person wants to see it; there is no way to copy it."""
    groups = ask.secret.split()
    for sentence in texts.CODE_SHOW_ADVICE:
        label(sheet.content, sheet.look, sentence, wrap=sheet.width()).pack(fill="x", pady=(0, sheet.look.px(4)))
    grid = GroupGrid(sheet, len(groups), large=True)
    grid.hide()
    sheet.on_close = groups.clear
    reveal(sheet, ask, lambda shown: grid.show(groups) if shown else grid.hide(), _SAID)


class GroupGrid:
    """The groups in two rows, read along."""

    def __init__(self, sheet: Sheet, count: int = GROUPS, *, large: bool = False) -> None:
        look = sheet.look
        self._palette = look.palette
        frame = tk.Frame(sheet.content, background=look.palette.surface)
        frame.pack(fill="x", pady=(look.px(8), 0))
        self._cells: list[tk.Label] = []
        for place in range(count):
            cell = tk.Label(frame, font=look.huge_mono if large else look.large_mono, background=look.palette.raised, width=4)
            cell.configure(pady=look.px(6 if large else 3), foreground=look.palette.muted)
            cell.grid(row=place // _COLUMNS, column=place % _COLUMNS, sticky="ew", padx=look.px(2), pady=look.px(2))
            self._cells.append(cell)
        for column in range(_COLUMNS):
            frame.columnconfigure(column, weight=1, uniform="groups")

    def judge(self, typed: TypedCode) -> None:
        """Show each group as it is read, one with a character that cannot be in another colour."""
        for place, cell in enumerate(self._cells):
            group = visible(typed.groups[place]) if place < len(typed.groups) else ""
            colour = self._palette.bad if place in typed.wrong else self._palette.good if typed.problem == "none" else self._palette.ink
            cell.configure(text=group, foreground=colour)

    def show(self, groups: list[str]) -> None:
        """Show the groups themselves."""
        for cell, group in zip(self._cells, groups, strict=True):
            cell.configure(text=visible(group), foreground=self._palette.ink)

    def hide(self) -> None:
        """Show that there are groups, not which."""
        for cell in self._cells:
            cell.configure(text=texts.CODE_HIDDEN, foreground=self._palette.muted)
