"""A place for one benchmark: a store whose passphrase slot is at the Argon2id floor, or that another slot opens, and a person who always
agrees.

The store is made with the keystore's own functions, because the host sets none up at the floor; everything else that is
in it comes through the protocol. The person is this process: the configured program is a relay of two pipes, so that the
start of an answering program is no part of the host's figures.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from measure import ORIGIN, Client, decode, encode

from native_host.install.launcher import launcher_source
from native_host.kek import passphrase
from native_host.kek.provider import Enrolled
from native_host.kek.symmetric import SymmetricKek
from native_host.keystore.store import KeyStore
from native_host.opening import KEYSTORE_FILE
from native_host.secret import SecretBytes

PASSPHRASE = "measured, not guarded"
WALLET = "Wallet"


@dataclass(frozen=True)
class Way:
    """What is around a place: lines of its configuration and variables of its environment, and what the person types, by what they are
    asked for. ``slot``: a kind of slot and the one that was enrolled to open the store, in the place of a passphrase.
    """

    config: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    slot: tuple[str, Enrolled] | None = None


class Place:
    """A ``STRONGROOM_HOME`` of its own, with a store in it."""

    def __init__(self, folder: Path, way: Way | None = None) -> None:
        self.folder = folder
        self._way = way or Way()
        self.environ = {"STRONGROOM_HOME": str(folder), "HOME": str(folder), "PATH": os.defpath, **self._way.environ}
        self.parameters = passphrase.floor_parameters(os.urandom(16))
        self.launcher = folder / "strongroom-host"
        self.launcher.write_text(launcher_source(sys.executable), encoding="utf-8")
        self.launcher.chmod(0o700)
        self._make_store()
        self._be_the_person()

    def start(self, argv: tuple[str, ...] = ()) -> Client:
        """A host of this place, started by the launcher that an installation writes, or by ``argv``."""
        return Client(argv or (str(self.launcher),), self.environ)

    def derive_kek(self) -> None:
        """What unlocking spends on Argon2id."""
        with SecretBytes(PASSPHRASE.encode()) as typed:
            passphrase.derive_kek(typed, self.parameters).wipe()

    def _make_store(self) -> None:
        store = KeyStore(str(self.folder / KEYSTORE_FILE), lambda: time.time_ns() // 1_000_000)
        kind, new = self._way.slot or self._passphrase_slot()
        with new.kek as kek, store.transaction():
            store.create(kek, kind=kind, label=new.label, parameters=new.parameters, unattended=True)
            store.attach(ORIGIN, WALLET, development=False, expires_at=None)
            attachment = store.attachment(ORIGIN)
            if attachment is None:
                raise AssertionError("the origin is attached")
            store.confirm(attachment)
            store.append_audit(b"")
        store.close()

    def _passphrase_slot(self) -> tuple[str, Enrolled]:
        with SecretBytes(PASSPHRASE.encode()) as typed:
            kek = SymmetricKek(passphrase.derive_kek(typed, self.parameters))
        return passphrase.KIND, Enrolled(kek=kek, parameters=msgspec.msgpack.encode(self.parameters), label="Passphrase")

    def _be_the_person(self) -> None:
        asks, answers = self.folder / "asks", self.folder / "answers"
        os.mkfifo(asks)
        os.mkfifo(answers)
        relay = f"cat {answers} & exec cat > {asks}"
        config = self.folder / "config.toml"
        config.write_text(f'{self._way.config}\n[approval]\nprogram = ["/bin/sh", "-c", "{relay}"]\n', encoding="utf-8")
        config.chmod(0o600)
        threading.Thread(target=_answer_all, args=(asks, answers, {"unlock": PASSPHRASE, **self._way.typed}), daemon=True).start()


def _answer_all(asks: Path, answers: Path, typed: Mapping[str, str]) -> None:
    """Be the person of one host after another, each of which opens both pipes anew, until the place is gone."""
    with suppress(FileNotFoundError):
        while True:
            with asks.open("rb") as incoming, answers.open("wb", buffering=0) as outgoing:
                while header := incoming.read(4):
                    body = encode(_answer(decode(incoming.read(int.from_bytes(header, "little"))), typed))
                    outgoing.write(len(body).to_bytes(4, "little") + body)


def _answer(ask: dict[str, object], typed: Mapping[str, str]) -> dict[str, object]:
    if ask["kind"] == "askSecret":
        return {"id": ask["id"], "secret": typed.get(str(ask["purpose"]), "")}
    if ask["kind"] == "showSecret":
        return {"id": ask["id"], "verdict": "done"}
    grants = ask.get("grants")
    widest = {"grant": grants[-1]["id"]} if isinstance(grants, list) and grants else {}
    return {"id": ask["id"], "verdict": "allow", **widest}


@contextmanager
def place(way: Way | None = None) -> Iterator[Place]:
    """A place that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder:
        yield Place(Path(folder), way)
