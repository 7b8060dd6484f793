"""The login keyring: items in the Secret Service of this person's session.

Implements: Secret Service API (freedesktop.org, draft 0.2), with sessions of the algorithm
dh-ietf1024-sha256-aes128-cbc-pkcs7 alone. SecretStorage speaks it, over jeepney, which is D-Bus in Python alone; ``keyring``
would look for backends among all that is installed, and load them.

Whatever answers on the bus is not trusted: every answer has to come in time and to be of its form. What the libraries hand out
are ``bytes``, which cannot be wiped; they are short-lived.

This module loads the libraries as it is imported, so it is imported where it is used.
"""

from __future__ import annotations

import struct
from contextlib import contextmanager
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from jeepney import DBusErrorResponse, MatchRule, MessageType, message_bus
from jeepney.bus import get_bus
from jeepney.io.blocking import DBusConnection, prep_socket
from secretstorage import (
    Collection,
    Item,
    ItemNotFoundException,
    LockedException,
    PromptDismissedException,
    SecretServiceNotAvailableException,
    search_items,
)
from secretstorage.util import add_match_rules, open_session

from native_host.kek.provider import DeviceAbsent, DeviceRefuses
from native_host.kek.secret_service import KIND, bus_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secretstorage.dhcrypto import Session

CONTENT_TYPE = "application/octet-stream"
ANSWER_SECONDS = 10.0
"""For everything that one visit asks; the daemon may have to be started first."""
PROMPT_SECONDS = 60.0
"""For the person to unlock the keyring in the desktop's own window."""

MOST_ITEMS = 16
"""How many items of one name are looked at; there should be one."""

ABSENT = "Your login keyring does not answer. Log in to your desktop again and try once more, or open the keystore another way."
LOCKED = "Your login keyring is locked. Unlock it, or log in again; or open the keystore another way."
UNREADABLE = "Your login keyring gave an answer that cannot be used. Open the keystore another way."
PLAIN = "Your login keyring offers no encrypted session, so nothing is kept in it. Choose another way to open the keystore."

IN_QUEUE = 2  # DBUS_REQUEST_NAME_REPLY_IN_QUEUE
IS_LOCKED = "org.freedesktop.Secret.Error.IsLocked"
# What the two libraries raise, beside their own errors, at an answer that is not of its form.
MALFORMED = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, RuntimeError, struct.error)


class _Connection(DBusConnection):  # type: ignore[misc]  # jeepney carries no types
    """A connection with a deadline: no bus that stays silent, and no daemon that goes on sending, holds the host longer."""

    def __init__(self, address: str, seconds: float) -> None:
        self.deadline = monotonic() + seconds
        stream = prep_socket(address, timeout=seconds)
        try:
            super().__init__(stream)  # which says Hello, and waits for the bus to answer
        except BaseException:
            stream.close()
            raise

    def __enter__(self) -> Self:
        return self

    def receive(self, *, timeout: float | None = None) -> Any:
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        return super().receive(timeout=left)

    def prolong(self, seconds: float) -> None:
        """From now on it may take that long."""
        self.deadline = monotonic() + seconds


class Keyring:
    """The keyrings of this session, for one visit. Items are told apart by their attributes."""

    def __init__(self, connection: _Connection, session: Session) -> None:
        self.connection, self._session = connection, session

    def find(self, attributes: dict[str, str]) -> list[Item]:
        """Every item that has these attributes, in whichever keyring it is."""
        found = list(islice(search_items(self.connection, attributes), MOST_ITEMS))
        for item in found:
            item.session = self._session
        return found

    def default(self) -> Collection:
        """The keyring that new items go to; it may be locked."""
        return Collection(self.connection, session=self._session)

    def make(self, label: str, attributes: dict[str, str], secret: bytes) -> Item:
        """A new item in the default keyring, which has to be unlocked."""
        return self.default().create_item(label, attributes, secret, content_type=CONTENT_TYPE)

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """For the rest of the visit no other visit of this name goes on: the bus gives a name to one connection at a time."""
        rule = MatchRule(sender=message_bus.bus_name, interface=message_bus.interface, member="NameAcquired", type=MessageType.signal)
        with self.connection.filter(rule) as given:
            (answer,) = self.connection.bus_proxy.RequestName(name)
            while answer == IN_QUEUE and self.connection.recv_until_filtered(given).body != (name,):
                pass
        yield

    def unlock(self, locked: Collection | Item) -> None:
        """Have the desktop ask the person to unlock it, if it is locked; raises ``DeviceRefuses``."""
        if not locked.is_locked():
            return
        self.connection.prolong(PROMPT_SECONDS)
        try:
            refused = locked.unlock()
        except TimeoutError:
            refused = True
        if refused or locked.is_locked():
            raise DeviceRefuses(LOCKED, detail=KIND)
        self.connection.prolong(ANSWER_SECONDS)


@contextmanager
def visited(seconds: float = ANSWER_SECONDS) -> Iterator[Keyring]:
    """The keyrings for a block, within which it all has to be done in that time.

    Raises:
        DeviceAbsent: there is no bus, or no daemon, or no answer in time.
        DeviceRefuses: it is locked, has no such item any more, or answers what it should not.
    """
    with _refusing():
        address = bus_address()
        if address is None:
            raise DeviceAbsent(ABSENT, detail=KIND)
        with _Connection(get_bus(address), seconds) as connection:
            add_match_rules(connection)
            session = open_session(connection)
            if not session.encrypted:
                raise DeviceRefuses(PLAIN, detail=KIND)
            yield Keyring(connection, session)


def default_keyring(keyring: Keyring) -> tuple[str, bool] | None:
    """The name of the keyring that new items go to, and whether it is locked; ``None`` if the person has none."""
    try:
        collection = keyring.default()
        return collection.get_label(), collection.is_locked()
    except ItemNotFoundException:
        return None


@contextmanager
def _refusing() -> Iterator[None]:
    """What goes wrong between us and the daemon, as a refusal that a person can read."""
    try:
        yield
    except (LockedException, PromptDismissedException):
        raise DeviceRefuses(LOCKED, detail=KIND) from None
    except (SecretServiceNotAvailableException, OSError):
        raise DeviceAbsent(ABSENT, detail=KIND) from None
    except DBusErrorResponse as error:
        raise DeviceRefuses(LOCKED if error.name == IS_LOCKED else UNREADABLE, detail=KIND) from None
    except (ItemNotFoundException, *MALFORMED):
        raise DeviceRefuses(UNREADABLE, detail=KIND) from None
