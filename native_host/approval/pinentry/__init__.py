"""The approver that asks through the system's pinentry, where there is a display and no Tk: a process of its own, as the window is.

``python -I -m native_host.approval.pinentry`` speaks protocol section 8 on its standard input and output, and drives a pinentry of the system.
Of the Python standard library only; nothing here depends on which pinentry it is.
"""
