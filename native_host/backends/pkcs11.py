"""Keys in PKCS#11 tokens: the tokens that are here, who is logged in to them, and the references by which records know their keys.

The module runs in a process of its own (``native_host.tokens``). Whatever comes from there is a stranger's word: it is decoded into a
bounded shape here, and what is computed with a key is checked in ``token_suites`` before anybody gets it.

A PIN is asked for once in a process, by a slot of the keystore or for a key, and again after a lock. ``is_ready`` is what is
remembered of that; it can be out of date, as a token can be taken out at any time, and then the next use says so and the one after
it asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, MsgspecError, convert
from msgspec.msgpack import Decoder, Encoder

from native_host.errors import CannotUnseal, InvalidParams
from native_host.suites.kinds import CannotDecrypt
from native_host.tokens import client, modules
from native_host.tokens.errors import MechanismMissing, ModuleBroken, NotLoggedIn, TokenAbsent, TokenError, TokenRefuses
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from native_host.config import Pkcs11Config
    from native_host.secret import SecretBytes
    from native_host.tokens.client import TokenInfo, TokenWorker

USE_SECONDS = 20.0
"""How long one use of a key may take, a touch of the token included: the store's transaction is open meanwhile."""
MAKE_SECONDS = 180.0
"""A smart card makes an RSA key in a minute or two."""
DETAIL = "token"
KEY_ID_BYTES = 16

Kind = Literal["RSA", "EC", "OKP", "oct"]
Bytes = Annotated[bytes, Meta(max_length=1024)]

MECHANISMS = {
    "sign_ecdsa": "CKM_ECDSA",
    "sign_eddsa": "CKM_EDDSA",
    "sign_pkcs1": "CKM_RSA_PKCS",
    "sign_pss": "CKM_RSA_PKCS_PSS",
    "decrypt_oaep": "CKM_RSA_PKCS_OAEP",
    "agree": "CKM_ECDH1_DERIVE",
    "encrypt_gcm": "CKM_AES_GCM",
    "decrypt_gcm": "CKM_AES_GCM",
    "wrap": "CKM_AES_KEY_WRAP",
    "unwrap": "CKM_AES_KEY_WRAP",
}
MAKERS: dict[str, str] = {
    "RSA": "CKM_RSA_PKCS_KEY_PAIR_GEN",
    "EC": "CKM_EC_KEY_PAIR_GEN",
    "OKP": "CKM_EC_EDWARDS_KEY_PAIR_GEN",
    "oct": "CKM_AES_KEY_GEN",
}
_SAID = {
    "NoSuchKey": "The token does not hold this key any more.",
    "MultipleObjectsReturned": "The token holds two keys under one id, and which of them is meant cannot be told.",
    "TemplateInconsistent": "The token would not keep the key to itself, so none was made in it.",
    "TokenWriteProtected": "The token is write-protected.",
    "SessionReadOnly": "The token is write-protected.",
}


class Reference(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a key is: its token by serial number (hex) and manufacturer, and the key in it by CKA_ID and kind."""

    serial: Annotated[str, Meta(max_length=32)]
    manufacturer: Annotated[str, Meta(max_length=64)]
    key_id: Annotated[bytes, Meta(min_length=1, max_length=128)]
    kind: Kind


class Described(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key as its token describes it. ``stays``: it is sensitive and not extractable; ``always``: it wants the PIN at each use."""

    kind: Kind
    id: Annotated[bytes, Meta(max_length=128)]
    label: Annotated[str, Meta(max_length=256)]
    flags: Annotated[list[Annotated[str, Meta(max_length=16)]], Meta(max_length=8)]
    stays: bool
    always: bool
    params: Bytes
    point: Bytes
    modulus: Bytes
    exponent: Bytes
    size: Annotated[int, Meta(ge=0, le=1024)]


_encode = Encoder().encode
_decode = Decoder(Reference).decode


def encode_reference(reference: Reference) -> bytearray:
    """What stands in a record in a secret's place."""
    return bytearray(_encode(reference))


def decode_reference(sealed: bytes | bytearray | memoryview) -> Reference:
    """Raises ``CannotUnseal`` for what is no reference."""
    try:
        return _decode(sealed)
    except MsgspecError:
        raise CannotUnseal from None


class Tokens:
    """The tokens of the modules on the administrator's list. Used with the house lock held, or by one thread."""

    def __init__(self, config: Pkcs11Config) -> None:
        self._config = config
        self._ready: dict[tuple[str, str], TokenWorker] = {}

    def are_configured(self) -> bool:
        """Whether an administrator has listed a module; raises ``ModulesRefused``."""
        return bool(modules.allowed(self._config))

    def begin(self) -> None:
        """Have the modules' processes started meanwhile: a token is asked for soon."""
        client.begin(self._config)

    def present(self) -> list[TokenInfo]:
        """Every token that is here; raises ``ModulesRefused``, and ``ModuleBroken`` if no module answers."""
        found: list[TokenInfo] = []
        failure: TokenError | None = None
        for module in modules.allowed(self._config):
            try:
                found.extend(client.worker_of(module).tokens())
            except TokenError as error:
                failure = error
        if failure is not None and not found:
            raise failure
        return found

    def choose(self, wanted: str | None) -> TokenInfo:
        """The token of that label or serial number, or the only one.

        Raises:
            TokenAbsent: there is none.
            InvalidParams: there are several, and none, or more than one of them, was named.
        """
        found = [token for token in self.present() if wanted is None or wanted in {token.label, token.serial, serial_text(token)}]
        if not found:
            raise of_token(TokenAbsent("There is no such token here. Connect it and try again." if wanted else None))
        if len(found) > 1:
            raise InvalidParams("There is more than one token here. Name one by its serial number.", path="token")
        return found[0]

    def find(self, reference: Reference) -> TokenInfo:
        """The token that holds a key, as it is now; raises ``TokenAbsent``, ``ModuleBroken``."""
        return self._found(reference.serial, reference.manufacturer)[1]

    def key_storage(self, token: TokenInfo) -> str | None:
        """What the administrator says that the keys of this token's module resist."""
        storage: str | None = self._found(token.serial, token.manufacturer)[0].module.key_storage
        return storage

    def is_ready(self, reference: Reference) -> bool:
        """Whether the token was logged in to, as far as is known here."""
        return (reference.serial, reference.manufacturer) in self._ready

    def log_in(self, token: TokenInfo, pin: SecretBytes | None) -> None:
        """Log in; ``None`` has the PIN typed at the token. Raises ``PinWrong``, ``PinLocked``."""
        worker = self._found(token.serial, token.manufacturer)[0]
        self._told(lambda: worker.login(token.serial, pin))
        self._ready[token.serial, token.manufacturer] = worker

    def is_open(self, token: TokenInfo) -> bool:
        """Whether nobody has to log in to this token: somebody has, in this process, or it asks for no PIN. It is then ready."""
        worker = self._found(token.serial, token.manufacturer)[0]
        try:
            self._told(lambda: worker.call("is_open", serial=token.serial))
        except NotLoggedIn:
            return False
        self._ready[token.serial, token.manufacturer] = worker
        return True

    def forget(self) -> None:
        """Every login is over: ``tokens.client.close_all`` ends them, or has."""
        self._ready = {}

    def call(self, reference: Reference, method: str, *, seconds: float = USE_SECONDS, **params: Any) -> Any:
        """What a method of ``tokens.keys`` gives.

        Raises:
            CannotDecrypt
            MechanismMissing: the message names it as PKCS#11 does.
            TokenAbsent, NotLoggedIn, ModuleBroken, TokenRefuses
        """
        return self._with(reference, method, lambda worker, given: worker.call(method, seconds=seconds, **given), params)

    def call_secret(self, reference: Reference, method: str, **params: Any) -> SecretBytes:
        """As ``call``, for what gives secret bytes."""
        secret: SecretBytes = self._with(
            reference, method, lambda worker, given: worker.call_secret(method, seconds=USE_SECONDS, **given), params
        )
        return secret

    def describe(self, reference: Reference) -> Described:
        """A key as its token describes it."""
        return self.described(self.call(reference, "describe_key"))

    def make(self, token: TokenInfo, kind: Kind, **params: Any) -> tuple[Reference, Described]:
        """A new key in a token that is ready; ``params`` as ``tokens.keys.make_key`` takes them."""
        from os import urandom

        reference = Reference(serial=token.serial, manufacturer=token.manufacturer, key_id=urandom(KEY_ID_BYTES), kind=kind)
        return reference, self.described(self.call(reference, "make_key", seconds=MAKE_SECONDS, **params))

    def keys(self, token: TokenInfo) -> list[Described]:
        """The keys that a token shows; it must be ready."""
        worker = self._worker(token.serial, token.manufacturer)
        found = self._told(lambda: worker.call("find_keys", serial=token.serial))
        return [self.described(one) for one in found] if isinstance(found, list) else []

    @staticmethod
    def described(told: Any) -> Described:
        """A token's description of a key in its bounds; raises ``ModuleBroken``."""
        try:
            return convert(told, Described)
        except MsgspecError:
            raise of_token(ModuleBroken()) from None

    def _with(self, reference: Reference, method: str, use: Callable[[TokenWorker, dict[str, Any]], Any], params: dict[str, Any]) -> Any:
        worker = self._worker(reference.serial, reference.manufacturer)
        given = {"serial": reference.serial, "id": reference.key_id, "kind": reference.kind, **params}
        try:
            return self._told(lambda: use(worker, given))
        except MechanismMissing as error:
            name = MAKERS[reference.kind] if method == "make_key" else MECHANISMS.get(method, "")
            text = f"This token cannot do that: it has no {name} of this kind."
            raise of_token(MechanismMissing(text, reason_name=error.reason_name)) from None
        except TokenRefuses as error:
            if error.reason_name == "EncryptedDataInvalid":
                raise CannotDecrypt("it does not decrypt") from None
            if error.reason_name == "NoSuchKey":
                self._check_here(reference)
            raise
        except (TokenAbsent, NotLoggedIn, ModuleBroken):
            self._ready.pop((reference.serial, reference.manufacturer), None)
            raise

    def _check_here(self, reference: Reference) -> None:
        """A module can take a token that is gone for an empty one; raises ``TokenAbsent``."""
        try:
            self.find(reference)
        except TokenError:
            self._ready.pop((reference.serial, reference.manufacturer), None)
            raise

    def _worker(self, serial: str, manufacturer: str) -> TokenWorker:
        worker = self._ready.get((serial, manufacturer))
        if worker is None:
            raise of_token(NotLoggedIn("The token was logged out, or was taken out, meanwhile. Ask again."))
        return worker

    def _found(self, serial: str, manufacturer: str) -> tuple[TokenWorker, TokenInfo]:
        found: tuple[TokenWorker, TokenInfo] = self._told(lambda: client.find(self._config, serial, manufacturer))
        return found

    def _told(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except TokenRefuses as error:
            said = _SAID.get(error.reason_name)
            raise of_token(TokenRefuses(said, reason_name=error.reason_name)) from None
        except TokenError as error:
            raise of_token(error) from None


def of_token(error: TokenError) -> TokenError:
    """The error as one about a token that holds keys: the protocol's ``detail`` for it."""
    error.detail = DETAIL
    return error


def serial_text(token: TokenInfo) -> str:
    """The serial number as other programs write it; in hex where it is no text."""
    text = bytes.fromhex(token.serial).decode("ascii", "replace").strip()
    return text if text.isprintable() and "\ufffd" not in text else token.serial
