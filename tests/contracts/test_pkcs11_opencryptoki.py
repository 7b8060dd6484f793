"""The slot in a token once more, with openCryptoki's: another maker's module, which locks its PIN after three wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from native_host.errors import KmsError, Unsupported
from native_host.kek.pkcs11 import FEW_TRIES, LAST_TRY, LOCKED, Slots, read_parameters
from native_host.kek.provider import Choice, DeviceRefuses, Settings, WrongSecret
from native_host.secret import SecretBytes
from tests.parts.asked_person import Person
from tests.parts.opencryptoki import PIN, run

AAD = b"bound to"


def said(slots: Slots, parameters: bytes, *answers: str) -> list[Any]:
    """What opening says, and what the person was asked."""
    person = Person(*answers)
    try:
        with slots.open(parameters, person):
            outcome: list[Any] = ["opened", None]
    except WrongSecret as error:
        outcome = ["WrongSecret", error.tries_left]
    except DeviceRefuses as error:
        outcome = ["DeviceRefuses", str(error)]
    return [*outcome, [hint for _, _, hint in person.asked], person.readied]


def protect(settings: Settings) -> Any:
    slots = Slots(settings)
    (device,) = slots.devices()
    results: dict[str, Any] = {"label": device.label}
    for mechanism in (None, "RSA-OAEP", "RSA-OAEP-256", "A256GCM", "A256KW", "A256KWP", "ECDH-P256"):
        try:
            new = slots.enrol(device, Choice(mechanism=mechanism), Person(PIN))
        except Unsupported:
            results[str(mechanism)] = "Unsupported"
            continue
        with new.kek as kek, SecretBytes(bytes(72)) as root:
            wrapped = kek.wrap(root, aad=AAD)
        with slots.open(new.parameters, Person(PIN)) as kek:
            assert kek.unwrap(wrapped, aad=AAD) == SecretBytes(bytes(72))
            try:
                kek.unwrap(wrapped, aad=b"other")
                results[str(mechanism)] = "not bound"
            except KmsError as error:
                results[str(mechanism)] = [read_parameters(new.parameters).way, type(error).__name__]
    return results


def lock(settings: Settings) -> Any:
    slots = Slots(settings)
    (device,) = slots.devices()
    parameters = slots.enrol(device, Choice(), Person(PIN)).parameters
    heard = [said(slots, parameters, typed) for typed in ("9999", PIN, "9999", "9999")]
    refused = Person(PIN, ready=_no)
    try:
        slots.open(parameters, refused)
    except ConnectionAbortedError:
        heard.append(["said no", None, [hint for _, _, hint in refused.asked], refused.readied])
    heard += [said(slots, parameters, "9999"), said(slots, parameters, PIN)]
    return {"heard": heard, "note": slots.devices()[0].note}


def _no() -> None:
    raise ConnectionAbortedError


def test_what_it_can_do_and_what_not(tmp_path: Path) -> None:
    """RSA-OAEP by C_WrapKey and C_UnwrapKey; it has no AES-GCM, no key wrap by AES and no curves, and is not asked for them."""
    assert run(protect, tmp_path) == {
        "label": "witness (IBM Corp. IBM SoftTok)",
        "None": ["RSA-OAEP-256/RSA_PKCS_OAEP", "CannotUnseal"],
        "RSA-OAEP": ["RSA-OAEP/RSA_PKCS_OAEP", "CannotUnseal"],
        "RSA-OAEP-256": ["RSA-OAEP-256/RSA_PKCS_OAEP", "CannotUnseal"],
        "A256GCM": "Unsupported",
        "A256KW": "Unsupported",
        "A256KWP": "Unsupported",
        "ECDH-P256": "Unsupported",
    }


def test_no_try_is_spent_that_was_not_told_of(tmp_path: Path) -> None:
    """A hint after the first wrong PIN; before the last try the person has to say yes; a locked token is not tried at all."""
    locked = run(lock, tmp_path)
    assert locked["heard"] == [
        ["WrongSecret", None, [None], []],
        ["opened", None, [FEW_TRIES], []],
        ["WrongSecret", None, [None], []],
        ["WrongSecret", 1, [FEW_TRIES], []],
        ["said no", None, [], ["The last try"]],
        ["WrongSecret", 0, [LAST_TRY], ["The last try"]],
        ["DeviceRefuses", LOCKED, [], []],
    ]
    assert locked["note"] == LOCKED
