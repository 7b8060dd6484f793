"""Windows: messages to a window that nobody sees, about the session and about power.

Implements, by ctypes, after Microsoft's documentation: a message-only window (HWND_MESSAGE) with WTSRegisterSessionNotification for
WM_WTSSESSION_CHANGE, and with RegisterSuspendResumeNotification for WM_POWERBROADCAST, which such a window gets no other way. At
PBT_APMSUSPEND the system waits about two seconds for the answer, which is given when the keys are wiped.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from native_host.watching import Lock, Reason

TEXT = "The keystore is locked with your session (its screen, another user's in front, its end) and before this computer sleeps."

WM_DESTROY, WM_POWERBROADCAST, WM_WTSSESSION_CHANGE = 0x0002, 0x0218, 0x02B1
HWND_MESSAGE: Final = -3
PBT_APMSUSPEND: Final = 4
SESSION: dict[int, Reason] = {
    0x2: "user",  # WTS_CONSOLE_DISCONNECT
    0x4: "user",  # WTS_REMOTE_DISCONNECT
    0x6: "user",  # WTS_SESSION_LOGOFF
    0x7: "screen",  # WTS_SESSION_LOCK
}
NOTIFY_FOR_THIS_SESSION: Final = 0
DEVICE_NOTIFY_WINDOW_HANDLE: Final = 0
CLASS_NAME = "StrongroomWatching"
TRUE: Final = 1


def reason_of(message: int, parameter: int) -> Reason | None:
    """What a message to the window says, if it says that nobody is there."""
    if message == WM_WTSSESSION_CHANGE:
        return SESSION.get(parameter)
    if message == WM_POWERBROADCAST and parameter == PBT_APMSUSPEND:
        return "sleep"
    return None


def listen(lock: Lock) -> None:
    """A listener; raises ``OSError`` if the window cannot be made."""
    from ctypes import wintypes

    api: Any = ctypes  # the parts that exist on Windows alone
    user, session = api.WinDLL("user32"), api.WinDLL("wtsapi32")
    procedure = api.WINFUNCTYPE(ctypes.c_ssize_t, wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
    _declare(user, session, wintypes)

    @procedure  # type: ignore[untyped-decorator]  # made at run time
    def receive(window: int, message: int, parameter: int, more: int) -> int:
        reason = reason_of(message, parameter)
        if reason is not None:
            lock(reason)
            return TRUE if message == WM_POWERBROADCAST else 0
        if message == WM_DESTROY:
            user.PostQuitMessage(0)
        return int(user.DefWindowProcW(window, message, parameter, more))

    window = _make_window(user, wintypes, procedure, receive)
    # Either can fail, as while the service of sessions is starting: the other is heard all the same.
    session.WTSRegisterSessionNotification(window, NOTIFY_FOR_THIS_SESSION)
    user.RegisterSuspendResumeNotification(window, DEVICE_NOTIFY_WINDOW_HANDLE)
    message = wintypes.MSG()
    try:
        while user.GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
            user.DispatchMessageW(ctypes.byref(message))
    finally:
        lock("user")


LISTENERS = (listen,)


def _make_window(user: Any, wintypes: Any, procedure: Any, receive: Any) -> Any:
    class WindowClass(ctypes.Structure):
        """As WNDCLASSW."""

        _fields_ = (
            ("style", wintypes.UINT),
            ("procedure", procedure),
            ("class_extra", ctypes.c_int),
            ("window_extra", ctypes.c_int),
            ("instance", wintypes.HINSTANCE),
            ("icon", wintypes.HANDLE),
            ("cursor", wintypes.HANDLE),
            ("background", wintypes.HANDLE),
            ("menu_name", wintypes.LPCWSTR),
            ("class_name", wintypes.LPCWSTR),
        )

    # A second registration of the same name fails, and then the procedure would be the first one's: each listening has its own.
    name = f"{CLASS_NAME}{ctypes.cast(receive, ctypes.c_void_p).value}"
    described = WindowClass(procedure=receive, class_name=name)
    if not user.RegisterClassW(ctypes.byref(described)):
        raise OSError
    window = user.CreateWindowExW(0, name, CLASS_NAME, 0, 0, 0, 0, 0, HWND_MESSAGE, None, None, None)
    if not window:
        raise OSError
    return window


def _declare(user: Any, session: Any, wintypes: Any) -> None:
    """Without these a handle would be cut to 32 bits."""
    handle, number, text = wintypes.HANDLE, ctypes.c_int, wintypes.LPCWSTR
    user.CreateWindowExW.restype = wintypes.HWND
    user.CreateWindowExW.argtypes = (
        wintypes.DWORD,
        text,
        text,
        wintypes.DWORD,
        number,
        number,
        number,
        number,
        handle,
        handle,
        handle,
        handle,
    )
    user.RegisterSuspendResumeNotification.restype = handle
    user.RegisterSuspendResumeNotification.argtypes = (handle, wintypes.DWORD)
    user.DefWindowProcW.restype = ctypes.c_ssize_t
    user.DefWindowProcW.argtypes = (wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
    user.RegisterClassW.argtypes = (ctypes.c_void_p,)
    user.GetMessageW.argtypes = (ctypes.c_void_p, wintypes.HWND, wintypes.UINT, wintypes.UINT)
    user.DispatchMessageW.argtypes = (ctypes.c_void_p,)
    session.WTSRegisterSessionNotification.argtypes = (wintypes.HWND, wintypes.DWORD)
