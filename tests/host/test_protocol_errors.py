"""Protocol section 3, row by row: every refusal whose cause exists is reached through real frames and answered as written."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from native_host import errors
from native_host.testing.port import HostError, Port
from tests.homes import OTHER_ADDON, Home, b64, frame, origin_of

TABLE: tuple[tuple[int, str, frozenset[str]], ...] = (
    (-32700, "parse_error", frozenset()),
    (-32600, "invalid_request", frozenset()),
    (-32601, "method_not_found", frozenset()),
    (-32602, "invalid_params", frozenset({"path"})),
    (-32603, "internal", frozenset({"incident"})),
    (4001, "user_rejected", frozenset()),
    (4100, "origin_not_allowed", frozenset()),
    (4100, "policy_denied", frozenset()),
    (4100, "not_paired", frozenset()),
    (4100, "caller_changed", frozenset()),
    (4200, "unsupported", frozenset({"detail"})),
    (5000, "hello_required", frozenset()),
    (5001, "locked", frozenset()),
    (5002, "unknown_key", frozenset()),
    (5003, "key_state", frozenset()),
    (5004, "usage_not_allowed", frozenset()),
    (5005, "too_large", frozenset()),
    (5006, "cancelled", frozenset()),
    (5007, "busy", frozenset({"retryAfterSeconds"})),
    (5008, "uninitialized", frozenset()),
    (5009, "cannot_unseal", frozenset()),
    (5010, "backend_unavailable", frozenset({"detail"})),
    (5011, "duplicate", frozenset()),
    (5012, "decryption_failed", frozenset()),
)
"""The protocol's table, written out once more: codes and reasons are a contract and only ever added to."""

NOT_YET_REACHABLE = {
    "policy_denied": "there are no policy files, and the one rule that denies is about seeds, which lack the usage to begin with",
    "not_paired": "there is no pairing",
    "caller_changed": "there is no pairing that a changed caller could break",
}

DATA = b64(b"data")
NO_KEY = b64(bytes(16))


def refused(port: Port, method: str, params: dict[str, Any] | None = None) -> HostError:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return caught.value


def refused_frame(port: Port, body: bytes) -> HostError:
    """The error that answers a frame whose id cannot be read."""
    port.post_bytes(frame(body))
    reply = port.reply_to(None)
    return HostError(reply["error"]["code"], reply["error"]["message"], reply["error"]["data"])


def make_key(port: Port, alg: str = "Ed25519", **members: Any) -> str:
    key_id: str = port.request("generateKey", {"alg": alg, **members})["keyId"]
    return key_id


def parse_error(home: Home) -> HostError:
    return refused_frame(home.greet(), b'{"jsonrpc": "2.0", "id": 1')


def invalid_request(home: Home) -> HostError:
    return refused_frame(home.greet(), b'{"jsonrpc": "2.0", "id": 1.5, "method": "getStatus"}')


def method_not_found(home: Home) -> HostError:
    return refused(home.greet(), "exportKey", {"keyId": NO_KEY})


def invalid_params(home: Home) -> HostError:
    return refused(home.start(), "hello", {"protocol": ["1"], "client": {"name": 1, "version": "1"}})


def internal(home: Home) -> HostError:
    """Somebody took a table out of the keystore under a running host."""
    port = home.open()
    database = sqlite3.connect(home.database)
    database.execute("ALTER TABLE records RENAME TO elsewhere")
    database.close()
    return refused(port, "listKeys")


def user_rejected(home: Home) -> HostError:
    port = home.open()
    home.approver.deny(kind="review", method="sign")
    return refused(port, "sign", {"keyId": make_key(port), "data": DATA})


def origin_not_allowed(home: Home) -> HostError:
    return refused(home.start(OTHER_ADDON), "hello", {"protocol": ["1"], "client": {"name": "x", "version": "1"}})


def unsupported(home: Home) -> HostError:
    return refused(home.greet(), "verify", {"keyId": NO_KEY, "alg": "ROT13", "data": DATA, "signature": DATA})


def hello_required(home: Home) -> HostError:
    return refused(home.start(), "getStatus")


def locked(home: Home) -> HostError:
    return refused(home.greet(), "listKeys")


def unknown_key(home: Home) -> HostError:
    return refused(home.open(), "sign", {"keyId": NO_KEY, "data": DATA})


def key_state(home: Home) -> HostError:
    port = home.open()
    key_id = make_key(port)
    port.request("updateKey", {"keyId": key_id, "state": "disabled"})
    return refused(port, "sign", {"keyId": key_id, "data": DATA})


def usage_not_allowed(home: Home) -> HostError:
    port = home.open()
    return refused(port, "sign", {"keyId": make_key(port, usages=["verify"]), "data": DATA})


def too_large(home: Home) -> HostError:
    port = home.start()
    limit = port.hello()["limits"]["requestBytes"]
    return refused_frame(port, b" " * (limit + 1))


def cancelled(home: Home) -> HostError:
    port = home.open()
    home.approver.misbehave("hang", kind="review", method="sign")
    call = port.begin("sign", {"keyId": make_key(port), "data": DATA})
    home.approver.wait_for(kind="review", method="sign")
    call.cancel()
    with pytest.raises(HostError) as caught:
        call.result()
    return caught.value


def busy(home: Home) -> HostError:
    port = home.open()
    home.approver.misbehave("hang", kind="review", method="sign")
    params = {"keyId": make_key(port), "data": DATA}
    for _ in range(64):
        port.begin("sign", params)
    return refused(port, "sign", params)


def uninitialized(home: Home) -> HostError:
    home.database.rename(home.base / "away.db")
    home.attach()
    return refused(home.greet(), "listKeys")


def cannot_unseal(home: Home) -> HostError:
    home.approver.type_secret("unlock", "wrong")
    return refused(home.greet(), "unlock")


def backend_unavailable(home: Home) -> HostError:
    """The configured program is gone."""
    config = home.folder / "config.toml"
    config.write_text('[approval]\nprogram = ["/nonexistent/approver"]\n')
    return refused(home.greet(), "unlock")


def duplicate(home: Home) -> HostError:
    home.approver.type_secret("mnemonic", "abandon " * 11 + "about")
    port = home.open()
    port.request("restoreSeed")
    return refused(port, "restoreSeed")


def decryption_failed(home: Home) -> HostError:
    port = home.open()
    offer = port.request("getImportKey")
    return refused(port, "importKey", {"importKeyId": offer["importKeyId"], "jwe": "e30....", "alg": "Ed25519"})


REACHED: dict[str, tuple[Callable[[Home], HostError], dict[str, Any]]] = {
    "parse_error": (parse_error, {}),
    "invalid_request": (invalid_request, {}),
    "method_not_found": (method_not_found, {}),
    "invalid_params": (invalid_params, {"path": "client.name"}),
    "internal": (internal, {"incident": str}),
    "user_rejected": (user_rejected, {}),
    "origin_not_allowed": (origin_not_allowed, {}),
    "unsupported": (unsupported, {"detail": "ROT13"}),
    "hello_required": (hello_required, {}),
    "locked": (locked, {}),
    "unknown_key": (unknown_key, {}),
    "key_state": (key_state, {}),
    "usage_not_allowed": (usage_not_allowed, {}),
    "too_large": (too_large, {}),
    "cancelled": (cancelled, {}),
    "busy": (busy, {"retryAfterSeconds": int}),
    "uninitialized": (uninitialized, {}),
    "cannot_unseal": (cannot_unseal, {}),
    "backend_unavailable": (backend_unavailable, {"detail": "approver"}),
    "duplicate": (duplicate, {}),
    "decryption_failed": (decryption_failed, {}),
}


@pytest.mark.parametrize("reason", REACHED)
def test_row(reason: str, home: Home) -> None:
    """Code, reason and data are exactly those of the table."""
    cause, more = REACHED[reason]
    error = cause(home)
    code = next(code for code, name, _ in TABLE if name == reason)
    assert (code, reason) == (error.code, error.reason)
    assert {"reason", *more} == set(error.data)
    for member, expected in more.items():
        if isinstance(expected, type):
            assert isinstance(error.data[member], expected)
        else:
            assert expected == error.data[member]


def test_every_row_is_reached_or_named() -> None:
    """No row of the protocol is forgotten, and none is both."""
    assert {reason for _, reason, _ in TABLE} == REACHED.keys() | NOT_YET_REACHABLE.keys()
    assert set() == REACHED.keys() & NOT_YET_REACHABLE.keys()


def test_the_members_of_data_are_those_of_the_table() -> None:
    """What a row reaches carries the members that its row names."""
    assert {reason: members for _, reason, members in TABLE if reason in REACHED} == {
        reason: frozenset(more) for reason, (_, more) in REACHED.items()
    }


def error_classes(base: type[errors.KmsError] = errors.KmsError) -> list[type[errors.KmsError]]:
    found = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, base) and cls is not base]
    return [cls for cls in found if not cls.__name__.startswith("_")]


def test_the_errors_are_those_of_the_protocol() -> None:
    """errors.py and the protocol's table agree, row by row and in order."""
    assert [(code, reason) for code, reason, _ in TABLE] == [(cls.code, cls.reason) for cls in error_classes()]


def test_the_tree_drawn_in_the_source_is_the_one_that_is_there() -> None:
    """Whoever reads the module's docstring reads the truth."""
    drawn = re.findall(r"^      (\w+) +(-?\d+) +(\w+)(?: +data\.(\w+))?$", errors.__doc__ or "", re.MULTILINE)
    assert [(code, reason, members) for code, reason, members in TABLE] == [
        (int(code), reason, frozenset({member} if member else ())) for _, code, reason, member in drawn
    ]
    assert [name for name, *_ in drawn] == [cls.__name__ for cls in error_classes()]


def test_the_published_table_is_the_protocols() -> None:
    """docs/protocol.md carries the same rows."""
    text = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (-?\d+) \| `(\w+)` \| (?:`(\w+)`)? ?\|", text, re.MULTILINE)
    assert list(TABLE) == [(int(code), reason, frozenset({member} if member else ())) for code, reason, member in rows]


def test_an_incident_stands_in_the_log(home: Home) -> None:
    """``data.incident`` leads a developer to the cause, which is told by type and place only."""
    error = internal(home)
    log = (home.folder / "host.log").read_text(encoding="utf-8")
    (line,) = [line for line in log.splitlines() if error.data["incident"] in line]
    assert re.search(r"incident [0-9a-f]{12} OperationalError at host\.py:\d+", line)


def test_an_incident_is_logged_where_there_is_no_folder_yet(home: Home, tmp_path: Path) -> None:
    """Without STRONGROOM_HOME the log has a folder of its own, which the first incident makes."""
    shares, states = tmp_path / "share", tmp_path / "state"
    (shares / "strongroom").mkdir(parents=True)
    home.database.rename(shares / "strongroom" / "keystore.db")
    (home.folder / "config.toml").rename(shares / "strongroom" / "config.toml")
    home.environ = {"STRONGROOM_HOME": "", "XDG_DATA_HOME": str(shares), "XDG_CONFIG_HOME": str(shares), "XDG_STATE_HOME": str(states)}
    port = home.open()
    database = sqlite3.connect(shares / "strongroom" / "keystore.db")
    database.execute("ALTER TABLE records RENAME TO elsewhere")
    database.close()
    incident = refused(port, "listKeys").data["incident"]
    assert incident in (states / "strongroom" / "host.log").read_text(encoding="utf-8")
    assert 0o700 == (states / "strongroom").stat().st_mode & 0o777


@pytest.mark.parametrize("reason", sorted(REACHED.keys() - {"origin_not_allowed", "busy"}))
def test_the_port_goes_on_after_a_refusal(reason: str, home: Home) -> None:
    """Whatever was refused, the next call is answered."""
    REACHED[reason][0](home)
    (port,) = [port for emulator in home._emulators for port in emulator.ports]
    if reason in {"invalid_params", "hello_required"}:
        port.hello()
    assert 22 == len(port.request("randomBytes", {"length": 16})["bytes"])


def test_a_message_carries_nothing_of_the_caller(home: Home) -> None:
    """Whatever a caller names, no refusal repeats it."""
    port = home.open()
    name = "Zz9canary"
    seen = []
    for method, params in (
        (name, {}),
        ("sign", {"keyId": name, "data": name}),
        ("generateKey", {"alg": "ES256K", "usages": [name]}),
        ("generateKey", {"alg": "ES256K", name: 1}),
        ("deriveKey", {"keyId": name, "path": name, "alg": name}),
        ("signMessage", {"keyId": name, "format": name, "message": ""}),
        ("verify", {"keyId": name, "alg": "ES256", "data": "", "signature": ""}),
        ("listKeys", {"cursor": name}),
    ):
        seen.append(refused(port, method, params).message)
    assert [message for message in seen if name in message] == []
    assert origin_of(OTHER_ADDON) not in origin_not_allowed(home).message
