"""Attacks by way of who calls, in which order and with what in it: against a real host, by its pipes alone.

An extension's origin that a program claims; a request that is approved while another stands on the screen; secrets, paths, commands and modules
in what is asked; and ways in that are no pipe.
"""

from __future__ import annotations

import os
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from native_host.audit import entries
from native_host.config import Config
from native_host.protocol.methods import METHODS
from native_host.session import WITHOUT_PAIRING
from native_host.testing.port import HostError, Port
from tests.homes import ADDON, HOST, Home, b64, origin_of, refusal, unb64, unlock, until
from tests.host.test_confinement import children
from tests.host.test_no_secret_leaves import members_of

NOT_PAIRED = (4100, {"reason": "not_paired"})
JWK = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
PAYMENT = {"nonce": "0x0", "gas": "0x5208", "gasPrice": "0x1", "to": f"0x{'11' * 20}", "value": "0x1"}
TYPED = {
    "types": {"EIP712Domain": [], "A": [{"name": "a", "type": "string"}]},
    "primaryType": "A",
    "domain": {"name": "n"},
    "message": {"a": "b"},
}
CALLS: dict[str, dict[str, Any]] = {
    "hello": {"protocol": ["1"], "client": {"name": "x", "version": "1"}},
    "getStatus": {},
    "unlock": {},
    "lock": {},
    "beginPairing": {"message": "AAAA"},
    "finishPairing": {"message": "AAAA"},
    "openChannel": {"pairingId": "AAAA", "message": "AAAA"},
    "generateKey": {"alg": "Ed25519", "label": "x", "backend": "local", "expiresAt": "2999-01-01T00:00:00Z"},
    "getImportKey": {},
    "importKey": {"importKeyId": "x", "jwe": "x", "alg": "Ed25519", "label": "x"},
    "importKeyFile": {"alg": "Ed25519", "label": "x"},
    "restoreSeed": {"label": "x", "language": "english"},
    "deriveKey": {"keyId": "x", "path": "m/0", "alg": "ES256K", "label": "x"},
    "getPublicKey": {"keyId": "x", "path": "m/0", "alg": "ES256K"},
    "getExtendedPublicKey": {"keyId": "x", "path": "m/0", "page": {"origin": "https://a.example"}},
    "listKeys": {"cursor": "x"},
    "updateKey": {"keyId": "x", "label": "x"},
    "rotateKey": {"keyId": "x"},
    "destroyKey": {"keyId": "x"},
    "sign": {"keyId": "x", "data": "AAAA", "alg": "Ed25519", "requestKey": "x"},
    "verify": {"keyId": "x", "alg": "Ed25519", "data": "AAAA", "signature": "AAAA"},
    "encrypt": {"keyId": "x", "alg": "A256GCM", "plaintext": "AAAA", "enc": "A256GCM"},
    "decrypt": {"keyId": "x", "alg": "A256GCM", "ciphertext": "AAAA", "iv": "AAAA", "tag": "AAAA"},
    "wrapKey": {"keyId": "x", "targetKeyId": "x", "alg": "A256KW"},
    "unwrapKey": {"keyId": "x", "wrappedKey": "AAAA", "alg": "A256KW", "targetAlg": "Ed25519", "label": "x"},
    "encapsulate": {"keyId": "x", "alg": "ML-KEM-768"},
    "decapsulate": {"keyId": "x", "ciphertext": "AAAA"},
    "deriveSecret": {"keyId": "x", "publicKeyJwk": JWK},
    "randomBytes": {"length": 1},
    "signMessage": {"keyId": "x", "format": "eip191", "message": "AAAA", "address": "x"},
    "signTypedData": {"keyId": "x", "typedData": TYPED},
    "signTransaction": {"keyId": "x", "chain": "eip155:1", "transaction": PAYMENT},
    "signPsbt": {"keyId": "x", "psbt": "cHNidP8="},
    "signJws": {"keyId": "x", "payload": "AAAA", "header": {"typ": "JWT"}},
    "aggregateSignatures": {"alg": "BLS12381G2", "signatures": ["AAAA"]},
    "aggregateVerify": {"alg": "BLS12381G2", "publicKeyJwks": [JWK], "data": ["AAAA"], "signature": "AAAA"},
}
"""A call of every method, as an attacker may make it who has never seen the host."""
FREE = WITHOUT_PAIRING | {"randomBytes", "aggregateSignatures", "aggregateVerify"}
"""What names no key, or opens what a person guards by other means."""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Home]:
    """A home for one test."""
    made = Home(tmp_path)
    made.attach()
    made.set_up()
    yield made
    made.quit()


def reason_of(port: Port, method: str, params: dict[str, Any]) -> str:
    """How a call is refused; empty if it is answered."""
    try:
        port.request(method, params)
    except HostError as error:
        return error.reason
    return ""


def reviews(home: Home) -> list[dict[str, Any]]:
    return [ask for ask in home.approver.asked if ask["kind"] == "review"]


# a spoofed origin


def test_every_method_has_a_call_here() -> None:
    """So that a new one is attacked as well."""
    assert set(METHODS) == set(CALLS)


def test_a_spoofed_origin_gets_nothing_of_a_paired_extension(own: Home) -> None:
    """A program that is no browser starts the host with the extension's own argument: every method that names a key, makes one or takes one
    in is refused, and no window comes of it, so that it cannot even weary the person."""
    with own.open() as port:
        port.pair()
    asked = len(own.approver.asked)
    with own.open() as thief:
        opened = len(own.approver.asked)
        for method, params in CALLS.items():
            if method not in FREE:
                with pytest.raises(HostError) as caught:
                    thief.request(method, params)
                assert NOT_PAIRED == refusal(caught.value), method
        assert opened == len(own.approver.asked)
    assert ["askSecret"] == [ask["kind"] for ask in own.approver.asked[asked:]]


def test_a_spoofed_origin_before_pairing_is_told_in_every_window(own: Home) -> None:
    """Without a pairing the argument is all there is. The person decides, and reads which program started the host; the record keeps it."""
    with own.open() as thief:
        key = thief.request("generateKey", {"alg": "Ed25519"})["keyId"]
        own.approver.deny(kind="review", method="sign")
        assert "user_rejected" == reason_of(thief, "sign", {"keyId": key, "data": b64(b"x")})
    says = reviews(own)[-1]["caller"]["evidence"]
    program = os.path.realpath(sys.executable)
    assert any(program in text and "is not a browser that Strongroom knows" in text for text in says)
    assert any("not paired" in text for text in says)
    with own.store() as store:
        unlock(store)
        last = [one.entry for one in entries(store) if one.entry is not None and one.entry.method == "sign"][-1]
    assert "user_rejected" == last.outcome
    assert any(program in text for text in last.evidence)


# approving one request while another is on the screen


@pytest.fixture
def key(home: Home, port: Port) -> tuple[str, Ed25519PublicKey]:
    made = port.request("generateKey", {"alg": "Ed25519"})
    return made["keyId"], Ed25519PublicKey.from_public_bytes(unb64(made["publicKeyJwk"]["x"]))


def test_one_is_approved_while_another_waits(home: Home, port: Port, key: tuple[str, Ed25519PublicKey]) -> None:
    """A stands on the screen and B is sent: B is not asked about before A is decided, A's yes signs A, and B's own no is B's."""
    key_id, public = key
    home.approver.deny(kind="review", method="signJws", times=1)
    gate = home.approver.hold(kind="review", method="sign", times=1)
    before = len(reviews(home))
    first = port.begin("sign", {"keyId": key_id, "data": b64(b"what is shown")})
    until(lambda: len(reviews(home)) > before, what="the window")
    second = port.begin("signJws", {"keyId": key_id, "payload": b64(b"what is not")})
    assert "unlocked" == port.request("getStatus")["state"]
    assert ["sign"] == [ask["method"] for ask in reviews(home)[before:]]
    gate.release()
    public.verify(unb64(first.result()["signature"]), b"what is shown")
    with pytest.raises(HostError) as caught:
        second.result()
    assert "user_rejected" == caught.value.reason
    assert ["sign", "signJws"] == [ask["method"] for ask in reviews(home)[before:]]


def test_another_request_under_the_id_of_the_one_on_the_screen(home: Home, port: Port, key: tuple[str, Ed25519PublicKey]) -> None:
    """It is no request: what was shown is signed, and nothing else is asked about."""
    key_id, public = key
    gate = home.approver.hold(kind="review", method="sign", times=1)
    before = len(reviews(home))
    shown = port.begin("sign", {"keyId": key_id, "data": b64(b"what is shown")}, call_id="same")
    until(lambda: len(reviews(home)) > before, what="the window")
    port.post({"jsonrpc": "2.0", "id": "same", "method": "signJws", "params": {"keyId": key_id, "payload": b64(b"what is not")}})
    assert "invalid_request" == port.reply_to(None)["error"]["data"]["reason"]
    gate.release()
    public.verify(unb64(shown.result()["signature"]), b"what is shown")
    assert ["sign"] == [ask["method"] for ask in reviews(home)[before:]]


def test_taken_back_and_sent_anew_under_the_same_id(home: Home, port: Port, key: tuple[str, Ed25519PublicKey]) -> None:
    """The window of A is open, A is taken back, and B comes under A's id: a yes that was meant for A is none for B, which has its own window."""
    key_id, public = key
    gate = home.approver.hold(kind="review", method="sign", times=1)
    before = len(reviews(home))
    first = port.begin("sign", {"keyId": key_id, "data": b64(b"harmless")}, call_id="same")
    until(lambda: len(reviews(home)) > before, what="the window")
    home.approver.deny(kind="review", method="signJws", times=1)
    first.cancel()
    with pytest.raises(HostError) as caught:
        first.result()
    assert "cancelled" == caught.value.reason
    second = port.begin("signJws", {"keyId": key_id, "payload": b64(b"harm")}, call_id="same")
    gate.release()
    with pytest.raises(HostError) as denied:
        second.result()
    assert "user_rejected" == denied.value.reason
    assert ["sign", "signJws"] == [ask["method"] for ask in reviews(home)[before:]]
    signed = port.request("sign", {"keyId": key_id, "data": b64(b"after")})["signature"]
    public.verify(unb64(signed), b"after")
    with pytest.raises(InvalidSignature):
        public.verify(unb64(signed), b"harmless")


LATE = """
import json, os, struct, sys
def read(count):
    data = b""
    while len(data) < count:
        chunk = os.read(0, count - len(data))
        if not chunk:
            sys.exit(0)
        data += chunk
    return data
def send(answer):
    body = json.dumps(answer).encode()
    os.write(1, struct.pack("=I", len(body)) + body)
while True:
    ask = json.loads(read(struct.unpack("=I", read(4))[0]))
    if ask["kind"] == "askSecret":
        send({"id": ask["id"], "secret": PASSPHRASE})
    elif ask["kind"] == "review":
        for other in (0, ask["id"] - 1):
            send({"id": other, "verdict": "allow"})
        send({"id": ask["id"], "verdict": "deny"})
"""


def test_a_late_yes_to_an_earlier_window(own: Home, tmp_path: Path) -> None:
    """Answers are held against the window that stands there now: a yes to one that is gone, come late, allows nothing."""
    script = tmp_path / "late.py"
    script.write_text(LATE.replace("PASSPHRASE", repr(own.approver.passphrase)), encoding="utf-8")
    config = own.folder / "config.toml"
    config.write_text(f"[approval]\nprogram = {msgspec.json.encode([sys.executable, '-I', str(script)]).decode()}\n", encoding="utf-8")
    with own.open() as port:
        key_id = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
        for _ in range(3):
            assert "user_rejected" == reason_of(port, "sign", {"keyId": key_id, "data": b64(b"x")})


# what no call can carry

TEXTS = {
    "aad", "accessList", "address", "alg", "authorizationList", "backend", "blobVersionedHashes", "chain", "chainId", "ciphertext", "client",
    "crv", "cursor", "data", "digest", "domain", "e", "enc", "encoding", "expiresAt", "ext", "finalize", "format", "from", "gas", "gasPrice",
    "header", "importKeyId", "input", "iv", "jwe", "keyId", "key_ops", "kid", "kty", "label", "language", "length", "limit", "maxFeePerBlobGas",
    "maxFeePerGas", "maxPriorityFeePerGas", "maxUses", "message", "modulusLength", "n", "name", "nonce", "origin", "page", "pairingId", "path",
    "payload", "plaintext", "primaryType", "protocol", "psbt", "pub", "publicKeyJwk", "publicKeyJwks", "r", "requestKey", "s", "salt", "scheme",
    "senderKeyId", "senderPublicKeyJwk", "signature", "signatures", "state", "storageKeys", "tag", "targetAlg", "targetKeyId", "to", "token",
    "transaction", "type", "typedData", "types", "usages", "use", "value", "verifyingContract", "version", "words", "wrappedKey", "x", "y", "yParity",
}  # fmt: skip
"""Every member that a call can have. ``path`` is one of derivation, ``words`` a number, ``token`` a name or serial number, ``backend`` one of
``hello``'s, ``page`` a claim that is shown. None is a file, a command, a module, an address to fetch, or a secret; whoever adds a member
to this list has thought about that."""


def test_no_call_has_room_for_a_path_a_command_or_a_module() -> None:
    """CVE-2022-32969 and hosts that ran what the request named: there is no member for it."""
    kinds = [msgspec.inspect.type_info(row.params) for row in METHODS.values()]
    assert TEXTS == {name for kind in kinds for name in members_of(kind, dictionaries=True)}


def test_no_call_changes_who_may_do_what() -> None:
    """Policies, limits, grants, pairings' removal, origins, slots, backups and settings are the person's own program's: an extension has no
    method for them, and no setting approves by itself."""
    words = (
        "polic",
        "limit",
        "grant",
        "allow",
        "approve",
        "trust",
        "origin",
        "slot",
        "backup",
        "export",
        "config",
        "setting",
        "audit",
        "reveal",
    )
    assert [] == [name for name in METHODS if any(word in name.lower() for word in words)]
    settings = {f"{table}.{key}" for table in Config.__struct_fields__ for key in type(getattr(Config(), table)).__struct_fields__}
    assert {
        "approval.program", "approval.prompt", "approval.language", "session.idle_lock_seconds", "tpm.tcti", "pkcs11.modules", "pairing.required", "pairing.unpaired_reads",
    } == settings  # fmt: skip


def places(value: Any) -> Iterator[list[Any]]:
    """The way to each text in a JSON value."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in members:
        if isinstance(one, str):
            yield [name]
        else:
            yield from ([name, *rest] for rest in places(one))


def with_text(params: dict[str, Any], place: list[Any], text: str) -> dict[str, Any]:
    """A copy with that text at that place."""
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(params))
    inner: Any = made
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = text
    return made


@pytest.fixture
def near() -> Iterator[Path]:
    """A folder whose path is short enough for every text."""
    with TemporaryDirectory(dir="/tmp", prefix="s") as folder:
        yield Path(folder)


def test_a_path_or_a_command_in_any_text_is_only_a_text(own: Home, near: Path) -> None:
    """Wherever a call has a text: nothing at that path is read or started, nothing is fetched, and every answer is a typed one."""
    canary, mark, trap = near / "canary", near / "started", near / "t.so"
    canary.write_text("what is written in the canary", encoding="utf-8")
    trap.write_text(f"#!/bin/sh\ntouch {mark}\n", encoding="utf-8")
    trap.chmod(0o755)
    hostile = [str(canary), f"file://{canary}", f"../..{canary}", str(trap), f"$({trap})", f"|{trap}", f"--x={trap}"]
    reasons: dict[str, set[str]] = {}
    with own.open() as port:
        key_id = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
        for method, params in CALLS.items():
            for place in places(params) if method not in {"hello", "lock", "unlock"} else ():
                reasons.setdefault(method, set()).update(reason_of(port, method, with_text(params, place, text)) for text in hostile)
                port.request("sign", {"keyId": key_id, "data": b64(b"x")})  # a yes, so that no flood hides what comes next
        assert "unlocked" == port.request("getStatus")["state"]
        assert 1 == len(children(port.process.pid))  # what starts the program that asks; nothing else was started
        assert b"written in the canary" not in b"".join(one.body for one in port.seen)
    seen = set().union(*reasons.values())
    assert {"invalid_params", "unknown_key", "unsupported"} <= seen
    assert set() == seen & {"internal", "busy", "origin_not_allowed", "backend_unavailable"}
    assert {"unsupported"} == reasons["generateKey"] - {"", "invalid_params"}
    assert not mark.exists()
    assert "written in the canary" not in str(own.approver.asked)


# other ways in


def family_of(pid: int) -> list[int]:
    """A process and all below it."""
    return [pid, *(one for child in children(pid) for one in family_of(child))]


def listening(pid: int) -> list[str]:
    """What a process listens on, by its descriptors and the kernel's tables."""
    sockets = set()
    for number in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):  # the descriptor of this very look is gone by now
            sockets.add(os.readlink(f"/proc/{pid}/fd/{number}").removeprefix("socket:[").removesuffix("]"))
    found = []
    for table, column, is_open in (
        ("tcp", 9, lambda row: row[3] == "0A"),
        ("tcp6", 9, lambda row: row[3] == "0A"),
        ("udp", 9, lambda _: True),
        ("udp6", 9, lambda _: True),
        ("raw", 9, lambda _: True),
        ("unix", 6, lambda row: int(row[3], 16) & 0x10000 or len(row) > 7),
    ):
        rows = [line.split() for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="utf-8").splitlines()[1:]]
        found += [f"{table} {row}" for row in rows if row[column] in sockets and is_open(row)]
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="sockets are read from /proc")
def test_the_host_listens_nowhere(own: Home) -> None:
    """No port, no pipe with a name, no file of a socket: the only way in is the pair of pipes that its parent made. Squatted pipes, forged
    ``Origin`` headers and pages that reach into the local network have nothing to reach."""
    with own.open() as port:
        port.open_channel(port.pair())
        key_id = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
        port.request("sign", {"keyId": key_id, "data": b64(b"x")})
        processes = family_of(port.process.pid)
        assert len(processes) > 1
        assert [] == [one for pid in processes for one in listening(pid)]
        kinds = [path.lstat().st_mode for folder in (own.folder, own.person) for path in folder.rglob("*")]
        assert not [mode for mode in kinds if stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode)]


def test_that_listening_would_be_seen(tmp_path: Path) -> None:
    """The look that finds nothing above finds what there is."""
    with socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX) as local:
        local.bind(str(tmp_path / "socket"))
        local.listen()
        assert ["tcp", "unix"] == sorted(one.split()[0] for one in listening(os.getpid()))


@pytest.mark.parametrize("arguments", [["--listen"], ["--port=8080"], ["ws://127.0.0.1"], [origin_of(ADDON), "--listen"]])
def test_no_argument_makes_it_listen(own: Home, arguments: list[str]) -> None:
    """There is none but a browser's."""
    port = own.start(command=[*HOST, *arguments])
    assert "origin_not_allowed" == reason_of(port, "hello", CALLS["hello"])
    assert 3 == port.wait_exit()
