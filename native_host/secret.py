"""Secrets as buffers that are wiped.

CPython cannot promise that no copy remains: ``bytes``, ``str`` and ``int`` cannot be wiped, and libraries copy.
What is done here shortens the life of the one buffer that we own; the process boundary does the rest.
"""

from __future__ import annotations

import sys
from hmac import compare_digest
from types import TracebackType
from typing import NoReturn, Self


def wipe(buffer: bytearray | memoryview) -> None:
    """Overwrite ``buffer`` with zeros in place."""
    view = memoryview(buffer).cast("B")
    view[:] = bytes(len(view))


class SecretBytes:
    """A mutable buffer of secret bytes that hides itself and is wiped when its ``with`` block ends.

    It owns its buffer: a ``bytearray`` handed in is kept, not copied; ``bytes`` are copied and their original cannot be wiped.
    """

    __slots__ = ("_buffer",)

    def __init__(self, secret: bytes | bytearray | memoryview) -> None:
        self._buffer = secret if isinstance(secret, bytearray) else bytearray(secret)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.wipe()

    def __len__(self) -> int:
        return len(self._buffer)

    def __repr__(self) -> str:
        return "SecretBytes(…)"

    def __eq__(self, other: object) -> bool:
        """Constant-time in the contents, as ``hmac.compare_digest`` is."""
        return isinstance(other, SecretBytes) and compare_digest(self._buffer, other._buffer)

    __hash__ = None  # type: ignore[assignment]  # a hash would be a digest of the secret

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")

    @property
    def buffer(self) -> bytearray:
        """The buffer itself, for a primitive that reads it; never keep or copy it."""
        return self._buffer

    def wipe(self) -> None:
        """Overwrite the secret; the object then holds zeros."""
        wipe(self._buffer)


def guard_memory() -> None:
    """No core file of this process, and on Linux no other process of the same user reads its memory. Best effort."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
