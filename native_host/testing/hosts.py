"""The real host, started for a test's own extension: attached to a wallet as a person would, by this interpreter."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from native_host.testing.browser import BrowserEmulator
    from native_host.testing.port import Port

HOST_COMMAND = (sys.executable, "-I", "-m", "native_host")


def attach(home: Path, origin: str, *, wallet: str = "main") -> None:
    """Attach ``origin``, in the form of the wire, to a wallet of the keystore in ``home``; made if it is not there.

    In a keystore that is set up already the person is asked to confirm it when it is next unlocked.

    Raises:
        ValueError: the host would refuse such an origin whatever it is attached to. A Chromium id has 32 letters from
            a to p; a Firefox id looks like an address of mail or is a UUID in braces.
    """
    from native_host.caller.origin import family_of
    from native_host.config import find_paths
    from native_host.opening import open_store

    if family_of(origin) is None:
        raise ValueError("this is not an origin of an extension")
    store = open_store(find_paths({"STRONGROOM_HOME": str(home)}))
    try:
        found = store.attachment(origin)
        if found is None or found.wallet != wallet:
            with store.transaction():
                store.attach(origin, wallet, development=False, expires_at=None)
    finally:
        store.close()


def connect(emulator: BrowserEmulator, home: Path, extension_id: str, *, wallet: str = "main") -> Port:
    """Attach an extension and open a port to the host that keeps its keystore in ``home``, without a manifest."""
    attach(home, emulator.origin(extension_id), wallet=wallet)
    return emulator.connect_command(HOST_COMMAND, extension_id)
