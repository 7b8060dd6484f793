"""``python -I -m native_host.approval.window``: frames on standard input and output, the person in a window.

Exit status: 0 when the host closed its end, 1 when it sent rubbish, 2 when the window failed, 3 when there is no display.
"""

from __future__ import annotations

from native_host.approval.answering import take_streams
from native_host.secret import guard_memory

EXIT_NO_DISPLAY = 3


def main() -> int:
    """Serve until the host is gone; the exit status."""
    incoming, outgoing = take_streams()
    guard_memory()
    try:
        import tkinter as tk

        from native_host.approval.window.app import App
        from native_host.approval.window.look import announce_scaling
    except ImportError:  # a Python without Tk
        return EXIT_NO_DISPLAY
    announce_scaling()
    try:
        app = App(incoming, outgoing)
    except tk.TclError:
        return EXIT_NO_DISPLAY
    return app.run()


if __name__ == "__main__":
    raise SystemExit(main())
