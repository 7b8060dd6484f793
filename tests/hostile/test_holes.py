"""Ways around what keys may do, how long and how often: each was open once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from native_host.testing.port import HostError, Port
from tests.homes import Home, frame, refusal


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    home.attach()
    home.set_up()
    yield home
    home.quit()


@pytest.fixture
def port(home: Home) -> Port:
    return home.open()


def refused(port: Port, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return refusal(caught.value)


def generate(port: Port, alg: str, **members: Any) -> str:
    key_id: str = port.request("generateKey", {"alg": alg, **members})["keyId"]
    return key_id


def test_a_key_that_takes_long_holds_nobody_up(home: Home, port: Port) -> None:
    """An RSA key is made outside the transaction of the read that asked for it: what came with it is answered first, and so is
    another host on the same store."""
    other = home.open()
    calls = [("quick", "generateKey", {"alg": "Ed25519"}), ("slow", "generateKey", {"alg": "RS256", "modulusLength": 4096})]
    bodies = [{"jsonrpc": "2.0", "id": name, "method": method, "params": params} for name, method, params in calls]
    port.post_bytes(b"".join(frame(json.dumps(body).encode()) for body in bodies))
    port.reply_to("quick")
    assert "active" == other.request("generateKey", {"alg": "Ed25519"})["state"]
    assert "slow" not in {message.get("id") for message in port.messages}
    assert "active" == port.reply_to("slow")["result"]["state"]
    assert 3 == len(port.request("listKeys")["keys"])
    rotated = port.request("rotateKey", {"keyId": generate(port, "RSA-OAEP", modulusLength=2048)})
    assert 2 == rotated["version"]
