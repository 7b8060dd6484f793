"""The recovery slot and the text form of its code."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from native_host import sodium
from native_host.encodings import recovery_code
from native_host.errors import CannotUnseal, Unsupported, UserRejected
from native_host.kek.provider import Choice, Enrolled, Settings, WrongSecret
from native_host.kek.recovery import INFO, Slots
from native_host.operations import slots, unlocking
from native_host.secret import SecretBytes
from tests.parts.asked_person import CALLER, Person, house_of, store_with

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SLOTS = Slots(Settings())
ZERO = "0000 0000 0000 0000 0000 0000 00SR"


def text(code: bytes) -> str:
    return str(recovery_code.text_of(SecretBytes(code)).buffer, "utf-8")


def read(typed: str) -> bytes:
    return bytes(recovery_code.code_of(SecretBytes(typed.encode())).buffer)


def product(left: int, right: int) -> int:
    """In GF(32), by shifting and reducing, one bit after the other."""
    found = 0
    for bit in range(4, -1, -1):
        found <<= 1
        found ^= 0b100101 if found & 32 else 0
        found ^= left if right >> bit & 1 else 0
    return found


def independent(code: bytes) -> str:
    """The text form by another way than ours: whole numbers, and the two checks found as the pair that makes both roots vanish."""
    number = int.from_bytes(code) << 2
    values = [number >> 5 * place & 31 for place in range(25, -1, -1)]
    for first in range(32):
        for second in range(32):
            word = [*values, first ^ 25, second ^ 24]
            at_one = at_alpha = 0
            for value in word:
                at_one, at_alpha = at_one ^ value, product(at_alpha, 2) ^ value
            if at_one == at_alpha == 0:
                digits = "".join(CROCKFORD[value] for value in [*values, first, second])
                return " ".join(digits[at : at + 4] for at in range(0, 28, 4))
    raise AssertionError


def enrolled() -> tuple[Enrolled, str]:
    person = Person()
    person.answers = [person.remembered]
    return SLOTS.enrol(SLOTS.devices()[0], Choice(), person), person.remembered()


@given(st.binary(min_size=16, max_size=16))
def test_text_and_back(code: bytes) -> None:
    """Seven groups of four, as a second reading of the definition makes them, and the same code again."""
    assert text(code) == independent(code)
    assert read(text(code)) == code


@given(st.binary(min_size=16, max_size=16), st.data())
def test_however_it_is_typed(code: bytes, data: st.DataObject) -> None:
    """Case, spaces, hyphens and the letters that look like 0 and 1 do not matter."""
    typed = "".join(
        data.draw(st.sampled_from({"0": "0Oo", "1": "1IiLl"}.get(character, character + character.lower())))
        + data.draw(st.sampled_from(["", " ", "-", "\t"]))
        for character in text(code).replace(" ", "")
    )
    assert read(typed) == code


@pytest.mark.parametrize("place", range(28))
def test_a_slip_is_found(place: int) -> None:
    """None of the 31 other characters at any place gives a code, nor does any second slip beside it, nor an exchange of two."""
    characters = text(bytes(range(16))).replace(" ", "")
    for other in CROCKFORD.replace(characters[place], ""):
        slip = characters[:place] + other + characters[place + 1 :]
        second = (place + 9) % 28
        for typed in (slip, *(slip[:second] + also + slip[second + 1 :] for also in CROCKFORD)):
            with pytest.raises(recovery_code.NoRecoveryCode):
                read(typed)
    for second in range(place + 1, 28):
        if characters[second] != characters[place]:
            swapped = list(characters)
            swapped[place], swapped[second] = swapped[second], swapped[place]
            with pytest.raises(recovery_code.NoRecoveryCode):
                read("".join(swapped))


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", recovery_code.WrongLength),
        (ZERO[:-1], recovery_code.WrongLength),
        (ZERO + "0", recovery_code.WrongLength),
        (ZERO.replace("S", "U"), recovery_code.OtherCharacter),
        ("\u0660" + ZERO[1:], recovery_code.OtherCharacter),
        (ZERO + "\0", recovery_code.OtherCharacter),
        ("0" * 28, recovery_code.NoRecoveryCode),
        ("a passphrase, with a comma", recovery_code.OtherCharacter),
    ],
)
def test_what_is_no_code(typed: str, error: type[Exception]) -> None:
    """Too short, too long, a letter that none has, digits of other scripts, a NUL, a passphrase."""
    with pytest.raises(error):
        read(typed)


@given(st.text())
def test_no_text_breaks_the_reading(typed: str) -> None:
    """It is a code or it is none."""
    try:
        read(typed)
    except recovery_code.NoRecoveryCode:
        return


def test_unused_bits_are_zero() -> None:
    """Of the texts whose 26th character differs in the two bits after the code, and whose checksum is right, one is read."""
    typed = [
        f"{'0' * 25}{CROCKFORD[last]}{CROCKFORD[first]}{CROCKFORD[second]}"
        for last in range(4)
        for first in range(32)
        for second in range(32)
    ]
    found = []
    for one in typed:
        with suppress(recovery_code.NoRecoveryCode):
            found.append(read(one))
    assert found == [bytes(16)]


def test_the_key_is_hkdf_of_the_code() -> None:
    """What the slot wraps is opened with HKDF-SHA-256 of another library."""
    new, shown = enrolled()
    salt = msgspec.msgpack.decode(new.parameters)["salt"]
    key = HKDF(SHA256(), 32, salt, INFO).derive(read(shown))
    assert sodium.aead_decrypt(key, new.kek.wrap(SecretBytes(b"root"), aad=b"aad"), aad=b"aad") == b"root"


def test_opened_again_by_the_code_alone() -> None:
    """The parameters and the code give the same key; another code does not."""
    new, shown = enrolled()
    wrapped = new.kek.wrap(SecretBytes(bytes(32)), aad=b"aad")
    with SLOTS.open(new.parameters, Person(shown.lower())) as kek:
        assert bytes(kek.unwrap(wrapped, aad=b"aad").buffer) == bytes(32)
    with SLOTS.open(new.parameters, Person(ZERO)) as kek, pytest.raises(CannotUnseal):
        kek.unwrap(wrapped, aad=b"aad")


def test_two_codes_differ() -> None:
    """Each enrolment draws its own code and salt."""
    (first, shown), (second, other) = enrolled(), enrolled()
    assert (shown, first.parameters) != (other, second.parameters)
    assert shown != other


def test_it_is_typed_back() -> None:
    """What is no code and what is another one are told apart; the third try may still be right."""
    person = Person("nonsense", ZERO)
    person.answers.append(person.remembered)
    SLOTS.enrol(SLOTS.devices()[0], Choice(), person)
    hints = [hint for _, _, hint in person.asked]
    assert [(hint or "")[:30] for hint in hints] == ["", "This is not a recovery code: a", "This is not the code that was "]
    assert {purpose for purpose, _, _ in person.asked} | {purpose for purpose, _ in person.shown} == {"recoveryCode"}


@pytest.mark.parametrize("answers", [(ZERO, ZERO, ZERO), ("", "", ""), ()])
def test_not_typed_back_is_no_slot(answers: tuple[str, ...]) -> None:
    """Three wrong ones, or a no."""
    with pytest.raises(UserRejected):
        SLOTS.enrol(SLOTS.devices()[0], Choice(), Person(*answers))


def test_what_cannot_be_a_code_is_told_at_once() -> None:
    """With a wrong checksum the slot says so itself."""
    new, shown = enrolled()
    wrong = shown[:-1] + ("0" if shown[-1] != "0" else "1")
    for typed in (wrong, "", "a passphrase"):
        with pytest.raises(WrongSecret):
            SLOTS.open(new.parameters, Person(typed))


@pytest.mark.parametrize(
    "parameters",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode({}),
        msgspec.msgpack.encode({"salt": bytes(15)}),
        msgspec.msgpack.encode({"salt": bytes(17)}),
        msgspec.msgpack.encode({"salt": "sixteen letters."}),
        msgspec.msgpack.encode({"salt": bytes(16), "rounds": 1}),
        msgspec.msgpack.encode([bytes(16)]),
        b"\x91" * 100_000,
    ],
)
def test_hostile_parameters(parameters: bytes) -> None:
    """A changed file cannot be told from a wrong code, and asks nobody for one."""
    person = Person(ZERO)
    with pytest.raises(CannotUnseal):
        SLOTS.open(parameters, person)
    assert person.asked == []


def test_options_are_refused() -> None:
    """It has none, and says so before anything is shown."""
    person = Person()
    with pytest.raises(Unsupported):
        SLOTS.enrol(SLOTS.devices()[0], Choice(pin=True), person)
    assert person.shown == []


def test_it_is_always_here_and_always_asks() -> None:
    """Nothing has to be at hand, and no program opens it alone."""
    assert (SLOTS.is_here(b""), SLOTS.asks(b"")) == (True, True)
    SLOTS.forget(b"", Person())


def test_a_store_is_opened_with_the_code(tmp_path: Path) -> None:
    """Beside a passphrase slot, in the same box where the passphrase is typed; and it can be tried out."""
    new, shown = enrolled()
    with store_with(tmp_path, "recovery", new) as store:
        person = Person("not it", shown, "a long passphrase")
        house = house_of(store, person)
        with unlocking.opened_root(house, CALLER) as root:
            ask = slots.AskPerson(house, CALLER)
            slots.add(house, root, slots.enrolled(house, "passphrase", None, Choice(), ask), kind="passphrase")
        store.forget_keys()
        person.answers = [shown]
        assert unlocking.open_store(house, CALLER, silently=True).kind == "recovery"
        store.forget_keys()
        person.answers = ["a long passphrase"]
        assert unlocking.open_store(house, CALLER, silently=True).kind == "passphrase"
        person.answers = [shown]
        slots.try_out(house, slots.find(house, "Recovery code"), slots.AskPerson(house, CALLER))
