"""What a token does for a slot: to protect the root key of a store by a key that does not leave the token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pkcs11

METHODS: dict[str, Callable[[pkcs11.Session, dict[str, Any]], Any]] = {}
"""By name; each is handed a session of the token, read-write and logged in to."""
