"""The extension's side of a pairing and of its channel, for tests of hosts and of wallets.

Implements: docs/protocol.md, "Pairing and the sealed channel", from the extension's side.
"""

from __future__ import annotations

import os

from native_host.caller import pairing as agreed
from native_host.encodings.base64url import decode_base64url, encode_base64url
from native_host.noise import HandshakeState, KeyPair, NoiseError
from native_host.transport.channel import Channel
from native_host.value import Value


class NotTheHost(Exception):
    """Whoever answered is not the host that the extension paired with."""


class Pairing(Value, frozen=True, kw_only=True):
    """What an extension keeps of a pairing. ``code`` is the one that it showed."""

    pairing_id: str
    private: bytes
    host_public: bytes
    origin: str
    family: str
    code: str


class Attempt:
    """One pairing under way; its three messages in order."""

    def __init__(self, origin: str, family: str) -> None:
        self.origin, self.family = origin, family
        self._private = os.urandom(32)
        self._nonce = os.urandom(agreed.NONCE_BYTES)
        self._static = KeyPair(self._private)
        self._handshake = HandshakeState("XX", initiator=True, prologue=agreed.prologue(origin, family), static=self._static)

    def first(self) -> str:
        """The message for ``beginPairing``."""
        return encode_base64url(self._handshake.write_message(agreed.commitment(self._static.public, self._nonce)))

    def last(self, answer: str) -> str:
        """The message for ``finishPairing``, from the host's answer to the first; raises ``NotTheHost``."""
        try:
            self._handshake.read_message(decode_base64url(answer))
        except (NoiseError, ValueError):
            raise NotTheHost from None
        return encode_base64url(self._handshake.write_message(self._nonce))

    @property
    def code(self) -> str:
        """The code to be shown, after ``last``."""
        return agreed.code(self._handshake.handshake_hash)

    def pairing(self, pairing_id: str) -> Pairing:
        """What is kept, after ``finishPairing`` gave this id."""
        return Pairing(
            pairing_id=pairing_id,
            private=self._private,
            host_public=self._handshake.remote_static,
            origin=self.origin,
            family=self.family,
            code=self.code,
        )


class Opening:
    """A channel that is being opened."""

    def __init__(self, pairing: Pairing) -> None:
        self._handshake = HandshakeState(
            "KK",
            initiator=True,
            prologue=agreed.prologue(pairing.origin, pairing.family),
            static=KeyPair(pairing.private),
            remote_static=pairing.host_public,
        )
        self.params = {"pairingId": pairing.pairing_id, "message": encode_base64url(self._handshake.write_message())}

    def channel(self, answer: str) -> Channel:
        """The channel, from the host's answer; raises ``NotTheHost``."""
        try:
            self._handshake.read_message(decode_base64url(answer))
            return Channel(*self._handshake.split())
        except (NoiseError, ValueError):
            raise NotTheHost from None
