"""When the button that says yes may be pressed."""

from __future__ import annotations

from native_host.approval.window.arming import ARM_SECONDS, Arming, Readiness


def armed() -> Arming:
    arming = Arming(100.0)
    arming.set_focused(100.0, focused=True)
    arming.set_seen()
    return arming


def test_ready_after_the_delay() -> None:
    """Focused and read, the button is ready once the delay has passed and not a moment before."""
    assert armed().readiness(100.0 + ARM_SECONDS - 0.25) == Readiness(state="arming", left_seconds=0.25)
    assert armed().readiness(100.0 + ARM_SECONDS) == Readiness(state="ready")


def test_every_disturbance_starts_the_delay_again() -> None:
    """Being covered, moved or mapped again takes the readiness away for another delay."""
    arming = armed()
    arming.disturb(105.0)
    assert arming.readiness(105.5).state == "arming"
    assert arming.readiness(105.0 + ARM_SECONDS).state == "ready"


def test_focus_gained_anew_starts_the_delay_again() -> None:
    """Without the keyboard it is never ready; with it again, after another delay."""
    arming = armed()
    arming.set_focused(105.0, focused=False)
    assert arming.readiness(110.0).state == "unfocused"
    arming.set_focused(110.0, focused=True)
    assert arming.readiness(110.5).state == "arming"
    assert arming.readiness(111.0).state == "ready"


def test_keeping_the_focus_is_no_disturbance() -> None:
    """Being told again that the window has the keyboard does not start the delay again."""
    arming = armed()
    arming.set_focused(100.9, focused=True)
    assert arming.readiness(101.0).state == "ready"


def test_unread_is_never_ready() -> None:
    """Before the end of the text was on the screen no time is enough."""
    arming = Arming(100.0)
    arming.set_focused(100.0, focused=True)
    assert arming.readiness(1000.0).state == "unread"


def test_what_has_to_be_typed() -> None:
    """Until it stands there it is never ready; with its last character the delay starts again."""
    arming = armed()
    arming.set_typed(101.0, typed=False)
    assert arming.readiness(1000.0).state == "untyped"
    arming.set_typed(1000.0, typed=True)
    assert arming.readiness(1000.5).state == "arming"
    assert arming.readiness(1000.0 + ARM_SECONDS).state == "ready"


def test_while_something_stands_over_it() -> None:
    """It is never ready, and the delay starts again afterwards."""
    arming = armed()
    arming.hold(105.0, held=True)
    assert arming.readiness(1000.0).state == "held"
    arming.hold(1000.0, held=False)
    assert arming.readiness(1000.5).state == "arming"
