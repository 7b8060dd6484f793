"""A person for the providers of slots: answers from a list, remembers what was shown, and keeps what was asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from native_host.approval.approver import Verdict
from native_host.approval.authorize import Grants
from native_host.audit import Audit
from native_host.errors import UserRejected
from native_host.kek.provider import Enrolled, Settings
from native_host.keystore.store import KeyStore
from native_host.operations.house import House
from native_host.protocol.approver import CallerFacts
from native_host.secret import SecretBytes
from tests.homes import now

if TYPE_CHECKING:
    from native_host.protocol.approver import SecretPurpose

Answer = str | BaseException | Callable[[], str]
CALLER = CallerFacts(origin="strongroom:person", evidence=[])


class Person:
    """Answers each ask for a secret with the next of ``answers``; an exception is raised, a function called. Nothing left is a no.

    ``ready`` is called each time something is to be made ready. It is an ``Ask``, and an ``Approver`` as well.
    """

    def __init__(self, *answers: Answer, ready: Callable[[], None] = lambda: None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, str | None]] = []
        self.shown: list[tuple[str, str]] = []
        self.readied: list[str] = []
        self._ready = ready

    def secret(self, purpose: SecretPurpose, title: str, hint: str | None = None) -> SecretBytes:
        self.asked.append((purpose, title, hint))
        if not self.answers:
            raise UserRejected
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return SecretBytes((answer if isinstance(answer, str) else answer()).encode())

    def show(self, purpose: SecretPurpose, title: str, secret: SecretBytes) -> None:
        self.shown.append((purpose, str(secret.buffer, "utf-8")))

    def make_ready(self, title: str, text: str) -> None:
        self.readied.append(title)
        self._ready()

    def waits(self) -> AbstractContextManager[None]:
        return nullcontext()

    def remembered(self) -> str:
        """What was shown last: an answer of somebody who wrote it down."""
        return self.shown[-1][1]

    # as an approver

    def review(self, method: str, review: object, caller: object, key: object, offers: object, typed: object = None) -> Verdict:
        self.make_ready(getattr(review, "title", ""), "")
        return Verdict()

    def ask_secret(self, purpose: SecretPurpose, title: str, hint: str | None = None) -> SecretBytes:
        return self.secret(purpose, title, hint)

    def show_secret(self, purpose: SecretPurpose, title: str, secret: SecretBytes) -> None:
        self.show(purpose, title, secret)

    def compare_code(self, title: str, code: str) -> None:
        raise UserRejected

    def withdraw(self) -> None:
        return

    def close(self) -> None:
        return


def house_of(store: KeyStore, person: Person, settings: Settings | None = None) -> House:
    """What the operations work with, as the host builds it, with that person to answer."""
    return House(
        store=store,
        audit=Audit(store),
        approver=person,
        grants=Grants(),
        aside=nullcontext,
        clock=now,
        random_bytes=os.urandom,
        folder=str(Path(store.connection.execute("PRAGMA database_list").fetchone()[2]).parent),
        program=None,
        settings=settings or Settings(kdf_seconds=0.01),
    )


@contextmanager
def store_with(folder: Path, kind: str, new: Enrolled) -> Iterator[KeyStore]:
    """A new store that this slot alone opens; it is locked."""
    store = KeyStore(str(folder / "keystore.db"), now)
    try:
        with new.kek as kek, store.transaction():
            store.create(kek, kind=kind, label=new.label, parameters=new.parameters, unattended=False)
            store.append_audit(b"")
        store.forget_keys()
        yield store
    finally:
        store.close()
