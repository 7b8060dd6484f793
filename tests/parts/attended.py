"""A store that was set up in front of a person, opened as a host opens it, with that person's answers coming from a script."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from msgspec import convert

from native_host.approval.approver import ProgramApprover
from native_host.approval.authorize import Grants, permit_without_asking
from native_host.audit import Audit
from native_host.caller.identity import Caller
from native_host.kek.provider import Settings
from native_host.keystore.store import KeyStore
from native_host.operations.house import House
from native_host.operations.perform import Operations
from native_host.policy import Allow
from native_host.protocol.methods import METHODS
from native_host.protocol.wire import decode_hook
from native_host.session import Session
from native_host.testing.scripted import ScriptedApprover
from native_host.transport.jsonrpc import Call
from tests.homes import now, set_up

WALLET = b"w" * 16


class Attended:
    """One host of a keystore in ``folder``; each call is allowed by rule, so that only what happens inside of it asks."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "strongroom" / "keystore.db"
        self.person = ScriptedApprover(self.path.parent, folder / "approver")
        self.store = KeyStore(str(self.path), now)
        if not self.store.is_set_up:
            set_up(self.store, unattended=False)
        self.approver = ProgramApprover(self.person.command, os.environ)
        self.house = House(
            store=self.store,
            audit=Audit(self.store),
            approver=self.approver,
            grants=Grants(),
            aside=nullcontext,
            clock=now,
            random_bytes=os.urandom,
            folder=str(self.path.parent),
            program=None,
            settings=Settings(kdf_seconds=0.0),
        )
        self.operations = Operations(self.house, idle_lock_seconds=600)

    @property
    def session(self) -> Session:
        return Session(
            caller=Caller(origin="strongroom:person"),
            wallet_id=WALLET,
            wallet="main",
            development=False,
            state="unlocked" if self.store.is_unlocked else "locked",
            greeted=True,
            unattended=False,
        )

    def call(self, method: str, **params: Any) -> Any:
        """The result of a call; raises what it is refused with."""
        call = Call(id=1, method=method, params=convert(params, METHODS[method].params, dec_hook=decode_hook))
        facts = self.operations.describe(self.session, call)
        return self.operations.perform(permit_without_asking(self.session, call, facts, Allow(rule="a test"), Grants()))

    def reviews(self) -> list[dict[str, Any]]:
        """Every review that the person was asked about."""
        return [ask for ask in self.person.asked if ask["kind"] == "review"]

    def end(self) -> None:
        """As a host ends."""
        self.approver.close()
        self.operations.forget()
        self.store.close()
