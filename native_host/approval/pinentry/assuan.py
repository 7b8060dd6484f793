"""A running pinentry, driven as GnuPG's agent drives one: the Assuan protocol ("Developing with Assuan", client requests and server responses)
with the commands of "The pinentry Manual", chapter 3.

A line has at most 1,000 bytes. What is longer is refused here and never cut. A reply that the protocol does not have is ``Broken``.
"""

from __future__ import annotations

from collections.abc import Callable
from subprocess import DEVNULL, PIPE, Popen
from types import TracebackType
from typing import Final, Self

from native_host.secret import SecretBytes, wipe
from native_host.value import Value

LINE_BYTES: Final = 1000
_BUFFER_BYTES: Final = 4096
_NEWLINE: Final = 0x0A
_PERCENT: Final = 0x25
_CODE_BITS: Final = 0xFFFF
"""The part of an error's number that is its code (libgpg-error, ``gpg_err_code``); what stands above it says who found it."""
UNKNOWN: Final = frozenset({69, 174, 175, 275})
"""Codes of a command or an option that this pinentry does not have: GPG_ERR_NOT_IMPLEMENTED, UNKNOWN_OPTION, UNKNOWN_COMMAND, ASS_UNKNOWN_CMD."""


class Broken(Exception):
    """The pinentry is gone, or says what no pinentry says."""


class Reply(Value, frozen=True, kw_only=True):
    """``code`` is 0 for OK. ``secret``: what was typed, the taker's to wipe. ``repeated``: it was typed twice, and was the same."""

    code: int
    secret: SecretBytes | None = None
    repeated: bool = False


def escaped(text: str) -> bytes:
    """A parameter as it goes into a line: whatever could end the line, or be taken for an escape, is one; spaces at its ends are too."""
    encoded = text.encode("utf-8", "replace")
    last = len(encoded) - 1
    return b"".join(
        b"%%%02X" % byte if byte < 0x20 or byte in {_PERCENT, 0x7F} or (byte == 0x20 and place in {0, last}) else bytes((byte,))  # noqa: PLR2004 - control characters
        for place, byte in enumerate(encoded)
    )


def line_of(command: str, parameter: str | None = None) -> bytes:
    """A request.

    Raises:
        ValueError: it is longer than a line can be.
    """
    line = command.encode() if parameter is None else command.encode() + b" " + escaped(parameter)
    if len(line) > LINE_BYTES:
        raise ValueError("the line is too long")
    return line + b"\n"


def unescaped(line: bytearray, start: int) -> bytearray:
    """What a line holds from ``start`` on, without its escapes; raises ``Broken`` for an escape that is none."""
    out, length, at = bytearray(len(line)), 0, start
    while at < len(line):
        if line[at] == _PERCENT:
            digits = line[at + 1 : at + 3]
            try:
                out[length] = int(digits.decode("ascii"), 16) if len(digits) == 2 and digits.isalnum() else -1  # noqa: PLR2004
            except ValueError:
                wipe(out)
                raise Broken from None
            at += 3
        else:
            out[length] = line[at]
            at += 1
        length += 1
    typed = out[:length]
    wipe(out)
    return typed


class Pinentry:
    """One pinentry process, for one ask. ``wait`` returns once a descriptor can be read, and raises when it need not be waited for any more."""

    def __init__(self, path: str, environ: dict[str, str], wait: Callable[[int], None]) -> None:
        """Start it, and take its greeting.

        Raises:
            Broken: it cannot be started. What ``wait`` raises.
        """
        self._wait = wait
        self._buffer, self._have = bytearray(_BUFFER_BYTES), 0
        try:
            self._process = Popen([path], stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environ, bufsize=0)
        except OSError:
            raise Broken from None
        try:
            if self._reply().code:
                raise Broken
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End it at once, with its window."""
        wipe(self._buffer)
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def request(self, command: str, parameter: str | None = None) -> Reply:
        """Send a request and wait for what comes of it.

        Raises:
            ValueError: it is too long. Broken. What ``wait`` raises.
        """
        rest = memoryview(line_of(command, parameter))
        stream = self._process.stdin
        try:
            while rest and stream is not None:
                rest = rest[stream.write(rest) or 0 :]
        except OSError:
            raise Broken from None
        return self._reply()

    def set(self, command: str, parameter: str, *, optional: bool = False) -> bool:
        """Set something that the next dialogue shows; ``False`` if this pinentry does not have it.

        Raises:
            Broken: it refuses, and what it refuses is not ``optional``.
        """
        code = self.request(command, parameter).code
        if code and not (optional and code in UNKNOWN):
            raise Broken
        return not code

    def _reply(self) -> Reply:
        secret: SecretBytes | None = None
        repeated = False
        try:
            while True:
                line = self._line()
                word = bytes(line[: line.find(b" ")]) if b" " in line else bytes(line[:4])
                match word:
                    case b"D" if secret is None:
                        secret = SecretBytes(unescaped(line, 2))
                    case b"S":
                        repeated = repeated or line.startswith(b"S PIN_REPEATED")
                    case b"OK":
                        taken, secret = secret, None
                        return Reply(code=0, secret=taken, repeated=repeated)
                    case b"ERR":
                        return Reply(code=_code(line))
                    case b"INQUIRE":
                        self._decline()
                    case _ if not line.startswith(b"#"):
                        raise Broken
                wipe(line)
        finally:
            if secret is not None:
                secret.wipe()

    def _decline(self) -> None:
        """It asks for something itself, such as how good a passphrase is; nothing of that is answered."""
        try:
            if self._process.stdin is not None:
                self._process.stdin.write(b"CAN\n")
        except OSError:
            raise Broken from None

    def _line(self) -> bytearray:
        """The next line without its end; raises ``Broken`` at the end of them, or for one that is too long."""
        while (end := self._buffer.find(b"\n", 0, self._have)) < 0:
            if self._process.stdout is None or self._have == len(self._buffer):
                raise Broken
            self._wait(self._process.stdout.fileno())
            with memoryview(self._buffer) as view:
                got = self._process.stdout.readinto(view[self._have :])  # type: ignore[attr-defined]  # it is unbuffered
            if not got:
                raise Broken
            self._have += got
        line = self._buffer[:end]
        rest = self._have - end - 1
        self._buffer[:rest] = self._buffer[end + 1 : self._have]
        with memoryview(self._buffer) as view:
            wipe(view[rest:])
        self._have = rest
        return line


def _code(line: bytearray) -> int:
    """The code of an error; one that is none is never 0, which would be OK."""
    number = bytes(line).partition(b" ")[2].partition(b" ")[0]
    return (int(number) & _CODE_BITS or _CODE_BITS) if number.isdigit() and len(number) < 12 else _CODE_BITS  # noqa: PLR2004
