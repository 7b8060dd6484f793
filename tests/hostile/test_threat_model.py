"""docs/threat-model.md is held against the tree: what it names is there, and every known attack has a test or says that it is not stopped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TREE = Path(__file__).parents[2]
PAGE = (TREE / "docs" / "threat-model.md").read_text(encoding="utf-8")
KNOWN = "## Known attacks"
ATTACKS = 30
"""As many as were gathered from what has happened to native hosts and wallets. Take none out."""


def tables() -> dict[str, list[list[str]]]:
    """The rows below each heading, without the two of the table's head."""
    found: dict[str, list[list[str]]] = {}
    heading = ""
    for line in PAGE.splitlines():
        if line.startswith("## "):
            heading = line
        elif line.startswith("| "):
            found.setdefault(heading, []).append([cell.strip() for cell in line.strip("|").split("|")])
    return {name: rows[1:] for name, rows in found.items()}


def named(cell: str) -> list[str]:
    """The files that a cell names."""
    return re.findall(r"`([\w./-]+)`", cell)


TABLES = tables()
ROWS = [row for heading, rows in TABLES.items() for row in rows if heading != KNOWN]


def test_every_table_is_read() -> None:
    """Five columns for attackers and slots, four for attacks: a cell with a bar in it would be another row."""
    assert {"## In the browser", "## On the same machine", "## With the file", "## Ways into the keystore", KNOWN} == set(TABLES)
    assert {5} == {len(row) for row in ROWS}
    assert {4} == {len(row) for row in TABLES[KNOWN]}


@pytest.mark.parametrize("path", sorted({path for row in [*ROWS, *TABLES[KNOWN]] for path in named(row[-1])}))
def test_every_test_that_it_names_is_there(path: str) -> None:
    """A file of tests, a transcript, or a folder of tests."""
    there = TREE / path
    assert path.startswith("tests/")
    assert there.exists()
    if there.is_dir():
        assert list(there.glob("test_*.py"))
    elif there.suffix == ".py":
        assert "def test_" in there.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted({path for row in ROWS for path in named(row[3])}))
def test_all_code_that_it_names_is_there(path: str) -> None:
    """Within the package."""
    assert (TREE / "native_host" / path).exists()


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_attacker_has_a_test(row: list[str]) -> None:
    """But who can do everything: nothing is claimed of them."""
    attacker, can, cannot, where, test = row
    assert attacker
    if not cannot:
        assert ("**everything**", "", "") == (can, where, test)
    else:
        assert named(where)
        assert named(test)


@pytest.mark.parametrize("row", TABLES[KNOWN], ids=[row[0][:60] for row in TABLES[KNOWN]])
def test_every_attack_has_a_test_or_is_not_stopped(row: list[str]) -> None:
    """Whom it does not stop is said as well; a dash is for what leaves nothing."""
    attack, stops, misses, test = row
    assert all(row)
    assert attack[0].isupper()
    if test == "none":
        assert stops.startswith("**not stopped**")
    else:
        assert named(test)
    assert misses == "–" or len(misses.split()) > 2


def test_no_known_attack_is_left_out() -> None:
    """And none is there twice."""
    assert ATTACKS == len({row[0] for row in TABLES[KNOWN]}) == len(TABLES[KNOWN])
