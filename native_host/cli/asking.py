"""Asking the person who sits at this terminal: the approver of the person's own program."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from native_host.approval.strength import MIN_CHARACTERS, MIN_PIN_CHARACTERS
from native_host.errors import CannotUnseal, UserRejected
from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from native_host.approval.approver import ProgramApprover, Verdict
    from native_host.protocol.approver import CallerFacts, GrantOffer, KeyFacts, SecretPurpose, TypedText
    from native_host.review.subject import Review

SEEN = frozenset({"share", "recoveryCode"})
"""What is long, and so typed where it can be looked at and is told of a slip at once: in the host's own window or terminal dialogue."""
LEAST: dict[SecretPurpose, int] = {"newPassphrase": MIN_CHARACTERS, "newPin": MIN_PIN_CHARACTERS}
"""What is chosen, and its least length."""

NO_MORE = "Wrong passphrase, PIN or code: nothing that standard input held opens the keystore."


class TerminalPerson:
    """Prompts on the terminal without echo, or takes each secret as a line of standard input, for scripts.

    A secret never comes by argument or environment, which other programs of the machine can read.
    """

    def __init__(self, *, secret_from_stdin: bool) -> None:
        self._from_stdin = secret_from_stdin
        self._given = False
        self._own: ProgramApprover | None = None

    def review(
        self,
        method: str,
        review: Review,
        caller: CallerFacts,
        key: KeyFacts | None,
        offers: Sequence[GrantOffer],
        typed: TypedText | None = None,
    ) -> Verdict:
        """The person typed the command: that is the approval; what it does is said. Not of what they are to be warned of: they did not
        come to decide about that."""
        from native_host.approval.approver import Verdict
        from native_host.review.text import visible

        if review.warnings:
            print("\n".join((review.title, *(f"  {visible(text)}" for text in review.warnings))), file=sys.stderr)
            raise UserRejected("This needs a decision of yours, in the host's own window or with: strongroom audit accept")
        print(review.title, file=sys.stderr)
        for fact in review.facts:
            print(f"  {fact.label}: {fact.value}", file=sys.stderr)
        return Verdict()

    def ask_secret(self, purpose: SecretPurpose, title: str, hint: str | None = None) -> SecretBytes:
        if purpose in SEEN and not self._from_stdin:
            return self._own_program().ask_secret(purpose, title, hint)
        if hint:
            print(hint, file=sys.stderr)
        if self._from_stdin:
            return self._line(again=bool(hint) and purpose in {"unlock", "recoveryCode", "pin"})
        if purpose in LEAST:
            return _chosen(title, purpose)
        typed = _typed(f"{title}: ")
        if not len(typed) and purpose in {"unlock", "pin"}:
            raise UserRejected
        return typed

    def show_secret(self, purpose: SecretPurpose, title: str, secret: SecretBytes) -> None:
        """In the host's own window or terminal dialogue, which clears it away again: a terminal keeps what is printed."""
        self._own_program().show_secret(purpose, title, secret)

    def compare_code(self, title: str, code: str) -> None:
        raise UserRejected

    def withdraw(self) -> None:
        return

    def close(self) -> None:
        if self._own is not None:
            self._own.close()

    def _line(self, *, again: bool) -> SecretBytes:
        """The next line of standard input. At its end: what opens nothing was all there is, if it is asked for ``again``."""
        line = sys.stdin.buffer.readline()
        if not line:
            raise CannotUnseal(NO_MORE) if again and self._given else UserRejected("Standard input holds no more secrets.")
        self._given = True
        return SecretBytes(line.removesuffix(b"\n").removesuffix(b"\r"))

    def _own_program(self) -> ProgramApprover:
        from native_host.approval.approver import ProgramApprover
        from native_host.approval.choose import approver_environment, built_in_program
        from native_host.config import find_paths, read_config

        if self._own is None:
            prompt = read_config(find_paths(os.environ)).approval.prompt
            self._own = ProgramApprover(built_in_program(prompt, os.environ), approver_environment(os.environ))
        return self._own


class SettingUpPerson(TerminalPerson):
    """Who sets a keystore up: a recovery code is offered to them, and made if they want it."""

    def review(
        self,
        method: str,
        review: Review,
        caller: CallerFacts,
        key: KeyFacts | None,
        offers: Sequence[GrantOffer],
        typed: TypedText | None = None,
    ) -> Verdict:
        import typer

        from native_host.review.keystore import recovery_review

        verdict = super().review(method, review, caller, key, offers, typed)
        try:
            wanted = review != recovery_review() or typer.confirm("Make one now?", default=True, err=True)
        except typer.Abort:
            wanted = False
        if not wanted:
            raise UserRejected
        return verdict


def _chosen(title: str, purpose: SecretPurpose) -> SecretBytes:
    """A new passphrase or PIN, typed twice and long enough; nothing typed is a no."""
    from native_host.approval import texts

    print(texts.PASSPHRASE_ADVICE if purpose == "newPassphrase" else texts.PIN_ADVICE, file=sys.stderr)
    while len(typed := _typed(f"{title}: ")):
        if len(typed) < LEAST[purpose]:
            problem = texts.TOO_SHORT.format(count=LEAST[purpose])
        elif _typed("Once more: ") == typed:
            return typed
        else:
            problem = texts.DIFFERENT
        typed.wipe()
        print(f"{problem}.", file=sys.stderr)
    return typed


def _typed(prompt: str) -> SecretBytes:
    from getpass import getpass

    try:
        return SecretBytes(getpass(prompt, stream=sys.stderr).encode())
    except (EOFError, KeyboardInterrupt):
        raise UserRejected from None
