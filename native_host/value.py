"""The base of every value that passes between stages: frozen, cheap to make, and silent about what it holds.

A program that is to be up soon imports this before anything else that imports msgspec.
"""

from __future__ import annotations

import sys


def _import_msgspec() -> None:
    """msgspec takes its typing names from typing_extensions where that is installed, which costs 9 ms at each start; on the
    versions of Python that we run on, the standard library has every one of them."""
    modules: dict[str, object] = sys.modules  # type: ignore[assignment]  # None there means: not to be imported
    hidden = "typing_extensions" not in modules
    if hidden:
        modules["typing_extensions"] = None
    import msgspec  # noqa: F401

    if hidden:
        del modules["typing_extensions"]


_import_msgspec()

from msgspec import Struct  # noqa: E402


class Value(Struct, frozen=True, kw_only=True):
    """A frozen record whose ``repr`` names its fields and never shows their values.

    A Struct's own ``repr`` prints what it holds, secrets too, and a repr ends up in logs and tracebacks.
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.__struct_fields__)})"
