"""The approver as the host's stages see it: the right program, asked with no lock held, for a call that is still wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from native_host.approval.approver import ProgramApprover
from native_host.approval.choose import approver_environment, built_in_program
from native_host.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from native_host.approval.approver import Approver, Verdict
    from native_host.config import ApprovalConfig
    from native_host.keystore.store import KeyStore
    from native_host.protocol.approver import CallerFacts, GrantOffer, KeyFacts, SecretPurpose, TypedText
    from native_host.review.subject import Review
    from native_host.secret import SecretBytes

T = TypeVar("T")


class Asking:
    """Chooses the program at each ask and keeps it while the choice stays the same.

    ``aside`` gives the host's lock back for as long as the person thinks; ``still_wanted`` raises when the call was withdrawn.
    """

    def __init__(
        self, store: KeyStore, config: ApprovalConfig, environ: Mapping[str, str], aside: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._store = store
        self._config = config
        self._environ = environ
        self._aside = aside
        self._program: tuple[list[str], ProgramApprover] | None = None
        self.still_wanted: Callable[[], None] = lambda: None

    def review(
        self,
        method: str,
        review: Review,
        caller: CallerFacts,
        key: KeyFacts | None,
        offers: Sequence[GrantOffer],
        typed: TypedText | None = None,
    ) -> Verdict:
        return self._ask(lambda program: program.review(method, review, caller, key, offers, typed))

    def ask_secret(self, purpose: SecretPurpose, title: str, hint: str | None = None) -> SecretBytes:
        return self._ask(lambda program: program.ask_secret(purpose, title, hint))

    def show_secret(self, purpose: SecretPurpose, title: str, secret: SecretBytes) -> None:
        self._ask(lambda program: program.show_secret(purpose, title, secret))

    def compare_code(self, title: str, code: str) -> None:
        self._ask(lambda program: program.compare_code(title, code))

    def withdraw(self) -> None:
        if self._program is not None:
            self._program[1].withdraw()

    def close(self) -> None:
        if self._program is not None:
            self._program[1].close()

    def _ask(self, question: Callable[[Approver], T]) -> T:
        self.still_wanted()
        program = self._chosen()
        program.announce()
        try:
            with self._aside():
                answer = question(program)
        except Cancelled:
            self.still_wanted()  # which knows why
            raise
        self.still_wanted()
        return answer

    def _chosen(self) -> ProgramApprover:
        program = self._config.program
        argv = list(program) if program and self._follows(program) else built_in_program(self._config.prompt, self._environ)
        if self._program is not None and self._program[0] == argv:
            return self._program[1]
        self.close()
        self._program = (argv, ProgramApprover(argv, approver_environment(self._environ)))
        return self._program[1]

    def _follows(self, program: tuple[str, ...]) -> bool:
        """Whether the configured program answers: it sets a store up, and answers for a store that was set up so; for one that
        was set up in a window, only while it is open and the person has confirmed exactly this command."""
        store = self._store
        if store.unattended or not store.is_set_up:
            return True
        return store.is_unlocked and store.is_program_confirmed(program)
