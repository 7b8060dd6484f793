"""The process that started the host, as Windows tells it: the Tool Help library, ``QueryFullProcessImageNameW``, ``GetProcessTimes``,
``WinVerifyTrust`` with ``WINTRUST_ACTION_GENERIC_VERIFY_V2``, and the signer's name by ``CertGetNameStringW``.

**Run under Wine only**, which shows that the calls have the right form.

Chromium starts a host by way of ``cmd.exe /d /c`` (``native_process_launcher_win.cc``), whose parent then is the browser. Windows tells the number
of the process that created another one, and gives numbers out again: one that began later than its child is not its parent. Nothing is looked
up in the network, so a certificate that was taken back is not noticed.
"""

from __future__ import annotations

import ctypes
import ntpath
import os
import sys
from ctypes import wintypes
from typing import TYPE_CHECKING, Any

from native_host.caller.browsers import WINDOWS
from native_host.caller.identity import Evidence, Parent
from native_host.language import sentence
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.caller.browsers import Maker
    from native_host.caller.identity import Family, Level

_SHELL = "cmd.exe"
_QUERY_LIMITED, _SNAPSHOT_PROCESSES, _PATH_CHARACTERS = 0x1000, 2, 1024
_NO_HANDLE = ctypes.c_void_p(-1).value
_UI_NONE, _REVOKE_NONE, _CHOICE_FILE, _VERIFY, _CLOSE, _CACHE_ONLY = 2, 0, 1, 1, 2, 0x1000
_NAME_SIMPLE = 4
_SIGNED, _NOT_SIGNED, _CHANGED = 0, 0x800B0100, 0x80096010
"""Success, ``TRUST_E_NOSIGNATURE``, ``TRUST_E_BAD_DIGEST``."""


class Process(Value, frozen=True, kw_only=True):
    """``started`` in Windows' units of 100 ns since 1601; ``path`` is empty if it may not be read."""

    pid: int
    parent: int
    path: str
    started: int

    @property
    def program(self) -> str:
        return ntpath.basename(self.path).lower()


class Signature(Value, frozen=True, kw_only=True):
    """``signer`` is whom the certificate names, empty if it cannot be told; ``status`` is what ``WinVerifyTrust`` answered, 0 for a valid one."""

    status: int
    signer: str = ""


def examine_parent(family: Family) -> Parent:
    """What is known of the process that started this one with the arguments of ``family``; never raises."""
    try:
        own = read(os.getpid())
        parent = read(own.parent) if own is not None else None
        parent = parent if own is not None and parent is not None and parent.started <= own.started else None
        above = read(parent.parent) if parent is not None and parent.program == _SHELL else None
        browser = behind_shell(parent, above)
        maker = WINDOWS.get(browser.program) if browser is not None else None
        signature = verify(browser.path) if browser is not None and maker is not None else None
    except (OSError, AttributeError, ValueError):
        return judge(None, None, family, None)
    return judge(browser, maker, family, signature)


def behind_shell(parent: Process | None, above: Process | None) -> Process | None:
    """The browser behind the shell that it starts hosts with; the parent itself if there is no such shell, or what is above came later."""
    if parent is None or above is None or parent.program != _SHELL or above.started > parent.started:
        return parent
    return above if above.program in WINDOWS else parent


def judge(process: Process | None, maker: Maker | None, family: Family, signature: Signature | None) -> Parent:
    """What that shows."""
    if process is None or not process.path:
        return _parent("unknown", "This system does not tell which program started Strongroom.")
    if maker is None:
        return _parent("unknown", sentence("Started by {path}, which is not a browser that Strongroom knows.", path=process.path))
    started = sentence("Started by {name} ({path})", name=maker.browser, path=process.path)
    if maker.family != family:
        return _parent("contradicted", sentence("{started}, but with the arguments of another browser.", started=started))
    if signature is not None and signature.status == _CHANGED:
        text = "{started}, which was changed after it was signed. Install the browser anew."
        return _parent("contradicted", sentence(text, started=started))
    # Builds of Chromium by others have the same name, and are not signed, or by whoever built them.
    if signature is not None and signature.status == _NOT_SIGNED:
        text = "{started}, which is not signed, as {signer} signs its own."
        return _parent("unknown", sentence(text, started=started, signer=maker.signer))
    if signature is None or signature.status != _SIGNED or not signature.signer:
        return _parent("unknown", sentence("{started}; who signed it is not told.", started=started), maker.browser)
    if signature.signer != maker.signer:
        text = "{started}, which is signed by {other} and not by {signer}."
        return _parent("unknown", sentence(text, started=started, other=signature.signer, signer=maker.signer))
    text = "{started}, signed by {signer}. What is loaded into it, extensions among it, is not shown by that."
    return _parent("verified", sentence(text, started=started, signer=maker.signer), maker.browser)


if sys.platform == "win32":  # pragma: no cover - run under Wine

    class _Entry(ctypes.Structure):
        """``PROCESSENTRY32W``."""

        _fields_ = (
            ("dwSize", wintypes.DWORD),
            ("cntUsage", wintypes.DWORD),
            ("th32ProcessID", wintypes.DWORD),
            ("th32DefaultHeapID", ctypes.c_size_t),
            ("th32ModuleID", wintypes.DWORD),
            ("cntThreads", wintypes.DWORD),
            ("th32ParentProcessID", wintypes.DWORD),
            ("pcPriClassBase", wintypes.LONG),
            ("dwFlags", wintypes.DWORD),
            ("szExeFile", wintypes.WCHAR * 260),
        )

    class _File(ctypes.Structure):
        """``WINTRUST_FILE_INFO``."""

        _fields_ = (
            ("cbStruct", wintypes.DWORD),
            ("pcwszFilePath", wintypes.LPCWSTR),
            ("hFile", wintypes.HANDLE),
            ("pgKnownSubject", ctypes.c_void_p),
        )

    class _Trust(ctypes.Structure):
        """``WINTRUST_DATA``."""

        _fields_ = (
            ("cbStruct", wintypes.DWORD),
            ("pPolicyCallbackData", ctypes.c_void_p),
            ("pSIPClientData", ctypes.c_void_p),
            ("dwUIChoice", wintypes.DWORD),
            ("fdwRevocationChecks", wintypes.DWORD),
            ("dwUnionChoice", wintypes.DWORD),
            ("pFile", ctypes.c_void_p),
            ("dwStateAction", wintypes.DWORD),
            ("hWVTStateData", wintypes.HANDLE),
            ("pwszURLReference", wintypes.LPCWSTR),
            ("dwProvFlags", wintypes.DWORD),
            ("dwUIContext", wintypes.DWORD),
            ("pSignatureSettings", ctypes.c_void_p),
        )

    class _Provider(ctypes.Structure):
        """The beginning of ``CRYPT_PROVIDER_CERT``."""

        _fields_ = (("cbStruct", wintypes.DWORD), ("pCert", ctypes.c_void_p))

    def read(pid: int) -> Process | None:
        """What Windows tells of a process; ``None`` if there is none of that number."""
        kernel32 = _kernel32()
        snapshot = kernel32.CreateToolhelp32Snapshot(_SNAPSHOT_PROCESSES, 0)
        if snapshot == _NO_HANDLE:
            raise ctypes.WinError(ctypes.get_last_error())
        try:
            entry = _Entry(dwSize=ctypes.sizeof(_Entry))
            more = kernel32.Process32FirstW(snapshot, ctypes.byref(entry))
            while more and entry.th32ProcessID != pid:
                more = kernel32.Process32NextW(snapshot, ctypes.byref(entry))
        finally:
            kernel32.CloseHandle(snapshot)
        if not more:
            return None
        path, started = _open(kernel32, pid)
        return Process(pid=pid, parent=entry.th32ParentProcessID, path=path, started=started)

    def _open(kernel32: Any, pid: int) -> tuple[str, int]:
        process = kernel32.OpenProcess(_QUERY_LIMITED, False, pid)  # BOOL bInheritHandle
        if not process:
            return "", 0
        try:
            length, path = wintypes.DWORD(_PATH_CHARACTERS), ctypes.create_unicode_buffer(_PATH_CHARACTERS)
            if not kernel32.QueryFullProcessImageNameW(process, 0, path, ctypes.byref(length)):
                return "", 0
            times = [wintypes.FILETIME() for _ in range(4)]
            if not kernel32.GetProcessTimes(process, *map(ctypes.byref, times)):
                return "", 0
            return path.value, times[0].dwHighDateTime << 32 | times[0].dwLowDateTime
        finally:
            kernel32.CloseHandle(process)

    def verify(path: str) -> Signature:
        """Whether a file's own signature is valid by what this machine trusts, and whose it is."""
        wintrust = ctypes.WinDLL("wintrust")
        action = (ctypes.c_ubyte * 16).from_buffer_copy(bytes.fromhex("6bc5aa0044cdd0118cc200c04fc295ee"))
        file = _File(cbStruct=ctypes.sizeof(_File), pcwszFilePath=path)
        trust = _Trust(cbStruct=ctypes.sizeof(_Trust), dwUIChoice=_UI_NONE, fdwRevocationChecks=_REVOKE_NONE, dwUnionChoice=_CHOICE_FILE)
        trust.pFile, trust.dwStateAction, trust.dwProvFlags = ctypes.addressof(file), _VERIFY, _CACHE_ONLY
        wintrust.WinVerifyTrust.argtypes = [wintypes.HANDLE, ctypes.c_void_p, ctypes.c_void_p]
        try:
            status = wintrust.WinVerifyTrust(None, ctypes.byref(action), ctypes.byref(trust)) & 0xFFFFFFFF
            return Signature(status=status, signer=_signer(wintrust, trust.hWVTStateData) if status == _SIGNED else "")
        finally:
            trust.dwStateAction = _CLOSE
            wintrust.WinVerifyTrust(None, ctypes.byref(action), ctypes.byref(trust))

    def _signer(wintrust: Any, state: int) -> str:
        pointer = ctypes.c_void_p
        for name, arguments in (
            ("WTHelperProvDataFromStateData", [wintypes.HANDLE]),
            ("WTHelperGetProvSignerFromChain", [pointer, wintypes.DWORD, wintypes.BOOL, wintypes.DWORD]),
            ("WTHelperGetProvCertFromChain", [pointer, wintypes.DWORD]),
        ):
            getattr(wintrust, name).argtypes, getattr(wintrust, name).restype = arguments, pointer
        data = wintrust.WTHelperProvDataFromStateData(state)
        signer = wintrust.WTHelperGetProvSignerFromChain(data, 0, False, 0) if data else None  # BOOL fCounterSigner
        found = wintrust.WTHelperGetProvCertFromChain(signer, 0) if signer else None
        if not found:
            return ""
        certificate = ctypes.cast(found, ctypes.POINTER(_Provider)).contents.pCert
        tell = ctypes.WinDLL("crypt32").CertGetNameStringW
        tell.argtypes = [pointer, wintypes.DWORD, wintypes.DWORD, pointer, wintypes.LPWSTR, wintypes.DWORD]
        text = ctypes.create_unicode_buffer(_PATH_CHARACTERS)
        tell(certificate, _NAME_SIMPLE, 0, None, text, _PATH_CHARACTERS)
        return text.value

    def _kernel32() -> Any:
        kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel32.CreateToolhelp32Snapshot.restype = kernel32.OpenProcess.restype = wintypes.HANDLE
        for function in (kernel32.Process32FirstW, kernel32.Process32NextW):
            function.argtypes = [wintypes.HANDLE, ctypes.c_void_p]
        kernel32.CloseHandle.argtypes = [wintypes.HANDLE]
        kernel32.QueryFullProcessImageNameW.argtypes = [wintypes.HANDLE, wintypes.DWORD, wintypes.LPWSTR, ctypes.c_void_p]
        kernel32.GetProcessTimes.argtypes = [wintypes.HANDLE, *[ctypes.c_void_p] * 4]
        return kernel32

else:

    def read(pid: int) -> Process | None:
        """Nothing: only Windows is asked so."""
        raise OSError(pid, "not on this system")

    def verify(path: str) -> Signature:
        """Nothing: only Windows is asked so."""
        raise OSError(path, "not on this system")


def _parent(level: Level, text: str, browser: str | None = None) -> Parent:
    return Parent(browser=browser, evidence=(Evidence(signal="parent", level=level, text=text),))
