"""What one process knows of the places outside it in which keys live; nothing of them is imported before a key needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from native_host.backends.pkcs11 import Tokens
    from native_host.config import Pkcs11Config


class Elsewhere:
    """One house's connections to keys elsewhere."""

    __slots__ = ("_tokens",)

    def __init__(self) -> None:
        self._tokens: Tokens | None = None

    def tokens(self, config: Pkcs11Config) -> Tokens:
        """The tokens of the modules that an administrator has listed."""
        if self._tokens is None:
            from native_host.backends.pkcs11 import Tokens

            self._tokens = Tokens(config)
        return self._tokens

    def forget(self) -> None:
        """Log out everywhere."""
        if self._tokens is not None:
            self._tokens.log_out()
