"""A native host that sits between a browser and the real one: passes everything on, changes it, or pairs with either side under its own keys.

Started as ``python between.py HOW LOG HOST ARGUMENT…``, HOW being ``listen``, ``change`` or ``pose``; LOG gets one line a frame.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

from native_host.caller import pairing as agreed
from native_host.encodings.base64url import decode_base64url, encode_base64url
from native_host.noise import HandshakeState, generate_key_pair
from native_host.testing.pairing import Attempt

Frame = Any


def read(stream: IO[bytes]) -> Frame:
    """The next frame; ``None`` at the end."""
    header = stream.read(4)
    return json.loads(stream.read(struct.unpack("=I", header)[0])) if len(header) == 4 else None


class Line:
    """One way to send: a whole frame at a time, whoever sends."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, frame: Frame) -> None:
        body = json.dumps(frame).encode()
        with self._lock:
            self._stream.write(struct.pack("=I", len(body)) + body)
            self._stream.flush()


class Listener:
    """Passes everything on as it is."""

    def to_host(self, frame: Frame) -> Frame | None:
        return frame

    def to_wallet(self, frame: Frame) -> Frame:
        return frame


class Changer(Listener):
    """Changes a letter of every sealed frame from a side, once the file LOG.wallet or LOG.host is there."""

    def __init__(self, log: str) -> None:
        self._log = log

    def to_host(self, frame: Frame) -> Frame | None:
        return self._changed(frame, "wallet")

    def to_wallet(self, frame: Frame) -> Frame:
        return self._changed(frame, "host")

    def _changed(self, frame: Frame, side: str) -> Frame:
        if "sealed" not in frame or not Path(f"{self._log}.{side}").exists():
            return frame
        sealed = frame["sealed"]
        return {"sealed": ("B" if sealed.startswith("A") else "A") + sealed[1:]}


class Poser:
    """The host to the wallet and the wallet to the host, with keys of its own."""

    def __init__(self, wallet: Line) -> None:
        self._wallet = wallet
        self._own = generate_key_pair()
        self._begun: tuple[HandshakeState, Attempt] | None = None
        self._origin = self._family = ""
        self._beginning: Any = None

    def to_host(self, frame: Frame) -> Frame | None:
        """What the real host is asked instead; ``None`` where it is not asked."""
        if frame.get("method") == "openChannel":
            # Without the host's key nothing better can be said.
            message = encode_base64url(generate_key_pair().public + os.urandom(16))
            self._wallet.send({"jsonrpc": "2.0", "id": frame["id"], "result": {"message": message}})
            return None
        if frame.get("method") == "beginPairing":
            prologue = agreed.prologue(self._origin, self._family)
            responder = HandshakeState("XX", initiator=False, prologue=prologue, static=self._own)
            responder.read_message(decode_base64url(frame["params"]["message"]))
            attempt = Attempt(self._origin, self._family)
            self._begun, self._beginning = (responder, attempt), frame["id"]
            return {**frame, "params": {"message": attempt.first()}}
        if frame.get("method") == "finishPairing" and self._begun is not None:
            responder, _ = self._begun
            responder.read_message(decode_base64url(frame["params"]["message"]))
            return {**frame, "params": {"message": self._last}}
        return frame

    def to_wallet(self, frame: Frame) -> Frame:
        if not isinstance(frame, dict) or "result" not in frame:
            return frame
        if "origin" in frame["result"]:
            self._origin = frame["result"]["origin"]
            self._family = "firefox" if self._origin.startswith("moz-extension:") else "chromium"
        if self._begun is not None and frame["id"] == self._beginning:
            responder, attempt = self._begun
            self._last = attempt.last(frame["result"]["message"])
            return {**frame, "result": {"message": encode_base64url(responder.write_message(os.urandom(agreed.NONCE_BYTES)))}}
        return frame


def main(how: str, log: str, host: str, *arguments: str) -> None:
    """Start the real host and stand between until either side ends."""
    real = subprocess.Popen([host, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert real.stdin is not None
    assert real.stdout is not None
    up, down, kept = Line(real.stdin), Line(sys.stdout.buffer), Path(log)
    between = Listener() if how == "listen" else Changer(log) if how == "change" else Poser(down)
    writing = threading.Lock()

    def note(direction: str, frame: Frame) -> None:
        with writing, kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps([direction, frame]) + "\n")

    def downwards(stream: IO[bytes]) -> None:
        while (frame := read(stream)) is not None:
            note("host", frame)
            down.send(between.to_wallet(frame))
        os._exit(0)

    threading.Thread(target=downwards, args=(real.stdout,), daemon=True).start()
    while (frame := read(sys.stdin.buffer)) is not None:
        note("wallet", frame)
        passed = between.to_host(frame)
        if passed is not None:
            up.send(passed)
    real.stdin.close()
    real.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
