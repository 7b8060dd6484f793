"""Making the host known to browsers, and telling what is wrong when they do not find it."""

from __future__ import annotations

HOST_NAME = "io.strongroom.host"
"""The native-messaging name: what an extension connects to and what the manifest's file is called."""


class InstallError(Exception):
    """Something that installing cannot go past: one plain sentence, and in ``mend`` what to do about it."""

    def __init__(self, message: str, *, mend: str) -> None:
        super().__init__(message)
        self.mend = mend
