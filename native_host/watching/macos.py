"""macOS: distributed notifications of the login window, and the power manager's messages.

Implements, by ctypes, after Apple's documentation: CFNotificationCenterAddObserver on the distributed centre (Core Foundation), and
IORegisterForSystemPower with kIOMessageSystemWillSleep and IOAllowPowerChange (I/O Kit, QA1340), both served by one CFRunLoop on the
listener's thread. The names of the notifications are those that the login window posts; Apple documents the mechanism, not the names.
**Never run on macOS**: the tests hold constants and answers against what Apple publishes, no more.

Sleep is answered after the keys are wiped: the system waits for that, for half a minute at the most.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from native_host.watching import Lock, Reason

TEXT = "The keystore is to be locked with the screen, by fast user switching and by sleep. That code has never run on macOS."

NOTIFICATIONS: dict[str, Reason] = {
    "com.apple.screenIsLocked": "screen",
    "com.apple.screensaver.didstart": "screen",
    "com.apple.sessionDidMoveOffConsole": "user",
}
DELIVER_IMMEDIATELY: Final = 4  # CFNotificationSuspensionBehaviorDeliverImmediately
UTF8: Final = 0x08000100  # kCFStringEncodingUTF8
CAN_SYSTEM_SLEEP: Final = 0xE0000270  # kIOMessageCanSystemSleep
SYSTEM_WILL_SLEEP: Final = 0xE0000280  # kIOMessageSystemWillSleep

NOTIFIED = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
"""CFNotificationCallback: centre, observer, name, object, user info."""
POWER_CHANGED = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p)
"""IOServiceInterestCallback: what was registered, service, message type, message argument."""


class Listening:
    """The callbacks. ``foundation`` and ``kit`` are the two libraries."""

    def __init__(self, lock: Lock, foundation: Any, kit: Any) -> None:
        self._lock = lock
        self._foundation = foundation
        self._kit = kit
        self._root = ctypes.c_uint32(0)
        # Kept for as long as the system may call them.
        self._callbacks: list[Any] = []

    def observe(self, name: str, reason: Reason) -> None:
        """Lock at each notification of that name."""

        def notified(*_: object) -> None:
            self._lock(reason)

        callback = NOTIFIED(notified)
        self._callbacks.append(callback)
        text = self._foundation.CFStringCreateWithCString(None, name.encode(), UTF8)
        self._foundation.CFNotificationCenterAddObserver(
            self._foundation.CFNotificationCenterGetDistributedCenter(), None, callback, text, None, DELIVER_IMMEDIATELY
        )

    def observe_power(self) -> ctypes.c_void_p:
        """The run loop's source of the power manager's messages; raises ``OSError`` if there is none."""
        port, notifier = ctypes.c_void_p(), ctypes.c_uint32(0)
        callback = POWER_CHANGED(self.power_changed)
        self._callbacks.append(callback)
        self._root.value = self._kit.IORegisterForSystemPower(None, ctypes.byref(port), callback, ctypes.byref(notifier))
        if not self._root.value:
            raise OSError
        return ctypes.c_void_p(self._kit.IONotificationPortGetRunLoopSource(port))

    def power_changed(self, _registered: object, _service: int, message: int, argument: int | None) -> None:
        """Sleep is never refused, and waits for the lock."""
        try:
            if message == SYSTEM_WILL_SLEEP:
                self._lock("sleep")
        finally:
            if message in {CAN_SYSTEM_SLEEP, SYSTEM_WILL_SLEEP}:
                self._kit.IOAllowPowerChange(self._root, ctypes.c_void_p(argument))


def listen(lock: Lock) -> None:
    """A listener."""
    foundation, kit = _libraries()
    listening = Listening(lock, foundation, kit)
    for name, reason in NOTIFICATIONS.items():
        listening.observe(name, reason)
    source = listening.observe_power()
    mode = ctypes.c_void_p.in_dll(foundation, "kCFRunLoopDefaultMode")
    foundation.CFRunLoopAddSource(ctypes.c_void_p(foundation.CFRunLoopGetCurrent()), source, mode)
    try:
        foundation.CFRunLoopRun()
    finally:
        lock("user")


LISTENERS = (listen,)


def _libraries() -> tuple[Any, Any]:
    frameworks = "/System/Library/Frameworks/{0}.framework/{0}"
    foundation, kit = ctypes.CDLL(frameworks.format("CoreFoundation")), ctypes.CDLL(frameworks.format("IOKit"))
    pointer, number = ctypes.c_void_p, ctypes.c_uint32
    # Without these a pointer would be cut to 32 bits.
    for library, name, result, arguments in (
        (foundation, "CFStringCreateWithCString", pointer, (pointer, ctypes.c_char_p, number)),
        (foundation, "CFNotificationCenterGetDistributedCenter", pointer, ()),
        (foundation, "CFNotificationCenterAddObserver", None, (pointer, pointer, NOTIFIED, pointer, pointer, ctypes.c_long)),
        (foundation, "CFRunLoopGetCurrent", pointer, ()),
        (foundation, "CFRunLoopAddSource", None, (pointer, pointer, pointer)),
        (foundation, "CFRunLoopRun", None, ()),
        (kit, "IORegisterForSystemPower", number, (pointer, pointer, POWER_CHANGED, pointer)),
        (kit, "IONotificationPortGetRunLoopSource", pointer, (pointer,)),
        (kit, "IOAllowPowerChange", ctypes.c_int32, (number, ctypes.c_void_p)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return foundation, kit
