"""A seed in shares on paper: written down from the screen, typed again on another computer, and taken by other programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from embit.bip32 import HDKey
from embit.bip39 import mnemonic_to_bytes, mnemonic_to_seed
from shamir_mnemonic.shamir import combine_mnemonics, generate_mnemonics

from native_host.testing.approver import PASSPHRASE
from tests.backups.computers import Computer
from tests.vector_files import load

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"  # BIP39, trezor vectors, 2nd of 12 words
PATH = "m/84'/0'/0'"
SLIP39 = {case["name"].partition(".")[0]: case for case in load("slip39")["cases"]}


@pytest.fixture
def computer(tmp_path: Path) -> Iterator[Computer]:
    computer = Computer(tmp_path / "computer")
    computer.attach()
    computer.set_up()
    yield computer
    computer.quit()


def bring_words(computer: Computer, extra: str = "") -> str:
    file = computer.base / "words"
    file.write_text(WORDS)
    return key_id(computer.program.says("import", str(file), typed=(PASSPHRASE, extra)))


def key_id(said: str) -> str:
    (found,) = re.findall(r"Key id: +(\S+)", said)
    return str(found)


def xpub(computer: Computer, key: str) -> str:
    return computer.program.says("xpub", key, PATH, "--format", "xpub", typed=(PASSPHRASE,)).split()[0]


def write_down(computer: Computer, key: str, *options: str) -> tuple[list[str], str]:
    """The shares, as the person has them on paper, and what was said."""
    with computer.program.on_terminal("shares", "create", key, *options) as person:
        person.reads("Unlock your keystore: ")
        person.types(PASSPHRASE)
        papers: list[list[str]] = []
        count = int(options[options.index("--count") + 1]) if "--count" in options else 3
        for number in range(1, count + 1):
            papers.append(person.writes_share_down())
            asked = re.findall(r"\d+", person.reads(f"of share {number}").rpartition("number")[2])
            person.types_words(" ".join(papers[-1][int(place) - 1] for place in asked))
        assert 0 == person.status(), person.read
        return [" ".join(paper) for paper in papers], person.read


def restored(computer: Computer, *typed: str, what: str = "words") -> str:
    return computer.program.says("shares", "restore", "--as", what, typed=(PASSPHRASE, *typed))


def test_recovery_words_come_back(computer: Computer, tmp_path: Path) -> None:
    """Two of three on another computer give the same accounts; the reference gives the entropy; what other wallets do is said."""
    key = bring_words(computer, "TREZOR")
    papers, said = write_down(computer, key)
    assert [20, 20, 20] == [len(paper.split()) for paper in papers]
    assert mnemonic_to_bytes(WORDS) == combine_mnemonics(papers[1:])
    assert "other, empty accounts" in said
    assert "extra passphrase. It is in none of the shares" in said
    other = Computer(tmp_path / "other")
    other.set_up()
    back = key_id(restored(other, papers[0], papers[2], "TREZOR"))
    expected = HDKey.from_seed(mnemonic_to_seed(WORDS, "TREZOR")).derive("m/84h/0h/0h").to_public().to_base58()
    assert expected == xpub(computer, key) == xpub(other, back)
    (row,) = json.loads(other.program.run("keys", "--json", typed=(PASSPHRASE,)).stdout)
    assert ("BIP39", "restored") == (row["key"]["alg"], row["key"]["provenance"])
    assert "shareSeed" in computer.program.says("audit", "show", typed=(PASSPHRASE,))


def test_another_program_made_them(computer: Computer) -> None:
    """The published set of two of three, with its passphrase: the accounts of the published master key."""
    case = SLIP39["4"]
    key = key_id(restored(computer, case["shares"][0], "these are no words of a share", case["shares"][1], "TREZOR", what="seed"))
    assert HDKey.from_string(case["xprv"]).derive("m/84h/0h/0h").to_public().to_base58() == xpub(computer, key)
    papers, said = write_down(computer, key, "--threshold", "3", "--count", "4")
    assert "any wallet that takes SLIP-39 shares" in said
    assert case["secret"] == combine_mnemonics(papers[1:]).hex()


def test_what_is_not_shared(computer: Computer) -> None:
    """A key that is no seed, one that is not there, a seed that is too long, and numbers that there are not."""
    port = computer.open()
    alone, seed = port.request("generateKey", {"alg": "Ed25519"})["keyId"], port.request("generateKey", {"alg": "BIP39"})["keyId"]
    port.request("updateKey", {"keyId": seed, "state": "disabled"})
    computer.quit()
    create = ("shares", "create")
    assert "Only a seed is shared" in computer.program.refuses(*create, alone, typed=(PASSPHRASE,))
    assert "No wallet holds a key" in computer.program.refuses(*create, "AAAA", typed=(PASSPHRASE,))
    assert "not active" in computer.program.refuses(*create, seed, typed=(PASSPHRASE,))
    assert "At least two" in computer.program.refuses(*create, seed, "--threshold", "1", typed=(PASSPHRASE,))
    assert "at most 16" in computer.program.refuses(*create, seed, "--count", "17", typed=(PASSPHRASE,))


def test_nobody_to_show_them_to(computer: Computer) -> None:
    """Without a display and a terminal no share is shown anywhere."""
    key = bring_words(computer)
    assert "no display and no terminal" in computer.program.refuses("shares", "create", key, typed=(PASSPHRASE,))


def test_what_does_not_come_back(computer: Computer) -> None:
    """Too few shares, those of a secret that recovery words do not have, the same seed again; nothing is kept."""
    odd = generate_mnemonics(1, [(2, 2)], bytes(18))[0]
    assert "no more secrets" in computer.program.refuses("shares", "restore", "--as", "words", typed=(PASSPHRASE, odd[0]))
    assert "Restore it with: --as seed" in computer.program.refuses("shares", "restore", "--as", "words", typed=(PASSPHRASE, *odd, ""))
    assert "There are no keys yet." in computer.program.says("keys", typed=(PASSPHRASE,))
    restored(computer, *odd, "", what="seed")
    assert "already holds" in computer.program.refuses("shares", "restore", "--as", "seed", typed=(PASSPHRASE, *odd, ""))
    assert 2 == computer.program.run("shares", "restore", typed=(PASSPHRASE,)).returncode
    assert 2 == computer.program.run("shares", "restore", "--as", "words", "--language", "latin", typed=(PASSPHRASE,)).returncode


def test_rubbish_without_end(computer: Computer) -> None:
    """Ten in a row that are no shares end it."""
    assert "No share came of that" in computer.program.refuses("shares", "restore", "--as", "seed", typed=(PASSPHRASE, *(["nothing"] * 12)))
