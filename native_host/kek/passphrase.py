"""The passphrase slot: a KEK from what a person remembers, by Argon2id (RFC 9106).

It protects a stolen file as far as the passphrase is hard to guess; it does not bind the store to a device.
"""

from __future__ import annotations

from os import urandom
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta
from msgspec.msgpack import encode

from native_host import sodium
from native_host.errors import BackendUnavailable, UserRejected
from native_host.kek.provider import Choice, Device, Enrolled, decode_parameters, refuse_choice
from native_host.kek.symmetric import SymmetricKek
from native_host.secret import SecretBytes
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.kek.provider import Ask, Settings

KIND = "passphrase"
LABEL = "Passphrase"
FLOOR_MEMORY_KIB = 19 * 1024
FLOOR_ITERATIONS = 2
PREFERRED_MEMORY_KIB = 256 * 1024
CEILING_MEMORY_KIB = 2 * 1024 * 1024
CEILING_ITERATIONS = 64


class Argon2Parameters(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Memory in KiB. The bounds are checked when a slot is read: a changed file must not make the host eat all memory."""

    salt: Annotated[bytes, Meta(min_length=sodium.SALT_BYTES, max_length=sodium.SALT_BYTES)]
    memory_kib: Annotated[int, Meta(ge=FLOOR_MEMORY_KIB, le=CEILING_MEMORY_KIB)]
    iterations: Annotated[int, Meta(ge=FLOOR_ITERATIONS, le=CEILING_ITERATIONS)]


class Slots:
    """The provider of passphrase slots."""

    def __init__(self, settings: Settings) -> None:
        self._seconds = settings.kdf_seconds

    def devices(self) -> list[Device]:
        return [Device(device_id=KIND, label=LABEL)]

    def enrol(self, device: Device, choice: Choice, ask: Ask) -> Enrolled:
        refuse_choice(choice)
        with ask.secret("newPassphrase", "Choose a passphrase for your keystore") as chosen:
            if not len(chosen):
                raise UserRejected
            with ask.waits():
                parameters = measured_parameters(urandom(sodium.SALT_BYTES), seconds=self._seconds)
                kek = SymmetricKek(_derive(chosen, parameters))
        return Enrolled(kek=kek, parameters=encode(parameters), label=LABEL)

    def enrol_again(self, parameters: bytes, ask: Ask) -> Enrolled:
        """A slot with another passphrase in the place of this one."""
        return self.enrol(self.devices()[0], Choice(), ask)

    def asks(self, parameters: bytes) -> bool:
        return True

    def is_here(self, parameters: bytes) -> bool:
        return True

    def open(self, parameters: bytes, ask: Ask) -> SymmetricKek:
        argon2 = read_parameters(parameters)
        with ask.secret("unlock", "Unlock your keystore") as typed, ask.waits():
            return SymmetricKek(_derive(typed, argon2))

    def forget(self, parameters: bytes, ask: Ask) -> None:
        return


def read_parameters(parameters: bytes) -> Argon2Parameters:
    """What a slot says; raises ``CannotUnseal`` if it is not within the bounds."""
    return decode_parameters(parameters, Argon2Parameters)


def _derive(typed: SecretBytes, parameters: Argon2Parameters) -> SecretBytes:
    try:
        return derive_kek(typed, parameters)
    except MemoryError:
        raise BackendUnavailable("This computer has too little free memory to open the passphrase slot.", detail="memory") from None


def floor_parameters(salt: bytes) -> Argon2Parameters:
    """The least that a slot may have (OWASP's minimum); ``doctor`` flags such a slot."""
    return Argon2Parameters(salt=salt, memory_kib=FLOOR_MEMORY_KIB, iterations=FLOOR_ITERATIONS)


def measured_parameters(salt: bytes, *, seconds: float = 0.5) -> Argon2Parameters:
    """Parameters that take about ``seconds`` on this machine: as much memory as fits, then more passes."""
    memory_kib = PREFERRED_MEMORY_KIB
    while True:
        try:
            took = _time(salt, memory_kib)
        except MemoryError:
            took = float("inf")
        if took <= seconds or memory_kib == FLOOR_MEMORY_KIB:
            break
        memory_kib = max(memory_kib // 2, FLOOR_MEMORY_KIB)
    iterations = int(FLOOR_ITERATIONS * seconds / took)
    return Argon2Parameters(salt=salt, memory_kib=memory_kib, iterations=min(max(iterations, FLOOR_ITERATIONS), CEILING_ITERATIONS))


def derive_kek(passphrase: SecretBytes, parameters: Argon2Parameters) -> SecretBytes:
    """The KEK, 32 bytes. Takes as long as the parameters say.

    Raises:
        MemoryError: if the machine cannot spare the memory.
    """
    return SecretBytes(
        sodium.argon2id(passphrase.buffer, parameters.salt, iterations=parameters.iterations, memory_kib=parameters.memory_kib)
    )


def at_floor(parameters: Argon2Parameters) -> bool:
    """Whether the slot has no more than the least."""
    return parameters.memory_kib * parameters.iterations <= FLOOR_MEMORY_KIB * FLOOR_ITERATIONS


def _time(salt: bytes, memory_kib: int) -> float:
    started = perf_counter()
    sodium.argon2id(b"measure", salt, iterations=FLOOR_ITERATIONS, memory_kib=memory_kib)
    return perf_counter() - started
