"""What every operation works with, handed in once by ``host.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import field

from native_host.operations.elsewhere import Elsewhere
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from native_host.approval.approver import Approver
    from native_host.approval.authorize import Grants
    from native_host.audit import Audit
    from native_host.kek.provider import Settings
    from native_host.keystore.store import KeyStore
    from native_host.operations.installed import Installed


class House(Value, frozen=True, kw_only=True):
    """``aside()`` lets other calls go on for as long as its block waits (for a person, for a KDF); no transaction is open then.

    ``clock`` gives milliseconds since 1970; ``folder`` is where the keystore lies, to be shown; ``settings`` is what the
    providers of slots and tokens work with; ``program`` is the one that the configuration names for approvals; ``installed`` is
    what was found of the extension that asks, ``None`` where none does.
    """

    store: KeyStore
    audit: Audit
    approver: Approver
    grants: Grants
    aside: Callable[[], AbstractContextManager[None]]
    clock: Callable[[], int]
    random_bytes: Callable[[int], bytes]
    folder: str
    program: tuple[str, ...] | None
    settings: Settings
    installed: Installed | None = None
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
