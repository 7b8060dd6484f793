"""The windows of recovery words and of shares: typed, each word checked as it comes, and shown once to be written down."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from unicodedata import normalize

from native_host.approval import shares, texts
from native_host.approval.window.review import guard
from native_host.approval.window.secret import say_hint
from native_host.approval.window.sheet import Sheet
from native_host.approval.window.widgets import Button, SecretText, label
from native_host.approval.words import Problem, TypedWords, check_words, is_listed, words_starting
from native_host.protocol.approver import Answer, SecretAsk, ShowSecret
from native_host.review.text import visible
from native_host.value import Value

_COLUMNS = 4
_SUGGESTIONS = 8


class Vocabulary(Value, frozen=True, kw_only=True):
    """What the words of one kind are, and what is said of them. ``most`` is how many there can be."""

    check: Callable[[str], TypedWords]
    listed: Callable[[str], bool]
    starting: Callable[[str], tuple[str, ...]]
    most: int
    advice: str
    problems: dict[Problem, str]


_MNEMONIC = Vocabulary(
    check=check_words, listed=is_listed, starting=words_starting, most=24, advice=texts.WORDS_ADVICE, problems=texts.WORD_PROBLEMS
)
_SHARE = Vocabulary(
    check=shares.check_share,
    listed=shares.is_listed,
    starting=shares.words_starting,
    most=shares.LONGEST,
    advice=texts.SHARE_ADVICE,
    problems=texts.SHARE_PROBLEMS,
)


def open_mnemonic(sheet: Sheet, ask: SecretAsk) -> None:
    """Ask for recovery words; every word is checked against the list while it is typed."""
    _open_typed(sheet, ask, _MNEMONIC)


def open_share(sheet: Sheet, ask: SecretAsk) -> None:
    """Ask for the words of a share, all or some of them."""
    _open_typed(sheet, ask, _SHARE)


def _open_typed(sheet: Sheet, ask: SecretAsk, vocabulary: Vocabulary) -> None:
    look = sheet.look
    say_hint(sheet, ask)
    label(sheet.content, look, vocabulary.advice, wrap=sheet.width()).pack(fill="x", pady=(0, look.px(8)))
    field = _WordsField(sheet, vocabulary)
    grid = WordGrid(sheet, vocabulary.most)
    verdict = label(sheet.content, look, wrap=sheet.width())
    verdict.configure(height=2)
    verdict.pack(fill="x", pady=(look.px(6), 0))
    sheet.add_deny(texts.CANCEL)

    def take() -> None:
        typed = vocabulary.check(field.get())
        if typed.problem == "none":
            sheet.finish(Answer(id=ask.id, secret=typed.sentence))

    accept = sheet.add_button(texts.CONTINUE, take, main=True)

    def changed() -> None:
        typed = vocabulary.check(field.get())
        unfinished = field.unfinished()
        grid.judge(typed, unfinished)
        verdict.configure(text=_verdict(vocabulary, typed, unfinished), foreground=_verdict_colour(sheet, typed, unfinished))
        accept.enable(enabled=typed.problem == "none")

    field.watch(changed)
    field.text.bind("<Return>", lambda _: only(take))
    sheet.on_close = field.clear
    changed()
    sheet.keys.configure(text=texts.FORM_KEYS)
    sheet.open(field.text)


def _verdict(vocabulary: Vocabulary, typed: TypedWords, unfinished: str) -> str:
    if unfinished:
        return " · ".join(vocabulary.starting(unfinished)[:_SUGGESTIONS])
    if typed.problem == "empty":
        return vocabulary.problems["empty"]
    counted = texts.WORDS_COUNT_ONE if len(typed.words) == 1 else texts.WORDS_COUNT.format(count=len(typed.words))
    problem = vocabulary.problems[typed.problem].format(places=", ".join(str(place + 1) for place in typed.unknown))
    if vocabulary is _SHARE and typed.problem == "none" and len(typed.words) >= shares.SHORTEST:
        problem = texts.SHARE_COMPLETE
    return f"{counted}: {problem}"


def _verdict_colour(sheet: Sheet, typed: TypedWords, unfinished: str) -> str:
    palette = sheet.look.palette
    if unfinished or typed.problem in {"empty", "count"}:
        return palette.muted
    return palette.good if typed.problem == "none" else palette.bad


class _WordsField(SecretText):
    """The field for the words."""

    def __init__(self, sheet: Sheet, vocabulary: Vocabulary) -> None:
        super().__init__(sheet.content, sheet.look, lines=3, font=sheet.look.large_mono)
        self._vocabulary = vocabulary
        self.pack(fill="x")

    def unfinished(self) -> str:
        """The word that is being typed at the end, if it is none of the list but can still become one."""
        typed = self.get().lower()
        last = "" if not typed or typed[-1].isspace() else typed.split()[-1]
        return last if self._vocabulary.starting(last) and not self._vocabulary.listed(last) else ""


def only(act: Callable[[], None]) -> str:
    """Do that, and not what the key does in a text."""
    act()
    return "break"


class WordGrid:
    """Numbered cells in columns, read down: one for each word."""

    def __init__(self, sheet: Sheet, count: int) -> None:
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
    """Show recovery words or those of a share to be written down, hidden until the person wants to see them; they cannot be copied."""
    words = ask.secret.split()
    for sentence in texts.SHARE_SHOW_ADVICE if ask.purpose == "share" else texts.SHOW_ADVICE:
        label(sheet.content, sheet.look, sentence, wrap=sheet.width()).pack(fill="x", pady=(0, sheet.look.px(4)))
    grid = WordGrid(sheet, len(words))
    grid.hide()
    sheet.on_close = words.clear
    reveal(sheet, ask, lambda shown: grid.show(words) if shown else grid.hide(), WORDS_SAID)


class Said(Value, frozen=True, kw_only=True):
    """What is said around something that is shown to be written down."""

    show: str
    hide: str
    written_down: str
    shown: str


WORDS_SAID = Said(show=texts.SHOW, hide=texts.HIDE, written_down=texts.WRITTEN_DOWN, shown=texts.WORDS_SHOWN)


def reveal(sheet: Sheet, ask: ShowSecret, put: Callable[[bool], None], said: Said) -> None:
    """The button that shows it and hides it again (``put``), and the one that says it is written down, ready once it was shown."""
    shown = False

    def toggle() -> None:
        nonlocal shown
        shown = not shown
        put(shown)
        button.say(said.hide if shown else said.show)
        if shown:
            sheet.arming.set_seen()

    def done() -> None:
        if sheet.is_ready():
            sheet.finish(Answer(id=ask.id, verdict="done"))

    button = Button(sheet.content, sheet.look, said.show, toggle)
    button.pack(anchor="w", pady=(sheet.look.px(8), 0))
    sheet.add_deny(texts.CANCEL)
    guard(sheet, sheet.add_button(said.written_down, done, main=True), unread=texts.SHOW_FIRST, ready=said.shown)
    sheet.keys.configure(text=texts.SHOW_KEYS)
    sheet.open(button.button)
