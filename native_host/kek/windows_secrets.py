"""Windows' own places for secrets, called by ctypes: DPAPI, and the credentials of an account.

Implements: Windows API: ``CryptProtectData``, ``CryptUnprotectData`` (dpapi.h), ``CredWriteW``, ``CredReadW``, ``CredDeleteW``
(wincred.h), named mutexes (synchapi.h). ctypes is in the standard library; pywin32 would bring very much more for these few calls.
The libraries are taken from the system's folder alone.
"""

from __future__ import annotations

import ctypes
from contextlib import contextmanager
from ctypes import POINTER, Structure, byref, c_ubyte, c_void_p, wintypes
from functools import cache
from typing import TYPE_CHECKING, Any

from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Iterator

CRYPTPROTECT_UI_FORBIDDEN = 0x1
CRED_TYPE_GENERIC = 1
CRED_PERSIST_LOCAL_MACHINE = 2
LOAD_LIBRARY_SEARCH_SYSTEM32 = 0x800
WAIT_OBJECT_0, WAIT_ABANDONED, WAIT_TIMEOUT = 0x0, 0x80, 0x102

ERROR_INVALID_DATA = 13
ERROR_INVALID_PARAMETER = 87
ERROR_TIMEOUT = 1460
ERROR_NOT_FOUND = 1168
NTE_BAD_DATA = 0x80090005


class Refused(Exception):
    """Windows said no; ``code`` is its number (winerror.h)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Windows error {code}")
        self.code = code & 0xFFFFFFFF


class _Blob(Structure):
    """DATA_BLOB."""

    _fields_ = (("size", wintypes.DWORD), ("data", POINTER(c_ubyte)))


class _Credential(Structure):
    """CREDENTIALW."""

    _fields_ = (
        ("flags", wintypes.DWORD),
        ("type", wintypes.DWORD),
        ("target_name", wintypes.LPWSTR),
        ("comment", wintypes.LPWSTR),
        ("last_written", wintypes.FILETIME),
        ("blob_size", wintypes.DWORD),
        ("blob", POINTER(c_ubyte)),
        ("persist", wintypes.DWORD),
        ("attribute_count", wintypes.DWORD),
        ("attributes", c_void_p),
        ("target_alias", wintypes.LPWSTR),
        ("user_name", wintypes.LPWSTR),
    )


def protect(secret: SecretBytes, *, description: str, entropy: bytes) -> bytes:
    """``secret`` under this account's keys, as only this account of this computer opens it; raises ``Refused``."""
    given, label, out = _view(secret.buffer), _view(bytearray(entropy)), _Blob()
    _check(_crypt32().CryptProtectData(byref(given), description, byref(label), None, None, CRYPTPROTECT_UI_FORBIDDEN, byref(out)))
    with _taken(out) as view:
        return bytes(view)


def unprotect(protected: bytes, *, entropy: bytes) -> SecretBytes:
    """What ``protect`` protected, of whatever length; raises ``Refused``."""
    given, label, out = _view(bytearray(protected)), _view(bytearray(entropy)), _Blob()
    _check(_crypt32().CryptUnprotectData(byref(given), None, byref(label), None, None, CRYPTPROTECT_UI_FORBIDDEN, byref(out)))
    with _taken(out) as view:
        return SecretBytes(view)


def write_credential(target: str, content: bytes, *, comment: str) -> None:
    """Write a generic credential of this account on this computer, over the one that is there; raises ``Refused``."""
    held = (c_ubyte * len(content)).from_buffer_copy(content)
    credential = _Credential(
        type=CRED_TYPE_GENERIC,
        target_name=target,
        comment=comment,
        blob_size=len(content),
        blob=held,
        persist=CRED_PERSIST_LOCAL_MACHINE,
        user_name=target,
    )
    _check(_advapi32().CredWriteW(byref(credential), 0))


def read_credential(target: str) -> bytes:
    """What a generic credential holds; raises ``Refused``."""
    found = POINTER(_Credential)()
    _check(_advapi32().CredReadW(target, CRED_TYPE_GENERIC, 0, byref(found)))
    try:
        credential = found.contents
        return bytes(credential.blob[: credential.blob_size]) if credential.blob_size else b""
    finally:
        _advapi32().CredFree(found)


def delete_credential(target: str) -> None:
    """Take a generic credential away; raises ``Refused``."""
    _check(_advapi32().CredDeleteW(target, CRED_TYPE_GENERIC, 0))


@contextmanager
def alone(name: str, *, milliseconds: int) -> Iterator[None]:
    """A block that one process of this logon session at a time is in; raises ``Refused`` if that takes too long."""
    # In the session's own namespace: in the global one another account could hold the name.
    mutex = _kernel32().CreateMutexW(None, False, f"Local\\{name}")
    _check(mutex)
    try:
        waited = _kernel32().WaitForSingleObject(mutex, milliseconds)
        if waited not in {WAIT_OBJECT_0, WAIT_ABANDONED}:
            raise Refused(ERROR_TIMEOUT if waited == WAIT_TIMEOUT else _last_error())
        try:
            yield
        finally:
            _kernel32().ReleaseMutex(mutex)
    finally:
        _kernel32().CloseHandle(mutex)


def _view(buffer: bytearray | memoryview) -> _Blob:
    """A blob over that very buffer: nothing is copied."""
    return _Blob(len(buffer), (c_ubyte * len(buffer)).from_buffer(buffer))


@contextmanager
def _taken(out: _Blob) -> Iterator[memoryview]:
    """What Windows allocated, for a block; then it is wiped and given back."""
    try:
        held = (c_ubyte * out.size).from_address(ctypes.addressof(out.data.contents)) if out.size else b""
        yield memoryview(held).cast("B")
    finally:
        if out.data:
            ctypes.memset(out.data, 0, out.size)
            _kernel32().LocalFree(out.data)


def _check(done: Any) -> None:
    if not done:
        raise Refused(_last_error())


def _last_error() -> int:
    return int(getattr(ctypes, "get_last_error", int)())


def _library(name: str) -> Any:
    load: Any = getattr(ctypes, "WinDLL", ctypes.CDLL)
    return load(name, use_last_error=True, winmode=LOAD_LIBRARY_SEARCH_SYSTEM32)


@cache
def _crypt32() -> Any:
    library = _library("crypt32.dll")
    blob = POINTER(_Blob)
    library.CryptProtectData.argtypes = (blob, wintypes.LPCWSTR, blob, c_void_p, c_void_p, wintypes.DWORD, blob)
    library.CryptProtectData.restype = wintypes.BOOL
    library.CryptUnprotectData.argtypes = (blob, POINTER(wintypes.LPWSTR), blob, c_void_p, c_void_p, wintypes.DWORD, blob)
    library.CryptUnprotectData.restype = wintypes.BOOL
    return library


@cache
def _advapi32() -> Any:
    library = _library("advapi32.dll")
    library.CredWriteW.argtypes = (POINTER(_Credential), wintypes.DWORD)
    library.CredWriteW.restype = wintypes.BOOL
    library.CredReadW.argtypes = (wintypes.LPCWSTR, wintypes.DWORD, wintypes.DWORD, POINTER(POINTER(_Credential)))
    library.CredReadW.restype = wintypes.BOOL
    library.CredDeleteW.argtypes = (wintypes.LPCWSTR, wintypes.DWORD, wintypes.DWORD)
    library.CredDeleteW.restype = wintypes.BOOL
    library.CredFree.argtypes = (c_void_p,)
    library.CredFree.restype = None
    return library


@cache
def _kernel32() -> Any:
    library = _library("kernel32.dll")
    library.LocalFree.argtypes = (c_void_p,)
    library.LocalFree.restype = c_void_p
    library.CreateMutexW.argtypes = (c_void_p, wintypes.BOOL, wintypes.LPCWSTR)
    library.CreateMutexW.restype = wintypes.HANDLE
    library.WaitForSingleObject.argtypes = (wintypes.HANDLE, wintypes.DWORD)
    library.WaitForSingleObject.restype = wintypes.DWORD
    library.ReleaseMutex.argtypes = library.CloseHandle.argtypes = (wintypes.HANDLE,)
    library.ReleaseMutex.restype = library.CloseHandle.restype = wintypes.BOOL
    return library
