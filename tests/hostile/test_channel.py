"""Attacks on pairing and on the sealed channel, against a real host: by a program between browser and host, beside them, and in the file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from native_host.audit import entries
from native_host.caller import pairing as agreed
from native_host.encodings.base64url import decode_base64url
from native_host.noise import HandshakeState, KeyPair, generate_key_pair
from native_host.operations import pairings
from native_host.stages import UNPAIRED
from native_host.testing.pairing import Attempt, NotTheHost, Opening, Pairing
from native_host.testing.port import HostError, Port
from native_host.transport.limits import REQUEST_BYTES
from tests.homes import ADDON, OTHER_ADDON, Home, b64, frame, origin_of, refusal, unb64, unlock
from tests.standards.test_noise import SMALL_ORDER

NOT_PAIRED = (4100, {"reason": "not_paired"})
NOT_OPENED = (-32602, {"reason": "invalid_params", "path": "message"})
INVALID = (-32600, {"reason": "invalid_request"})
ORIGIN = origin_of(ADDON)
READ = {"jsonrpc": "2.0", "id": "read", "method": "getStatus"}
MORE = {"jsonrpc": "2.0", "id": "more", "method": "generateKey", "params": {"alg": "Ed25519"}}


@pytest.fixture(scope="module")
def pairing(home: Home) -> Iterator[Pairing]:
    """The pairing of the one extension of the file's home."""
    with home.open() as port:
        yield port.pair()


@pytest.fixture
def sealed(home: Home, pairing: Pairing) -> Iterator[Port]:
    """A channel under it; the keystore is locked."""
    with home.greet() as port:
        port.open_channel(pairing)
        yield port


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home for one test, whose pairings nobody else needs."""
    made = Home(tmp_path_factory.mktemp("own"))
    made.attach()
    made.set_up()
    yield made
    made.quit()


def refused(port: Port, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return refusal(caught.value)


def body(message: Any) -> bytes:
    return msgspec.json.encode(message)


def keys_of(home: Home) -> int:
    with home.store() as store:
        unlock(store)
        return sum(store.count(store.owner_of(wallet_id)) for wallet_id, _ in store.wallets())


def known(home: Home) -> tuple[pairings.Pairing, ...]:
    with home.store() as store:
        unlock(store)
        return pairings.read(store)


# between the two, while they pair


def test_a_proxy_at_the_pairing_shows_another_code(own: Home) -> None:
    """Whoever sits between the two shares no handshake hash with both: the two codes that the person compares differ."""
    victim = Attempt(ORIGIN, "chromium")
    with own.open() as port:
        proxy, false_host = Attempt(ORIGIN, "chromium"), generate_key_pair()
        towards_victim = HandshakeState("XX", initiator=False, prologue=agreed.prologue(ORIGIN, "chromium"), static=false_host)
        towards_victim.read_message(decode_base64url(victim.first()))
        answer = port.request("beginPairing", {"message": proxy.first()})["message"]
        victim.last(b64(towards_victim.write_message(os.urandom(32))))
        own.approver.deny(kind="compareCode", times=1)
        assert (4001, {"reason": "user_rejected"}) == refused(port, "finishPairing", message=proxy.last(answer))
    shown = own.approver.asked[-1]
    assert "compareCode" == shown["kind"]
    assert proxy.code == shown["code"] != victim.code
    assert () == known(own)


def test_a_proxy_that_grinds_for_the_victims_code_is_bound_by_its_commitment(own: Home) -> None:
    """With another nonce than it committed to it could try until its code is the victim's. The host does not take another."""
    with own.open() as port:
        static = generate_key_pair()
        handshake = HandshakeState("XX", initiator=True, prologue=agreed.prologue(ORIGIN, "chromium"), static=static)
        message = handshake.write_message(agreed.commitment(static.public, bytes(32)))
        handshake.read_message(decode_base64url(port.request("beginPairing", {"message": b64(message)})["message"]))
        assert NOT_OPENED == refused(port, "finishPairing", message=b64(handshake.write_message(b"\x01" * 32)))
        assert not [ask for ask in own.approver.asked if ask["kind"] == "compareCode"]


def test_a_proxy_that_commits_with_another_key_is_refused(own: Home) -> None:
    with own.open() as port:
        handshake = HandshakeState("XX", initiator=True, prologue=agreed.prologue(ORIGIN, "chromium"), static=generate_key_pair())
        message = handshake.write_message(agreed.commitment(generate_key_pair().public, bytes(32)))
        handshake.read_message(decode_base64url(port.request("beginPairing", {"message": b64(message)})["message"]))
        assert NOT_OPENED == refused(port, "finishPairing", message=b64(handshake.write_message(bytes(32))))


@pytest.mark.parametrize("prologue", [agreed.prologue(origin_of(OTHER_ADDON), "chromium"), agreed.prologue(ORIGIN, "firefox"), b""])
def test_a_transcript_of_another_origin_or_browser_fits_nothing(home: Home, pairing: Pairing, prologue: bytes) -> None:
    with home.open() as port:
        static = KeyPair(pairing.private)
        channel = HandshakeState("KK", initiator=True, prologue=prologue, static=static, remote_static=pairing.host_public)
        assert NOT_PAIRED == refused(port, "openChannel", pairingId=pairing.pairing_id, message=b64(channel.write_message()))
        handshake = HandshakeState("XX", initiator=True, prologue=prologue, static=static)
        message = handshake.write_message(agreed.commitment(static.public, bytes(32)))
        answer = decode_base64url(port.request("beginPairing", {"message": b64(message)})["message"])
        with pytest.raises(Exception, match=r"^$"):
            handshake.read_message(answer)


def test_a_pairing_of_one_extension_is_none_of_another(own: Home) -> None:
    own.attach(OTHER_ADDON)
    with own.open() as port:
        made = port.pair()
    with own.open(OTHER_ADDON) as other, pytest.raises(HostError) as caught:
        other.open_channel(made)
    assert NOT_PAIRED == refusal(caught.value)


def test_who_comes_without_the_pairing_stands_in_the_record(own: Home) -> None:
    """Once a port for each reason, however often it asks: neither unseen, nor able to fill the record."""
    with own.open() as port:
        made = port.pair()
    for _ in range(2):
        with own.open() as thief:
            for method in ("listKeys", "generateKey", "listKeys"):
                assert NOT_PAIRED == refused(thief, method, **({"alg": "Ed25519"} if method == "generateKey" else {}))
            for _ in range(2):
                assert NOT_PAIRED == refused(thief, "openChannel", pairingId=b64(b"x" * 16), message=b64(bytes(48)))
            assert NOT_PAIRED == refused(thief, "openChannel", pairingId=made.pairing_id, message=b64(bytes(48)))
    with own.store() as store:
        unlock(store)
        noted = [one.entry.rule for one in entries(store) if one.entry is not None and one.entry.method == UNPAIRED]
    assert 2 * ["listKeys", "openChannel", "openChannel"] == [rule.partition(": ")[0] for rule in noted]
    assert 3 == len(set(noted))


def test_a_code_that_is_denied_keeps_nothing(own: Home) -> None:
    own.approver.deny(kind="compareCode", times=1)
    with own.open() as port:
        with pytest.raises(HostError) as caught:
            port.pair()
        assert (4001, {"reason": "user_rejected"}) == refusal(caught.value)
        assert {"keys": []} == port.request("listKeys")
    assert () == known(own)


def test_a_flood_of_pairings_is_locked_out(own: Home) -> None:
    """After ten codes that the person denied, no window comes any more."""
    own.approver.deny(kind="compareCode")
    with own.open() as port:
        reasons = []
        for _ in range(12):
            with pytest.raises(HostError) as caught:
                port.pair()
            reasons.append(caught.value.reason)
    assert ["user_rejected"] * 10 + ["busy"] * 2 == reasons
    assert 10 == len([ask for ask in own.approver.asked if ask["kind"] == "compareCode"])


def test_what_was_begun_anew_ends_what_waits_for_the_person(own: Home) -> None:
    gate = own.approver.hold(kind="compareCode", times=1)
    with own.open() as port:
        first = Attempt(ORIGIN, "chromium")
        answer = port.request("beginPairing", {"message": first.first()})["message"]
        waiting = port.begin("finishPairing", {"message": first.last(answer)})
        own.approver.wait_for(kind="compareCode")
        port.request("beginPairing", {"message": Attempt(ORIGIN, "chromium").first()})
        gate.release()
        with pytest.raises(HostError) as caught:
            waiting.result()
    assert "cancelled" == caught.value.reason
    assert () == known(own)


def test_a_lock_ends_a_pairing(own: Home) -> None:
    with own.open() as port:
        attempt = Attempt(ORIGIN, "chromium")
        answer = port.request("beginPairing", {"message": attempt.first()})["message"]
        port.request("lock")
        port.request("unlock")
        assert INVALID == refused(port, "finishPairing", message=attempt.last(answer))


# frames that do not belong at their place


Attack = Callable[[Port], list[bytes]]


def replayed(port: Port) -> list[bytes]:
    sent = port.sealed(READ)
    return [sent, sent]


def reordered(port: Port) -> list[bytes]:
    first, second = port.sealed(READ), port.sealed(MORE)
    return [second, first]


def left_out(port: Port) -> list[bytes]:
    port.sealed(READ)
    return [port.sealed(MORE)]


def changed(port: Port) -> list[bytes]:
    sent = bytearray(port.sealed(MORE))
    sent[40] = ord("A") if sent[40] != ord("A") else ord("B")
    return [bytes(sent)]


def cut_short(port: Port) -> list[bytes]:
    return [body({"sealed": b64(unb64(msgspec.json.decode(port.sealed(MORE))["sealed"])[:-1])})]


def reflected(port: Port) -> list[bytes]:
    """What the host sealed is not what the extension sealed, at the same place."""
    port.post(READ)
    port.reply_to("read")
    return [port.seen[-1].body]


DOWNGRADES: dict[str, bytes] = {
    "a plain call": body(MORE),
    "a plain batch": body([READ, MORE]),
    "a plain cancel": body({"jsonrpc": "2.0", "method": "cancel", "params": {"id": "read"}}),
    "a channel opened anew": body({"jsonrpc": "2.0", "id": "open", "method": "openChannel", "params": {"pairingId": "", "message": ""}}),
    "nothing sealed": body({"sealed": ""}),
    "no bytes": body({"sealed": "?"}),
    "no text": body({"sealed": 1}),
    "null": body({"sealed": None}),
    "a member more": b'{"sealed":"AAAA","id":1}',
    "another member": body({"unsealed": "AAAA"}),
    "a list": b"[]",
    "no JSON": b"{",
    "no UTF-8": b'{"sealed":"\xff"}',
    "a depth without end": b"[" * 100_000,
    "an empty frame": b"",
}


@pytest.mark.parametrize("attack", [replayed, reordered, left_out, changed, cut_short, reflected, *DOWNGRADES])
def test_a_frame_that_does_not_belong_ends_the_channel(sealed: Port, attack: Attack | str) -> None:
    """One answer in the clear, nothing more is acted on, and the host ends."""
    bodies = [DOWNGRADES[attack]] if isinstance(attack, str) else attack(sealed)
    sealed.post_bytes(b"".join(frame(one) for one in (*bodies, sealed.sealed(MORE))))
    sealed.wait_closed()
    assert 0 == sealed.wait_exit()
    told = sealed.messages[-1]
    assert (None, -32600, {"reason": "invalid_request"}) == (told["id"], told["error"]["code"], told["error"]["data"])
    assert told == msgspec.json.decode(sealed.seen[-1].body)
    assert not [message for message in sealed.messages if message.get("id") == "more"]


def test_a_frame_over_the_limit_ends_the_channel(sealed: Port) -> None:
    sealed.post_bytes(frame(b'{"sealed":"' + b"A" * REQUEST_BYTES + b'"}'))
    assert 0 == sealed.wait_exit()
    assert None is sealed.messages[-1]["id"]


def test_a_broken_channel_denies_what_waits_for_the_person(own: Home) -> None:
    with own.open() as port:
        made = port.pair()
        port.open_channel(made)
        key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
        own.approver.hold(kind="review")
        waiting = port.begin("sign", {"keyId": key, "data": b64(b"data")})
        own.approver.wait_for(kind="review", method="sign")
        port.post_unsealed(READ)
        with pytest.raises(HostError) as caught:
            waiting.result()
        assert "user_rejected" == caught.value.reason
        assert 0 == port.wait_exit()
        assert None is port.messages[-1]["id"]
        assert all(b'{"sealed":' == seen.body[:10] for seen in port.seen[-3:-1] if seen.direction == "from host")


# speaking without the channel


Calls = tuple[tuple[str, dict[str, Any]], ...]
READS: Calls = ("listKeys", {}), ("getPublicKey", {"keyId": "x"}), ("verify", {"keyId": "x", "alg": "Ed25519", "data": "", "signature": ""})
OTHERS: Calls = (
    ("generateKey", {"alg": "Ed25519"}),
    ("sign", {"keyId": "x", "data": ""}),
    ("getImportKey", {}),
    ("encrypt", {"publicKeyJwk": {"kty": "OKP"}, "senderKeyId": "x", "alg": "HPKE-0", "plaintext": ""}),
    ("restoreSeed", {}),
)
FREE: Calls = ("getStatus", {}), ("randomBytes", {"length": 1}), ("unlock", {}), ("lock", {})


def test_a_paired_extension_is_not_spoken_with_outside_of_its_channel(home: Home, pairing: Pairing) -> None:
    """A program that starts the host with the extension's origin, and has not its key, learns and does nothing of the wallet's."""
    with home.open() as port:
        for method, params in (*READS, *OTHERS):
            assert NOT_PAIRED == refused(port, method, **params), method
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
        assert {"valid": False} == port.request("verify", {"publicKeyJwk": jwk, "alg": "Ed25519", "data": "", "signature": b64(bytes(64))})
        for method, params in FREE:
            port.request(method, params)
        assert not [message for message in port.messages if "paired" in message.get("result", {}) and message["result"]["paired"]]


def test_unpaired_reads_are_the_persons_to_allow(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = Home(tmp_path_factory.mktemp("reads"), config="[pairing]\nunpaired_reads = true\n")
    home.attach()
    home.set_up()
    with home.open() as port:
        port.pair()
        assert {"keys": []} == port.request("listKeys")
        assert (5002, {"reason": "unknown_key"}) == refused(port, "getPublicKey", keyId="x")
        for method, params in OTHERS:
            assert NOT_PAIRED == refused(port, method, **params), method


def test_a_required_pairing_leaves_nothing_but_to_pair(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = Home(tmp_path_factory.mktemp("required"), config="[pairing]\nrequired = true\nunpaired_reads = true\n")
    home.attach()
    home.set_up()
    with home.open() as port:
        for method, params in (*READS, *OTHERS):
            assert NOT_PAIRED == refused(port, method, **params), method
        port.open_channel(port.pair())
        assert {"keys": []} == port.request("listKeys")


def test_a_sealed_frame_without_a_channel_is_no_request(home: Home) -> None:
    with home.greet() as port:
        port.post({"sealed": "AAAA"})
        assert INVALID == (port.reply_to(None)["error"]["code"], port.reply_to(None)["error"]["data"])
        assert port.request("getStatus")


def test_a_channel_is_opened_once_and_by_a_call_that_stands_alone(home: Home, pairing: Pairing) -> None:
    with home.greet() as port:
        params = Opening(pairing).params
        port.post([{"jsonrpc": "2.0", "id": 1000, "method": "openChannel", "params": params}])
        assert "invalid_request" == port.reply_to(1000)["error"]["data"]["reason"]
        port.open_channel(pairing)
        assert INVALID == refused(port, "openChannel", **params)
        assert port.request("getStatus")["paired"]


# without the keys


def test_a_proxy_without_the_extensions_key_opens_no_channel(home: Home, pairing: Pairing) -> None:
    other = msgspec.structs.replace(pairing, private=os.urandom(32))
    with home.greet() as port, pytest.raises(HostError) as caught:
        port.open_channel(other)
    assert NOT_PAIRED == refusal(caught.value)


def test_a_proxy_without_the_hosts_key_is_not_taken_for_the_host(pairing: Pairing) -> None:
    """It knows every public key; it cannot answer."""
    opening, prologue = Opening(pairing), agreed.prologue(ORIGIN, "chromium")
    for own in (generate_key_pair(), KeyPair(os.urandom(32))):
        public = KeyPair(pairing.private).public
        false_host = HandshakeState("KK", initiator=False, prologue=prologue, static=own, remote_static=public)
        with pytest.raises(Exception, match=r"^$"):
            false_host.read_message(decode_base64url(opening.params["message"]))
        with pytest.raises(NotTheHost):
            Opening(pairing).channel(b64(own.public + os.urandom(16)))


def test_a_first_message_that_is_replayed_opens_nothing_for_who_replays_it(home: Home, pairing: Pairing) -> None:
    opening = Opening(pairing)
    with home.greet() as first:
        first.request("openChannel", opening.params)
    with home.greet() as port:
        assert 48 == len(unb64(port.request("openChannel", opening.params)["message"]))  # fresh each time
        port.post({"sealed": b64(os.urandom(80))})
        assert 0 == port.wait_exit()


def test_a_stolen_host_key_alone_opens_no_channel_and_no_keystore(home: Home, pairing: Pairing) -> None:
    """It is what the host proves itself with, to extensions. Towards the host it proves nothing."""
    stolen = unb64((home.folder / "channel.key").read_text().strip())
    assert KeyPair(stolen).public == pairing.host_public
    assert 0o600 == (home.folder / "channel.key").stat().st_mode & 0o777
    with home.greet() as port, pytest.raises(HostError) as caught:
        port.open_channel(msgspec.structs.replace(pairing, private=stolen))
    assert NOT_PAIRED == refusal(caught.value)


@pytest.mark.parametrize("public", SMALL_ORDER, ids=lambda public: public.hex()[:8])
def test_public_keys_of_small_order_make_no_secret(home: Home, pairing: Pairing, public: bytes) -> None:
    with home.open() as port:
        assert NOT_PAIRED == refused(port, "beginPairing", message=b64(public + bytes(32)))
        assert NOT_PAIRED == refused(port, "openChannel", pairingId=pairing.pairing_id, message=b64(public + bytes(16)))


MESSAGES = {
    "nothing": (NOT_PAIRED, b""),
    "half a key": (NOT_PAIRED, bytes(31)),
    "no commitment": (NOT_OPENED, b"\x09" + bytes(31)),
    "a short commitment": (NOT_OPENED, b"\x09" + bytes(31 + 31)),
    "a long one": (NOT_OPENED, b"\x09" + bytes(31 + 33)),
    "more than a message can be": (NOT_PAIRED, b"\x09" * 65_536),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_first_messages_that_begin_no_pairing(home: Home, name: str) -> None:
    expected, message = MESSAGES[name]
    with home.open() as port:
        assert expected == refused(port, "beginPairing", message=b64(message))
        assert INVALID == refused(port, "finishPairing", message=b64(message))


@pytest.mark.parametrize("pairing_id", [b"", bytes(15), bytes(16), bytes(17), b"\xff" * 4096], ids=len)
def test_pairings_that_the_host_does_not_know(home: Home, pairing: Pairing, pairing_id: bytes) -> None:
    with home.greet() as port:
        assert NOT_PAIRED == refused(port, "openChannel", pairingId=b64(pairing_id), message=Opening(pairing).params["message"])


# in the file


def rows(home: Home) -> list[Any]:
    with sqlite3.connect(home.database) as connection:
        found = connection.execute("SELECT * FROM pairings").fetchall()
    connection.close()
    return found


def test_a_row_that_another_program_put_into_the_file_ends_at_unlocking(own: Home) -> None:
    """While the keystore is locked it opens a channel, which can do nothing; then it is no pairing, and the record says so."""
    with own.open() as port:
        made = port.pair()
        port.request("lock")
    false = msgspec.structs.replace(made, pairing_id=b64(b"f" * 16), private=os.urandom(32))
    with sqlite3.connect(own.database) as connection:
        connection.execute("INSERT INTO pairings VALUES (?, ?, ?)", (b"f" * 16, ORIGIN, KeyPair(false.private).public))
    connection.close()
    with own.greet() as port:
        port.open_channel(false)
        assert (5001, {"reason": "locked"}) == refused(port, "listKeys")
        port.request("unlock")
        for method, params in (*READS, *OTHERS):
            assert NOT_PAIRED == refused(port, method, **params), method
        assert not port.request("getStatus")["paired"]
    assert [made.pairing_id] == [b64(row[0]) for row in rows(own)]
    with own.store() as store:
        unlock(store)
        assert "pairings" in [one.entry.method for one in entries(store) if one.entry]


def test_a_row_that_was_exchanged_for_another_key_ends_at_unlocking(own: Home) -> None:
    with own.open() as port:
        made = port.pair()
        port.request("lock")
    false = msgspec.structs.replace(made, private=os.urandom(32))
    with sqlite3.connect(own.database) as connection:
        connection.execute("UPDATE pairings SET public = ?", (KeyPair(false.private).public,))
    connection.close()
    with own.greet() as port:
        port.open_channel(false)
        port.request("unlock")
        assert NOT_PAIRED == refused(port, "listKeys")
    with own.open() as port:
        port.open_channel(made)
        assert {"keys": []} == port.request("listKeys")


def test_a_row_that_another_program_took_out_of_the_file_unpairs_nobody(own: Home) -> None:
    with own.open() as port:
        made = port.pair()
        port.request("lock")
    with sqlite3.connect(own.database) as connection:
        connection.execute("DELETE FROM pairings")
    connection.close()
    with own.open() as port:
        assert NOT_PAIRED == refused(port, "listKeys")
        port.open_channel(made)
        assert {"keys": []} == port.request("listKeys")
    assert 1 == len(rows(own))


def test_an_edited_document_refuses_everything_but_to_look_and_to_lock(own: Home) -> None:
    with own.open() as port:
        made = port.pair()
        port.open_channel(made)
        with sqlite3.connect(own.database) as connection:
            connection.execute("UPDATE documents SET sealed = zeroblob(64)")
        connection.close()
        assert "cannot_unseal" == refused(port, "listKeys")[1]["reason"]
        assert not port.request("getStatus")["paired"]
        assert {"state": "locked"} == port.request("lock")


HOSTILE_ROWS: list[tuple[Any, Any, Any]] = [
    (b"", ORIGIN, b""),
    (b"x" * 16, ORIGIN, b"short"),
    (b"x" * 16, ORIGIN, "text" * 8),
    ("text", ORIGIN, 7),
    (5, b"\xff", 1.5),
    (b"x" * 16, ORIGIN, bytes(32)),
]


@pytest.mark.parametrize("row", HOSTILE_ROWS, ids=range(len(HOSTILE_ROWS)))
def test_rows_of_any_type_are_no_pairings_and_stop_nothing(own: Home, row: tuple[Any, Any, Any]) -> None:
    with sqlite3.connect(own.database) as connection:
        connection.execute("INSERT INTO pairings VALUES (?, ?, ?)", row)
    connection.close()
    with own.greet() as port:
        false = Attempt(ORIGIN, "chromium")
        false.first()
        message = b64(b"\x09" + bytes(47))
        assert NOT_PAIRED == refused(port, "openChannel", pairingId=b64(b"x" * 16), message=message)
        port.request("unlock")
        assert {"keys": []} == port.request("listKeys")
    assert [] == rows(own)


@pytest.mark.parametrize("fault", ["readable by others", "damaged", "empty", "a link", "a folder"])
def test_a_host_key_that_is_not_the_hosts_alone_is_not_used(own: Home, fault: str) -> None:
    with own.open() as port:
        made = port.pair()
    key = own.folder / "channel.key"
    if fault == "readable by others":
        key.chmod(0o644)
    elif fault == "a link":
        key.rename(own.folder / "elsewhere")
        key.symlink_to(own.folder / "elsewhere")
    elif fault == "a folder":
        key.unlink()
        key.mkdir()
    else:
        key.write_text("not a key" if fault == "damaged" else "")
    with own.open() as port:
        expected = (5010, {"reason": "backend_unavailable", "detail": "channel.key"})
        assert expected == refused(port, "openChannel", **Opening(made).params)
        assert expected == refused(port, "beginPairing", message=Attempt(ORIGIN, "chromium").first())


def test_a_host_that_was_set_up_anew_is_not_the_one_that_was_paired(own: Home) -> None:
    with own.open() as port:
        made = port.pair()
    (own.folder / "channel.key").unlink()
    with own.open() as port:
        assert NOT_PAIRED == refused(port, "openChannel", **Opening(made).params)
        again = port.pair()
        with pytest.raises(HostError) as caught:
            port.open_channel(made)
        assert NOT_PAIRED == refusal(caught.value)
        port.open_channel(again)
        assert port.request("getStatus")["paired"]


# removed


def test_a_pairing_that_is_removed_ends_at_the_next_call_of_a_running_host(own: Home) -> None:
    with own.open() as port:
        first, second = port.pair(), port.pair()
        port.open_channel(first)
        assert {"keys": []} == port.request("listKeys")
        with own.store() as store:
            unlock(store)
            kept = [one for one in pairings.read(store) if b64(one.pairing_id) == second.pairing_id]
            with store.transaction():
                pairings.write(store, kept)
                store.append_audit(b"")
        for method, params in (*READS, *OTHERS):
            assert NOT_PAIRED == refused(port, method, **params), method
        assert not port.request("getStatus")["paired"]
    with own.greet() as port:
        assert NOT_PAIRED == refused(port, "openChannel", **Opening(first).params)
        port.open_channel(second)


def test_a_pairing_that_is_removed_while_locked_ends_as_well(own: Home) -> None:
    with own.open() as port:
        made = port.pair()
        port.open_channel(made)
        port.request("lock")
        assert port.request("getStatus")["paired"]
        with own.store() as store:
            unlock(store)
            with store.transaction():
                pairings.write(store, ())
                store.append_audit(b"")
        assert not port.request("getStatus")["paired"]
        port.request("unlock")
        assert NOT_PAIRED == refused(port, "listKeys")


# what goes on inside


def test_everything_from_the_host_is_sealed_and_in_step(own: Home) -> None:
    with own.open() as port:
        made = port.pair()
        port.open_channel(made)
        before = len(port.seen)
        port.post([READ, {**READ, "id": 2}])
        port.reply_to(2)
        port.request("generateKey", {"alg": "Ed25519"})
        port.wait_event("keysChanged")
        pending = [port.begin("randomBytes", {"length": 16}) for _ in range(40)]
        assert 40 == len({one.result()["bytes"] for one in pending})
        port.request("lock")
        crossed = [seen for seen in port.seen[before:] if seen.direction != "standard error"]
        assert all(["sealed"] == list(msgspec.json.decode(seen.body)) for seen in crossed)


def test_a_reply_that_would_not_fit_once_sealed_is_too_large(sealed: Port, home: Home) -> None:
    call = {"jsonrpc": "2.0", "method": "randomBytes", "params": {"length": 65_536}}
    batch = [{**call, "id": number} for number in range(10)]
    sealed.post(batch)
    sealed.reply_to(9)
    inside = sealed.messages[-1]
    assert ["result"] * 8 + ["error"] * 2 == ["result" if "result" in one else "error" for one in inside]
    assert {"too_large"} == {one["error"]["data"]["reason"] for one in inside if "error" in one}
    with home.greet() as port:
        port.post(batch)
        port.reply_to(9)
        assert all("result" in one for one in port.messages[-1])


def test_a_port_that_closes_answers_what_waits_inside_the_channel(own: Home) -> None:
    with own.open() as port:
        port.open_channel(port.pair())
        key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
        own.approver.hold(kind="review")
        waiting = port.begin("sign", {"keyId": key, "data": b64(b"data")})
        own.approver.wait_for(kind="review", method="sign")
        port.end_input()
        with pytest.raises(HostError) as caught:
            waiting.result()
        assert "user_rejected" == caught.value.reason
        assert 0 == port.wait_exit()
        assert ["sealed"] == list(msgspec.json.decode(port.seen[-1].body))


def test_every_window_says_whether_the_extension_is_paired(own: Home) -> None:
    def told() -> list[str]:
        port.request("sign", {"keyId": key, "data": b64(b"data")})
        caller = own.approver.asked[-1]["caller"]
        return [text for text in caller["evidence"] if "pair" in text]

    with own.open() as port:
        key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
        assert [pairings.UNPAIRED] == told()
        made = port.pair()
        port.open_channel(made)
        (text,) = told()
        assert text.startswith("This extension is paired with Strongroom since ")
    with own.store() as store:
        unlock(store)
        signed = [one.entry for one in entries(store) if one.entry and one.entry.method == "sign"]
        assert [True, True] == [any("paired" in text for text in entry.evidence) for entry in signed]
    assert 1 == keys_of(own)


def test_firefox_pairs_under_its_own_origin_and_family(own: Home) -> None:
    addon, origin = "wallet@example.org", "moz-extension:wallet@example.org"
    with own.store() as store, store.transaction():
        store.attach(origin, "main", development=False, expires_at=None)
    with own.start(addon, browser="firefox") as port:
        assert origin == port.hello()["origin"]
        port.request("unlock")
        made = port.pair()
        port.open_channel(made)
        assert port.request("getStatus")["paired"]
    assert [(origin, "firefox")] == [(one.origin, one.family) for one in known(own)]
    with own.open() as port:
        assert {"keys": []} == port.request("listKeys")  # a pairing of one extension binds no other of the same wallet
