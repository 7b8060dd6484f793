"""A library that answers as Apple documents Core Foundation and Keychain Services, for a machine that is no Mac.

It is not macOS: it shows that dictionaries are built of the documented constants and types, that calls have the documented form,
that everything made is released, and what each status becomes. Whether macOS agrees is not shown by it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from native_host.kek import keychain, security_framework

# The constants that Apple documents, by the framework that has them.
KEYS = {
    "kSecClass": "kSecClassGenericPassword",
    "kSecAttrService": str,
    "kSecAttrAccount": str,
    "kSecAttrLabel": str,
    "kSecAttrSynchronizable": bool,
    "kSecAttrAccessible": "kSecAttrAccessibleWhenUnlockedThisDeviceOnly",
    "kSecUseDataProtectionKeychain": bool,
    "kSecUseAuthenticationUI": "kSecUseAuthenticationUIFail",
    "kSecValueData": bytes,
    "kSecReturnData": bool,
    "kSecMatchLimit": "kSecMatchLimitOne",
}
NAMES = [key for value in KEYS.values() for key in (value,) if isinstance(key, str)]
SECURITY = [*KEYS, *NAMES]
CORE_FOUNDATION = [
    "kCFBooleanTrue",
    "kCFBooleanFalse",
    "kCFAllocatorNull",
    "kCFTypeDictionaryKeyCallBacks",
    "kCFTypeDictionaryValueCallBacks",
]
UTF_8 = 0x08000100
ITEM_NOT_FOUND, DUPLICATE_ITEM, MISSING_ENTITLEMENT, PARAM = -25300, -25299, -34018, -50


class Named(str):
    """A constant, where a text would be another thing."""

    __slots__ = ()


class Function:
    """One function: it takes what ``argtypes`` say, as ctypes would see to."""

    argtypes: tuple[Any, ...] | None = None
    restype: Any = ctypes.c_int

    def __init__(self, does: Callable[..., Any]) -> None:
        self._does = does

    def __call__(self, *arguments: Any) -> Any:
        assert self.argtypes is not None, "called without argtypes, pointers are cut to 32 bits"
        assert len(self.argtypes) == len(arguments)
        for kind, argument in zip(self.argtypes, arguments, strict=True):
            kind.from_param(argument)
        return self._does(*arguments)


class Mac:
    """Both frameworks, and the keychains behind them. ``items``: (keychain is the data protection one, service, account) → attributes."""

    def __init__(self, *, entitled: bool = True, without: tuple[str, ...] = ()) -> None:
        self.entitled = entitled
        self.items: dict[tuple[bool, str, str], dict[str, Any]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.status: dict[str, int] = {}
        """Statuses that functions answer with, whatever they are asked."""
        self.made: dict[int, Any] = {}
        self._numbers = count(0x10_0000_0000, 16)  # beyond 32 bits, as pointers are
        self._cells: dict[str, ctypes.c_void_p] = {}
        self._constants: dict[int, str] = {}
        for name in (*SECURITY, *CORE_FOUNDATION):
            if name not in without:
                number = next(self._numbers)
                self._cells[name], self._constants[number] = ctypes.c_void_p(number), name

    def load(self, path: str) -> Any:
        framework = path.rpartition("/")[2]
        assert path == f"/System/Library/Frameworks/{framework}.framework/{framework}"
        prefix = {"CoreFoundation": "CF", "Security": "Sec"}[framework]
        return type("Library", (), {name: Function(getattr(self, name)) for name in dir(self) if name.startswith(prefix)})()

    def symbol(self, path: str, name: str) -> int:
        if name not in self._cells or (name in CORE_FOUNDATION) != path.endswith("CoreFoundation"):
            raise ValueError(name)
        return ctypes.addressof(self._cells[name])

    # Core Foundation

    def CFRelease(self, reference: Any) -> None:  # noqa: N802
        del self.made[_number(reference)]

    def CFStringCreateWithBytes(self, allocator: None, text: bytes, length: int, encoding: int, external: int) -> int:  # noqa: N802
        assert (UTF_8, 0) == (encoding, external)
        return self._make(text[:length].decode())

    def CFDataCreateWithBytesNoCopy(self, allocator: None, view: Any, length: int, deallocator: int) -> int:  # noqa: N802
        assert "kCFAllocatorNull" == self._constants[deallocator], "it would free what is not its own"
        return self._make((view, length))

    def CFDataGetLength(self, data: Any) -> int:  # noqa: N802
        return len(self.made[_number(data)])

    def CFDataGetBytePtr(self, data: Any) -> int:  # noqa: N802
        return ctypes.addressof(ctypes.c_char.from_buffer(self.made[_number(data)]))

    def CFDictionaryCreate(self, allocator: None, keys: Any, values: Any, length: int, *callbacks: int) -> int:  # noqa: N802
        expected = [self.symbol("CoreFoundation", f"kCFTypeDictionary{part}CallBacks") for part in ("Key", "Value")]
        assert expected == list(callbacks)
        assert length == len(keys) == len(values)
        return self._make({self._constants[key]: self._known(value) for key, value in zip(keys, values, strict=True)})

    # Keychain Services

    def SecItemAdd(self, attributes: Any, result: None) -> int:  # noqa: N802
        def add(given: dict[str, Any], place: tuple[bool, str, str]) -> int:
            if place in self.items:
                return DUPLICATE_ITEM
            self.items[place] = given
            return 0

        return self._answer("SecItemAdd", attributes, add)

    def SecItemCopyMatching(self, query: Any, result: Any) -> int:  # noqa: N802
        def copy(given: dict[str, Any], place: tuple[bool, str, str]) -> int:
            assert given["kSecReturnData"] is True
            if place not in self.items:
                return ITEM_NOT_FOUND
            result._obj.value = self._make(bytearray(self.items[place]["kSecValueData"]))
            return 0

        return self._answer("SecItemCopyMatching", query, copy)

    def SecItemUpdate(self, query: Any, changes: Any) -> int:  # noqa: N802
        def change(given: dict[str, Any], place: tuple[bool, str, str]) -> int:
            if place not in self.items:
                return ITEM_NOT_FOUND
            self.items[place].update(self._read(changes))
            return 0

        return self._answer("SecItemUpdate", query, change)

    def SecItemDelete(self, query: Any) -> int:  # noqa: N802
        return self._answer("SecItemDelete", query, lambda given, place: 0 if self.items.pop(place, None) else ITEM_NOT_FOUND)

    def _answer(self, function: str, reference: Any, act: Callable[[dict[str, Any], tuple[bool, str, str]], int]) -> int:
        given = self._read(reference)
        self.calls.append((function, given))
        if function in self.status:
            return self.status[function]
        protected = given.get("kSecUseDataProtectionKeychain", False)
        if protected and not self.entitled:
            return MISSING_ENTITLEMENT
        return act(given, (protected, given["kSecAttrService"], given["kSecAttrAccount"]))

    def _read(self, reference: Any) -> dict[str, Any]:
        """A dictionary as it is when it is asked about; every value has to be of the documented type."""
        read = {
            key: bytes(value[0][: value[1]]) if isinstance(value, tuple) else value for key, value in self.made[_number(reference)].items()
        }
        for key, value in read.items():
            kind = KEYS[key]
            assert type(value) is kind if isinstance(kind, type) else value == Named(kind) and isinstance(value, Named), key
        return read

    def _known(self, number: int) -> Any:
        if number in self._constants:
            name = self._constants[number]
            return {"kCFBooleanTrue": True, "kCFBooleanFalse": False}.get(name, Named(name))
        return self.made[number]

    def _make(self, content: Any) -> int:
        number = next(self._numbers)
        self.made[number] = content
        return number


def _number(reference: Any) -> int:
    return int((reference.value or 0) if isinstance(reference, ctypes.c_void_p) else reference)


@contextmanager
def mac(monkeypatch: pytest.MonkeyPatch, *, entitled: bool = True, without: tuple[str, ...] = ()) -> Iterator[Mac]:
    """For a block the host takes this machine for a Mac with these frameworks; in the end nothing may be left that they made."""
    machine = Mac(entitled=entitled, without=without)
    monkeypatch.setattr(keychain, "PLATFORM", "darwin")
    monkeypatch.setattr(security_framework, "_load", machine.load)
    monkeypatch.setattr(security_framework, "_symbol", machine.symbol)
    yield machine
    assert {} == machine.made
