"""The person who came to the terminal to decide about a keystore that was changed from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.approval.approver import Verdict
from native_host.cli.asking import TerminalPerson
from native_host.errors import UserRejected
from native_host.review.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from native_host.protocol.approver import CallerFacts, GrantOffer, KeyFacts, TypedText
    from native_host.review.subject import Review

ACCEPT = "accept"


class DecidingPerson(TerminalPerson):
    """A person who came to decide about what was found: they type a word for it, and no script does."""

    def review(
        self,
        method: str,
        review: Review,
        caller: CallerFacts,
        key: KeyFacts | None,
        offers: Sequence[GrantOffer],
        typed: TypedText | None = None,
    ) -> Verdict:
        if not review.warnings:
            return super().review(method, review, caller, key, offers, typed)
        print(f"\n{review.title}\n")
        for text in review.warnings:
            print(f"  ! {visible(text)}")
        print()
        for fact in review.facts:
            print(f"{fact.label}: {fact.value}")
        try:
            answer = input(f"\nType {ACCEPT} to go on with what is there; anything else leaves it as it is: ")
        except (EOFError, KeyboardInterrupt):
            raise UserRejected from None
        if answer.strip() != ACCEPT:
            raise UserRejected
        return Verdict()
