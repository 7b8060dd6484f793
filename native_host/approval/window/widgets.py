"""The few widgets that every window is made of, each with a ring that shows keyboard focus."""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from tkinter.font import Font
from typing import Literal

from native_host.approval import texts
from native_host.approval.window.look import Look
from native_host.review.text import visible

MAX_SECRET_CHARACTERS = 1024


class Ring(tk.Frame):
    """A frame that shows, as a coloured edge, that the widget inside has the keyboard."""

    def __init__(self, parent: tk.Misc, look: Look, *, idle: str, points: float = 1.5) -> None:
        super().__init__(parent, background=idle, padx=look.px(points), pady=look.px(points), borderwidth=0, highlightthickness=0)
        self._idle, self._lit = idle, look.palette.accent

    def hold(self, widget: tk.Widget) -> None:
        """Put ``widget``, a child of this frame, inside."""
        widget.pack(fill="both", expand=True)
        widget.bind("<FocusIn>", lambda _: self.configure(background=self._lit), add=True)
        widget.bind("<FocusOut>", lambda _: self.configure(background=self._idle), add=True)


class Button(Ring):
    """A push button. Space presses it while it has the focus; Enter never does, unless ``enter`` is set (for buttons that deny).

    ``key``: the letter of its text that is underlined; what it does with Alt is the window's.
    """

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        text: str,
        press: Callable[[], None],
        *,
        style: Literal["Plain", "Accent", "Small"] = "Plain",
        key: str = "",
    ) -> None:
        super().__init__(parent, look, idle=str(parent.cget("background")))
        self._key = key
        self.button = ttk.Button(self, command=press, style=f"{style}.TButton", takefocus=True)
        self.say(text)
        self.hold(self.button)

    def press_by_enter(self) -> None:
        """Let Enter press it too; only for a button that lets nothing happen."""
        self.button.bind("<Return>", lambda _: self.button.invoke())
        self.button.bind("<KP_Enter>", lambda _: self.button.invoke())

    def enable(self, *, enabled: bool) -> None:
        """Allow pressing it, or not. It can be reached by Tab either way."""
        self.button.state(["!disabled" if enabled else "disabled"])

    def say(self, text: str) -> None:
        """Change its text."""
        self.button.configure(text=text, underline=text.lower().find(self._key) if self._key else -1)


def compare_button(parent: tk.Misc, look: Look, compare: Callable[[], None]) -> Button:
    """Opens the comparison of addresses."""
    return Button(parent, look, texts.COMPARE_ADDRESS, compare, key=texts.ACCELERATORS["compare"], style="Small")


def label(parent: tk.Misc, look: Look, text: str = "", *, wrap: int, font: Font | None = None, ink: str | None = None) -> tk.Label:
    """Plain text on the parent's ground, in lines of at most ``wrap`` pixels until the window is resized."""
    made = tk.Label(parent, text=text, font=font or look.body, wraplength=wrap, anchor="w", justify="left", padx=0, pady=0)
    made.configure(background=str(parent.cget("background")), foreground=ink or look.palette.ink)
    made.bind("<Configure>", lambda event: made.configure(wraplength=event.width), add=True)
    return made


def wrapped(text: str, font: Font, width: int) -> str:
    """``text`` with newlines where a line of ``width`` pixels is full, for widgets that do not wrap by themselves."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and font.measure(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)


class SecretEntry(Ring):
    """A field whose text is shown as dots unless the person asks to see it, and never reaches the clipboard or X11's selection."""

    def __init__(self, parent: tk.Misc, look: Look, changed: Callable[[], None]) -> None:
        super().__init__(parent, look, idle=look.palette.line)
        colours = look.palette
        self.entry = tk.Entry(
            self, show="•", font=look.large_mono, relief="flat", borderwidth=look.px(4), highlightthickness=0, exportselection=False
        )
        self.entry.configure(background=colours.raised, foreground=colours.ink, insertbackground=colours.ink, insertwidth=look.px(1))
        self.entry.configure(selectbackground=colours.accent, selectforeground=colours.accent_ink, disabledbackground=colours.raised)
        self.entry.configure(validate="key", validatecommand=(self.register(lambda text: len(text) <= MAX_SECRET_CHARACTERS), "%P"))
        for key in ("<<Copy>>", "<<Cut>>"):
            self.entry.bind(key, lambda _: "break")
        self.entry.bind("<<Changed>>", lambda _: changed())
        self.entry.bind("<KeyRelease>", lambda _: changed(), add=True)
        self.entry.bind("<<Paste>>", lambda _: self.after_idle(changed), add=True)
        self.hold(self.entry)

    def get(self) -> str:
        """What stands in the field."""
        return self.entry.get()

    def reveal(self, *, shown: bool) -> None:
        """Show the text, or dots."""
        self.entry.configure(show="" if shown else "•")

    def clear(self) -> None:
        """Empty the field. Tcl's copies of the text are not wiped: the process keeps no core file and ends with its host."""
        self.entry.delete(0, "end")


class Field(Ring):
    """A field for what is no secret. ``changed`` is called after every change of its text, of which ``most`` characters are taken."""

    def __init__(self, parent: tk.Misc, look: Look, changed: Callable[[], None], *, most: int, width: int = 20) -> None:
        super().__init__(parent, look, idle=look.palette.line)
        colours = look.palette
        self._text = tk.StringVar(self)
        self._text.trace_add("write", lambda *_: changed())
        self.entry = tk.Entry(
            self, font=look.large_mono, relief="flat", borderwidth=look.px(4), highlightthickness=0, width=width, textvariable=self._text
        )
        self.entry.configure(background=colours.raised, foreground=colours.ink, insertbackground=colours.ink, insertwidth=look.px(1))
        self.entry.configure(selectbackground=colours.accent, selectforeground=colours.accent_ink, exportselection=False)
        self.entry.configure(validate="key", validatecommand=(self.register(lambda text: len(text) <= most), "%P"))
        self.hold(self.entry)

    def get(self) -> str:
        """What stands in the field."""
        return self.entry.get()


class SecretText(Ring):
    """A field of several lines for a secret: plain text, never undone, copied or selected into X11's selection. Tab leaves it."""

    def __init__(self, parent: tk.Misc, look: Look, *, lines: int, font: Font) -> None:
        colours = look.palette
        super().__init__(parent, look, idle=colours.line)
        self.text = tk.Text(self, height=lines, width=1, wrap="word", font=font, undo=False, exportselection=False)
        self.text.configure(relief="flat", borderwidth=0, highlightthickness=0, padx=look.px(5), pady=look.px(4))
        self.text.configure(background=colours.raised, foreground=colours.ink, insertbackground=colours.ink)
        self.text.configure(selectbackground=colours.accent, selectforeground=colours.accent_ink)
        for key in ("<<Copy>>", "<<Cut>>"):
            self.text.bind(key, lambda _: "break")
        self.text.bind("<Tab>", lambda _: _go(self.text.tk_focusNext()))
        self.text.bind("<Shift-Tab>", lambda _: _go(self.text.tk_focusPrev()))
        self.hold(self.text)

    def get(self) -> str:
        """What stands in the field."""
        return self.text.get("1.0", "end-1c")

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` after every change of the text."""

        def modified(_: tk.Event[tk.Text]) -> None:
            # Tk tells of the first change only, until the flag is taken back; taking it back is told too.
            if self.text.edit_modified():
                self.text.edit_modified(arg=False)
                changed()

        self.text.bind("<<Modified>>", modified)

    def clear(self) -> None:
        """Empty the field; of Tcl's copies as above."""
        self.text.delete("1.0", "end")


def _go(target: tk.Misc | None) -> str:
    if target is not None:
        target.focus_set()
    return "break"


def warning_mark(parent: tk.Misc, look: Look, *, ground: str) -> tk.Canvas:
    """A triangle with an exclamation mark, drawn, so that it needs no font."""
    size = look.px(14)
    canvas = tk.Canvas(parent, width=size, height=size, background=ground, highlightthickness=0, borderwidth=0)
    canvas.create_polygon(
        size / 2, size * 0.04, size * 0.98, size * 0.94, size * 0.02, size * 0.94, fill=look.palette.warning_mark, outline=""
    )
    middle, wide = size / 2, max(1, size // 8)
    canvas.create_line(middle, size * 0.36, middle, size * 0.66, fill=ground, width=wide)
    canvas.create_line(middle, size * 0.74, middle, size * 0.86, fill=ground, width=wide)
    return canvas


def product_mark(parent: tk.Misc, look: Look) -> tk.Canvas:
    """The door of a strongroom: a rounded plate and its wheel."""
    size, colours = look.px(26), look.palette
    ground = str(parent.cget("background"))
    canvas = tk.Canvas(parent, width=size, height=size, background=ground, highlightthickness=0, borderwidth=0)
    canvas.create_polygon(*_rounded_square(size), fill=colours.accent, outline="", smooth=True, splinesteps=24)
    wheel, hub, thick, middle = size * 0.25, size * 0.08, max(1, size // 16), size / 2
    canvas.create_oval(middle - wheel, middle - wheel, middle + wheel, middle + wheel, outline=colours.accent_ink, width=thick)
    for dx, dy in ((1, 0), (0, 1), (0.7, 0.7), (0.7, -0.7)):
        canvas.create_line(
            middle - wheel * dx, middle - wheel * dy, middle + wheel * dx, middle + wheel * dy, fill=colours.accent_ink, width=thick
        )
    canvas.create_oval(middle - hub, middle - hub, middle + hub, middle + hub, fill=colours.accent_ink, outline="")
    return canvas


def _rounded_square(size: int) -> list[float]:
    """Corner points, each straight piece given twice, so that smoothing bends the corners only."""
    low, high, corner = size * 0.03, size * 0.97, size * 0.22
    ends = ((low + corner, low), (high - corner, low), (high, low), (high, low + corner), (high, high - corner), (high, high))
    back = ((high - corner, high), (low + corner, high), (low, high), (low, high - corner), (low, low + corner), (low, low))
    twice = [point for point in (*ends, *back) for _ in range(1 if point[0] in {low, high} and point[1] in {low, high} else 2)]
    return [value for point in twice for value in point]


def caps_lock_is_on(state: int | str) -> bool:
    """From a key event's ``state`` (X11 ``LockMask``, which Tk gives on Windows too; on macOS it is not told)."""
    return sys.platform != "darwin" and isinstance(state, int) and bool(state & 0x2)


def notice(parent: tk.Misc, look: Look, text: str, *, wrap: int) -> tk.Frame:
    """A sentence that must not be overlooked, with the warning mark, on a ground of its own."""
    ground = look.palette.warning
    frame = tk.Frame(parent, background=ground, padx=look.px(8), pady=look.px(6))
    warning_mark(frame, look, ground=ground).pack(side="left", padx=(0, look.px(8)))
    inner = wrap - look.px(14 + 3 * 8)
    label(frame, look, visible(text), wrap=inner, ink=look.palette.warning_ink).pack(side="left", fill="x", expand=True)
    return frame
