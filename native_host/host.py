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
from _thread import allocate_lock, start_new_thread
from contextlib import contextmanager, suppress
from time import monotonic, sleep, time
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from native_host import incidents
from native_host.backends import offered
from native_host.caller.process import identify, parent_gone, parent_handle, wait_for_parent
from native_host.config import find_paths, make_folder, read_config
from native_host.errors import (
    BackendUnavailable,
    Busy,
    Cancelled,
    HelloRequired,
    Internal,
    InvalidRequest,
    KmsError,
    Locked,
    NotPaired,
    OriginNotAllowed,
    UserRejected,
)
from native_host.lane import Lane, Waiting
from native_host.opening import find_attachment, open_store
from native_host.protocol.channel import OpenChannelParams
from native_host.protocol.messages import HelloParams, Limits, LockReason, State
from native_host.protocol.methods import METHODS
from native_host.refusing import note_refused_origin, refuse_and_end
from native_host.replies import Frame, Replies
from native_host.session import Session, hello, require, require_pairing, steady
from native_host.suites.table import SUITES
from native_host.transport import jsonrpc
from native_host.transport.frames import FrameReader, read_frames
from native_host.transport.limits import BATCH, REQUEST_BYTES, RESPONSE_BYTES, WAITING, Oversize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from native_host.caller.identity import Caller
    from native_host.config import Paths
    from native_host.keystore.file import StoreFile
    from native_host.keystore.origins import Attachment
    from native_host.operations.pairings import Opened
    from native_host.protocol.wire import Message
    from native_host.stages import Stages
    from native_host.transport.channel import Channel
    from native_host.watching import Reason, Watch

EXIT_DONE, EXIT_BROKEN, EXIT_REFUSED = 0, 1, 3
TICK_SECONDS = 0.5
LAST_SECONDS = 0.7
"""How long a port that has closed waits for keys that are being made."""
LIMITS = Limits(request_bytes=REQUEST_BYTES, response_bytes=RESPONSE_BYTES, batch=BATCH, waiting=WAITING)
ALGORITHMS = list(SUITES)
CHANGES_KEYS = frozenset(
    {"generateKey", "importKey", "importKeyFile", "restoreSeed", "deriveKey", "unwrapKey", "updateKey", "rotateKey", "destroyKey"}
)
LOCKED_MEANWHILE = "The screen was locked, or the computer went to sleep, before the keystore was open. Unlock it again."
USES_STORE = frozenset(name for name, row in METHODS.items() if row.consent in {"own", "person"}) | {"unlock"}


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
    return Host(_with_home(caller, paths), attachment, opened, paths, environ, frames_out)


def _with_home(caller: Caller, paths: Paths) -> Caller:
    """A home that came through the environment is told in every window: whoever set it chose the keystore."""
    if paths.home is None:
        return caller
    from msgspec.structs import replace

    from native_host.caller.identity import Evidence
    from native_host.language import sentence

    text = sentence("STRONGROOM_HOME is set: the keystore in use is the one in {home}.", home=paths.home)
    return replace(caller, evidence=(*caller.evidence, Evidence(signal="home", level="unknown", text=text)))


def wait_for_input(frames_in: int, parent: int | None, seconds: float) -> bool | None:
    """True once there is input, or its end; false if the process behind the handle ``parent`` has ended; ``None`` after that time."""
    from select import POLLIN, poll

    poller = poll()
    poller.register(frames_in, POLLIN)
    if parent is not None:
        poller.register(parent, POLLIN)
    ready = [descriptor for descriptor, _ in poller.poll(int(seconds * 1000))]
    return frames_in in ready if ready else None


class Host:
    """One port. Methods that start with an underscore are called with the house lock held."""

    def __init__(
        self, caller: Caller, attachment: Attachment, opened: StoreFile, paths: Paths, environ: Mapping[str, str], frames_out: int
    ) -> None:
        self._house_lock = allocate_lock()
        self._caller = caller
        self._attachment = attachment
        self._file = opened
        self._paths = paths
        self._environ = environ
        # Nobody reads any more: the main thread sees the same as the end of its input, or is made to end here.
        self._replies = Replies(frames_out, self._end_aside)
        self._greeted = False
        self._told: State | None = None
        self._withdrawn: list[tuple[Waiting, KmsError]] = []
        self._lane = Lane(self.attend)
        self._making = 0
        self._heard = 0  # how often the system said that nobody is there any more
        self._built: Stages | None = None
        self._channel: Channel | None = None
        self._opened: Opened | None = None
        self._broken = False
        self._watch: Watch | None = None
        self._parent = (os.getppid(), parent_handle())

    @property
    def _stages(self) -> Stages:
        """The stages behind hello; raises ``BackendUnavailable`` if ``config.toml`` cannot be followed."""
        if self._built is None:
            self._built = self._build()
            self._file = self._built.store
            self._lane.withdraw_ask = self._built.approver.withdraw
            start_new_thread(self.look_after_time, self._parent)
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

        return Stages(self._caller, self._file, config, self._paths, self._environ, self.aside)

    def run(self, frames_in: int) -> None:
        """Read and answer until the port closes, then lock and end the process."""
        reader = FrameReader()
        while not self._broken and self._has_input(frames_in) and (frames := read_frames(frames_in, reader)) is not None:
            with self._in_house():
                self._answer_all(frames)
        last = monotonic() + LAST_SECONDS
        while self._making and monotonic() < last:
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
        self._house_lock.acquire()
        waiting, denied = self._lane.waiting(), UserRejected("The port was closed.")
        for one in waiting:
            one.withdrawn = denied
            self._replies.answer_deferred(one.call.id, jsonrpc.encode_error(one.call.id, denied))
        if self._built is not None:
            self._built.approver.close()
            if waiting:
                self._built.store.hurry()
                self._refused(waiting, denied)
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
        self._answer_withdrawn()

    def _undone(self, taken: list[Frame], error: Exception) -> None:
        """Nothing of what these frames say was done has been done."""
        self._stages.operations.forget()
        self._replies.drop_events()
        self._told = "unlocked"  # so that the lock is told, whatever of this read's events told it
        self._tell("locked")
        for frame in taken:
            if frame.opens is not None:
                frame.opens = self._channel = self._opened = None
            frame.replies = [(call_id, self._error(call_id, error) if call_id is not None else body) for call_id, body in frame.replies]

    def _withdraw(self, call_id: jsonrpc.CallId, reason: KmsError) -> None:
        if waiting := self._lane.withdraw(call_id, reason):
            self._withdrawn.append((waiting, reason))

    def _answer_withdrawn(self) -> None:
        withdrawn, self._withdrawn = self._withdrawn, []
        for waiting, reason in withdrawn:
            self._refused([waiting], reason)
            self._replies.answer_deferred(waiting.call.id, jsonrpc.encode_error(waiting.call.id, reason))

    def _take(self, item: jsonrpc.Call | jsonrpc.Cancel | jsonrpc.Refusal, frame: Frame) -> None:
        if isinstance(item, jsonrpc.Cancel):
            self._withdraw(item.id, Cancelled())
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
            self._notice_lock()
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
                self._join_lane(Waiting(session, call, facts, decision))
                return None
            if self._stages.takes_long(call, facts):
                self._making += 1
                start_new_thread(self.make, (Waiting(session, call, facts, decision),))
                return None
            return self._done(call, self._stages.act(session, call, facts, decision))
        except Exception as error:  # noqa: BLE001 - the one place where a fault becomes an answer
            if isinstance(error, NotPaired):
                self._note_unpaired(call, error)
            return self._error(call.id, error)

    def _note_unpaired(self, call: jsonrpc.Call, error: NotPaired) -> None:
        """Write down who came without a pairing. A refusal that cannot be written down is one all the same."""
        try:
            self._stages.note_unpaired(call.method, error)
        except Exception as fault:  # noqa: BLE001 - the call is refused, and others are answered
            self._log(fault)

    def _hello(self, session: Session, params: HelloParams) -> Message:
        if self._greeted:
            raise InvalidRequest("hello was said already.")
        result = hello(session, params, algorithms=ALGORITHMS, limits=LIMITS, backends=offered(self._paths))
        self._greeted = True
        self._told = session.state
        return result

    def _open_channel(self, session: Session, params: OpenChannelParams, frame: Frame) -> Message:
        """From the next frame on, nothing but what is sealed is read; from the one after this reply, nothing else is written."""
        if self._channel is not None or frame.batch:
            raise InvalidRequest("A port has one channel, and it is opened by a call that stands alone.")
        result, self._channel, self._opened = self._stages.open_channel(session, params)
        frame.opens = self._channel
        return result

    def _join_lane(self, waiting: Waiting) -> None:
        try:
            self._stages.refuse_flood(waiting)
        except Busy:
            self._stages.operations.abandon(waiting.session, waiting.call)
            raise
        self._lane.join(waiting)

    def _done(self, call: jsonrpc.Call, result: Message) -> bytes:
        if call.method in USES_STORE:
            self._stages.idle.touch(wall=time(), monotonic=steady())
        if call.method in CHANGES_KEYS:
            self._replies.event("keysChanged")
        self._tell(self._state(), "request" if call.method == "lock" else UNSET)
        return jsonrpc.encode_result(call.id, result)

    def make(self, waiting: Waiting) -> None:
        """Do what takes seconds and needs nobody, on a thread of its own and outside any read: within one, its transaction would
        stay open meanwhile, and others would answer before the commit that they share."""
        with self._in_house():
            try:
                reply = self._done(waiting.call, self._stages.act(waiting.session, waiting.call, waiting.facts, waiting.decision))
            except Exception as error:  # noqa: BLE001 - as in ``_answer``
                reply = self._error(waiting.call.id, error)
            self._replies.answer_deferred(waiting.call.id, reply)
            self._answer_withdrawn()
            self._making -= 1

    # the lane

    def attend(self, waiting: Waiting) -> None:
        """Have the person decide about one call, and do it; runs on the lane's thread, without the lock."""
        with self._in_house():
            if not self._lane.take_up(waiting):
                return
            try:
                reply = self._ask_and_perform(waiting)
            except Exception as error:  # noqa: BLE001 - as in ``_answer``
                reply = self._error(waiting.call.id, error)
                self._refused([waiting], error)
            self._lane.leave(waiting)
            self._replies.answer_deferred(waiting.call.id, reply)
            self._answer_withdrawn()

    def _ask_and_perform(self, waiting: Waiting) -> bytes:
        waiting.still_wanted()
        if waiting.call.method == "unlock":
            self._listen()
        self._replies.event("approvalWaiting")
        heard = self._heard
        try:
            result = self._stages.ask_and_act(waiting, self._sleep_aside)
            if waiting.call.method == "unlock" and self._heard != heard:
                # The system locked while the passphrase was being worked on, or the keystore made, when nothing was open yet.
                self._stages.operations.forget()
                raise Locked(LOCKED_MEANWHILE)
            return self._done(waiting.call, result)
        finally:
            self._replies.event("approvalDone")

    def _refused(self, refused: list[Waiting], error: Exception) -> None:
        """Write down, in one commit, that these calls were refused. A refusal that cannot be written down is one all the same."""
        stages = self._stages
        try:
            stages.store.begin_batch()
            for waiting in refused:
                stages.refused(waiting, error)
            stages.store.end_batch()
        except Exception as fault:  # noqa: BLE001 - the call is answered, and the lane goes on
            stages.store.drop_batch()
            self._log(fault)

    def _sleep_aside(self, seconds: float) -> None:
        with self.aside():
            sleep(seconds)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Give the house lock back for the block."""
        self._house_lock.release()
        try:
            yield
        finally:
            self._house_lock.acquire()
            self._lock_if_idle()

    @contextmanager
    def _in_house(self) -> Iterator[None]:
        """Hold the house lock for the block. A store that has been idle for too long is locked before anything else is done, for the
        process may have been stopped, or the computer asleep."""
        with self._house_lock:
            self._lock_if_idle()
            yield

    # time

    def look_after_time(self, parent: int, handle: int | None) -> None:
        """Lock when idle, or when another host locked; end when the browser is gone though its pipe is still open."""
        while True:
            gone = wait_for_parent(handle, TICK_SECONDS) or parent_gone(parent)
            if gone:
                self.end()
            with self._in_house():
                if self._built is not None and (self._built.store.holds_keys or self._told == "unlocked"):
                    self._lock_with_others(self._built)
                self._answer_withdrawn()

    def _lock_if_idle(self) -> None:
        """While somebody is asked, the store counts as used, but for time in which this process did not run."""
        stages, at, steadily = self._built, time(), steady()
        if stages is None:
            return
        away = stages.idle.was_away(wall=at, monotonic=steadily)
        due = away or (not self._lane.is_busy and stages.idle.is_due(wall=at, monotonic=steadily))
        if not due or not stages.store.holds_keys:
            return
        try:
            if stages.store.is_unlocked:
                stages.audit.happened(self._caller.origin, "lock", "idle")
        except Exception as error:  # noqa: BLE001 - a keystore that cannot be written to is locked all the same
            self._log(error)
        stages.operations.forget()
        self._tell("locked", "idle")

    def _lock_with_others(self, stages: Stages) -> None:
        try:
            self._notice_lock()
        except Exception as error:  # noqa: BLE001 - a keystore that cannot be read is locked
            self._log(error)
            stages.operations.forget()
            self._tell("locked")

    def _notice_lock(self) -> None:
        """If another host has locked the store since, forget here what a lock ends: keys, grants, what waits to be imported."""
        if self._built is not None and self._built.store.holds_keys and not self._built.store.is_unlocked:
            self._built.operations.forget()
        self._tell(self._state(), "elsewhere")

    def _listen(self) -> None:
        from native_host.watching import Watch

        self._watch = self._watch or Watch(self.lock_from_outside)
        self._watch.begin()

    def lock_from_outside(self, reason: Reason) -> None:
        """The system says that nobody is there any more: lock the store in every host, whoever is being asked, and wipe this one's
        secrets before this returns. Runs on a thread of the listener's."""
        with self._house_lock:
            stages, self._heard = self._stages, self._heard + 1
            for waiting in self._lane.waiting():
                if waiting.session.state == "locked":
                    self._withdraw(waiting.call.id, Locked(LOCKED_MEANWHILE))
            try:
                if stages.store.is_unlocked:
                    stages.lock_everywhere(self._caller.origin, reason)
            except Exception as error:  # noqa: BLE001 - other hosts listen as well, and this one is locked all the same
                self._log(error)
            stages.operations.forget()
            stages.store.was_open = True  # from here on it takes a person, also if no slot has opened it in this process yet
            self._tell(self._state(), reason)
            self._answer_withdrawn()

    def _tell(self, state: State, reason: LockReason | UnsetType = UNSET) -> None:
        """Tell the extension when the store was opened or locked, by whomever. Once it is locked, nobody is asked any more about
        what needs it open, and no window of that stays."""
        told = self._told
        if told is None or state == told:
            return
        self._told = state
        if state == "locked":
            for waiting in self._lane.waiting():
                if waiting.session.state == "unlocked":
                    self._withdraw(waiting.call.id, Locked())
        if state != "uninitialized" and "unlocked" in {state, told}:
            self._replies.event(state, reason if state == "locked" else UNSET)

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
        if self._built is not None and self._built.store.is_unlocked:
            return "unlocked"
        return "locked" if self._file.is_set_up else "uninitialized"

    def _error(self, call_id: jsonrpc.CallId, error: Exception) -> bytes:
        if isinstance(error, KmsError):
            return jsonrpc.encode_error(call_id, error)
        return jsonrpc.encode_error(call_id, Internal(incident=self._log(error)))

    def _log(self, error: Exception) -> str:
        """The incident's id, under which a fault now stands in the log, if there is any place to write it to."""
        incident = incidents.new_incident()
        with suppress(OSError):
            make_folder(self._paths.state)
        incidents.record(self._paths.state, incident, error)
        return incident
