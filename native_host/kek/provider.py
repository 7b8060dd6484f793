"""What a slot's provider is: where a key-encryption key comes from, or lives, and what it may ask of a person.

A *provider* stands for one kind of slot. It finds devices, enrols one, and opens it again from the slot's parameters, which
it alone reads. What it opens is a ``Kek``: a key that wraps and unwraps the store's root key, in our memory or in the device.
A provider imports what it needs when it is used, asks the person only through the ``Ask`` that it is handed, and keeps
nothing between calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from msgspec import MsgspecError
from msgspec.msgpack import decode

from native_host.config import Pkcs11Config, TpmConfig
from native_host.errors import BackendUnavailable, CannotUnseal, Unsupported
from native_host.secret import SecretBytes
from native_host.value import Value

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType

    from native_host.protocol.approver import SecretPurpose

Parameters = TypeVar("Parameters")

MAX_WRAPPED_BYTES = 112
"""The longest plaintext that a ``Kek`` is given: a root key of 32 bytes that another one has wrapped, and some room."""


class WrongSecret(CannotUnseal):
    """The device refused what was typed, or the person at it. ``tries_left`` is what the device says that it has left."""

    def __init__(self, message: str | None = None, *, tries_left: int | None = None) -> None:
        super().__init__(message)
        self.tries_left = tries_left


class DeviceAbsent(BackendUnavailable):
    """The device is not here, or does not answer. ``detail`` is the slot's kind; the message says what to do."""


class DeviceRefuses(BackendUnavailable):
    """The device is here and will not: locked out, without what it was enrolled with, or in a state that its policy forbids."""


class Settings(Value, frozen=True, kw_only=True):
    """What providers work with: the configuration of devices, and how long opening a new passphrase slot should take."""

    tpm: TpmConfig = TpmConfig()
    pkcs11: Pkcs11Config = Pkcs11Config()
    kdf_seconds: float = 0.5


class Device(Value, frozen=True, kw_only=True):
    """A device that could hold a slot, as it is here now. ``device_id`` names it to the person's program; ``note`` is what they should know
    of it first: tries left, a missing PIN. ``suggested``: a new keystore may be offered it by itself."""

    device_id: str
    label: str
    note: str = ""
    suggested: bool = True


class Choice(Value, frozen=True, kw_only=True):
    """What a person chose when they enrolled a device; a provider refuses with ``Unsupported`` what it does not have.

    ``pin``: the device asks for a PIN. ``pcrs``: the TPM's platform configuration registers that must read as they do now.
    ``method``: how a token protects the root key: ``encrypt``, ``wrap`` or ``agree``; ``mechanism``: by which algorithm of JOSE's names.
    """

    pin: bool = False
    pcrs: tuple[int, ...] = ()
    method: str | None = None
    mechanism: str | None = None


def refuse_choice(choice: Choice, *known: str) -> None:
    """Raise ``Unsupported`` for what a kind of slot does not let anybody choose; ``known`` are the members that it does."""
    for name in Choice.__struct_fields__:
        if name not in known and getattr(choice, name) != getattr(Choice(), name):
            raise Unsupported(f"A slot of this kind has no choice of {name}.", detail=name)


def decode_parameters(parameters: bytes, kind: type[Parameters]) -> Parameters:
    """What a slot's row says to its provider, as its type bounds it.

    Raises:
        CannotUnseal: whatever else it is. Of bytes that somebody else wrote msgspec makes more than its own errors.
    """
    try:
        return decode(parameters, type=kind)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise CannotUnseal from None


class Ask(Protocol):
    """What a provider may ask of the person. Each raises ``UserRejected`` for a no and ``Cancelled`` when the call was withdrawn."""

    def secret(self, purpose: SecretPurpose, title: str, hint: str | None = None) -> SecretBytes:
        """Something that is typed; UTF-8. May be empty."""

    def show(self, purpose: SecretPurpose, title: str, secret: SecretBytes) -> None:
        """Show a secret, UTF-8, until the person says that they have written it down."""

    def make_ready(self, title: str, text: str) -> None:
        """Have the person make a device ready: to plug it in, or to touch it once they have said yes."""

    def waits(self) -> AbstractContextManager[None]:
        """Around everything that takes longer than a few milliseconds and asks nobody: other calls go on meanwhile."""


class Kek(Protocol):
    """A key-encryption key ready for use. Close it, or use it in a ``with`` block; it is wiped then."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def wrap(self, plaintext: SecretBytes, *, aad: bytes) -> bytes:
        """At most ``MAX_WRAPPED_BYTES`` bytes, encrypted and bound to ``aad``."""

    def unwrap(self, wrapped: bytes, *, aad: bytes) -> SecretBytes:
        """What ``wrap`` wrapped.

        Raises:
            CannotUnseal: another key, another ``aad`` or changed bytes. ``DeviceAbsent``, ``DeviceRefuses`` for a key in a device.
        """


class Enrolled(Value, frozen=True, kw_only=True):
    """A new slot's key, with what opens it again. ``label`` is what the person reads in a list."""

    kek: Kek
    parameters: bytes
    label: str


class Provider(Protocol):
    """One kind of slot. Every method may raise ``DeviceAbsent``, ``DeviceRefuses``, and what ``Ask`` raises."""

    def devices(self) -> list[Device]:
        """What could hold a slot here and now, best first; asks nobody, changes nothing. Empty where this machine has no such part."""

    def enrol(self, device: Device, choice: Choice, ask: Ask) -> Enrolled:
        """Make a key at the device, or take one from it, for a new slot. Raises ``Unsupported`` for a choice that it does not have."""

    def asks(self, parameters: bytes) -> bool:
        """Whether opening needs the person: to type, or to touch. ``False``: any program of this account can open it here."""

    def is_here(self, parameters: bytes) -> bool:
        """Whether what the slot needs is here now; cheap, asks nobody, raises nothing."""

    def open(self, parameters: bytes, ask: Ask) -> Kek:
        """The slot's key. Raises ``WrongSecret`` if the device itself can tell; otherwise ``Kek.unwrap`` finds out."""

    def forget(self, parameters: bytes, ask: Ask) -> None:
        """Take back what the device keeps for the slot, which is removed; what is gone already is no error."""
