"""Deciding about a request that moves money: an address is compared, an amount typed, a choice taken, a pairing's code held against another."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

import msgspec
import pytest

from native_host.approval.window.pairing import open_compare
from native_host.approval.window.review import open_review
from native_host.approval.window.theme import LIGHT
from native_host.protocol.approver import Answer, CompareCode, GrantOffer
from tests.window.money import ASKS, FRIEND, OWN, USDC
from tests.window.test_money import LEAST, body, entry, press, read, resize, shown
from tests.window.test_sheet import bench, button, is_focused, widgets  # noqa: F401  # the fixture

if TYPE_CHECKING:
    from native_host.approval.window.sheet import Sheet
    from tests.window.test_sheet import Bench

pytestmark = pytest.mark.window


def compared(bench: Bench, sheet: Sheet, typed: str) -> tuple[str, str]:  # noqa: F811
    """What is said of it, and in which colour."""
    press(bench, sheet, "<Alt-c>")
    entry(sheet).delete(0, "end")
    entry(sheet).insert(0, typed)
    bench.root.update()
    starts = ("THE SAME", "NOT THE SAME", "The same so far", "Paste or type")
    (said,) = [one for one in widgets(sheet.window, tk.Label) if str(one.cget("text")).startswith(starts)]
    return str(said.cget("text")), str(said.cget("foreground"))


@pytest.mark.parametrize(
    ("typed", "said", "colour"),
    [
        (FRIEND, "THE SAME. Every character is that of: Recipient", LIGHT.good),
        (f"  {FRIEND[:9]} {FRIEND[9:]} ", "THE SAME. Every character is that of: Recipient", LIGHT.good),
        (FRIEND.lower(), "THE SAME address: Recipient. Only capital and small letters differ, first in group 1", LIGHT.good),
        (FRIEND.replace("9f33", "9f34"), "NOT THE SAME. Group 6 is the first that differs. You have 9f34, the request has 9f33", LIGHT.bad),
        (FRIEND[:-4], "The same so far, but not all of it", LIGHT.ink),
        (USDC, "THE SAME. Every character is that of: Contract\nBeware: that is not “Recipient”", LIGHT.bad),
        (OWN, "THE SAME. Every character is that of: Address\nBeware", LIGHT.bad),
        ("", "Paste or type", LIGHT.muted),
    ],
)
def test_an_address_is_compared(bench: Bench, typed: str, said: str, colour: str) -> None:  # noqa: F811
    """Said plainly, with the first group that differs; that it is another address of the request is no reassurance."""
    sheet = bench.open(ASKS["pay-token"], open_review)
    bench.run_until(lambda: is_focused(sheet))
    told = compared(bench, sheet, typed)
    assert told[0].startswith(said)
    assert colour == told[1]


def test_a_poisoned_address_is_told(bench: Bench) -> None:  # noqa: F811
    """Attack: an address made to begin and end like the one that is expected."""
    poisoned = FRIEND[:8] + "0" * 28 + FRIEND[-6:]
    sheet = bench.open(ASKS["pay-token"], open_review)
    bench.run_until(lambda: is_focused(sheet))
    assert compared(bench, sheet, poisoned)[0].startswith("NOT THE SAME. Group 2 is the first that differs.")


def test_nothing_is_approved_while_comparing(bench: Bench) -> None:  # noqa: F811
    """The request is covered: the button is off; Escape goes back to it, and the delay starts anew."""
    sheet = bench.open(ASKS["pay"], open_review)
    bench.run_until(lambda: is_focused(sheet))
    body(sheet).yview_moveto(1)
    bench.run_ticks()
    bench.now += 1
    bench.run_until(lambda: button(sheet, "Approve").instate(["!disabled"]))
    compared(bench, sheet, FRIEND)
    bench.now += 60
    bench.run_ticks()
    button(sheet, "Approve").invoke()
    assert ("held", []) == (sheet.readiness().state, bench.answers)
    press(bench, sheet, "<Escape>")
    assert ("arming", []) == (sheet.readiness().state, bench.answers)
    press(bench, sheet, "<Escape>")
    assert [Answer(id=1, verdict="deny")] == bench.answers


def test_the_address_is_copied_from_the_comparison(bench: Bench) -> None:  # noqa: F811
    sheet = bench.open(ASKS["pay-token"], open_review)
    bench.run_until(lambda: is_focused(sheet))
    press(bench, sheet, "<Alt-c>")
    button(sheet, "Copy the address").invoke()
    assert FRIEND == bench.root.clipboard_get()


@pytest.mark.parametrize("typed", ["", "1", "12500", "12 500.5", "12,500.5", "12500.50", "12500.5 USDC", "\u0661\u0662500.5"])
def test_another_amount_does_not_arm(bench: Bench, typed: str) -> None:  # noqa: F811
    """Exactly what is expected, and nothing that only means the same."""
    sheet = bench.open(ASKS["pay-typed"], open_review)
    entry(sheet).insert(0, typed)
    read(bench, sheet)
    button(sheet, "Approve").invoke()
    assert ("untyped", []) == (sheet.readiness().state, bench.answers)


def test_the_amount_that_was_typed_is_answered(bench: Bench) -> None:  # noqa: F811
    """With spaces around it; the delay starts when it is complete, and ends when it is changed."""
    sheet = bench.open(ASKS["pay-typed"], open_review)
    read(bench, sheet)
    entry(sheet).insert(0, " 12500.5 ")
    assert "arming" == sheet.readiness().state
    bench.now += 1
    assert "ready" == sheet.readiness().state
    entry(sheet).insert("end", "0")
    assert "untyped" == sheet.readiness().state
    entry(sheet).delete(0, "end")
    entry(sheet).insert(0, "12500.5")
    bench.now += 1
    bench.run_ticks()
    button(sheet, "Approve").invoke()
    assert [Answer(id=1, verdict="allow", typed="12500.5")] == bench.answers


@pytest.mark.parametrize("event", ["<<Paste>>", "<<PasteSelection>>", "<Control-v>", "<Shift-Insert>", "<ButtonRelease-2>"])
def test_the_amount_cannot_be_pasted(bench: Bench, event: str) -> None:  # noqa: F811
    """By no key and no button; why is said."""
    sheet = bench.open(ASKS["pay-typed"], open_review)
    bench.run_until(lambda: is_focused(sheet))
    bench.root.clipboard_clear()
    bench.root.clipboard_append("12500.5")
    bench.root.selection_handle(lambda *_: "12500.5")
    bench.root.selection_own()
    entry(sheet).focus_force()
    if "2" in event:
        entry(sheet).event_generate("<Button-2>", x=3, y=3)
    entry(sheet).event_generate(event, x=3, y=3)
    bench.root.update()
    assert "" == entry(sheet).get()
    assert "Pasting is off here" in shown(sheet)


def test_choices_are_whole_and_none_is_taken(bench: Bench) -> None:  # noqa: F811
    """In the smallest window too: each line of a choice is within the window, all its words are there, and only this time is what holds."""
    ask = ASKS["pay-granted"]
    sheet = bench.open(ask, open_review)
    bench.run_until(lambda: is_focused(sheet))
    resize(bench, sheet, *LEAST)
    choices = [widget for widget in widgets(sheet.window, ttk.Radiobutton) if isinstance(widget, ttk.Radiobutton)]
    assert ["Only this time", *(grant.text for grant in ask.grants)] == [str(one.cget("text")).replace("\n", " ") for one in choices]
    assert all(one.winfo_reqwidth() <= body(sheet).winfo_width() for one in choices)
    assert [True, False, False] == [one.instate(["selected"]) for one in choices]


def test_many_choices_push_no_button_away(bench: Bench) -> None:  # noqa: F811
    """They are scrolled with the rest, and have to be passed before approving."""
    offers = [GrantOffer(id=str(number), text=f"Also allow the next {number} " + "without asking " * 20) for number in range(20)]
    sheet = bench.open(msgspec.structs.replace(ASKS["pay"], grants=offers), open_review)
    bench.run_until(lambda: is_focused(sheet))
    bench.run_ticks()
    assert "unread" == sheet.readiness().state
    deny = button(sheet, "Deny")
    assert deny.winfo_rooty() + deny.winfo_height() <= sheet.window.winfo_rooty() + sheet.window.winfo_height()


@pytest.mark.parametrize(("code", "shown_as"), [("48219937", "4821 9937"), ("4821 9937", "4821 9937"), ("0000-0000", "0000 0000")])
def test_a_pairing_code(bench: Bench, code: str, shown_as: str) -> None:  # noqa: F811
    """In two halves, with what to compare it with; that they differ has the keyboard first, that they are the same comes after the delay."""
    sheet = bench.open(CompareCode(id=1, title="Pair?", code=code), open_compare)
    bench.run_until(lambda: is_focused(sheet))
    assert shown_as in shown(sheet).split("\n")
    assert "somebody is between the two" in shown(sheet)
    assert button(sheet, "They differ") is sheet.window.focus_get()
    bench.run_ticks()
    button(sheet, "They are the same").invoke()
    assert [] == bench.answers
    bench.now += 1
    bench.run_until(lambda: button(sheet, "They are the same").instate(["!disabled"]))
    button(sheet, "They are the same").invoke()
    assert [Answer(id=1, verdict="allow")] == bench.answers


def test_a_fingerprint_is_no_pairing_code(bench: Bench) -> None:  # noqa: F811
    sheet = bench.open(CompareCode(id=1, title="Its fingerprint?", code="4821-99ab-cdef-0123"), open_compare)
    assert "browser" not in shown(sheet)
