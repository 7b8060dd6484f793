"""The slot in the TPM, on a real TPM 2.0 in software (swtpm), acted on from outside by tpm2-tools."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from native_host.config import TpmConfig
from native_host.errors import CannotUnseal, InvalidParams, KmsError, Unsupported, UserRejected
from native_host.kek import tpm_connection
from native_host.kek.provider import Choice, Device, DeviceAbsent, DeviceRefuses, Enrolled, Settings, WrongSecret
from native_host.kek.tpm import Slots, TpmParameters
from native_host.kek.tpm_connection import KIND
from native_host.operations import slots, unlocking
from native_host.secret import SecretBytes
from tests.parts.asked_person import CALLER, Person, house_of, store_with
from tests.parts.swtpm import Relay, Swtpm, swtpm

AAD = b"bound to"
ROOT_KEY = b"the root key, or what stands here"
PIN = "correct horse"
OTHER_PIN = "battery staple"
START_AUTH_SESSION, NO_SALT = b"\x00\x00\x01\x76", b"\x40\x00\x00\x07"  # TPM 2.0, part 2: TPM_CC, TPM_RH_NULL
THIS = Device(device_id=KIND, label="This computer's TPM")
CHOICES = {
    "no PIN": Choice(),
    "PIN": Choice(pin=True),
    "PCRs": Choice(pcrs=(7, 0)),
    "PIN and PCRs": Choice(pin=True, pcrs=(11, 7)),
}


@pytest.fixture
def tpm() -> Iterator[Swtpm]:
    with swtpm() as running:
        yield running


def enrolled(tpm: Swtpm, choice: Choice) -> Enrolled:
    return Slots(tpm.settings).enrol(THIS, choice, Person(PIN))


def wrapped_by(new: Enrolled) -> bytes:
    with new.kek as kek, SecretBytes(ROOT_KEY) as root:
        return kek.wrap(root, aad=AAD)


def unwrapped(tpm: Swtpm | Relay, parameters: bytes, wrapped: bytes, person: Person | None = None) -> bytes:
    with Slots(tpm.settings).open(parameters, person or Person(PIN)) as kek, kek.unwrap(wrapped, aad=AAD) as root:
        return bytes(root.buffer)


def extend(tpm: Swtpm, pcr: int) -> None:
    tpm.run("tpm2_pcrextend", f"{pcr}:sha256={'ab' * 32}")


def wrong_pins(tpm: Swtpm) -> int:
    """What the TPM itself counts."""
    for line in tpm.run("tpm2_getcap", "properties-variable").decode().splitlines():
        name, _, value = line.partition(":")
        if name == "TPM2_PT_LOCKOUT_COUNTER":
            return int(value, 16)
    raise AssertionError("the TPM has no such counter")


# it opens


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES.keys())
def test_what_was_sealed_is_unsealed(tpm: Swtpm, choice: Choice) -> None:
    """Also after the computer was switched off and on."""
    new = enrolled(tpm, choice)
    wrapped = wrapped_by(new)
    assert ROOT_KEY == unwrapped(tpm, new.parameters, wrapped)
    tpm.restart()
    assert ROOT_KEY == unwrapped(tpm, new.parameters, wrapped)


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES.keys())
def test_only_a_pin_asks(tpm: Swtpm, choice: Choice) -> None:
    """The PIN is asked for once to choose it and once to open; without one nobody is asked."""
    choosing, opening = Person(PIN), Person(PIN)
    new = Slots(tpm.settings).enrol(THIS, choice, choosing)
    Slots(tpm.settings).open(new.parameters, opening).__exit__(None, None, None)
    assert (["newPin"], ["pin"]) if choice.pin else ([], []) == ([a[0] for a in choosing.asked], [a[0] for a in opening.asked])
    assert choice.pin == Slots(tpm.settings).asks(new.parameters)
    assert ("TPM with a PIN" if choice.pin else "TPM") == new.label


def test_every_slot_has_a_key_of_its_own(tpm: Swtpm) -> None:
    """One slot's object in another slot's place unwraps nothing."""
    one, other = enrolled(tpm, Choice()), enrolled(tpm, Choice())
    wrapped = wrapped_by(one)
    with pytest.raises(CannotUnseal):
        unwrapped(tpm, other.parameters, wrapped)


def test_a_store_opens_through_it(tpm: Swtpm, tmp_path: Path) -> None:
    """Silently without a PIN, and with one once that is typed right; a second slot is added and then opens it too."""
    with store_with(tmp_path, KIND, enrolled(tpm, Choice())) as store:
        person = Person(PIN, "wrong PIN", PIN)
        house = msgspec.structs.replace(house_of(store, person), settings=tpm.settings)
        assert "TPM" == unlocking.open_store(house, CALLER, silently=True).label
        assert [] == person.asked
        with unlocking.opened_root(house, CALLER) as root:
            new = slots.enrolled(house, KIND, None, Choice(pin=True), slots.AskPerson(house, CALLER))
            with new.kek:
                slots.add(house, root, new, kind=KIND)
        slots.remove(house, slots.find(house, "TPM"), slots.AskPerson(house, CALLER))
        store.forget_keys()
        assert "TPM with a PIN" == unlocking.open_store(house, CALLER, silently=True).label
        assert store.is_unlocked
        assert ["newPin", "pin", "pin"] == [asked[0] for asked in person.asked]


def test_no_handle_stays_in_the_tpm(tpm: Swtpm) -> None:
    """After fifty openings, and after refused ones, the TPM holds no object and no session; it has room for three."""
    made = [enrolled(tpm, choice) for choice in CHOICES.values()]
    for at in range(50):
        Slots(tpm.settings).open(made[at % 4].parameters, Person(PIN)).__exit__(None, None, None)
    with pytest.raises(WrongSecret):
        Slots(tpm.settings).open(made[1].parameters, Person(OTHER_PIN))
    extend(tpm, 7)
    with pytest.raises(DeviceRefuses):
        Slots(tpm.settings).open(made[2].parameters, Person())
    assert b"" == tpm.handles()


# PINs


@pytest.mark.parametrize("pcrs", [(), (7,)], ids=["", "and PCRs"])
def test_a_wrong_pin_counts_down_and_the_right_one_opens(tpm: Swtpm, pcrs: tuple[int, ...]) -> None:
    """The TPM's own count is told, and before the last tries also what happens then."""
    new = enrolled(tpm, Choice(pin=True, pcrs=pcrs))
    wrapped = wrapped_by(new)
    for left in (2, 1):
        with pytest.raises(WrongSecret) as refused:
            unwrapped(tpm, new.parameters, wrapped, Person(OTHER_PIN))
        assert left == refused.value.tries_left
    person = Person(PIN)
    assert ROOT_KEY == unwrapped(tpm, new.parameters, wrapped, person)
    assert "Wrong PINs until the TPM takes none for about 17 minutes: 1" == person.asked[0][2]


def test_a_lockout_is_told(tpm: Swtpm) -> None:
    """By the answer that caused it, and from then on before anybody types; the right PIN does not open either, until it ends."""
    new = enrolled(tpm, Choice(pin=True))
    wrapped = wrapped_by(new)
    for _ in range(2):
        with pytest.raises(WrongSecret):
            unwrapped(tpm, new.parameters, wrapped, Person(OTHER_PIN))
    with pytest.raises(WrongSecret) as refused:
        unwrapped(tpm, new.parameters, wrapped, Person(OTHER_PIN))
    assert 0 == refused.value.tries_left
    assert "takes none for now, and the next one in about 17 minutes. Any other slot still opens the keystore." in str(refused.value)
    person = Person(PIN)
    with pytest.raises(DeviceRefuses, match="takes none for now, and the next one in about 17 minutes"):
        unwrapped(tpm, new.parameters, wrapped, person)
    assert [] == person.asked
    tpm.run("tpm2_dictionarylockout", "--clear-lockout")
    assert ROOT_KEY == unwrapped(tpm, new.parameters, wrapped)


def test_a_lockout_while_the_pin_is_typed_is_told(tpm: Swtpm) -> None:
    """Another program may use up the tries at any moment; that is no wrong PIN."""
    new = enrolled(tpm, Choice(pin=True))

    def typed() -> str:
        for _ in range(3):
            with pytest.raises(WrongSecret):
                Slots(tpm.settings).open(new.parameters, Person(OTHER_PIN))
        return PIN

    with pytest.raises(DeviceRefuses, match="takes none for now"):
        Slots(tpm.settings).open(new.parameters, Person(typed))


def test_a_lockout_does_not_touch_a_slot_without_a_pin(tpm: Swtpm) -> None:
    """It has nothing to guess."""
    new, locked = enrolled(tpm, Choice(pcrs=(7,))), enrolled(tpm, Choice(pin=True))
    wrapped = wrapped_by(new)
    for _ in range(3):
        with pytest.raises(WrongSecret):
            Slots(tpm.settings).open(locked.parameters, Person(OTHER_PIN))
    assert ROOT_KEY == unwrapped(tpm, new.parameters, wrapped)


@pytest.mark.parametrize("typed", ["", "short", "x" * 33, "correct\0"], ids=["nothing", "short", "long", "with a zero"])
def test_what_cannot_be_a_pin_spends_no_try(tpm: Swtpm, typed: str) -> None:
    """It is not chosen either."""
    new = enrolled(tpm, Choice(pin=True))
    with pytest.raises(WrongSecret) as refused:
        Slots(tpm.settings).open(new.parameters, Person(typed))
    assert 3 == refused.value.tries_left
    assert 0 == wrong_pins(tpm)
    with pytest.raises(InvalidParams if typed else UserRejected):
        Slots(tpm.settings).enrol(THIS, Choice(pin=True), Person(typed))


def test_a_pin_of_any_letters(tpm: Swtpm) -> None:
    """Up to 32 bytes of UTF-8, each of which counts."""
    longest = "ü" * 16
    new = Slots(tpm.settings).enrol(THIS, Choice(pin=True), Person(longest))
    Slots(tpm.settings).open(new.parameters, Person(longest)).__exit__(None, None, None)
    with pytest.raises(WrongSecret):
        Slots(tpm.settings).open(new.parameters, Person("ü" * 15 + "ö"))


# what a listener sees


def test_neither_pin_nor_key_crosses_the_bus(tpm: Swtpm) -> None:
    """In all that swtpm read and wrote, in which what is not secret is found, as is what another program sends in clear."""
    made = [enrolled(tpm, choice) for choice in CHOICES.values()]
    for new in made:
        Slots(tpm.settings).open(new.parameters, Person(PIN)).__exit__(None, None, None)
    (tpm.folder / "clear").write_bytes(b"sent in clear")
    tpm.run("tpm2_hash", "clear")
    wire = tpm.wire()
    assert b"sent in clear" in wire
    for new in made:
        assert msgspec.msgpack.decode(new.parameters, type=TpmParameters).public in wire
        key = bytes(new.kek._key.buffer)  # type: ignore[attr-defined]
        assert 32 == len(key)
        assert not [part for part in (key[:8], key[8:16], key[-8:]) if part in wire or not any(part)]
    assert PIN.encode() not in wire
    # Sessions whose key is not salted to a key of the TPM encrypt too, but under what a listener sees, and the PIN.
    assert START_AUTH_SESSION + b"\x80" in wire
    assert START_AUTH_SESSION + NO_SALT not in wire


def test_an_answer_that_was_changed_on_the_way_is_not_trusted(tpm: Swtpm) -> None:
    """One bit of any answer: the slot is refused in plain words, or opens to the very key where the bit meant nothing."""
    new = enrolled(tpm, Choice(pin=True, pcrs=(7,)))
    wrapped = wrapped_by(new)
    refusals = set()
    with closing(Relay(tpm)) as relay:
        relay.begin()
        assert ROOT_KEY == unwrapped(relay, new.parameters, wrapped)
        answers = relay.answers
        for at, offset in itertools.product(range(answers), (6, 9, 14, 40, -1)):
            relay.begin((at, offset))
            try:
                assert ROOT_KEY == unwrapped(relay, new.parameters, wrapped)
            except (CannotUnseal, DeviceAbsent, DeviceRefuses) as refused:
                refusals.add((at, str(refused)))
            # What the host could not know of, as the answer that named it was spoilt; and PINs that were wrong because of that.
            tpm.run("tpm2_flushcontext", "--transient-object")
            tpm.run("tpm2_flushcontext", "--loaded-session")
            tpm.run("tpm2_dictionarylockout", "--clear-lockout")
    assert len({at for at, _ in refusals}) > answers // 2
    assert tpm_connection.DAMAGED in {said for _, said in refusals}


# it refuses


def test_another_state_of_the_computer_is_refused(tpm: Swtpm) -> None:
    """Before a PIN is typed; and it opens again once the registers read as they did."""
    for choice in (Choice(pcrs=(7,)), Choice(pin=True, pcrs=(0, 7))):
        new = enrolled(tpm, choice)
        wrapped, person = wrapped_by(new), Person(PIN)
        extend(tpm, 7)
        with pytest.raises(DeviceRefuses, match="does not read as it did when this slot was made"):
            unwrapped(tpm, new.parameters, wrapped, person)
        assert [] == person.asked
        tpm.restart()
        assert ROOT_KEY == unwrapped(tpm, new.parameters, wrapped)


def test_the_tpm_itself_insists_on_the_state(tpm: Swtpm) -> None:
    """Another program with the slot's row, and with the PIN, unseals nothing by that alone."""
    for choice in (Choice(pcrs=(7,)), Choice(pin=True, pcrs=(7,))):
        slot = msgspec.msgpack.decode(enrolled(tpm, choice).parameters, type=TpmParameters)
        with tpm_connection.connected(tpm.settings.tpm) as other, SecretBytes(PIN.encode()) as pin:
            primary, _ = other.primary()
            public, _ = other.tss.TPM2B_PUBLIC.unmarshal(slot.public)
            private, _ = other.tss.TPM2B_PRIVATE.unmarshal(slot.private)
            item = other.keep(other.esapi.load(primary, private, public))
            with other.authorised(item, pin if choice.pin else None):
                for session in (other.tss.ESYS_TR.PASSWORD, other.session(salt=primary)):
                    with pytest.raises(other.tss.TSS2_Exception, match="authPolicy is not available"):
                        other.esapi.unseal(item, session1=session)


def test_a_register_that_was_not_chosen_does_not_count(tpm: Swtpm) -> None:
    """Nor does one that was not chosen keep a slot without PCRs shut."""
    made = [enrolled(tpm, choice) for choice in (Choice(), Choice(pcrs=(7,)))]
    extend(tpm, 8)
    for new in made:
        Slots(tpm.settings).open(new.parameters, Person()).__exit__(None, None, None)


def test_a_change_while_the_pin_is_typed_is_refused(tpm: Swtpm) -> None:
    """The registers are read again by the TPM itself."""
    new = enrolled(tpm, Choice(pin=True, pcrs=(7,)))

    def typed() -> str:
        extend(tpm, 7)
        return PIN

    with pytest.raises(DeviceRefuses, match="does not read as it did"):
        Slots(tpm.settings).open(new.parameters, Person(typed))
    assert 0 == wrong_pins(tpm)


def test_another_tpm_is_refused(tpm: Swtpm) -> None:
    """Before a PIN is typed: it shall not be told to another computer, nor spend its tries."""
    for choice in CHOICES.values():
        new, person = enrolled(tpm, choice), Person(PIN)
        with swtpm() as other, pytest.raises(DeviceRefuses, match="another computer's TPM"):
            Slots(other.settings).open(new.parameters, person)
        assert [] == person.asked


def test_a_cleared_tpm_is_refused(tpm: Swtpm) -> None:
    """Its storage key is another one."""
    new = enrolled(tpm, Choice())
    tpm.clear()
    with pytest.raises(DeviceRefuses, match="or this one has been cleared since"):
        Slots(tpm.settings).open(new.parameters, Person())


def test_an_owner_password_is_told(tpm: Swtpm) -> None:
    """With the command that takes it away."""
    new = enrolled(tpm, Choice())
    tpm.run("tpm2_changeauth", "-c", "owner", "somebody's")
    with pytest.raises(DeviceRefuses, match="tpm2_changeauth -c owner -p"):
        Slots(tpm.settings).open(new.parameters, Person())
    tpm.run("tpm2_changeauth", "-c", "owner", "-p", "somebody's")
    Slots(tpm.settings).open(new.parameters, Person()).__exit__(None, None, None)


REFUSED: dict[str, tuple[Choice, type[KmsError]]] = {
    "PCR 16": (Choice(pcrs=(7, 16)), InvalidParams),
    "PCR 23": (Choice(pcrs=(23,)), InvalidParams),
    "PCR 24": (Choice(pcrs=(24,)), InvalidParams),
    "PCR -1": (Choice(pcrs=(-1,)), InvalidParams),
    "a method": (Choice(method="wrap"), Unsupported),
    "a mechanism": (Choice(mechanism="A256KW"), Unsupported),
}


@pytest.mark.parametrize(("choice", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_what_a_tpm_slot_does_not_have_is_refused(choice: Choice, error: type[KmsError]) -> None:
    """Before the TPM is asked, or anybody."""
    with pytest.raises(error):
        Slots(Settings(tpm=TpmConfig(tcti="swtpm:path=/nowhere"))).enrol(THIS, choice, Person())


def test_a_bank_that_is_off_is_refused(tpm: Swtpm) -> None:
    """A slot that is bound to registers which are not kept would be bound to nothing."""
    tpm.run("tpm2_pcrallocate", "sha1:all+sha256:none")
    tpm.restart()
    with pytest.raises(DeviceRefuses, match="keeps no SHA-256 values"):
        enrolled(tpm, Choice(pcrs=(7,)))


# what a file says


@pytest.mark.parametrize("bit", [0x01, 0x80])
def test_no_changed_byte_opens(tpm: Swtpm, bit: int) -> None:
    """Each byte of the slot's row in turn: a plain refusal, nobody is asked for a PIN, and the host goes on."""
    new = enrolled(tpm, Choice(pcrs=(7,)))
    wrapped = wrapped_by(new)
    for at in range(len(new.parameters)):
        changed, person = bytearray(new.parameters), Person(PIN)
        changed[at] ^= bit
        with pytest.raises((CannotUnseal, DeviceRefuses)):
            unwrapped(tpm, bytes(changed), wrapped, person)
        assert [] == person.asked
    assert ROOT_KEY == unwrapped(tpm, new.parameters, wrapped)


FORGED: dict[str, dict[str, object]] = {
    "another shape": {"more": 1},
    "no object": {"public": b""},
    "a long object": {"public": bytes(257)},
    "a size that is not there": {"public": b"\xff\xff"},
    "an object and more": {"public": lambda slot: slot.public + b"\0"},
    "a private part and more": {"private": lambda slot: slot.private + b"\0"},
    "no private part": {"private": b"\0\0"},
    "a long private part": {"private": bytes(513)},
    "a short name": {"primary": bytes(33)},
    "another name": {"primary": bytes(34)},
    "a PIN that it has not": {"pin": True},
    "a register that it has not": {"pcrs": (0, 7)},
    "no registers": {"pcrs": ()},
    "registers without end": {"pcrs": (0,) * 1000},
    "a register beyond all": {"pcrs": (4_000_000_000,)},
    "text for a register": {"pcrs": ("7+sha1:0",)},
}


@pytest.mark.parametrize("members", FORGED.values(), ids=FORGED.keys())
def test_a_forged_row_is_refused(tpm: Swtpm, members: dict[str, object]) -> None:
    """Before anybody types."""
    new, person = enrolled(tpm, Choice(pcrs=(7,))), Person(PIN)
    slot = msgspec.msgpack.decode(new.parameters, type=TpmParameters)
    forged = msgspec.structs.asdict(slot) | {name: value(slot) if callable(value) else value for name, value in members.items()}
    with pytest.raises((CannotUnseal, DeviceRefuses)):
        Slots(tpm.settings).open(msgspec.msgpack.encode(forged), person)
    assert [] == person.asked


def test_a_pin_meets_no_object_but_a_guarded_one(tpm: Swtpm) -> None:
    """A row that says PIN over an object for which wrong tries do not count."""
    slot = msgspec.msgpack.decode(enrolled(tpm, Choice()).parameters, type=TpmParameters)
    person = Person(PIN)
    with pytest.raises(CannotUnseal):
        Slots(tpm.settings).open(msgspec.msgpack.encode(msgspec.structs.replace(slot, pin=True)), person)
    assert [] == person.asked


@pytest.mark.parametrize("parameters", [b"", b"\xc1", b"\x80", b"\xdf\xff\xff\xff\xff"])
def test_a_row_that_cannot_be_read_is_not_here(tpm: Swtpm, parameters: bytes) -> None:
    """So that the store is opened another way; asked to open it nevertheless, it says what it says of any changed row."""
    provider = Slots(tpm.settings)
    assert not provider.is_here(parameters)
    assert provider.asks(parameters)
    with pytest.raises(CannotUnseal):
        provider.open(parameters, Person())


# where it is


def test_the_tpm_is_found(tpm: Swtpm) -> None:
    """With what is to be known of its PINs first."""
    assert [THIS.device_id] == [device.device_id for device in Slots(tpm.settings).devices()]
    assert "Wrong PINs until it takes none for about 17 minutes: 3" == Slots(tpm.settings).devices()[0].note


def test_a_tpm_that_does_not_limit_pins_says_so(tpm: Swtpm) -> None:
    """And a wrong PIN then has no count."""
    tpm.run("tpm2_dictionarylockout", "--setup-parameters", "--recovery-time=0", "--max-tries=5", "--lockout-recovery-time=0")
    assert "does not limit wrong PINs" in Slots(tpm.settings).devices()[0].note
    with pytest.raises(WrongSecret) as refused:
        Slots(tpm.settings).open(enrolled(tpm, Choice(pin=True)).parameters, Person(OTHER_PIN))
    assert refused.value.tries_left is None


def test_a_tpm_that_is_gone_is_told(tpm: Swtpm, capfd: pytest.CaptureFixture[str]) -> None:
    """Before it is asked and while a PIN is typed; the library prints nothing of its own."""
    new = enrolled(tpm, Choice(pin=True))

    def typed() -> str:
        tpm.stop()
        return PIN

    for answer in (typed, PIN):
        with pytest.raises(DeviceAbsent, match="does not answer"):
            Slots(tpm.settings).open(new.parameters, Person(answer))
    with pytest.raises(DeviceAbsent):
        Slots(tpm.settings).devices()
    assert ("", "") == capfd.readouterr()


def test_a_tpm_that_dies_in_the_middle_is_told(tpm: Swtpm) -> None:
    """Over one connection: what was made in it cannot be flushed, and that is no error either."""

    def die() -> None:
        with tpm_connection.connected(tpm.settings.tpm) as connection:
            primary, _ = connection.primary()
            tpm.stop()
            connection.session(salt=primary)

    with pytest.raises(DeviceAbsent, match="does not answer"):
        die()


def test_no_tpm_no_device(monkeypatch: pytest.MonkeyPatch, tpm: Swtpm) -> None:
    """Nothing is found, and a slot says what is missing."""
    parameters = enrolled(tpm, Choice()).parameters
    monkeypatch.setattr(tpm_connection, "DEVICE", "/nowhere/tpmrm0")
    none = Slots(Settings())
    assert [] == none.devices()
    assert not none.is_here(parameters)
    with pytest.raises(DeviceAbsent, match="shows no TPM"):
        none.open(parameters, Person())


def test_a_tpm_that_may_not_be_used_is_told(monkeypatch: pytest.MonkeyPatch, tpm: Swtpm, tmp_path: Path) -> None:
    """With the command that lets the person in."""
    parameters = enrolled(tpm, Choice()).parameters
    device = tmp_path / "tpmrm0"
    device.touch()
    monkeypatch.setattr(tpm_connection, "DEVICE", str(device))
    monkeypatch.setattr(os, "access", lambda path, mode: path != str(device))  # root, as whom this may run, may use anything
    shut = Slots(Settings())
    assert not shut.is_here(parameters)
    for asked in (shut.devices, lambda: shut.open(parameters, Person())):
        with pytest.raises(DeviceAbsent, match="usermod -aG tss"):
            asked()


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tpm: Swtpm) -> None:
    """And finds no device."""
    parameters = enrolled(tpm, Choice()).parameters
    monkeypatch.setitem(sys.modules, "tpm2_pytss", None)
    assert [] == Slots(tpm.settings).devices()
    with pytest.raises(DeviceAbsent, match=r"pip install 'strongroom\[tpm\]'"):
        Slots(tpm.settings).open(parameters, Person())


def test_elsewhere_than_on_linux_it_says_so(monkeypatch: pytest.MonkeyPatch, tpm: Swtpm) -> None:
    """Also where a TPM is configured."""
    parameters = enrolled(tpm, Choice()).parameters
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(sys, "platform", "win32")
        assert [] == Slots(tpm.settings).devices()
        assert not Slots(tpm.settings).is_here(parameters)
        with pytest.raises(Unsupported, match="on Linux only"):
            Slots(tpm.settings).open(parameters, Person())


@pytest.mark.parametrize("tcti", ["cmd:touch {0}", "{0}", "libtss2-tcti-cmd.so.0:touch {0}", "pcap:cmd:touch {0}", ""])
def test_a_configuration_names_no_code(tpm: Swtpm, tmp_path: Path, tcti: str) -> None:
    """tpm2-tss would run a command, or load a library, in the process that holds the keys."""
    named = Settings(tpm=TpmConfig(tcti=tcti.format(tmp_path / "was-here")))
    with pytest.raises(DeviceAbsent, match=r"tpm\.tcti does not begin with"):
        Slots(named).open(enrolled(tpm, Choice()).parameters, Person())
    assert not (tmp_path / "was-here").exists()


def test_looking_for_it_loads_nothing() -> None:
    """The list of slots, and whether their devices are here, is part of every start."""
    program = (
        "import sys; from native_host.config import TpmConfig; from native_host.kek.provider import Settings;"
        "from native_host.kek.tpm import Slots; from native_host.kek.tpm_counter import Counters;"
        "settings = Settings(tpm=TpmConfig(tcti='swtpm:path=/nowhere'));"
        "Slots(settings).is_here(b''); Slots(settings).asks(b''); assert Counters(settings).is_here();"
        "print(any(name.startswith('tpm2_pytss') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "False\n" == done.stdout
