"""``strongroom init``, ``status``, ``keys``, ``lock``: the keystore as its owner sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from native_host.person import Desk

SecretFromStdin = Annotated[
    bool, typer.Option("--secret-from-stdin", help="Read the passphrase as one line of standard input, for scripts.")
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


def init(
    *,
    slot: Annotated[
        str | None, typer.Option(metavar="KIND", help="How it is opened first; without this, the best that stays with this computer.")
    ] = None,
    device: Annotated[str | None, typer.Option(metavar="ID", help="Which device, where there is more than one.")] = None,
    recovery: Annotated[bool, typer.Option(help="Offer a recovery code, shown once.")] = True,
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Set the keystore up here, without a browser. A script, with --secret-from-stdin, gets a passphrase alone unless it names a slot."""
    from native_host.cli.asking import SettingUpPerson
    from native_host.errors import Uninitialized, UserRejected
    from native_host.operations import slots as ways
    from native_host.operations.setting_up import Wish
    from native_host.person import at_desk

    kind = slot or ("passphrase" if secret_from_stdin else None)
    with at_desk(SettingUpPerson(secret_from_stdin=secret_from_stdin), make=True) as desk:
        if desk.state != "uninitialized":
            print(f"There is a keystore already, in {desk.paths.data}. Nothing was changed.")
            raise typer.Exit(1)
        try:
            desk.set_up(Wish(kind=kind, device_id=device, recovery=recovery and not secret_from_stdin))
        except Uninitialized:
            raise UserRejected("The set-up was cancelled, and there is no keystore. To begin again: strongroom init") from None
        print(f"The keystore is set up, in {desk.paths.data}.")
        if desk.store.unattended:
            print("It is unattended: approvals are answered by the program in config.toml, and this cannot be taken back.")
        made = desk.store.slots()
        for one in made:
            row = ways.kind_of(one)
            print(f"{one.label} opens it. It stops {row.stops}; it does not stop {row.does_not_stop}.")
        if not any(one.kind == "recovery" for one in made):
            print("There is no recovery code: without what is named above, nobody can bring your keys back.")
            print("  Make one with: strongroom slots add recovery")


def status(*, json: AsJson = False) -> None:
    """Whether there is a keystore, where it lies and what protects it."""
    from native_host.cli.asking import TerminalPerson
    from native_host.person import at_desk

    with at_desk(TerminalPerson(secret_from_stdin=False), make=False) as desk:
        facts = _status(desk)
    if json:
        from msgspec import json as as_json

        print(as_json.format(as_json.encode(facts)).decode())
        return
    words = {"locked": "set up", "uninitialized": "not set up yet; set it up with: strongroom init"}
    print(f"Keystore:    {words[facts['state']]}")
    print(f"Folder:      {facts['folder']}")
    for slot in facts["slots"]:
        print(f"Opened by:   {slot['label']} ({slot['kind']}): stops {slot['stops']}")
    if len(facts["slots"]) > 1:
        print(f"As weak as:  {facts['weakest']}, since any of these opens all of it")
    for label in facts["weakSlots"]:
        print(f"Weak:        {label} is derived with the least work that is accepted")
    for text in facts["found"]:
        print(f"Changed:     {text} See: strongroom audit verify")
    if facts["slots"]:
        print(
            f"Older copy:  {'noticed by a counter in: ' + facts['counter'] if facts['counter'] else 'of the whole folder, would not be noticed'}"
        )
    print(f"Approvals:   {'by a program: this keystore is unattended' if facts['unattended'] else 'by you, in the window of the host'}")
    print(f"Locks after: {facts['idleLockSeconds']} s without use, in each browser's host")
    print(f"Extensions:  {', '.join(facts['origins']) or 'none attached'}")


def _status(desk: Desk) -> dict[str, Any]:
    from native_host.operations import slots as ways

    weakest, place = ways.weakest_way(desk.house), desk.counter_place()
    return {
        "state": desk.state,
        "folder": desk.paths.data,
        "unattended": desk.store.unattended,
        "slots": [
            {"kind": slot.kind, "label": slot.label, "stops": ways.kind_of(slot).stops, "doesNotStop": ways.kind_of(slot).does_not_stop}
            for slot in desk.store.slots()
        ],
        "weakest": None if weakest is None else weakest.name,
        "protection": None if weakest is None else weakest.protection,
        "weakSlots": desk.weak_slots(),
        "counter": None if place is None else place[0],
        "found": desk.examine()[1] if desk.state != "uninitialized" else [],
        "idleLockSeconds": desk.config.session.idle_lock_seconds,
        "origins": [one.origin for one in desk.attachments()],
    }


def keys(*, secret_from_stdin: SecretFromStdin = False, json: AsJson = False) -> None:
    """Every key of every wallet; asks for the passphrase."""
    from native_host.cli.asking import TerminalPerson
    from native_host.person import at_desk
    from native_host.protocol.wire import encode_hook
    from native_host.review.text import visible

    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        desk.unlock()
        found = list(desk.keys())
    if json:
        from msgspec import json as as_json

        print(as_json.format(as_json.encode([{"wallet": wallet, "key": key} for wallet, key in found], enc_hook=encode_hook)).decode())
        return
    if not found:
        print("There are no keys yet.")
    for wallet, key in found:
        # A name comes from an extension, and a terminal obeys what it is shown.
        label = visible(key.label) if isinstance(key.label, str) else "(no name)"
        place = key.derived_from.path if hasattr(key.derived_from, "path") else key.provenance
        address = key.address if isinstance(key.address, str) else ""
        print(f"{key.key_id}  {wallet}  {key.alg:<8}  {key.state:<11}  {place:<20}  {label}  {address}".rstrip())


def lock() -> None:
    """Lock the keystore in every browser now."""
    from native_host.cli.asking import TerminalPerson
    from native_host.person import at_desk

    with at_desk(TerminalPerson(secret_from_stdin=False)) as desk:
        need_store(desk.state)
        desk.lock()
    print("Locked everywhere.")


def need_store(state: str) -> None:
    """Raise ``Uninitialized``, with what to do, if there is no keystore."""
    from native_host.errors import Uninitialized

    if state == "uninitialized":
        raise Uninitialized("There is no keystore yet. Make one with: strongroom init")
