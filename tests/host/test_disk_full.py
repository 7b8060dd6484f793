"""The disk is full from one moment to the next: what is answered as done is done, and when there is room again all goes on."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from native_host.keystore import chain
from native_host.testing.port import HostError, Port
from tests.homes import ADDON, OTHER_ADDON, Home, b64, frame, until

DATA = b64(b"data")


@contextmanager
def full_disk(port: Port) -> Iterator[None]:
    """No file of this host grows for the block: its writes fail, as they do on a full disk."""
    _, most = resource.prlimit(port.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(port.process.pid, resource.RLIMIT_FSIZE, (0, most))
    yield
    with suppress(ProcessLookupError):
        resource.prlimit(port.process.pid, resource.RLIMIT_FSIZE, (most, most))


def call(call_id: str, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": call_id, "method": method, "params": params}


def refused(port: Port, method: str, **params: Any) -> str:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return caught.value.reason


def key_ids(port: Port) -> list[str]:
    return [key["keyId"] for key in port.request("listKeys")["keys"]]


def is_whole(home: Home) -> bool:
    with home.store() as store:
        return chain.verify(store.connection) is None


def test_a_call(home: Home) -> None:
    """It fails, nothing of it is there, and the next one with room succeeds."""
    port = home.open()
    first = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    with full_disk(port):
        assert "internal" == refused(port, "generateKey", alg="Ed25519")
        port.wait_event("locked")
    port.request("unlock")
    assert [first] == key_ids(port)
    second = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    assert [first, second] == key_ids(port)
    assert is_whole(home)


def test_many_calls_in_one_read(home: Home) -> None:
    """They share a commit, and fail together: none is answered as done."""
    port = home.open()
    with full_disk(port):
        port.post([call(f"c{number}", "generateKey", alg="Ed25519") for number in range(10)])
        replies = until(lambda: [message for message in list(port.messages) if isinstance(message, list)])[0]
    assert {"internal"} == {reply["error"]["data"]["reason"] for reply in replies}
    port.request("unlock")
    assert [] == key_ids(port)


def test_a_batch_of_which_one_waits_for_the_person(home: Home) -> None:
    """Nothing is told of a key that never was, and nobody is asked by a host that has locked itself."""
    port = home.open()
    key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    home.approver.misbehave("hang", kind="review", method="sign")
    with full_disk(port):
        port.post([call("made", "generateKey", alg="Ed25519"), call("waits", "sign", keyId=key, data=DATA)])
        replies = until(lambda: [message for message in list(port.messages) if isinstance(message, list)])[0]
    assert {"made": "internal", "waits": "locked"} == {reply["id"]: reply["error"]["data"]["reason"] for reply in replies}
    port.request("unlock")
    assert [key] == key_ids(port)


def test_a_refusal(home: Home) -> None:
    """The person's no is answered although it cannot be written down, and the next call is attended to."""
    port = home.open()
    key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    home.approver.deny(kind="review", method="sign", times=2)
    with full_disk(port):
        for _ in range(2):
            assert "user_rejected" == refused(port, "sign", keyId=key, data=DATA)
    assert "Ed25519" == port.request("sign", {"keyId": key, "data": DATA})["alg"]
    assert is_whole(home)


def test_a_signature(home: Home) -> None:
    """What cannot be written down is not signed."""
    port = home.open()
    key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    with full_disk(port):
        assert "internal" == refused(port, "sign", keyId=key, data=DATA)
    assert "signature" not in str(port.messages)
    assert "Ed25519" == port.request("sign", {"keyId": key, "data": DATA})["alg"]


def test_a_set_up(empty_home: Home) -> None:
    """It fails, and leaves no keys behind that would seal what nobody could ever open."""
    port = empty_home.greet()
    gate = empty_home.approver.hold(kind="review", method="unlock", times=1)
    pending = port.begin("unlock")
    empty_home.approver.wait_for(kind="review", method="unlock")
    with full_disk(port):
        gate.release()
        with pytest.raises(HostError) as caught:
            pending.result()
        assert "internal" == caught.value.reason
        assert "uninitialized" == port.request("getStatus")["state"]
    assert "uninitialized" == refused(port, "generateKey", alg="Ed25519")
    assert {"state": "unlocked"} == port.request("unlock")
    key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    port.disconnect()
    assert [key] == key_ids(empty_home.open())


def test_the_end(home: Home) -> None:
    """A call that waits is denied, and the host ends with 0 in time."""
    port = home.open()
    key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    home.approver.misbehave("hang", kind="review", method="sign")
    pending = port.begin("sign", {"keyId": key, "data": DATA})
    home.approver.wait_for(kind="review", method="sign")
    with full_disk(port):
        port.end_input()
        assert 0 == port.wait_exit()
        with pytest.raises(HostError) as caught:
            pending.result()
        assert "user_rejected" == caught.value.reason
    assert is_whole(home)


def test_many_calls_in_one_read_share_a_commit(home: Home) -> None:
    """Somebody who looks meanwhile sees none of their keys, or all."""
    port = home.open()
    with home.store() as store:
        seen: set[int] = set()
        body = b"".join(
            frame(b'{"jsonrpc":"2.0","id":"g%d","method":"generateKey","params":{"alg":"Ed25519"}}' % number) for number in range(32)
        )
        port.post_bytes(body)
        while len(seen) < 2:
            (count,) = store.connection.execute("SELECT count(*) FROM records").fetchone()
            seen.add(count)
    assert {0, 32} == seen
    assert 32 == len({port.reply_to(f"g{number}")["result"]["keyId"] for number in range(32)})


def test_a_stranger(home: Home) -> None:
    """Is refused as ever, though that cannot be written down."""
    with home.store() as store:
        store.connection.execute("BEGIN IMMEDIATE")
        port = home.start(OTHER_ADDON)
        assert "origin_not_allowed" == refused(port, "hello", protocol=["1"], client={"name": "x", "version": "1"})
        assert 3 == port.wait_exit()
        store.connection.execute("ROLLBACK")


@pytest.mark.parametrize("addon", [ADDON, OTHER_ADDON])
def test_a_keystore_without_its_tables(home: Home, addon: str) -> None:
    """Damaged so that it opens and cannot be read: nobody learns more than that, and nothing is printed."""
    with home.store() as store:
        store.connection.execute("ALTER TABLE origins RENAME TO elsewhere")
    port = home.start(addon)
    with pytest.raises(HostError) as caught:
        port.hello()
    assert ("backend_unavailable", "keystore") == (caught.value.reason, caught.value.data["detail"])
    assert 1 == port.wait_exit()
    assert b"" == port.stderr
