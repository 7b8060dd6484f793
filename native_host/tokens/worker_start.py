"""What the process that loads a module does first, so that it is up sooner: a person who opens the keystore with a token waits for it."""

from __future__ import annotations

import gc

COLLECT_AFTER = 100_000


def main() -> None:
    """Be a worker."""
    # As in the host: what importing makes lives as long as the process, and is not to be looked through again and again.
    gc.set_threshold(COLLECT_AFTER)
    import native_host.value  # noqa: F401 - first, see there
    from native_host.tokens.worker import main as work

    work()
