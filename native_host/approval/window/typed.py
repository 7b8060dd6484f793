"""The field of an amount that has to be typed before a request can be approved."""

from __future__ import annotations

import tkinter as tk

from native_host.approval import texts
from native_host.approval.window.sheet import Sheet
from native_host.approval.window.widgets import Field, label
from native_host.protocol.approver import MAX_TYPED_CHARACTERS, TypedText
from native_host.review.text import visible


class TypedAmount(tk.Frame):
    """Arms nothing before it holds exactly what is expected; spaces around it do not count.

    Pasting is refused: who copies a number has not read it, and a page can have put it into the clipboard.
    """

    def __init__(self, parent: tk.Frame, sheet: Sheet, typed: TypedText) -> None:
        look = sheet.look
        super().__init__(parent, background=look.palette.surface)
        self._sheet, self._expected = sheet, typed.expected
        label(self, look, visible(typed.prompt), wrap=sheet.width(), font=look.bold).pack(fill="x")
        row = tk.Frame(self, background=look.palette.surface)
        row.pack(fill="x", pady=(look.px(3), 0))
        self.field = Field(row, look, self._changed, most=MAX_TYPED_CHARACTERS, width=18)
        self.field.pack(side="left")
        self._said = label(row, look, wrap=sheet.width() // 2, font=look.small, ink=look.palette.muted)
        self._said.pack(side="left", fill="x", expand=True, padx=(look.px(8), 0))
        for event in ("<<Paste>>", "<<PasteSelection>>", "<Insert>"):
            self.field.entry.bind(event, lambda _: self._refuse_paste())
        sheet.type_first(typed=False)

    def get(self) -> str:
        """What stands there, without the spaces around."""
        return self.field.get().strip()

    def _changed(self) -> None:
        right = self.get() == self._expected
        palette = self._sheet.look.palette
        self._said.configure(text=texts.TYPED_RIGHT if right else texts.TYPED_WRONG if self.get() else "")
        self._said.configure(foreground=palette.good if right else palette.muted)
        self._sheet.type_first(typed=right)

    def _refuse_paste(self) -> str:
        self._said.configure(text=texts.TYPED_NOT_PASTED, foreground=self._sheet.look.palette.bad)
        return "break"
