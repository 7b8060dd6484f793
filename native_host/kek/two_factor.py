"""The slot of two factors: a passphrase and a device, each of which is useless without the other.

The passphrase's key (Argon2id, RFC 9106) wraps the root key, and the device's key wraps that. Without the device there is nothing
to try a passphrase on, however weak it is; what the device alone gives back is still encrypted. The device is asked first and let go
at once, and the passphrase afterwards, three times if need be: a wrong passphrase never costs a try of the device's PIN, and no key
waits to be touched while somebody types.
"""

from __future__ import annotations

from contextlib import suppress
from os import urandom
from typing import TYPE_CHECKING, Annotated, Final, Self

from msgspec import Meta
from msgspec.msgpack import encode
from msgspec.structs import replace

from native_host import sodium
from native_host.errors import BackendUnavailable, CannotUnseal, KmsError, Unsupported, UserRejected
from native_host.kek import passphrase
from native_host.kek.kinds import KINDS, provider_of
from native_host.kek.provider import MAX_WRAPPED_BYTES, Choice, Device, DeviceAbsent, Enrolled, WrongSecret, decode_parameters
from native_host.kek.symmetric import SymmetricKek
from native_host.secret import SecretBytes
from native_host.value import Value

if TYPE_CHECKING:
    from types import TracebackType

    from native_host.kek.provider import Ask, Kek, Provider, Settings

KIND: Final = "two_factor"
TRIES: Final = 3
TITLE: Final = "Type the passphrase of your keystore"
NEW_TITLE: Final = "Choose a passphrase, which is needed besides the device"
REPEAT: Final = "That is not the passphrase that belongs to this device. Tries left: {left}."
MAX_DEVICE_BYTES: Final = 16 * 1024


class TwoFactorParameters(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``kind`` and ``device``: the device's provider, and the parameters that it reads; ``argon2``: the passphrase's."""

    kind: Annotated[str, Meta(max_length=32)]
    device: Annotated[bytes, Meta(max_length=MAX_DEVICE_BYTES)]
    argon2: passphrase.Argon2Parameters


class TwoFactorKek:
    """The device's key around the passphrase's. Without ``inner``, ``unwrap`` asks for the passphrase, once the device has done its part."""

    def __init__(self, outer: Kek, inner: SymmetricKek | None, argon2: passphrase.Argon2Parameters, ask: Ask) -> None:
        self._outer, self._inner, self._argon2, self._ask = outer, inner, argon2, ask

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self._outer.__exit__(kind, error, trace)
        finally:
            if self._inner is not None:
                self._inner.__exit__(kind, error, trace)

    def wrap(self, plaintext: SecretBytes, *, aad: bytes) -> bytes:
        """As ``Kek.wrap`` says, for at most 72 bytes; only for a key that was enrolled just now, or has unwrapped."""
        if self._inner is None or len(plaintext) + sodium.NONCE_BYTES + sodium.TAG_BYTES > MAX_WRAPPED_BYTES:
            raise ValueError("this key wraps at most 72 bytes, once both its parts are known")
        with SecretBytes(self._inner.wrap(plaintext, aad=aad)) as wrapped:
            return self._outer.wrap(wrapped, aad=aad)

    def unwrap(self, wrapped: bytes, *, aad: bytes) -> SecretBytes:
        """As ``Kek.unwrap`` says.

        Raises:
            WrongSecret: three wrong passphrases. UserRejected: none.
        """
        with self._outer.unwrap(wrapped, aad=aad) as inside:
            held = bytes(inside.buffer)
        if self._inner is not None:
            return self._inner.unwrap(held, aad=aad)
        return self._unwrap_asking(held, aad)

    def _unwrap_asking(self, held: bytes, aad: bytes) -> SecretBytes:
        hint: str | None = None
        for tried in range(1, TRIES + 1):
            with self._ask.secret("unlock", TITLE, hint) as typed:
                if not len(typed):
                    raise UserRejected
                with self._ask.waits():
                    inner = _inner_kek(typed, self._argon2)
            try:
                plaintext = inner.unwrap(held, aad=aad)
            except CannotUnseal:
                inner.__exit__(None, None, None)
                hint = REPEAT.format(left=TRIES - tried)
            else:
                self._inner = inner  # wraps another root key, if that is why it was opened
                return plaintext
        raise WrongSecret(tries_left=0)


class Slots:
    """The provider of slots of two factors."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def devices(self) -> list[Device]:
        """The devices of every kind that is one, strongest first; ``device_id`` says the kind first."""
        found: list[Device] = []
        for kind in _device_kinds():
            with suppress(BackendUnavailable, Unsupported):
                found.extend(replace(device, device_id=f"{kind}:{device.device_id}") for device in self._provider(kind).devices())
        return found

    def enrol(self, device: Device, choice: Choice, ask: Ask) -> Enrolled:
        """As ``Provider.enrol`` says, with ``choice`` for the device. The passphrase first: a no to it leaves nothing in the device."""
        kind, _, device_id = device.device_id.partition(":")
        if kind not in _device_kinds():
            raise DeviceAbsent("There is no such device here now. Connect it and try again.", detail=KIND)
        inner, argon2 = self._new_passphrase(ask)
        try:
            outer = self._provider(kind).enrol(replace(device, device_id=device_id), choice, ask)
        except BaseException:
            inner.__exit__(None, None, None)
            raise
        return _enrolled(outer.kek, inner, TwoFactorParameters(kind=kind, device=outer.parameters, argon2=argon2), outer.label, ask)

    def enrol_again(self, parameters: bytes, ask: Ask) -> Enrolled:
        """A slot with another passphrase and the same device in the place of this one."""
        read = read_parameters(parameters)
        inner, argon2 = self._new_passphrase(ask)
        try:
            outer = self._provider(read.kind).open(read.device, ask)
        except BaseException:
            inner.__exit__(None, None, None)
            raise
        return _enrolled(outer, inner, TwoFactorParameters(kind=read.kind, device=read.device, argon2=argon2), KINDS[read.kind].name, ask)

    def asks(self, parameters: bytes) -> bool:
        return True

    def is_here(self, parameters: bytes) -> bool:
        """Whether the device is."""
        try:
            read = read_parameters(parameters)
            return self._provider(read.kind).is_here(read.device)
        except KmsError:
            return False

    def open(self, parameters: bytes, ask: Ask) -> TwoFactorKek:
        """The device's part; the passphrase is asked for by ``unwrap``, which has what it can be tried on."""
        read = read_parameters(parameters)
        return TwoFactorKek(self._provider(read.kind).open(read.device, ask), None, read.argon2, ask)

    def forget(self, parameters: bytes, ask: Ask) -> None:
        """The device's part is taken back."""
        read = read_parameters(parameters)
        self._provider(read.kind).forget(read.device, ask)

    def _provider(self, kind: str) -> Provider:
        return provider_of(kind, self._settings)

    def _new_passphrase(self, ask: Ask) -> tuple[SymmetricKek, passphrase.Argon2Parameters]:
        with ask.secret("newPassphrase", NEW_TITLE) as chosen:
            if not len(chosen):
                raise UserRejected
            with ask.waits():
                argon2 = passphrase.measured_parameters(urandom(sodium.SALT_BYTES), seconds=self._settings.kdf_seconds)
                return _inner_kek(chosen, argon2), argon2


def read_parameters(parameters: bytes) -> TwoFactorParameters:
    """What a slot says; raises ``CannotUnseal`` if it is not within the bounds, or names a kind that is no device."""
    read = decode_parameters(parameters, TwoFactorParameters)
    if read.kind not in _device_kinds():
        raise CannotUnseal
    return read


def _device_kinds() -> list[str]:
    return [row.kind for row in sorted(KINDS.values(), key=lambda row: -row.rank) if row.device and row.kind != KIND]


def _inner_kek(typed: SecretBytes, argon2: passphrase.Argon2Parameters) -> SymmetricKek:
    try:
        return SymmetricKek(passphrase.derive_kek(typed, argon2))
    except MemoryError:
        raise BackendUnavailable("This computer has too little free memory for this passphrase.", detail="memory") from None


def _enrolled(outer: Kek, inner: SymmetricKek, parameters: TwoFactorParameters, device: str, ask: Ask) -> Enrolled:
    kek = TwoFactorKek(outer, inner, parameters.argon2, ask)
    return Enrolled(kek=kek, parameters=encode(parameters), label=f"Passphrase and {device}")
