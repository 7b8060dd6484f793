"""Whether an extension's code is that of a release: over a table that is handed in, as none was released yet; and how rows are added."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from native_host.caller import released
from native_host.caller.extension_digest import digest_of_folder
from native_host.caller.identity import Level
from native_host.caller.released import encoded, main, read_released, release_evidence, with_release

ORIGIN = "chrome-extension://abcdefghijklmnopabcdefghijklmnop/"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A build, as it is handed to a store."""
    folder = tmp_path / "built"
    folder.mkdir()
    (folder / "background.js").write_text("connect();", encoding="utf-8")
    (folder / "icon.png").write_bytes(b"as drawn")
    (folder / "manifest.json").write_text(json.dumps({"name": "é", "version": "1.2", "permissions": ["nativeMessaging"]}), encoding="utf-8")
    return folder


def install(built: Path, **manifest: object) -> Path:
    """The same as Chromium unpacks it from a store: another layout of the manifest, members that a store adds, images written anew."""
    said = json.loads((built / "manifest.json").read_bytes())
    added = {"update_url": "https://store.example/", **dict(reversed(said.items())), "key": "MIIB", **manifest}
    (built / "manifest.json").write_text(json.dumps(added, indent=3, ensure_ascii=False), encoding="utf-8")
    (built / "icon.png").write_bytes(b"written anew")
    (built / "_metadata").mkdir()
    (built / "_metadata" / "verified_contents.json").write_text("[]", encoding="utf-8")
    return built


def judged(folder: Path, table: released.Released) -> tuple[Level, str] | None:
    found = release_evidence(ORIGIN, [digest_of_folder(str(folder))], table)
    return None if found is None else (found.level, found.text)


def test_what_a_browser_installs_of_a_release_is_that_release(built: Path) -> None:
    """What the store and the browser write anew is no difference; no more than consistent, for any program could have written it so."""
    table = with_release({}, ORIGIN, digest_of_folder(str(built)))
    assert ("consistent", "The extension's code is that of the released version 1.2.") == judged(install(built), table)


@pytest.mark.parametrize("change", ["code", "one more file", "a permission", "a renamed file"])
def test_other_code_under_a_released_version(built: Path, change: str) -> None:
    """It says that it is a release, and is not."""
    table = with_release({}, ORIGIN, digest_of_folder(str(built)))
    folder = install(built, **({"permissions": ["nativeMessaging", "tabs"]} if change == "a permission" else {}))
    if change == "code":
        (folder / "background.js").write_text("connect():", encoding="utf-8")
    elif change == "one more file":
        (folder / "x.js").touch()
    elif change == "a renamed file":
        (folder / "background.js").rename(folder / "Background.js")
    found = judged(folder, table)
    assert found is not None
    assert "contradicted" == found[0]


def test_what_is_not_known_is_no_contradiction(built: Path) -> None:
    """A later version than this program knows; an extension of whose releases nothing is known, as that of a development build."""
    table = with_release({}, ORIGIN, digest_of_folder(str(built)))
    found = judged(install(built, version="1.3"), table)
    assert found is not None
    assert ("unknown", True) == (found[0], "Version 1.3" in found[1])
    assert judged(built, {}) is None
    assert release_evidence(ORIGIN, [], table) is None


def test_every_copy_has_to_be_a_release(built: Path, tmp_path: Path) -> None:
    """One that is not speaks against the caller, whatever the others are."""
    good = digest_of_folder(str(built))
    table = with_release({}, ORIGIN, good)
    (built / "background.js").write_text("steal();", encoding="utf-8")
    found = release_evidence(ORIGIN, [good, digest_of_folder(str(built))], table)
    assert found is not None
    assert "contradicted" == found.level


def test_rows_are_added_once(built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A version is released with one set of files; the file is as the program writes it."""
    file = tmp_path / "released.json"
    file.write_bytes(b"{}\n")
    assert 0 == main([ORIGIN, str(built)], str(file))
    assert {ORIGIN: {"1.2": digest_of_folder(str(built)).code.hex()}} == read_released(str(file))
    assert 0 == main(["--check"], str(file))
    (built / "background.js").write_text("other();", encoding="utf-8")
    assert 1 == main([ORIGIN, str(built)], str(file))
    assert "A new build needs a new version" in capsys.readouterr().err
    signed = tmp_path / "signed.xpi"
    signed.write_bytes(b"PK")
    assert 0 == main(["moz-extension:companion@example.org", str(signed), "1.2"], str(file))
    assert 2 == len(read_released(str(file)))
    file.write_bytes(file.read_bytes() + b" ")
    assert 1 == main(["--check"], str(file))


@pytest.mark.parametrize("arguments", [[], ["a"], ["no origin", "."], [ORIGIN, "/nonexistent"]])
def test_what_is_no_row(arguments: list[str], tmp_path: Path) -> None:
    """Refused, and nothing is written."""
    file = tmp_path / "released.json"
    file.write_bytes(b"{}\n")
    assert 0 != main(arguments, str(file))
    assert b"{}\n" == file.read_bytes()


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": 1}', b"\xff", b'{"a": {"b": 1}}'])
def test_a_table_that_is_none_says_nothing(tmp_path: Path, content: bytes) -> None:
    """Of nobody."""
    (tmp_path / "released.json").write_bytes(content)
    assert {} == read_released(str(tmp_path / "released.json"))
    assert {} == read_released(str(tmp_path / "none"))


def test_the_table_of_this_tree_is_as_it_is_written() -> None:
    """And holds no development build: anybody can load other files under such an id."""
    table = read_released()
    assert encoded(table) == Path(released.FILE).read_bytes()
    assert all("laehpkninkhmcfnihmfodffojiebmmgd" not in origin and "-dev@" not in origin for origin in table)
