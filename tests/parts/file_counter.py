"""Counters in files of a folder, in place of a TPM's or a keyring's: for tests of what the store does with its counter.

``install`` makes it the only place there is, in this process; ``HOST`` does so in a host that is started for a folder.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from native_host.kek import counters
from native_host.kek.counters import CounterGone, Place
from native_host.kek.provider import DeviceAbsent

if TYPE_CHECKING:
    from native_host.kek.provider import Settings

KIND = "file"
FIRST = 7
"""As a TPM's counter, it does not begin at one."""
_PROGRAM = """
import sys
from pathlib import Path
from tests.parts import file_counter
file_counter.install(Path(sys.argv.pop(1)), sys.argv.pop(1))
from native_host.__main__ import main
main()
"""
HOST = [sys.executable, "-c", _PROGRAM]
"""To be followed by the folder, the kind, and then by what a browser adds."""

folder = Path()


def install(where: Path, kind: str = KIND) -> None:
    """Make files in that folder the one place of counters; ``kind``: the name under which it is known."""
    global folder  # noqa: PLW0603 - a place of counters is chosen by its module's name
    folder = where
    counters.PLACES.clear()
    counters.PLACES[kind] = Place(kind=kind, module=__name__, name="Files of a test", worth="anybody can set it back")


def value() -> int:
    """What the one counter stands at."""
    (file,) = folder.glob("*.counter")
    return int(file.read_text())


class Counters:
    """``absent`` beside the counters makes the place unreachable."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def is_here(self) -> bool:
        return folder.is_dir() and not (folder / "absent").exists()

    def create(self, store_id: bytes) -> tuple[bytes, int]:
        number = sum(1 for _ in folder.glob("*.counter"))
        name = f"{store_id.hex()}-{number}.counter"
        (folder / name).write_text(str(FIRST))
        return name.encode(), FIRST

    def read(self, parameters: bytes) -> int:
        if not self.is_here():
            raise DeviceAbsent("It is not here.", detail=KIND)
        try:
            return int((folder / parameters.decode()).read_text())
        except FileNotFoundError:
            raise CounterGone("It is gone.", detail=KIND) from None

    def raise_to(self, parameters: bytes, value: int) -> None:
        if self.read(parameters) < value:
            # Whole or not at all, as a device's is.
            new = folder / "new"
            new.write_text(str(value))
            new.replace(folder / parameters.decode())

    def remove(self, parameters: bytes) -> None:
        (folder / parameters.decode()).unlink(missing_ok=True)
