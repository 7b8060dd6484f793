"""Where secrets lie: memory that is never written to disk and, where the system can do it, that nobody else reads.

Linux: memfd_secret(2), whose pages the kernel takes out of its own map of memory, so that root's ``/proc/PID/mem`` does not show them
either; else private pages with mlock(2), MADV_DONTDUMP and MADV_WIPEONFORK (madvise(2)). macOS: mmap(2) and mlock(2). Windows:
``VirtualAlloc`` and ``VirtualLock`` (memoryapi.h). All of it by ctypes, which is imported with this module: at the first secret.

The memory that may be locked is little (8 MiB on Linux, less on Windows), so small secrets share a region. What finds no room lies in an
ordinary ``bytearray``. While a memfd_secret exists, Linux does not hibernate: the regions are given back with the last secret, which
is when the keystore is locked.
"""

from __future__ import annotations

import ctypes
import os
import sys
from _thread import allocate_lock
from typing import TYPE_CHECKING, Any, Literal

from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable

if sys.platform == "win32":
    from mmap import PAGESIZE
else:
    PAGESIZE = os.sysconf("SC_PAGE_SIZE")

Kind = Literal["memfd_secret", "locked", "ordinary"]

REGION_BYTES = 64 * 1024
SMALLEST_BYTES, LARGEST_BYTES = 32, 16 * 1024  # blocks of a region, each a power of two; what is larger has a region of its own

SYS_MEMFD_SECRET = 447  # the same on every architecture that has it
MADV_DONTDUMP, MADV_WIPEONFORK = 16, 18
PROT_READ_WRITE, MAP_SHARED, MAP_PRIVATE, MAP_FIXED = 0x3, 0x1, 0x2, 0x10
MAP_ANONYMOUS = 0x1000 if sys.platform == "darwin" else 0x20
FAILED = ctypes.c_void_p(-1).value
PT_DENY_ATTACH = 31

MEM_COMMIT_RESERVE, MEM_RELEASE, PAGE_READWRITE = 0x3000, 0x8000, 0x04
DACL_SECURITY_INFORMATION = 0x4
OWNER_MAY_END_IT = "D:P(A;;0x121001;;;OW)"
"""READ_CONTROL, SYNCHRONIZE, PROCESS_QUERY_LIMITED_INFORMATION and PROCESS_TERMINATE for the owner, and nothing for anybody else. Without
an entry for OWNER RIGHTS the owner could write another list."""
EXTENSION_POINTS, IMAGE_LOADS = (6, 0x1), (10, 0x3)  # process mitigation policies: no extension points; no remote or low-integrity images
WER_NO_HEAP = 0x1


class Region(Value, frozen=True, kw_only=True):
    """Whole pages, zeroed."""

    address: int
    size: int
    kind: Kind


class Arena:
    """Blocks for secrets, in regions that come when they are needed. Any thread may use it.

    A block goes back when the last view of it is gone, which CPython notices at once: who still holds a view of a secret that was wiped
    sees zeros, and never another secret.
    """

    def __init__(self, source: Callable[[int], Region | None] | None = None) -> None:
        self._reserve = source or reserve
        self._lock = allocate_lock()
        self._regions: list[Region] = []
        self._large: dict[int, Region] = {}
        self._free: dict[int, list[int]] = {}
        self._blocks: dict[int, Any] = {}
        self._used = 0
        self._next = self._end = 0
        # Filled as blocks die, which can be at any moment of any thread, the lock held or not: so by ``append``, and without it.
        self._dead: list[tuple[int, int]] = []
        if sys.platform != "win32":
            os.register_at_fork(after_in_child=self._forked)

    def take(self, length: int) -> memoryview:
        """A writable view of ``length`` zeros."""
        size = max(SMALLEST_BYTES, 1 << (length - 1).bit_length()) if length <= LARGEST_BYTES else -(-length // PAGESIZE) * PAGESIZE
        with self._lock:
            if self._dead:
                self._sweep()
            free = self._free.get(size)
            address = free.pop() if free else self._address(size)
            if address is None:
                return memoryview(bytearray(length))
            self._used += 1
        view = memoryview((self._blocks.get(size) or self._block(size)).from_address(address)).cast("B")
        return view if length == size else view[:length]

    def trim(self) -> None:
        """Give the memory back if nothing lies in it."""
        if self._used > len(self._dead) and not self._large:
            return  # Something does: whoever lets it go comes here again. This is passed at every use of a key.
        with self._lock:
            self._sweep()
            if self._regions and not self._used:
                regions, self._regions = self._regions, []
                self._free.clear()
                self._next = self._end = 0
                for region in regions:
                    _release(region)

    def kind(self) -> Kind:
        """What the next small secret lies in."""
        held = self.take(SMALLEST_BYTES)
        with self._lock:
            kind = self._regions[-1].kind if self._regions else "ordinary"
        del held
        self.trim()
        return kind

    def _address(self, size: int) -> int | None:
        if size > LARGEST_BYTES:
            region = self._reserve(size)
            if region is not None:
                self._large[region.address] = region
            return None if region is None else region.address
        if self._end - self._next < size:
            region = self._reserve(REGION_BYTES)
            if region is None:
                return None
            self._regions.append(region)
            self._next, self._end = region.address, region.address + region.size
        address, self._next = self._next, self._next + size
        return address

    def _sweep(self) -> None:
        while self._dead:
            size, address = self._dead.pop()
            self._used -= 1
            if address in self._large:
                _release(self._large.pop(address))
            else:
                self._free.setdefault(size, []).append(address)

    def _block(self, size: int) -> Any:
        """The class of blocks of a size: views keep an instance alive."""
        dead, memset, addressof = self._dead, ctypes.memset, ctypes.addressof  # bound here: they outlive the module at the end

        def gone(block: Any) -> None:
            address = addressof(block)
            memset(address, 0, size)
            dead.append((size, address))

        made = type("Block", (ctypes.c_ubyte * size,), {"__del__": gone})
        if size <= LARGEST_BYTES:
            self._blocks[size] = made
        return made

    def _forked(self) -> None:
        """In a child process: zeros of its own in the place of what it would share with its parent."""
        self._lock = allocate_lock()
        if sys.platform != "win32":
            flags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS
            for region in (*self._regions, *self._large.values()):
                _libc().mmap(region.address, region.size, PROT_READ_WRITE, flags, -1, 0)


def close_to_others() -> None:
    """Take from other processes of the same user the right to read this one's memory and to trace it; best effort, for good."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
    elif sys.platform == "darwin":
        ctypes.CDLL(None).ptrace(PT_DENY_ATTACH, 0, None, 0)
    elif sys.platform == "win32":
        _close_on_windows()


if sys.platform == "win32":
    from ctypes import wintypes

    def _kernel32() -> ctypes.WinDLL:
        library = ctypes.WinDLL("kernel32", use_last_error=True, winmode=0x800)  # from System32 alone
        library.VirtualAlloc.argtypes = (ctypes.c_void_p, ctypes.c_size_t, wintypes.DWORD, wintypes.DWORD)
        library.VirtualAlloc.restype = ctypes.c_void_p
        library.VirtualLock.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
        library.VirtualFree.argtypes = (ctypes.c_void_p, ctypes.c_size_t, wintypes.DWORD)
        library.GetCurrentProcess.restype = wintypes.HANDLE
        library.SetProcessMitigationPolicy.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)
        library.LocalFree.argtypes = (ctypes.c_void_p,)
        return library

    def reserve(size: int) -> Region | None:
        """A region of whole pages, as ``Region.kind`` says; ``None`` if there is none to be had."""
        library = _kernel32()
        address = library.VirtualAlloc(None, size, MEM_COMMIT_RESERVE, PAGE_READWRITE)
        if not address:
            return None
        return Region(address=address, size=size, kind="locked" if library.VirtualLock(address, size) else "ordinary")

    def _release(region: Region) -> None:
        _kernel32().VirtualFree(region.address, 0, MEM_RELEASE)

    def _close_on_windows() -> None:
        library = _kernel32()
        library.WerSetFlags(WER_NO_HEAP)
        for policy, flags in (EXTENSION_POINTS, IMAGE_LOADS):
            library.SetProcessMitigationPolicy(policy, ctypes.byref(wintypes.DWORD(flags)), ctypes.sizeof(wintypes.DWORD))
        advapi32 = ctypes.WinDLL("advapi32", winmode=0x800)
        advapi32.SetKernelObjectSecurity.argtypes = (wintypes.HANDLE, wintypes.DWORD, ctypes.c_void_p)
        descriptor = ctypes.c_void_p()
        convert = advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW
        if convert(OWNER_MAY_END_IT, 1, ctypes.byref(descriptor), None):
            advapi32.SetKernelObjectSecurity(library.GetCurrentProcess(), DACL_SECURITY_INFORMATION, descriptor)
            library.LocalFree(descriptor)

else:

    def _libc() -> ctypes.CDLL:
        library = ctypes.CDLL(None)
        library.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
        library.mmap.restype = ctypes.c_void_p
        for name in ("munmap", "mlock"):
            getattr(library, name).argtypes = (ctypes.c_void_p, ctypes.c_size_t)
        library.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        return library

    def reserve(size: int) -> Region | None:
        """A region of whole pages, as ``Region.kind`` says; ``None`` if there is none to be had."""
        return _secret(size) or _locked(size)

    def _secret(size: int) -> Region | None:
        if sys.platform != "linux":
            return None
        library = _libc()
        # Raw: the C library has no function for it. A kernel without it, or one that was told to have none, answers ENOSYS.
        descriptor = library.syscall(SYS_MEMFD_SECRET, os.O_CLOEXEC)
        if descriptor < 0:
            return None
        try:
            os.ftruncate(descriptor, size)
            address = library.mmap(None, size, PROT_READ_WRITE, MAP_SHARED, descriptor, 0)
        except OSError:
            return None
        finally:
            os.close(descriptor)  # who could get at it could map it too
        return None if address == FAILED else Region(address=address, size=size, kind="memfd_secret")

    def _locked(size: int) -> Region | None:
        library = _libc()
        address = library.mmap(None, size, PROT_READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        if address == FAILED:
            return None
        locked = library.mlock(address, size) == 0
        if sys.platform == "linux":
            library.madvise(address, size, MADV_DONTDUMP)
            library.madvise(address, size, MADV_WIPEONFORK)
        return Region(address=address, size=size, kind="locked" if locked else "ordinary")

    def _release(region: Region) -> None:
        _libc().munmap(region.address, region.size)
