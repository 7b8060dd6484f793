"""The record of decisions: an entry for everything that was decided, with who asked, who allowed it and how it ended."""

from __future__ import annotations

from hashlib import sha256
from itertools import dropwhile
from typing import Any

import pytest

from native_host.audit import AuditedEntry, entries
from native_host.keystore import chain
from native_host.testing.port import HostError, Port
from tests.homes import ADDON, OTHER_ADDON, Home, b64, now, origin_of, seal_for_import, unlock, until

DATA = b64(b"what was signed")


def refused(port: Port, method: str, **params: Any) -> str:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return caught.value.reason


def record(home: Home) -> list[AuditedEntry]:
    """Every entry, the unnamed ones of the quick set-up left out."""
    with home.store() as store:
        unlock(store)
        assert chain.verify(store.connection) is None
        return list(dropwhile(lambda one: one.entry is None, entries(store)))


def told(home: Home) -> list[tuple[str, str, str]]:
    """Method, outcome and who allowed it, of every entry."""
    return [(one.entry.method, one.entry.outcome, one.entry.approved_by) for one in record(home) if one.entry is not None]


def test_a_session_leaves_its_trace(home: Home) -> None:
    """What was done and what was refused, in order; public reads and malformed calls leave none."""
    person = home.approver
    port = home.open()
    key = port.request("generateKey", {"alg": "ES256"})["keyId"]
    port.request("sign", {"keyId": key, "data": DATA})
    person.grant(method="sign", times=1)
    port.request("sign", {"keyId": key, "data": DATA})
    port.request("sign", {"keyId": key, "data": DATA})
    person.deny(kind="review", method="destroyKey", times=1)
    assert "user_rejected" == refused(port, "destroyKey", keyId=key)
    person.type_secret("mnemonic", "abandon " * 11 + "about")
    seed = port.request("restoreSeed")["keyId"]
    assert "duplicate" == refused(port, "restoreSeed")
    port.request("deriveKey", {"keyId": seed, "path": "m/44'/60'/0'/0/0", "alg": "ES256K"})
    port.request("updateKey", {"keyId": key, "label": "mine"})
    for method in ("listKeys", "getStatus"):
        port.request(method)
    port.request("randomBytes", {"length": 3})
    assert "unknown_key" == refused(port, "sign", keyId=b64(bytes(16)), data=DATA)
    assert "invalid_params" == refused(port, "sign", keyId=key)
    port.request("destroyKey", {"keyId": seed})
    port.request("lock")
    assert [
        ("unlock", "done", "rule"),
        ("generateKey", "done", "rule"),
        ("sign", "done", "person"),
        ("sign", "done", "person"),
        ("sign", "done", "grant"),
        ("destroyKey", "user_rejected", "nobody"),
        ("restoreSeed", "done", "person"),
        ("restoreSeed", "duplicate", "person"),
        ("deriveKey", "done", "rule"),
        ("updateKey", "done", "rule"),
        ("destroyKey", "done", "person"),
        ("lock", "done", "rule"),
    ] == told(home)


def test_what_an_entry_holds(home: Home) -> None:
    """Origin, wallet, page, key, evidence, the rule, and a digest of the request; never what was signed."""
    began = now()
    port = home.open()
    key = port.request("generateKey", {"alg": "Ed25519", "label": "a name"})["keyId"]
    port.request("sign", {"keyId": key, "data": DATA, "page": {"origin": "https://shop.example"}})
    last = record(home)[-1]
    assert last.entry is not None
    assert began <= last.at <= now()
    assert (origin_of(ADDON), "main", "sign", key, "Ed25519", "https://shop.example", "use of a private key") == (
        last.entry.origin, last.entry.wallet, last.entry.method, last.entry.key_id, last.entry.alg, last.entry.page, last.entry.rule,
    )  # fmt: skip
    assert any("STRONGROOM_HOME" in text for text in last.entry.evidence)
    assert 32 == len(last.entry.request)
    assert sha256(b"").digest() != last.entry.request


def test_the_same_request_has_the_same_digest(home: Home) -> None:
    """And another one another: it can be held against what an extension claims to have asked."""
    port = home.open()
    key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    for data in (b"one", b"one", b"two"):
        port.request("sign", {"keyId": key, "data": b64(data)})
    first, second, third = [one.entry.request for one in record(home) if one.entry and one.entry.method == "sign"]
    assert first == second != third


def test_refusals_of_a_locked_store_are_recorded(home: Home) -> None:
    """Sealed to the store's key, to be read once it is open."""
    home.approver.deny(kind="askSecret", times=1)
    port = home.greet()
    assert "user_rejected" == refused(port, "unlock")
    home.approver.type_secret("unlock", "wrong", times=3)
    assert "cannot_unseal" == refused(port, "unlock")
    assert [("unlock", "user_rejected", True), ("unlock", "cannot_unseal", True)] == [
        (one.entry.method, one.entry.outcome, one.while_locked) for one in record(home) if one.entry
    ]


def test_a_stranger_is_recorded(home: Home) -> None:
    """With the origin that its arguments named."""
    port = home.start(OTHER_ADDON)
    port.end_input()
    assert 3 == port.wait_exit()
    (one,) = record(home)
    assert one.entry is not None
    assert (origin_of(OTHER_ADDON), "connect", "origin not allowed") == (one.entry.origin, one.entry.method, one.entry.rule)


def test_what_was_taken_back_is_recorded(home: Home) -> None:
    """A cancelled call, and one whose port was closed."""
    home.approver.misbehave("hang", kind="review")
    port = home.open()
    key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    pending = port.begin("sign", {"keyId": key, "data": DATA})
    until(lambda: [ask for ask in home.approver.asked if ask["kind"] == "review"])
    pending.cancel()
    port.reply_to(pending.id)
    port.begin("sign", {"keyId": key, "data": DATA})
    until(lambda: len([ask for ask in home.approver.asked if ask["kind"] == "review"]) == 2)
    assert 0 == port.disconnect()
    assert [("sign", "cancelled"), ("sign", "user_rejected")] == [one[:2] for one in told(home) if one[0] == "sign"]


def test_an_import_is_recorded(home: Home) -> None:
    """Refused, then allowed; one that could not be opened was never decided about."""
    port = home.open()
    seed = b'{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODw"}'
    home.approver.deny(kind="review", method="importKey", times=1)
    for expected in ("user_rejected", None, "decryption_failed"):
        offer = port.request("getImportKey")
        jwe = seal_for_import(offer, seed) if expected != "decryption_failed" else "e30...."
        call = {"importKeyId": offer["importKeyId"], "jwe": jwe, "alg": "SEED"}
        if expected:
            assert expected == refused(port, "importKey", **call)
        else:
            port.request("importKey", call)
    found = [one for one in told(home) if one[0] == "importKey"]
    assert [("importKey", "user_rejected", "nobody"), ("importKey", "done", "person")] == found


def test_an_idle_lock_is_recorded(home: Home) -> None:
    """Nobody asked for it."""
    config = (home.folder / "config.toml").read_text(encoding="utf-8")
    (home.folder / "config.toml").write_text(f"{config}\n[session]\nidle_lock_seconds = 1\n", encoding="utf-8")
    port = home.open()
    port.wait_event("locked")
    last = record(home)[-1]
    assert last.entry is not None
    assert ("lock", "idle", "nobody") == (last.entry.method, last.entry.rule, last.entry.approved_by)
