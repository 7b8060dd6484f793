"""What one process knows of the places outside it in which keys live; nothing of them is imported before a key needs it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from native_host.backends.pkcs11 import Tokens
    from native_host.config import Pkcs11Config


CLIENT = "native_host.tokens.client"
LOG_OUT_SECONDS = 2.0
"""How long a lock waits for tokens. A call of theirs that goes on for longer ends by itself, and its token is logged out after it."""


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
        """Log out of every token, whoever logged in to it: the processes end that hold the modules, and copies of PINs."""
        if self._tokens is not None:
            self._tokens.forget()
        client = sys.modules.get(CLIENT)
        if client is not None:  # else there is nobody who could have logged in
            from threading import Thread

            closing = Thread(target=client.close_all, daemon=True, name="tokens-end")
            closing.start()
            closing.join(LOG_OUT_SECONDS)
