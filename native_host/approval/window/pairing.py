"""The window of a code that is compared: with the browser's when an extension is paired, with its owner's for the fingerprint of a key."""

from __future__ import annotations

import tkinter as tk

from native_host.approval import texts
from native_host.approval.codes import pairing_code
from native_host.approval.window.review import guard
from native_host.approval.window.sheet import Sheet
from native_host.approval.window.widgets import label
from native_host.protocol.approver import Answer, CompareCode
from native_host.review.text import in_groups, visible


def open_compare(sheet: Sheet, ask: CompareCode) -> None:
    """Show the code; that it is the same can be said after the delay, that it is not at once."""

    def same() -> None:
        if sheet.is_ready():
            sheet.finish(Answer(id=ask.id, verdict="allow"))

    look = sheet.look
    digits = pairing_code(ask.code)
    label(sheet.content, look, texts.PAIR_COMPARE if digits else texts.COMPARE, wrap=sheet.width()).pack(fill="x")
    code = tk.Label(sheet.content, text=digits or in_groups(visible(ask.code)), font=look.huge_mono, foreground=look.palette.ink)
    code.configure(background=look.palette.raised, pady=look.px(16), wraplength=sheet.width())
    code.pack(fill="x", pady=(look.px(10), 0))
    differ = sheet.add_deny(texts.PAIR_DIFFER)
    button = sheet.add_button(texts.PAIR_SAME, same, main=True)
    guard(sheet, button, ready=texts.PAIR_READY, arming=texts.PAIR_ARMING)
    sheet.arming.set_seen()
    sheet.keys.configure(text=texts.REVIEW_KEYS)
    sheet.open(differ.button)
