"""Asking the person in a window of our own process, drawn with Tk 8.6 (``tkinter``).

Nothing that authorises anything is inside the browser. What the window cannot do: on X11 every program of the same display
can send it keys and read its pixels; it stands against a hostile page, extension or browser, not against programs of the
same user. Screen readers cannot read Tk 8.6; ``native_host.approval.terminal`` is for them.
"""
