"""Asking the person line by line on the terminal.

It exists because the window is drawn with Tk 8.6, which screen readers cannot read: whoever needs one, and whoever works
without a display, answers here. No cursor movement, no colours, nothing that means anything by its place on the screen.
"""
