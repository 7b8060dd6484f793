"""The window that asks for a key file: chosen from the disk, or pasted as text."""

from __future__ import annotations

import os
from tkinter import TclError

from native_host.approval import texts
from native_host.approval.chosen_file import NoKeyFile, read_chosen_file
from native_host.approval.window.secret import say_hint
from native_host.approval.window.sheet import Sheet
from native_host.approval.window.widgets import Button, SecretText, label
from native_host.protocol.approver import MAX_SECRET_CHARACTERS, Answer, SecretAsk

_LINES = 7


def open_key_file(sheet: Sheet, ask: SecretAsk) -> None:
    """Ask for the text of a key file. Nothing is taken before the button that says so is pressed: Enter is a line in the text."""
    look = sheet.look
    say_hint(sheet, ask)
    label(sheet.content, look, texts.FILE_ADVICE, wrap=sheet.width()).pack(fill="x", pady=(0, look.px(8)))
    choose = Button(sheet.content, look, texts.FILE_CHOOSE, lambda: _choose(sheet, field))
    choose.pack(anchor="w")
    label(sheet.content, look, texts.FILE_PASTE, wrap=sheet.width(), font=look.bold).pack(fill="x", pady=(look.px(8), look.px(3)))
    field = SecretText(sheet.content, look, lines=_LINES, font=look.mono)
    field.text.configure(wrap="char")
    field.pack(fill="both", expand=True)
    sheet.add_deny(texts.CANCEL)

    def fits() -> bool:
        typed = field.get()
        return bool(typed.strip()) and len(typed) <= MAX_SECRET_CHARACTERS

    def take() -> None:
        if fits():
            sheet.finish(Answer(id=ask.id, secret=field.get()))

    accept = sheet.add_button(texts.CONTINUE, take, main=True)

    def changed() -> None:
        count = len(field.get())
        too_long = count > MAX_SECRET_CHARACTERS
        sheet.say(texts.FILE_TOO_LONG if too_long else texts.FILE_SIZE.format(count=count) if fits() else "")
        accept.enable(enabled=fits())

    field.watch(changed)
    sheet.on_close = lambda: _close(sheet, field)
    changed()
    sheet.keys.configure(text=texts.FILE_KEYS)
    sheet.open(choose.button)


def _close(sheet: Sheet, field: SecretText) -> None:
    """Empty the field. A dialog of Tk's own that is open waits for this variable, and would keep the process from ending."""
    field.clear()
    sheet.window.tk.call("set", "::tk::Priv(selectFilePath)", "")


def _choose(sheet: Sheet, field: SecretText) -> None:
    """Fill the field with a file. The dialog has an event loop of its own, in which this window may time out or be withdrawn."""
    from contextlib import suppress
    from tkinter.filedialog import askopenfilename

    path = ""
    # Its own end fails when it went with this window.
    with suppress(TclError):
        path = askopenfilename(parent=sheet.window, title=texts.FILE_CHOOSE, initialdir=os.path.expanduser("~"))
    if not sheet.is_open() or not path:
        return
    try:
        text = read_chosen_file(path)
    except NoKeyFile as error:
        sheet.say(str(error))
        return
    field.clear()
    field.text.insert("1.0", text)
    field.text.focus_set()
