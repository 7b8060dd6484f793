"""What Chromium has kept of an extension's worker: entries as Chromium writes them, and whatever else lies there."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from hashlib import sha1, sha256
from pathlib import Path

import pytest

from native_host.caller import script_cache
from native_host.caller.extension_digest import Contents, FileDigest
from native_host.caller.identity import Caller
from native_host.caller.installed_copies import Copy
from native_host.caller.leveldb import TooMuch
from native_host.caller.script_cache import Script, cached_scripts
from native_host.operations.caller_evidence import UNREAD, look_at_caller
from native_host.operations.installed import Installed
from native_host.operations.seen_extension import SeenCopy, foreign_scripts
from tests.chromium_profile import ADDON, ORIGIN, entry, entry_file, write_database, write_worker

SOURCE = b"connect();"


def test_what_is_kept_of_a_worker(tmp_path: Path) -> None:
    """Each script of the version that is registered, by its path in the extension; another extension's, and an older version's, are not."""
    write_database(tmp_path, {"background.js": 1, "lib/caf%C3%A9.js?x=1#y": 2}, version=3)
    for number, source in ((1, SOURCE), (2, b"other")):
        write_worker(tmp_path, source, number)
    found = cached_scripts(str(tmp_path), ADDON)
    assert [(b"background.js", sha256(SOURCE).digest()), ("lib/café.js".encode(), sha256(b"other").digest())] == [
        (script.path, script.digest) for script in found
    ]
    assert str(entry_file(tmp_path, 1)) == found[0].file
    assert () == cached_scripts(str(tmp_path), ADDON[::-1])


def test_nothing_is_no_fault(tmp_path: Path) -> None:
    """No profile, no cache, no entry of the number that the database names: nothing is said."""
    assert () == cached_scripts(str(tmp_path / "none"), ADDON)
    write_database(tmp_path, {"background.js": 1})
    assert () == cached_scripts(str(tmp_path), ADDON)


WHOLE = entry(b"1", SOURCE)
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "half": lambda whole: whole[: len(whole) // 2],
    "without an end": lambda whole: whole[:-24],
    "another's key": lambda _: entry(b"2", SOURCE),
    "another magic": lambda whole: b"\0" * 8 + whole[8:],
    "headers larger than the file": lambda whole: whole[:-8] + b"\xff\xff\xff\x7f" + whole[-4:],
    "headers that end elsewhere": lambda whole: whole[:-8] + b"\1\0\0\0" + whole[-4:],
    "rubbish": lambda whole: os.urandom(len(whole)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_no_whole_entry_says_nothing(tmp_path: Path, damage: str) -> None:
    """The browser writes it just now, or somebody else did: Chromium runs none of it."""
    write_database(tmp_path, {"background.js": 1})
    write_worker(tmp_path, SOURCE, 1)
    entry_file(tmp_path, 1).write_bytes(DAMAGES[damage](WHOLE))
    assert () == cached_scripts(str(tmp_path), ADDON)


@pytest.mark.parametrize("kind", ["pipe", "device", "link", "large"])
def test_entries_that_are_no_files(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe and a device are not waited for, a link is followed, as the browser does, and what is too large is told."""
    write_database(tmp_path, {"background.js": 1})
    write_worker(tmp_path, SOURCE, 1)
    file = entry_file(tmp_path, 1)
    if kind == "large":
        monkeypatch.setattr(script_cache, "MOST_SCRIPT_BYTES", len(file.read_bytes()) - 1)
        with pytest.raises(TooMuch):
            cached_scripts(str(tmp_path), ADDON)
        return
    before = cached_scripts(str(tmp_path), ADDON)
    file.rename(tmp_path / "elsewhere")
    os.mkfifo(file) if kind == "pipe" else file.symlink_to("/dev/zero" if kind == "device" else tmp_path / "elsewhere")
    assert (before if kind == "link" else ()) == cached_scripts(str(tmp_path), ADDON)


def test_more_scripts_than_are_read(tmp_path: Path) -> None:
    """The one that was changed could be behind those that are."""
    write_database(tmp_path, {f"{number}.js": number for number in range(257)})
    with pytest.raises(TooMuch):
        cached_scripts(str(tmp_path), ADDON)


def test_a_database_that_is_too_large_is_told(tmp_path: Path) -> None:
    """No window says that nothing was seen where not all was looked at."""
    profile = tmp_path / ".config" / "chromium" / "Default"
    (profile / "Extensions" / ADDON / "1.0_0").mkdir(parents=True)
    write_database(profile, {f"{number}.js": number for number in range(257)})
    installed, _ = look_at_caller(Caller(origin=ORIGIN, family="chromium"), {"HOME": str(tmp_path)}, lambda: 0)
    assert [("unknown", UNREAD)] == [(one.level, one.text) for one in installed.caller.evidence if one.signal == "worker"]


def test_entries_are_as_chromium_names_them() -> None:
    """As in a profile of Chromium 156: the first script's entry, and its checksum."""
    assert "2cc80dabc69f58b6_0" == entry_file(Path(), 0).name
    assert sha1(b"0").digest()[:8][::-1].hex() == "2cc80dabc69f58b6"
    assert zlib.crc32(SOURCE).to_bytes(4, "little") in WHOLE


def copy(*files: tuple[bytes, bytes]) -> Copy:
    listed = tuple(FileDigest(path=path, size=len(content), digest=sha256(content).digest()) for path, content in files)
    return Copy(folder="/x", contents=Contents(digest=sha256(repr(listed).encode()).digest(), version="1", files=listed))


def script(path: bytes, source: bytes) -> Script:
    return Script(path=path, digest=sha256(source).digest(), file="/profile/entry_0")


def test_which_scripts_are_foreign() -> None:
    """Those of no installed copy and of none that was seen before; the same source under another name is foreign as well."""
    now = [copy((b"a.js", b"new"), (b"b.js", b"b"))]
    before = [SeenCopy(digest=b"", version="", files=((b"a.js", sha256(b"old").digest()[:16]),))]
    own = [script(b"a.js", b"new"), script(b"a.js", b"old"), script(b"b.js", b"b")]
    foreign = [script(b"a.js", b"evil"), script(b"b.js", b"new"), script(b"c.js", b"new")]
    assert foreign == foreign_scripts((*own, *foreign), now, before)
    assert [own[1]] == foreign_scripts(own, now, [])


def test_a_copy_that_cannot_be_checked_leaves_it_open() -> None:
    """Any script could be its own."""
    assert [] == foreign_scripts([script(b"a.js", b"evil")], [copy((b"a.js", b"a")), Copy(folder="/y", fault="a link")], [])


def test_it_is_said_first_and_names_the_file() -> None:
    """The path, where it lies, and its digest: what is accepted once is this and nothing else."""
    from sqlite3 import connect

    connection = connect(":memory:")
    connection.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value)")
    installed = Installed(Caller(origin=ORIGIN, family="chromium"), (copy((b"a.js", b"a")),), (script(b"a.js", b"evil"),))
    installed.look(connection)
    connection.close()
    first = installed.caller.evidence[0]
    assert ("worker", "contradicted") == (first.signal, first.level)
    assert all(word in first.text for word in ("a.js", "/profile/entry_0", sha256(b"evil").hexdigest()))
