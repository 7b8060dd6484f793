"""When a button that says yes may be pressed: a window that jumps up under a click or a key must not be answered by it."""

from __future__ import annotations

from typing import Literal

from native_host.value import Value

ARM_SECONDS = 1.0

State = Literal["unfocused", "held", "unread", "untyped", "arming", "ready"]


class Readiness(Value, frozen=True, kw_only=True):
    """``left_seconds`` counts while ``arming``."""

    state: State
    left_seconds: float = 0.0


class Arming:
    """Ready a while after the window last gained focus, was mapped, covered, uncovered, moved or resized, and once all was seen.

    Times are ``time.monotonic`` seconds, handed in.
    """

    def __init__(self, now: float) -> None:
        self._calm_since = now
        self._focused = False
        self._seen = False
        self._typed = True
        self._held = False

    def disturb(self, now: float) -> None:
        """Something happened to the window: the delay starts again."""
        self._calm_since = now

    def set_focused(self, now: float, *, focused: bool) -> None:
        """Whether the keyboard belongs to this window; a change starts the delay again."""
        if focused != self._focused:
            self._focused = focused
            self.disturb(now)

    def set_seen(self) -> None:
        """The end of what is to be read was on the screen; that does not become untrue."""
        self._seen = True

    def set_typed(self, now: float, *, typed: bool) -> None:
        """Whether what has to be typed first stands there; a change starts the delay again, so that the last key presses nothing."""
        if typed != self._typed:
            self._typed = typed
            self.disturb(now)

    def hold(self, now: float, *, held: bool) -> None:
        """Whether something stands over what is to be read; its going away starts the delay again."""
        if held != self._held:
            self._held = held
            self.disturb(now)

    def readiness(self, now: float) -> Readiness:
        """What stands between the person and the button."""
        left = self._calm_since + ARM_SECONDS - now
        if not self._focused:
            return Readiness(state="unfocused")
        if self._held:
            return Readiness(state="held")
        if not self._seen:
            return Readiness(state="unread")
        if not self._typed:
            return Readiness(state="untyped")
        return Readiness(state="arming", left_seconds=left) if left > 0 else Readiness(state="ready")
