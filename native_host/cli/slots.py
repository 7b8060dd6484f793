"""``strongroom slots`` and ``strongroom passphrase``: the ways into the keystore."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from native_host.cli.store import AsJson, SecretFromStdin, need_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.person import Desk

slots = typer.Typer(
    help="The ways into the keystore. Each of them opens all of it, so the weakest is what protects it.", no_args_is_help=True
)

Name = Annotated[
    str, typer.Argument(metavar="SLOT", help="The slot's name or its id, as the list shows them, or the first letters of either.")
]
Device = Annotated[str | None, typer.Option(metavar="ID", help="Which device, where there is more than one; see: strongroom slots devices")]


@slots.command("list")
def list_slots(*, json: AsJson = False) -> None:
    """Every slot: what it is, whether its device is here, whom it stops and whom not."""
    from native_host.operations import slots as ways
    from native_host.person import at_desk

    with _at(at_desk) as desk:
        rows = [_facts(desk, slot) for slot in desk.store.slots()]
        weakest = ways.weakest_way(desk.house)
    if json:
        from msgspec import json as as_json

        print(as_json.format(as_json.encode(rows)).decode())
        return
    for row in rows:
        print(f"{row['id'][:8]}  {row['kind']:<15}{row['label']}{'' if row['here'] else '  (not here now)'}")
        print(f"          Stops {row['stops']}.")
        print(f"          Does not stop {row['doesNotStop']}.")
        if row["failures"]:
            times = "once" if row["failures"] == 1 else f"{row['failures']} times"
            print(f"          Tried without success since it last opened: {times}.")
    if weakest is not None and len(rows) > 1:
        print(f"The weakest of them is: {weakest.name}.")


@slots.command()
def devices(*, json: AsJson = False) -> None:
    """What could hold a slot here and now; strongest first. What is to be added must be connected."""
    from native_host.operations import slots as ways
    from native_host.person import at_desk

    with _at(at_desk) as desk:
        found = [
            {"kind": row.kind, "device": device.device_id, "label": device.label, "note": device.note}
            for row, device in ways.devices(desk.house)
        ]
    if json:
        from msgspec import json as as_json

        print(as_json.format(as_json.encode(found)).decode())
        return
    for one in found:
        print(f"{one['kind']:<15}{one['device']:<30}{one['label']}{'  ' + one['note'] if one['note'] else ''}")
    print("Add one with: strongroom slots add KIND --device ID")


@slots.command()
def add(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="passphrase, recovery, tpm, pkcs11, fido2, secret_service, keychain, dpapi or two_factor")
    ],
    *,
    device: Device = None,
    label: Annotated[str | None, typer.Option(metavar="NAME", help="What the list is to call it.")] = None,
    pin: Annotated[bool, typer.Option("--pin", help="A TPM is to ask for a PIN.")] = False,
    pcr: Annotated[str, typer.Option(metavar="0,2,7", help="A TPM opens only while these registers read as they do now.")] = "",
    method: Annotated[str | None, typer.Option(metavar="encrypt|wrap|agree", help="How a token protects the root key.")] = None,
    mechanism: Annotated[str | None, typer.Option(metavar="ALG", help="By which algorithm, in JOSE's names.")] = None,
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Add a way in. The keystore is opened for it by one that it has; no key is touched."""
    from native_host.operations import slots as ways
    from native_host.operations import unlocking
    from native_host.person import at_desk

    choice = ways.choice(pin=pin, pcrs=_registers(pcr), method=method, mechanism=mechanism)
    with _at(at_desk, secret_from_stdin=secret_from_stdin) as desk:
        need_store(desk.state)
        house, ask = desk.house, ways.AskPerson(desk.house, desk.caller)
        ways.check_label(house, label)
        with unlocking.opened_root(house, desk.caller) as root:
            new = ways.enrolled(house, kind, device, choice, ask)
            with ways.kept_if_done(house, kind, new, ask):
                slot = ways.add(house, root, new, kind=kind, label=label)
        row = ways.kind_of(slot)
    print(f"Added: {slot.label}. It stops {row.stops}.")
    print(f"It does not stop {row.does_not_stop}.")


@slots.command()
def remove(name: Name, *, secret_from_stdin: SecretFromStdin = False) -> None:
    """Take a way in away. The keystore is opened for it, if possible by another one."""
    from native_host.operations import slots as ways
    from native_host.operations import unlocking
    from native_host.person import at_desk

    with _at(at_desk, secret_from_stdin=secret_from_stdin) as desk:
        need_store(desk.state)
        house, slot = desk.house, ways.find(desk.house, name)
        ways.refuse_last(house, slot)
        with unlocking.opened_root(house, desk.caller):
            ways.remove(house, slot, ways.AskPerson(house, desk.caller))
    print(f"Removed: {slot.label}.")
    print("An older copy of the keystore, such as a backup of this folder, still opens with it.")
    print("If somebody else may have both, make new keys and move what the old ones hold.")


@slots.command("test")
def try_out(name: Name, *, secret_from_stdin: SecretFromStdin = False) -> None:
    """See that a slot opens the keystore, here and now."""
    from native_host.operations import slots as ways
    from native_host.person import at_desk

    with _at(at_desk, secret_from_stdin=secret_from_stdin) as desk:
        need_store(desk.state)
        slot = ways.find(desk.house, name)
        ways.try_out(desk.house, slot, ways.AskPerson(desk.house, desk.caller))
    print(f"{slot.label} opens the keystore.")


def passphrase(
    name: Annotated[str | None, typer.Argument(metavar="SLOT", help="Which, if there is more than one slot with a passphrase.")] = None,
    *,
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Change a passphrase. Asks for a way in, then for the new passphrase; with --secret-from-stdin these are two lines."""
    from native_host.operations import slots as ways
    from native_host.operations import unlocking
    from native_host.person import at_desk

    with _at(at_desk, secret_from_stdin=secret_from_stdin) as desk:
        need_store(desk.state)
        house = desk.house
        slot = ways.find(house, name) if name else ways.with_passphrase(house)
        with unlocking.opened_root(house, desk.caller) as root:
            new = ways.enrolled_again(house, slot, ways.AskPerson(house, desk.caller))
            with new.kek:
                ways.replace(house, root, slot, new)
    print(f"The passphrase was changed of: {slot.label}")
    print("An older copy of the keystore, such as a backup of this folder, still opens with the old one.")


@contextmanager
def _at(at_desk: Any, *, secret_from_stdin: bool = False) -> Iterator[Desk]:
    from native_host.cli.asking import TerminalPerson

    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        yield desk


def _facts(desk: Desk, slot: Any) -> dict[str, Any]:
    from native_host.operations import slots as ways

    row = ways.kind_of(slot)
    failures, _ = desk.store.failures(slot.slot_id)
    return {
        "id": slot.slot_id.hex(),
        "kind": slot.kind,
        "label": slot.label,
        "here": ways.is_here(desk.house, slot),
        "protection": row.protection,
        "stops": row.stops,
        "doesNotStop": row.does_not_stop,
        "failures": failures,
    }


def _registers(text: str) -> tuple[int, ...]:
    """The numbers in ``0,2,7``; ends the program with what is expected if they are none."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() and int(part) < 24 for part in parts):  # noqa: PLR2004  # PCRs of a PC (TCG PC Client profile)
        raise typer.BadParameter("Registers are numbers from 0 to 23 with commas between, such as 0,2,7.")
    return tuple(sorted({int(part) for part in parts}))
