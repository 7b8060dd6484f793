"""The window from inside, with a clock that the test moves."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Iterator
from tkinter import ttk
from typing import TYPE_CHECKING, Any

import pytest

from native_host.approval.timing import seconds_for
from native_host.approval.window.look import Look
from native_host.approval.window.review import open_review
from native_host.approval.window.secret import open_secret
from native_host.approval.window.sheet import Sheet
from native_host.approval.window.theme import LIGHT
from native_host.approval.window.words import open_show
from native_host.protocol.approver import Answer, CallerFacts, CompareCode, Fact, GrantOffer, KeyFacts, ReviewAsk, SecretAsk, ShowSecret

if TYPE_CHECKING:
    from tests.window.conftest import Screen

HOSTILE = "\u202egpj\x1b[2J\u200b"
SHOWN = "⟨U+202E⟩gpj⟨U+001B⟩[2J⟨U+200B⟩"


pytestmark = pytest.mark.window


class Bench:
    """A Tk of the test's own, a clock that stands until it is moved, and the answers given."""

    def __init__(self, screen: Screen) -> None:
        self.root = tk.Tk(screenName=screen.display, className="Strongroom")
        self.root.withdraw()
        self.now = 1000.0
        self.answers: list[Answer] = []
        self.sheets: list[Sheet] = []

    def open(self, ask: ReviewAsk | SecretAsk | ShowSecret | CompareCode, form: Callable[[Sheet, Any], None]) -> Sheet:
        """The sheet of an ask, filled by its form."""
        self.sheets.append(Sheet(self.root, Look(self.root, LIGHT), ask, self.answers.append, lambda: self.now))
        form(self.sheets[-1], ask)
        return self.sheets[-1]

    def close(self) -> None:
        for sheet in self.sheets:
            sheet.close()
        self.root.clipboard_clear()  # it would outlive this Tk: it belongs to the process's connection to the display
        self.root.destroy()

    def run_until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < end
            self.root.update()

    def run_ticks(self) -> None:
        """Let everything happen that is due, and two ticks of the window more."""
        done: list[bool] = []
        self.root.after(300, lambda: done.append(True))
        self.run_until(lambda: done)


@pytest.fixture
def bench(screen_of: Callable[[int], Screen]) -> Iterator[Bench]:
    bench = Bench(screen_of(96))
    yield bench
    bench.close()


def review(message: str = "hello") -> ReviewAsk:
    return ReviewAsk(
        id=1,
        method="signMessage",
        title=f"Sign {HOSTILE}",
        caller=CallerFacts(origin=f"chrome-extension://{HOSTILE}/", browser=HOSTILE, evidence=[HOSTILE]),
        key=KeyFacts(label=HOSTILE, alg="ES256K"),
        facts=[
            Fact(label=HOSTILE, value=HOSTILE, kind="text"),
            Fact(label="Account", value="0x52908400098527886E0F7030069857D2E4169EE7", kind="address"),
            Fact(label="Digest", value="ab" * 600, kind="hex"),
            Fact(label="Message", value=message, kind="message"),
        ],
        warnings=[HOSTILE],
        grants=[GrantOffer(id="g", text=HOSTILE)],
    )


def widgets(parent: tk.Misc, kind: type[tk.Misc]) -> list[tk.Misc]:
    found = [child for child in parent.winfo_children() if isinstance(child, kind)]
    return found + [widget for child in parent.winfo_children() for widget in widgets(child, kind)]


def button(sheet: Sheet, text: str) -> ttk.Button:
    (found,) = [widget for widget in widgets(sheet.window, ttk.Button) if isinstance(widget, ttk.Button) and widget.cget("text") == text]
    return found


def body_text(sheet: Sheet) -> str:
    (text,) = widgets(sheet.window, tk.Text)
    assert isinstance(text, tk.Text)
    return text.get("1.0", "end")


def scroll_to_end(sheet: Sheet) -> None:
    (text,) = widgets(sheet.window, tk.Text)
    assert isinstance(text, tk.Text)
    text.yview_moveto(1)


def is_focused(sheet: Sheet) -> bool:
    return sheet.readiness().state != "unfocused"


def test_time_running_out_denies(bench: Bench) -> None:
    """After the time for its kind, an ask that nobody answers is denied, and not before."""
    bench.open(review(), open_review)
    bench.now += seconds_for(review()) - 1
    bench.run_ticks()
    assert bench.answers == []
    bench.now += 2
    bench.run_until(lambda: bench.answers)
    assert bench.answers == [Answer(id=1, verdict="deny")]


def test_before_the_delay_the_button_cannot_be_pressed(bench: Bench) -> None:
    """While the clock stands Approve stays disabled, whatever presses it; a second later it can be pressed."""
    sheet = bench.open(review(), open_review)
    approve = button(sheet, "Approve")
    bench.run_until(lambda: is_focused(sheet))
    scroll_to_end(sheet)
    bench.run_ticks()
    approve.invoke()
    approve.focus_force()
    approve.event_generate("<space>")
    bench.run_ticks()
    assert bench.answers == []
    bench.now += 1
    bench.run_until(lambda: approve.instate(["!disabled"]))
    approve.invoke()
    assert bench.answers == [Answer(id=1, verdict="allow")]


def test_moving_the_window_starts_the_delay_again(bench: Bench) -> None:
    """An armed button is disarmed when the window is moved."""
    sheet = bench.open(review(), open_review)
    approve = button(sheet, "Approve")
    bench.run_until(lambda: is_focused(sheet))
    scroll_to_end(sheet)
    bench.run_ticks()
    bench.now += 1
    bench.run_until(lambda: approve.instate(["!disabled"]))
    sheet.window.geometry("+40+40")
    bench.run_until(lambda: approve.instate(["disabled"]))
    approve.invoke()
    assert bench.answers == []


def test_no_time_replaces_reading_to_the_end(bench: Bench) -> None:
    """A long text keeps Approve disabled until its end is on the screen."""
    ask = review("\n".join(f"Clause {n}" for n in range(300)))
    sheet = bench.open(ask, open_review)
    bench.run_until(lambda: is_focused(sheet))
    bench.now += 60
    bench.run_ticks()
    assert sheet.readiness().state == "unread"
    scroll_to_end(sheet)
    bench.run_until(lambda: sheet.readiness().state == "ready")


def test_callers_text_is_escaped_wherever_it_stands(bench: Bench) -> None:
    """Title, origin, browser, evidence, key, facts, warnings and grants show the escapes, and nothing shows what they hide."""
    sheet = bench.open(review(), open_review)
    labels = [str(widget.cget("text")) for kind in (tk.Label, ttk.Radiobutton) for widget in widgets(sheet.window, kind)]
    everything = "\n".join([body_text(sheet), *labels])
    assert everything.count(SHOWN) == 9
    assert not {"\u202e", "\x1b", "\u200b"} & set(everything)


def test_nothing_is_cut(bench: Bench) -> None:
    """An address stands whole in groups of four, and 600 bytes of hex stand whole."""
    sheet = bench.open(review(), open_review)
    text = body_text(sheet)
    assert "0x5290 8400 0985 2788 6E0F 7030 0698 57D2 E416 9EE7" in text
    assert "ab" * 600 in text.replace("\n", "")


def test_warnings_come_first(bench: Bench) -> None:
    """The text begins with the word and the warning."""
    sheet = bench.open(review(), open_review)
    assert body_text(sheet).strip().startswith(f"Warning. {SHOWN}")


def test_a_secret_cannot_be_copied(bench: Bench) -> None:
    """Selected and copied, a typed passphrase is neither X11's selection nor in the clipboard, shown or not."""
    ask = SecretAsk(id=1, purpose="unlock", title="Unlock")
    sheet = bench.open(ask, open_secret)
    (entry,) = [widget for widget in widgets(sheet.window, tk.Entry) if not isinstance(widget, ttk.Entry)]
    assert isinstance(entry, tk.Entry)
    bench.run_until(lambda: is_focused(sheet))
    button(sheet, "Show what I type").invoke()
    entry.insert(0, "correct horse")
    entry.selection_range(0, "end")
    entry.event_generate("<<Copy>>")
    bench.root.update()
    for selection in ("PRIMARY", "CLIPBOARD"):
        with pytest.raises(tk.TclError):
            bench.root.tk.call("selection", "get", "-selection", selection)


def test_hidden_words_are_nowhere_in_the_window(bench: Bench) -> None:
    """Until Show is pressed no widget holds a word, and after Hide none holds it any more."""
    ask = ShowSecret(id=1, purpose="mnemonic", title="Your words", secret="legal winner thank")
    sheet = bench.open(ask, open_show)

    def shown() -> bool:
        return any("winner" in str(widget.cget("text")) for widget in widgets(sheet.window, tk.Label))

    assert not shown()
    button(sheet, "Show the words").invoke()
    assert shown()
    button(sheet, "Hide the words").invoke()
    assert not shown()
