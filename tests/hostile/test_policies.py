"""What somebody would do to a policy: make the host fall over it, hide in it, or put one where it is not theirs to put."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from native_host.cli import findings
from native_host.errors import CannotUnseal, PolicyDenied
from native_host.keystore.store import KeyStore
from native_host.operations import policies
from native_host.operations.policies import KIND, NOT_FOLLOWED, Policies, SystemPolicy, document, problem_of, read_system, schema
from native_host.policy import Allow, Deny, Facts
from native_host.policy.cases import read
from native_host.policy.cedar import load
from native_host.policy.scan import DEEPEST, MOST_BYTES, MOST_STATEMENTS, PolicyRefused, Source, decode
from native_host.policy.words import sentence
from native_host.review.text import visible
from tests.homes import now, set_up
from tests.unit.test_policy_cedar import FORBID, PERMIT, SESSION, call

OWN = Allow(rule="public reads")


def refused(text: str) -> str:
    with pytest.raises(PolicyRefused) as caught:
        load([Source(text=text)], schema())
    return str(caught.value)


# too much of it


def test_ten_megabytes() -> None:
    """Not read further than the most that one has."""
    content = b"// " + b"a" * (10 << 20)
    with pytest.raises(PolicyRefused, match="at most 128 kilobytes"):
        decode(content)
    assert "at most 128 kilobytes" in refused(content.decode())
    with pytest.raises(PolicyRefused, match="megabytes of cases"):
        read(content)


def test_more_policies_than_anybody_reads() -> None:
    """By all files together."""
    many = "forbid(principal, action, resource);" * (MOST_STATEMENTS // 2 + 1)
    with pytest.raises(PolicyRefused, match="at most 256 rules"):
        load([Source(text=many, name="a"), Source(text=many, name="b")], schema())
    assert "at most 256 rules" in refused(many * 2)


NESTED: dict[str, Callable[[int], str]] = {
    "brackets": lambda depth: "(" * depth + "true" + ")" * depth,
    "sets": lambda depth: "[" * depth + "1" + "]" * depth + " == [1]",
    "records": lambda depth: "{a: " * depth + "1" + "}" * depth + " == {a: 1}",
    "ands": lambda depth: " && ".join(["true"] * depth),
    "ors": lambda depth: " || ".join(["false"] * depth),
    "ifs": lambda depth: "if true then " * depth + "true" + " else false" * depth,
    "members": lambda depth: "context" + ".a" * depth,
    "members that are asked for": lambda depth: "context has a" + ".a" * depth,
    "calls": lambda depth: "context.a" + ".contains(1)" * depth,
    "indexes": lambda depth: "context" + '["a"]' * depth,
    "sums": lambda depth: "1" + " + 1" * depth + " == 2",
    "products": lambda depth: "1" + " * 1" * depth + " == 2",
    "brackets after conditions": lambda depth: "true && (" * depth + "true" + ")" * depth,
    "a bracket that a text seems to close": lambda depth: '(")" == "" || ' * depth + "true" + ")" * depth,
    "a bracket that a comment seems to close": lambda depth: "( // )\n" * depth + "true" + ")" * depth,
    "a bracket that an escaped quote seems to close": lambda depth: r'("\")" == "" || ' * depth + "true" + ")" * depth,
}
IN_A_SMALL_STACK = """
import sys, threading
from native_host.operations.policies import schema
from native_host.policy.cedar import PolicyRefused, load
from native_host.policy.explaining import explain
from native_host.policy.scan import Source
from native_host.policy.words import sentence
from tests.unit.test_policy_cedar import NOW_MS, PAYS, SESSION, call
from native_host.policy.requests import request_of
def work():
    for text in sys.stdin.read().split("\\0"):
        try:
            rules = load([Source(text=text)], schema())
        except PolicyRefused:
            continue
        request = request_of(SESSION, call("signTransaction"), PAYS, NOW_MS)
        rules.judge(request), list(explain(rules, request)), [sentence(one) for one in rules.statements]
threading.stack_size(1 << 20)
thread = threading.Thread(target=work)
thread.start()
thread.join()
print("alive")
"""


def conditioned(condition: str) -> str:
    return f"permit(principal, action, resource) when {{ {condition} }};"


@pytest.mark.parametrize("kind", NESTED)
def test_nested_without_end(kind: str) -> None:
    """Cedar's parser ends the process where the stack ends: what is too deep never reaches it."""
    for depth in (DEEPEST, 1000, 4000):
        assert "nested too deep" in refused(conditioned(NESTED[kind](depth)))


def test_the_deepest_that_is_taken_fits_into_a_small_stack() -> None:
    """A thread of 1 MB, as some systems give no more; each kind, at every depth up to the one that is refused."""
    texts = [
        conditioned(nested(depth)) for nested in NESTED.values() for depth in (*range(1, DEEPEST, 7), 28, 29, 30, 31, 57, 58, 59, 60, 61)
    ]
    done = subprocess.run(
        [sys.executable, "-c", IN_A_SMALL_STACK],
        input="\0".join(texts),
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert (0, "alive") == (done.returncode, done.stdout.strip()), done.stderr[-2000:]


# hidden in it

HIDDEN: dict[str, str] = {
    "an order turned round, in a comment": "// \u202e;ecruoser ,noitca ,lapicnirp(dibrof\npermit(principal, action, resource);",
    "an order turned round, in a text": 'permit(principal, action, resource == Key::"a\u202eb");',
    "a character that is not seen": "permit(principal,\u200b action, resource);",
    "another blank": "permit(principal,\u00a0action, resource);",
    "a line that others see": "// nothing\u2028permit(principal, action, resource);",
    "a carriage return that ends a comment": "// nothing\rpermit(principal, action, resource);",
    "a terminal's command": 'permit(principal, action, resource == Key::"\x1b[2J");',
    "no byte": "permit(principal, action, resource);\0",
    "an escaped order": r'permit(principal, action, resource == Key::"a\u{202e}b");',
    "an escaped line": r'permit(principal, action, resource == Key::"a\nb");',
    "an id that looks like another": '@id("sm\u0430ll") permit(principal, action, resource);',
    "an id with an end of line": '@id("a\nb") permit(principal, action, resource);',
    "an id that is long": f'@id("{"a" * 65}") permit(principal, action, resource);',
    "an id that is none": '@id("") permit(principal, action, resource);',
    "an id that says it is the system's": '@id("system policy: x\u00a0") permit(principal, action, resource);',
}


@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN.keys())
def test_what_hides_something(text: str) -> None:
    """Refused; and what is told of it can be printed."""
    told = refused(text)
    assert all(line.isprintable() for line in told.splitlines())


def test_letters_that_look_alike_are_told() -> None:
    """They cannot be refused: names of sites and wallets are in every language. The person reads of it."""
    from native_host.policy.words import NOT_ASCII, warnings

    (one,) = load([Source(text='permit(principal, action == Action::"signMessage", resource) when { context has page && context.page == "https://ex\u0430mple.org" };')], schema()).statements  # fmt: skip
    assert NOT_ASCII in list(warnings(one))
    assert sentence(one).isprintable()


# not where it belongs

UNSAFE: dict[str, Callable[[Path], Any]] = {
    "writable by its group": lambda folder: (folder / "a.cedar").chmod(0o664),
    "writable by all": lambda folder: (folder / "a.cedar").chmod(0o666),
    "somebody's file": lambda folder: os.chown(folder / "a.cedar", 1234, 1234),
    "somebody's folder": lambda folder: os.chown(folder, 1234, 1234),
    "a folder writable by all": lambda folder: folder.chmod(0o777),
    "a link to a good one": lambda folder: (folder / "b.cedar").symlink_to(folder / "a.cedar"),
    "a link to nowhere": lambda folder: (folder / "b.cedar").symlink_to(folder / "c"),
    "a pipe that nobody writes to": lambda folder: os.mkfifo(folder / "b.cedar"),
    "a folder": lambda folder: (folder / "b.cedar").mkdir(),
    "no policy": lambda folder: (folder / "b.cedar").write_text("allow everything"),
    "against the schema": lambda folder: (folder / "b.cedar").write_text("forbid(principal, action, resource) when { context.nope };"),
    "too long": lambda folder: (folder / "b.cedar").write_bytes(b"//" + b" " * MOST_BYTES),
    "no text": lambda folder: (folder / "b.cedar").write_bytes(b"\xff\xfe"),
    "too many": lambda folder: [(folder / f"{number}.cedar").write_text("") for number in range(65)],
    "nested without end": lambda folder: (folder / "b.cedar").write_text(conditioned("(" * 5000)),
}
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder that is root's")


@pytest.fixture
def administrators(tmp_path: Path) -> Path:
    folder = tmp_path / "policy.d"
    folder.mkdir()
    (folder / "a.cedar").write_text(FORBID)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    made = KeyStore(str(tmp_path / "keystore.db"), now)
    set_up(made)
    return made


@needs_root
@pytest.mark.parametrize("unsafe", UNSAFE.values(), ids=UNSAFE.keys())
def test_an_administrators_policy_that_cannot_be_trusted(store: KeyStore, administrators: Path, unsafe: Callable[[Path], Any]) -> None:
    """It is not followed, and not passed over: everything is denied, and it is said why."""
    unsafe(administrators)
    policies = Policies(store, read_system(str(administrators)), now)
    for _ in range(2):
        decision = policies.decide(SESSION, call("listKeys"), Facts(), OWN)
        assert isinstance(decision, Deny)
        assert decision.rule.startswith("system policy cannot be followed: ")
        assert decision.text is not None
        assert str(PolicyDenied(decision.text)).startswith("A policy of this computer's administrator cannot be followed")


def _wrong(folder: Path) -> None:
    (folder / "secret-name.cedar").write_text("permit(unless);")


@needs_root
@pytest.mark.parametrize("unsafe", [*UNSAFE.values(), _wrong], ids=[*UNSAFE, "not of the language"])
def test_what_is_wrong_with_it_is_told_to_the_person_alone(
    store: KeyStore, administrators: Path, unsafe: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extension gets a sentence in which nothing is of the computer's; the record and ``strongroom doctor`` have names and lines."""
    unsafe(administrators)
    system = read_system(str(administrators))
    decision = Policies(store, system, now).decide(SESSION, call("listKeys"), Facts(), OWN)
    assert isinstance(decision, Deny)
    assert NOT_FOLLOWED == decision.text
    problem = (problem_of(system) or "").partition(" for ")[0]  # behind that, the one action among several that was looked at first
    assert problem
    assert problem in decision.rule
    monkeypatch.setattr(policies, "default_folder", lambda: str(administrators))
    (found,) = findings.policy()
    assert "fail" == found.verdict
    assert visible(problem) in found.text


@needs_root
def test_doctor_tells_that_it_is_followed(administrators: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "default_folder", lambda: str(administrators))
    assert ["ok"] == [one.verdict for one in findings.policy()]
    monkeypatch.setattr(policies, "default_folder", lambda: str(tmp_path / "none"))
    assert [] == list(findings.policy())


@needs_root
def test_an_administrators_policy_that_can_be(store: KeyStore, administrators: Path) -> None:
    """The same folder as it should be; other files in it are nobody's business."""
    (administrators / "README").write_text("not a policy")
    (administrators / "README").chmod(0o666)
    policies = Policies(store, read_system(str(administrators)), now)
    assert "system policy: f" == policies.decide(SESSION, call("listKeys"), Facts(), OWN).rule


def test_without_a_folder_there_is_nothing(store: KeyStore, tmp_path: Path) -> None:
    """And of a locked keystore nothing of the person's is read."""
    assert SystemPolicy() == read_system(str(tmp_path / "none"))
    policies = Policies(store, SystemPolicy(), now)
    assert OWN is policies.decide(SESSION, call("listKeys"), Facts(), OWN)
    store.forget_keys()
    assert OWN is policies.decide(SESSION, call("listKeys"), Facts(), OWN)


# in the keystore's file


def keep(store: KeyStore, content: bytes) -> None:
    with store.transaction():
        store.write_document(content, KIND, anew=True)
        store.append_audit(b"")


def kept(text: str) -> bytes:
    from msgspec.msgpack import encode

    return encode({"text": text, "loaded_at": 0})


CHANGES = {
    "edited": "UPDATE documents SET sealed = zeroblob(length(sealed))",
    "taken out": "DELETE FROM documents",
    "put back": "UPDATE documents SET revision = 1",
    "of another shape": "UPDATE documents SET sealed = 'text'",
}


@pytest.mark.parametrize("statement", CHANGES.values(), ids=CHANGES.keys())
def test_a_document_that_is_changed_from_outside(store: KeyStore, statement: str) -> None:
    """No decision without it: whoever could take it out would take its forbids out."""
    policies = Policies(store, SystemPolicy(), now)
    keep(store, kept(PERMIT))
    keep(store, kept(FORBID))
    assert isinstance(policies.decide(SESSION, call("listKeys"), Facts(), OWN), Deny)
    store.connection.execute(statement)
    store._documents.clear()  # as another host's write does
    with pytest.raises(CannotUnseal, match="policy remove"):
        policies.decide(SESSION, call("listKeys"), Facts(), OWN)


def test_an_older_policy_that_is_put_back_as_it_was(store: KeyStore) -> None:
    """The whole row of before: sealed as it should be, and not the newest."""
    keep(store, kept(PERMIT))
    row = store.connection.execute("SELECT * FROM documents").fetchone()
    keep(store, kept(FORBID))
    store.connection.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", row)
    store._documents.clear()
    with pytest.raises(CannotUnseal):
        Policies(store, SystemPolicy(), now).decide(SESSION, call("listKeys"), Facts(), OWN)


@pytest.mark.parametrize("content", [b"\x80", b"\xc1", b"text", b"\x91" * 100_000, b"\x82\xa4text\xa1\xff\xa9loaded_at\x00"])
def test_what_is_no_document(content: bytes) -> None:
    """Refused, whoever wrote it."""
    with pytest.raises(CannotUnseal):
        document(content)


def test_a_policy_that_this_version_does_not_know(store: KeyStore) -> None:
    """Everything is denied until its owner looks."""
    keep(store, kept("forbid(principal, action, resource) when { context.gone };"))
    policies = Policies(store, SystemPolicy(), now)
    for _ in range(2):
        decision = policies.decide(SESSION, call("listKeys"), Facts(), OWN)
        assert isinstance(decision, Deny)
        assert decision.text is not None
        assert "policy show" in decision.text
    keep(store, b"")
    assert OWN is policies.decide(SESSION, call("listKeys"), Facts(), OWN)


# cases that are none


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"cases": [{}]}',
        b'{"cases": [{"name": "n", "action": "nothing"}]}',
        b'{"cases": [{"name": "n", "action": "unlock"}]}',
        b'{"cases": [{"name": "n", "action": "sign", "expect": "perhaps"}]}',
        b'{"cases": [{"name": "n", "action": "sign", "extra": 1}]}',
        b'{"cases": [{"name": "n", "action": "signPsbt", "context": {"total": -1}}]}',
        b'{"cases": [{"name": "n", "action": "signPsbt", "context": {"total": 9223372036854775808}}]}',
        b'{"cases": [{"name": "n", "action": "signPsbt", "context": {"hour": 24}}]}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_cases_that_are_none(content: bytes) -> None:
    """Refused in a sentence."""
    with pytest.raises(PolicyRefused, match="These are no cases"):
        read(content)
