"""The digest over an extension's files: what it covers, what it leaves out, and folders that are not what they seem."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from native_host.caller.extension_digest import Budget, CannotDigest, digest_of_file, digest_of_folder


def an_extension(folder: Path, version: str = "1.2.0") -> Path:
    (folder / "icons").mkdir(parents=True)
    (folder / "manifest.json").write_text(f'{{"manifest_version": 3, "version": "{version}"}}', encoding="utf-8")
    (folder / "background.js").write_bytes(b"connect();\n")
    (folder / "icons" / "16.png").write_bytes(b"\x89PNG")
    return folder


def refused(folder: Path, budget: Budget | None = None) -> str:
    with pytest.raises(CannotDigest) as caught:
        digest_of_folder(str(folder), budget)
    return str(caught.value)


def test_the_published_form(tmp_path: Path) -> None:
    """SHA-256 over length, path, size and SHA-256 of each file, in the order of the paths' bytes."""
    folder = an_extension(tmp_path / "one")
    whole = b""
    for path in (b"background.js", b"icons/16.png", b"manifest.json"):
        content = (folder / os.fsdecode(path)).read_bytes()
        whole += len(path).to_bytes(8, "big") + path + len(content).to_bytes(8, "big") + sha256(content).digest()
    found = digest_of_folder(str(folder))
    assert (sha256(whole).digest(), "1.2.0", 3) == (found.digest, found.version, len(found.files))


def test_the_command_prints_the_same(tmp_path: Path) -> None:
    """A release's digest is made with the code that checks it."""
    folder = an_extension(tmp_path / "one")
    command = [sys.executable, "-m", "native_host.caller.extension_digest", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{digest_of_folder(str(folder)).digest.hex()}  1.2.0\n" == done.stdout
    (folder / "link").symlink_to("/")
    failed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (1, "", True) == (failed.returncode, failed.stdout, "a link" in failed.stderr)


CHANGES: dict[str, Callable[[Path], object]] = {
    "one byte": lambda folder: (folder / "background.js").write_bytes(b"connect(),\n"),
    "one more file": lambda folder: (folder / "more.js").touch(),
    "one file less": lambda folder: (folder / "icons" / "16.png").unlink(),
    "another name": lambda folder: (folder / "background.js").rename(folder / "Background.js"),
    "another folder": lambda folder: (folder / "icons" / "16.png").rename(folder / "16.png"),
    "a file beside the browser's own": lambda folder: os.renames(folder / "background.js", folder / "_metadata" / "x.js"),
    "a name that is not UTF-8": lambda folder: Path(os.fsdecode(os.fsencode(folder) + b"/\xff.js")).touch(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_any_change_shows(tmp_path: Path, change: Callable[[Path], object]) -> None:
    """Content, names and places are all covered."""
    folder = an_extension(tmp_path / "one")
    before = digest_of_folder(str(folder)).digest
    change(folder)
    assert before != digest_of_folder(str(folder)).digest


def test_what_the_browser_writes_is_left_out(tmp_path: Path) -> None:
    """The store's signature and Chromium's own tables; and neither times nor empty folders count."""
    folder = an_extension(tmp_path / "one")
    before = digest_of_folder(str(folder)).digest
    rulesets = folder / "_metadata" / "generated_indexed_rulesets"
    rulesets.mkdir(parents=True)
    (rulesets / "_ruleset1").write_bytes(b"r")
    for name in ("verified_contents.json", "computed_hashes.json"):
        (folder / "_metadata" / name).write_bytes(b"{}")
    (folder / "empty").mkdir()
    os.utime(folder / "background.js", (1, 1))
    assert before == digest_of_folder(str(folder)).digest


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    """A developer's often is; what it leads to is what the browser loads."""
    folder = an_extension(tmp_path / "one")
    (tmp_path / "link").symlink_to(folder)
    assert digest_of_folder(str(folder)) == digest_of_folder(str(tmp_path / "link"))


def deep(folder: Path) -> None:
    os.makedirs(os.path.join(folder, *["d"] * 30))


def grow(folder: Path) -> None:
    with (folder / "huge.bin").open("wb") as file:
        file.truncate(1 << 40)


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link out of the folder": (lambda folder: (folder / "x.js").symlink_to("/etc/passwd"), "a link"),
    "a link to nothing": (lambda folder: (folder / "x.js").symlink_to("gone"), "a link"),
    "a folder that is a link": (lambda folder: (folder / "up").symlink_to(".."), "a link"),
    "a pipe that nobody writes to": (lambda folder: os.mkfifo(folder / "x.js"), "something that is not a plain file"),
    "a file without end": (grow, "more data than Strongroom reads"),
    "folders without end": (deep, "folders too deep in one another"),
}


@pytest.mark.parametrize(("make", "text"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_folders(tmp_path: Path, make: Callable[[Path], object], text: str) -> None:
    """Each is told, at once, and nothing of it is read."""
    folder = an_extension(tmp_path / "one")
    make(folder)
    assert text == refused(folder)


def test_thousands_of_files(tmp_path: Path) -> None:
    """More than any extension has are not read; the bound holds over all copies together."""
    folder = an_extension(tmp_path / "one")
    for number in range(20):
        (folder / f"{number}.js").touch()
    budget = Budget(files=30)
    digest_of_folder(str(folder), budget)
    assert "more files than Strongroom reads" == refused(folder, budget)
    assert "more data than Strongroom reads" == refused(folder, Budget(size=12))


def test_unreadable_files() -> None:
    """A plain file that the system gives an error for, as this one does for everybody: it cannot be checked."""
    with pytest.raises(CannotDigest, match="files that cannot be read"):
        digest_of_file("/proc/self/mem")


def test_folders_that_are_gone_or_none(tmp_path: Path) -> None:
    """Nothing there, and a file in a folder's place."""
    assert "files that cannot be read" == refused(tmp_path / "gone")
    (tmp_path / "file").touch()
    assert "files that cannot be read" == refused(tmp_path / "file")


@pytest.mark.parametrize(
    "manifest",
    [b"", b"[]", b"{", b'{"version": 1}', b'{"version": "1\\u202e2"}', b'{"version": "' + b"1" * 50 + b'"}', b"[" * 100_000, b"\xff"],
)
def test_versions_that_are_none(tmp_path: Path, manifest: bytes) -> None:
    """What is shown is a version or nothing; the digest covers the manifest all the same."""
    folder = an_extension(tmp_path / "one")
    (folder / "manifest.json").write_bytes(manifest)
    found = digest_of_folder(str(folder))
    assert ("", True) == (found.version, any(file.digest == sha256(manifest).digest() for file in found.files))


def test_packed_files(tmp_path: Path) -> None:
    """One file, of which every byte counts; a pipe or a folder in its place is refused."""
    packed = tmp_path / "one.xpi"
    packed.write_bytes(b"PK\x03\x04")
    before = digest_of_file(str(packed), "2.0")
    packed.write_bytes(b"PK\x03\x05")
    assert ("2.0", True) == (before.version, before.digest != digest_of_file(str(packed)).digest)
    os.mkfifo(tmp_path / "pipe.xpi")
    for hostile in ("pipe.xpi", ".", "gone.xpi"):
        with pytest.raises(CannotDigest):
            digest_of_file(str(tmp_path / hostile))
