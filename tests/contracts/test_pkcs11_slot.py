"""The slot in a PKCS#11 token, with SoftHSM 2: every way to protect a root key, and everything that is refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from native_host.config import Pkcs11Config
from native_host.errors import CannotUnseal, Unsupported, UserRejected
from native_host.kek import token_keys
from native_host.kek.pkcs11 import FEW_TRIES, Slots, read_parameters
from native_host.kek.provider import MAX_WRAPPED_BYTES, Choice, DeviceAbsent, DeviceRefuses, Enrolled, Settings, WrongSecret
from native_host.kek.token_errors import KIND
from native_host.kek.token_keys import TokenKey, WrappingKek
from native_host.operations.unlocking import open_store
from native_host.secret import SecretBytes
from native_host.tokens import client
from native_host.tokens.errors import NotLoggedIn
from tests.parts.asked_person import CALLER, Person, house_of, store_with
from tests.parts.hostile_module import HostileModule
from tests.parts.softhsm import PIN, SoftHsm, shared_softhsm, softhsm

__all__ = ["shared_softhsm", "softhsm"]  # fixtures

AAD = b"bound to"
ROOT_KEY = bytes(range(72))
WAYS = ["A256GCM", "A256KWP", "A256KW", "RSA-OAEP", "ECDH-P256"]


@pytest.fixture(scope="module")
def made(shared_softhsm: SoftHsm) -> dict[str, tuple[Enrolled, bytes]]:
    """One slot of every way, with ``ROOT_KEY`` wrapped in it."""
    found = {}
    for way in WAYS:
        new = enrolled(shared_softhsm, Choice(mechanism=way))
        with new.kek as kek:
            found[way] = (new, kek.wrap(SecretBytes(ROOT_KEY), aad=AAD))
    return found


@pytest.fixture(scope="module")
def pin_pad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A token whose PIN is typed at its reader."""
    yield Settings(pkcs11=HostileModule(tmp_path_factory.mktemp("pad")).config("pin pad"))
    client.close_all()


def enrolled(token: SoftHsm, choice: Choice | None = None) -> Enrolled:
    slots = Slots(token.settings)
    return slots.enrol(slots.devices()[0], choice or Choice(), Person(PIN))


def opened(token: SoftHsm, parameters: bytes, wrapped: bytes, aad: bytes = AAD) -> bytes:
    with Slots(token.settings).open(parameters, Person(PIN)) as kek, kek.unwrap(wrapped, aad=aad) as root:
        return bytes(root.buffer)


def flip(at: int) -> Callable[[bytes], bytes]:
    def flipped(wrapped: bytes) -> bytes:
        changed = bytearray(wrapped)
        changed[at] ^= 1
        return bytes(changed)

    return flipped


def test_without_a_list_of_modules_there_is_no_device(tmp_path: Path) -> None:
    """A machine without tokens has none, and asks nobody."""
    assert Slots(Settings(pkcs11=Pkcs11Config(modules=str(tmp_path / "none.toml")))).devices() == []


def test_a_token_is_a_device(shared_softhsm: SoftHsm) -> None:
    """By its serial number, and with its names."""
    (device,) = Slots(shared_softhsm.settings).devices()
    assert (device.device_id, device.label) == (shared_softhsm.serial, "wallet (SoftHSM project SoftHSM v2)")


@pytest.mark.parametrize("way", WAYS)
def test_what_was_wrapped_is_unwrapped_by_another_process(
    shared_softhsm: SoftHsm, made: dict[str, tuple[Enrolled, bytes]], way: str
) -> None:
    """The token and the slot's parameters are all that it takes."""
    new, wrapped = made[way]
    client.close_all()
    assert opened(shared_softhsm, new.parameters, wrapped) == ROOT_KEY


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("length", [1, 8, 32, 33, MAX_WRAPPED_BYTES])
def test_every_length_is_wrapped(shared_softhsm: SoftHsm, made: dict[str, tuple[Enrolled, bytes]], way: str, length: int) -> None:
    """Also what is no multiple of 8, which RFC 3394 alone would not take, and with zeros at its end."""
    root = os.urandom(length - 1) + b"\0"
    with Slots(shared_softhsm.settings).open(made[way][0].parameters, Person(PIN)) as kek:
        assert kek.unwrap(kek.wrap(SecretBytes(root), aad=b""), aad=b"") == SecretBytes(root)


@pytest.mark.parametrize("way", WAYS)
def test_it_is_bound_to_its_data(shared_softhsm: SoftHsm, made: dict[str, tuple[Enrolled, bytes]], way: str) -> None:
    """Also where the mechanism has no such data of its own."""
    with pytest.raises(CannotUnseal):
        opened(shared_softhsm, made[way][0].parameters, made[way][1], b"bound to another")


@pytest.mark.parametrize("way", WAYS)
def test_what_was_changed_is_not_unwrapped(shared_softhsm: SoftHsm, made: dict[str, tuple[Enrolled, bytes]], way: str) -> None:
    """Bits flipped at the beginning, in the middle and at the end, and bytes cut off or added: one answer to all of it."""
    new, wrapped = made[way]
    changed = [flip(at)(wrapped) for at in (0, 11, 12, 40, len(wrapped) // 2, -33, -32, -1)]
    changed += [wrapped[:left] for left in (0, 1, 12, 31, 32, 33, len(wrapped) - 1)]
    changed += [wrapped + b"\0", bytes(len(wrapped))]
    with Slots(shared_softhsm.settings).open(new.parameters, Person(PIN)) as kek:
        for one in changed:
            with pytest.raises(CannotUnseal):
                kek.unwrap(one, aad=AAD)


@pytest.mark.parametrize("way", WAYS)
def test_another_slots_key_does_not_unwrap_it(shared_softhsm: SoftHsm, made: dict[str, tuple[Enrolled, bytes]], way: str) -> None:
    """Each slot has a key of its own, in the same token too."""
    other = enrolled(shared_softhsm, Choice(mechanism=way))
    with other.kek as kek, pytest.raises(CannotUnseal):
        kek.unwrap(made[way][1], aad=AAD)


@pytest.mark.parametrize("way", WAYS)
def test_the_key_stays_in_the_token(shared_softhsm: SoftHsm, made: dict[str, tuple[Enrolled, bytes]], way: str) -> None:
    """CKA_SENSITIVE, not CKA_EXTRACTABLE, CKA_TOKEN; under the name of this program."""
    slot = read_parameters(made[way][0].parameters)
    shared_softhsm.worker.login(shared_softhsm.serial, SecretBytes(PIN.encode()))
    (key,) = [key for key in shared_softhsm.worker.call("find_keys", serial=slot.serial) if key["id"] == slot.key_id]
    assert (key["stays"], key["label"], len(key["id"])) == (True, "strongroom", 16)


@pytest.mark.parametrize(
    ("choice", "way"),
    [
        (Choice(), "A256GCM/AES_GCM"),
        (Choice(method="encrypt"), "A256GCM/AES_GCM"),
        (Choice(method="wrap"), "A256KWP/AES_KEY_WRAP_PAD"),
        (Choice(method="agree"), "ECDH-P256/ECDH1_DERIVE"),
        (Choice(method="wrap", mechanism="A256KW", pin=True), "A256KW/AES_KEY_WRAP"),
    ],
)
def test_the_best_way_of_what_was_chosen_is_taken(shared_softhsm: SoftHsm, choice: Choice, way: str) -> None:
    """Of all ways, if nothing was chosen."""
    new = enrolled(shared_softhsm, choice)
    assert (read_parameters(new.parameters).way, new.label) == (way, "wallet")


@pytest.mark.parametrize(
    "choice",
    [
        Choice(method="sign"),
        Choice(mechanism="A128KW"),
        Choice(method="encrypt", mechanism="A256KW"),
        Choice(pcrs=(7,)),
        Choice(mechanism="RSA-OAEP-256"),  # SoftHSM has OAEP with SHA-1 alone
    ],
)
def test_what_cannot_be_chosen_leaves_nothing_behind(softhsm: SoftHsm, choice: Choice) -> None:
    """Also where the token has the mechanism and only then refuses."""
    with pytest.raises(Unsupported):
        enrolled(softhsm, choice)
    softhsm.worker.login(softhsm.serial, SecretBytes(PIN.encode()))
    assert softhsm.worker.call("find_keys", serial=softhsm.serial) == []


def test_bytes_are_encrypted_as_they_are_where_no_object_can_be_made(shared_softhsm: SoftHsm) -> None:
    """C_Encrypt and C_Decrypt with the mechanism that wraps otherwise."""
    direct = next(way for way in token_keys.WAYS if way.name == "RSA-OAEP/RSA_PKCS_OAEP/direct")
    shared_softhsm.worker.login(shared_softhsm.serial, SecretBytes(PIN.encode()))
    key = TokenKey(shared_softhsm.worker, shared_softhsm.serial, os.urandom(16), direct)
    key.make()
    kek = WrappingKek(key)
    wrapped = kek.wrap(SecretBytes(ROOT_KEY), aad=AAD)
    assert kek.unwrap(wrapped, aad=AAD) == SecretBytes(ROOT_KEY)
    with pytest.raises(CannotUnseal):
        kek.unwrap(flip(100)(wrapped), aad=AAD)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"serial": "zz"},
        {"serial": "00" * 17},
        {"manufacturer": "x" * 65},
        {"key_id": b"short"},
        {"key_id": "text of 16 chars"},
        {"way": "A256GCM"},
        {"way": "A256GCM/AES_GCM/direct"},
        {"way": 7},
        {"login": "no"},
        {"point": bytes(66)},
        {"module": "/tmp/evil.so"},
    ],
    ids=lambda spoiled: str(spoiled)[:40],
)
def test_parameters_that_no_slot_has_are_refused(
    shared_softhsm: SoftHsm, made: dict[str, tuple[Enrolled, bytes]], spoiled: dict[str, object]
) -> None:
    """The file may be anybody's. Nobody is asked, and a module is never named by it."""
    fields = msgspec.msgpack.decode(made["A256GCM"][0].parameters)
    person = Person(PIN)
    with pytest.raises(CannotUnseal):
        Slots(shared_softhsm.settings).open(msgspec.msgpack.encode(fields | spoiled), person)
    assert person.asked == []


@pytest.mark.parametrize("parameters", [b"", b"\xc1", b"\xdf\xff\xff\xff\xff", b"\x80", b"\x81\xa1\xff\x01", msgspec.msgpack.encode([1])])
def test_rubbish_is_no_slot(shared_softhsm: SoftHsm, parameters: bytes) -> None:
    """It is not here, would ask, and does not open."""
    slots = Slots(shared_softhsm.settings)
    assert not slots.is_here(parameters)
    assert slots.asks(parameters)
    with pytest.raises(CannotUnseal):
        slots.open(parameters, Person())


@pytest.mark.parametrize("member", ["ephemeral", "point"])
@pytest.mark.parametrize("value", [b"", b"\x04" + bytes(64), b"\x04" + b"\x01" * 64, b"\x02" + bytes(32)])
def test_a_point_off_the_curve_never_meets_the_tokens_key(
    shared_softhsm: SoftHsm, made: dict[str, tuple[Enrolled, bytes]], member: str, value: bytes
) -> None:
    """A token may not check it, and would tell of its key."""
    fields = msgspec.msgpack.decode(made["ECDH-P256"][0].parameters)
    with pytest.raises(CannotUnseal):
        Slots(shared_softhsm.settings).open(msgspec.msgpack.encode(fields | {member: value}), Person(PIN))


def test_a_wrong_pin_is_told_and_hinted_at(softhsm: SoftHsm) -> None:
    """SoftHSM never counts down, but says that one was wrong."""
    new = enrolled(softhsm)
    slots = Slots(softhsm.settings)
    with pytest.raises(WrongSecret) as wrong:
        slots.open(new.parameters, Person("4321"))
    assert wrong.value.tries_left is None
    person = Person(PIN)
    slots.open(new.parameters, person)
    assert person.asked == [("pin", "PIN of the token wallet (SoftHSM project SoftHSM v2)", FEW_TRIES)]


@pytest.mark.parametrize(("typed", "refusal"), [("", UserRejected), ("9" * 256, WrongSecret)])
def test_what_is_no_pin_spends_no_try(softhsm: SoftHsm, typed: str, refusal: type[Exception]) -> None:
    """Nothing typed is a no; what no token takes is not sent to one."""
    new = enrolled(softhsm)
    with pytest.raises(refusal):
        Slots(softhsm.settings).open(new.parameters, Person(typed))
    assert not softhsm.worker.tokens()[0].count_low


def test_the_person_is_asked_each_time(softhsm: SoftHsm) -> None:
    """Who is logged in already has to type the PIN all the same: opening is what a person does. A no leaves everything as it was."""
    new = enrolled(softhsm)
    slots = Slots(softhsm.settings)
    assert slots.asks(new.parameters)
    with pytest.raises(UserRejected):
        slots.open(new.parameters, Person())
    softhsm.worker.call("find_keys", serial=softhsm.serial)
    with pytest.raises(WrongSecret):
        slots.open(new.parameters, Person("4321"))
    with pytest.raises(NotLoggedIn):
        softhsm.worker.call("find_keys", serial=softhsm.serial)


def test_a_pin_pad_is_announced_and_gets_the_pin_itself(pin_pad: Settings) -> None:
    """Nothing is typed into our window. This module makes no keys, so that what follows is refused."""
    slots = Slots(pin_pad)
    (device,) = slots.devices()
    person = Person()
    parameters = msgspec.msgpack.encode(
        {"serial": device.device_id, "manufacturer": "", "key_id": bytes(16), "way": "A256GCM/AES_GCM", "login": True}
    )
    with slots.open(parameters, person) as kek, pytest.raises(DeviceRefuses):
        kek.wrap(SecretBytes(ROOT_KEY), aad=AAD)
    assert (person.asked, person.readied) == ([], ["Type the PIN at the token's reader"])


def test_a_token_that_is_away_is_absent_and_opens_again_when_it_is_back(softhsm: SoftHsm) -> None:
    """Nobody is asked for a PIN that could not be used."""
    new = enrolled(softhsm)
    wrapped = new.kek.wrap(SecretBytes(ROOT_KEY), aad=AAD)
    slots = Slots(softhsm.settings)
    assert slots.is_here(new.parameters)
    softhsm.take_away()
    person = Person(PIN)
    assert not slots.is_here(new.parameters)
    with pytest.raises(DeviceAbsent):
        slots.open(new.parameters, person)
    assert person.asked == []
    softhsm.bring_back()
    assert slots.is_here(new.parameters)
    assert opened(softhsm, new.parameters, wrapped) == ROOT_KEY


@pytest.mark.parametrize("way", ["A256GCM", "A256KWP"])
def test_a_token_that_goes_while_its_key_is_in_use_is_absent(softhsm: SoftHsm, way: str) -> None:
    """It is no wrong key, whatever the module says."""
    new = enrolled(softhsm, Choice(mechanism=way))
    wrapped = new.kek.wrap(SecretBytes(ROOT_KEY), aad=AAD)
    softhsm.take_away()
    with pytest.raises(DeviceAbsent):
        new.kek.unwrap(wrapped, aad=AAD)
    softhsm.bring_back()
    with pytest.raises(DeviceAbsent):
        new.kek.unwrap(wrapped, aad=AAD)  # nobody is logged in any more
    assert opened(softhsm, new.parameters, wrapped) == ROOT_KEY


def test_another_token_in_the_same_slot_is_not_it(softhsm: SoftHsm) -> None:
    """A token is known by its serial number, whatever it is called."""
    new = enrolled(softhsm)
    softhsm.take_away()
    softhsm.add_token("wallet")
    assert not Slots(softhsm.settings).is_here(new.parameters)
    with pytest.raises(DeviceAbsent):
        Slots(softhsm.settings).open(new.parameters, Person(PIN))


@pytest.mark.parametrize("way", WAYS)
def test_a_forgotten_slots_key_is_gone(softhsm: SoftHsm, way: str) -> None:
    """Every object of it; what is gone already is no error; and what it wrapped is refused as such, and not as a wrong key."""
    new = enrolled(softhsm, Choice(mechanism=way))
    wrapped = new.kek.wrap(SecretBytes(ROOT_KEY), aad=AAD)
    slots = Slots(softhsm.settings)
    for _ in range(2):
        slots.forget(new.parameters, Person(PIN))
    assert softhsm.worker.call("find_keys", serial=softhsm.serial) == []
    with pytest.raises(DeviceRefuses, match="no key for this slot"):
        opened(softhsm, new.parameters, wrapped)


def test_a_store_is_opened_with_the_token(softhsm: SoftHsm, tmp_path: Path) -> None:
    """From end to end, with one wrong PIN on the way."""
    with store_with(tmp_path, KIND, enrolled(softhsm)) as store:
        house = msgspec.structs.replace(house_of(store, person := Person("4321", PIN)), settings=softhsm.settings)
        assert open_store(house, CALLER, silently=False).kind == KIND
        assert len(person.asked) == 2
        assert store.is_unlocked
