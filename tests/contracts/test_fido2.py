"""The slot of a security key, against an authenticator written from the standard."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from hmac import digest
from pathlib import Path
from threading import Event
from typing import Any

import cbor2
import msgspec
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fido2.rpid import verify_rp_id

from native_host import sodium
from native_host.errors import CannotUnseal, KmsError, Unsupported, UserRejected
from native_host.kek import fido2, security_key
from native_host.kek.provider import Choice, DeviceAbsent, DeviceRefuses, Enrolled, Settings, WrongSecret
from native_host.operations import slots, unlocking
from native_host.secret import SecretBytes
from tests.parts import ctap
from tests.parts.asked_person import CALLER, Person, house_of, store_with
from tests.parts.pin_protocols import ProtocolOne, ProtocolTwo
from tests.parts.virtual_authenticator import CLIENT_PIN, GET_ASSERTION, GET_INFO, MAKE_CREDENTIAL, VirtualAuthenticator, VirtualKey

SLOTS = fido2.Slots(Settings())
PIN = "1234"
ROOT = bytes(range(32))
FIDO_REPORT = bytes.fromhex("06d0f10901a1010920150026ff007508954081020921150026ff00750895409102c0")
MOUSE_REPORT = bytes.fromhex("05010902a1010901a1000509190129031500250195037501")


class Ports:
    """What is plugged in."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keys: list[VirtualKey] = []
        monkeypatch.setattr(fido2, "list_devices", self._list)
        monkeypatch.setattr(fido2, "is_plugged_in", lambda: bool(self.keys))

    def _list(self) -> list[fido2.Found]:
        return [fido2.Found(device_id=f"port{place}", label=f"Security key {place}", device=key) for place, key in enumerate(self.keys)]

    def plug(self, authenticator: VirtualAuthenticator | None = None, *, pin: str | None = None) -> VirtualKey:
        key = VirtualKey(authenticator)
        if pin is not None:
            key.authenticator.pin.set(pin)
        self.keys.append(key)
        return key


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> Ports:
    return Ports(monkeypatch)


def enrol(person: Person, choice: Choice | None = None, *, place: int = 0) -> tuple[Enrolled, bytes]:
    """A new slot of the key in a port, and the root key that it wraps."""
    new = SLOTS.enrol(SLOTS.devices()[place], choice or Choice(), person)
    return new, new.kek.wrap(SecretBytes(ROOT), aad=b"aad")


def opens(parameters: bytes, wrapped: bytes, person: Person) -> bool:
    with SLOTS.open(parameters, person) as kek:
        return bytes(kek.unwrap(wrapped, aad=b"aad").buffer) == ROOT


def refuse(status: int) -> Callable[[Event], None]:
    def touch(_: Event) -> None:
        raise ctap.Refused(status)

    return touch


def waits_for(event: Event) -> None:
    event.wait()


# enrolling and opening


@pytest.mark.parametrize("permissions", [True, False], ids=["ctap21", "ctap20"])
@pytest.mark.parametrize("protocols", [(ProtocolTwo, ProtocolOne), (ProtocolOne,), (ProtocolTwo,)])
@pytest.mark.parametrize("pin", [None, PIN, "пароль", "0" * 63])
def test_enrolled_and_opened_again(ports: Ports, pin: str | None, protocols: tuple[type[ProtocolOne], ...], *, permissions: bool) -> None:
    """With and without a PIN, by every protocol of PINs, on keys of both standards: twice touched to enrol, once to open."""
    key = ports.plug(VirtualAuthenticator(protocols=protocols, permissions=permissions), pin=pin)
    new, wrapped = enrol(Person(*filter(None, [pin])))
    assert key.authenticator.touches == 2
    person = Person(*filter(None, [pin]))
    assert opens(new.parameters, wrapped, person)
    assert key.authenticator.touches == 3
    assert ([purpose for purpose, _, _ in person.asked], len(person.readied)) == ((["pin"], 0) if pin else ([], 1))
    assert msgspec.msgpack.decode(new.parameters)["verified"] is (pin is not None)


def test_the_key_is_hkdf_of_what_the_standard_says(ports: Ports) -> None:
    """HMAC-SHA-256 of the salt under the credential's random value for who was verified, then HKDF of another library."""
    key = ports.plug(pin=PIN)
    new, wrapped = enrol(Person(PIN))
    slot = msgspec.msgpack.decode(new.parameters)
    inside = key.authenticator._unwrap({"type": "public-key", "id": slot["credential"]}, security_key.RP_ID)
    assert inside is not None
    kek = HKDF(SHA256(), 32, slot["salt"], fido2.INFO).derive(digest(inside[32:64], slot["salt"], "sha256"))
    assert sodium.aead_decrypt(kek, wrapped, aad=b"aad") == ROOT


def test_with_and_without_the_pin_are_two_secrets(ports: Ports) -> None:
    """A slot changed to do without the PIN opens nothing, though the key answers."""
    ports.plug(pin=PIN)
    new, wrapped = enrol(Person(PIN))
    changed = msgspec.msgpack.encode(msgspec.msgpack.decode(new.parameters) | {"verified": False})
    with SLOTS.open(changed, Person()) as kek, pytest.raises(CannotUnseal):
        kek.unwrap(wrapped, aad=b"aad")


def test_a_pin_set_later_changes_nothing(ports: Ports) -> None:
    """A slot that was made without one still opens without."""
    key = ports.plug()
    new, wrapped = enrol(Person())
    key.authenticator.pin.set(PIN)
    assert opens(new.parameters, wrapped, Person())


def test_a_key_that_wants_its_pin_always(ports: Ports) -> None:
    """Set so later, it no longer opens a slot that was made without; what to do is said."""
    key = ports.plug()
    new, _ = enrol(Person())
    key.authenticator.pin.set(PIN)
    key.authenticator.always_uv = True
    with pytest.raises(DeviceRefuses, match="add the key again"):
        SLOTS.open(new.parameters, Person())
    new, wrapped = enrol(Person(PIN))
    assert opens(new.parameters, wrapped, Person(PIN))


def test_nobody_is_hurried(ports: Ports) -> None:
    """A token of the key lives for half a minute: it is asked for after the person is done with the window, however long that took."""
    key = ports.plug(pin=PIN)
    now = [1000.0]
    key.authenticator.pin.clock = lambda: now[0]

    def slowly() -> str:
        now[0] += 600
        return PIN

    new, wrapped = enrol(Person(slowly))
    assert opens(new.parameters, wrapped, Person(slowly))


def test_a_store_is_opened_with_a_touch(ports: Ports, tmp_path: Path) -> None:
    """The key goes before what is typed; when it is not here, or another one is, the passphrase opens."""
    key = ports.plug(pin=PIN)
    new = SLOTS.enrol(SLOTS.devices()[0], Choice(), Person(PIN))
    with store_with(tmp_path, "fido2", new) as store:
        person = Person(PIN, "a long passphrase")
        house = house_of(store, person)
        with unlocking.opened_root(house, CALLER) as root:
            made = slots.enrolled(house, "passphrase", None, Choice(), slots.AskPerson(house, CALLER))
            slots.add(house, root, made, kind="passphrase")
        for keys, answers, kind in (
            ([key], ["9999", PIN], "fido2"),
            ([], ["a long passphrase"], "passphrase"),
            ([VirtualKey()], ["a long passphrase"], "passphrase"),
        ):
            store.forget_keys()
            ports.keys, person.answers = keys, list(answers)
            assert unlocking.open_store(house, CALLER, silently=True).kind == kind
            assert person.answers == []


# which key


def test_the_right_key_among_several(ports: Ports) -> None:
    """It is found without a touch; the others are asked for no PIN, and all are closed again."""
    others = [ports.plug(pin="0000"), ports.plug()]
    key = ports.plug(pin=PIN)
    new, wrapped = enrol(Person(PIN), place=2)
    assert opens(new.parameters, wrapped, Person(PIN))
    for other in others:
        assert other.authenticator.touches == 0
        assert not [asked for command, asked in other.authenticator.seen if command == CLIENT_PIN and asked[2] != 1]
    assert {one.closed for one in [*others, key]} == {3}


def test_another_key_is_not_asked_for_its_pin(ports: Ports) -> None:
    """Nothing is asked of the person before the credential has proved itself."""
    ports.plug(pin=PIN)
    new, _ = enrol(Person(PIN))
    ports.keys = [VirtualKey()]
    person = Person(PIN)
    with pytest.raises(DeviceRefuses, match="not the security key that was enrolled"):
        SLOTS.open(new.parameters, person)
    assert (person.asked, person.readied) == ([], [])


def test_a_key_that_lies_is_not_asked_for_its_pin(ports: Ports) -> None:
    """One that answers for any credential, signing with its own, is a stranger."""
    ports.plug(pin=PIN)
    new, _ = enrol(Person(PIN))
    liar = VirtualKey()
    liar.authenticator.pin.set(PIN)
    own = liar.authenticator.handle(
        bytes([MAKE_CREDENTIAL])
        + cbor2.dumps(
            {1: bytes(32), 2: {"id": security_key.RP_ID}, 3: {"id": b"x"}, 4: [{"alg": -7, "type": "public-key"}]}, canonical=True
        ),
        Event(),
    )
    assert own == bytes([ctap.PUAT_REQUIRED])
    real = liar.authenticator._unwrap
    inside = bytes([*([0] * 31), 1, *([7] * 64), 1])
    liar.authenticator._unwrap = lambda descriptor, rp_id: real(descriptor, rp_id) or inside  # type: ignore[method-assign]
    ports.keys = [liar]
    person = Person(PIN)
    with pytest.raises(DeviceRefuses, match="not the security key that was enrolled"):
        SLOTS.open(new.parameters, person)
    assert person.asked == []


def test_a_key_that_was_reset(ports: Ports) -> None:
    """It has forgotten what it made."""
    key = ports.plug()
    new, _ = enrol(Person())
    key.authenticator.handle(b"\x07", Event())
    with pytest.raises(DeviceRefuses, match="not the security key that was enrolled"):
        SLOTS.open(new.parameters, Person())


def test_no_key_is_here(ports: Ports) -> None:
    """Opening says what to do, enrolling too, and nothing is listed."""
    ports.plug()
    new, _ = enrol(Person())
    device = SLOTS.devices()[0]
    ports.keys = []
    assert (SLOTS.devices(), SLOTS.is_here(new.parameters)) == ([], False)
    with pytest.raises(DeviceAbsent, match="Plug it in"):
        SLOTS.open(new.parameters, Person())
    with pytest.raises(DeviceAbsent, match="Plug it in"):
        SLOTS.enrol(device, Choice(), Person())


def test_what_is_listed(ports: Ports) -> None:
    """Each key with what to know of it; one without hmac-secret could hold no slot."""
    ports.plug(pin=PIN)
    ports.plug()
    worn = ports.plug(pin=PIN)
    worn.authenticator.pin.tries = 2
    locked = ports.plug(pin=PIN)
    locked.authenticator.pin.tries = 0
    ports.plug(VirtualAuthenticator(extensions=()))
    assert [(device.device_id, device.note[:20]) for device in SLOTS.devices()] == [
        ("port0", ""),
        ("port1", "It has no PIN: who h"),
        ("port2", "PIN tries left: 2."),
        ("port3", "The security key has"),
    ]


def test_choices(ports: Ports) -> None:
    """A PIN may be insisted on, and a key without one then says so; other options are refused before anything is asked."""
    ports.plug(pin=PIN)
    ports.plug()
    enrol(Person(PIN), Choice(pin=True))
    with pytest.raises(DeviceRefuses, match="no PIN"):
        enrol(Person(), Choice(pin=True), place=1)
    for choice in (Choice(pcrs=(7,)), Choice(method="wrap"), Choice(mechanism="A256KW")):
        person = Person(PIN)
        with pytest.raises(Unsupported):
            enrol(person, choice)
        assert person.asked == []


# PINs


def test_wrong_pins_are_counted_by_the_key(ports: Ports) -> None:
    """Two are told with what is left; after the third it takes none until it is plugged in anew, and then counts on."""
    key = ports.plug(pin=PIN)
    new, wrapped = enrol(Person(PIN))
    for left in (7, 6):
        with pytest.raises(WrongSecret) as wrong:
            SLOTS.open(new.parameters, Person("9999"))
        assert (wrong.value.tries_left, f"left: {left}" in str(wrong.value)) == (left, True)
    with pytest.raises(DeviceRefuses, match="Unplug it"):
        SLOTS.open(new.parameters, Person("9999"))
    person = Person(PIN)
    with pytest.raises(DeviceRefuses, match="Unplug it"):
        SLOTS.open(new.parameters, person)
    assert person.asked == []
    key.replug()
    person = Person(PIN)
    assert opens(new.parameters, wrapped, person)
    assert "5 tries are left" in (person.asked[0][2] or "")
    assert key.authenticator.pin.tries == 8


def test_the_last_try_is_asked_for(ports: Ports) -> None:
    """Whoever says no keeps it; whoever is wrong is told that the key has locked itself, and it asks no more."""
    key = ports.plug(pin=PIN)
    new, _ = enrol(Person(PIN))
    key.authenticator.pin.tries = 1

    def no() -> None:
        raise UserRejected

    person = Person(PIN, ready=no)
    with pytest.raises(UserRejected):
        SLOTS.open(new.parameters, person)
    assert (person.asked, key.authenticator.pin.tries) == ([], 1)
    person = Person("9999")
    with pytest.raises(DeviceRefuses, match="locked itself"):
        SLOTS.open(new.parameters, person)
    assert person.readied == ["Last try for the PIN of your security key?"]
    person = Person(PIN)
    with pytest.raises(DeviceRefuses, match="locked itself"):
        SLOTS.open(new.parameters, person)
    assert person.asked == []


@pytest.mark.parametrize("typed", ["123", "0" * 64, "ä" * 32])
def test_what_can_be_no_pin_costs_no_try(ports: Ports, typed: str) -> None:
    """Too short, or longer than 63 bytes: the key is not bothered with it."""
    key = ports.plug(pin=PIN)
    new, _ = enrol(Person(PIN))
    with pytest.raises(WrongSecret) as wrong:
        SLOTS.open(new.parameters, Person(typed))
    assert (wrong.value.tries_left, key.authenticator.pin.tries) == (8, 8)


def test_a_pin_is_composed(ports: Ports) -> None:
    """A keyboard may send an accent on its own; the standard has it composed."""
    ports.plug(pin="caf\u00e9")
    new, wrapped = enrol(Person("cafe\u0301"))
    assert opens(new.parameters, wrapped, Person("caf\u00e9"))


@pytest.mark.parametrize("person", [Person(), Person("")])
def test_no_pin_is_a_no(ports: Ports, person: Person) -> None:
    """A closed window and an empty field."""
    key = ports.plug(pin=PIN)
    with pytest.raises(UserRejected):
        enrol(person)
    assert (key.authenticator.touches, key.authenticator.pin.tries) == (0, 8)


# touching


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (ctap.USER_ACTION_TIMEOUT, DeviceRefuses, "not touched in time"),
        (ctap.KEEPALIVE_CANCEL, DeviceRefuses, "not touched in time"),
        (ctap.OPERATION_DENIED, UserRejected, "said no"),
        (ctap.NO_CREDENTIALS, DeviceRefuses, "not the security key"),
        (ctap.PIN_AUTH_BLOCKED, DeviceRefuses, "Unplug it"),
        (ctap.PIN_BLOCKED, DeviceRefuses, "locked itself"),
        (ctap.PIN_POLICY_VIOLATION, DeviceRefuses, "new PIN"),
        (ctap.PUAT_REQUIRED, DeviceRefuses, "add the key again"),
        (0xF7, DeviceRefuses, "0xf7"),
    ],
)
def test_what_a_key_refuses_with(ports: Ports, status: int, error: type[KmsError], says: str) -> None:
    """Each status becomes a sentence that says what to do; what nobody knows names its number."""
    key = ports.plug()
    new, _ = enrol(Person())
    key.authenticator.touch = refuse(status)
    with pytest.raises(error, match=says):
        SLOTS.open(new.parameters, Person())


def test_pulled_out_before_the_touch(ports: Ports) -> None:
    """At opening and at enrolling."""
    key = ports.plug()
    new, _ = enrol(Person())

    def pulled(_: Event) -> None:
        key.plugged = False

    key.authenticator.touch = pulled
    with pytest.raises(DeviceAbsent, match="Plug it in again"):
        SLOTS.open(new.parameters, Person())
    key.replug()
    with pytest.raises(DeviceAbsent, match="Plug it in again"):
        enrol(Person())


def test_pulled_out_while_the_person_reads(ports: Ports) -> None:
    """What was asked for is no use any more, and the message says so."""
    key = ports.plug()
    new, _ = enrol(Person())
    with pytest.raises(DeviceAbsent, match="Plug it in again"):
        SLOTS.open(new.parameters, Person(ready=lambda: setattr(key, "plugged", False)))


def test_a_key_that_falls_silent(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told to end, and left alone when it does not."""
    key = ports.plug()
    new, _ = enrol(Person())
    monkeypatch.setattr(security_key, "ANSWER_SECONDS", 0.05)
    key.authenticator.touch = waits_for
    with pytest.raises(DeviceRefuses, match="not touched in time"):
        SLOTS.open(new.parameters, Person())
    monkeypatch.setattr(security_key, "GRACE_SECONDS", 0.05)
    never = Event()
    key.authenticator.touch = lambda _: waits_for(never)
    with pytest.raises(DeviceAbsent, match="does not answer"):
        SLOTS.open(new.parameters, Person())
    never.set()


# hostile input


@pytest.mark.parametrize(
    "change",
    [
        {"credential": b""},
        {"credential": bytes(1024)},
        {"credential": "text"},
        {"public": bytes(63)},
        {"salt": bytes(31)},
        {"salt": bytes(33)},
        {"verified": 1},
        {"verified": None},
        {"more": 1},
    ],
)
def test_hostile_parameters(ports: Ports, change: dict[str, Any]) -> None:
    """Beyond their bounds, of another type, or with a member that nobody knows; no key is asked."""
    key = ports.plug()
    new, _ = enrol(Person())
    before = len(key.authenticator.seen)
    with pytest.raises(CannotUnseal):
        SLOTS.open(msgspec.msgpack.encode(msgspec.msgpack.decode(new.parameters) | change), Person())
    assert len(key.authenticator.seen) == before


@pytest.mark.parametrize("parameters", [b"", b"\xc1", b"\x80", b"\x91" * 100_000])
def test_parameters_that_are_none(ports: Ports, parameters: bytes) -> None:
    """Nothing, nonsense, an empty map, and one nested without end."""
    with pytest.raises(CannotUnseal):
        SLOTS.open(parameters, Person())


@pytest.mark.parametrize("member", ["credential", "public"])
def test_changed_parameters_are_another_key(ports: Ports, member: str) -> None:
    """A point that is none, or a credential of nobody's: the key does not know it, and nothing is asked."""
    ports.plug(pin=PIN)
    new, _ = enrol(Person(PIN))
    read = msgspec.msgpack.decode(new.parameters)
    person = Person(PIN)
    with pytest.raises(DeviceRefuses, match="not the security key"):
        SLOTS.open(msgspec.msgpack.encode(read | {member: bytes(len(read[member]))}), person)
    assert person.asked == []


def test_a_changed_salt_opens_nothing(ports: Ports) -> None:
    """The key answers, with another secret."""
    ports.plug()
    new, wrapped = enrol(Person())
    changed = msgspec.msgpack.encode(msgspec.msgpack.decode(new.parameters) | {"salt": bytes(32)})
    with SLOTS.open(changed, Person()) as kek, pytest.raises(CannotUnseal):
        kek.unwrap(wrapped, aad=b"aad")


def other(**members: Any) -> bytes:
    return b"\0" + cbor2.dumps({int(name[1:]): value for name, value in members.items()}, canonical=True)


JUNK: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "no CBOR": lambda _: b"\0\xff\xff",
    "no map": lambda _: b"\0\x01",
    "an empty map": lambda _: b"\0\xa0",
    "cut": lambda answer: answer[: len(answer) // 2],
    "longer": lambda answer: answer + b"\0",
    "deep": lambda _: b"\0" + b"\x81" * 5000 + b"\0",
    "endless": lambda _: b"\0\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    "texts": lambda _: other(_1="a", _2="b", _3="c"),
    "numbers": lambda _: other(_1=1, _2=2, _3=3),
    "lists": lambda _: other(_1=[[]], _2=[[]], _3=[[]]),
    "a point off the curve": lambda _: other(_1={1: 2, 3: -25, -1: 1, -2: bytes(32), -3: bytes(32)}),
    "an unknown status": lambda _: b"\xee",
}


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("command", [MAKE_CREDENTIAL, GET_ASSERTION, GET_INFO, CLIENT_PIN])
def test_hostile_answers(ports: Ports, command: int, junk: str) -> None:
    """Whatever a key says in place of an answer, enrolling and opening end in a refusal of the key."""
    key = ports.plug(pin=PIN)
    new, _ = enrol(Person(PIN))
    device = SLOTS.devices()[0]
    key.says = {command: JUNK[junk]}
    for attempt in (lambda: SLOTS.enrol(device, Choice(), Person(PIN)), lambda: SLOTS.open(new.parameters, Person(PIN))):
        if command == MAKE_CREDENTIAL and key.authenticator.seen[-1][0] == MAKE_CREDENTIAL:
            continue  # opening makes nothing
        with pytest.raises((DeviceRefuses, DeviceAbsent)):
            attempt()
    SLOTS.devices()


@pytest.mark.parametrize("flag", [0x04, 0x80])
def test_an_answer_that_was_changed_on_its_way(ports: Ports, flag: int) -> None:
    """The credential's signature is over what the key says, its secret too."""
    key = ports.plug(pin=PIN)
    new, _ = enrol(Person(PIN))

    def change(answer: bytes) -> bytes:
        place = answer.index(cbor2.loads(answer[1:])[2]) + 32
        return answer[:place] + bytes([answer[place] ^ flag]) + answer[place + 1 :]

    key.says = {GET_ASSERTION: change}
    with pytest.raises(DeviceRefuses):
        SLOTS.open(new.parameters, Person(PIN))


def test_a_key_that_made_no_secret(ports: Ports) -> None:
    """It said that it has hmac-secret, and did not confirm it."""
    key = ports.plug()
    device = SLOTS.devices()[0]
    key.says = {MAKE_CREDENTIAL: lambda _: key.authenticator.handle(_plain_request(), Event())}
    with pytest.raises(DeviceRefuses, match="does not keep secrets"):
        SLOTS.enrol(device, Choice(), Person())


def _plain_request() -> bytes:
    asked = {1: bytes(32), 2: {"id": security_key.RP_ID}, 3: {"id": b"x"}, 4: [{"alg": -7, "type": "public-key"}]}
    return bytes([MAKE_CREDENTIAL]) + cbor2.dumps(asked, canonical=True)


# what is around it


@pytest.mark.parametrize("origin", ["https://strongroom", "https://strongroom:443", "https://keystore", "http://localhost"])
def test_no_page_can_ask_for_the_credential(origin: str) -> None:
    """By the rule that python-fido2 has for browsers."""
    assert not verify_rp_id(security_key.RP_ID, origin)


def test_a_key_is_noticed_by_its_report_descriptor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mouse is no security key; and a key that this account may not open is told."""
    monkeypatch.setattr(fido2, "HIDRAW", str(tmp_path))
    monkeypatch.setattr(fido2, "PCSC_SOCKET", str(tmp_path / "none"))
    monkeypatch.setattr(fido2, "list_devices", list)
    for name, report, here in (("hidraw0", MOUSE_REPORT, False), ("hidraw1", FIDO_REPORT, True)):
        (tmp_path / name / "device").mkdir(parents=True)
        (tmp_path / name / "device" / "report_descriptor").write_bytes(report)
        assert fido2.is_plugged_in() is here
    with pytest.raises(DeviceRefuses, match="udev"):
        SLOTS.devices()


def test_no_key_on_this_machine_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without HID devices nothing is found and nothing raised."""
    monkeypatch.setattr(fido2, "HIDRAW", str(tmp_path / "none"))
    if not os.path.exists("/dev/hidraw0") and not os.path.exists(fido2.PCSC_SOCKET):
        assert (fido2.list_devices(), fido2.is_plugged_in(), SLOTS.devices()) == ([], False, [])


@pytest.mark.parametrize(
    ("product", "label"),
    [(None, "Security key"), ("YubiKey 5", "Security key YubiKey 5"), ("\x1b[2Jx\n\u202e" + "y" * 99, "Security key [2Jx" + "y" * 44)],
)
def test_a_product_may_call_itself_anything(product: str | None, label: str) -> None:
    """Its name is cut, and what does not print is left out."""
    assert fido2._label(product) == label


def test_the_library_is_loaded_when_it_is_needed() -> None:
    """The provider alone loads nothing of it."""
    code = "import sys, native_host.kek.fido2 as slot; slot.is_plugged_in(); sys.exit('fido2' in sys.modules)"
    assert subprocess.run([sys.executable, "-I", "-c", code], check=False).returncode == 0


def test_nothing_is_left_in_the_key(ports: Ports) -> None:
    """The credential is not discoverable, and forgetting the slot asks the key nothing."""
    key = ports.plug()
    new, _ = enrol(Person())
    made = next(asked for command, asked in key.authenticator.seen if command == MAKE_CREDENTIAL)
    assert not made.get(7, {}).get("rk")
    before = len(key.authenticator.seen)
    SLOTS.forget(new.parameters, Person())
    assert len(key.authenticator.seen) == before
    assert SLOTS.asks(new.parameters)
