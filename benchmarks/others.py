"""What wallets use today, each in a process of its own that answers questions (``benchmarks/peers``).

``python benchmarks/others.py`` installs them, by the hashes of their lock files. What is not installed is named and left out.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from measure import decode, encode

PEERS = Path(__file__).parent / "peers"
NODE, PYTHON = PEERS / "node", PEERS / "python"
PYTHON_OF_PEERS = PYTHON / ".venv" / "bin" / "python"
COMMANDS: Mapping[str, tuple[Path, Sequence[str]]] = {
    "@noble and @scure": (NODE / "node_modules" / "@noble" / "curves", ("node", str(NODE / "peer.mjs"))),
    "bip32, eth-account and Askar": (PYTHON_OF_PEERS, (str(PYTHON_OF_PEERS), "-I", str(PYTHON / "peer.py"))),
}
IN_NODE = "@noble in Node"


class Peer:
    """A process that times operations of others' libraries."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.names: list[str] = self._ask({"list": True})["names"]

    def each(self, name: str, times: int) -> float:
        """The median microseconds of one of ``times`` runs, after some that do not count."""
        return float(self._ask({"name": name, "times": times})["each"])

    def end(self) -> None:
        """Let the process end."""
        if self._process.stdin is not None and self._process.stdout is not None:
            self._process.stdin.close()
            self._process.wait(timeout=10)
            self._process.stdout.close()

    def _ask(self, question: Mapping[str, object]) -> Any:
        if self._process.stdin is None or self._process.stdout is None:
            raise BrokenPipeError
        self._process.stdin.write(encode(question) + b"\n")
        self._process.stdin.flush()
        return decode(self._process.stdout.readline())


class Others:
    """All peers that are installed: their operations by ``library: algorithm operation``, those in Node by ``@noble in Node``."""

    def __init__(self, peers: Sequence[Peer], missing: Sequence[str]) -> None:
        self.missing = missing
        self._peers = {name if ": " in name else f"{IN_NODE}: {name}": (peer, name) for peer in peers for name in peer.names}

    def of(self, operation: str) -> list[str]:
        """The libraries that have ``operation``."""
        return [name.partition(": ")[0] for name in self._peers if name.partition(": ")[2] == operation]

    def each(self, library: str, operation: str, times: int) -> float:
        """The median microseconds of one of ``times`` runs."""
        peer, name = self._peers[f"{library}: {operation}"]
        return peer.each(name, times)


@contextmanager
def started() -> Iterator[Others]:
    """The peers, started; they end with the block."""
    with ExitStack() as stack:
        peers: list[Peer] = []
        missing: list[str] = []
        for name, (needs, argv) in COMMANDS.items():
            if not needs.exists():
                missing.append(name)
                continue
            peers.append(Peer(argv))
            stack.callback(peers[-1].end)
        yield Others(peers, missing)


def install() -> None:
    """Install all peers where they are looked for."""
    subprocess.run(["npm", "--prefix", str(NODE), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], check=True)  # noqa: S607  # the one of the PATH
    subprocess.run([sys.executable, "-m", "venv", str(PYTHON / ".venv")], check=True)
    subprocess.run(
        [str(PYTHON_OF_PEERS), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(PYTHON / "requirements.txt")], check=True
    )


if __name__ == "__main__":
    install()
