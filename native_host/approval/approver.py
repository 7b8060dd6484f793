"""How the person is asked: the ``Approver`` seam, and the program that speaks protocol section 8 on the other side of it.

Our window, the terminal dialogue and a configured program are all programs of that kind, so the host never loads a GUI
toolkit and there is one way to be asked. The program is started at first need and kept; end of file or rubbish is a denial.
"""

from __future__ import annotations

from _queue import Empty, SimpleQueue
from _thread import start_new_thread
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, cast

from native_host.errors import BackendUnavailable, Cancelled, UserRejected
from native_host.language import words
from native_host.protocol.approver import (
    CallerFacts,
    CompareCode,
    KeyFacts,
    ReviewAsk,
    SecretAsk,
    SecretPurpose,
    ShowSecret,
    TypedText,
    Withdraw,
)
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from io import RawIOBase

    from native_host.approval.program_frames import Answered
    from native_host.confinement import Child
    from native_host.protocol.approver import Answer, Ask, GrantOffer
    from native_host.review.subject import Review
    from native_host.secret import SecretBytes

ANSWER_SECONDS = 1860.0  # longer than any approver of ours waits: it is the one that tells the person how long there is


class Verdict(Value, frozen=True, kw_only=True):
    """The person allowed it; ``grant`` is the id of the offer that was taken with it."""

    grant: str | None = None


class Approver(Protocol):
    """A way to ask the person. Every method waits for the answer, and raises ``UserRejected`` for a denial,
    ``Cancelled`` when ``withdraw`` was called meanwhile, ``BackendUnavailable`` when nobody can be asked."""

    def review(
        self,
        method: str,
        review: Review,
        caller: CallerFacts,
        key: KeyFacts | None,
        offers: Sequence[GrantOffer],
        typed: TypedText | None = None,
    ) -> Verdict:
        """Have the person decide about a review; with ``typed``, whoever did not type it has denied it."""

    def ask_secret(self, purpose: SecretPurpose, title: str, hint: str | None = None) -> SecretBytes:
        """Have the person type a secret; UTF-8."""

    def show_secret(self, purpose: SecretPurpose, title: str, secret: SecretBytes) -> None:
        """Show the person a secret, UTF-8, until they say that they are done with it."""

    def compare_code(self, title: str, code: str) -> None:
        """Have the person compare a code with the one shown elsewhere."""

    def withdraw(self) -> None:
        """Take back what is being asked now; from any thread."""

    def close(self) -> None:
        """End the program; from any thread."""


class ProgramApprover:
    """An approver that is a program speaking frames on its standard input and output.

    ``argv`` is started without a shell. ``environ`` is the program's whole environment. In a host that is confined both were fixed
    before: see ``native_host.confinement``.
    """

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        self._argv = list(argv)
        self._environ = dict(environ)
        self._process: Child | None = None
        self._arrived: SimpleQueue[Answered | Withdraw | _Ended | None] = SimpleQueue()
        self._outgoing: SimpleQueue[bytearray | None] = SimpleQueue()
        self._last_id = 0
        self._asking: int | None = None

    def review(
        self,
        method: str,
        review: Review,
        caller: CallerFacts,
        key: KeyFacts | None,
        offers: Sequence[GrantOffer],
        typed: TypedText | None = None,
    ) -> Verdict:
        from msgspec import UNSET
        from msgspec.structs import replace

        ask = ReviewAsk(
            id=self._next_id(),
            method=method,
            title=words(review.title),
            caller=replace(caller, evidence=list(map(words, caller.evidence))),
            key=key or UNSET,
            facts=list(review.facts),
            warnings=list(map(words, review.warnings)),
            grants=[replace(offer, text=words(offer.text)) for offer in offers],
            typed=replace(typed, prompt=words(typed.prompt)) if typed else UNSET,
        )
        answer = self._verdict(ask)
        if answer.verdict != "allow" or (typed is not None and not _was_typed(answer, typed)):
            raise UserRejected
        return Verdict(grant=answer.grant or None)

    def ask_secret(self, purpose: SecretPurpose, title: str, hint: str | None = None) -> SecretBytes:
        from msgspec import UNSET

        answered = self._exchange(SecretAsk(id=self._next_id(), purpose=purpose, title=words(title), hint=words(hint) if hint else UNSET))
        if answered.secret is None:
            raise UserRejected
        if answered.answer.verdict == "deny":
            answered.secret.wipe()
            raise UserRejected
        return answered.secret

    def show_secret(self, purpose: SecretPurpose, title: str, secret: SecretBytes) -> None:
        answer = self._verdict(ShowSecret(id=self._next_id(), purpose=purpose, title=words(title), secret=""), secret)
        if answer.verdict not in {"done", "allow"}:
            raise UserRejected

    def compare_code(self, title: str, code: str) -> None:
        if self._verdict(CompareCode(id=self._next_id(), title=words(title), code=code)).verdict != "allow":
            raise UserRejected

    def withdraw(self) -> None:
        # Only put into the queue: the thread that asks tells the program, so that an ask that is on its way is not overtaken.
        asking = self._asking
        if asking is not None:
            self._arrived.put(Withdraw(id=asking))

    def close(self) -> None:
        if self._process is not None:
            self._arrived.put(None)
            self._end()

    def announce(self) -> None:
        """From now on ``withdraw`` takes back the ask that comes next, even before it is put."""
        self._last_id += 1
        self._asking = self._last_id

    def _next_id(self) -> int:
        if self._asking is None:
            self.announce()
        return self._last_id

    def _verdict(self, ask: Ask, shown: SecretBytes | None = None) -> Answer:
        """The answer to an ask that is for no secret; one that came all the same is forgotten."""
        answered = self._exchange(ask, shown)
        if answered.secret is not None:
            answered.secret.wipe()
        return answered.answer

    def _exchange(self, ask: Ask, shown: SecretBytes | None = None) -> Answered:
        try:
            self._start()
            self._send(ask, shown)
            return self._answer_to(ask.id)
        except Empty:
            self._send(Withdraw(id=ask.id))
            raise UserRejected from None
        finally:
            self._asking = None

    def _answer_to(self, ask_id: int) -> Answered:
        from native_host.approval.program_frames import Answered

        while True:
            arrived = self._arrived.get(timeout=ANSWER_SECONDS)
            match arrived:
                case None:
                    raise Cancelled
                case Withdraw() if arrived.id == ask_id:
                    self._send(arrived)
                    raise Cancelled
                # What belongs to an ask before this one, or to a program that is gone, may still be on its way.
                case _Ended() if arrived.process is self._process:
                    self._end()
                    raise UserRejected
                case Answered() if arrived.answer.id == ask_id:
                    return arrived

    def _send(self, ask: Ask, shown: SecretBytes | None = None) -> None:
        from native_host.approval.program_frames import encode_ask

        self._outgoing.put(encode_ask(ask, shown))

    def _start(self) -> None:
        from native_host.confinement import start

        if self._process is not None and self._process.poll() is None:
            return
        self._end()
        try:
            process = start(self._argv, self._environ, bufsize=0)
        except OSError:
            raise BackendUnavailable("The program that asks for approvals cannot be started.", detail="approver") from None
        self._process, self._outgoing = process, SimpleQueue()
        start_new_thread(_write_asks, (process, self._outgoing))
        start_new_thread(_read_answers, (process, self._arrived))

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            self._outgoing.put(None)
            process.kill()
            process.wait()


def _was_typed(answer: Answer, typed: TypedText) -> bool:
    return isinstance(answer.typed, str) and answer.typed.strip() == typed.expected


class _Ended:
    """A program closed its output, or wrote what is no answer."""

    def __init__(self, process: Child) -> None:
        self.process = process


def _write_asks(process: Child, outgoing: SimpleQueue[bytearray | None]) -> None:
    """Write frames to a program until there is ``None``; on a thread, so that a program that does not read keeps nobody waiting."""
    from native_host.approval.program_frames import write_frame

    if process.stdin is None:
        return
    stream = cast("RawIOBase", process.stdin)
    # Its end shows as end of file on the answers, which is where it is judged.
    with suppress(OSError, ValueError), stream:
        while (frame := outgoing.get()) is not None:
            write_frame(stream, frame)


def _read_answers(process: Child, arrived: SimpleQueue[Answered | Withdraw | _Ended | None]) -> None:
    """Put a program's answers into the queue in the order in which they come; on a thread, so that a wait can be interrupted."""
    from native_host.approval.program_frames import read_answer

    stream = cast("RawIOBase | None", process.stdout)
    if stream is not None:
        with suppress(RecursionError, OSError, ValueError), stream:
            while (answered := read_answer(stream)) is not None:
                arrived.put(answered)
    arrived.put(_Ended(process))
