"""What every review is made about, and of what it is made. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.protocol.approver import Fact
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.encodings.spending import Spending

Described = tuple[str, tuple[Fact, ...], tuple[str, ...]]
"""The title, the facts, the warnings: the gravest first."""


class Target(Value, frozen=True, kw_only=True):
    """The key that is to be wrapped."""

    label: str
    alg: str


class Subject(Value, frozen=True, kw_only=True):
    """What a review may know of its key; the key's name and algorithm stand beside every review and are not repeated in it.
    ``now_ms``: the time of asking, in milliseconds since 1970, by which what has expired is told. ``spending``: what of a Bitcoin transaction
    is the key's. ``public``: the raw public key, where there is one. ``authorities``: as ``policy.Facts`` has them.
    ``is_account``: it is the key of an account on a chain, as far as it is known.
    """

    address: str | None = None
    path: str | None = None
    dependants: int = 0
    labels: tuple[str, ...] = ()
    provenance: str = "generated"
    in_token: bool = False
    target: Target | None = None
    now_ms: int | None = None
    spending: Spending | None = None
    public: bytes | None = None
    authorities: tuple[str | None, ...] = ()
    is_account: bool = True


class Review(Value, frozen=True, kw_only=True):
    """What is shown, apart from who asks: warnings stand before facts."""

    title: str
    facts: tuple[Fact, ...] = ()
    warnings: tuple[str, ...] = ()
