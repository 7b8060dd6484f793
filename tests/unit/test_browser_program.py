"""The digest of the browser's program: made once for a version of the file, aside, and kept where programs of the same user cannot write."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import cast

import pytest
from msgspec.msgpack import encode
from msgspec.structs import replace

from native_host.approval.approver import Approver
from native_host.approval.authorize import Grants
from native_host.audit import Audit, entries
from native_host.caller.identity import Caller, Evidence
from native_host.caller.packages import Record
from native_host.caller.program_file import Program, open_file
from native_host.errors import CannotUnseal
from native_host.kek.provider import Settings
from native_host.keystore.store import KeyStore
from native_host.operations import browser_program
from native_host.operations.browser_program import DOCUMENT, MOST_REMEMBERED, BrowserProgram
from native_host.operations.house import House
from native_host.operations.installed import Installed
from tests.homes import now, set_up, unlock, until

CONTENT = b"\x7fELF a browser"
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    store = KeyStore(str(tmp_path / "keystore.db"), now)
    set_up(store)
    if not store.is_unlocked:
        unlock(store)
    yield House(
        store=store,
        audit=Audit(store),
        approver=cast("Approver", None),  # nobody is asked
        grants=Grants(),
        aside=nullcontext,
        clock=now,
        random_bytes=os.urandom,
        folder=str(tmp_path),
        program=None,
        settings=Settings(),
        installed=Installed(Caller(origin="chrome-extension://x/", family="chromium"), ()),
    )
    store.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "chromium"
    file.write_bytes(CONTENT)
    return file


def opened(file: Path, digest: str = MD5) -> tuple[Program, int | None]:
    """The file as if nobody but the administrator could write it, and its package had this record of it."""
    program, descriptor = open_file(str(file))
    record = Record(manager="dpkg", package="chromium", algorithm="md5", digest=digest)
    return replace(program, loose="", record=record), descriptor


def told(house: House) -> Evidence:
    assert house.installed is not None
    (evidence,) = (one for one in house.installed.caller.evidence if one.signal == "program")
    return evidence


def concluded(house: House, program: BrowserProgram) -> Evidence:
    until(lambda: program._made, what="the digest")
    program.conclude(house)
    return told(house)


def recorded(house: House) -> int:
    return sum(one.entry is not None and one.entry.method == "noteBrowser" for one in entries(house.store))


def test_it_is_told_when_it_is_made_and_kept(house: House, file: Path) -> None:
    """Before, windows say what is known without it. The next process has it from the keystore, without reading the file."""
    program = BrowserProgram(*opened(file))
    program.tell(house)
    assert "which is the package chromium's" in told(house).text
    program.begin(house)
    assert "the one that the package chromium brought" in concluded(house, program).text
    assert 1 == recorded(house)

    again = BrowserProgram(*opened(file))
    again.begin(house)
    assert "the one that the package chromium brought" in told(house).text
    assert again._made is None
    again.conclude(house)
    assert 1 == recorded(house)


def test_a_file_that_changed_is_digested_anew(house: House, file: Path) -> None:
    """Whatever its size and times were set to: the inode's own time cannot be set. Only the newest version of a file is kept."""
    for content in (CONTENT, CONTENT[::-1]):
        before = file.stat()
        file.write_bytes(content)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        program = BrowserProgram(*opened(file))
        program.begin(house)
        level = concluded(house, program).level
        assert ("contradicted" == level) == (content != CONTENT)
    assert 2 == recorded(house)
    assert 1 == len(browser_program._remembered(house))


def test_what_contradicts_refuses_from_then_on(house: House, file: Path) -> None:
    """The file is not its package's own: no call is answered any more."""
    program = BrowserProgram(*opened(file, "0" * 32))
    program.begin(house)
    concluded(house, program)
    assert house.installed is not None
    with pytest.raises(Exception, match="not the one that its package brought"):
        house.installed.check("sign")


def test_a_store_that_was_locked_meanwhile(house: House, file: Path) -> None:
    """Nothing is written to it; it is told once it is open again."""
    program = BrowserProgram(*opened(file))
    program.begin(house)
    until(lambda: program._made, what="the digest")
    house.store.forget_keys()
    program.conclude(house)
    unlock(house.store)
    assert 0 == recorded(house)
    program.conclude(house)
    assert 1 == recorded(house)


def test_few_are_kept(house: House, file: Path) -> None:
    """As many as a person has browsers."""
    other = file
    for number in range(MOST_REMEMBERED + 2):
        other = file.with_name(f"browser-{number}")
        other.write_bytes(CONTENT)
        program = BrowserProgram(*opened(other))
        program.begin(house)
        concluded(house, program)
    kept = browser_program._remembered(house)
    assert MOST_REMEMBERED == len(kept)
    assert str(other) == kept[0].path


@pytest.mark.parametrize("content", [b"\xc1", encode({"path": 1}), encode([{"path": "x"}]), b"\x91" * 5000])
def test_a_document_that_is_none_is_left_alone(house: House, file: Path, content: bytes) -> None:
    """Windows say what is known without it; the keystore opens, and what was found there is not written over."""
    with house.store.transaction():
        house.store.write_document(content, DOCUMENT)
        house.audit.happened("x", "x", "x")
    program = BrowserProgram(*opened(file))
    program.tell(house)
    program.begin(house)
    program.conclude(house)
    assert "which is the package chromium's" in told(house).text
    assert content == house.store.document(DOCUMENT)
    with pytest.raises(CannotUnseal):
        browser_program._remembered(house)


def test_without_a_browser_there_is_nothing(house: House) -> None:
    """A host that something else started; and a file that no package recorded is not read through."""
    nothing = BrowserProgram(None, None)
    nothing.tell(house)
    nothing.begin(house)
    nothing.conclude(house)
    assert house.installed is not None
    assert () == house.installed.caller.evidence
