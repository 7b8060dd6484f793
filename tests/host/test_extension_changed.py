"""An extension whose files change between two unlockings: whoever answers is asked before anything is open for it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from native_host.audit import entries
from native_host.testing.approver import PASSPHRASE
from native_host.testing.port import HostError
from tests.homes import ADDON, Home, b64, refusal, unlock
from tests.host.test_confirmed_program import Person, greet

CHANGED = (4100, {"reason": "caller_changed"})
TITLE = "This extension was changed. Go on with it?"
MISSING = "This extension's files are not where they were. Go on with it?"


def install(home: Home, version: str = "1.0", profile: str = "Default", *, code: str = "connect();") -> Path:
    """An installed copy, as Chromium lays it out."""
    folder = home.person / ".config" / "chromium" / profile / "Extensions" / ADDON / f"{version}_0"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"version": version}), encoding="utf-8")
    (folder / "background.js").write_text(code, encoding="utf-8")
    return folder


def asked(home: Home) -> list[dict[str, Any]]:
    return [one for one in home.approver.asked if one["kind"] == "review" and one["title"] == TITLE]


def evidence(home: Home) -> str:
    """What a window says of the extension's files: that of the last key used."""
    port = home.open()
    key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    port.request("sign", {"keyId": key, "data": b64(b"x")})
    port.close()
    (text,) = [text for text in home.approver.asked[-1]["caller"]["evidence"] if "The extension's files" in text]
    return str(text)


def refused_unlock(home: Home) -> None:
    port = home.greet()
    with pytest.raises(HostError) as caught:
        port.request("unlock")
    assert CHANGED == refusal(caught.value)
    assert "locked" == port.request("getStatus")["state"]
    with pytest.raises(HostError) as caught:
        port.request("listKeys")
    assert (5001, {"reason": "locked"}) == refusal(caught.value)
    port.close()


def happened(home: Home) -> list[tuple[str, str]]:
    with home.store() as store:
        unlock(store)
        return [
            (one.entry.method, one.entry.outcome) for one in entries(store) if one.entry and one.entry.method not in {"generateKey", "sign"}
        ]


def test_first_seen_then_the_same(home: Home) -> None:
    """Nobody is asked; windows say that it was not seen before, then that it is the same; the record has it once."""
    install(home)
    assert "The extension's files (version 1.0) were not seen before. From the next unlocking on, changes to them are noticed." == evidence(
        home
    )
    assert "The extension's files are those that were seen before (version 1.0)." == evidence(home)
    assert [] == asked(home)
    assert 1 == happened(home).count(("noteExtension", "done"))


def test_one_byte_and_a_no(home: Home) -> None:
    """Nothing is opened for the extension, however often it asks; the record says so. Its old files back, nothing is asked."""
    folder = install(home)
    home.open().close()
    (folder / "background.js").write_text("connect(),", encoding="utf-8")
    home.approver.deny(title=TITLE)
    refused_unlock(home)
    refused_unlock(home)
    assert ("unlock", "caller_changed") in happened(home)
    assert 2 == len(asked(home))
    (folder / "background.js").write_text("connect();", encoding="utf-8")
    assert "The extension's files are those that were seen before (version 1.0)." == evidence(home)


def test_what_the_question_says(home: Home) -> None:
    """What was changed, by name; that the version is the same; and it stands first among the evidence."""
    folder = install(home)
    (folder / "old.js").touch()
    home.open().close()
    (folder / "background.js").write_text("steal();", encoding="utf-8")
    (folder / "old.js").rename(folder / "new\u202ejs")
    home.open().close()
    (question,) = asked(home)
    facts = {fact["label"]: fact["value"] for fact in question["facts"]}
    assert ("background.js", "old.js", str(folder)) == (facts["Files changed"], facts["Files removed"], facts["Where it lies"])
    assert ("version 1.0", "version 1.0") == (facts["Version before"], facts["Version now"])
    assert "\u202e" not in facts["Files added"]
    assert any("Its version is the same as before." in warning for warning in question["warnings"])
    assert "are not those that were seen before" in question["caller"]["evidence"][0]
    assert [] == question["grants"]


def test_an_update_and_a_yes(home: Home) -> None:
    """Asked once; what it was before is then unknown again, and going back to it is asked about as an older version."""
    before = install(home)
    home.open().close()
    shutil.rmtree(before)
    after = install(home, "1.10")
    home.open().close()
    assert "The extension's files are those that were seen before (version 1.10)." == evidence(home)
    assert 1 == len(asked(home))
    assert ("acceptExtension", "done") in happened(home)

    shutil.rmtree(after)
    install(home)
    home.approver.deny(title=TITLE)
    refused_unlock(home)
    assert any("an older version than before" in warning for warning in asked(home)[-1]["warnings"])


def test_files_that_are_not_found_any_more(home: Home) -> None:
    """Asked about once; the files back, nothing is asked, and if they go again it is."""
    folder = install(home)
    home.open().close()
    aside = home.person / "aside"
    folder.rename(aside)
    home.approver.deny(title=MISSING, times=1)
    refused_unlock(home)
    text = "The extension's files were seen before, and are not in the usual folders now: Strongroom cannot notice changes to them."
    assert [text, text] == [evidence(home), evidence(home)]
    questions = [one for one in home.approver.asked if one.get("title") == MISSING]
    assert 2 == len(questions)
    assert "You will be asked about that" in questions[0]["caller"]["evidence"][0]
    assert ["version 1.0"] == [fact["value"] for fact in questions[0]["facts"] if fact["label"] == "Version before"]
    assert 1 == happened(home).count(("acceptExtension", "done"))

    aside.rename(folder)
    assert "The extension's files are those that were seen before (version 1.0)." == evidence(home)
    folder.rename(aside)
    home.open().close()
    assert 3 == len([one for one in home.approver.asked if one.get("title") == MISSING])
    assert [] == asked(home)


def test_other_files_than_those_that_went(home: Home) -> None:
    """Are another extension's, whatever was said meanwhile."""
    folder = install(home)
    home.open().close()
    shutil.rmtree(folder)
    home.open().close()
    install(home, code="steal();")
    home.approver.deny(title=TITLE)
    refused_unlock(home)


def test_an_extension_that_was_never_found_is_not_asked_about(home: Home) -> None:
    """As a temporary add-on of Firefox, which stands nowhere."""
    for _ in range(2):
        assert "were not found in the usual folders" in evidence(home)
    assert [] == [one for one in home.approver.asked if one.get("title") in {TITLE, MISSING}]


def test_every_copy_has_to_be_known(home: Home) -> None:
    """The host cannot tell which profile asks: one more copy in another profile is asked about, one less is not."""
    install(home)
    install(home, "1.1")
    home.open().close()
    other = install(home, "1.1", "Profile 1", code="steal();")
    home.approver.deny(title=TITLE)
    refused_unlock(home)
    assert any("several copies" in warning for warning in asked(home)[-1]["warnings"])
    shutil.rmtree(other.parents[1])
    shutil.rmtree(install(home, "1.0"))
    home.open().close()
    assert 1 == len(asked(home))


def test_no_copy_is_told_and_stops_nothing(home: Home) -> None:
    """A browser with its profile elsewhere; and one whose files were known and are gone."""
    assert "The extension's files were not found in the usual folders, so Strongroom cannot notice changes to them." == evidence(home)
    folder = install(home)
    home.open().close()
    shutil.rmtree(folder)
    assert evidence(home).startswith("The extension's files were seen before, and are not in the usual folders now")
    assert [] == asked(home)


def test_a_copy_that_cannot_be_checked_any_more_is_a_change(home: Home) -> None:
    """A link put into its folder does not make it pass; accepted, each window goes on saying so."""
    folder = install(home)
    home.open().close()
    (folder / "x.js").symlink_to("/etc/passwd")
    home.open().close()
    (question,) = asked(home)
    assert "Not all of the extension's files can be checked: a link." in question["warnings"]
    port = home.open()
    key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    port.request("sign", {"keyId": key, "data": b64(b"x")})
    assert "Not all of the extension's files can be checked: a link." in home.approver.asked[-1]["caller"]["evidence"]
    assert 1 == len(asked(home))


def test_who_changes_what_was_seen_is_found_out(home: Home) -> None:
    """The store vouches for it: to edit the file as well as the extension keeps the store closed."""
    folder = install(home)
    home.open().close()
    (folder / "background.js").write_text("steal();", encoding="utf-8")
    with home.store() as store, store.transaction():
        store.connection.execute("DELETE FROM meta WHERE name LIKE 'extension:%'")
    port = home.greet()
    with pytest.raises(HostError) as caught:
        port.request("unlock")
    assert (5009, {"reason": "cannot_unseal"}) == refusal(caught.value)


def test_a_person_is_asked_and_not_their_program(empty_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that a person let answer for them is not asked whether its own caller was changed: they are."""
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    empty_home.set_up(unattended=False)
    folder = install(empty_home)
    unlock_at_terminal(empty_home, ("Let a program answer for you?", "approve"))
    (folder / "background.js").write_text("steal();", encoding="utf-8")
    with pytest.raises(HostError) as caught:
        unlock_at_terminal(empty_home, (TITLE, "no"))
    assert CHANGED == refusal(caught.value)
    unlock_at_terminal(empty_home, (TITLE, "approve"))
    assert [] == empty_home.approver.asked


def unlock_at_terminal(home: Home, question: tuple[str, str]) -> None:
    """Type the passphrase, and answer the one question that comes after it."""
    person = Person()  # with a terminal of their own: one that a host leaves is not the next one's at once
    port = greet(home, person)
    unlocking = port.begin("unlock")
    person.reads("Passphrase:")
    person.types(PASSPHRASE)
    assert question[0] in person.reads("Your answer: ").replace("\r\n", " ")
    person.types(question[1])
    try:
        unlocking.result()
    finally:
        port.close()
        person.leaves()


def test_set_up_notes_what_is_there(empty_home: Home) -> None:
    """From the first moment on: what is changed after the set-up is asked about."""
    folder = install(empty_home)
    empty_home.open().close()
    (folder / "background.js").write_text("steal();", encoding="utf-8")
    empty_home.approver.deny(title=TITLE)
    refused_unlock(empty_home)


def test_without_an_extension_that_is_attached_any_more_nothing_stays(home: Home) -> None:
    """Detached: at the next unlocking for another, what was seen of its files is gone from the store."""
    install(home)
    home.open().close()
    other = ADDON[::-1]
    home.attach(other)
    with home.store() as store, store.transaction():
        store.detach(f"chrome-extension://{ADDON}/")
    home.open(other).close()
    with home.store() as store:
        assert [] == store.connection.execute("SELECT name FROM meta WHERE name LIKE 'extension:%'").fetchall()
