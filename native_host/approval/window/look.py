"""How large things are and how they are painted: display scaling, fonts in points, ttk styles of one palette."""

from __future__ import annotations

import sys
import tkinter as tk
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any

from native_host.approval.window.theme import Palette

_POINTS_PER_INCH = 72
_SMALLEST_SCALING, _LARGEST_SCALING = 1.0, 6.0
_MONOSPACED = ("Cascadia Mono", "Consolas", "SF Mono", "Menlo", "DejaVu Sans Mono", "Noto Sans Mono", "Liberation Mono", "Ubuntu Mono")


def announce_scaling() -> None:
    """Before the first window: on Windows, that this process draws at the display's own resolution and is not stretched."""
    if sys.platform == "win32":
        import ctypes

        try:
            ctypes.windll.shcore.SetProcessDpiAwareness(1)
        except (AttributeError, OSError):
            return  # before Windows 8.1 there is one resolution


def desktop_dpi() -> float | None:
    """The resolution that an X11 desktop is set to (resource ``Xft.dpi``), which Tk 8.6 does not read; None elsewhere."""
    if sys.platform in {"win32", "darwin"}:
        return None
    import ctypes

    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return None
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XGetDefault.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
    x11.XGetDefault.restype = ctypes.c_char_p
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    display = x11.XOpenDisplay(None)
    if not display:
        return None
    value: bytes | None = x11.XGetDefault(display, b"Xft", b"dpi")
    x11.XCloseDisplay(display)
    try:
        return float(value) if value else None
    except ValueError:
        return None


class Look:
    """Palette, fonts and sizes for one window. ``px`` turns points into this display's pixels."""

    def __init__(self, root: tk.Tk, palette: Palette) -> None:
        self._root = root
        self.palette = palette
        dpi = desktop_dpi()
        scaling = dpi / _POINTS_PER_INCH if dpi else float(root.tk.call("tk", "scaling"))
        root.tk.call("tk", "scaling", min(max(scaling, _SMALLEST_SCALING), _LARGEST_SCALING))
        sans = str(tkfont.nametofont("TkDefaultFont", root).actual("family"))
        mono = self._monospaced()
        self.body = tkfont.Font(root, family=sans, size=10)
        self.bold = tkfont.Font(root, family=sans, size=10, weight="bold")
        self.tiny = tkfont.Font(root, family=sans, size=3)
        self.small = tkfont.Font(root, family=sans, size=9)
        self.title = tkfont.Font(root, family=sans, size=15, weight="bold")
        self.amount = tkfont.Font(root, family=sans, size=16, weight="bold")
        self.party = tkfont.Font(root, family=mono, size=12, weight="bold")
        self.mono = tkfont.Font(root, family=mono, size=10)
        self.large_mono = tkfont.Font(root, family=mono, size=12)
        self.huge_mono = tkfont.Font(root, family=mono, size=26, weight="bold")
        self._paint()

    def px(self, points: float) -> int:
        """Whole pixels for a length in points, at least one."""
        return max(1, round(self._root.winfo_fpixels(f"{points}p")))

    def _monospaced(self) -> str:
        present = set(tkfont.families(self._root))
        fallback = str(tkfont.nametofont("TkFixedFont", self._root).actual("family"))
        return next((family for family in _MONOSPACED if family in present), fallback)

    def _paint(self) -> None:
        """Styles on ``clam``, the one built-in theme that takes colours on every system."""
        style = ttk.Style(self._root)
        style.theme_use("clam")
        self._paint_buttons(style)
        self._paint_choices(style)
        self._paint_scrollbar(style)

    def _paint_buttons(self, style: ttk.Style) -> None:
        colours = self.palette
        layout: Any = [
            (
                "Button.border",
                {
                    "sticky": "nswe",
                    "children": [("Button.padding", {"sticky": "nswe", "children": [("Button.label", {"sticky": "nswe"})]})],
                },
            )
        ]
        for name, ground, ink, pressed in (
            ("Plain.TButton", colours.raised, colours.ink, colours.box),
            ("Small.TButton", colours.raised, colours.ink, colours.box),
            ("Accent.TButton", colours.accent, colours.accent_ink, colours.accent_pressed),
        ):
            style.layout(name, layout)
            border = {"bordercolor": ground if name == "Accent.TButton" else colours.line, "lightcolor": ground, "darkcolor": ground}
            padding = (self.px(8), self.px(2)) if name == "Small.TButton" else (self.px(14), self.px(5))
            style.configure(name, font=self.body, background=ground, foreground=ink, padding=padding, anchor="center", **border)
            off = [("disabled", colours.off)]
            down = [*off, ("pressed", pressed), ("active", pressed)]
            style.map(name, background=down, lightcolor=down, darkcolor=down, foreground=[("disabled", colours.off_ink)], bordercolor=off)

    def _paint_choices(self, style: ttk.Style) -> None:
        colours = self.palette
        name = "Choice.TRadiobutton"
        layout: Any = [
            (
                "Radiobutton.padding",
                {
                    "sticky": "nswe",
                    "children": [
                        ("Radiobutton.indicator", {"side": "left", "sticky": ""}),
                        ("Radiobutton.label", {"side": "left", "sticky": "nswe"}),
                    ],
                },
            )
        ]
        style.layout(name, layout)
        style.configure(
            name, font=self.body, background=colours.raised, foreground=colours.ink, indicatorsize=self.px(9), padding=self.px(2)
        )
        style.configure(name, indicatormargin=(0, 0, self.px(6), 0), indicatorbackground=colours.raised, indicatorforeground=colours.accent)
        style.configure(name, upperbordercolor=colours.muted, lowerbordercolor=colours.muted)
        style.map(
            name,
            background=[("active", colours.raised)],
            indicatorbackground=[("selected", colours.raised)],
            indicatorforeground=[("selected", colours.accent)],
        )

    def _paint_scrollbar(self, style: ttk.Style) -> None:
        colours = self.palette
        layout: Any = [
            ("Vertical.Scrollbar.trough", {"sticky": "ns", "children": [("Vertical.Scrollbar.thumb", {"expand": "1", "sticky": "nswe"})]})
        ]
        style.layout("Body.Vertical.TScrollbar", layout)
        flat = {"bordercolor": colours.raised, "lightcolor": colours.line, "darkcolor": colours.line}
        style.configure(
            "Body.Vertical.TScrollbar", background=colours.line, troughcolor=colours.raised, width=self.px(9), gripcount=0, **flat
        )
        style.map("Body.Vertical.TScrollbar", background=[("active", colours.muted), ("disabled", colours.raised)])
