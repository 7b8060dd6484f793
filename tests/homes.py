"""A STRONGROOM_HOME for one test: a store, a scripted person, and the hosts that a browser starts for it."""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from native_host.kek import passphrase
from native_host.kek.symmetric import SymmetricKek
from native_host.keystore.store import KeyStore
from native_host.opening import KEYSTORE_FILE
from native_host.secret import SecretBytes
from native_host.testing.approver import PASSPHRASE
from native_host.testing.browser import BrowserEmulator
from native_host.testing.port import HostError, Port
from native_host.testing.scripted import ScriptedApprover

HOST = [sys.executable, "-I", "-m", "native_host"]
ADDON = "abcdefghijklmnopabcdefghijklmnop"
OTHER_ADDON = "ponmlkjihgfedcbaponmlkjihgfedcba"
WAIT_SECONDS = 60.0


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def origin_of(addon: str) -> str:
    return f"chrome-extension://{addon}/"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, sys.byteorder) + body


def seal_for_import(offer: dict[str, Any], plaintext: bytes, **header: Any) -> str:
    """A compact JWE to the key that ``getImportKey`` offered, made by a library that is not the host's own code."""
    protected = {"alg": offer["alg"], "enc": offer["enc"], **header}
    jwe = JWE(plaintext, protected=json.dumps(protected), recipient=JWK(**offer["publicKeyJwk"]))
    text: str = jwe.serialize(compact=True)
    return text


def refusal(error: HostError) -> tuple[int, dict[str, Any]]:
    """Code and data of a refusal, to be compared as a whole."""
    return error.code, error.data


def until(holds: Any, *, what: str = "it") -> Any:
    """Wait for a value that is true."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := holds()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come")
        time.sleep(0.01)
    return found


def set_up(store: KeyStore, *, unattended: bool = True, secret: str = PASSPHRASE) -> None:
    """Set a store up as ``unlock`` does, but with the cheapest key derivation that is accepted; it is then open."""
    parameters = passphrase.floor_parameters(os.urandom(16))
    with SecretBytes(secret.encode()) as typed, SymmetricKek(passphrase.derive_kek(typed, parameters)) as kek, store.transaction():
        store.create(kek, kind=passphrase.KIND, label="Passphrase", parameters=msgspec.msgpack.encode(parameters), unattended=unattended)
        store.append_audit(b"")


def unlock(store: KeyStore, secret: str = PASSPHRASE) -> None:
    """Open a store with its passphrase, as ``unlock`` does."""
    (slot,) = store.slots()
    parameters = msgspec.msgpack.decode(slot.parameters, type=passphrase.Argon2Parameters)
    with SecretBytes(secret.encode()) as typed, SymmetricKek(passphrase.derive_kek(typed, parameters)) as kek:
        store.unlock(slot, kek)


class Home:
    """One folder with everything in it; ``quit`` ends the hosts that were started for it."""

    def __init__(self, folder: Path, *, config: str = "") -> None:
        self.base = folder
        self.folder = folder / "strongroom"
        self.person = folder / "person"
        self.person.mkdir(parents=True, exist_ok=True)
        self.approver = ScriptedApprover(self.folder, folder / "approver", config=config)
        self.environ = {"STRONGROOM_HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        self._emulators: list[BrowserEmulator] = []

    @property
    def database(self) -> Path:
        return self.folder / KEYSTORE_FILE

    @contextmanager
    def store(self) -> Iterator[KeyStore]:
        """The store, opened beside whatever host runs."""
        store = KeyStore(str(self.database), now)
        try:
            yield store
        finally:
            store.close()

    def set_up(self, *, unattended: bool = True) -> None:
        """Make the store; origins that are attached by now are confirmed."""
        with self.store() as store:
            set_up(store, unattended=unattended)
            for attachment in store.attachments():
                with store.transaction():
                    store.confirm(attachment)
                    store.append_audit(b"")

    def attach(self, addon: str = ADDON, *, wallet: str = "main", development: bool = False, expires_at: int | None = None) -> None:
        """Attach an extension, unconfirmed."""
        with self.store() as store, store.transaction():
            store.attach(origin_of(addon), wallet, development=development, expires_at=expires_at)

    def start(
        self,
        addon: str = ADDON,
        *,
        command: Sequence[str] = tuple(HOST),
        environment: dict[str, str] | None = None,
        browser: str = "chromium",
    ) -> Port:
        """The host as a browser starts it."""
        emulator = BrowserEmulator(browser, home=self.person, environment={**self.environ, **(environment or {})})
        self._emulators.append(emulator)
        return emulator.connect_command(command, addon)

    def greet(self, addon: str = ADDON, *, command: Sequence[str] = tuple(HOST)) -> Port:
        """A host that was said hello to."""
        port = self.start(addon, command=command)
        port.hello()
        return port

    def open(self, addon: str = ADDON, *, command: Sequence[str] = tuple(HOST)) -> Port:
        """A host whose store is unlocked."""
        port = self.greet(addon, command=command)
        assert {"state": "unlocked"} == port.request("unlock")
        return port

    def quit(self) -> None:
        """End every host."""
        for emulator in self._emulators:
            emulator.quit()
        self._emulators.clear()
