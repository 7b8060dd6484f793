"""The composition root: it builds every stage, then reads frames until the port closes. Read this first.

stdin ─▶ transport ─▶ caller ─▶ session ─▶ policy ─▶ approval ─▶ operations ─▶ stdout

The main thread reads, and answers what needs nobody. What needs the person goes to the lane, one at a time, on a thread
of its own. A third thread looks after time: idle lock, another host's lock, the parent's death. From the first unlocking on
others listen to the system: the screen, sleep, the person's session. One lock, the house lock, is held around everything but
waiting.

Behind hello the stages are built, and the process confines itself for good before a secret is in it; no other thread is
started before, because a thread that runs already would stay as it was.
"""

from __future__ import annotations

import os
import sys
from _thread import start_new_thread
from time import monotonic, sleep
from typing import TYPE_CHECKING

from native_host.backends import offered
from native_host.caller.process import identify, parent_gone, parent_handle, wait_for_input
from native_host.config import find_paths, read_config
from native_host.errors import (
    BackendUnavailable,
    Cancelled,
    HelloRequired,
    InvalidRequest,
    KmsError,
    NotPaired,
    OriginNotAllowed,
    UserRejected,
)
from native_host.lane import HouseLock, Lane, Waiting
from native_host.opening import find_attachment, open_store, with_home
from native_host.protocol.channel import OpenChannelParams
from native_host.protocol.messages import HelloParams, Limits, State
from native_host.protocol.methods import METHODS
from native_host.refusing import note_refused_origin, refuse_and_end
from native_host.replies import Frame, Replies
from native_host.session import Session, hello, require, require_pairing
from native_host.suites.table import SUITES
from native_host.transport import jsonrpc
from native_host.transport.frames import FrameReader, read_frames
from native_host.transport.limits import BATCH, REQUEST_BYTES, RESPONSE_BYTES, WAITING, Oversize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from native_host.caller.identity import Caller
    from native_host.config import Paths
    from native_host.keystore.file import StoreFile
    from native_host.keystore.origins import Attachment
    from native_host.operations.pairings import Opened
    from native_host.protocol.wire import Message
    from native_host.stages import Stages
    from native_host.stages.attending import Attending
    from native_host.stages.locking import Locking
    from native_host.stages.telling import Telling
    from native_host.transport.channel import Channel

EXIT_DONE, EXIT_BROKEN, EXIT_REFUSED = 0, 1, 3
TICK_SECONDS = 0.5
LAST_SECONDS = 0.7
"""How long a port that has closed waits for keys that are being made."""
LIMITS = Limits(request_bytes=REQUEST_BYTES, response_bytes=RESPONSE_BYTES, batch=BATCH, waiting=WAITING)
ALGORITHMS = list(SUITES)


def serve(arguments: Sequence[str], frames_in: int, frames_out: int) -> None:
    """Serve one port and end the process: 0 when the port closed, 3 when the origin was refused, 1 when nothing can be opened."""
    try:
        host = open_host(arguments, os.environ, frames_out)
    except KmsError as error:
        status = EXIT_REFUSED if isinstance(error, OriginNotAllowed) else EXIT_BROKEN
        refuse_and_end(error, status, frames_in, frames_out)
    host.run(frames_in)


def open_host(arguments: Sequence[str], environ: Mapping[str, str], frames_out: int) -> Host:
    """The host for the origin that the arguments name.

    Raises:
        OriginNotAllowed: it is attached to no wallet.
        BackendUnavailable: the keystore cannot be read.
    """
    caller = identify(arguments)
    paths = find_paths(environ)
    opened = open_store(paths)
    attachment = find_attachment(opened, caller.origin)
    if attachment is None:
        note_refused_origin(opened, caller.origin)
        raise OriginNotAllowed
    return Host(with_home(caller, paths), attachment, opened, paths, environ, frames_out)


class Host:
    """One port. Methods that start with an underscore are called with the house lock held."""

    def __init__(
        self, caller: Caller, attachment: Attachment, opened: StoreFile, paths: Paths, environ: Mapping[str, str], frames_out: int
    ) -> None:
        self._house = HouseLock()
        self._caller = caller
        self._attachment = attachment
        self._file = opened
        self._paths = paths
        self._environ = environ
        # Nobody reads any more: the main thread sees the same as the end of its input, or is made to end here.
        self._replies = Replies(frames_out, self._end_aside, paths.state)
        self._greeted = False
        self._lane = Lane()
        self._built: Stages | None = None  # and with it, from then on, the three below
        self._telling: Telling
        self._locking: Locking
        self._attending: Attending
        self._channel: Channel | None = None
        self._opened: Opened | None = None
        self._broken = False
        self._parent = (os.getppid(), parent_handle())

    @property
    def _stages(self) -> Stages:
        """The stages behind hello; raises ``BackendUnavailable`` if ``config.toml`` cannot be followed."""
        if self._built is None:
            stages = self._build()
            self._wire(stages)
            self._built, self._file = stages, stages.store
        return self._built

    def _build(self) -> Stages:
        from native_host.approval.choose import approver_environment
        from native_host.confinement import prepare
        from native_host.language import language_of, use
        from native_host.tokens.listed import default_file

        config = read_config(self._paths)
        use(language_of(self._environ, config.approval.language))
        try:
            # First, so that the process that it starts is up by the time that the stages are.
            prepare(config.approval.program, approver_environment(self._environ), modules=config.pkcs11.modules or default_file())
        except (OSError, ValueError):
            raise BackendUnavailable("The program that asks for approvals cannot be started. Try again.", detail="approver") from None
        from native_host.stages import Stages

        return Stages(self._caller, self._file, config, self._paths, self._environ, self._house.aside)

    def _wire(self, stages: Stages) -> None:
        """What tells, what locks and what attends, around the stages; from here on there are other threads."""
        from native_host.stages.attending import Attending
        from native_host.stages.locking import Locking
        from native_host.stages.telling import Telling

        lane, replies, house = self._lane, self._replies, self._house
        self._telling = Telling(stages, lane, replies)
        self._locking = Locking(stages, self._telling, lane, replies, house, self._caller.origin)
        self._attending = Attending(stages, self._telling, self._locking, lane, replies, house)
        lane.attend, lane.withdraw_ask = self._attending.attend, stages.approver.withdraw
        house.look = self._locking.lock_if_idle
        start_new_thread(self._locking.look_after_time, (*self._parent, self.end))

    def run(self, frames_in: int) -> None:
        """Read and answer until the port closes, then lock and end the process."""
        reader = FrameReader()
        while not self._broken and self._has_input(frames_in) and (frames := read_frames(frames_in, reader)) is not None:
            with self._house.held():
                self._answer_all(frames)
        last = monotonic() + LAST_SECONDS
        while self._built is not None and self._attending.making and monotonic() < last:
            sleep(0.01)
        self.end()

    def _has_input(self, frames_in: int) -> bool:
        """Wait for input, or for the parent's end: until the stages are built, this thread looks after that itself."""
        while self._built is None and sys.platform != "win32":
            ready = wait_for_input(frames_in, self._parent[1], TICK_SECONDS)
            if ready is not None:
                return ready
            if parent_gone(self._parent[0]):
                return False
        return True

    def _end_aside(self) -> None:
        start_new_thread(self.end, ())

    def end(self) -> None:
        """Deny what waits, wipe what is secret, and end. The lock is taken for good: nothing is half done."""
        self._house.take_for_good()
        waiting, denied = self._lane.waiting(), UserRejected("The port was closed.")
        for one in waiting:
            one.withdrawn = denied
            self._replies.answer_deferred(one.call.id, jsonrpc.encode_error(one.call.id, denied))
        if self._built is not None:
            self._built.approver.close()
            if waiting:
                self._built.store.hurry()
                self._telling.refused(waiting, denied)
            self._built.operations.forget()
        if self._broken:
            self._replies.tell_broken()
        self._file.close()
        os._exit(EXIT_DONE)

    # one read's frames

    def _answer_all(self, frames: list[bytes | Oversize]) -> None:
        """Answer what can be answered at once, with one commit and one write for all of it."""
        taken: list[Frame] = []
        self._replies.begin()
        self._file.begin_batch()
        for sent in frames:
            body = sent if self._channel is None else self._channel.open(sent)
            if body is None:
                self._broken = True  # what came before it is answered, and nothing after it is looked at
                break
            parsed = jsonrpc.parse_frame(body)
            frame = Frame(parsed)
            for item in parsed.items:
                self._take(item, frame)
            taken.append(frame)
        try:
            self._file.end_batch()
        except Exception as error:  # noqa: BLE001 - nothing that was to be answered has happened
            self._undone(taken, error)
        self._replies.send(taken)
        if self._built is not None:
            self._telling.answer_withdrawn()

    def _undone(self, taken: list[Frame], error: Exception) -> None:
        """Nothing of what these frames say was done has been done."""
        self._stages.operations.forget()
        self._replies.drop_events()
        self._telling.told = "unlocked"  # so that the lock is told, whatever of this read's events told it
        self._telling.tell("locked")
        for frame in taken:
            if frame.opens is not None:
                frame.opens = self._channel = self._opened = None
            frame.replies = [
                (call_id, self._replies.error(call_id, error) if call_id is not None else body) for call_id, body in frame.replies
            ]

    def _take(self, item: jsonrpc.Call | jsonrpc.Cancel | jsonrpc.Refusal, frame: Frame) -> None:
        if isinstance(item, jsonrpc.Cancel):
            self._lane.withdraw(item.id, Cancelled())
            return
        admitted = self._replies.admit(item)
        if isinstance(admitted, jsonrpc.Refusal):
            error = HelloRequired() if admitted.method not in {None, "hello"} and not self._greeted else admitted.error
            frame.add(admitted.id, jsonrpc.encode_error(admitted.id, error))
            return
        reply = self._answer(admitted, frame)
        if reply is None:
            self._replies.defer(frame, admitted.id)
        else:
            self._replies.answer(frame, admitted.id, reply)

    def _answer(self, call: jsonrpc.Call, frame: Frame) -> bytes | None:
        """The reply to a call; ``None`` if it has gone to the lane."""
        try:
            if self._built is not None:
                self._locking.notice_lock()
            session = self._session()
            require(session, METHODS[call.method])
            if isinstance(call.params, HelloParams):
                return jsonrpc.encode_result(call.id, self._hello(session, call.params))
            if self._built is None:
                # Building the stages tells more of who asks.
                _, session = self._stages, self._session()
            require_pairing(session, METHODS[call.method], call.params)
            if isinstance(call.params, OpenChannelParams):
                return jsonrpc.encode_result(call.id, self._open_channel(session, call.params, frame))
            facts, decision = self._stages.decide(session, call)
            if self._stages.asks(call, facts, decision):
                self._attending.join(Waiting(session, call, facts, decision))
                return None
            if self._stages.takes_long(call, facts):
                self._attending.begin_making(Waiting(session, call, facts, decision))
                return None
            return self._telling.done(call, self._stages.act(session, call, facts, decision))
        except Exception as error:  # noqa: BLE001 - the one place where a fault becomes an answer
            if isinstance(error, NotPaired):
                self._note_unpaired(call, error)
            return self._replies.error(call.id, error)

    def _note_unpaired(self, call: jsonrpc.Call, error: NotPaired) -> None:
        """Write down who came without a pairing. A refusal that cannot be written down is one all the same."""
        try:
            self._stages.note_unpaired(call.method, error)
        except Exception as fault:  # noqa: BLE001 - the call is refused, and others are answered
            self._replies.log(fault)

    def _hello(self, session: Session, params: HelloParams) -> Message:
        if self._greeted:
            raise InvalidRequest("hello was said already.")
        result = hello(session, params, algorithms=ALGORITHMS, limits=LIMITS, backends=offered(self._paths))
        self._greeted = True
        return result

    def _open_channel(self, session: Session, params: OpenChannelParams, frame: Frame) -> Message:
        """From the next frame on, nothing but what is sealed is read; from the one after this reply, nothing else is written."""
        if self._channel is not None or frame.batch:
            raise InvalidRequest("A port has one channel, and it is opened by a call that stands alone.")
        result, self._channel, self._opened = self._stages.open_channel(session, params)
        frame.opens = self._channel
        return result

    # what is known

    def _session(self) -> Session:
        session = Session(
            caller=self._caller if self._built is None else self._built.installed.caller,
            wallet_id=self._attachment.wallet_id,
            wallet=self._attachment.wallet,
            development=self._attachment.development,
            state=self._state(),
            greeted=self._greeted,
            unattended=self._file.unattended,
        )
        return session if self._built is None else self._built.pairings.applied(session, self._opened)

    def _state(self) -> State:
        if self._built is not None:
            return self._telling.state()
        return "locked" if self._file.is_set_up else "uninitialized"
