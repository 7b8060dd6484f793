"""The passphrase slot: the same passphrase gives the same key, and its cost stays within bounds whatever a file says."""

from __future__ import annotations

import msgspec
import pytest
from nacl.pwhash import argon2id

from native_host.kek import passphrase
from native_host.kek.passphrase import Argon2Parameters, at_floor, derive_kek, floor_parameters, measured_parameters
from native_host.secret import SecretBytes

SALT = bytes(range(16))


def kek_of(text: bytes, parameters: Argon2Parameters) -> bytes:
    with SecretBytes(text) as typed, derive_kek(typed, parameters) as kek:
        return bytes(kek.buffer)


def test_it_is_argon2id_as_others_compute_it() -> None:
    """Over the passphrase's bytes, with the slot's salt, memory and passes, to 32 bytes."""
    parameters = floor_parameters(SALT)
    for text in (b"correct horse", "Käse".encode(), b"\x00 in the middle \x00", b"x" * 5000):
        assert argon2id.kdf(32, text, SALT, opslimit=2, memlimit=19 * 1024 * 1024) == kek_of(text, parameters)


def test_every_parameter_counts() -> None:
    """Another passphrase, salt, memory or number of passes is another key."""
    keks = {
        kek_of(b"one", floor_parameters(SALT)),
        kek_of(b"two", floor_parameters(SALT)),
        kek_of(b"one", floor_parameters(bytes(16))),
        kek_of(b"one", Argon2Parameters(salt=SALT, memory_kib=20 * 1024, iterations=2)),
        kek_of(b"one", Argon2Parameters(salt=SALT, memory_kib=19 * 1024, iterations=3)),
    }
    assert 5 == len(keks)
    assert {32} == set(map(len, keks))


def test_the_floor_is_owasps() -> None:
    """19 MiB and two passes, and nothing below is read from a file."""
    assert (19 * 1024, 2) == (passphrase.FLOOR_MEMORY_KIB, passphrase.FLOOR_ITERATIONS)
    assert at_floor(floor_parameters(SALT))
    assert not at_floor(Argon2Parameters(salt=SALT, memory_kib=19 * 1024, iterations=3))


OUT_OF_BOUNDS = {
    "a short salt": {"salt": bytes(15)},
    "a long salt": {"salt": bytes(17)},
    "little memory": {"memory_kib": 19 * 1024 - 1},
    "all memory": {"memory_kib": 2 * 1024 * 1024 + 1},
    "one pass": {"iterations": 1},
    "passes without end": {"iterations": 65},
    "less than nothing": {"memory_kib": -1},
}


@pytest.mark.parametrize("members", OUT_OF_BOUNDS.values(), ids=OUT_OF_BOUNDS.keys())
def test_bounds_hold_for_what_a_file_says(members: dict[str, object]) -> None:
    """Whoever edits a slot cannot weaken it unseen, nor make the host eat all memory or time."""
    stored = msgspec.msgpack.encode({"salt": SALT, "memory_kib": 19 * 1024, "iterations": 2, **members})
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(stored, type=Argon2Parameters)


def test_measured_parameters_are_within_bounds() -> None:
    """However little or much time they are to take, and they can be stored and read again."""
    for seconds in (0.0, 0.02):
        parameters = measured_parameters(SALT, seconds=seconds)
        assert passphrase.FLOOR_MEMORY_KIB <= parameters.memory_kib <= passphrase.PREFERRED_MEMORY_KIB
        assert passphrase.FLOOR_ITERATIONS <= parameters.iterations <= passphrase.CEILING_ITERATIONS
        assert parameters == msgspec.msgpack.decode(msgspec.msgpack.encode(parameters), type=Argon2Parameters)


def test_little_time_buys_little() -> None:
    """Memory goes down to the least; then it takes as long as it takes."""
    assert at_floor(measured_parameters(SALT, seconds=0.0))
