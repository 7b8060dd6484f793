"""A whole store that the login keyring opens: real hosts, as a browser starts them, in a real session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import secretstorage

from native_host.kek import passphrase
from native_host.kek.passphrase import Argon2Parameters
from native_host.kek.provider import Choice, Device, Settings
from native_host.kek.secret_service import KIND, Slots
from native_host.kek.symmetric import SymmetricKek
from native_host.secret import SecretBytes
from native_host.testing.approver import PASSPHRASE
from native_host.testing.port import HostError
from tests.homes import Home, refusal
from tests.parts.asked_person import Person
from tests.parts.secret_service import Desktop, desktop


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    with desktop(monkeypatch) as logged_in:
        yield logged_in


@pytest.fixture
def home(session: Desktop, tmp_path: Path) -> Iterator[Home]:
    """A store that the passphrase opens, and the login keyring."""
    home = Home(tmp_path)
    home.environ |= {name: session.environment[name] for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")}
    home.attach()
    home.set_up()
    with home.store() as store:
        (slot,) = store.slots()
        parameters = msgspec.msgpack.decode(slot.parameters, type=Argon2Parameters)
        new = Slots(Settings()).enrol(Device(device_id=KIND, label="Login"), Choice(), Person())
        with SecretBytes(PASSPHRASE.encode()) as typed, SymmetricKek(passphrase.derive_kek(typed, parameters)) as kek:
            store.unlock(slot, kek)
            with store.root_of(slot, kek) as root, new.kek as other, store.transaction():
                store.add_slot(root, other, kind=KIND, label=new.label, parameters=new.parameters)
                store.append_audit(b"")
    yield home
    home.quit()


def asked(home: Home) -> list[tuple[str, Any]]:
    """What the person was asked so far: kind, and purpose or title."""
    return [(ask["kind"], ask.get("purpose") or ask["title"]) for ask in home.approver.asked if ask["kind"] != "withdraw"]


def test_a_new_host_opens_the_store_without_asking(home: Home) -> None:
    """Each process's first unlocking, of as many as are started; what it opened can be used."""
    for _ in range(2):
        assert home.open().request("generateKey", {"alg": "Ed25519"})["keyId"]
    assert [] == asked(home)


def test_after_a_lock_a_person_has_to_act(home: Home) -> None:
    """The keyring still opens the store, but not unless the person says so; nothing is typed."""
    port = home.open()
    assert {"state": "locked"} == port.request("lock")
    home.approver.deny(kind="review", method="unlock", times=1)
    with pytest.raises(HostError) as caught:
        port.request("unlock")
    assert (4001, {"reason": "user_rejected"}) == refusal(caught.value)
    assert "locked" == port.request("getStatus")["state"]
    assert {"state": "unlocked"} == port.request("unlock")
    assert [("review", "Unlock your keystore?")] * 2 == asked(home)


def test_without_the_keyring_the_passphrase_is_asked_for(home: Home, session: Desktop) -> None:
    """A daemon that is gone costs the person one passphrase, and nothing else."""
    session.end_daemon()
    home.open()
    assert [("askSecret", "unlock")] == asked(home)


def test_a_locked_keyring_that_nobody_unlocks_is_passed_over(home: Home, session: Desktop) -> None:
    """As when nobody could be asked for the login password."""
    session.lock()
    home.open()
    assert [("askSecret", "unlock")] == asked(home)


@pytest.mark.parametrize("changed", [b"", bytes(31), bytes(32)])
def test_a_changed_item_is_passed_over(home: Home, changed: bytes) -> None:
    """It opens nothing, and the passphrase does."""
    with closing(secretstorage.dbus_init()) as connection:
        (item,) = secretstorage.search_items(connection, {"application": "strongroom"})
        item.set_secret(changed)
    home.open()
    assert [("askSecret", "unlock")] == asked(home)


def test_the_key_is_in_no_file_and_in_no_reply(home: Home) -> None:
    """The keyring's key stays between the keyring and the host."""
    with closing(secretstorage.dbus_init()) as connection:
        (item,) = secretstorage.search_items(connection, {"application": "strongroom"})
        kek = item.get_secret()
    port = home.open()
    port.request("lock")
    port.request("unlock")
    said = repr(port.request("getStatus")).encode()
    home.quit()
    held = b"".join(path.read_bytes() for path in home.base.rglob("*") if path.is_file())
    for form in (kek, kek.hex().encode(), repr(kek).encode()):
        assert form not in held + said
