"""How installed copies are held against what was seen before, and how that is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.msgpack import decode, encode

from native_host.caller.extension_digest import Contents, FileDigest
from native_host.caller.identity import Caller, Evidence
from native_host.caller.installed_copies import Copy
from native_host.errors import Locked
from native_host.keystore import seen
from native_host.keystore.evidence import ChangedOutside
from native_host.keystore.store import KeyStore
from native_host.operations.extension_files import changes
from native_host.operations.installed import CHANGED, Installed
from native_host.operations.seen_extension import (
    LISTED_BYTES,
    NOTHING,
    Known,
    SeenCopy,
    compare,
    decoded,
    describe,
    encoded,
    identity,
    to_remember,
)
from tests.homes import now, set_up, unlock

ORIGIN = "chrome-extension://abcdefghijklmnopabcdefghijklmnop/"
PARENT = Evidence(signal="parent", level="consistent", text="Started by Chromium.")


def copy(*files: tuple[str, bytes], version: str = "1.0", folder: str = "/x") -> Copy:
    listed = tuple(FileDigest(path=path.encode(), size=len(content), digest=sha256(content).digest()) for path, content in files)
    return Copy(folder=folder, contents=Contents(digest=sha256(encode(listed)).digest(), version=version, files=listed))


def remembered(*copies: Copy) -> list[SeenCopy]:
    return decode(encode(to_remember(copies)), type=list[SeenCopy])


def seen_before(*copies: Copy, gone: bool = False) -> Known:
    return decoded(encoded(Known(copies=remembered(*copies), gone=gone)))


ONE, OTHER = copy(("a.js", b"1")), copy(("a.js", b"2"))
BROKEN = Copy(folder="/x", fault="a link")


def test_how_copies_stand() -> None:
    """Every copy has to be known; none is no change, and what cannot be read of what was known is one."""
    assert "none" == compare((), NOTHING)
    assert ["missing", "missing", "gone"] == [
        compare((), known) for known in (seen_before(ONE), seen_before(), seen_before(ONE, gone=True))
    ]
    assert "first" == compare((ONE,), NOTHING)
    assert ["same", "same"] == [compare((ONE,), known) for known in (seen_before(ONE, OTHER), seen_before(ONE, gone=True))]
    assert ["changed"] * 5 == [
        compare((OTHER,), seen_before(ONE)),
        compare((OTHER,), seen_before(ONE, gone=True)),
        compare((ONE, OTHER), seen_before(ONE)),
        compare((BROKEN,), seen_before(ONE)),
        compare((ONE,), seen_before()),
    ]


def test_a_copy_that_cannot_be_checked_is_known_by_its_place() -> None:
    """And by what is in the way; readable again, it is another."""
    assert "same" == compare((BROKEN,), seen_before(BROKEN))
    assert "changed" == compare((Copy(folder="/y", fault="a link"),), seen_before(BROKEN))
    assert "changed" == compare((ONE,), seen_before(BROKEN))


def test_changes_are_held_against_the_copy_most_like_it() -> None:
    """Of several that were known, it is the nearest one; names that are not UTF-8 can be shown."""
    old = copy(("a.js", b"1"), ("b.js", b"1"), ("c.js", b"1"))
    other = copy(("z.js", b"1"))
    new = copy(("a.js", b"2"), ("b.js", b"1"), ("d.js", b"1"))
    expected = {"Files changed": ["a.js"], "Files added": ["d.js"], "Files removed": ["c.js"]}
    assert expected == changes((new, other), remembered(old, other))
    odd = Copy(folder="/x", contents=Contents(digest=b"d", version="", files=(FileDigest(path=b"\xff", size=0, digest=b"0" * 32),)))
    assert ["\ufffd"] == changes((odd,), remembered(old))["Files added"]


def test_lists_that_are_too_long_are_not_kept() -> None:
    """The change is noticed all the same; the list of a small copy beside it is kept."""
    long = copy(*((f"{number:064}", b"") for number in range(LISTED_BYTES // 64)), version="2.0")
    kept = remembered(long, ONE)
    known = Known(copies=kept)
    assert [0, 1] == [len(one.files) for one in kept]
    assert ("same", "changed") == (compare((long, ONE), known), compare((OTHER,), known))
    assert {"Files changed": [], "Files added": [], "Files removed": []} == changes((ONE,), remembered(long))


def test_versions_in_words() -> None:
    """Each once; and what none is known of."""
    assert "version 1.0 and 2.0" == describe((ONE, OTHER, copy(version="2.0")))
    assert "of an unknown version" == describe((BROKEN,))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[KeyStore]:
    store = KeyStore(str(tmp_path / "keystore.db"), now)
    set_up(store, unattended=True)
    if not store.is_unlocked:
        unlock(store)
    yield store
    store.close()


def note(store: KeyStore, content: bytes) -> None:
    with store.transaction():
        seen.note(store, ORIGIN, content)
        store.append_audit(b"")


def test_what_was_seen_is_the_stores_word(store: KeyStore) -> None:
    """Written and read while it is open; of a locked store it is a claim."""
    assert (None, None) == (seen.known(store, ORIGIN), seen.claimed(store.connection, ORIGIN))
    note(store, b"content")
    assert (b"content", b"content") == (seen.known(store, ORIGIN), seen.claimed(store.connection, ORIGIN))
    store.forget_keys()
    assert b"content" == seen.claimed(store.connection, ORIGIN)
    with pytest.raises(Locked):
        seen.known(store, ORIGIN)


@pytest.mark.parametrize("forged", [b"", b"short", b"m" * 32 + b"content", 7, "text", None, b"x" * (seen.MOST_BYTES + 1)])
def test_a_forged_row_is_none_of_the_stores(store: KeyStore, forged: object) -> None:
    """It is not taken for a first time: nothing is known, and any copy is asked about. Nor is it written over unnoticed."""
    note(store, encode(remembered(ONE)))
    store.connection.execute("DELETE FROM meta WHERE name = ?", (f"extension:{ORIGIN}",))
    value = 7.5 if forged is None else forged
    store.connection.execute("INSERT INTO meta VALUES (?, ?)", (f"extension:{ORIGIN}", value))
    assert b"" == seen.known(store, ORIGIN)
    assert Known(copies=[]) == decoded(b"")
    seen.claimed(store.connection, ORIGIN)
    with pytest.raises(ChangedOutside):
        note(store, b"content")


def test_another_origins_row_does_not_pass(store: KeyStore) -> None:
    """What the store wrote for one extension says nothing of another."""
    note(store, b"content")
    store.connection.execute("UPDATE meta SET name = 'extension:other' WHERE name = ?", (f"extension:{ORIGIN}",))
    assert (None, b"") == (seen.known(store, ORIGIN), seen.known(store, "other"))


def test_what_windows_say_before_it_is_open(store: KeyStore) -> None:
    """A change stands first among the evidence, before anybody types a passphrase; what is the same is not yet called proof."""
    note(store, encoded(Known(copies=remembered(ONE))))
    caller = Caller(origin=ORIGIN, family="chromium", evidence=(PARENT,))
    told = []
    for copies in ((ONE,), (OTHER,)):
        installed = Installed(caller, copies)
        installed.look(store.connection)
        told.append([(one.level, one.text) for one in installed.caller.evidence])
    same = ("unknown", "The extension's files are those that were seen before (version 1.0).")
    assert [[("consistent", PARENT.text), same], [("contradicted", CHANGED), ("consistent", PARENT.text)]] == told
    assert identity(ONE) != identity(OTHER)
