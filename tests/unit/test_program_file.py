"""Who can have written a browser's program: over folders of our own in place of the system's, whose owner stands for its administrator."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path

import pytest

from native_host.caller import guarded, packages, program_file
from native_host.caller.guarded import loose, owners_are_told, read_guarded
from native_host.caller.identity import Level
from native_host.caller.packages import Record, find_record
from native_host.caller.program_file import Digests, Program, digest, open_file, open_running, program_evidence

OWNER = os.getuid()
ANOTHER = OWNER + 1
CONTENT = b"\x7fELF a browser"
PATH = "/usr/lib/chromium/chromium"
MD5, SHA256 = hashlib.md5(CONTENT).hexdigest(), hashlib.sha256(CONTENT).hexdigest()
PERSON = 1000


@pytest.fixture(autouse=True)
def _calm_umask() -> None:
    os.umask(0o022)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A system with one browser in it."""
    program = tmp_path / PATH.lstrip("/")
    program.parent.mkdir(parents=True)
    program.write_bytes(CONTENT)
    return tmp_path


def dpkg(root: Path, lines: str = f"{MD5}  usr/lib/chromium/chromium\n", name: str = "chromium") -> Path:
    folder = root / packages.DPKG
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.md5sums"
    file.write_text("0" * 32 + "  usr/share/doc/chromium\n" + lines)
    return file


def pacman(root: Path, line: str, name: str = "chromium-156.0-1") -> Path:
    folder = root / packages.PACMAN / name
    folder.mkdir(parents=True)
    file = folder / "mtree"
    file.write_bytes(gzip.compress(b"#mtree\n/set type=file uid=0\n./.PKGINFO time=1.0 sha256digest=" + b"0" * 64 + b"\n" + line.encode()))
    return file


def judged(root: Path, *, owner: int = OWNER, uid: int = PERSON, path: str = PATH) -> tuple[Level, str]:
    program, descriptor = open_file(str(root) + path, root=str(root), owner=owner)
    digests = None
    if descriptor is not None:
        digests = digest(descriptor)
        os.close(descriptor)
    found = program_evidence(program, digests, uid=uid)
    return found.level, found.text


def test_a_program_that_is_its_packages_own(root: Path) -> None:
    """Only the administrator can write it, and its digest is the one that was recorded; of what it loads nothing is said."""
    dpkg(root)
    level, text = judged(root)
    assert "verified" == level
    assert "the one that the package chromium brought" in text
    assert "What is loaded into it" in text


def test_root_itself_proves_nothing(root: Path) -> None:
    """Where the person is root, so is every program of theirs."""
    dpkg(root)
    level, text = judged(root, uid=0)
    assert "consistent" == level
    assert "You are root here" in text


def test_a_program_that_was_exchanged(root: Path) -> None:
    """As its package did not bring it."""
    dpkg(root)
    (root / PATH.lstrip("/")).write_bytes(CONTENT + b"!")
    level, text = judged(root)
    assert "contradicted" == level
    assert hashlib.sha256(CONTENT + b"!").hexdigest() in text


def test_a_program_of_no_package(root: Path) -> None:
    """It is said that nothing is known of it."""
    level, text = judged(root)
    assert "consistent" == level
    assert "No package is known" in text


LOOSE = {
    "the file, for a group": (PATH, 0o775),
    "the file, for all": (PATH, 0o757),
    "its folder": ("/usr/lib/chromium", 0o777),
    "a folder far above": ("/usr", 0o777),
}


@pytest.mark.parametrize("what", LOOSE)
def test_what_others_may_write_is_replaceable(root: Path, what: str) -> None:
    """A folder in which others write makes what lies in it theirs; that the digest is right does not help."""
    dpkg(root)
    path, mode = LOOSE[what]
    place = root / path.lstrip("/")
    os.chown(place, -1, 12345) if OWNER == 0 else None  # root's own group is root's alone
    place.chmod(mode)
    if not place.stat().st_gid:
        pytest.skip("the group is the administrator's")
    level, text = judged(root)
    assert "unknown" == level
    assert "can be replaced" in text
    assert (str(place) in text) or place == root / PATH.lstrip("/")


def test_a_program_of_the_person(root: Path) -> None:
    """A browser in a folder of one's own, whatever record there is beside it."""
    dpkg(root)
    level, text = judged(root, owner=ANOTHER)
    assert "unknown" == level
    assert "can be replaced" in text


def test_a_sticky_folder_keeps_entries_apart(root: Path) -> None:
    """Others may write into it, and not exchange what is not theirs."""
    (root / "usr").chmod(0o1777)
    assert "" == loose(str(root) + PATH, str(root), OWNER)


def test_links_lead_to_what_counts(root: Path, tmp_path: Path) -> None:
    """A farm of links in a safe place leads to a folder in which others write."""
    folder = root / "opt" / "mine"
    folder.mkdir(parents=True)
    (folder / "chromium").write_bytes(CONTENT)
    folder.chmod(0o777)
    links = root / "usr" / "bin"
    links.mkdir()
    (links / "chromium").symlink_to(links / "again")
    (links / "again").symlink_to(folder / "chromium")
    assert str(folder) == loose(str(links / "chromium"), str(root), OWNER)
    assert "unknown" == judged(root, path="/usr/bin/chromium")[0]
    (links / "loop").symlink_to(links / "loop")
    assert "unknown" == judged(root, path="/usr/bin/loop")[0]


@pytest.mark.parametrize("how", ["written by others", "in a folder of others", "a link", "a pipe", "large"])
def test_a_record_that_others_can_have_written_is_none(root: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Edited to fit an exchanged program; such a program is then of no package that is known."""
    record = dpkg(root)
    if how == "written by others":
        record.chmod(0o666)
    elif how == "in a folder of others":
        record.parent.chmod(0o777)
    elif how == "large":
        monkeypatch.setattr(packages, "RECORD_BYTES", 10)
    else:
        content = record.read_bytes()
        record.unlink()
        (root / "elsewhere").write_bytes(content)
        record.symlink_to(root / "elsewhere") if how == "a link" else os.mkfifo(record)
    assert find_record(PATH, str(root), OWNER) is None
    assert "consistent" == judged(root)[0]


@pytest.mark.parametrize(
    "lines",
    [
        "",
        f"{MD5}  usr/lib/chromium/chromium2\n",
        f"{MD5}  opt/usr/lib/chromium/chromium\n",
        f"{MD5} usr/lib/chromium/chromium\n",
        f"{MD5[1:]}  usr/lib/chromium/chromium\n",
        f"{MD5.upper()}X  usr/lib/chromium/chromium\n",
        "\0" * 4000,
        "  \n" * 4000,
    ],
)
def test_lines_that_are_no_record_of_it(root: Path, lines: str) -> None:
    """Another file, another form."""
    dpkg(root, lines)
    assert find_record(PATH, str(root), OWNER) is None


def test_records_of_other_packages_are_not_read(root: Path) -> None:
    """Only those that bring browsers; and of several architectures the one that is there."""
    dpkg(root, name="evil")
    assert find_record(PATH, str(root), OWNER) is None
    dpkg(root, name="chromium:amd64")
    assert Record(manager="dpkg", package="chromium", algorithm="md5", digest=MD5) == find_record(PATH, str(root), OWNER)
    assert find_record("/usr/bin/python3", str(root), OWNER) is None


def test_pacman_records_sha256(root: Path) -> None:
    """The better of two digests is taken."""
    pacman(root, f"./usr/lib/chromium/chromium time=1.0 size=5 md5digest={MD5} sha256digest={SHA256}\n")
    assert Record(manager="pacman", package="chromium", algorithm="sha256", digest=SHA256) == find_record(PATH, str(root), OWNER)
    assert "verified" == judged(root)[0]


@pytest.mark.parametrize("name", ["chromium-extra-1.0-1", "chromium", "evil-1.0-1", "chromium-1.0-1-x-y"])
def test_pacman_packages_of_another_name(root: Path, name: str) -> None:
    """A package whose name only begins so is another."""
    pacman(root, f"./usr/lib/chromium/chromium sha256digest={SHA256}\n", name)
    assert find_record(PATH, str(root), OWNER) is None


def test_a_record_that_is_compressed_without_end(root: Path) -> None:
    """It is unpacked as far as such a record can be long, and then is none."""
    file = pacman(root, "x")
    file.write_bytes(gzip.compress(bytes(packages.RECORD_BYTES * 9)))
    assert find_record(PATH, str(root), OWNER) is None
    file.write_bytes(b"no gzip")
    assert find_record(PATH, str(root), OWNER) is None


def test_paths_with_spaces_are_escaped() -> None:
    """As mtree(5) writes them."""
    line = f"./opt/a\\040b\\134\\303\\251 sha256digest={SHA256}\n".encode()
    assert {"sha256": SHA256} == packages._digests(line, "/opt/a b\\é".encode())


class Proc:
    """The folder of one process whose program is a file of ours."""

    def __init__(self, folder: Path, target: str) -> None:
        (folder / "7").mkdir(parents=True)
        (folder / "7" / "exe").symlink_to(target)
        self.folder = str(folder)


def running(root: Path, target: str) -> Program:
    proc = Proc(root.parent / f"proc-{root.name}", target)
    program, descriptor = open_running(7, proc=proc.folder, root=str(root), owner=OWNER)
    if descriptor is not None:
        os.close(descriptor)
    return program


def test_what_runs_is_what_lies_there(root: Path) -> None:
    """The file that a process runs is opened through the process, and is the one at its path."""
    record = dpkg(root)
    program = running(root, str(root) + PATH)
    assert (str(root) + PATH, "", "") == (program.path, program.loose, program.fault)
    assert program.record is not None
    record.unlink()


def test_a_program_that_was_updated_meanwhile(root: Path) -> None:
    """The kernel marks the path of a file that is gone: what lies there now is another, and nothing is said against either."""
    (root / (PATH.lstrip("/") + " (deleted)")).write_bytes(b"old")
    dpkg(root)
    program = running(root, str(root) + PATH + " (deleted)")
    assert "Start the browser anew" in program.fault
    assert "unknown" == program_evidence(program, None, uid=PERSON).level


def test_a_process_that_is_gone(tmp_path: Path) -> None:
    """Or whose program may not be read."""
    assert "it cannot be read" == open_running(7, proc=str(tmp_path))[0].fault
    assert "it cannot be read" == open_file(str(tmp_path / "none"))[0].fault
    assert "it is no plain file" == open_file(str(tmp_path))[0].fault


def test_a_user_namespace_makes_owners_worthless(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one of their own anybody is root, and their files look like root's."""
    dpkg(root)
    for said, told in (("0 0 4294967295", True), ("0 1000 1", False), ("0 0 65536", False), ("", False), ("0 0 4294967295\n1 1 1", False)):
        (tmp_path / "uid_map").write_text(f"  {said}\n")
        assert told == owners_are_told(str(tmp_path / "uid_map"))
    assert not owners_are_told(str(tmp_path / "none"))
    monkeypatch.setattr(program_file, "owners_are_told", lambda: False)
    level, text = judged(root)
    assert "unknown" == level
    assert "user namespace" in text


def test_digests_are_of_the_whole_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pieces; and of one without end, none."""
    monkeypatch.setattr(program_file, "CHUNK", 3)
    descriptor = os.open(root / PATH.lstrip("/"), os.O_RDONLY)
    assert Digests(sha256=SHA256, md5=MD5) == digest(descriptor)
    monkeypatch.setattr(program_file, "MOST_BYTES", len(CONTENT) - 1)
    assert digest(descriptor) is None
    os.close(descriptor)
    with open("/dev/zero", "rb") as endless:
        assert digest(endless.fileno()) is None


def test_until_the_digest_is_there(root: Path) -> None:
    """What is known without it is said, and no more."""
    program = Program(path=PATH, record=Record(manager="dpkg", package="chromium", algorithm="md5", digest=MD5))
    assert "consistent" == program_evidence(program, None, uid=PERSON).level


def test_a_snap_says_what_it_is() -> None:
    """A read-only image that the system mounted."""
    found = program_evidence(Program(path="/snap/firefox/1/usr/lib/firefox/firefox", snap=True), None, uid=PERSON)
    assert ("consistent", True) == (found.level, "read-only image" in found.text)


def test_reading_what_is_guarded(root: Path) -> None:
    """The content of a file that nobody else can have written."""
    file = dpkg(root)
    assert file.read_bytes() == read_guarded(str(file), 1 << 20, str(root), OWNER)
    assert read_guarded(str(file), 1 << 20, str(root), ANOTHER) is None
    assert read_guarded(str(file.parent), 1 << 20, str(root), OWNER) is None
    assert guarded.OWNER_OF_ALL == 0
