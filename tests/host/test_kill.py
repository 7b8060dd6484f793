"""Killed at any moment, the host has lost nothing that it answered, and done nothing by half."""

from __future__ import annotations

import random
import sqlite3
import sys
from pathlib import Path

import pytest

from native_host.keystore import chain
from native_host.testing.port import HostError, Port, PortClosed
from tests.homes import Home, until

ROUNDS = 15
LIMITED = (
    "import os, resource, sys\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))\n"
    "os.execv(sys.executable, [sys.executable, '-I', '-m', 'native_host', *sys.argv[2:]])\n"
)


def answered_keys(port: Port) -> set[str]:
    return {message["result"]["keyId"] for message in port.messages if "keyId" in message.get("result", {})}


def listed_keys(port: Port) -> set[str]:
    keys: set[str] = set()
    params: dict[str, object] = {"limit": 100}
    while True:
        page = port.request("listKeys", params)
        keys |= {key["keyId"] for key in page["keys"]}
        if "nextCursor" not in page:
            return keys
        params["cursor"] = page["nextCursor"]


def test_what_was_answered_is_there_after_kill_9(home: Home) -> None:
    """Calls are poured in, and the host is killed after a number of replies that is another one in each round."""
    answered: set[str] = set()
    chance = random.Random(20260101)
    for _ in range(ROUNDS):
        port = home.open()
        for number in range(40):
            port.begin("generateKey", {"alg": chance.choice(["Ed25519", "ES256K"])}, call_id=1000 + number)
        wanted = chance.randrange(1, 30)
        until(lambda port=port, wanted=wanted: len(answered_keys(port)) >= wanted, what="the replies")
        port.process.kill()
        port.process.wait()
        answered |= answered_keys(port)
        with home.store() as store:
            assert chain.verify(store.connection) is None
            assert "ok" == store.connection.execute("PRAGMA integrity_check").fetchone()[0]
    assert answered <= listed_keys(home.open())


def test_a_full_disk_is_told_and_costs_nothing(home: Home) -> None:
    """Writes fail from some size on: the calls are answered with an error, and what was answered before is there afterwards."""
    size = max(file.stat().st_size for file in home.folder.iterdir()) + 300_000
    port = home.greet(command=[sys.executable, "-c", LIMITED, str(size)])
    answered = set()
    failed: HostError | None = None
    try:
        port.request("unlock")
        for _ in range(2000):
            answered.add(port.request("generateKey", {"alg": "Ed25519"})["keyId"])
    except HostError as error:
        failed = error
    except PortClosed:
        pytest.fail("the host went away in place of saying that it cannot write")
    assert failed is not None
    assert failed.reason in {"internal", "locked"}
    port.disconnect()
    with home.store() as store:
        assert chain.verify(store.connection) is None
    assert answered <= listed_keys(home.open())


def test_a_folder_that_is_none(home: Home, tmp_path: Path) -> None:
    """Where the keystore's folder should be, there is a file: the first call is told, in plain words, and the host ends with 1."""
    place = tmp_path / "a file"
    place.write_text("not a folder")
    port = home.start(environment={"STRONGROOM_HOME": str(place / "strongroom")})
    with pytest.raises(HostError) as caught:
        port.hello()
    assert (5010, "keystore") == (caught.value.code, caught.value.data["detail"])
    assert 1 == port.wait_exit()


def test_a_file_that_is_no_keystore(home: Home) -> None:
    """It is left as it is."""
    home.database.write_bytes(b"this was never a database, and is long enough to be looked at as one" * 20)
    for name in ("-wal", "-shm"):
        Path(f"{home.database}{name}").unlink(missing_ok=True)
    before = home.database.read_bytes()
    port = home.start()
    with pytest.raises(HostError) as caught:
        port.hello()
    assert (5010, "keystore") == (caught.value.code, caught.value.data["detail"])
    assert before == home.database.read_bytes()
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(home.database).execute("SELECT * FROM meta")
