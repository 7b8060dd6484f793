"""The window of a request that moves money, from inside: what is in sight, what is one key away, what is copied, what is compared."""

from __future__ import annotations

import time
import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

import msgspec
import pytest

from native_host.approval.answering import often
from native_host.approval.arrangement import without_gaps
from native_host.approval.timing import SHORT_SECONDS, seconds_for
from native_host.approval.window.facts import FactsText
from native_host.approval.window.glance import Glance
from native_host.approval.window.review import open_review
from native_host.approval.window.theme import LIGHT
from native_host.protocol.approver import Answer, Fact, GrantOffer, ReviewAsk
from tests.window.money import ASKS, FRIEND, SPENDER
from tests.window.test_sheet import bench, button, is_focused, review, widgets  # noqa: F401  # the fixture

if TYPE_CHECKING:
    from native_host.approval.window.sheet import Sheet
    from tests.window.test_sheet import Bench

LEAST = (480, 360)  # at 96 dots per inch

pytestmark = pytest.mark.window


def shown(sheet: Sheet) -> str:
    """Everything that the window says, without the gaps that are only drawn; what is hidden in it is left out."""
    said = [str(widget.cget("text")) for kind in (tk.Label, ttk.Radiobutton) for widget in widgets(sheet.window, kind)]
    return without_gaps("\n".join([*said, *(text.plain("1.0", "end") for text in facts_texts(sheet))]))


def facts_texts(sheet: Sheet) -> list[FactsText]:
    return [widget for widget in widgets(sheet.window, FactsText) if isinstance(widget, FactsText)]


def body(sheet: Sheet) -> FactsText:
    (found,) = [text for text in facts_texts(sheet) if text.cget("takefocus") not in (0, "0")]
    return found


def glance(sheet: Sheet) -> FactsText:
    (found,) = [text for text in facts_texts(sheet) if text.cget("takefocus") in (0, "0")]
    return found


def entry(sheet: Sheet) -> tk.Entry:
    (found,) = [widget for widget in widgets(sheet.window, tk.Entry) if not isinstance(widget, ttk.Entry)]
    assert isinstance(found, tk.Entry)
    return found


def resize(bench: Bench, sheet: Sheet, width: int, height: int) -> None:  # noqa: F811
    sheet.window.geometry(f"{width}x{height}")
    bench.run_until(lambda: (sheet.window.winfo_width(), sheet.window.winfo_height()) == (width, height))
    bench.root.update()


def press(bench: Bench, sheet: Sheet, keys: str) -> None:  # noqa: F811
    """A key, wherever the keyboard is in the window."""
    (sheet.window.focus_get() or sheet.window).event_generate(keys)
    bench.root.update()


def read(bench: Bench, sheet: Sheet) -> None:  # noqa: F811
    bench.run_until(lambda: is_focused(sheet))
    body(sheet).yview_moveto(1)
    bench.run_ticks()
    bench.now += 1
    bench.run_ticks()


@pytest.mark.parametrize("name", ASKS)
def test_every_fact_is_in_sight_or_one_key_away(bench: Bench, name: str) -> None:  # noqa: F811
    """Each label and each value, whole; after Alt and R raw data too, which is named with its size before."""
    ask = ASKS[name]
    sheet = bench.open(ask, open_review)
    bench.run_until(lambda: is_focused(sheet))
    before = shown(sheet)
    press(bench, sheet, "<Alt-r>")
    after = shown(sheet).replace("\n", "")
    missing = [fact.label for fact in ask.facts if fact.value.replace("\n", "") not in after]
    assert [] == missing
    assert [] == [fact.label for fact in ask.facts if fact.label not in before and "Web page" not in fact.label]
    assert [] == [text for text in (ask.title, ask.caller.origin, *ask.caller.evidence, *ask.warnings) if text not in before]


def test_raw_data_is_put_away_again(bench: Bench) -> None:  # noqa: F811
    """It is not there at first, comes, and goes; the window never says less than before."""
    ask = ASKS["blind"]
    data = next(fact.value for fact in ask.facts if fact.label == "Data")
    sheet = bench.open(ask, open_review)
    before = shown(sheet)
    assert data not in before.replace("\n", "")
    button(sheet, "Show raw data").invoke()
    assert data in shown(sheet).replace("\n", "")
    button(sheet, "Hide raw data").invoke()
    assert before == shown(sheet)


@pytest.mark.parametrize("name", [name for name in ASKS if name not in {"bitcoin-several", "create", "solana-blind"}])
@pytest.mark.parametrize("size", [LEAST, (900, 600)])
def test_the_amount_and_whom_it_is_for_stay_in_sight(bench: Bench, name: str, size: tuple[int, int]) -> None:  # noqa: F811
    """In the smallest window too, however long the rest is and wherever it is scrolled to; so do both buttons."""
    sheet = bench.open(ASKS[name], open_review)
    bench.run_until(lambda: is_focused(sheet))
    resize(bench, sheet, *size) if name != "pay-typed" or size != LEAST else resize(bench, sheet, size[0], size[1] + 70)
    body(sheet).yview_moveto(1)
    bench.run_ticks()
    text = glance(sheet)
    for tag in ("amount", "address"):
        first = text.tag_ranges(tag)[0]
        box = text.bbox(first)
        assert box is not None
        assert box[1] + box[3] <= text.winfo_height()
    for name_of in ("Deny", "Approve"):
        shown_button = button(sheet, name_of)
        right = shown_button.winfo_rootx() + shown_button.winfo_width()
        bottom = shown_button.winfo_rooty() + shown_button.winfo_height()
        assert right <= sheet.window.winfo_rootx() + sheet.window.winfo_width()
        assert bottom <= sheet.window.winfo_rooty() + sheet.window.winfo_height()


def test_what_is_cropped_at_the_top_is_read_below(bench: Bench) -> None:  # noqa: F811
    """In a window too small for it, the whole of it stands in what has to be scrolled to its end."""
    sheet = bench.open(ASKS["permit"], open_review)
    bench.run_until(lambda: is_focused(sheet))
    assert SPENDER not in body(sheet).plain("1.0", "end")
    resize(bench, sheet, *LEAST)
    assert SPENDER in body(sheet).plain("1.0", "end")
    assert "12345678.9 USDC (12345678900000 of its smallest units)" in body(sheet).plain("1.0", "end")
    resize(bench, sheet, 627, 700)
    assert SPENDER not in body(sheet).plain("1.0", "end")


def test_an_endless_title_pushes_nothing_away(bench: Bench) -> None:  # noqa: F811
    """Attack: the name of a type of typed data as long as a book. It stands whole in what is scrolled; the buttons stay."""
    ask = msgspec.structs.replace(ASKS["permit"], title="Sign data of the kind " + "Innocent" * 1000)
    sheet = bench.open(ask, open_review)
    bench.run_until(lambda: is_focused(sheet))
    resize(bench, sheet, *LEAST)
    assert "Innocent" * 1000 in body(sheet).plain("1.0", "end").replace("\n", "")
    deny = button(sheet, "Deny")
    assert deny.winfo_rooty() + deny.winfo_height() <= sheet.window.winfo_rooty() + sheet.window.winfo_height()
    assert glance(sheet).bbox("2.0") is not None


def test_small_payments_do_not_hide_a_large_one(bench: Bench) -> None:  # noqa: F811
    """Of several amounts none stands at the top; how many there are is said first, and each stands large below."""
    sheet = bench.open(ASKS["bitcoin-several"], open_review)
    text = body(sheet)
    assert [] == widgets(widgets(sheet.window, Glance)[0], FactsText)
    assert "Amounts: 3. Addresses: 3." in shown(sheet)
    ranges = [str(place) for place in text.tag_ranges("amount")]
    assert "0.03800000 BTC" in [text.plain(first, last).strip() for first, last in zip(ranges[::2], ranges[1::2], strict=True)]


@pytest.mark.parametrize(
    ("first", "last"), [("address.first", "address.last"), ("address.first + 3 chars", "address.last"), ("1.0", "end")]
)
def test_a_copied_address_has_no_spaces(bench: Bench, first: str, last: str) -> None:  # noqa: F811
    """Selected in part or in whole, or with all around it: nothing that is only drawn goes to the clipboard."""
    sheet = bench.open(ASKS["pay-token"], open_review)
    text = glance(sheet)
    text.tag_add("sel", first, last)
    text.event_generate("<<Copy>>")
    bench.root.update()
    copied = bench.root.clipboard_get()
    assert copied.strip() in (FRIEND, FRIEND[3:]) or f"\n{FRIEND}" in copied
    assert "\u202f" not in copied
    assert "12500.5 USDC" in copied or copied.strip() != copied or len(copied) <= len(FRIEND)


def test_a_double_click_takes_the_whole_address(bench: Bench) -> None:  # noqa: F811
    """Not one group of it."""
    sheet = bench.open(ASKS["pay-token"], open_review)
    bench.run_until(lambda: is_focused(sheet))
    text = glance(sheet)
    box = text.bbox("address.first + 12 chars")
    assert box is not None
    for _ in range(2):
        text.event_generate("<Button-1>", x=box[0] + 2, y=box[1] + 2)
        text.event_generate("<ButtonRelease-1>", x=box[0] + 2, y=box[1] + 2)
    text.event_generate("<<Copy>>")
    bench.root.update()
    assert FRIEND == bench.root.clipboard_get()


@pytest.mark.parametrize("name", ["pay-token", "bitcoin-several", "solana"])
def test_addresses_wrap_at_their_groups(bench: Bench, name: str) -> None:  # noqa: F811
    """In a narrow window no line ends within a group."""
    sheet = bench.open(ASKS[name], open_review)
    bench.run_until(lambda: is_focused(sheet))
    resize(bench, sheet, 480, 700)
    for text in facts_texts(sheet):
        text.configure(state="normal")
        ranges = [str(place) for place in text.tag_ranges("address")]
        for first, last in zip(ranges[::2], ranges[1::2], strict=True):
            at = text.index(f"{first} display lineend")
            while text.compare(at, "<", last):
                assert " " in text.get(f"{at} - 1 chars", f"{at} + 1 chars")
                at = text.index(f"{at} + 1 chars display lineend")


def chain(sheet: Sheet) -> list[str]:
    """What Tab comes to, from Deny on."""
    start = button(sheet, "Deny")
    found, at = [], start.tk_focusNext()
    while at is not None and at is not start:
        found.append(str(at.cget("text")).replace("\n", " ") if isinstance(at, ttk.Button | ttk.Radiobutton) else type(at).__name__)
        at = at.tk_focusNext()
    return found


def test_the_order_of_tab(bench: Bench) -> None:  # noqa: F811
    """Deny first, then on to Approve, and around: everything that can be pressed or filled in is reached."""
    offers = [GrantOffer(id="1", text="One more")]
    ask = msgspec.structs.replace(ASKS["blind"], grants=offers, typed=ASKS["pay-typed"].typed)
    sheet = bench.open(ask, open_review)
    bench.run_until(lambda: is_focused(sheet))
    assert button(sheet, "Deny") is sheet.window.focus_get()
    body(sheet).yview_moveto(1)
    bench.run_ticks()
    assert ["Approve", "Compare address", "FactsText", "Show raw data", "Only this time", "One more", "Entry"] == chain(sheet)


@pytest.mark.parametrize("name", ["Deny", "Approve", "Compare address"])
def test_focus_is_seen(bench: Bench, name: str) -> None:  # noqa: F811
    """A ring around what has the keyboard, and around nothing else."""
    sheet = bench.open(ASKS["pay"], open_review)
    bench.run_until(lambda: is_focused(sheet))
    button(sheet, name).focus_force()
    bench.run_ticks()
    rings = {one: str(button(sheet, one).master.cget("background")) for one in ("Deny", "Approve", "Compare address")}
    assert [name] == [one for one, colour in rings.items() if colour == LIGHT.accent]


def test_alt_goes_to_approve_and_does_not_press_it(bench: Bench) -> None:  # noqa: F811
    """Alt and A, on an armed button; Alt and D denies."""
    sheet = bench.open(ASKS["pay"], open_review)
    read(bench, sheet)
    press(bench, sheet, "<Alt-a>")
    assert button(sheet, "Approve") is sheet.window.focus_get()
    assert [] == bench.answers
    press(bench, sheet, "<Alt-d>")
    assert [Answer(id=1, verdict="deny")] == bench.answers


def test_the_time_stands_out_towards_its_end(bench: Bench) -> None:  # noqa: F811
    sheet = bench.open(ASKS["pay"], open_review)
    bench.run_until(lambda: is_focused(sheet))

    def colour() -> str:
        (time_left,) = [one for one in widgets(sheet.window, tk.Label) if "by itself in" in str(one.cget("text"))]
        return str(time_left.cget("foreground"))

    bench.now += seconds_for(ASKS["pay"]) - SHORT_SECONDS - 2
    bench.run_ticks()
    assert LIGHT.muted == colour()
    bench.now += 3
    bench.run_ticks()
    assert LIGHT.bad == colour()


def test_who_refuses_often_is_told_in_the_window(bench: Bench) -> None:  # noqa: F811
    sheet = bench.open(ASKS["pay"], lambda made, ask: open_review(made, ask, often(9)))
    assert "You have refused this extension 9 times within minutes. If you refuse once more" in shown(sheet)


def test_a_message_is_still_shown_whole(bench: Bench) -> None:  # noqa: F811
    """What is signed as a message is never put away as raw data, however long."""
    sheet = bench.open(review("\n".join(f"Clause {n}" for n in range(300))), open_review)
    assert "Clause 299" in body(sheet).plain("1.0", "end")


def test_a_window_of_money_opens_at_once(bench: Bench) -> None:  # noqa: F811
    """A hundred payments are drawn without anybody waiting for it."""
    facts = [
        fact
        for number in range(100)
        for fact in (
            Fact(label=f"Pay to (output {number})", value=FRIEND, kind="address"),
            Fact(label=f"Amount (output {number})", value="1.00000000 BTC (100,000,000 sat)", kind="text"),
        )
    ]
    ask: ReviewAsk = msgspec.structs.replace(ASKS["bitcoin"], facts=facts)
    begun = time.process_time()
    sheet = bench.open(ask, open_review)
    assert body(sheet).plain("1.0", "end").count(FRIEND) == 100
    assert time.process_time() - begun < 20
