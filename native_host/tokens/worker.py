"""The process that loads one PKCS#11 module, by python-pkcs11, and does with it what the host asks.

A module is somebody else's code: here it can crash, hang and print without taking the host down, and it never shares memory with
the store's root key, except for what it is given to wrap. It does see the PIN. Nothing is logged; there are no core files.

One session a token is kept open, read-write: a login counts for the whole process (PKCS #11 v3.1, section 5.6.8), and a second
one fails. One thread calls the module, as it need not be safe for several.
"""

from __future__ import annotations

import os
import sys
from _queue import SimpleQueue
from contextlib import suppress
from io import FileIO
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from msgspec import MsgspecError
from msgspec.msgpack import decode

from native_host.config import Pkcs11Config
from native_host.secret import guard_memory, wipe
from native_host.tokens import modules
from native_host.tokens.errors import SESSION_GONE, WRONG_PIN, ModuleBroken, ModulesRefused, NotLoggedIn, PinWrong, TokenAbsent, TwoTokens
from native_host.tokens.frames import Failure, FrameError, Reply, Request, encode_frame, read_frame, write_frame
from native_host.tokens.library import import_pkcs11

if TYPE_CHECKING:
    import pkcs11

MAX_ADDRESS_SPACE = 2 << 30
"""A module that asks for more memory than this fails instead of filling the machine's."""
MAX_TOKENS = 64
MAX_MECHANISMS = 512
END_SECONDS = 3


class Worker:
    """What one process knows: its module and the sessions that are open, by the token's serial number in hex.

    ``listed`` is the administrator's list, of which the module has to be: a confined host had it fixed before it was confined, so that one
    that was taken over can have nothing else loaded here, where nothing is confined.
    """

    def __init__(self, listed: str | None = None) -> None:
        self._listed = listed
        self._library: Any = None
        self._sessions: dict[str, pkcs11.Session] = {}

    def do(self, request: Request) -> Any:
        """The result of a request; raises what python-pkcs11 and ``tokens.errors`` have."""
        params = request.params
        match request.method:
            case "load":
                return self._load(modules.Module(**params))
            case "tokens":
                return [_describe(token) for token in self._looked_for(params["serial"])]
            case "login":
                return self._login(params["serial"], params["pin"])
            case "logout":
                return self._drop(params["serial"])
        serial = params.pop("serial")
        try:
            return _method(request.method)(self._session(serial), params)
        except Exception as error:
            if type(error).__name__ in SESSION_GONE:
                self._drop(serial)
            raise

    def end(self) -> None:
        """Log out everywhere and let the module end in order, if it does so soon."""
        if sys.platform != "win32":
            # python-pkcs11 calls C_Finalize without letting another thread run, so that only a signal ends one that hangs.
            import signal

            signal.alarm(END_SECONDS)
        for serial in list(self._sessions):
            self._drop(serial)
        if self._library is not None:
            with suppress(Exception):
                self._library.finalize()

    def _load(self, module: modules.Module) -> None:
        if self._listed is not None and module not in modules.allowed(Pkcs11Config(modules=self._listed)):
            raise ModulesRefused
        modules.check(module)
        os.environ.update(module.environment)
        self._library = import_pkcs11().lib(module.path)

    def _tokens(self) -> list[pkcs11.Token]:
        if self._library is None:
            raise ModuleBroken
        found = []
        for slot in self._library.get_slots(token_present=True)[:MAX_TOKENS]:
            # What does not answer is not there: a token that was just taken out is reported in every way there is.
            with suppress(Exception):
                found.append(slot.get_token())
        return [token for token in found if int(token.flags) & _flag("TOKEN_INITIALIZED")]

    def _looked_for(self, serial: str | None) -> list[pkcs11.Token]:
        """The tokens that are here; looked for anew if that one is not among them."""
        found = self._tokens()
        if serial in {token.serial.hex() for token in found}:
            return found
        if serial is not None:
            self._drop(serial)
        if not self._sessions and self._library is not None:
            # Some modules look for tokens once, when they are initialised.
            self._library.reinitialize()
            found = self._tokens()
        return found

    def _token(self, serial: str) -> pkcs11.Token:
        found = [token for token in self._looked_for(serial) if token.serial.hex() == serial]
        if not found:
            raise TokenAbsent
        if len(found) > 1:
            raise TwoTokens
        return found[0]

    def _login(self, serial: str, pin: bytes | None) -> None:
        self._drop(serial)
        token = self._token(serial)
        from pkcs11.types import PROTECTED_AUTH

        try:
            # python-pkcs11 takes the PIN as str and encodes it: two copies that cannot be wiped, in this process alone.
            self._sessions[serial] = token.open(rw=True, user_pin=PROTECTED_AUTH if pin is None else pin.decode())
        except Exception as error:
            self._forget_half_open()
            if type(error).__name__ in WRONG_PIN:
                raise PinWrong(tries_left=_tries_left(self._token(serial))) from None
            raise

    def _forget_half_open(self) -> None:
        # token.open leaves its session open when the login fails, and out of reach. Tokens have few of them.
        if not self._sessions and self._library is not None:
            with suppress(Exception):
                self._library.reinitialize()

    def _session(self, serial: str) -> pkcs11.Session:
        session = self._sessions.get(serial)
        if session is None:
            token = self._token(serial)
            if int(token.flags) & _flag("LOGIN_REQUIRED"):
                raise NotLoggedIn
            session = self._sessions[serial] = token.open(rw=True)
        return session

    def _drop(self, serial: str) -> None:
        session = self._sessions.pop(serial, None)
        if session is not None:
            with suppress(Exception):
                session.close()


def _method(name: str) -> Any:
    """A method that works in a session: ours, or one of those for keys."""
    from native_host.tokens import wrapping

    if name in wrapping.METHODS:
        return wrapping.METHODS[name]
    from native_host.tokens import keys

    return keys.METHODS[name]


def _flag(name: str) -> int:
    from pkcs11 import TokenFlag

    return int(TokenFlag[name])


def _tries_left(token: pkcs11.Token) -> int | None:
    flags = int(token.flags)
    if flags & _flag("USER_PIN_LOCKED"):
        return 0
    return 1 if flags & _flag("USER_PIN_FINAL_TRY") else None


def _describe(token: pkcs11.Token) -> dict[str, Any]:
    from pkcs11 import Mechanism

    flags = int(token.flags)
    mechanisms = [one for one in token.slot.get_mechanisms() if type(one) is Mechanism]
    return {
        "serial": token.serial.hex(),
        "label": token.label,
        "model": token.model,
        "manufacturer": token.manufacturer_id,
        "login_required": bool(flags & _flag("LOGIN_REQUIRED")),
        "pin_pad": bool(flags & _flag("PROTECTED_AUTHENTICATION_PATH")),
        "pin_set": bool(flags & _flag("USER_PIN_INITIALIZED")),
        "count_low": bool(flags & _flag("USER_PIN_COUNT_LOW")),
        "final_try": bool(flags & _flag("USER_PIN_FINAL_TRY")),
        "locked": bool(flags & _flag("USER_PIN_LOCKED")),
        "mechanisms": sorted(f"CKM_{one.name.removeprefix('_')}" for one in mechanisms)[:MAX_MECHANISMS],
    }


def answer(worker: Worker, frame: bytearray) -> bytearray:
    """The reply to one frame, to be written; a failure goes by its name alone."""
    try:
        request = decode(frame, type=Request)
    finally:
        wipe(frame)
    try:
        return encode_frame(Reply(id=request.id, result=worker.do(request)))
    except Exception as error:  # noqa: BLE001  # whatever a module makes of it, this process answers
        left = error.tries_left if isinstance(error, PinWrong) else None
        return encode_frame(Reply(id=request.id, error=Failure(name=type(error).__name__[:64], tries_left=left)))


def _take_pipes() -> tuple[FileIO, FileIO]:
    """Our ends of the two pipes; the module finds nothing to read and nobody who reads what it prints."""
    requests, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)
    return FileIO(requests, "rb"), FileIO(replies, "wb")


def _read_all(stream: FileIO, frames: SimpleQueue[bytearray | None], ended: Event) -> None:
    with suppress(FrameError, OSError):
        while True:
            frames.put(read_frame(stream))
    # The host is gone. The module may hang in a call just now; this thread does not wait for it.
    frames.put(None)
    ended.wait(END_SECONDS)
    os._exit(0)


def _clear_environment() -> None:
    """Whoever starts a browser sets its environment, and modules, OpenSSL and loaders are configured by theirs."""
    for name in set(os.environ) - {"SYSTEMROOT"}:
        del os.environ[name]


def _leave_terminal() -> None:
    # Ctrl-C in a terminal is for the program that asks there.
    if sys.platform != "win32":
        with suppress(OSError):
            os.setsid()


def _bound_memory() -> None:
    if sys.platform != "win32":
        import resource

        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_SPACE, MAX_ADDRESS_SPACE))


def main() -> None:
    """Answer one request after the other until the host closes the pipe."""
    _clear_environment()
    _leave_terminal()
    guard_memory()
    _bound_memory()
    requests, replies = _take_pipes()
    frames: SimpleQueue[bytearray | None] = SimpleQueue()
    ended = Event()
    Thread(target=_read_all, args=(requests, frames, ended), daemon=True).start()
    worker = Worker(*sys.argv[1:2])
    with suppress(MsgspecError, OSError):
        while (frame := frames.get()) is not None:
            write_frame(replies, answer(worker, frame))
    worker.end()
    ended.set()
    os._exit(0)


if __name__ == "__main__":
    main()
