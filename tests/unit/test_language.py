"""The catalogue: a German entry for every text that a person reads in a window, and none that nothing says."""

from __future__ import annotations

import ast
import importlib
import os
import re
import string
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from msgspec import Struct

from native_host import language
from native_host.approval.choose import approver_environment
from native_host.config import ConfigError, Paths, read_config
from native_host.language.german import LETTERS, SENTENCES
from native_host.review import evm_contracts, typed_data_kinds

PACKAGE = Path(language.__file__).parents[1]
ENGLISH_ONLY = (
    "cli/",
    "selftest/",
    "testing/",
    "review/policies.py",
    "operations/sharing.py",
    "language/",
    "install/doctor",
    "install/checks",
    "install/round_trip",
)
"""What only the person's own program says, which is in English."""
ASSETS = "review/assets.py"
"""Says why an amount is none, to the person's own program and in policies."""
SPOKEN = frozenset({"say", "words", "sentence", "fact", "_fact", "_parent", "_evidence"})
"""Functions one of whose first two arguments is a text, or the template of one."""
SHOWN = frozenset({"secret", "show", "make_ready", "ask_secret", "show_secret", "compare_code", "ready_review"})
"""Functions whose arguments are titles and hints."""
TITLED: dict[str, frozenset[str]] = {
    "Review": frozenset({"title"}),
    "Told": frozenset({"title"}),
    "Known": frozenset({"title", "warning", "standard"}),
    "Kind": frozenset({"title", "warning", "standard", "name", "stops"}),
    "Swap": frozenset({"standard"}),
    "Fact": frozenset({"label"}),
    "Evidence": frozenset({"text"}),
    "Finding": frozenset({"text"}),
    "Broken": frozenset({"text"}),
    "Program": frozenset({"fault"}),
}
"""Values of which members a person reads."""
TABLES: dict[str, tuple[str, ...]] = {
    "review.evm_contracts": ("_ROWS", "CONTROL", "NEW_CODE", "SAFE_REFUND"),
    "review.evm_router": ("_COMMANDS", "_STANDARD"),
    "review.evm_swap_rows": ("_ROWS", "ROUTERS"),
    "review.solana_programs": ("LABELS", "NAMES", "ROWS"),
    "review.typed_data_kinds": ("KINDS",),
    "review.jose": ("_CLAIMS", "_TIMES", "_HEADER"),
    "review.requests": ("_PLAIN",),
    "review.ethereum": ("_TYPES",),
    "operations.installed": ("WORDS", "CHANGED", "STEP_UP", "WORKER"),
    "operations.pairings": ("PAIRED", "CLAIMED", "UNPAIRED", "OUTSIDE", "REMOVED", "UNREADABLE"),
    "operations.evidence": ("OLDER", "GONE", "UNREACHABLE", "UNREADABLE"),
    "operations.unlocking": ("REPEAT_HINT", "REPEAT_PIN_HINT", "ALL_ABSENT", "ELSE_ABSENT", "DOES_NOT_OPEN"),
    "operations.slots": ("NO_LIBRARY",),
    "operations.token_login": ("LAST", "BEFORE", "WRONG", "AT_THE_READER"),
    "operations.key_files": ("ASK_FILE", "ASK_PASSWORD"),
    "operations.pairing": ("COMPARE", "COMPARE_MORE"),
    "caller.installed_copies": ("TOO_MANY",),
    "caller.program_file": ("BEYOND",),
    "keystore.evidence": ("OWN", "LOG"),
    "review.solana_instructions": ("_TOKEN_AUTHORITIES", "_STAKE_AUTHORITIES"),
    "kek.kinds": ("KINDS",),
    "kek.counters": ("PLACES",),
    "session": ("DEVELOPMENT",),
    "policy": ("OFFER", "OFFERS"),
    "encodings.date_time": ("_MONTHS",),
}
ROWS: dict[str, tuple[str, ...]] = {
    "native_host.review.evm_contracts": ("title", "warning", "standard", "labels"),
    "native_host.review.evm_swap_rows": ("standard",),
    "native_host.review.solana_programs": ("title",),
    "native_host.review.typed_data_kinds": ("title", "warning", "standard", "fields"),
    "native_host.kek.kinds": ("name", "stops"),
    "native_host.kek.counters": ("name",),
}
"""By the module of a table's rows: their members that a person reads."""
DRAWN = (None, *get_args(evm_contracts.Format), *get_args(typed_data_kinds.Format))
HINTS = (
    "dpapi",
    "fido2",
    "keychain",
    "keychain_counter",
    "login_keyring",
    "pkcs11",
    "recovery",
    "secret_service",
    "secret_service_counter",
)
MORE_HINTS = ("security_key", "token_errors", "tpm", "tpm_connection", "tpm_counter", "two_factor", "credential_manager_counter")
"""Modules of slots, whose sentences can be why the keystore was not opened another way."""
CODE = re.compile(r"uint\d|\b(?:address|bytes)(?:\[\])? \w+[,)]|bytes32|[a-z]+:[a-z\d]+ [a-z_]+:[a-z\d]+")
"""What tells a signature of a function, or a row of fields, from prose."""
NAMES = frozenset(
    {
        "{label}: {value}",
        "{label}: {size}",
        "{number}. {part}",
        "{label}: ",
        "token or id",
        "consistent",
        "contradicted",
        "verified",
        "party",
        "legacy",
        "0",
        "address",
        "amount",
        "hex",
        "message",
        "number",
        "text",
        "time",
    }
)
DERIVED = (
    "Let another move all your tokens of a collection",  # without what stands for both of two things
    "Let another take any amount of this token",
    "Local development chain",  # the other chains have names of their own
    "{first} and {second}",
)


def module(name: str) -> object:
    return importlib.import_module(f"native_host.{name}")


def parsed() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        name = file.relative_to(PACKAGE).as_posix()
        if not name.startswith(ENGLISH_ONLY):
            yield name, ast.parse(file.read_text())


def literals(node: ast.AST) -> Iterator[str]:
    """The texts that an expression can be: literals, and either of two."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.IfExp():
            yield from literals(node.body)
            yield from literals(node.orelse)
        case ast.BoolOp():
            for one in node.values:
                yield from literals(one)


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""


def texts_of(value: object) -> Iterator[str]:
    """Every text in a table."""
    match value:
        case str():
            yield value
        case Mapping():
            for one in value.values():
                # A label stands together with how its value is drawn.
                yield from texts_of(one[0] if isinstance(one, tuple) and len(one) == 2 and one[1] in DRAWN else one)
        case tuple() | list():
            for one in value:
                yield from texts_of(one)
        case Struct():
            for name in ROWS[type(value).__module__]:
                yield from texts_of(getattr(value, name))


def names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name():
            yield node.id
        case ast.IfExp():
            yield from names(node.body)
            yield from names(node.orelse)


def given_to(tree: ast.Module, name: str) -> Iterator[str]:
    """The literals that a name of a module is given anywhere in it."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=one)]) if one == name:
                yield from literals(node.value)
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                for target, value in zip(targets, values, strict=True):
                    yield from literals(value) if isinstance(target, ast.Name) and target.id == name else ()


def resolved(tree: ast.Module, node: ast.AST) -> Iterator[str]:
    yield from literals(node)
    for name in names(node):
        yield from given_to(tree, name)


def in_call(tree: ast.Module, node: ast.Call) -> Iterator[str]:
    does = called(node)
    spoken = node.args[:2] if does in SPOKEN else node.args[:1] if does == "CannotDigest" else []
    titled = [one.value for one in node.keywords if one.arg == "touches" or one.arg in TITLED.get(does, ())]
    for argument in (*spoken, *titled):
        yield from resolved(tree, argument)
    for argument in node.args if does in SHOWN and len(node.args) > 1 else ():
        yield from (text for text in literals(argument) if " " in text)


def is_prose(text: str) -> bool:
    return " " in text.strip() and any(character.islower() for character in text) and not CODE.search(text)


def not_said(node: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, parts of f-strings, what is raised, types, patterns, and keys of tables."""
    match node:
        case ast.Expr() | ast.Raise() | ast.JoinedStr() | ast.MatchValue() | ast.Compare():
            yield node
        case ast.Subscript(value=ast.Name(id="Literal" | "dict")):
            yield node
        case ast.AnnAssign() | ast.arg() if node.annotation is not None:
            yield node.annotation
        case ast.Assign(targets=[ast.Name(id="_TOKENS" | "CHAINS" | "Inner" | "Format")]):
            yield node
        case ast.Dict():
            yield from (key for key in node.keys if key is not None)
        case ast.Call():
            yield from names_in_row(node)


def names_in_row(node: ast.Call) -> Iterator[ast.AST]:
    """Names of functions, accounts and fields in the rows of tables."""
    does = called(node)
    if does in {"_k", "_v2", "_v3", "_swap", "_1inch"}:
        yield from node.args[2:] if does == "_k" else node.args
    if does in {"Known", "Swap"}:
        yield from (one.value for one in node.keywords if one.arg not in {"title", "standard", "warning", "labels"})


def prose_in(tree: ast.Module) -> Iterator[str]:
    """Every literal of more than one word."""
    passed = {id(part) for node in ast.walk(tree) for top in not_said(node) for part in ast.walk(top)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed and is_prose(node.value):
            yield node.value


def of_approver() -> Iterator[str]:
    """What the window and the terminal say."""
    from native_host.approval import texts

    for name, value in vars(texts).items():
        if name.isupper() and name not in {"ACCELERATORS", "PRODUCT", "VARIABLE"}:
            yield from (text for text in texts_of(value) if any(map(str.isalpha, re.sub(r"\{.*?\}", "", text))))


def of_slots() -> Iterator[str]:
    for name in (*HINTS, *MORE_HINTS):
        for constant, value in vars(module(f"kek.{name}")).items():
            if constant.lstrip("_").isupper() and isinstance(value, str) and " " in value and value.endswith((".", "?")):
                yield value


def of_siwe() -> Iterator[str]:
    tree = ast.parse((PACKAGE / "review/siwe.py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple) and len(node.elts) == 3:
            yield from literals(node.elts[0])


def of_tables() -> Iterator[str]:
    for name, members in TABLES.items():
        for member in members:
            yield from texts_of(getattr(module(name), member))


@cache
def said() -> frozenset[str]:
    found = {*of_approver(), *of_slots(), *of_siwe(), *of_tables(), *DERIVED}
    for name, tree in parsed():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                found.update(in_call(tree, node))
        if name.startswith("review/") and name != ASSETS:
            found.update(prose_in(tree))
    return frozenset(text for text in found if any(map(str.isalpha, text)) and not is_name(text))


def is_name(text: str) -> bool:
    """What is the same in every language, and no part of the catalogue."""
    return text in NAMES or bool(re.fullmatch(r"ERC-\d+", text))


FORMATTER = string.Formatter()


def placeholders(text: str) -> list[tuple[str, str]]:
    return sorted((name, form or "") for _, name, form, _ in FORMATTER.parse(text) if name is not None)


@pytest.fixture
def german() -> Iterator[None]:
    language.use("de")
    yield
    language.use("en")


def test_every_text_that_is_said_has_a_german_entry() -> None:
    """Every text that reaches a person in a window or on the terminal has an entry, and no entry is of a text that nothing says."""
    assert sorted(said() - SENTENCES.keys()) == []
    assert sorted(SENTENCES.keys() - said()) == []


def test_the_collection_is_not_empty_by_mistake() -> None:
    """The collection of texts finds constants, templates, labels of tables, the window's texts and hints: a hole in it would be silence."""
    expected = {
        "Recipient", "{title} on {chain}", "What is left goes to", "Approve", "Unlock your keystore", "Login keyring", "{started} in a snap",
        "That was not right. Tries left: {left}.", "The recipient is this account itself.", "Nonce", "Statement", "August",
    }  # fmt: skip
    assert expected <= said()


def test_an_entry_has_the_placeholders_of_its_text() -> None:
    """The same values are filled in, in the same form: no address or amount can be lost, or be shown otherwise, in another language."""
    different = [english for english, german in SENTENCES.items() if placeholders(english) != placeholders(german)]
    assert different == []


def test_an_entry_begins_and_ends_as_its_text() -> None:
    """What is joined to a sentence, a space, a comma or a colon, stays where it was."""
    edges = re.compile(r"^(\s*[,;(]?).*?([\s.:?…]*)$", re.DOTALL)
    different = [
        (english, german)
        for english, german in SENTENCES.items()
        if (one := edges.match(english)) and (other := edges.match(german)) and one.groups() != other.groups()
    ]
    assert different == []


def test_commands_and_numbers_are_the_same() -> None:
    """What is to be typed elsewhere, and every number, stands in the German text as it does in the English one, but for commas."""
    kept = re.compile(
        r"strongroom [a-z]+(?: [a-z]+)*|~/[\w.]+|xn--|⟨U\+…⟩|https?\b|\b(?:SO|PUK|BIP39|PSBT|ERC-\d+|EIP-\d+|BIP-?\d+)\b|\d[\d.,]*\d|\d"
    )
    different = [
        (english, german)
        for english, german in SENTENCES.items()
        if sorted(kept.findall(re.sub(r"(\d),(\d)", r"\1\2", english))) != sorted(kept.findall(german))
    ]
    assert different == []


def test_translating_twice_changes_nothing() -> None:
    """No German text is an English one that means something else: what was translated at its place is looked up once more as a whole."""
    assert [german for german in SENTENCES.values() if SENTENCES.get(german, german) != german] == []


def test_labels_by_which_facts_are_known_stay_apart() -> None:
    """The window knows an amount and a recipient by their labels: none of these means anything else in German, nor two of them the same."""
    from native_host.approval import arrangement

    roles = {label: role for labels, role in arrangement._ROLES for label in labels}
    known = {*roles, *arrangement._OWN, *arrangement._KEY, *arrangement._PAGE}
    for label in known:
        same = {english for english, german in SENTENCES.items() if german == SENTENCES[label] and english != label}
        assert {roles.get(one) for one in same} <= {roles.get(label)}, label
        # A label of one word alone can be a field's name in typed data, which is the asker's.
        assert label not in roles or (" " in label) <= (" " in SENTENCES[label]), label


def test_no_accelerator_is_another_of_the_same_window() -> None:
    """With Alt, a letter of the button's own text, and no letter twice."""
    from native_host.approval import texts

    buttons = {"approve": texts.APPROVE, "deny": texts.DENY, "compare": texts.COMPARE_ADDRESS, "raw": texts.RAW_SHOW}
    buttons |= {"back": texts.COMPARE_BACK, "copy": texts.COMPARE_COPY}
    assert LETTERS.keys() == texts.ACCELERATORS.keys() == buttons.keys()
    assert len(set(LETTERS.values())) == len(LETTERS)
    for name, english in buttons.items():
        assert LETTERS[name] in SENTENCES[english].lower(), name


@pytest.mark.usefixtures("german")
def test_what_is_filled_in_is_not_translated() -> None:
    """A value is shown as it is, also if it reads like a text of ours; what ``sentence`` made is ours, and is put into German within another."""
    assert language.say("{title} on {chain}", title="Data", chain="Recipient") == "Data auf Recipient"
    started = language.sentence("{started} in a snap", started=language.sentence("Started by {name} ({path})", name="Data", path="/snap/x"))
    assert started == "Started by Data (/snap/x) in a snap"
    assert language.words(started) == "Gestartet von Data (/snap/x) in einem Snap"


@pytest.mark.usefixtures("german")
def test_no_number_has_a_comma() -> None:
    """A comma is German's decimal point: 80,000 satoshi would be read as eighty. The point stays what it is on every chain."""
    from native_host.encodings.spending import Spending
    from native_host.review.bitcoin import both_units

    none = Spending(inputs=(), outputs=(), deceiving=(), unproven=(), testnet=False)
    assert both_units(80_000, none) == "0.00080000 BTC (80000 sat)"
    assert [german for german in SENTENCES.values() if re.search(r"\d,\d", german)] == []


@pytest.mark.usefixtures("german")
def test_a_hostile_value_is_no_template() -> None:
    """Braces in what comes from outside are shown, in both languages, and fill in nothing."""
    for hostile in ("{chain}", "{0}", "{title.__class__}", "}{", "{", "{{chain}}"):
        assert language.say("{title} on {chain}", title=hostile, chain="x") == f"{hostile} auf x"
        assert language.words(language.sentence("{started}.", started=hostile)) == f"{hostile}."
        assert language.words(hostile) == hostile


def test_sentences_are_remembered_up_to_a_bound() -> None:
    """However many sentences are made of what others choose, only so many are remembered; an older one is then shown in English."""
    for number in range(1000):
        language.sentence("{started}.", started=f"bounded {number}")
    assert len(language._filled) == language._MOST_REMEMBERED


@pytest.mark.parametrize(
    ("environ", "wished", "expected"),
    [
        ({}, None, "en"),
        ({"LANG": "de_DE.UTF-8"}, None, "de"),
        ({"LANG": "de"}, None, "de"),
        ({"LANG": "de@euro"}, None, "de"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "de_AT"}, None, "de"),
        ({"LANG": "de_DE", "LC_ALL": "C"}, None, "en"),
        ({"LANG": "de_DE", "LC_ALL": ""}, None, "de"),
        ({"LANG": "den"}, None, "en"),
        ({"LANG": "DE"}, None, "en"),
        ({"LANG": "../../de"}, None, "en"),
        ({"LANG": "de_DE"}, "en", "en"),
        ({"LANG": "C"}, "de", "de"),
    ],
)
def test_the_language_is_the_persons(environ: dict[str, str], wished: language.Language | None, expected: str) -> None:
    """The settings before the environment, and of the environment the first variable of POSIX that is set."""
    assert language.language_of(environ, wished) == expected


def test_another_language_is_english() -> None:
    """What this version does not know is English, and never half of something."""
    language.use("xx")
    assert (language.in_use(), language.words("Recipient")) == ("en", "Recipient")


@pytest.mark.usefixtures("german")
def test_the_program_that_asks_is_told_the_language() -> None:
    """By its environment, in which the browser's word for it does not count."""
    assert approver_environment({"DISPLAY": ":0", language.VARIABLE: "xx"})[language.VARIABLE] == "de"


def test_the_settings_name_a_language_or_none(tmp_path: Path) -> None:
    """``[approval] language``: a language that there is; anything else is told as a mistake, and not taken for English."""
    paths = Paths(config=str(tmp_path), data=str(tmp_path), state=str(tmp_path))
    file = tmp_path / "config.toml"
    file.write_text('[approval]\nlanguage = "de"\n')
    assert read_config(paths).approval.language == "de"
    file.write_text('[approval]\nlanguage = "fr"\n')
    with pytest.raises(ConfigError):
        read_config(paths)
    file.write_text("")
    assert read_config(paths).approval.language is None


def test_the_window_and_the_terminal_speak_it_throughout() -> None:
    """Their texts are put into it before anything takes one: buttons, and tables that other modules made of them."""
    code = (
        "from native_host.approval import texts; from native_host.approval.terminal import dialogue;"
        "print(texts.DENY, texts.ACCELERATORS['deny'], texts.STRENGTHS['good'], dialogue._ADVICE['backup'], sep='|')"
    )
    environ = {**os.environ, language.VARIABLE: "de", "PYTHONIOENCODING": "utf-8"}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, env=environ).stdout.strip()
    assert told == f"Ablehnen|a|gut|{SENTENCES['The one that was chosen when the backup was made, not the passphrase of Strongroom.']}"


def test_english_imports_no_catalogue() -> None:
    """Hello, and an English window, load no table of another language."""
    code = "import sys, native_host.language as one; one.use('en'); one.say('{size} bytes', size=1); print('native_host.language.german' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"
