"""The slot of a security key: a FIDO2 authenticator with the hmac-secret extension (FIDO Alliance CTAP 2.1, section 12.5).

The key makes 32 bytes of a salt that the slot keeps and of a secret that never leaves the key; the slot's key-encryption key is
HKDF-SHA-256 of them. The credential is not kept in the key: it goes back to it with each opening, so it takes no place there and
leaves nothing behind. A key that has a PIN makes other bytes for who knows it than for who does not, and the slot holds to one.

Keys are found over USB (CTAPHID), and in readers of smart cards if pyscard is installed. Windows lets only administrators at them.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from os import urandom
from typing import TYPE_CHECKING, Annotated, Any, Final
from unicodedata import normalize

from msgspec import Meta
from msgspec.msgpack import encode

from native_host.errors import KmsError, Unsupported, UserRejected
from native_host.kek.derived import derived_kek
from native_host.kek.provider import Choice, Device, DeviceAbsent, DeviceRefuses, Enrolled, WrongSecret, decode_parameters
from native_host.language import sentence
from native_host.secret import SecretBytes
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from native_host.kek.provider import Ask, Settings
    from native_host.kek.security_key import SecurityKey
    from native_host.kek.symmetric import SymmetricKek

KIND: Final = "fido2"
LABEL: Final = "Security key"
SALT_BYTES: Final = 32
PUBLIC_BYTES: Final = 64
MAX_CREDENTIAL_BYTES: Final = 1023
INFO: Final = b"strongroom fido2 slot v1"
ALL_TRIES: Final = 8
HIDRAW: Final = "/sys/class/hidraw"
FIDO_USAGE_PAGE: Final = b"\x06\xd0\xf1"
PCSC_SOCKET: Final = "/run/pcscd/pcscd.comm"
_MAX_LABEL: Final = 48

_ABSENT: Final = "The security key is not here. Plug it in and try again."
_FORBIDDEN: Final = (
    "A security key is plugged in, and this account may not use it. Let it by a rule of udev (package libfido2-1 or libu2f-udev on"
    " Debian), plug the key in again, and try again."
)
_ADMINISTRATORS: Final = "Windows lets only administrators' programs use a security key in this way. Open your keystore another way."
_NOT_ENROLLED: Final = "This is not the security key that was enrolled. Plug in the one that was."
_NO_PIN: Final = "This security key has no PIN. Set one with your browser or the program of the key's maker, and try again."
_LAST_TITLE: Final = "Last try for the PIN of your security key?"
_LAST_TEXT: Final = (
    "One more wrong PIN locks the key for good: only a reset opens it again, and that erases what it holds. If you are not sure of the"
    " PIN, deny this and open your keystore another way."
)
_TOUCH_TITLE: Final = "Touch your security key"


class Fido2Parameters(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the slot keeps, useless without the key. ``verified``: its secret is the one for who knows the PIN."""

    credential: Annotated[bytes, Meta(min_length=1, max_length=MAX_CREDENTIAL_BYTES)]
    public: Annotated[bytes, Meta(min_length=PUBLIC_BYTES, max_length=PUBLIC_BYTES)]
    salt: Annotated[bytes, Meta(min_length=SALT_BYTES, max_length=SALT_BYTES)]
    verified: bool


class Found(Value, frozen=True, kw_only=True):
    """A key that is plugged in, opened; ``device`` is python-fido2's ``CtapDevice``, for its finder to close."""

    device_id: str
    label: str
    device: Any


class Slots:
    """The provider of slots of security keys."""

    def __init__(self, settings: Settings) -> None:
        return

    def devices(self) -> list[Device]:
        found: list[Device] = []
        with _plugged_in(nullcontext) as keys:
            for one, key in keys:
                if key.keeps_secrets:
                    found.append(Device(device_id=one.device_id, label=one.label, note=_note(key)))
        return found

    def enrol(self, device: Device, choice: Choice, ask: Ask) -> Enrolled:
        """As ``Provider.enrol`` says; the person types the PIN, if the key has one, and touches it twice."""
        if choice not in {Choice(), Choice(pin=True)}:
            raise Unsupported("A security key has no such option.", detail="choice")
        with _plugged_in(ask.waits) as keys:
            key = next((key for one, key in keys if one.device_id == device.device_id), None)
            if key is None:
                raise DeviceAbsent(_ABSENT, detail=KIND)
            if choice.pin and not key.has_pin:
                raise DeviceRefuses(_NO_PIN, detail=KIND)
            with _made_ready(key, ask, verified=key.has_pin, touches="when it blinks, twice") as pin, ask.waits():
                credential = key.make(pin)
                if not key.knows(credential):
                    raise DeviceRefuses("This security key does not know again what it made. Use another one.", detail=KIND)
                salt = urandom(SALT_BYTES)
                with key.secret(credential, salt, pin) as secret:
                    parameters = Fido2Parameters(
                        credential=credential.credential_id, public=credential.public, salt=salt, verified=key.has_pin
                    )
                    return Enrolled(kek=_kek(secret, parameters), parameters=encode(parameters), label=device.label)

    def asks(self, parameters: bytes) -> bool:
        return True

    def is_here(self, parameters: bytes) -> bool:
        """Whether any security key is: which one it is, only opening it tells."""
        return is_plugged_in()

    def open(self, parameters: bytes, ask: Ask) -> SymmetricKek:
        """As ``Provider.open`` says: the key that was enrolled is found among all, and only then is anything asked."""
        from native_host.kek.security_key import Credential

        read = _read(parameters)
        credential = Credential(credential_id=read.credential, public=read.public)
        with _plugged_in(ask.waits) as keys:
            if not keys:
                raise DeviceAbsent(_ABSENT, detail=KIND)
            with ask.waits():
                key = _own(keys, credential)
            with (
                _made_ready(key, ask, verified=read.verified, touches="when it blinks") as pin,
                ask.waits(),
                key.secret(credential, read.salt, pin) as secret,
            ):
                return _kek(secret, read)

    def forget(self, parameters: bytes, ask: Ask) -> None:
        """The key keeps nothing."""


def list_devices() -> list[Found]:
    """Every key that is plugged in and that this account may use, opened; what cannot be opened is left out."""
    found: list[Found] = []
    with suppress(OSError):
        found.extend(_on_usb())
    with suppress(ImportError):
        from fido2.pcsc import CtapPcscDevice

        with suppress(Exception):  # no service of smart cards, or no reader
            found.extend(
                Found(device_id=repr(device), label=_label("on a reader"), device=device) for device in CtapPcscDevice.list_devices()
            )
    return found


def _on_usb() -> Iterator[Found]:
    from fido2 import hid

    library: Any = hid  # it says nothing of its types
    for descriptor in library.list_descriptors():
        with suppress(Exception):  # another program may have it, or it was pulled out just now
            device = library.CtapHidDevice(descriptor, library.open_connection(descriptor))
            yield Found(device_id=os.path.basename(os.fsdecode(descriptor.path)), label=_label(descriptor.product_name), device=device)


def is_plugged_in() -> bool:
    """Whether there may be a security key here; asks no key, and loads nothing. On Linux, by what the kernel read of each HID device."""
    if sys.platform == "win32":
        import ctypes

        return bool(ctypes.windll.shell32.IsUserAnAdmin())
    if sys.platform != "linux":
        return True
    return _hid_is_plugged_in() or (os.path.exists(PCSC_SOCKET) and _has_pyscard())


def _hid_is_plugged_in() -> bool:
    with suppress(OSError):
        for name in os.listdir(HIDRAW):
            with suppress(OSError), open(f"{HIDRAW}/{name}/device/report_descriptor", "rb") as file:
                if FIDO_USAGE_PAGE in file.read(4096):
                    return True
    return False


def _has_pyscard() -> bool:
    from importlib.util import find_spec

    return find_spec("smartcard") is not None


@contextmanager
def _plugged_in(waits: Callable[[], AbstractContextManager[None]]) -> Iterator[list[tuple[Found, SecurityKey]]]:
    """Every key that answers, for a block; ``waits`` around the asking, for one that falls silent is waited for.

    Raises:
        DeviceRefuses: one is plugged in, and this account may not use it.
    """
    from native_host.kek.security_key import SecurityKey

    with ExitStack() as opened:
        keys: list[tuple[Found, SecurityKey]] = []
        with waits():
            listed = list_devices()
            for found in listed:
                opened.callback(_close, found)
            for found in listed:
                with suppress(KmsError):
                    keys.append((found, SecurityKey(found.device)))
        if not listed:
            _explain()
        yield keys


def _explain() -> None:
    """Raise ``DeviceRefuses`` if there is a reason why no key is found other than that none is plugged in."""
    if sys.platform == "win32" and not is_plugged_in():
        raise DeviceRefuses(_ADMINISTRATORS, detail=KIND)
    if sys.platform == "linux" and _hid_is_plugged_in():
        raise DeviceRefuses(_FORBIDDEN, detail=KIND)


def _close(found: Found) -> None:
    with suppress(Exception):  # it is gone
        found.device.close()


def _own(keys: list[tuple[Found, SecurityKey]], credential: Any) -> SecurityKey:
    """The key that the credential is of; one that fails is passed over, unless it was pulled out and there is no other."""
    gone: DeviceAbsent | None = None
    for _, key in keys:
        try:
            if key.knows(credential):
                return key
        except DeviceAbsent as error:
            gone = error
        except KmsError:
            continue
    raise gone or DeviceRefuses(_NOT_ENROLLED, detail=KIND)


@contextmanager
def _made_ready(key: SecurityKey, ask: Ask, *, verified: bool, touches: str) -> Iterator[SecretBytes | None]:
    """The PIN, where it is needed, and the person ready to touch the key: the window for the one announces the other."""
    if not verified:
        ask.make_ready(_TOUCH_TITLE, sentence("Continue, and touch the key {touches}.", touches=sentence(touches)))
        yield None
        return
    with ask.waits():
        tries = key.tries()
    if tries == 1:
        ask.make_ready(_LAST_TITLE, _LAST_TEXT)
    left = "1 try is left until the key locks itself." if tries == 1 else "{tries} tries are left until the key locks itself."
    hint = None if tries >= ALL_TRIES else sentence(left, tries=tries)
    title = sentence("Type the PIN of your security key, then touch it {touches}", touches=sentence(touches))
    with ask.secret("pin", title, hint) as typed, _pin_of(typed, tries) as pin:
        yield pin


def _pin_of(typed: SecretBytes, tries: int) -> SecretBytes:
    """The PIN as CTAP 2.1 section 6.5.1 has it; one that no key can have costs none of its tries."""
    from native_host.kek.security_key import MAX_PIN_BYTES, MIN_PIN_CHARACTERS

    if not len(typed):
        raise UserRejected
    try:
        text = normalize("NFC", str(typed.buffer, "utf-8"))
    except UnicodeDecodeError:
        text = ""
    pin = SecretBytes(text.encode())
    if len(text) < MIN_PIN_CHARACTERS or len(pin) > MAX_PIN_BYTES:
        pin.wipe()
        raise WrongSecret("A PIN of a security key has four characters or more.", tries_left=tries)
    return pin


def _kek(secret: SecretBytes, parameters: Fido2Parameters) -> SymmetricKek:
    return derived_kek(secret.buffer, salt=parameters.salt, info=INFO)


def _read(parameters: bytes) -> Fido2Parameters:
    return decode_parameters(parameters, Fido2Parameters)


def _note(key: SecurityKey) -> str:
    if not key.has_pin:
        return "It has no PIN: who has the key and the files opens the keystore."
    try:
        tries = key.tries()
    except KmsError as error:
        return str(error)
    return "" if tries >= ALL_TRIES else f"PIN tries left: {tries}."


def _label(product: str | None) -> str:
    """What the person reads in a list: the maker's name for it, as far as it can be printed."""
    name = "".join(character for character in product or "" if character.isprintable()).strip()[:_MAX_LABEL]
    return f"{LABEL} {name}".strip()
