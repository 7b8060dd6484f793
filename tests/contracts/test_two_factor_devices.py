"""Two factors with devices of other kinds: a TPM, which may ask nothing, and a token, in which the key stays and which keeps something."""

from __future__ import annotations

from pathlib import Path

import pytest

from native_host.errors import CannotUnseal, UserRejected
from native_host.kek import passphrase
from native_host.kek.provider import Choice, Device, Settings
from native_host.kek.two_factor import Slots
from native_host.operations import unlocking
from tests.parts.asked_person import CALLER, Person, house_of, store_with
from tests.parts.softhsm import PIN, SoftHsm, softhsm
from tests.parts.swtpm import swtpm

__all__ = ["softhsm"]  # a fixture

PASSPHRASE = "a long passphrase"
TPM_PIN = "123456"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least memory that is accepted, from the start: to measure how much there could be takes half a second."""
    monkeypatch.setattr(passphrase, "PREFERRED_MEMORY_KIB", passphrase.FLOOR_MEMORY_KIB)


def device(maker: Slots, kind: str) -> Device:
    (found,) = [one for one in maker.devices() if one.device_id.startswith(f"{kind}:")]
    return found


def opens(folder: Path, settings: Settings, kind: str, choice: Choice, enrolling: list[str], rounds: list[tuple[list[str], bool]]) -> bytes:
    """Make a store of such a slot; in each round these answers, all of them needed, open it or do not. The slot's parameters."""
    new = Slots(settings).enrol(device(Slots(settings), kind), choice, Person(*enrolling))
    with store_with(folder, "two_factor", new) as store:
        for answers, right in rounds:
            store.forget_keys()
            person = Person(*answers)
            house = house_of(store, person, settings)
            if right:
                assert unlocking.open_store(house, CALLER, silently=True).kind == "two_factor"
            else:
                with pytest.raises(CannotUnseal):
                    unlocking.open_store(house, CALLER, silently=True)
            assert person.answers == []
    return new.parameters


def test_a_tpm_that_asks_nothing(tmp_path: Path) -> None:
    """The passphrase alone is typed, and nobody without this TPM can even try one."""
    with swtpm() as tpm:
        rounds = [([PASSPHRASE], True), (["wrong", PASSPHRASE], True), (["a", "b", "c"], False)]
        parameters = opens(tmp_path, tpm.settings, "tpm", Choice(), [PASSPHRASE], rounds)
        assert Slots(tpm.settings).asks(parameters)


def test_a_tpm_with_a_pin(tmp_path: Path) -> None:
    """The passphrase is chosen first and typed last; after a wrong PIN the PIN is asked for again."""
    with swtpm() as tpm:
        rounds = [([TPM_PIN, PASSPHRASE], True), (["999999", TPM_PIN, "wrong", PASSPHRASE], True)]
        opens(tmp_path, tpm.settings, "tpm", Choice(pin=True), [PASSPHRASE, TPM_PIN], rounds)


@pytest.mark.parametrize("mechanism", ["A256GCM", "RSA-OAEP"])
def test_a_token(softhsm: SoftHsm, tmp_path: Path, mechanism: str) -> None:
    """Its key wraps what the passphrase's key has wrapped, and is taken back with the slot."""
    before = kept(softhsm)
    rounds = [([PIN, PASSPHRASE], True), ([PIN, "wrong", PASSPHRASE], True)]
    parameters = opens(tmp_path, softhsm.settings, "pkcs11", Choice(mechanism=mechanism), [PASSPHRASE, PIN], rounds)
    assert kept(softhsm) > before
    Slots(softhsm.settings).forget(parameters, Person(PIN))
    assert kept(softhsm) == before


def test_a_no_leaves_nothing_in_the_token(softhsm: SoftHsm) -> None:
    """The passphrase is asked for before a key is made."""
    maker, before = Slots(softhsm.settings), kept(softhsm)
    with pytest.raises(UserRejected):
        maker.enrol(device(maker, "pkcs11"), Choice(), Person())
    assert kept(softhsm) == before


def kept(token: SoftHsm) -> set[str]:
    """The objects in the token, by their files."""
    return {path.name for path in token.folder.rglob("*.object")}
