"""Secrets as buffers that are wiped.

CPython cannot promise that no copy remains: ``bytes``, ``str`` and ``int`` cannot be wiped, and libraries copy.
What is done here shortens the life of the one buffer that we own and keeps it where nobody else reads (``secret_memory``, which is
imported at the first secret); the process boundary does the rest.
"""

from __future__ import annotations

import sys
from _thread import allocate_lock
from hmac import compare_digest
from typing import TYPE_CHECKING, NoReturn, Self

if TYPE_CHECKING:
    from types import TracebackType

    from native_host.secret_memory import Arena, Kind

_arena: Arena | None = None
_making = allocate_lock()


def wipe(buffer: bytearray | memoryview) -> None:
    """Overwrite ``buffer`` with zeros in place."""
    view = memoryview(buffer).cast("B")
    view[:] = bytes(len(view))


class SecretBytes:
    """A mutable buffer of secret bytes that hides itself and is wiped when its ``with`` block ends.

    It owns its buffer, in memory for secrets. A ``bytearray`` handed in is moved: it holds zeros afterwards. ``bytes`` are copied and their
    original cannot be wiped; of a view it is for its owner to wipe.
    """

    __slots__ = ("_length", "_view")

    def __init__(self, secret: bytes | bytearray | memoryview) -> None:
        self._length = len(secret)
        self._view: memoryview | None = _shared_arena().take(self._length) if self._length else memoryview(bytearray())
        self._view[:] = secret
        if isinstance(secret, bytearray):
            wipe(secret)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.wipe()

    def __len__(self) -> int:
        return self._length

    def __repr__(self) -> str:
        return "SecretBytes(…)"

    def __eq__(self, other: object) -> bool:
        """Constant-time in the contents, as ``hmac.compare_digest`` is."""
        return isinstance(other, SecretBytes) and compare_digest(self.buffer, other.buffer)

    __hash__ = None  # type: ignore[assignment]  # a hash would be a digest of the secret

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")

    @property
    def buffer(self) -> memoryview:
        """The buffer itself, for a primitive that reads it; never keep or copy it. After ``wipe`` as many zeros."""
        view = self._view
        return memoryview(bytearray(self._length)) if view is None else view

    def wipe(self) -> None:
        """Overwrite the secret; the object then holds zeros."""
        view, self._view = self._view, None
        if view is not None and self._length:
            wipe(view)
            del view
            _shared_arena().trim()


def in_force() -> Kind:
    """What secrets of this process lie in: ``memfd_secret``, ``locked`` (never swapped out, in no core file), or ``ordinary`` memory."""
    return _shared_arena().kind()


def _shared_arena() -> Arena:
    global _arena  # noqa: PLW0603 - a process has one
    if _arena is None:
        with _making:
            if _arena is None:
                from native_host.secret_memory import Arena

                _arena = Arena()
    return _arena


def guard_memory() -> None:
    """No core file of this process, and no other process of the same user reads its memory or traces it. Best effort."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from native_host.secret_memory import close_to_others

    close_to_others()
