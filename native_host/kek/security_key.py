"""What a security key is asked for: a credential, whether it is its own, and the secret that it keeps for it.

Implements: the client's side of FIDO Alliance CTAP 2.1 (2021-06-15), sections 6.1 authenticatorMakeCredential, 6.2
authenticatorGetAssertion, 6.5 authenticatorClientPIN and 12.5 hmac-secret, through python-fido2, the reference client.

A key is a stranger until it has signed with the credential that was made at its enrolment: only then is its PIN asked for. What it
answers may break the library anywhere, or not come at all; either way it becomes a refusal of one key.
"""

from __future__ import annotations

from contextlib import contextmanager
from os import urandom
from typing import TYPE_CHECKING, Any, Final, TypeVar

from fido2.cose import ES256
from fido2.ctap import CtapError
from fido2.ctap2.base import Ctap2
from fido2.ctap2.extensions import HmacSecretExtension
from fido2.ctap2.pin import ClientPin
from fido2.webauthn import PublicKeyCredentialRequestOptions

from native_host.errors import KmsError, UserRejected
from native_host.kek.provider import DeviceAbsent, DeviceRefuses, WrongSecret
from native_host.secret import SecretBytes
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from threading import Event

    from fido2.ctap import CtapDevice
    from fido2.ctap2.base import AssertionResponse

T = TypeVar("T")

KIND: Final = "fido2"
RP_ID: Final = "strongroom:keystore"
"""No web page can ask for this: a colon is in no domain name, and a browser takes only domain names (WebAuthn section 5.1.2)."""

SECRET_BYTES: Final = 32
COORDINATE_BYTES: Final = 32
MIN_PIN_CHARACTERS: Final = 4
MAX_PIN_BYTES: Final = 63
ANSWER_SECONDS: Final = 60.0
"""Longer than any key waits for a touch: it is the one that gives up."""
GRACE_SECONDS: Final = 5.0

_ERR = CtapError.ERR
_NOT_THIS: Final = "This is not the security key that was enrolled. Plug in the one that was."
_BLOCKED_NOW: Final = "Too many wrong PINs: the security key takes no more for now. Unplug it, plug it in again, and try again."
_BLOCKED: Final = (
    "The security key has locked itself after too many wrong PINs. Only a reset opens it again, and that erases what it holds."
    " Open your keystore another way."
)
_NOT_TOUCHED: Final = "The security key was not touched in time. Try again, and touch it when it blinks."
_GONE: Final = "The security key does not answer any more. Plug it in again, and leave it there until it is done."
_RUBBISH: Final = (
    "The security key answered with something that no security key says. Plug it in again; if that does not help, use another one."
)
_REFUSALS: Final[Mapping[int, str]] = {
    _ERR.NO_CREDENTIALS: _NOT_THIS,
    _ERR.INVALID_CREDENTIAL: _NOT_THIS,
    _ERR.USER_ACTION_TIMEOUT: _NOT_TOUCHED,
    _ERR.ACTION_TIMEOUT: _NOT_TOUCHED,
    _ERR.KEEPALIVE_CANCEL: _NOT_TOUCHED,
    _ERR.TIMEOUT: _NOT_TOUCHED,
    _ERR.PIN_BLOCKED: _BLOCKED,
    _ERR.PIN_AUTH_BLOCKED: _BLOCKED_NOW,
    _ERR.PIN_POLICY_VIOLATION: "The security key wants a new PIN first. Set it with your browser or the program of the key's maker.",
    _ERR.PUAT_REQUIRED: "The security key wants its PIN for everything since it was enrolled. Remove this way in, and add the key again.",
}


class Credential(Value, frozen=True, kw_only=True):
    """What a key made: ``credential_id`` is for it alone to read, ``public`` the point x ‖ y on P-256 that proves it again."""

    credential_id: bytes
    public: bytes


class SecurityKey:
    """A key that is plugged in. Every method raises ``DeviceAbsent``, ``DeviceRefuses`` and, for a no at the key, ``UserRejected``."""

    def __init__(self, device: CtapDevice) -> None:
        with _answers():
            self._ctap = exchange(lambda _: Ctap2(device))

    @property
    def has_pin(self) -> bool:
        """Whether a PIN is set; the key then tells what it was told to keep for those who know it from what it keeps for all."""
        return self._ctap.info.options.get("clientPin") is True

    @property
    def keeps_secrets(self) -> bool:
        """Whether it has hmac-secret at all."""
        return "hmac-secret" in self._ctap.info.extensions

    def tries(self) -> int:
        """How many wrong PINs are left until it locks itself for good.

        Raises:
            DeviceRefuses: it takes none now.
        """
        with _answers():
            left, after_replugging = exchange(lambda _: ClientPin(self._ctap).get_pin_retries())
            if left < 1:
                raise DeviceRefuses(_BLOCKED, detail=KIND)
            if after_replugging:
                raise DeviceRefuses(_BLOCKED_NOW, detail=KIND)
        return left

    def make(self, pin: SecretBytes | None) -> Credential:
        """A new credential, not kept in the key, that hmac-secret answers for; the person touches the key."""
        challenge = urandom(32)
        with _answers():
            proof = self._proof(pin, challenge, ClientPin.PERMISSION.MAKE_CREDENTIAL)
            made = exchange(
                lambda cancel: self._ctap.make_credential(
                    challenge,
                    {"id": RP_ID, "name": "Strongroom"},
                    {"id": urandom(16), "name": "keystore"},
                    [{"type": "public-key", "alg": ES256.ALGORITHM}],
                    extensions={HmacSecretExtension.NAME: True},
                    event=cancel,
                    **proof,
                )
            )
            data = made.auth_data.credential_data
            if data is None or (made.auth_data.extensions or {}).get(HmacSecretExtension.NAME) is not True:
                raise DeviceRefuses("This security key does not keep secrets (hmac-secret). Use another one.", detail=KIND)
            return Credential(credential_id=data.credential_id, public=data.public_key[-2] + data.public_key[-3])

    def knows(self, credential: Credential) -> bool:
        """Whether the credential is this key's own: it signs with it, without anybody's touch."""
        with _answers():
            try:
                self._assert(credential, {"options": {"up": False}})
            except CtapError as error:
                if error.code in {_ERR.NO_CREDENTIALS, _ERR.INVALID_CREDENTIAL}:
                    return False
                raise
        return True

    def secret(self, credential: Credential, salt: bytes, pin: SecretBytes | None) -> SecretBytes:
        """The 32 bytes that the key makes of ``salt`` (32 bytes) and the credential; they are others with the PIN than without."""
        with _answers():
            wanted = PublicKeyCredentialRequestOptions(challenge=b"", rp_id=RP_ID, extensions={"hmacGetSecret": {"salt1": salt}})
            maker: Any = HmacSecretExtension
            protocol = ClientPin(self._ctap).protocol
            extension = exchange(lambda _: maker(allow_hmac_secret=True).get_assertion(self._ctap, wanted, protocol))
            if extension is None:
                raise DeviceRefuses(_RUBBISH, detail=KIND)
            response = self._assert(credential, {"extensions": extension.prepare_inputs(None, None)}, pin)
            if response.auth_data.is_user_verified() is not (pin is not None):
                raise DeviceRefuses(_RUBBISH, detail=KIND)
            found = (extension.prepare_outputs(response, None) or {})["hmacGetSecret"].output1
            if len(found) != SECRET_BYTES:
                raise DeviceRefuses(_RUBBISH, detail=KIND)
            return SecretBytes(found)

    def _assert(self, credential: Credential, asked: dict[str, Any], pin: SecretBytes | None = None) -> AssertionResponse:
        """An assertion whose signature is the credential's."""
        challenge = urandom(32)
        allowed: list[Mapping[str, Any]] = [{"type": "public-key", "id": credential.credential_id}]
        proof = self._proof(pin, challenge, ClientPin.PERMISSION.GET_ASSERTION)
        response = exchange(lambda cancel: self._ctap.get_assertion(RP_ID, challenge, allowed, event=cancel, **asked, **proof))
        x, y = credential.public[:COORDINATE_BYTES], credential.public[COORDINATE_BYTES:]
        response.verify(challenge, ES256({1: 2, 3: ES256.ALGORITHM, -1: 1, -2: x, -3: y}))
        return response

    def _proof(self, pin: SecretBytes | None, challenge: bytes, permission: ClientPin.PERMISSION) -> dict[str, Any]:
        """What shows that the PIN was typed; a token serves one request, and must be used soon.

        The library takes the PIN as ``str``, which cannot be wiped.
        """
        if pin is None:
            return {}
        client = ClientPin(self._ctap)
        try:
            token = exchange(lambda _: client.get_pin_token(str(pin.buffer, "utf-8"), permission, RP_ID))
        except CtapError as error:
            if error.code != _ERR.PIN_INVALID:
                raise
            left = self.tries()
            raise WrongSecret(f"That is not the PIN of the security key. Tries left: {left}.", tries_left=left) from None
        return {"pin_uv_param": client.protocol.authenticate(token, challenge), "pin_uv_protocol": client.protocol.VERSION}


@contextmanager
def _answers() -> Iterator[None]:
    """Make a refusal of whatever goes wrong with a key."""
    try:
        yield
    except KmsError:
        raise
    except CtapError as error:
        if error.code in {_ERR.OPERATION_DENIED, _ERR.NOT_ALLOWED}:
            raise UserRejected from None
        text = _REFUSALS.get(error.code, f"The security key refused (CTAP error {int(error.code):#04x}). Plug it in again, and try again.")
        raise DeviceRefuses(text, detail=KIND) from None
    except OSError:
        raise DeviceAbsent(_GONE, detail=KIND) from None
    except Exception:  # noqa: BLE001  # the library takes an honest key for granted: any kind of error may come of another
        raise DeviceRefuses(_RUBBISH, detail=KIND) from None


def exchange(work: Callable[[Event], T]) -> T:
    """Do ``work`` on a thread of its own, so that a key that falls silent holds nobody up; its event says that it is to end.

    Raises:
        DeviceAbsent: nothing came back.
    """
    from _queue import Empty, SimpleQueue
    from _thread import start_new_thread
    from threading import Event

    results: SimpleQueue[tuple[T] | BaseException] = SimpleQueue()
    cancel = Event()

    def run() -> None:
        try:
            results.put((work(cancel),))
        except BaseException as error:  # noqa: BLE001  # raised again by who waits for it
            results.put(error)

    start_new_thread(run, ())
    for seconds in (ANSWER_SECONDS, GRACE_SECONDS):
        try:
            result = results.get(timeout=seconds)
        except Empty:
            cancel.set()
            continue
        if isinstance(result, BaseException):
            raise result
        return result[0]
    raise DeviceAbsent(_GONE, detail=KIND)
