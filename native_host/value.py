"""The base of every value that passes between stages: frozen, cheap to make, and silent about what it holds."""

from __future__ import annotations

from msgspec import Struct


class Value(Struct, frozen=True, kw_only=True):
    """A frozen record whose ``repr`` names its fields and never shows their values.

    A Struct's own ``repr`` prints what it holds, secrets too, and a repr ends up in logs and tracebacks.
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.__struct_fields__)})"
