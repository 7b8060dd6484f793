"""How the person is asked: the ``Approver`` seam, and the program that speaks protocol section 8 on the other side of it.

Our window, the terminal dialogue and a configured program are all programs of that kind, so the host never loads a GUI
toolkit and there is one way to be asked. The program is started at first need and kept; end of file or rubbish is a denial.
"""

from __future__ import annotations

from _queue import Empty, SimpleQueue
from _thread import start_new_thread
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from native_host.errors import BackendUnavailable, Cancelled, UserRejected
from native_host.protocol.approver import (
    Answer,
    CallerFacts,
    CompareCode,
    KeyFacts,
    ReviewAsk,
    SecretAsk,
    SecretPurpose,
    ShowSecret,
    Withdraw,
)
from native_host.secret import SecretBytes
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from native_host.confinement import Child
    from native_host.protocol.approver import Ask, GrantOffer
    from native_host.review.requests import Review

ANSWER_SECONDS = 1860.0  # longer than any approver of ours waits: it is the one that tells the person how long there is
HEADER_BYTES = 4
ANSWER_BYTES = 128 * 1024  # the longest secret in characters of four bytes, and what stands around it


class Verdict(Value, frozen=True, kw_only=True):
    """The person allowed it; ``grant`` is the id of the offer that was taken with it."""

    grant: str | None = None


class Approver(Protocol):
    """A way to ask the person. Every method waits for the answer, and raises ``UserRejected`` for a denial,
    ``Cancelled`` when ``withdraw`` was called meanwhile, ``BackendUnavailable`` when nobody can be asked."""

    def review(self, method: str, review: Review, caller: CallerFacts, key: KeyFacts | None, offers: Sequence[GrantOffer]) -> Verdict:
        """Have the person decide about a review."""

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
        self._arrived: SimpleQueue[Answer | Withdraw | _Ended | None] = SimpleQueue()
        self._outgoing: SimpleQueue[bytes | None] = SimpleQueue()
        self._last_id = 0
        self._asking: int | None = None

    def review(self, method: str, review: Review, caller: CallerFacts, key: KeyFacts | None, offers: Sequence[GrantOffer]) -> Verdict:
        from msgspec import UNSET

        ask = ReviewAsk(
            id=self._next_id(),
            method=method,
            title=review.title,
            caller=caller,
            key=key or UNSET,
            facts=list(review.facts),
            warnings=list(review.warnings),
            grants=list(offers),
        )
        answer = self._exchange(ask)
        if answer.verdict != "allow":
            raise UserRejected
        return Verdict(grant=answer.grant or None)

    def ask_secret(self, purpose: SecretPurpose, title: str, hint: str | None = None) -> SecretBytes:
        from msgspec import UNSET

        answer = self._exchange(SecretAsk(id=self._next_id(), purpose=purpose, title=title, hint=hint or UNSET))
        if not isinstance(answer.secret, str) or answer.verdict == "deny":
            raise UserRejected
        return SecretBytes(answer.secret.encode())

    def show_secret(self, purpose: SecretPurpose, title: str, secret: SecretBytes) -> None:
        answer = self._exchange(ShowSecret(id=self._next_id(), purpose=purpose, title=title, secret=str(secret.buffer, "utf-8")))
        if answer.verdict not in {"done", "allow"}:
            raise UserRejected

    def compare_code(self, title: str, code: str) -> None:
        if self._exchange(CompareCode(id=self._next_id(), title=title, code=code)).verdict != "allow":
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

    def _exchange(self, ask: Ask) -> Answer:
        try:
            self._start()
            self._send(ask)
            return self._answer_to(ask.id)
        except Empty:
            self._send(Withdraw(id=ask.id))
            raise UserRejected from None
        finally:
            self._asking = None

    def _answer_to(self, ask_id: int) -> Answer:
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
                case Answer() if arrived.id == ask_id:
                    return arrived

    def _send(self, ask: Ask) -> None:
        from sys import byteorder

        from msgspec.json import encode

        from native_host.protocol.wire import encode_hook

        body = encode(ask, enc_hook=encode_hook)
        self._outgoing.put(len(body).to_bytes(HEADER_BYTES, byteorder) + body)

    def _start(self) -> None:
        from native_host.confinement import start

        if self._process is not None and self._process.poll() is None:
            return
        self._end()
        try:
            process = start(self._argv, self._environ)
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


class _Ended:
    """A program closed its output, or wrote what is no answer."""

    def __init__(self, process: Child) -> None:
        self.process = process


def _write_asks(process: Child, outgoing: SimpleQueue[bytes | None]) -> None:
    """Write frames to a program until there is ``None``; on a thread, so that a program that does not read keeps nobody waiting."""
    stream = process.stdin
    if stream is None:
        return
    # Its end shows as end of file on the answers, which is where it is judged.
    with suppress(OSError, ValueError), stream:
        while (frame := outgoing.get()) is not None:
            stream.write(frame)
            stream.flush()


def _read_answers(process: Child, arrived: SimpleQueue[Answer | Withdraw | _Ended | None]) -> None:
    """Put a program's answers into the queue in the order in which they come; on a thread, so that a wait can be interrupted."""
    from sys import byteorder

    from msgspec import MsgspecError
    from msgspec.json import Decoder

    decoder = Decoder(Answer)
    stream = process.stdout
    try:
        while stream is not None:
            header = stream.read(HEADER_BYTES)
            length = int.from_bytes(header, byteorder)
            if len(header) < HEADER_BYTES or not 0 < length <= ANSWER_BYTES:
                break
            arrived.put(decoder.decode(stream.read(length)))
    except (MsgspecError, UnicodeDecodeError, RecursionError, OSError, ValueError):
        pass
    if stream is not None:
        stream.close()
    arrived.put(_Ended(process))
