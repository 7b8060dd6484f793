"""A Secret Service whose answers are the test's own."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from jeepney import HeaderFields, MessageType, new_error, new_method_return
from jeepney.io.blocking import open_dbus_connection
from secretstorage.dhcrypto import Session
from secretstorage.util import format_secret

from tests.parts.secret_service import NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    Answers = dict[str, Callable[[Any], Any]]

ITEM = "/org/freedesktop/secrets/collection/login/1"


def answers(**changed: Any) -> Answers:
    """A daemon as it should be, with one item, but for what is changed."""
    session = Session()
    session.object_path = "/session"

    def open_session(body: Any) -> Any:
        session.set_server_public_key(int.from_bytes(body[1][1], "big"))
        return "vo", (("ay", session.my_public_key.to_bytes(128, "big")), "/session")

    right: Answers = {
        "OpenSession": open_session,
        "SearchItems": lambda body: ("aoao", ([ITEM], [])),
        "Get": lambda body: ("v", (("b", False) if body[1] == "Locked" else ("s", "label"),)),
        "GetSecret": lambda body: ("(oayays)", (format_secret(session, bytes(32), "text/plain"),)),
    }
    return right | {name: (lambda body, answer=answer: answer) for name, answer in changed.items()}


class Impostor:
    """It serves ``answers``: one a method, made from the call's body. Signature and body of a reply; or the name of an error; or ``None``, silence."""

    def __init__(self, address: str, answers: Answers) -> None:
        self._answers = answers
        self._connection = open_dbus_connection(address)
        assert self._connection.bus_proxy.RequestName(NAME) == (1,)
        self._thread = Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.sock.shutdown(2)
        self._thread.join()
        self._connection.close()

    def _serve(self) -> None:
        while True:
            try:
                message = self._connection.receive()
            except OSError:
                return
            if message.header.message_type is not MessageType.method_call:
                continue
            answer = self._answers.get(message.header.fields[HeaderFields.member])
            self._reply(message, "org.freedesktop.DBus.Error.UnknownMethod" if answer is None else answer(message.body))

    def _reply(self, message: Any, answer: Any) -> None:
        if isinstance(answer, str):
            self._connection.send(new_error(message, answer, "s", ("no",)))
        elif answer is not None:
            self._connection.send(new_method_return(message, *answer))
