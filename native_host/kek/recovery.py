"""The recovery slot: a code of 128 random bits, written on paper, that opens the store by itself on any computer.

The code is shown once and typed back before the slot is made, so that a slip of the pen is found then and not on the day it is
needed. Its key comes from HKDF-SHA-256 (RFC 5869): 128 random bits cannot be guessed, and a slow derivation would add nothing.
"""

from __future__ import annotations

from os import urandom
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta
from msgspec.msgpack import encode

from native_host.encodings import recovery_code
from native_host.errors import Unsupported, UserRejected
from native_host.kek.derived import derived_kek
from native_host.kek.provider import Choice, Device, Enrolled, WrongSecret, decode_parameters
from native_host.secret import SecretBytes
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.kek.provider import Ask, Settings
    from native_host.kek.symmetric import SymmetricKek

KIND = "recovery"
LABEL = "Recovery code"
SALT_BYTES = 16
TRIES = 3
INFO = b"strongroom recovery slot v1"
NOT_THE_SAME = "This is not the code that was shown. Compare it with what you wrote down."
NO_CODE = "This is not a recovery code: a character is wrong, missing or one too many. Compare it with what you wrote down."


class RecoveryParameters(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the slot keeps: nothing of the code."""

    salt: Annotated[bytes, Meta(min_length=SALT_BYTES, max_length=SALT_BYTES)]


class Slots:
    """The provider of recovery slots."""

    def __init__(self, settings: Settings) -> None:
        return

    def devices(self) -> list[Device]:
        return [Device(device_id=KIND, label=LABEL, note="Have paper and a pen at hand.")]

    def enrol(self, device: Device, choice: Choice, ask: Ask) -> Enrolled:
        """Show a new code and have it typed back. Raises ``UserRejected`` if that fails three times."""
        if choice != Choice():
            raise Unsupported("A recovery code has no options.", detail="choice")
        parameters = RecoveryParameters(salt=urandom(SALT_BYTES))
        with SecretBytes(urandom(recovery_code.CODE_BYTES)) as code:
            with recovery_code.text_of(code) as text:
                ask.show("recoveryCode", "Write down your recovery code", text)
            _typed_back(code, ask)
            return Enrolled(kek=_kek(code, parameters), parameters=encode(parameters), label=LABEL)

    def asks(self, parameters: bytes) -> bool:
        return True

    def is_here(self, parameters: bytes) -> bool:
        return True

    def open(self, parameters: bytes, ask: Ask) -> SymmetricKek:
        """As ``Provider.open`` says; what cannot be a code is told at once."""
        read = _read(parameters)
        with ask.secret("recoveryCode", "Type your recovery code") as typed:
            try:
                code = recovery_code.code_of(typed)
            except recovery_code.NoRecoveryCode:
                raise WrongSecret(NO_CODE) from None
        with code:
            return _kek(code, read)

    def forget(self, parameters: bytes, ask: Ask) -> None:
        return


def _kek(code: SecretBytes, parameters: RecoveryParameters) -> SymmetricKek:
    return derived_kek(code.buffer, salt=parameters.salt, info=INFO)


def _read(parameters: bytes) -> RecoveryParameters:
    return decode_parameters(parameters, RecoveryParameters)


def _typed_back(code: SecretBytes, ask: Ask) -> None:
    hint: str | None = None
    for _ in range(TRIES):
        with ask.secret("recoveryCode", "Type your recovery code back, to be sure that it is written down", hint) as typed:
            try:
                with recovery_code.code_of(typed) as back:
                    if back == code:
                        return
                hint = NOT_THE_SAME
            except recovery_code.NoRecoveryCode:
                hint = NO_CODE
    raise UserRejected
