"""The host, with one security key plugged in: what python-fido2 says to it goes over the socket that the first argument names.

For measuring only: this computer has no USB, and the key is an authenticator in the memory of the benchmark.
"""

import sys
from collections.abc import Iterator
from socket import AF_UNIX, socket

from fido2.ctap import CtapDevice
from fido2.hid import CAPABILITY

from native_host.__main__ import main
from native_host.kek import fido2

PLACE = sys.argv.pop(1)
LENGTH_BYTES = 4


class Key(CtapDevice):
    """The key behind the socket."""

    def __init__(self) -> None:
        self._socket = socket(AF_UNIX)
        self._socket.connect(PLACE)
        self._file = self._socket.makefile("rwb")

    @property
    def capabilities(self) -> int:
        """CTAP 2 alone."""
        return CAPABILITY.CBOR

    def call(self, cmd: int, data: bytes = b"", event: object = None, on_keepalive: object = None) -> bytes:
        """The answer to one request; nobody waits to be touched."""
        del cmd, event, on_keepalive
        self._file.write(len(data).to_bytes(LENGTH_BYTES, "big") + data)
        self._file.flush()
        return self._file.read(int.from_bytes(self._file.read(LENGTH_BYTES), "big"))

    def close(self) -> None:
        """Let the socket go."""
        self._file.close()
        self._socket.close()

    @classmethod
    def list_devices(cls) -> Iterator[CtapDevice]:
        """As the base class asks."""
        return iter(())


fido2.list_devices = lambda: [fido2.Found(device_id="key", label="Security key", device=Key())]
fido2.is_plugged_in = lambda: True
main()
