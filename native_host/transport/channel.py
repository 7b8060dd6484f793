"""The sealed channel: every frame becomes ``{"sealed": …}``, and whatever is not the very next one that the other side sealed ends it.

The ciphers are those that a Noise KK handshake was split into (``native_host.noise``). Each counts its messages, and the count is the
nonce: a frame that was changed, replayed, reordered or left out does not decrypt, and from then on nothing does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import DecodeError
from msgspec.json import Decoder, Encoder

from native_host.noise import NoiseError
from native_host.protocol.wire import Base64Url, Message, decode_hook, encode_hook
from native_host.transport.limits import Oversize

if TYPE_CHECKING:
    from native_host.noise import CipherState


class SealedFrame(Message, frozen=True, kw_only=True):
    """Every frame of an open channel: one whole frame of the protocol, encrypted for its place in its direction."""

    sealed: Base64Url


_decode = Decoder(SealedFrame, dec_hook=decode_hook).decode
_encode = Encoder(enc_hook=encode_hook).encode


class Channel:
    """One end of an open channel. Not locked: frames are opened in the order in which they came, and sealed in that in which they go."""

    __slots__ = ("_is_broken", "_receive", "_send")

    def __init__(self, send: CipherState, receive: CipherState) -> None:
        self._send = send
        self._receive = receive
        self._is_broken = False

    def open(self, body: bytes | Oversize) -> bytes | None:
        """The frame that was sealed into the next body of the stream; ``None`` if it is not what the other side sealed next, and for every
        body after that one: the channel is dead, for nobody knows any more who speaks."""
        if self._is_broken or isinstance(body, Oversize):
            self._is_broken = True
            return None
        try:
            return self._receive.decrypt_with_ad(b"", _decode(body).sealed)
        except (NoiseError, DecodeError, UnicodeDecodeError, RecursionError):
            self._is_broken = True
            return None

    def seal(self, body: bytes) -> bytes:
        """The body that carries this frame."""
        return _encode(SealedFrame(sealed=Base64Url(self._send.encrypt_with_ad(b"", body))))
