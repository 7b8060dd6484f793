"""Windows' own interpreter runs the memory of secrets under Wine: the calls have the right form, and a secret is what was put there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.parts.wine import Wine, wine

USE = """
from native_host.secret import SecretBytes, in_force
content = bytes(range(256)) * 100
with SecretBytes(b"small") as small, SecretBytes(content) as large:
    print(in_force(), bytes(small.buffer), bytes(large.buffer) == content)
print(bytes(small.buffer))
"""
GUARD = """
import ctypes
from ctypes import wintypes
from native_host.secret import guard_memory
guard_memory()
kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
kernel32.GetCurrentProcess.restype = wintypes.HANDLE
advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
get, tell = advapi32.GetKernelObjectSecurity, advapi32.ConvertSecurityDescriptorToStringSecurityDescriptorW
get.argtypes = (wintypes.HANDLE, wintypes.DWORD, ctypes.c_void_p, wintypes.DWORD, ctypes.c_void_p)
tell.argtypes = (ctypes.c_void_p, wintypes.DWORD, wintypes.DWORD, ctypes.POINTER(wintypes.LPWSTR), ctypes.c_void_p)
size = wintypes.DWORD()
get(kernel32.GetCurrentProcess(), 4, None, 0, ctypes.byref(size))
descriptor, text = ctypes.create_string_buffer(size.value), wintypes.LPWSTR()
assert get(kernel32.GetCurrentProcess(), 4, descriptor, size, ctypes.byref(size)), ctypes.get_last_error()
assert tell(descriptor, 1, 4, ctypes.byref(text), None), ctypes.get_last_error()
print(text.value)
"""


@pytest.fixture(scope="module")
def windows() -> Iterator[Wine]:
    with wine() as running:
        yield running


def test_secrets_lie_in_locked_memory(windows: Wine) -> None:
    """Small ones together and a large one by itself; wiped at the end."""
    assert windows.run(USE).splitlines() == ["locked b'small' True", str(bytes(5))]


def test_a_guarded_process_has_the_access_list_that_is_meant(windows: Wine) -> None:
    """Its owner may read the list, wait for the process, ask a little about it and end it; there is no entry for anybody else."""
    (text,) = windows.run(GUARD).splitlines()
    assert "D:P(A;;0x121001;;;OW)" == text
