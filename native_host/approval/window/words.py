"""The windows of recovery words: typed to restore or to prove a backup, and shown once to be written down."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from unicodedata import normalize

from native_host.approval import texts
from native_host.approval.window.review import guard
from native_host.approval.window.secret import say_hint
from native_host.approval.window.sheet import Sheet
from native_host.approval.window.widgets import Button, SecretText, label
from native_host.approval.words import TypedWords, check_words, is_listed, words_starting
from native_host.protocol.approver import Answer, SecretAsk, ShowSecret
from native_host.review.text import visible

_COLUMNS = 4
_SUGGESTIONS = 8
_MOST_WORDS = 24


def open_mnemonic(sheet: Sheet, ask: SecretAsk) -> None:
    """Ask for recovery words; every word is checked against the list while it is typed."""
    look = sheet.look
    say_hint(sheet, ask)
    label(sheet.content, look, texts.WORDS_ADVICE, wrap=sheet.width()).pack(fill="x", pady=(0, look.px(8)))
    field = _WordsField(sheet)
    grid = WordGrid(sheet)
    verdict = label(sheet.content, look, wrap=sheet.width())
    verdict.configure(height=2)
    verdict.pack(fill="x", pady=(look.px(6), 0))
    sheet.add_deny(texts.CANCEL)

    def take() -> None:
        typed = check_words(field.get())
        if typed.problem == "none":
            sheet.finish(Answer(id=ask.id, secret=typed.sentence))

    accept = sheet.add_button(texts.CONTINUE, take, main=True)

    def changed() -> None:
        typed = check_words(field.get())
        unfinished = field.unfinished()
        grid.judge(typed, unfinished)
        verdict.configure(text=_verdict(typed, unfinished), foreground=_verdict_colour(sheet, typed, unfinished))
        accept.enable(enabled=typed.problem == "none")

    field.watch(changed)
    field.text.bind("<Return>", lambda _: _only(take))
    sheet.on_close = field.clear
    changed()
    sheet.keys.configure(text=texts.FORM_KEYS)
    sheet.open(field.text)


def _verdict(typed: TypedWords, unfinished: str) -> str:
    if unfinished:
        return " · ".join(words_starting(unfinished)[:_SUGGESTIONS])
    if typed.problem == "empty":
        return texts.WORD_PROBLEMS["empty"]
    counted = texts.WORDS_COUNT_ONE if len(typed.words) == 1 else texts.WORDS_COUNT.format(count=len(typed.words))
    problem = texts.WORD_PROBLEMS[typed.problem].format(places=", ".join(str(place + 1) for place in typed.unknown))
    return f"{counted}: {problem}"


def _verdict_colour(sheet: Sheet, typed: TypedWords, unfinished: str) -> str:
    palette = sheet.look.palette
    if unfinished or typed.problem in {"empty", "count"}:
        return palette.muted
    return palette.good if typed.problem == "none" else palette.bad


class _WordsField(SecretText):
    """The field for the words."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__(sheet.content, sheet.look, lines=3, font=sheet.look.large_mono)
        self.pack(fill="x")

    def unfinished(self) -> str:
        """The word that is being typed at the end, if it is none of the list but can still become one."""
        typed = self.get().lower()
        last = "" if not typed or typed[-1].isspace() else typed.split()[-1]
        return last if words_starting(last) and not is_listed(last) else ""


def _only(act: Callable[[], None]) -> str:
    """Do that, and not what the key does in a text."""
    act()
    return "break"


class WordGrid:
    """Numbered cells in columns, read down: one for each word."""

    def __init__(self, sheet: Sheet, count: int = _MOST_WORDS) -> None:
        look = sheet.look
        self._palette = look.palette
        frame = tk.Frame(sheet.content, background=look.palette.surface)
        frame.pack(fill="x", pady=(look.px(8), 0))
        rows = -(-count // _COLUMNS)
        self._cells: list[tk.Label] = []
        for place in range(count):
            cell = tk.Label(frame, font=look.mono, anchor="w", background=look.palette.raised, foreground=look.palette.muted)
            cell.configure(padx=look.px(6), pady=look.px(4), text=_cell(place, ""))
            cell.grid(row=place % rows, column=place // rows, sticky="ew", padx=look.px(1), pady=look.px(1))
            self._cells.append(cell)
        for column in range(_COLUMNS):
            frame.columnconfigure(column, weight=1, uniform="words")

    def judge(self, typed: TypedWords, unfinished: str) -> None:
        """Show each typed word with a mark: on the list, or not."""
        for place, cell in enumerate(self._cells):
            if place >= len(typed.words):
                cell.configure(text=_cell(place, ""), foreground=self._palette.muted, background=self._palette.surface)
                continue
            wrong = place in typed.unknown
            typing = wrong and bool(unfinished) and place == len(typed.words) - 1
            mark, colour = ("…", self._palette.muted) if typing else ("✗", self._palette.bad) if wrong else ("✓", self._palette.good)
            cell.configure(
                text=f"{_cell(place, visible(_composed(typed.words[place]))[:12])} {mark}",
                foreground=colour,
                background=self._palette.raised,
            )

    def show(self, words: list[str]) -> None:
        """Show the words themselves."""
        for place, word in enumerate(words):
            self._cells[place].configure(text=_cell(place, visible(_composed(word))), foreground=self._palette.ink)

    def hide(self) -> None:
        """Show that there are words, not which."""
        for place, cell in enumerate(self._cells):
            cell.configure(text=_cell(place, texts.HIDDEN), foreground=self._palette.muted)


def _composed(word: str) -> str:
    """A word as it is read: BIP39 writes accents, and the parts of a Korean syllable, as letters of their own."""
    return normalize("NFC", word)


def _cell(place: int, word: str) -> str:
    return f"{place + 1:>2} {word}"


def open_show(sheet: Sheet, ask: ShowSecret) -> None:
    """Show recovery words to be written down, hidden until the person wants to see them; there is no way to copy them."""
    look, words = sheet.look, ask.secret.split()
    for sentence in texts.SHOW_ADVICE:
        label(sheet.content, look, sentence, wrap=sheet.width()).pack(fill="x", pady=(0, look.px(4)))
    grid = WordGrid(sheet, len(words))
    grid.hide()
    shown = False

    def toggle() -> None:
        nonlocal shown
        shown = not shown
        grid.show(words) if shown else grid.hide()
        reveal.say(texts.HIDE if shown else texts.SHOW)
        if shown:
            sheet.arming.set_seen()

    def done() -> None:
        if sheet.is_ready():
            sheet.finish(Answer(id=ask.id, verdict="done"))

    reveal = Button(sheet.content, look, texts.SHOW, toggle)
    reveal.pack(anchor="w", pady=(look.px(8), 0))
    sheet.add_deny(texts.CANCEL)
    guard(sheet, sheet.add_button(texts.WRITTEN_DOWN, done, main=True), unread=texts.SHOW_FIRST, ready=texts.WORDS_SHOWN)
    sheet.on_close = words.clear
    sheet.keys.configure(text=texts.SHOW_KEYS)
    sheet.open(reveal.button)
