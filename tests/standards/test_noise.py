"""The Noise Protocol Framework, revision 34: published numbers, and an implementation that is not ours at the other end."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from noise.connection import Keypair, NoiseConnection  # type: ignore[import-untyped]

from native_host.encodings.base64url import decode_base64url
from native_host.noise import HandshakeState, KeyPair, NoiseError, Pattern, generate_key_pair
from tests.vector_files import load

PATTERNS: tuple[Pattern, ...] = ("XX", "KK")
SMALL_ORDER = (
    bytes(32),
    b"\x01" + bytes(31),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    bytes.fromhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    bytes.fromhex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
)


def sides(pattern: Pattern, prologue: bytes, private: dict[str, bytes]) -> tuple[HandshakeState, HandshakeState]:
    """The initiator and the responder, both ours, with these private keys."""
    pairs = {name: KeyPair(key) for name, key in private.items()}

    def side(ours: str, theirs: str) -> HandshakeState:
        return HandshakeState(
            pattern,
            initiator=ours == "initiator",
            prologue=prologue,
            static=pairs[f"{ours}Static"],
            ephemeral=pairs[f"{ours}Ephemeral"],
            remote_static=pairs[f"{theirs}Static"].public if pattern == "KK" else None,
        )

    return side("initiator", "responder"), side("responder", "initiator")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_published_messages(pattern: Pattern) -> None:
    vectors = load("noise")
    names = ("initiatorStatic", "initiatorEphemeral", "responderStatic", "responderEphemeral")
    initiator, responder = sides(pattern, bytes.fromhex(vectors["prologue"]), {name: bytes.fromhex(vectors[name]) for name in names})
    steps = list(zip(vectors["payloads"], vectors[pattern], strict=True))
    writer, reader = initiator, responder
    while not initiator.is_complete:
        payload, expected = map(bytes.fromhex, steps.pop(0))
        assert expected == writer.write_message(payload)
        assert payload == reader.read_message(expected)
        writer, reader = reader, writer
    if pattern in vectors["handshakeHash"]:
        assert vectors["handshakeHash"][pattern] == initiator.handshake_hash.hex() == responder.handshake_hash.hex()
    ciphers = {initiator: initiator.split(), responder: responder.split()}
    assert len(steps) in {3, 4}
    for payload, expected in ((bytes.fromhex(text), bytes.fromhex(sealed)) for text, sealed in steps):
        assert expected == ciphers[writer][0].encrypt_with_ad(b"", payload)
        assert payload == ciphers[reader][1].decrypt_with_ad(b"", expected)
        writer, reader = reader, writer


@pytest.mark.parametrize("pattern", PATTERNS)
def test_messages_of_the_channels_own_vectors(pattern: Pattern) -> None:
    vectors = load("channel")
    made: dict[str, Any] = vectors[pattern.lower()]
    names = ("initiatorStatic", "initiatorEphemeral", "responderStatic", "responderEphemeral")
    private = {name: decode_base64url(made[name]["private"]) for name in names}
    initiator, responder = sides(pattern, decode_base64url(vectors["prologue"]), private)
    writer, reader = initiator, responder
    for step in made["messages"]:
        payload, message = decode_base64url(step["payload"]), decode_base64url(step["message"])
        assert message == writer.write_message(payload)
        assert payload == reader.read_message(message)
        writer, reader = reader, writer
    assert decode_base64url(made["handshakeHash"]) == initiator.handshake_hash == responder.handshake_hash
    send, receive = initiator.split()
    for frame in made.get("toHost", ()):
        assert decode_base64url(frame["sealed"]) == send.encrypt_with_ad(b"", frame["text"].encode())
    for frame in made.get("toExtension", ()):
        assert frame["text"].encode() == receive.decrypt_with_ad(b"", decode_base64url(frame["sealed"]))


@pytest.mark.parametrize("role", ["initiator", "responder"])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_another_implementation_at_the_other_end(pattern: Pattern, role: Literal["initiator", "responder"]) -> None:
    mine, theirs = generate_key_pair(), generate_key_pair()
    other = NoiseConnection.from_name(f"Noise_{pattern}_25519_AESGCM_SHA256".encode())
    other.set_prologue(b"prologue")
    other.set_keypair_from_private_bytes(Keypair.STATIC, bytes(theirs.private.buffer))
    if pattern == "KK":
        other.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, mine.public)
    (other.set_as_responder if role == "initiator" else other.set_as_initiator)()
    other.start_handshake()
    remote = theirs.public if pattern == "KK" else None
    ours = HandshakeState(pattern, initiator=role == "initiator", prologue=b"prologue", static=mine, remote_static=remote)
    writing = role == "initiator"
    while not ours.is_complete:
        if writing:
            assert b"one" == bytes(other.read_message(ours.write_message(b"one")))
        else:
            assert b"two" == ours.read_message(bytes(other.write_message(b"two")))
        writing = not writing
    assert theirs.public == ours.remote_static
    send, receive = ours.split()
    for number in range(3):
        text = b"frame %d" % number
        assert text == bytes(other.decrypt(send.encrypt_with_ad(b"", text)))
        assert text == receive.decrypt_with_ad(b"", bytes(other.encrypt(text)))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_changed_bit_of_any_message_ends_the_handshake(pattern: Pattern) -> None:
    private = {
        f"{role}{kind}": bytes(generate_key_pair().private.buffer)
        for role in ("initiator", "responder")
        for kind in ("Static", "Ephemeral")
    }
    messages = len(load("channel")[pattern.lower()]["messages"])
    for changed in range(messages):
        writer, reader = sides(pattern, b"", private)
        refused = False
        for number in range(messages):
            message = bytearray(writer.write_message(b"payload"))
            if number == changed:
                message[-1] ^= 1
            try:
                reader.read_message(bytes(message))
            except NoiseError:
                refused = True
                break
            writer, reader = reader, writer
        # The payload of XX's first message is in the clear: that it was changed shows in the next message.
        assert refused


@pytest.mark.parametrize("public", SMALL_ORDER, ids=lambda public: public.hex()[:8])
def test_public_keys_of_small_order_are_refused(public: bytes) -> None:
    static = generate_key_pair()
    responder = HandshakeState("XX", initiator=False, prologue=b"", static=static)
    responder.read_message(public + b"payload")
    with pytest.raises(NoiseError):
        responder.write_message()
    known = HandshakeState("KK", initiator=False, prologue=b"", static=static, remote_static=public)
    with pytest.raises(NoiseError):
        known.read_message(generate_key_pair().public + bytes(16))
    fresh = HandshakeState("KK", initiator=False, prologue=b"", static=static, remote_static=generate_key_pair().public)
    with pytest.raises(NoiseError):
        fresh.read_message(public + bytes(16))


@pytest.mark.parametrize("message", [b"", b"\x01" * 31, b"\x01" * 47, b"\x01" * 65_536], ids=len)
def test_messages_of_another_length_are_refused(message: bytes) -> None:
    responder = HandshakeState("KK", initiator=False, prologue=b"", static=generate_key_pair(), remote_static=generate_key_pair().public)
    with pytest.raises(NoiseError):
        responder.read_message(message)


def test_no_cipher_before_the_last_message() -> None:
    with pytest.raises(NoiseError):
        HandshakeState("XX", initiator=True, prologue=b"", static=generate_key_pair()).split()
