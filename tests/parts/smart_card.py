"""The virtual authenticator as a smart card, in a reader of a service of its own: pcscd with vsmartcard's virtual reader.

CTAP over ISO 7816-4: FIDO Alliance CTAP 2.1 (2021-06-15), section 11.3. The service sees a ``/run`` of its own, so that it neither
disturbs nor needs the machine's; that takes root.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

from tests.parts.missing import impossible, need
from tests.parts.virtual_authenticator import VirtualAuthenticator

DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
AID = bytes.fromhex("a0000006472f0001")
ATR = bytes.fromhex("3b80800101")
OK, NOT_FOUND, NOT_SUPPORTED = b"\x90\x00", b"\x6a\x82", b"\x6d\x00"
POWER_OFF, POWER_ON, RESET, GET_ATR = 0, 1, 2, 4
CHUNK = 256
PATIENCE_SECONDS = 60.0


class Card:
    """One card: short APDUs, chained in both directions."""

    def __init__(self, authenticator: VirtualAuthenticator) -> None:
        self._authenticator = authenticator
        self._incoming, self._outgoing = b"", b""

    def apdu(self, command: bytes) -> bytes:
        head, instruction = command[0], command[1]
        body = command[5 : 5 + command[4]] if len(command) > 5 else b""
        if instruction == 0xA4:
            return b"FIDO_2_0" + OK if body == AID else NOT_FOUND
        if instruction == 0xC0:
            return self._next()
        if instruction != 0x10:
            return NOT_SUPPORTED
        self._incoming += body
        if head & 0x10:
            return OK
        request, self._incoming = self._incoming, b""
        self._outgoing = self._authenticator.handle(request, Event())
        return self._next()

    def _next(self) -> bytes:
        chunk, self._outgoing = self._outgoing[:CHUNK], self._outgoing[CHUNK:]
        return chunk + (b"\x61" + bytes([min(len(self._outgoing), 255)]) if self._outgoing else OK)


def _serve(connection: socket.socket, card: Card) -> None:
    """vsmartcard's protocol: two bytes of length; one byte is for the card's power, more are an APDU."""
    with suppress(OSError), connection, connection.makefile("rb") as incoming:
        while len(head := incoming.read(2)) == 2:
            message = incoming.read(int.from_bytes(head))
            if len(message) == 1 and message[0] != GET_ATR:
                continue
            answer = ATR if len(message) == 1 else card.apdu(message)
            connection.sendall(len(answer).to_bytes(2) + answer)


@contextmanager
def in_a_reader(authenticator: VirtualAuthenticator, folder: Path) -> Iterator[dict[str, str]]:
    """The authenticator in a reader, for a block; the environment in which a program finds that reader."""
    pcscd, unshare = need("pcscd", "pcscd"), need("unshare", "util-linux")
    need(DRIVER, "vsmartcard-vpcd")
    if os.geteuid() != 0:
        impossible("A pcscd of its own needs root.")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "vpcd").write_text(f'FRIENDLYNAME "Virtual"\nDEVICENAME /dev/null:{port:#x}\nLIBPATH {DRIVER}\nCHANNELID {port:#x}\n')
    script = 'mount -t tmpfs none /run && mkdir /run/pcscd && exec "$0" --foreground --config "$1"'
    service = subprocess.Popen(
        [unshare, "-m", "sh", "-c", script, pcscd, str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        connection = _connected(port, service)
        Thread(target=_serve, args=(connection, Card(authenticator)), daemon=True).start()
        name = f"/proc/{service.pid}/root/run/pcscd/pcscd.comm"
        yield {**os.environ, "PCSCLITE_CSOCK_NAME": name}
        connection.close()
    finally:
        service.terminate()
        service.wait(PATIENCE_SECONDS)


def _connected(port: int, service: subprocess.Popen[bytes]) -> socket.socket:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and service.poll() is None:
        with suppress(OSError):
            return socket.create_connection(("127.0.0.1", port))
        time.sleep(0.05)
    return impossible("pcscd does not open its virtual reader here; it needs the right to mount.")
