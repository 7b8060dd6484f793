"""The host's side of a token: one worker process a module, which is started when it is needed and again after a crash.

Slots and keys that live in tokens share the worker, and with it the login: whoever logs in to a token does so for the whole host,
until ``log_out`` or until the token is taken out. The PIN is not kept here.
"""

from __future__ import annotations

import os
from _queue import Empty, SimpleQueue
from contextlib import suppress
from io import FileIO
from itertools import count
from threading import Lock, RLock, Thread
from typing import IO, TYPE_CHECKING, Annotated, Any, TypeVar

from msgspec import UNSET, Meta, MsgspecError, convert, structs, to_builtins
from msgspec.msgpack import decode

from native_host.secret import SecretBytes, wipe
from native_host.tokens import modules
from native_host.tokens.errors import MechanismMissing, ModuleBroken, TokenAbsent, TokenError, TokenRefuses, error_of
from native_host.tokens.frames import FrameError, Reply, Request, SecretReply, encode_frame, read_frame, write_frame
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.config import Pkcs11Config
    from native_host.confinement import Child

SECONDS = 30.0
"""How long a module may take over one call, unless the caller knows better: a smart card makes an RSA key in a minute or two."""
PIN_PAD_SECONDS = 90.0
START_SECONDS = 20.0
END_SECONDS = 5.0

T = TypeVar("T", Reply, SecretReply)
Text = Annotated[str, Meta(max_length=64)]


class TokenInfo(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token that is here now. ``serial`` is its serial number in hex, ``mechanisms`` what it can do, by their ``CKM_`` names.

    ``count_low``: a wrong PIN was typed since the last right one. ``final_try``: the next wrong one locks it. ``pin_pad``: the PIN is
    typed at the token or its reader (protected authentication path), and ``login`` takes ``None`` for it.
    """

    serial: Annotated[str, Meta(pattern="^([0-9a-f]{2}){0,16}$")]
    label: Text
    model: Text
    manufacturer: Text
    login_required: bool
    pin_pad: bool
    pin_set: bool
    count_low: bool
    final_try: bool
    locked: bool
    mechanisms: Annotated[list[Text], Meta(max_length=512)]


class _Running:
    """One process, and the thread that speaks with it: a module that stops reading or writing blocks that thread and no other."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._out: SimpleQueue[bytearray] = SimpleQueue()
        self._in: SimpleQueue[bytearray | None] = SimpleQueue()
        Thread(target=self._pump, args=(_raw(child.stdin, "wb"), _raw(child.stdout, "rb")), daemon=True, name="token").start()

    def exchange(self, frame: bytearray, seconds: float) -> bytearray:
        """The reply to a frame; raises ``ModuleBroken`` if none comes."""
        self._out.put(frame)
        try:
            reply = self._in.get(timeout=seconds)
        except Empty:
            reply = None
        if reply is None:
            raise ModuleBroken
        return reply

    def is_alive(self) -> bool:
        return self._child.poll() is None

    def end(self) -> None:
        """Let it log out and end; kill it if it takes too long."""
        self._out.put(bytearray())
        with suppress(Empty):
            self._in.get(timeout=END_SECONDS)
        self.kill()

    def kill(self) -> None:
        self._child.kill()
        reaper = Thread(target=self._child.wait, daemon=True, name="token-end")
        reaper.start()
        reaper.join(END_SECONDS)

    def _pump(self, stdin: FileIO, stdout: FileIO) -> None:
        with stdout:
            with stdin, suppress(FrameError, OSError):
                while frame := self._out.get():
                    write_frame(stdin, frame)
                    self._in.put(read_frame(stdout))
            # Its input has ended here; its output ends with it.
            with suppress(FrameError, OSError):
                read_frame(stdout)
        self._in.put(None)


def _raw(stream: IO[bytes] | None, mode: str) -> FileIO:
    """Our end of a pipe without a buffer in between, which could not be wiped."""
    if stream is None:
        raise ModuleBroken
    with stream:
        return FileIO(os.dup(stream.fileno()), mode)


def _spawn() -> Child:
    """The worker; it takes no argument, and clears its environment before it loads anything."""
    from native_host.confinement import spawn

    return spawn("token", bufsize=0)


class TokenWorker:
    """One module. Every method raises ``ModuleBroken``, ``ModulesRefused`` and what ``errors.error_of`` gives; any thread may call it."""

    def __init__(self, module: modules.Module) -> None:
        self.module = module
        self._lock = RLock()
        self._running: _Running | None = None
        self._ids = count(1)

    def call(self, method: str, /, *, seconds: float = SECONDS, **params: Any) -> Any:
        """The result of a method of the worker's: plain msgpack values, ``bytes`` among them. ``serial`` names the token.

        A method that takes longer than ``seconds`` ends the worker.
        """
        reply = self._call(method, params, seconds, Reply)
        return reply.result

    def call_secret(self, method: str, /, *, seconds: float = SECONDS, **params: Any) -> SecretBytes:
        """The result of a method that gives nothing but secret bytes; no other copy of them stays in this process."""
        reply = self._call(method, params, seconds, SecretReply)
        if reply.result is None:
            raise self._broken()
        return SecretBytes(reply.result)

    def tokens(self, serial: str | None = None) -> list[TokenInfo]:
        """The tokens that are here now and have been set up. With the ``serial`` that is wanted, the module is asked anew only if it lacks it."""
        try:
            found = convert(self.call("tokens", serial=serial), Annotated[list[TokenInfo], Meta(max_length=64)])
        except MsgspecError:
            raise self._broken() from None
        return [_plain(token) for token in found]

    def login(self, serial: str, pin: SecretBytes | None) -> None:
        """Log in anew, also where somebody is logged in already; ``None`` has the PIN typed at the token. Raises ``PinWrong``, ``PinLocked``."""
        self.call("login", seconds=PIN_PAD_SECONDS if pin is None else SECONDS, serial=serial, pin=None if pin is None else pin.buffer)

    def logout(self, serial: str) -> None:
        """Log out of a token; nothing to do where nobody is logged in, or no worker runs."""
        if self.is_running():
            self.call("logout", serial=serial)

    def is_running(self) -> bool:
        with self._lock:
            return self._running is not None and self._running.is_alive()

    def close(self) -> None:
        """End the process: every token of this module is logged out. A later call starts it again."""
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            running.end()

    def _call(self, method: str, params: dict[str, Any], seconds: float, kind: type[T]) -> T:
        with self._lock:
            if not self.is_running():
                self._start()
            return self._exchange(method, params, seconds, kind)

    def _start(self) -> None:
        modules.check(self.module, confined=True)
        try:
            self._running = _Running(_spawn())
        except OSError:
            raise ModuleBroken from None
        try:
            self._exchange("load", to_builtins(self.module), START_SECONDS, Reply)
        except (TokenRefuses, MechanismMissing):
            raise self._broken() from None

    def _exchange(self, method: str, params: dict[str, Any], seconds: float, kind: type[T]) -> T:
        running, number = self._running, next(self._ids)
        if running is None:
            raise ModuleBroken
        try:
            frame = running.exchange(encode_frame(Request(id=number, method=method, params=params)), seconds)
            try:
                reply = decode(frame, type=kind)
            finally:
                wipe(frame)
        except (ModuleBroken, MsgspecError, UnicodeDecodeError, RecursionError):
            raise self._broken() from None
        if reply.id != number:
            raise self._broken()
        if reply.error is not UNSET:
            raise error_of(reply.error.name, reply.error.tries_left)
        return reply

    def _broken(self) -> ModuleBroken:
        """End what can no longer be trusted to keep step; what was open in it is lost."""
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            running.kill()
        return ModuleBroken()


def _plain(token: TokenInfo) -> TokenInfo:
    """With the names as a list or a window may show them: a token can call itself anything."""
    shown = {name: "".join(one for one in getattr(token, name) if one.isprintable()) for name in ("label", "model", "manufacturer")}
    return structs.replace(token, **shown)


_workers: dict[str, TokenWorker] = {}
_workers_lock = Lock()


def worker_of(module: modules.Module) -> TokenWorker:
    """The one worker of this module in this process; another one once the list says something else about it."""
    with _workers_lock:
        known = _workers.get(module.path)
        if known is not None and known.module == module:
            return known
        worker = _workers[module.path] = TokenWorker(module)
    if known is not None:
        known.close()
    return worker


def listed(config: Pkcs11Config) -> list[tuple[TokenWorker, TokenInfo]]:
    """Every token that is here now, once, with the worker that reaches it; modules in the order of their list.

    Raises:
        ModulesRefused; ``ModuleBroken`` and other ``TokenError``s, if a module failed and no other has a token.
    """
    return _look(config, None)


def begin(config: Pkcs11Config) -> None:
    """Have every worker started on a thread, for somebody who is about to ask for a token and has other work first; what fails is told there."""
    Thread(target=_begin, args=(config,), daemon=True, name="token-begin").start()


def _begin(config: Pkcs11Config) -> None:
    with suppress(TokenError):
        listed(config)


def find(config: Pkcs11Config, serial: str, manufacturer: str) -> tuple[TokenWorker, TokenInfo]:
    """The one token with both. Raises ``TokenAbsent``, and what ``listed`` raises."""
    for worker, token in _look(config, serial):
        if (token.serial, token.manufacturer) == (serial, manufacturer):
            return worker, token
    raise TokenAbsent


def _look(config: Pkcs11Config, serial: str | None) -> list[tuple[TokenWorker, TokenInfo]]:
    found: dict[tuple[str, str], tuple[TokenWorker, TokenInfo]] = {}
    failed: TokenError | None = None
    for module in modules.allowed(config):
        worker = worker_of(module)
        try:
            for token in worker.tokens(serial):
                found.setdefault((token.serial, token.manufacturer), (worker, token))
        except TokenError as error:
            failed = error
    if failed is not None and not found:
        raise failed
    return list(found.values())


def close_all() -> None:
    """End every worker: all tokens are logged out, and no copy of a PIN is left. For locking, and for the end."""
    with _workers_lock:
        workers = list(_workers.values())
    for worker in workers:
        worker.close()
