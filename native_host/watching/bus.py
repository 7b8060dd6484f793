"""A connection to a D-Bus message bus that listens: calls that wait for their reply, and every other message in its order.

Implements: D-Bus Specification 0.43, over jeepney's parser and authentication. Its own blocking connection is not used, because it
drops what arrives while a reply is waited for, and takes messages of any length.

Whatever is not a message as expected ends the connection: nothing after it could be relied on.
"""

from __future__ import annotations

import socket
from collections import deque
from itertools import count
from typing import TYPE_CHECKING, Self

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, MessageFlag, MessageType, new_method_call
from jeepney.bus import get_bus
from jeepney.fds import FileDescriptor, fds_buf_size
from jeepney.io.blocking import prep_socket
from jeepney.low_level import Parser

from native_host.value import Value

if TYPE_CHECKING:
    from types import TracebackType

DRIVER = "org.freedesktop.DBus"
DRIVER_PATH = "/org/freedesktop/DBus"
REPLY_SECONDS = 25.0
"""As long as libdbus waits: on a busy machine, what is there is not to pass for what is not. Who does not reply would tell nothing either."""
LARGEST_BYTES = 256 * 1024
"""What is listened to has some hundred bytes."""
READ_BYTES = 16 * 1024
MOST_AHEAD = 64
"""Messages that may arrive before a reply does."""


class NoReply(Exception):
    """The call was refused, or not answered in time."""


class Signal(Value, frozen=True, kw_only=True):
    """What a signal is, and where it comes from."""

    interface: str
    member: str
    path: str


class Bus:
    """One connection. ``descriptors``: those are taken, as the replies of a login manager have them.

    Methods raise ``OSError`` when the connection ends, and whatever jeepney raises at what is no message.
    """

    def __init__(self, address: str, *, descriptors: bool) -> None:
        self._socket: socket.socket = prep_socket(get_bus(address), enable_fds=descriptors, timeout=REPLY_SECONDS)
        self._descriptors = descriptors
        self._parser = Parser()
        self._serials = count(start=1)
        self._ahead: deque[Message] = deque()
        self._owners: dict[str, str | None] = {DRIVER: DRIVER}
        try:
            self.call(DRIVER, DRIVER_PATH, DRIVER, "Hello")
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()

    def follow(self, name: str) -> str | None:
        """From now on know the owner of a name; the present one, if there is one. Starts no service."""
        self._owners[name] = None
        self.subscribe(interface=DRIVER, member="NameOwnerChanged", path=DRIVER_PATH, sender=DRIVER, argument=name)
        try:
            owner = self.call(DRIVER, DRIVER_PATH, DRIVER, "GetNameOwner", "s", (name,))[0]
        except NoReply:
            return None
        self._owners[name] = owner if isinstance(owner, str) else None
        return self._owners[name]

    def subscribe(
        self, *, interface: str, path: str | None = None, member: str | None = None, sender: str, argument: str | None = None
    ) -> None:
        """Have the bus send such signals."""
        rule = MatchRule(type="signal", sender=sender, interface=interface, member=member, path=path)
        if argument is not None:
            rule.add_arg_condition(0, argument)
        self.call(DRIVER, DRIVER_PATH, DRIVER, "AddMatch", "s", (rule.serialise(),))

    def call(
        self, name: str, path: str, interface: str, method: str, signature: str = "", arguments: tuple[object, ...] = ()
    ) -> tuple[object, ...]:
        """The body of the reply by the owner of ``name``; raises ``NoReply``."""
        owner = self._owners[name]
        if owner is None:
            raise NoReply
        message = new_method_call(DBusAddress(path, owner, interface), method, signature, arguments)
        message.header.flags |= MessageFlag.no_auto_start
        serial = next(self._serials)
        self._socket.settimeout(REPLY_SECONDS)
        try:
            self._socket.sendall(message.serialise(serial))
            reply = self._reply_to(serial, owner)
        except TimeoutError:
            raise NoReply from None
        finally:
            self._socket.settimeout(None)
        if reply.header.message_type is not MessageType.method_return:
            raise NoReply
        return tuple(reply.body)

    def call_for_descriptor(
        self, name: str, path: str, interface: str, method: str, signature: str = "", arguments: tuple[object, ...] = ()
    ) -> int:
        """The one descriptor that the reply brings, the caller's to close; raises ``NoReply``."""
        match self.call(name, path, interface, method, signature, arguments):
            case (FileDescriptor() as descriptor,):
                return int(descriptor.to_raw_fd())
        raise NoReply

    def receive(self) -> Message:
        """The next message, waiting for it."""
        message = self._ahead.popleft() if self._ahead else self._read()
        self._note_owner(message)
        return message

    def signal(self, message: Message, name: str) -> Signal | None:
        """What ``message`` is, if it is a signal of the owner of ``name``."""
        fields = message.header.fields
        owner = self._owners.get(name)
        if message.header.message_type is not MessageType.signal or owner is None or fields.get(HeaderFields.sender) != owner:
            return None
        return Signal(interface=fields[HeaderFields.interface], member=fields[HeaderFields.member], path=fields[HeaderFields.path])

    def _note_owner(self, message: Message) -> None:
        signal = self.signal(message, DRIVER)
        if signal is None or signal.member != "NameOwnerChanged":
            return
        match message.body:
            case (str(name), str(), str(owner)) if name in self._owners and name != DRIVER:
                self._owners[name] = owner or None

    def _reply_to(self, serial: int, owner: str) -> Message:
        while len(self._ahead) < MOST_AHEAD:
            message = self._read()
            fields = message.header.fields
            if fields.get(HeaderFields.reply_serial) == serial and fields.get(HeaderFields.sender) == owner:
                return message
            self._ahead.append(message)
        raise ConnectionAbortedError

    def _read(self) -> Message:
        while (message := self._parser.get_next_message()) is None:
            wanted = self._parser.bytes_desired()
            if wanted > LARGEST_BYTES:
                raise ConnectionAbortedError
            # Never beyond one message, so that descriptors stay with theirs.
            data, ancillary, flags, _ = self._socket.recvmsg(min(wanted, READ_BYTES), fds_buf_size() if self._descriptors else 0)
            if not data or flags & socket.MSG_CTRUNC:
                raise ConnectionResetError
            self._parser.add_data(data, fds=FileDescriptor.from_ancdata(ancillary))
        return message
