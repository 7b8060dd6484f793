"""A TPM 2.0 in software: swtpm, each with a state folder and sockets of its own, and tpm2-tools to act on it from outside."""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from native_host.config import TpmConfig
from native_host.kek.provider import Settings
from tests.parts.missing import absent, need

WAIT_SECONDS = 60.0


class Swtpm:
    """``start`` is power on and ``stop`` power off; the state stays until the folder goes."""

    def __init__(self, folder: Path) -> None:
        self._swtpm = need("swtpm", "swtpm")
        need("tpm2_getcap", "tpm2-tools")
        try:
            import tpm2_pytss  # noqa: F401
        except ImportError:
            absent("tpm2-pytss is not here. With libtss2-dev installed: pip install 'strongroom[tpm]'")
        self.folder = folder
        self.socket = folder / "tpm"
        self._log = folder / "log"
        (folder / "state").mkdir()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def tcti(self) -> str:
        return f"swtpm:path={self.socket}"

    @property
    def settings(self) -> Settings:
        return Settings(tpm=TpmConfig(tcti=self.tcti))

    def start(self) -> None:
        control = Path(f"{self.socket}.ctrl")
        # fmt: off
        command = [
            self._swtpm, "socket", "--tpm2", "--tpmstate", f"dir={self.folder / 'state'}",
            "--server", f"type=unixio,path={self.socket}", "--ctrl", f"type=unixio,path={control}",
            "--flags", "not-need-init,startup-clear", "--log", f"file={self._log},level=20",
        ]
        # fmt: on
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + WAIT_SECONDS
        while not (_listens(self.socket) and _listens(control)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("swtpm did not start")
            time.sleep(0.01)

    def stop(self) -> None:
        """At once, as when the plug is pulled."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        for left in self.folder.glob("tpm*"):
            left.unlink()

    def restart(self) -> None:
        self.stop()
        self.start()

    def run(self, tool: str, *arguments: str) -> bytes:
        """What one of tpm2-tools says."""
        done = self._tool(tool, *arguments)
        done.check_returncode()
        return done.stdout

    def refuses(self, tool: str, *arguments: str) -> bool:
        """Whether what one of tpm2-tools asks is refused."""
        return self._tool(tool, *arguments).returncode != 0

    def _tool(self, tool: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, "TPM2TOOLS_TCTI": self.tcti, "TSS2_LOG": "all+NONE"}
        return subprocess.run([tool, *arguments], env=environment, capture_output=True, check=False, cwd=self.folder)

    def clear(self) -> None:
        """As if sold to somebody else: TPM2_Clear."""
        self.run("tpm2_clear")

    def handles(self) -> bytes:
        """Every object and session that the TPM holds at the moment; empty if none."""
        kinds = ("handles-transient", "handles-loaded-session", "handles-saved-session")
        return b"".join(self.run("tpm2_getcap", kind) for kind in kinds)

    def wire(self) -> bytes:
        """Every byte that went to the TPM and came from it, as swtpm logged them."""
        lines = self._log.read_text().splitlines()
        return b"".join(bytes.fromhex(line) for line in lines if line.startswith(" ") and _is_hex(line))


def _listens(path: Path) -> bool:
    """A socket's file is there a moment before anybody listens to it."""
    with socket.socket(socket.AF_UNIX) as end:
        return end.connect_ex(str(path)) == 0


class Relay:
    """Between the host and a TPM: hands everything on, and changes one byte of one answer if told which.

    ``answers`` counts those of the TPM's own socket since ``begin``.
    """

    def __init__(self, tpm: Swtpm) -> None:
        self._tpm = tpm
        self.socket = tpm.folder / "relay"
        self.answers = 0
        self._spoil: tuple[int, int] | None = None
        self._listening = [self._listen(""), self._listen(".ctrl")]

    @property
    def settings(self) -> Settings:
        return Settings(tpm=TpmConfig(tcti=f"swtpm:path={self.socket}"))

    def begin(self, spoil: tuple[int, int] | None = None) -> None:
        """Change byte ``spoil[1]`` of answer ``spoil[0]``; an offset below zero counts from its end."""
        self.answers, self._spoil = 0, spoil

    def close(self) -> None:
        for listening in self._listening:
            listening.shutdown(socket.SHUT_RDWR)  # wakes who waits in it, as closing does not
            listening.close()

    def _listen(self, suffix: str) -> socket.socket:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(f"{self.socket}{suffix}")
        listening.listen()
        threading.Thread(target=self._accept, args=(listening, suffix), daemon=True).start()
        return listening

    def _accept(self, listening: socket.socket, suffix: str) -> None:
        with suppress(OSError):
            while True:
                near, _ = listening.accept()
                threading.Thread(target=self._relay, args=(near, suffix), daemon=True).start()

    def _relay(self, near: socket.socket, suffix: str) -> None:
        with near, socket.socket(socket.AF_UNIX) as far, suppress(OSError):
            far.connect(f"{self._tpm.socket}{suffix}")
            while True:
                for source in select.select((near, far), (), ())[0]:
                    data = bytearray(source.recv(8192))
                    if not data:
                        return
                    if source is far and not suffix:
                        self._change(data)
                    (near if source is far else far).sendall(data)

    def _change(self, answer: bytearray) -> None:
        at = self.answers
        self.answers += 1
        if self._spoil is not None and self._spoil[0] == at and -len(answer) <= self._spoil[1] < len(answer):
            answer[self._spoil[1]] ^= 1


def _is_hex(line: str) -> bool:
    words = line.split()
    return bool(words) and all(len(word) == 2 and set(word) <= set("0123456789ABCDEF") for word in words)


@contextmanager
def swtpm() -> Iterator[Swtpm]:
    """A new TPM, switched on."""
    folder = Path(tempfile.mkdtemp(prefix="swtpm-"))  # a socket's path has little room, and pytest's own folders have long names
    try:
        tpm = Swtpm(folder)
        try:
            tpm.start()
            yield tpm
        finally:
            tpm.stop()
    finally:
        shutil.rmtree(folder)
