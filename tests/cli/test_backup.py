"""A backup made on one computer and restored on another: what is in it, who opens it, and everything that is refused."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from native_host.backups import age_file
from native_host.secret import SecretBytes
from native_host.testing.approver import PASSPHRASE
from tests.backups.computers import FOR_KEY, KEY, NEW, Computer, keys_of, make_keys
from tests.homes import b64, origin_of, unb64
from tests.independent import verifies
from tests.parts.missing import need

BACKUP = "the passphrase of a backup"


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Computer]:
    """The computer that is backed up: its store has an Ethereum account below a seed, and a key of its own."""
    computer = Computer(tmp_path / "old")
    computer.attach()
    computer.set_up()
    yield computer
    computer.quit()


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Computer]:
    """A computer without a keystore."""
    computer = Computer(tmp_path / "new")
    yield computer
    computer.quit()


def test_everything_comes_back(old: Computer, new: Computer, tmp_path: Path) -> None:
    """On a computer that had nothing: the same keys and addresses, which sign; the chain is whole; only the new passphrase opens it."""
    make_keys(old)
    before, file = keys_of(old), tmp_path / "backup.age"
    assert "3 keys, encrypted for 1 recipient" in old.backs_up(file)
    assert "Gone are the ways in of the computer that the backup was made on: Passphrase." in new.restores(file)
    new.approver.type_secret("unlock", NEW)
    assert before == keys_of(new)
    (alone,) = [key for key in before if key.get("label") == "alone"]
    signature = new.open().request("sign", {"keyId": alone["keyId"], "data": b64(b"hello")})["signature"]
    assert verifies("Ed25519", alone["publicKeyJwk"], b"hello", unb64(signature))
    (account,) = [key for key in before if key.get("label") == "account"]
    signed = new.open().request("signMessage", {"keyId": account["keyId"], "format": "eip191", "message": b64(b"hello")})
    recovered = Account.recover_message(encode_defunct(b"hello"), signature=unb64(signed["signature"]))
    assert account["address"] == signed["address"] == recovered
    assert "is whole" in new.program.says("audit", "verify")
    shown = new.program.says("audit", "show", typed=(NEW,))
    assert "restore " in shown
    assert "backUp " in shown
    assert "Wrong passphrase" in new.program.refuses("keys", typed=(PASSPHRASE,) * 3)
    assert [(origin_of("abcdefghijklmnopabcdefghijklmnop"),)] == new.rows("SELECT origin FROM origins")


def test_a_passphrase_of_its_own(old: Computer, new: Computer, tmp_path: Path) -> None:
    """age opens such a file too; a wrong passphrase is told, and --check changes nothing."""
    file = tmp_path / "backup.age"
    assert "encrypted for a passphrase" in old.program.says("backup", str(file), typed=(PASSPHRASE, BACKUP))
    assert "not the passphrase of this backup" in new.program.refuses("restore", str(file), typed=("a wrong one",))
    assert "all of it is whole. Nothing was changed." in new.program.says("restore", "--check", str(file), typed=(BACKUP,))
    assert [] == new.rows("SELECT * FROM slots")
    new.program.says("restore", str(file), typed=(BACKUP, NEW))
    assert "There are no keys yet." in new.program.says("keys", typed=(NEW,))


def test_shares_on_paper(old: Computer, new: Computer, tmp_path: Path) -> None:
    """Two of three, written down from the screen, open it on another computer; so do they with age and another tool for SLIP-39."""
    file = tmp_path / "backup.age"
    with old.program.on_terminal("backup", str(file), "--shares", "2/3") as person:
        person.reads("Unlock your keystore: ")
        person.types(PASSPHRASE)
        papers = []
        for number in (1, 2, 3):
            person.reads(f"Share {number} of 3")
            papers.append(person.writes_share_down())
            asked = [int(place) for place in re.findall(r"\d+", person.reads(f"of share {number}").rpartition("number")[2])]
            person.types_words(" ".join(papers[-1][place - 1] for place in asked))
        assert 0 == person.status(), person.read
    assert [33, 33, 33] == [len(paper) for paper in papers]
    with new.program.on_terminal("restore", str(file)) as person:
        for typed in (papers[0], papers[0], [word[:4] for word in papers[2]]):
            person.types_words(" ".join(typed))
        for said in ("Share 2 of 2 is good", "Choose a passphrase for your keystore: ", "Once more: "):
            person.reads(said)
            if said.endswith(": "):
                person.types(NEW)
        assert 0 == person.status(), person.read
        assert "there already" in person.read
    assert "There are no keys yet." in new.program.says("keys", typed=(NEW,))
    _open_elsewhere(file, papers[1], papers[2], tmp_path)


def _open_elsewhere(file: Path, one: list[str], two: list[str], folder: Path) -> None:
    """As docs/backup.md says it is done without this program."""
    from shamir_mnemonic.shamir import combine_mnemonics

    (folder / "identity").write_text(age_file.identity_text(SecretBytes(combine_mnemonics([" ".join(one), " ".join(two)]))))
    done = subprocess.run([need("age", "age"), "-d", "-i", str(folder / "identity"), str(file)], capture_output=True, check=True)
    assert done.stdout.startswith(b"strongroom backup\n")


def test_shares_that_were_not_written_down(old: Computer, tmp_path: Path) -> None:
    """Other words than were shown, three times: there is no backup."""
    with old.program.on_terminal("backup", str(tmp_path / "backup.age"), "--shares", "2/2") as person:
        person.reads("Unlock your keystore: ")
        person.types(PASSPHRASE)
        for _ in range(3):
            person.writes_share_down()
            person.types_words("academic academic academic")
        assert 1 == person.status()
        assert "burn them" in person.read
    assert not list(tmp_path.glob("*.age"))


def test_nothing_is_overwritten(old: Computer, tmp_path: Path) -> None:
    """The file is its owner's alone; one that is there stays as it is; nothing of the plaintext lies anywhere."""
    file = tmp_path / "backup.age"
    old.backs_up(file)
    assert 0o600 == file.stat().st_mode & 0o777
    content = file.read_bytes()
    assert "a file of that name already" in old.program.refuses("backup", str(file), *FOR_KEY, typed=(PASSPHRASE,))
    assert "is not there" in old.program.refuses("backup", str(tmp_path / "nowhere" / "x"), *FOR_KEY, typed=(PASSPHRASE,))
    assert content == file.read_bytes()
    assert [file.name] == [one.name for one in tmp_path.iterdir() if one.is_file()]
    assert b"SQLite format" not in content


def test_to_nobody(old: Computer, tmp_path: Path) -> None:
    """No passphrase, no recipient of age, numbers that there are not, and two ways at once."""
    file = str(tmp_path / "x")
    assert "anybody's" in old.program.refuses("backup", file, typed=(PASSPHRASE, ""))
    assert "no recipient" in old.program.refuses("backup", file, "--recipient", "me", typed=(PASSPHRASE,))
    assert "secret key" in old.program.refuses("backup", file, "--recipient", str(KEY), typed=(PASSPHRASE,))
    assert "At least two" in old.program.refuses("backup", file, "--shares", "1/3", typed=(PASSPHRASE,))
    assert "no display and no terminal" in old.program.refuses("backup", file, "--shares", "2/3", typed=(PASSPHRASE,))
    for options in (("--shares", "two"), ("--shares", "2/3", *FOR_KEY)):
        assert 2 == old.program.run("backup", file, *options, typed=(PASSPHRASE,)).returncode
    assert not os.path.lexists(file)
