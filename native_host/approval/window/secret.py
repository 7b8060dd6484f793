"""Windows in which a secret is typed: to unlock, to choose a passphrase or a PIN, the extra passphrase of recovery words."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from msgspec import UNSET

from native_host.approval import texts
from native_host.approval.strength import MIN_CHARACTERS, MIN_PIN_CHARACTERS, estimate_strength
from native_host.approval.window.sheet import Sheet
from native_host.approval.window.widgets import Button, SecretEntry, caps_lock_is_on, label, notice
from native_host.protocol.approver import Answer, SecretAsk, SecretPurpose

_ADVICE: dict[SecretPurpose, str] = {
    "bip39Passphrase": texts.BIP39_ADVICE,
    "keyFilePassword": texts.FILE_PASSWORD_ADVICE,
    "backup": texts.BACKUP_ADVICE,
}
_STRENGTH_STEPS = {"tooShort": 0, "weak": 1, "fair": 2, "good": 3, "strong": 4}


def open_secret(sheet: Sheet, ask: SecretAsk) -> None:
    """Ask for one secret, as ``ask.purpose`` says; the empty one is accepted only as BIP39's extra passphrase."""
    may_be_empty = ask.purpose == "bip39Passphrase"
    say_hint(sheet, ask)
    if ask.purpose in _ADVICE:
        label(sheet.content, sheet.look, _ADVICE[ask.purpose], wrap=sheet.width()).pack(fill="x", pady=(0, sheet.look.px(8)))
    form = _Form(sheet, ask)
    entry = form.add_entry(texts.PURPOSE_LABELS[ask.purpose])
    form.add_buttons(texts.UNLOCK if ask.purpose == "unlock" else texts.CONTINUE)
    form.judge = lambda: may_be_empty or bool(entry.get())
    form.open()


def open_new_passphrase(sheet: Sheet, ask: SecretAsk) -> None:
    """Ask for a new passphrase, typed twice, and say how strong it looks; only its length is a rule."""
    meters: list[_Meter] = []
    form, first, second = _typed_twice(sheet, ask, texts.PASSPHRASE_ADVICE, lambda: meters.append(_Meter(sheet)))
    form.add_buttons(texts.SET_PASSPHRASE)

    def judge() -> bool:
        meters[0].show(first.get())
        return _are_alike(sheet, first.get(), second.get(), MIN_CHARACTERS)

    form.judge = judge
    form.open()


def open_new_pin(sheet: Sheet, ask: SecretAsk) -> None:
    """Ask for a PIN that a device is to have, typed twice; how long it must be, the device's own hint says if it is more than four."""
    form, first, second = _typed_twice(sheet, ask, texts.PIN_ADVICE)
    form.add_buttons(texts.SET_PIN)
    form.judge = lambda: _are_alike(sheet, first.get(), second.get(), MIN_PIN_CHARACTERS)
    form.open()


def _typed_twice(
    sheet: Sheet, ask: SecretAsk, advice: str, between: Callable[[], None] = lambda: None
) -> tuple[_Form, SecretEntry, SecretEntry]:
    say_hint(sheet, ask)
    label(sheet.content, sheet.look, advice, wrap=sheet.width()).pack(fill="x", pady=(0, sheet.look.px(8)))
    form = _Form(sheet, ask)
    first = form.add_entry(texts.PURPOSE_LABELS[ask.purpose])
    between()
    return form, first, form.add_entry(texts.AGAIN)


def _are_alike(sheet: Sheet, typed: str, again: str, least: int) -> bool:
    """Whether it is long enough and twice the same; what is missing is said."""
    long_enough = len(typed) >= least
    sheet.status.configure(text="" if long_enough else texts.TOO_SHORT.format(count=least))
    if long_enough and typed != again:
        sheet.status.configure(text=texts.DIFFERENT if again else "")
    return long_enough and typed == again


def say_hint(sheet: Sheet, ask: SecretAsk) -> None:
    """What the host has to say, such as how many tries are left."""
    if ask.hint is not UNSET:
        notice(sheet.content, sheet.look, ask.hint, wrap=sheet.width()).pack(fill="x", pady=(0, sheet.look.px(10)))


class _Form:
    """Entries and the button that takes them. ``judge`` says whether they are acceptable; it is asked at every change."""

    def __init__(self, sheet: Sheet, ask: SecretAsk) -> None:
        self._sheet, self._ask = sheet, ask
        self._entries: list[SecretEntry] = []
        self._accept: Button | None = None
        self._shown = False
        self.judge: Callable[[], bool] = lambda: False
        sheet.on_close = self._clear

    def add_entry(self, text: str) -> SecretEntry:
        look = self._sheet.look
        label(self._sheet.content, look, text, wrap=self._sheet.width(), font=look.bold).pack(fill="x", pady=(look.px(4), look.px(3)))
        entry = SecretEntry(self._sheet.content, look, self._changed)
        entry.pack(fill="x")
        entry.entry.bind("<Return>", lambda _: self._enter(entry))
        entry.entry.bind("<KP_Enter>", lambda _: self._enter(entry))
        entry.entry.bind("<KeyRelease>", self._see_caps_lock, add=True)
        self._entries.append(entry)
        return entry

    def add_buttons(self, accept: str) -> None:
        sheet, look = self._sheet, self._sheet.look
        row = tk.Frame(sheet.content, background=look.palette.surface)
        row.pack(fill="x", pady=(look.px(8), 0))
        self._reveal = Button(row, look, texts.SHOW_TYPED, self._toggle)
        self._reveal.pack(side="left")
        self._caps = label(row, look, wrap=sheet.width() // 2, font=look.bold, ink=look.palette.warning_mark)
        self._caps.pack(side="left", fill="x", expand=True, padx=(look.px(10), 0))
        label(sheet.content, look, texts.ONLY_HERE, wrap=sheet.width(), font=look.small, ink=look.palette.muted).pack(
            fill="x", pady=(look.px(8), 0)
        )
        sheet.add_deny(texts.CANCEL)
        self._accept = sheet.add_button(accept, self._take, main=True)

    def open(self) -> None:
        self._changed()
        self._sheet.keys.configure(text=texts.FORM_KEYS)
        self._sheet.open(self._entries[0].entry)

    def _changed(self) -> None:
        if self._accept is not None:
            self._accept.enable(enabled=self.judge())

    def _enter(self, entry: SecretEntry) -> None:
        """Enter in the last field takes the form, in another it goes on to the next."""
        if entry is self._entries[-1]:
            self._take()
        else:
            self._entries[self._entries.index(entry) + 1].entry.focus_set()

    def _take(self) -> None:
        if self.judge():
            self._sheet.finish(Answer(id=self._ask.id, secret=self._entries[0].get()))

    def _toggle(self) -> None:
        self._shown = not self._shown
        self._reveal.say(texts.HIDE_TYPED if self._shown else texts.SHOW_TYPED)
        for entry in self._entries:
            entry.reveal(shown=self._shown)

    def _see_caps_lock(self, event: tk.Event[tk.Misc]) -> None:
        self._caps.configure(text=texts.CAPS_LOCK if caps_lock_is_on(event.state) else "")

    def _clear(self) -> None:
        for entry in self._entries:
            entry.clear()


class _Meter:
    """How strong a passphrase looks: a bar of four steps, and the word for it."""

    def __init__(self, sheet: Sheet) -> None:
        look = sheet.look
        self._palette = look.palette
        row = tk.Frame(sheet.content, background=look.palette.surface)
        row.pack(fill="x", pady=(look.px(4), look.px(4)))
        self._steps = [tk.Frame(row, width=look.px(26), height=look.px(4), background=look.palette.line) for _ in range(4)]
        for step in self._steps:
            step.pack(side="left", padx=(0, look.px(3)))
        self._word = label(row, look, wrap=sheet.width() // 2, font=look.small, ink=look.palette.muted)
        self._word.pack(side="left", fill="x", expand=True, padx=(look.px(6), 0))

    def show(self, passphrase: str) -> None:
        """Draw the estimate; nothing for an empty one."""
        palette = self._palette
        strength = estimate_strength(passphrase)
        reached = _STRENGTH_STEPS[strength] if passphrase else 0
        colour = {1: palette.bad, 2: palette.warning_mark}.get(reached, palette.good)
        for number, step in enumerate(self._steps):
            step.configure(background=colour if number < reached else palette.line)
        self._word.configure(text=texts.STRENGTH.format(strength=texts.STRENGTHS[strength]) if passphrase else "")
