"""From a browser's start of the host to an open keystore, by each kind of slot whose device can be had on this computer.

The devices are the tests' own (``tests/parts``): swtpm, SoftHSM 2, gnome-keyring on a bus of its own, an authenticator written from
CTAP. Beside them what others take to open a store, and what a device takes by itself. What is not installed is named and left out.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from socket import AF_UNIX, socket
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import others
import pytest
from house import PASSPHRASE, Place, Way, place
from measure import BARE, HERE, Client, Figure, in_turn, milliseconds, show, until

from native_host.kek import fido2
from native_host.kek.kinds import provider_of
from native_host.kek.provider import Choice, Enrolled, Settings
from native_host.tokens import client
from tests.parts.asked_person import Person
from tests.parts.secret_service import desktop
from tests.parts.softhsm import PIN, SoftHsm
from tests.parts.swtpm import swtpm
from tests.parts.virtual_authenticator import VirtualKey

ROUNDS = 15
BARE_NAME = "bare `python -I -S`"
TPM_PIN = KEY_PIN = "123456"
KEY_LABEL = "bench"
LENGTH_BYTES = 4
QUICK = 0.001
"""Seconds that a passphrase's derivation is to take when it is enrolled: it is then at its floor."""
TOKENS = {
    "encrypt (A256GCM)": Choice(method="encrypt"),
    "wrap (A256KWP)": Choice(method="wrap", mechanism="A256KWP"),
    "wrap (RSA-OAEP)": Choice(method="wrap", mechanism="RSA-OAEP"),
    "agree (ECDH-P256)": Choice(method="agree"),
}
TWO_FACTORS = "two factors: passphrase and {}, without Argon2id"
PASSPHRASE_WAY = "passphrase, without Argon2id"


class Ways:
    """Every way into a store that there is here: the place that it opens, and how a host is started there."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.missing: list[str] = []
        self.starts: dict[str, Callable[[], Client]] = {}
        self.hsm: SoftHsm | None = None
        self.plain = self._add(PASSPHRASE_WAY, Way())
        self._recovery_code()
        for part in (self._keyring, self._tpm, self._tokens, self._security_key):
            try:
                part()
            except pytest.skip.Exception as absent:  # by which a part says what brings it
                self.missing.append(str(absent))

    def _add(self, name: str, way: Way, argv: tuple[str, ...] = ()) -> Place:
        home = self._stack.enter_context(place(way))
        self.starts[name] = partial(home.start, argv)
        return home

    def _recovery_code(self) -> None:
        person = Person()
        person.answers.append(person.remembered)
        slot = _enrolled("recovery", Settings(), person)
        self._add("recovery code", Way(slot=("recovery", slot), typed={"recoveryCode": person.remembered()}))

    def _keyring(self) -> None:
        monkeypatch = self._stack.enter_context(pytest.MonkeyPatch.context())
        session = self._stack.enter_context(desktop(monkeypatch))
        environ = {name: session.environment[name] for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")}
        kind = "secret_service"
        self._add("login keyring", Way(slot=(kind, _enrolled(kind, Settings(), Person())), environ=environ))
        self._two_factors("login keyring", kind, Settings(kdf_seconds=QUICK), Way(environ=environ))

    def _tpm(self) -> None:
        tpm = self._stack.enter_context(swtpm())
        config = f'[tpm]\ntcti = "{tpm.tcti}"\n'
        self._add("TPM", Way(slot=("tpm", _enrolled("tpm", tpm.settings, Person())), config=config))
        with_pin = _enrolled("tpm", tpm.settings, Person(TPM_PIN), Choice(pin=True))
        self._add("TPM with a PIN", Way(slot=("tpm", with_pin), config=config, typed={"pin": TPM_PIN}))
        self._two_factors("TPM", "tpm", Settings(tpm=tpm.settings.tpm, kdf_seconds=QUICK), Way(config=config))

    def _two_factors(self, device: str, kind: str, settings: Settings, around: Way) -> None:
        slot = _enrolled("two_factor", settings, Person(PASSPHRASE), device=f"{kind}:")
        self._add(TWO_FACTORS.format(device), Way(slot=("two_factor", slot), config=around.config, environ=around.environ))

    def _tokens(self) -> None:
        folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="strongroom-token-")))
        hsm = SoftHsm(folder)
        self._stack.callback(client.close_all)
        config = f'[pkcs11]\nmodules = "{hsm.settings.pkcs11.modules}"\n'
        for name, choice in TOKENS.items():
            slot = _enrolled("pkcs11", hsm.settings, Person(PIN), choice)
            self._add(f"PKCS#11 token, {name}", Way(slot=("pkcs11", slot), config=config, typed={"pin": PIN}))
        self.hsm = hsm

    def _security_key(self) -> None:
        key = VirtualKey()
        key.authenticator.pin.set(KEY_PIN)
        monkeypatch = self._stack.enter_context(pytest.MonkeyPatch.context())
        monkeypatch.setattr(fido2, "list_devices", lambda: [fido2.Found(device_id="key", label="Security key", device=key)])
        slot = _enrolled("fido2", Settings(), Person(KEY_PIN))
        argv = (sys.executable, "-I", str(HERE / "with_security_key.py"), self._stack.enter_context(_served(key)))
        self._add("security key with a PIN", Way(slot=("fido2", slot), typed={"pin": KEY_PIN}), argv)


def _enrolled(kind: str, settings: Settings, person: Person, choice: Choice | None = None, *, device: str = "") -> Enrolled:
    maker = provider_of(kind, settings)
    found = next(one for one in maker.devices() if one.device_id.startswith(device))
    return maker.enrol(found, choice or Choice(), person)


@contextmanager
def _served(key: VirtualKey) -> Iterator[str]:
    """The path of a socket behind which the key is, for one host after another."""
    with TemporaryDirectory(prefix="strongroom-key-") as folder, socket(AF_UNIX) as listening:
        listening.bind(f"{folder}/key")
        listening.listen()
        threading.Thread(target=_serve, args=(listening, key), daemon=True).start()
        yield f"{folder}/key"


def _serve(listening: socket, key: VirtualKey) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            with connection, connection.makefile("rwb") as file:
                while length := file.read(LENGTH_BYTES):
                    answer = key.authenticator.handle(file.read(int.from_bytes(length, "big")), Event())
                    file.write(len(answer).to_bytes(LENGTH_BYTES, "big") + answer)
                    file.flush()


def figures(peers: others.Others, rounds: int = ROUNDS) -> tuple[list[Figure], list[str]]:
    """The table's lines, in milliseconds, and what is missing; Argon2id's time of the same round is taken off where it says so."""
    with ExitStack() as stack:
        ways = Ways(stack)
        opening = {f"spawn → unlocked: {name}": partial(until, start, _unlock) for name, start in ways.starts.items()}
        beside = {**_askar(peers), **({} if ways.hsm is None else _in_process(ways.hsm, stack))}
        samples = in_turn(
            {
                BARE_NAME: lambda: until(lambda: Client(BARE), lambda client: client.exchange(b'{"hello":1}')),
                "kdf": lambda: milliseconds(ways.plain.derive_kek),
                **opening,
                **beside,
            },
            rounds=rounds,
        )
    kdf = samples["kdf"]
    lines = [Figure(BARE_NAME, "ms", samples[BARE_NAME])]
    for name in opening:
        taken = samples[name]
        if name.endswith("without Argon2id"):
            taken = [total - derived for total, derived in zip(taken, kdf, strict=True)]
        lines.append(Figure(name, "ms", taken, BARE_NAME))
    lines.append(Figure("Argon2id at its floor (19 MiB, 2 passes)", "ms", kdf))
    return [*lines, *(Figure(name, "ms", samples[name]) for name in beside)], ways.missing


def _unlock(client: Client) -> None:
    client.hello()
    client.call("unlock")


def _askar(peers: others.Others) -> dict[str, Callable[[], float]]:
    """Opening its store and closing it again, in a Python that runs already."""
    operations = ("open its store, raw key", "open its store, Argon2i, interactive")
    return {
        f"in process: {library}: {operation}": partial(_milliseconds_of, peers, library, operation)
        for operation in operations
        for library in peers.of(operation)
    }


def _milliseconds_of(peers: others.Others, library: str, operation: str) -> float:
    return peers.each(library, operation, 3) / 1000


def _in_process(hsm: SoftHsm, stack: ExitStack) -> dict[str, Callable[[], float]]:
    """What the module takes by itself, loaded by python-pkcs11 in a Python that runs already."""
    monkeypatch = stack.enter_context(pytest.MonkeyPatch.context())
    for name, value in hsm.module.environment.items():
        monkeypatch.setenv(name, value)
    import pkcs11

    token = pkcs11.lib(hsm.module.path).get_token(token_label=hsm.label)
    wrapped = _wrap_once(token)
    return {
        "in process: python-pkcs11: open a session of the token and log in": partial(milliseconds, partial(_log_in, token)),
        "in process: SoftHSM 2: unwrap (A256KWP), logged in already": partial(_unwrapping, token, wrapped),
    }


def _log_in(token: Any) -> None:
    token.open(rw=True, user_pin=PIN).close()


def _wrap_once(token: Any) -> bytes:
    """Bytes that a new key of the token's has wrapped."""
    from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag

    with token.open(rw=True, user_pin=PIN) as session:
        use = MechanismFlag.WRAP | MechanismFlag.UNWRAP
        key = session.generate_key(KeyType.AES, 256, store=True, label=KEY_LABEL, capabilities=use)
        passing = {Attribute.EXTRACTABLE: True}
        maker = Mechanism.GENERIC_SECRET_KEY_GEN
        inside = session.generate_key(KeyType.GENERIC_SECRET, 256, mechanism=maker, capabilities=0, template=passing)
        return bytes(key.wrap_key(inside, mechanism=Mechanism.AES_KEY_WRAP_PAD))


def _unwrapping(token: Any, wrapped: bytes) -> float:
    from pkcs11 import KeyType, ObjectClass

    with token.open(rw=True, user_pin=PIN) as session:
        key = session.get_key(object_class=ObjectClass.SECRET_KEY, key_type=KeyType.AES, label=KEY_LABEL)
        return milliseconds(partial(_unwrap, key, wrapped))


def _unwrap(key: Any, wrapped: bytes) -> None:
    from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass

    out = {Attribute.TOKEN: False, Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: False}
    mechanism = Mechanism.AES_KEY_WRAP_PAD
    inside = key.unwrap_key(ObjectClass.SECRET_KEY, KeyType.GENERIC_SECRET, wrapped, mechanism=mechanism, capabilities=0, template=out)
    _ = inside[Attribute.VALUE]
    inside.destroy()


if __name__ == "__main__":
    with others.started() as peers:
        lines, missing = figures(peers, int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
    print(show("From a browser's start to an open keystore", lines))
    for one in missing:
        print(f"Left out: {one}")
