"""Params and results of pairing and of the channel; its frames are in ``transport.channel``.

Implements: docs/protocol.md, "Pairing and the sealed channel".
"""

from __future__ import annotations

from native_host.protocol.wire import Base64Url, Message


class BeginPairingParams(Message, frozen=True, kw_only=True):
    """``message`` is the first of Noise_XX_25519_AESGCM_SHA256. Its payload is SHA-256 over the extension's static public key and a nonce
    of 32 bytes, which the third message opens."""

    message: Base64Url


class BeginPairingResult(Message, frozen=True, kw_only=True):
    """``message`` is the second of the handshake; its payload is the host's nonce of 32 bytes."""

    message: Base64Url


class FinishPairingParams(Message, frozen=True, kw_only=True):
    """``message`` is the third of the handshake; its payload is the nonce that the first was committed to. The extension shows the code
    while it waits: the person compares it with the host's."""

    message: Base64Url


class FinishPairingResult(Message, frozen=True, kw_only=True):
    """``pairingId`` is 16 bytes."""

    pairing_id: Base64Url


class OpenChannelParams(Message, frozen=True, kw_only=True):
    """``message`` is the first of Noise_KK_25519_AESGCM_SHA256, its payload empty. Not in a batch."""

    pairing_id: Base64Url
    message: Base64Url


class OpenChannelResult(Message, frozen=True, kw_only=True):
    """``message`` is the second of the handshake, its payload empty. Every frame after this one is sealed, in both directions."""

    message: Base64Url
