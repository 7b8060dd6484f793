"""Generic passwords in a macOS keychain, called by ctypes.

Implements: Apple's Keychain Services: ``SecItemAdd``, ``SecItemCopyMatching``, ``SecItemUpdate``, ``SecItemDelete`` (SecItem.h, SecBase.h),
with dictionaries of Core Foundation. ctypes is in the standard library; PyObjC would bring very much more for four calls. The
libraries are taken from the system's folder alone.

A dictionary is written here as Python's own: keys are the names of Apple's constants; a value is text, bytes, a truth value, or
``Constant``, the name of another of Apple's constants.

Untested on macOS: see ``native_host.kek.keychain``.
"""

from __future__ import annotations

import ctypes
from contextlib import ExitStack
from ctypes import POINTER, byref, c_char_p, c_int32, c_long, c_ubyte, c_uint32, c_void_p
from functools import cache
from typing import TYPE_CHECKING, Any

from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    Content = str | bytearray | memoryview | bool  # a Constant is text
    Query = Mapping[str, Content]

CORE_FOUNDATION = "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation"
SECURITY = "/System/Library/Frameworks/Security.framework/Security"
UTF_8 = 0x08000100  # kCFStringEncodingUTF8

# SecBase.h
ERR_SEC_SUCCESS = 0
ERR_SEC_USER_CANCELED = -128
ERR_SEC_NOT_AVAILABLE = -25291
ERR_SEC_AUTH_FAILED = -25293
ERR_SEC_NO_SUCH_KEYCHAIN = -25294
ERR_SEC_DUPLICATE_ITEM = -25299
ERR_SEC_ITEM_NOT_FOUND = -25300
ERR_SEC_NO_DEFAULT_KEYCHAIN = -25307
ERR_SEC_INTERACTION_NOT_ALLOWED = -25308
ERR_SEC_INTERACTION_REQUIRED = -25315
ERR_SEC_MISSING_ENTITLEMENT = -34018


class Refused(Exception):
    """macOS said no; ``status`` is its OSStatus."""

    def __init__(self, status: int) -> None:
        super().__init__(f"OSStatus {status}")
        self.status = status


class Constant(str):
    """The name of a constant of Apple's, as a value."""

    __slots__ = ()


def add(attributes: Query) -> None:
    """Add an item; raises ``Refused``."""
    with ExitStack() as held:
        _check(_call("SecItemAdd", _dictionary(attributes, held), None))


def copy_data(query: Query) -> SecretBytes:
    """The data of the item that matches; raises ``Refused``. The framework's own copy cannot be wiped."""
    asked: Query = {**query, "kSecReturnData": True, "kSecMatchLimit": Constant("kSecMatchLimitOne")}
    found = c_void_p()
    with ExitStack() as held:
        _check(_call("SecItemCopyMatching", _dictionary(asked, held), byref(found)))
        data = _held(found.value, held)
        copied = bytearray(_call("CFDataGetLength", data))
        if copied:
            ctypes.memmove((c_ubyte * len(copied)).from_buffer(copied), _call("CFDataGetBytePtr", data), len(copied))
    return SecretBytes(copied)


def update(query: Query, changes: Query) -> None:
    """Change the item that matches; raises ``Refused``."""
    with ExitStack() as held:
        _check(_call("SecItemUpdate", _dictionary(query, held), _dictionary(changes, held)))


def delete(query: Query) -> None:
    """Take the item away that matches; raises ``Refused``."""
    with ExitStack() as held:
        _check(_call("SecItemDelete", _dictionary(query, held)))


def has(name: str) -> bool:
    """Whether this version of macOS has a constant."""
    try:
        _symbol(SECURITY, name)
    except ValueError:
        return False
    return True


def _check(status: int) -> None:
    if status != ERR_SEC_SUCCESS:
        raise Refused(status)


def _dictionary(content: Query, held: ExitStack) -> c_void_p:
    """A CFDictionary, alive as long as ``held`` is."""
    keys = (c_void_p * len(content))(*(_constant(SECURITY, name) for name in content))
    values = (c_void_p * len(content))(*(_value(value, held) for value in content.values()))
    # With these callbacks the dictionary retains what it holds, and finds keys by their text.
    callbacks = [_symbol(CORE_FOUNDATION, f"kCFTypeDictionary{part}CallBacks") for part in ("Key", "Value")]
    return c_void_p(_held(_call("CFDictionaryCreate", None, keys, values, len(content), *callbacks), held))


def _value(value: Content, held: ExitStack) -> int:
    match value:
        case Constant():
            return _constant(SECURITY, value)
        case bool():
            return _constant(CORE_FOUNDATION, "kCFBooleanTrue" if value else "kCFBooleanFalse")
        case str():
            text = value.encode()
            return _held(_call("CFStringCreateWithBytes", None, text, len(text), UTF_8, False), held)
        case _:
            # Over the very buffer: Core Foundation neither copies a secret nor frees what is ours.
            view = (c_ubyte * len(value)).from_buffer(value)
            no_one = _constant(CORE_FOUNDATION, "kCFAllocatorNull")
            return _held(_call("CFDataCreateWithBytesNoCopy", None, view, len(value), no_one), held)


def _held(reference: int | None, held: ExitStack) -> int:
    if not reference:
        raise MemoryError
    held.callback(_call, "CFRelease", reference)
    return reference


SIGNATURES: dict[str, tuple[str, Any, tuple[Any, ...]]] = {
    "CFRelease": (CORE_FOUNDATION, None, (c_void_p,)),
    "CFDictionaryCreate": (
        CORE_FOUNDATION,
        c_void_p,
        (c_void_p, POINTER(c_void_p), POINTER(c_void_p), c_long, c_void_p, c_void_p),
    ),
    "CFStringCreateWithBytes": (CORE_FOUNDATION, c_void_p, (c_void_p, c_char_p, c_long, c_uint32, c_ubyte)),
    "CFDataCreateWithBytesNoCopy": (CORE_FOUNDATION, c_void_p, (c_void_p, POINTER(c_ubyte), c_long, c_void_p)),
    "CFDataGetLength": (CORE_FOUNDATION, c_long, (c_void_p,)),
    "CFDataGetBytePtr": (CORE_FOUNDATION, c_void_p, (c_void_p,)),
    "SecItemAdd": (SECURITY, c_int32, (c_void_p, POINTER(c_void_p))),
    "SecItemCopyMatching": (SECURITY, c_int32, (c_void_p, POINTER(c_void_p))),
    "SecItemUpdate": (SECURITY, c_int32, (c_void_p, c_void_p)),
    "SecItemDelete": (SECURITY, c_int32, (c_void_p,)),
}
"""Each function's library, what it returns and what it takes."""


def _call(name: str, *arguments: Any) -> Any:
    path, result, parameters = SIGNATURES[name]
    function = getattr(_load(path), name)
    function.restype, function.argtypes = result, parameters
    return function(*arguments)


@cache
def _load(path: str) -> Any:
    return ctypes.CDLL(path)


def _symbol(path: str, name: str) -> int:
    """Where a symbol is; raises ``ValueError`` if the library has none of that name."""
    return ctypes.addressof(c_void_p.in_dll(_load(path), name))


def _constant(path: str, name: str) -> int:
    """What a symbol points to: Apple's constants are references."""
    return int(c_void_p.from_address(_symbol(path, name)).value or 0)
