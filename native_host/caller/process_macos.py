"""The process that started the host, as macOS tells it: libproc's ``proc_pidpath``, and its code signature by the Security framework
(``SecCode.h``, "Code Signing Requirement Language").

**Never run on macOS.** It is written to the documented calls; whatever fails is ``unknown``.

A signature counts if Apple anchors it and the certificate names the team of the browser's maker: a program can sign itself ad hoc, or as another
team. The process is named by its number, which is safe while it is our parent: a number is given out again only after its process ended, and
then the parent is another. The audit token, which names a process for good, is told for messages alone, of which none reaches a host.
"""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING

from native_host.caller.browsers import MACOS
from native_host.caller.identity import Evidence, Parent
from native_host.language import sentence

if TYPE_CHECKING:
    from native_host.caller.browsers import Maker
    from native_host.caller.identity import Family, Level

_PATH_BYTES = 4096
_UTF8, _SINT32 = 0x08000100, 3
_VALID, _OF_ANOTHER = 0, -67050
"""``errSecSuccess``, ``errSecCSReqFailed``. Other answers are no verdict: a browser that was updated while it runs has one."""
_CORE_FOUNDATION = "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation"
_SECURITY = "/System/Library/Frameworks/Security.framework/Security"
_LIBPROC = "/usr/lib/libproc.dylib"


def examine(pid: int, family: Family) -> Parent:
    """What is known of the process ``pid`` that started the host with the arguments of ``family``; never raises."""
    try:
        path = _path(pid)
    except (OSError, AttributeError):
        path = ""
    maker = MACOS.get(os.path.basename(path))
    signed = None
    if maker is not None and maker.team:
        try:
            signed = is_signed(pid, requirement(maker))
        except (OSError, AttributeError, ValueError):
            signed = None
    return judge(path, maker, family, signed=signed)


def requirement(maker: Maker) -> str:
    """What the code must fulfil, in Apple's language: a certificate for developers outside or inside the store, of this team."""
    return f'anchor apple generic and certificate leaf[subject.OU] = "{maker.team}"'


def judge(path: str, maker: Maker | None, family: Family, *, signed: bool | None) -> Parent:
    """What that shows; ``signed`` is ``None`` if it could not be asked."""
    if not path:
        return _parent("unknown", "The process that started Strongroom is gone or hidden.")
    if maker is None:
        return _parent("unknown", sentence("Started by {path}, which is not a browser that Strongroom knows.", path=path))
    started = sentence("Started by {name} ({path})", name=maker.browser, path=path)
    if maker.family != family:
        return _parent("contradicted", sentence("{started}, but with the arguments of another browser.", started=started))
    if signed is None:
        return _parent("consistent", sentence("{started}; who signed it is not told.", started=started), browser=maker.browser)
    if not signed:
        # Not held against it: the list of teams was never checked on a Mac, and whoever builds a browser signs it as themselves.
        text = sentence("{started}, which is not signed by the maker that Strongroom knows for it.", started=started)
        return _parent("unknown", text, browser=maker.browser)
    text = "{started}, signed by its maker. What is loaded into it, extensions among it, is not shown by that."
    return _parent("verified", sentence(text, started=started), maker.browser)


def is_signed(pid: int, rule: str) -> bool | None:
    """Whether the code that runs as this process is valid and fulfils the requirement; ``None`` without a verdict. Raises ``OSError``."""
    foundation, security = ctypes.CDLL(_CORE_FOUNDATION), ctypes.CDLL(_SECURITY)
    pointer = ctypes.c_void_p
    foundation.CFNumberCreate.restype = foundation.CFDictionaryCreate.restype = foundation.CFStringCreateWithCString.restype = pointer
    foundation.CFNumberCreate.argtypes = [pointer, ctypes.c_long, pointer]
    foundation.CFDictionaryCreate.argtypes = [pointer, pointer, pointer, ctypes.c_long, pointer, pointer]
    foundation.CFStringCreateWithCString.argtypes = [pointer, ctypes.c_char_p, ctypes.c_uint32]
    foundation.CFRelease.argtypes = [pointer]
    security.SecCodeCopyGuestWithAttributes.argtypes = [pointer, pointer, ctypes.c_uint32, pointer]
    security.SecRequirementCreateWithString.argtypes = [pointer, ctypes.c_uint32, pointer]
    security.SecCodeCheckValidity.argtypes = [pointer, ctypes.c_uint32, pointer]
    held: list[ctypes.c_void_p] = []
    try:
        number = ctypes.c_int32(pid)
        held.append(pointer(foundation.CFNumberCreate(None, _SINT32, ctypes.byref(number))))
        keys, values = (pointer * 1)(pointer.in_dll(security, "kSecGuestAttributePid").value), (pointer * 1)(held[0].value)
        held.append(pointer(foundation.CFDictionaryCreate(None, keys, values, 1, None, None)))
        held.append(pointer(foundation.CFStringCreateWithCString(None, rule.encode(), _UTF8)))
        code, wanted = pointer(), pointer()
        _check(security.SecCodeCopyGuestWithAttributes(None, held[1], 0, ctypes.byref(code)))
        held.append(code)
        _check(security.SecRequirementCreateWithString(held[2], 0, ctypes.byref(wanted)))
        held.append(wanted)
        return {_VALID: True, _OF_ANOTHER: False}.get(security.SecCodeCheckValidity(code, 0, wanted))
    finally:
        for one in held:
            if one.value:
                foundation.CFRelease(one)


def _check(status: int) -> None:
    if status:
        raise OSError(status, "the Security framework does not tell")


def _path(pid: int) -> str:
    buffer = ctypes.create_string_buffer(_PATH_BYTES)
    length = ctypes.CDLL(_LIBPROC).proc_pidpath(ctypes.c_int(pid), buffer, ctypes.c_uint32(_PATH_BYTES))
    return buffer.raw[: max(length, 0)].decode("utf-8", "replace")


def _parent(level: Level, text: str, browser: str | None = None) -> Parent:
    return Parent(browser=browser, evidence=(Evidence(signal="parent", level=level, text=text),))
