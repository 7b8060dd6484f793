"""What ``doctor`` has to say of the keystore and of the programs around it: nothing of it is unlocked for that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from native_host.errors import KmsError
from native_host.install.checks import Finding, Verdict
from native_host.review.text import visible

if TYPE_CHECKING:
    from native_host.person import Desk

MEMORY = {
    "memfd_secret": "Secrets lie in memory that no other program can read, not even the administrator's (memfd_secret).",
    "locked": "Secrets lie in memory that is never written to disk, and that other programs of yours cannot read.",
    "ordinary": "Secrets lie in ordinary memory: this system lets the host lock none, so that they can end up in the swap file.",
}


def keystore() -> Iterator[Finding]:
    """The keystore of this person, its ways in, the record of decisions and how an older copy of it would be noticed."""
    from native_host.cli.asking import TerminalPerson
    from native_host.person import at_desk

    try:
        with at_desk(TerminalPerson(secret_from_stdin=False), make=True) as desk:
            if desk.state == "uninitialized":
                yield Finding(check="keystore", verdict="warn", text="There is no keystore yet.", mend="strongroom init")
                return
            yield from _whole(desk)
            yield from _ways(desk)
            yield from _counter(desk)
            if desk.store.unattended:
                text = "Unattended: approvals are answered by the program in config.toml, not by you. This cannot be taken back."
                yield Finding(check="approvals", verdict="warn", text=text)
    except KmsError as error:
        yield Finding(check="keystore", verdict="fail", text=str(error))


def surroundings() -> Iterator[Finding]:
    """What protects a running host here, and the tokens that it may use."""
    from native_host import confinement, watching
    from native_host.cli import tokens

    yield from _memory()
    yield from _told("confined", confinement.describe())
    yield from _told("locking", watching.describe())
    yield from _told("tokens", tokens.findings())
    yield from policy()


def _memory() -> Iterator[Finding]:
    from native_host.secret import in_force

    kind = in_force()
    yield Finding(check="memory", verdict="warn" if kind == "ordinary" else "ok", text=MEMORY[kind])


def policy() -> Iterator[Finding]:
    """The administrator's policies, if there are any."""
    from native_host.operations import policies

    found = policies.read_system(policies.default_folder())
    problem = policies.problem_of(found)
    if problem is not None:
        text = f"A policy of this computer's administrator cannot be followed, so nothing is done: {visible(problem)}"
        yield Finding(check="policy", verdict="fail", text=text)
    elif found.sources:
        yield Finding(check="policy", verdict="ok", text="The policies of this computer's administrator are followed.")


def _told(check: str, said: Iterable[tuple[Verdict, str]]) -> Iterator[Finding]:
    for verdict, text in said:
        yield Finding(check=check, verdict=verdict, text=text)


def _whole(desk: Desk) -> Iterator[Finding]:
    _, found = desk.examine()
    for text in found:
        yield Finding(check="audit", verdict="fail", text=text, mend="strongroom audit verify")
    if not found:
        yield Finding(check="keystore", verdict="ok", text="Set up; its record of decisions is whole.")


def _ways(desk: Desk) -> Iterator[Finding]:
    from native_host.operations import slots

    weakest = slots.weakest_way(desk.house)
    if weakest is not None:
        text = f"The weakest way into the keystore is: {weakest.name}. It stops {weakest.stops}; it does not stop {weakest.does_not_stop}."
        yield Finding(check="slots", verdict="ok", text=text)
    kinds = desk.store.slot_kinds()
    if set(kinds) <= {"passphrase"} or "recovery" not in kinds:
        text = "There is no recovery code: if what opens the keystore is lost, so are the keys in it."
        yield Finding(check="slots", verdict="warn", text=text, mend="strongroom slots add recovery")
    for slot in desk.store.slots():
        failures, _ = desk.store.failures(slot.slot_id)
        if failures:
            text = (
                f"{slot.label}: tried {failures} times without success since it last opened. If that was not you, somebody else was here."
            )
            yield Finding(check="slots", verdict="warn", text=text, mend="strongroom audit show")
        if not slots.is_here(desk.house, slot):
            text = f"{slot.label}: what it needs is not here now."
            yield Finding(check="slots", verdict="warn", text=text, mend="strongroom slots list")
    for label in desk.weak_slots():
        text = f"The slot {label} is derived with the least work that is accepted: a stolen file is guessed at sooner."
        yield Finding(check="slots", verdict="warn", text=text, mend="strongroom passphrase")


def _counter(desk: Desk) -> Iterator[Finding]:
    place = desk.counter_place()
    if place is None:
        text = "Nothing outside the file counts with it: an older copy of the whole keystore, put in its place, would not be noticed."
        yield Finding(check="rollback", verdict="warn", text=text)
    else:
        name, worth = place
        text = f"An older copy of the whole keystore is noticed by a counter, in: {name}. Of that, {worth}."
        yield Finding(check="rollback", verdict="ok", text=text)
