"""``strongroom slots`` and ``strongroom passphrase``, as a person or a script runs them."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

from tests.cli.test_program import PASSPHRASE, Program, owner, program

__all__ = ["owner", "program"]

SECOND = "another passphrase for a script"


def listed(program: Program) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(program.says("slots", "list", "--json"))
    return rows


def typed(*lines: str) -> str:
    return "\n".join(lines)


def records(program: Program) -> list[tuple[Any, ...]]:
    with sqlite3.connect(program.home / "keystore.db") as connection:
        return connection.execute("SELECT record_id, version, metadata, secret FROM records").fetchall()


def add_second(owner: Program) -> None:
    owner.says("slots", "add", "passphrase", "--label", "Spare", secret=typed(PASSPHRASE, SECOND))


def test_a_new_store_has_one_slot(owner: Program) -> None:
    """What it is called, whom it stops and whom not."""
    (row,) = listed(owner)
    assert ("passphrase", "Passphrase", True, "software", 0) == tuple(
        row[name] for name in ("kind", "label", "here", "protection", "failures")
    )
    text = owner.says("slots", "list")
    assert "Stops who has the files" in text
    assert "Does not stop who guesses it" in text


def test_each_slot_opens_the_store(owner: Program) -> None:
    """The old passphrase and the new one; and no record is touched by it."""
    before = records(owner)
    add_second(owner)
    assert ["Passphrase", "Spare"] == [row["label"] for row in listed(owner)]
    for secret in (PASSPHRASE, SECOND):
        owner.says("keys", secret=secret)
    assert before == records(owner)


def test_a_removed_slot_opens_nothing(owner: Program) -> None:
    """The other still does, and the person is told what removing does not do."""
    add_second(owner)
    said = owner.says("slots", "remove", "Passphrase", secret=SECOND)
    assert "An older copy of the keystore" in said
    assert ["Spare"] == [row["label"] for row in listed(owner)]
    assert 1 == owner.run("keys", secret=PASSPHRASE).returncode
    owner.says("keys", secret=SECOND)


def test_the_last_slot_stays(owner: Program) -> None:
    """Nothing is asked; what to do first is said."""
    done = owner.run("slots", "remove", "Passphrase", secret=PASSPHRASE)
    assert (1, True) == (done.returncode, "slots add" in done.stderr)
    owner.says("keys", secret=PASSPHRASE)


def test_a_passphrase_is_changed(owner: Program) -> None:
    """Under the same name; the old one opens nothing any more."""
    before = records(owner)
    owner.says("passphrase", secret=typed(PASSPHRASE, SECOND))
    assert ["Passphrase"] == [row["label"] for row in listed(owner)]
    assert 1 == owner.run("keys", secret=PASSPHRASE).returncode
    owner.says("keys", secret=SECOND)
    assert before == records(owner)


def test_a_slot_is_tried_out(owner: Program) -> None:
    """With the right passphrase and with a wrong one."""
    assert "opens the keystore" in owner.says("slots", "test", "Passphrase", secret=PASSPHRASE)
    assert 1 == owner.run("slots", "test", "Passphrase", secret="wrong").returncode


def test_failed_tries_are_counted_for_all_processes(owner: Program) -> None:
    """In the store, until it opens; after ten each further one has to wait."""
    for _ in range(3):
        owner.run("slots", "test", "Passphrase", secret="wrong")
    assert [3] == [row["failures"] for row in listed(owner)]
    assert "3 times" in owner.says("slots", "list")
    owner.says("keys", secret=PASSPHRASE)
    assert [0] == [row["failures"] for row in listed(owner)]
    for _ in range(10):
        owner.run("slots", "test", "Passphrase", secret="wrong")
    with sqlite3.connect(
        owner.home / "keystore.db"
    ) as connection:  # as if the last one had been a moment ago, however slow this machine is
        connection.execute("UPDATE counters SET until = until + 60000 WHERE name LIKE 'slot:%'")
    assert "Wait before trying again" in owner.run("slots", "test", "Passphrase", secret="wrong").stderr
    assert [10] == [row["failures"] for row in listed(owner)]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("slots", "add", "horoscope"), "does not know"),
        (("slots", "remove", "Nothing"), "no slot of that name"),
        (("slots", "test", "Nothing"), "no slot of that name"),
        (("passphrase", "Nothing"), "no slot of that name"),
        (("slots", "add", "passphrase", "--label", "Passphrase"), "Another slot has this name"),
        (("slots", "add", "tpm", "--pcr", "25"), "Registers are numbers"),
        (("slots", "add", "tpm", "--pcr", "a"), "Registers are numbers"),
        (("slots", "add", "passphrase", "--pin"), "no choice of pin"),
        (("slots", "add", "fido2"), "Connect it"),
    ],
)
def test_what_cannot_be_done_is_said(owner: Program, arguments: tuple[str, ...], says: str) -> None:
    """In a sentence, with what to do; and nothing is changed."""
    before = listed(owner)
    done = owner.run(*arguments, secret=typed(PASSPHRASE, SECOND))
    assert 0 != done.returncode
    assert says in done.stderr + done.stdout
    assert before == listed(owner)
