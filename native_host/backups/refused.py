"""Why a backup, or a share of a secret, is not taken."""

from __future__ import annotations

from native_host.errors import CannotUnseal, InvalidParams


class BackupRefused(InvalidParams):
    """What was given is none, is damaged, or cannot be used here. The sentence says what to do; it holds nothing of the secret."""

    def __init__(self, message: str) -> None:
        super().__init__(message, path="file")


class DoesNotOpen(CannotUnseal):
    """What was typed, or the identity, does not open the file, or the file is damaged where that cannot be told apart."""


DAMAGED = "This backup is damaged or not complete: not one change of it goes unnoticed. Use another copy of it."
