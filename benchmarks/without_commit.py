"""The host, but for one thing: what it writes is never committed, so that a figure tells what the commit costs.

For measuring only. Nothing that it answers outlives it.
"""

from native_host.__main__ import main
from native_host.keystore.store import KeyStore


def _leave_open(_store: KeyStore) -> None:
    """Leave the transaction open; the next write goes on in it."""


# The one thing that is different is put in the place of the method; no seam of the product is there for it.
KeyStore._commit = _leave_open  # type: ignore[assignment]  # noqa: SLF001  # what is left out
KeyStore.end_batch = _leave_open  # type: ignore[assignment]  # what is left out
main()
