"""The slot in a PKCS#11 token: a smart card, a USB token, a hardware security module. The key is made in the token and stays there.

Which modules may be loaded, an administrator says (``tokens.modules``); a module runs in a process of its own (``tokens.worker``).
A slot names its token by serial number and manufacturer, and never by a module. The PIN goes to whichever token has both: a
token that somebody made to look like it learns the PIN, and opens nothing.

A login lasts until ``tokens.client.close_all``, for keys that live in the same token are used by it. Opening a slot asks for the
PIN anew each time, and a wrong one logs out.
"""

from __future__ import annotations

from contextlib import suppress
from os import urandom
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta
from msgspec.msgpack import encode

from native_host.errors import CannotUnseal, KmsError, Unsupported, UserRejected
from native_host.kek.provider import Device, DeviceAbsent, DeviceRefuses, Enrolled, WrongSecret, decode_parameters
from native_host.kek.token_errors import KIND, told
from native_host.language import sentence
from native_host.tokens.client import find, listed
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.kek.provider import Ask, Choice, Kek, Settings
    from native_host.kek.token_keys import TokenKey, Way
    from native_host.tokens.client import TokenInfo, TokenWorker

KEY_ID_BYTES = 16
MAX_PIN_BYTES = 255
LAST_TRY = "One try is left: a wrong PIN locks the token, and then only its administrator's PIN (SO PIN, PUK) opens it."
FEW_TRIES = "A wrong PIN was typed last. After a few more the token locks itself."
LAST_TITLE = "{token}: {last} Go on only if you are sure of the PIN."
AT_READER = "{token}: say yes here, then type the PIN at the reader. {tries}"
LOCKED = "The token has locked its PIN after too many wrong ones. Its administrator's PIN (SO PIN, PUK) sets a new one."
NO_PIN = "The token has no PIN yet. Set one with its maker's program first."

Point = Annotated[bytes, Meta(max_length=65)]


class TokenParameters(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``serial`` in hex; ``key_id`` is CKA_ID; ``way`` as ``token_keys.Way.name``; ``login``: the token wants its PIN.

    ``point`` is the token's public point and ``ephemeral`` the one that was used once, where the two agreed on a key.
    """

    serial: Annotated[str, Meta(pattern="^([0-9a-f]{2}){0,16}$")]
    manufacturer: Annotated[str, Meta(max_length=64)]
    key_id: Annotated[bytes, Meta(min_length=KEY_ID_BYTES, max_length=KEY_ID_BYTES)]
    way: Annotated[str, Meta(max_length=64)]
    login: bool
    point: Point = b""
    ephemeral: Point = b""


class Slots:
    """The provider of slots in tokens."""

    def __init__(self, settings: Settings) -> None:
        self._config = settings.pkcs11

    def devices(self) -> list[Device]:
        with told():
            return [Device(device_id=token.serial, label=_name(token), note=_note(token)) for _, token in listed(self._config)]

    def enrol(self, device: Device, choice: Choice, ask: Ask) -> Enrolled:
        with told(), ask.waits():
            found = [one for one in listed(self._config) if one[1].serial == device.device_id]
        if len(found) != 1:
            raise DeviceAbsent(
                "The token is not here, or there are two with its serial number. Connect it alone and try again.", detail=KIND
            )
        worker, token = found[0]
        ways = _chosen(token, choice)
        _login(worker, token, ask)
        with ask.waits():
            for way in ways:
                # What a token says that it can do, it may still refuse: with this hash, or of bytes that it did not make.
                with suppress(DeviceRefuses, CannotUnseal):
                    return _enrolled(worker, token, way)
        raise _unable(choice)

    def asks(self, parameters: bytes) -> bool:
        try:
            return read_parameters(parameters).login
        except CannotUnseal:
            return True

    def is_here(self, parameters: bytes) -> bool:
        with suppress(KmsError):
            slot = read_parameters(parameters)
            find(self._config, slot.serial, slot.manufacturer)
            return True
        return False

    def open(self, parameters: bytes, ask: Ask) -> Kek:
        from native_host.kek.token_keys import kek_of

        slot = read_parameters(parameters)
        worker, token = self._find(slot, ask)
        key = _key(worker, slot, ask)
        _login(worker, token, ask)
        return kek_of(key, point=slot.point, ephemeral=slot.ephemeral)

    def forget(self, parameters: bytes, ask: Ask) -> None:
        slot = read_parameters(parameters)
        worker, token = self._find(slot, ask)
        _login(worker, token, ask)
        # A key that is gone already is refused as well.
        with suppress(DeviceRefuses):
            _key(worker, slot, ask).destroy()

    def _find(self, slot: TokenParameters, ask: Ask) -> tuple[TokenWorker, TokenInfo]:
        with told(), ask.waits():
            return find(self._config, slot.serial, slot.manufacturer)


def read_parameters(parameters: bytes) -> TokenParameters:
    """What a slot says; raises ``CannotUnseal`` for what no slot would."""
    return decode_parameters(parameters, TokenParameters)


def _key(worker: TokenWorker, slot: TokenParameters, ask: Ask) -> TokenKey:
    from native_host.kek.token_keys import WAYS, TokenKey

    way = next((way for way in WAYS if way.name == slot.way), None)
    if way is None:
        raise CannotUnseal
    return TokenKey(worker, slot.serial, slot.key_id, way, ask.waits)


def _chosen(token: TokenInfo, choice: Choice) -> list[Way]:
    from native_host.kek.token_keys import WAYS, ways_of

    known = any(choice.method in {None, way.method} and choice.mechanism in {None, way.mechanism} for way in WAYS)
    if not known or choice.pcrs:
        methods = "encrypt (A256GCM), wrap (A256KWP, A256KW, RSA-OAEP-256, RSA-OAEP) and agree (ECDH-P256)"
        raise Unsupported(f"A token has the methods {methods}, and no registers.", detail=choice.mechanism or choice.method or "pcrs")
    ways = ways_of(token, choice.method, choice.mechanism)
    if not ways:
        raise _unable(choice)
    return ways


def _unable(choice: Choice) -> Unsupported:
    asked = choice.mechanism or choice.method
    if asked is None:
        return Unsupported("This token can protect a keystore in none of the ways that there are.", detail=KIND)
    return Unsupported(f"This token cannot do {asked}. Leave the choice to Strongroom, or use another token.", detail=asked)


def _enrolled(worker: TokenWorker, token: TokenInfo, way: Way) -> Enrolled:
    from native_host.kek.token_keys import TokenKey, agree_once, kek_of, prove

    key_id = urandom(KEY_ID_BYTES)
    key = TokenKey(worker, token.serial, key_id, way)
    point = key.make()
    try:
        if point:
            ephemeral, once = agree_once(point)
            with once:
                kek = kek_of(key, point=point, ephemeral=ephemeral)
                prove(once, kek)
        else:
            ephemeral, kek = b"", kek_of(key, point=b"", ephemeral=b"")
            prove(kek, kek)
    except KmsError:
        with suppress(KmsError):
            key.destroy()
        raise
    slot = TokenParameters(
        serial=token.serial,
        manufacturer=token.manufacturer,
        key_id=key_id,
        way=way.name,
        login=token.login_required,
        point=point,
        ephemeral=ephemeral,
    )
    return Enrolled(kek=kek, parameters=encode(slot), label=token.label or "Token")


def _login(worker: TokenWorker, token: TokenInfo, ask: Ask) -> None:
    """Have the person unlock the token. No try is spent that they were not told of.

    Raises:
        WrongSecret; DeviceRefuses if the PIN is locked or not set; UserRejected, also for no PIN at all.
    """
    if not token.login_required:
        return
    if token.locked or not token.pin_set:
        raise DeviceRefuses(LOCKED if token.locked else NO_PIN, detail=KIND)
    if token.final_try:
        ask.make_ready("The last try", sentence(LAST_TITLE, token=_name(token), last=sentence(LAST_TRY)))
    if token.pin_pad:
        tries = sentence(_tries(token) or "")
        ask.make_ready("Type the PIN at the token's reader", sentence(AT_READER, token=_name(token), tries=tries))
        with told(), ask.waits():
            worker.login(token.serial, None)
        return
    with ask.secret("pin", sentence("PIN of the token {token}", token=_name(token)), _tries(token)) as pin:
        if not len(pin):
            raise UserRejected
        if len(pin) > MAX_PIN_BYTES:
            raise WrongSecret("No token has a PIN as long as that.")
        with told(), ask.waits():
            worker.login(token.serial, pin)


def _tries(token: TokenInfo) -> str | None:
    if token.final_try:
        return LAST_TRY
    return FEW_TRIES if token.count_low else None


def _note(token: TokenInfo) -> str:
    if token.login_required and token.locked:
        return LOCKED
    return NO_PIN if token.login_required and not token.pin_set else _tries(token) or ""


def _name(token: TokenInfo) -> str:
    made = " ".join(part for part in (token.manufacturer, token.model) if part)
    return f"{token.label} ({made})" if made else token.label
