"""The authenticator's side of authenticatorClientPIN: FIDO Alliance CTAP 2.1 (2021-06-15), section 6.5."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any, NoReturn

from tests.parts.ctap import (
    INVALID_PARAMETER,
    INVALID_SUBCOMMAND,
    PIN_AUTH_BLOCKED,
    PIN_AUTH_INVALID,
    PIN_BLOCKED,
    PIN_INVALID,
    PIN_NOT_SET,
    PIN_POLICY_VIOLATION,
    UNAUTHORIZED_PERMISSION,
    Refused,
    need,
)
from tests.parts.pin_protocols import ProtocolOne

MC, GA = 0x01, 0x02
TRIES, TRIES_IN_A_ROW = 8, 3
TOKEN_SECONDS = 30.0


class Token:
    """The pinUvAuthToken: nobody's until a PIN was given for it, spent by the first request that a person touched the key for."""

    def __init__(self) -> None:
        self.value = os.urandom(32)
        self.permissions = 0
        self.rp_id: str | None = None
        self.since = -TOKEN_SECONDS


class ClientPin:
    """The PIN, its counters and the token. ``touched`` waits for the person; ``clock`` counts seconds."""

    def __init__(self, protocols: tuple[type[ProtocolOne], ...], *, permissions: bool, touched: Callable[[], None]) -> None:
        self.clock: Callable[[], float] = time.monotonic
        self._protocol_types, self._permissions, self._touched = protocols, permissions, touched
        self.erase()

    def erase(self) -> None:
        """As after a reset."""
        self._pin = b""
        self.tries = TRIES
        self.power_cycle()

    def power_cycle(self) -> None:
        """Unplugged, and plugged in again."""
        self._protocols = {kind.VERSION: kind() for kind in self._protocol_types}
        self._token = Token()
        self._wrong_in_a_row = 0

    @property
    def is_set(self) -> bool:
        return bool(self._pin)

    def set(self, pin: str) -> None:
        """As the maker's program does."""
        self._pin = sha256(pin.encode()).digest()[:16]
        self.tries = TRIES

    def spend(self) -> None:
        """The person touched the key for a request: section 6.1.2 step 14 and 6.2.2 step 9, a token is good for one of these."""
        self._token.permissions = 0

    def verified(self, asked: dict[int, Any], place: int, challenge: bytes, permission: int, rp_id: str) -> bool:
        """Whether the request proves that the PIN was typed for it; a wrong proof is refused."""
        if place not in asked:
            return False
        proof = need(asked, place, bytes)
        if not proof:
            self._touched()
            raise Refused(PIN_INVALID if self.is_set else PIN_NOT_SET)
        protocol, token = self.protocol(need(asked, place + 1, int)), self._token
        in_time = self.clock() - token.since < TOKEN_SECONDS
        if not in_time or not protocol.verify(token.value, challenge, proof) or not token.permissions & permission:
            raise Refused(PIN_AUTH_INVALID)
        if token.rp_id not in {None, rp_id}:
            raise Refused(PIN_AUTH_INVALID)
        token.rp_id = rp_id
        return True

    def handle(self, asked: dict[int, Any]) -> dict[int, Any]:
        command = need(asked, 2, int)
        if command == 0x01:
            return {3: self.tries, **({4: True} if self._wrong_in_a_row >= TRIES_IN_A_ROW else {})}
        protocol = self.protocol(need(asked, 1, int))
        match command:
            case 0x02:
                return {1: protocol.public_key()}
            case 0x03:
                return self._set_pin(asked, protocol)
            case 0x05:
                if 9 in asked or 10 in asked:
                    raise Refused(INVALID_PARAMETER)
                return self._give_token(asked, protocol, MC | GA, None)
            case 0x09 if self._permissions:
                permissions = need(asked, 9, int)
                if permissions == 0:
                    raise Refused(INVALID_PARAMETER)
                if permissions & ~(MC | GA):
                    raise Refused(UNAUTHORIZED_PERMISSION)
                return self._give_token(asked, protocol, permissions, need(asked, 10, str))
        raise Refused(INVALID_SUBCOMMAND)

    def _set_pin(self, asked: dict[int, Any], protocol: ProtocolOne) -> dict[int, Any]:
        secret, sealed, proof = protocol.decapsulate(need(asked, 3, dict)), need(asked, 5, bytes), need(asked, 4, bytes)
        if self.is_set or not protocol.verify(secret, sealed, proof):
            raise Refused(PIN_AUTH_INVALID)
        padded = protocol.decrypt(secret, sealed)
        if len(padded) != 64:
            raise Refused(INVALID_PARAMETER)
        pin = padded.rstrip(b"\0").decode()
        if len(pin) < 4:
            raise Refused(PIN_POLICY_VIOLATION)
        self.set(pin)
        return {}

    def _give_token(self, asked: dict[int, Any], protocol: ProtocolOne, permissions: int, rp_id: str | None) -> dict[int, Any]:
        secret, sealed = protocol.decapsulate(need(asked, 3, dict)), need(asked, 6, bytes)
        if not self.is_set:
            raise Refused(PIN_NOT_SET)
        if self.tries == 0:
            raise Refused(PIN_BLOCKED)
        if self._wrong_in_a_row >= TRIES_IN_A_ROW:
            raise Refused(PIN_AUTH_BLOCKED)
        self.tries -= 1
        if protocol.decrypt(secret, sealed) != self._pin:
            self._refuse_pin(protocol)
        self.tries, self._wrong_in_a_row = TRIES, 0
        self._token = Token()
        self._token.permissions, self._token.rp_id, self._token.since = permissions, rp_id, self.clock()
        return {2: protocol.encrypt(secret, self._token.value)}

    def _refuse_pin(self, protocol: ProtocolOne) -> NoReturn:
        protocol.regenerate()
        self._wrong_in_a_row += 1
        if self.tries == 0:
            raise Refused(PIN_BLOCKED)
        raise Refused(PIN_AUTH_BLOCKED if self._wrong_in_a_row >= TRIES_IN_A_ROW else PIN_INVALID)

    def protocol(self, version: int) -> ProtocolOne:
        if version not in self._protocols:
            raise Refused(INVALID_PARAMETER)
        return self._protocols[version]
