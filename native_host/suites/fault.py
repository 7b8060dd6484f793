"""What a suite raises when a computation went wrong rather than its input."""

from __future__ import annotations


class SigningFault(Exception):
    """A signature was made that does not verify, or the public key at hand is not the secret's.

    Bad memory, a fault induced on purpose, or a record that mixes two keys: publishing such a signature can give
    the secret away, so it is dropped.
    """
