"""Anvil: an Ethereum node of its own chain, which takes transactions as any node does and mines each at once."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from tests.homes import until
from tests.parts.npm import from_npm

CHAIN_ID = 31337
_LISTENING = "Listening on "


class Refused(Exception):
    """What the node says of a call that it does not take."""


class Anvil:
    """A running node; ``url`` is where it answers JSON-RPC."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = build_opener(ProxyHandler({}))

    def call(self, method: str, *params: Any) -> Any:
        """One call of JSON-RPC; raises ``Refused``."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        with self._opener.open(Request(self.url, body, {"Content-Type": "application/json"}), timeout=60) as reply:
            answer = json.load(reply)
        if "error" in answer:
            raise Refused(answer["error"]["message"])
        return answer["result"]

    def fund(self, address: str) -> None:
        """Give an account 100 coins."""
        self.call("anvil_setBalance", address, hex(100 * 10**18))

    def send(self, raw: bytes) -> dict[str, Any]:
        """The receipt of a signed transaction, once it is mined."""
        sent = self.call("eth_sendRawTransaction", f"0x{raw.hex()}")
        receipt: dict[str, Any] = until(lambda: self.call("eth_getTransactionReceipt", sent), what="the receipt")
        return receipt


@contextmanager
def anvil(folder: Path) -> Iterator[Anvil]:
    """A node on a port that the system chose, of the newest fork, ended with the block."""
    program = from_npm("@foundry-rs/anvil-*/bin/anvil*")
    command = [str(program), "--port", "0", "--accounts", "1", "--chain-id", str(CHAIN_ID), "--hardfork", "prague", "--no-cors"]
    with (folder / "anvil.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, cwd=folder, env={"HOME": str(folder)})
        try:
            assert process.stdout is not None
            address = next((line.decode().strip() for line in process.stdout if line.startswith(_LISTENING.encode())), None)
            assert address is not None, (folder / "anvil.log").read_text(encoding="utf-8")
            threading.Thread(target=process.stdout.read, daemon=True).start()  # a full pipe would stop the node
            yield Anvil(f"http://{address.removeprefix(_LISTENING)}")
        finally:
            process.kill()
            process.communicate()
