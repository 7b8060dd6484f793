"""Computers with a keystore or without one, each with the person's program, for backups to go from one to the other."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pyrage

from native_host.testing.approver import PASSPHRASE
from tests.backups.terminals import Program
from tests.homes import Home

NEW = "another passphrase here"
KEY = pyrage.x25519.Identity.generate()
FOR_KEY = ("--recipient", str(KEY.to_public()))
"""Most tests encrypt to a recipient: a passphrase takes seconds, on purpose."""


class Computer(Home):
    """A home with a store, and the person's program."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.program = Program(self.folder)
        (folder / "key.txt").write_text(f"# a key\n{KEY}\n")
        self.with_key = ("--identity", str(folder / "key.txt"))

    def backs_up(self, file: Path, *options: str) -> str:
        return self.program.says("backup", str(file), *(options or FOR_KEY), typed=(PASSPHRASE,))

    def restores(self, file: Path, *, typed: tuple[str, ...] = (NEW,)) -> str:
        return self.program.says("restore", str(file), *self.with_key, typed=typed)

    def rows(self, query: str) -> list[Any]:
        with sqlite3.connect(self.database) as connection:
            found = connection.execute(query).fetchall()
        connection.close()
        return found


def keys_of(computer: Computer) -> list[dict[str, Any]]:
    port = computer.open()
    found: list[dict[str, Any]] = port.request("listKeys")["keys"]
    return found


def make_keys(computer: Computer) -> None:
    port = computer.open()
    seed = port.request("generateKey", {"alg": "BIP39"})
    port.request("deriveKey", {"keyId": seed["keyId"], "path": "m/44'/60'/0'/0/0", "alg": "ES256K", "label": "account"})
    port.request("generateKey", {"alg": "Ed25519", "label": "alone"})
    computer.quit()


def make_one_key(computer: Computer, passphrase: str = PASSPHRASE) -> None:
    computer.approver.type_secret("unlock", passphrase)
    computer.open().request("generateKey", {"alg": "Ed25519"})
    computer.quit()
