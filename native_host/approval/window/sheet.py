"""One window for one ask: heading, content, row of buttons, and all that denies: Escape, closing, and time running out."""

from __future__ import annotations

import os
import time
import tkinter as tk
from collections.abc import Callable

from native_host.approval import texts
from native_host.approval.answering import FrontAsk
from native_host.approval.arrangement import MONEY_METHODS, MOST_TITLE_CHARACTERS, with_gaps
from native_host.approval.timing import SHORT_SECONDS, seconds_for
from native_host.approval.window.arming import Arming, Readiness
from native_host.approval.window.look import Look
from native_host.approval.window.widgets import Button, label, product_mark
from native_host.protocol.approver import Answer, CompareCode, ReviewAsk
from native_host.review.text import visible

WIDTH_POINTS = 470.0
PAD_POINTS = 14.0
_LEAST_WIDTH_POINTS, _LEAST_HEIGHT_POINTS = 360.0, 270.0
"""480 by 360 pixels at 96 dots per inch: a review still has the amount, how its recipient begins and the buttons in sight."""
_MOST_OF_SCREEN = 0.9
_TICK_MILLISECONDS = 100


class Sheet:
    """The frame of every window. A form puts widgets into ``content`` and ``buttons`` and then calls ``open``.

    ``answered`` is called once with the answer, after the window is gone. ``clock`` counts seconds.
    """

    def __init__(
        self, root: tk.Tk, look: Look, ask: FrontAsk, answered: Callable[[Answer], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.look, self.ask = look, ask
        self._answered, self._clock = answered, clock
        self.arming = Arming(clock())
        self.on_tick: Callable[[], None] = lambda: None
        self.on_close: Callable[[], None] = lambda: None
        self.on_escape: Callable[[], None] = self.deny
        self.least_more = 0
        self._accelerators: dict[str, Callable[[], None]] = {}
        self._open, self._next_tick = True, ""
        self.window = tk.Toplevel(
            root, class_=texts.PRODUCT, background=look.palette.surface, padx=look.px(PAD_POINTS), pady=look.px(PAD_POINTS)
        )
        self.window.withdraw()
        self.window.title(texts.PRODUCT)
        self._head()
        self.content = self._frame(self.window)
        self._foot()
        self.content.pack(side="top", fill="both", expand=True, pady=(look.px(10), 0))
        self._bind()
        self._restart_time()

    def _frame(self, parent: tk.Misc) -> tk.Frame:
        return tk.Frame(parent, background=self.look.palette.surface)

    def _head(self) -> None:
        look, muted = self.look, self.look.palette.muted
        head = self._frame(self.window)
        head.pack(side="top", fill="x")
        mark = product_mark(head, look)
        mark.pack(side="left", anchor="n", padx=(0, look.px(10)))
        lines = self._frame(head)
        lines.pack(side="left", fill="x", expand=True)
        wrap = self.width() - mark.winfo_reqwidth() - look.px(10)
        self._over_title = label(lines, look, texts.PRODUCT, wrap=wrap, font=look.small, ink=muted)
        self._over_title.pack(fill="x")
        label(lines, look, _title(self.ask), wrap=wrap, font=look.title).pack(fill="x")
        if home := os.environ.get("STRONGROOM_HOME"):
            label(lines, look, texts.HOME.format(home=visible(home)), wrap=wrap, font=look.small, ink=muted).pack(fill="x")

    def _foot(self) -> None:
        """Packed from the bottom, before the content: what is scrolled can never push the buttons out of the window."""
        look = self.look
        hints = self._frame(self.window)
        hints.pack(side="bottom", fill="x", pady=(look.px(9), 0))
        self._time_left = self._hint(hints)
        self._time_left.pack(side="right")
        self.keys = self._hint(hints)
        self.keys.pack(side="left")
        hints.bind("<Configure>", lambda event: self._make_room(event.width), add=True)
        row = self._frame(self.window)
        row.pack(side="bottom", fill="x", pady=(look.px(10), 0))
        self._buttons = self._frame(row)
        self._buttons.pack(side="right")
        self.status = label(row, look, wrap=self.width() // 2)
        self.status.pack(side="left", fill="x", expand=True)

    def _make_room(self, width: int) -> None:
        """The time that is left stands there whole; what the keys do is said where there is room beside it."""
        needed = self._time_left.winfo_reqwidth() + self.keys.winfo_reqwidth() + self.look.px(4)
        if needed > width:
            self.keys.pack_forget()
        elif not self.keys.winfo_manager():
            self.keys.pack(side="left")

    def _hint(self, parent: tk.Misc) -> tk.Label:
        palette = self.look.palette
        return tk.Label(parent, font=self.look.small, foreground=palette.muted, background=palette.surface, padx=0, pady=0)

    def add_button(self, text: str, press: Callable[[], None], *, main: bool = False, key: str = "") -> Button:
        """A button in the row at the bottom, to the right of those added before; ``key`` is underlined, see ``accelerate``."""
        button = Button(self._buttons, self.look, text, press, style="Accent" if main else "Plain", key=key)
        button.pack(side="left", padx=(self.look.px(4), 0))
        return button

    def add_deny(self, text: str, *, key: str = "") -> Button:
        """The button that lets nothing happen; Enter may press it."""
        button = self.add_button(text, self.deny, key=key)
        button.press_by_enter()
        return button

    def accelerate(self, key: str, act: Callable[[], None] | None) -> None:
        """What Alt and a letter do; ``None``: nothing any more."""
        if act is None:
            self._accelerators.pop(key, None)
        else:
            self._accelerators[key] = act

    def _accelerated(self, event: tk.Event[tk.Misc]) -> str | None:
        act = self._accelerators.get(event.keysym.lower())
        if act is None:
            return None
        act()
        return "break"

    def _bind(self) -> None:
        window = self.window
        window.protocol("WM_DELETE_WINDOW", self.deny)
        window.bind("<Escape>", lambda _: self.on_escape())
        window.bind("<Alt-Key>", self._accelerated)
        for event in ("<FocusIn>", "<FocusOut>"):
            window.bind(event, lambda _: self._look_at_focus(), add=True)
        for event in ("<Visibility>", "<Map>", "<Configure>"):
            window.bind(event, self._disturbed, add=True)
        for event in ("<Key>", "<Button>"):
            window.bind(event, lambda _: self._restart_time(), add=True)

    def _disturbed(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self.window:
            self.arming.disturb(self._clock())

    def _look_at_focus(self) -> None:
        # Asked of Tk itself: tkinter fails on widgets that it did not make, such as those of the dialog that chooses a file.
        self.arming.set_focused(self._clock(), focused=bool(str(self.window.tk.call("focus", "-displayof", self.window))))

    def _restart_time(self) -> None:
        self._deadline = self._clock() + seconds_for(self.ask)

    def hold(self, *, held: bool) -> None:
        """Whether something stands over what is to be read."""
        self.arming.hold(self._clock(), held=held)
        self.on_tick()

    def type_first(self, *, typed: bool) -> None:
        """Whether what has to be typed first stands there."""
        self.arming.set_typed(self._clock(), typed=typed)
        self.on_tick()

    def readiness(self) -> Readiness:
        """What stands between the person and the button that says yes."""
        return self.arming.readiness(self._clock())

    def is_ready(self) -> bool:
        """Whether that button may be pressed now."""
        return self.readiness().state == "ready"

    def width(self) -> int:
        """Pixels for the content."""
        return self._outer_width() - 2 * self.look.px(PAD_POINTS)

    def _outer_width(self) -> int:
        return min(self.look.px(WIDTH_POINTS), int(self.window.winfo_screenwidth() * _MOST_OF_SCREEN))

    def height_left(self) -> int:
        """Pixels that the content may have, so that the window stays on the screen."""
        self.window.update_idletasks()
        return int(self.window.winfo_screenheight() * _MOST_OF_SCREEN) - self.window.winfo_reqheight()

    def open(self, focus: tk.Misc) -> None:
        """Show the window above the others, with the keyboard on ``focus``, and let time run."""
        window = self.window
        if window.tk.call("tk", "windowingsystem") == "x11":
            window.attributes("-type", "dialog")
        window.update_idletasks()
        width = min(max(self._outer_width(), window.winfo_reqwidth()), window.winfo_screenwidth())
        window.geometry(f"{width}x{min(window.winfo_reqheight(), int(window.winfo_screenheight() * _MOST_OF_SCREEN))}")
        window.minsize(*self._least_size())
        window.deiconify()
        window.attributes("-topmost", True)
        window.lift()
        focus.focus_force()
        self._tick()

    def _least_size(self) -> tuple[int, int]:
        """Never more than the window asks for, nor than the screen has room for."""
        window, look = self.window, self.look
        height = min(window.winfo_reqheight(), look.px(_LEAST_HEIGHT_POINTS) + self.least_more)
        room = int(window.winfo_screenheight() * _MOST_OF_SCREEN)
        return min(look.px(_LEAST_WIDTH_POINTS), self._outer_width()), min(height, room)

    def show_behind(self, count: int) -> None:
        """Say over the title how many asks wait behind this one."""
        behind = texts.BEHIND_ONE if count == 1 else texts.BEHIND.format(count=count)
        self._over_title.configure(text=f"{texts.PRODUCT} · {behind}" if count else texts.PRODUCT)

    def _tick(self) -> None:
        left = self._deadline - self._clock()
        if left <= 0:
            self.deny()
            return
        self._look_at_focus()
        minutes, seconds = divmod(int(left), 60)
        closing = texts.TIME_LEFT if isinstance(self.ask, ReviewAsk | CompareCode) else texts.CLOSED_IN
        self._time_left.configure(text=closing.format(minutes=minutes, seconds=seconds))
        if left <= SHORT_SECONDS:
            self._time_left.configure(font=self.look.bold, foreground=self.look.palette.bad)
        else:
            self._time_left.configure(font=self.look.small, foreground=self.look.palette.muted)
        self.on_tick()
        if self._open:
            self._next_tick = self.window.after(_TICK_MILLISECONDS, self._tick)

    def is_open(self) -> bool:
        """Whether the window is still there, which a nested event loop has to ask."""
        return self._open

    def say(self, text: str) -> None:
        """Say something beside the buttons."""
        self.status.configure(text=text)

    def deny(self) -> None:
        """Answer that nothing is to happen."""
        self.finish(Answer(id=self.ask.id, verdict="deny"))

    def finish(self, answer: Answer) -> None:
        """Close the window and answer; what comes after the first answer is not one."""
        if self._open:
            self.close()
            self._answered(answer)

    def close(self) -> None:
        """Close the window without an answer."""
        if self._open:
            self._open = False
            if self._next_tick:
                self.window.after_cancel(self._next_tick)
            self.on_close()
            self.window.destroy()


def _title(ask: FrontAsk) -> str:
    """What happens, in the words of the request. A longer title would push all else out of sight: it stands whole in what is scrolled."""
    title = visible(ask.title)
    if not isinstance(ask, ReviewAsk):
        return title
    if len(ask.title) > MOST_TITLE_CHARACTERS:
        return texts.TITLE_GOES_ON.format(beginning=visible(ask.title[:MOST_TITLE_CHARACTERS]))
    return with_gaps(title) if ask.method in MONEY_METHODS else title
