"""Makes ``tests/vectors/channel.json``: a pairing and a channel of fixed keys, by the library noiseprotocol, which is not ours.

The host's tests and the extension's both check the one file. Run with ``python -m tests.data.make_channel_vectors``.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from noise.connection import Keypair, NoiseConnection  # type: ignore[import-untyped]

from native_host.encodings.base64url import encode_base64url

FILE = Path(__file__).parents[1] / "vectors" / "channel.json"
ORIGIN, FAMILY = "chrome-extension://abcdefghijklmnopabcdefghijklmnop/", "chromium"
PROLOGUE = b"\0".join((b"strongroom/1 channel", ORIGIN.encode(), FAMILY.encode()))
NAMES = ("initiatorStatic", "responderStatic", "initiatorEphemeral", "responderEphemeral")
NONCE_I, NONCE_R = bytes(range(0xA0, 0xC0)), bytes(range(0xC0, 0xE0))
TO_HOST = (
    '{"jsonrpc":"2.0","id":1,"method":"getStatus","params":{}}',
    '[{"jsonrpc":"2.0","id":2,"method":"listKeys"},{"jsonrpc":"2.0","id":"three","method":"lock"}]',
    '{"jsonrpc":"2.0","method":"cancel","params":{"id":4}}',
)
TO_EXTENSION = (
    '{"jsonrpc":"2.0","id":1,"result":{"state":"unlocked","paired":true}}',
    '{"jsonrpc":"2.0","method":"event","params":{"type":"locked","reason":"idle"}}',
    '{"jsonrpc":"2.0","id":5,"error":{"code":-32002,"message":"Größe: 大","data":{"reason":"too_large"}}}',
)


def key(pattern: str, name: str) -> bytes:
    """A private key that is written down: a hash, so that it is as good as random. The static ones are those of both patterns."""
    return sha256(f"strongroom channel vectors: {name if 'Static' in name else pattern + name}".encode()).digest()


def public(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def side(pattern: str, role: str, other: str) -> NoiseConnection:
    """One of the two, with its fixed keys."""
    noise = NoiseConnection.from_name(f"Noise_{pattern}_25519_AESGCM_SHA256".encode())
    noise.set_prologue(PROLOGUE)
    noise.set_keypair_from_private_bytes(Keypair.STATIC, key(pattern, f"{role}Static"))
    noise.set_keypair_from_private_bytes(Keypair.EPHEMERAL, key(pattern, f"{role}Ephemeral"))
    if pattern == "KK":
        noise.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, public(key(pattern, f"{other}Static")))
    (noise.set_as_initiator if role == "initiator" else noise.set_as_responder)()
    noise.start_handshake()
    return noise


def shake_hands(pattern: str, payloads: list[bytes]) -> tuple[dict[str, Any], NoiseConnection, NoiseConnection]:
    """The keys, every message and the handshake hash, and both sides for what follows."""
    initiator, responder = side(pattern, "initiator", "responder"), side(pattern, "responder", "initiator")
    writer, reader = initiator, responder
    messages = []
    for payload in payloads:
        message = bytes(writer.write_message(payload))
        assert bytes(reader.read_message(message)) == payload
        messages.append({"payload": encode_base64url(payload), "message": encode_base64url(message)})
        writer, reader = reader, writer
    digest = initiator.noise_protocol.handshake_hash
    assert digest == responder.noise_protocol.handshake_hash
    keys = {
        name: {"private": encode_base64url(key(pattern, name)), "public": encode_base64url(public(key(pattern, name)))} for name in NAMES
    }
    return {**keys, "messages": messages, "handshakeHash": encode_base64url(digest)}, initiator, responder


def pairing_code(digest: bytes) -> str:
    wide = HKDF(SHA256(), length=8, salt=None, info=b"strongroom pairing code").derive(digest)
    digits = f"{int.from_bytes(wide, 'big') % 10**8:08}"
    return f"{digits[:4]} {digits[4:]}"


def frames(sender: NoiseConnection, receiver: NoiseConnection, texts: tuple[str, ...]) -> list[dict[str, str]]:
    made = []
    for text in texts:
        ciphertext = bytes(sender.encrypt(text.encode()))
        assert bytes(receiver.decrypt(ciphertext)) == text.encode()
        made.append({"text": text, "sealed": encode_base64url(ciphertext)})
    return made


def make() -> dict[str, Any]:
    """What the file holds. Bytes are base64url without padding, as on the wire; a frame is ``{"sealed": …}`` around ``sealed``."""
    commitment = sha256(public(key("XX", "initiatorStatic")) + NONCE_I).digest()
    xx, initiator, _ = shake_hands("XX", [commitment, NONCE_R, NONCE_I])
    kk, extension, host = shake_hands("KK", [b"", b""])
    return {
        "source": "made by tests/data/make_channel_vectors.py with the library noiseprotocol 0.3.1 (Noise, revision 34)",
        "licence": "as the project",
        "origin": ORIGIN,
        "family": FAMILY,
        "prologue": encode_base64url(PROLOGUE),
        "xx": {
            **xx,
            "nonceI": encode_base64url(NONCE_I),
            "nonceR": encode_base64url(NONCE_R),
            "commitment": encode_base64url(commitment),
            "code": pairing_code(initiator.noise_protocol.handshake_hash),
        },
        "kk": {**kk, "toHost": frames(extension, host, TO_HOST), "toExtension": frames(host, extension, TO_EXTENSION)},
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(make(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
