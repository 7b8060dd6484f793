"""The documents hold together: every link leads somewhere, every command that is shown is one of the program's, with the options that it has."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from native_host.cli.app import app

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "manifests" / "LOCATIONS.md", ROOT / "extension" / "README.md"])
LINK = re.compile(r"\]\((?![a-z]+:)([^)\s#]*)(?:#([^)\s]+))?\)")
FENCED = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
SHOWN = re.compile(r"(?:sudo |\.venv/bin/)?strongroom ([a-z][^#]*)")


def prose(document: Path) -> str:
    """A document without its code."""
    return FENCED.sub("", document.read_text(encoding="utf-8"))


def anchors(document: Path) -> set[str]:
    """What GitHub calls the headings of a document."""
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in HEADING.findall(prose(document))}


def shown_commands() -> list[str]:
    """Each that stands in code, in a line or a block."""
    texts = []
    for document in (one for one in DOCUMENTS if one.name != "protocol.md"):  # its code is what goes over the wire
        whole = document.read_text(encoding="utf-8")
        blocks = [block for language, block in FENCED.findall(whole) if language == "sh"]
        texts += [line for block in blocks for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", FENCED.sub("", whole))
    return sorted({found[1].strip() for text in texts if (found := SHOWN.match(text)) is not None})


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    """To a file that is there and, where a heading is named, to one of its headings."""
    for path, anchor in LINK.findall(prose(document)):
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


@pytest.mark.parametrize("shown", shown_commands())
def test_every_command_that_is_shown_is_there(shown: str) -> None:
    """With the options that are shown; what comes after a command's name is the reader's."""
    command: Any = get_command(app)
    words = shlex.split(shown.replace("…", ""))
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        name = words.pop(0)
        assert name in command.commands, shown
        command = command.commands[name]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    assert {word for word in words if word.startswith("--")} <= known, shown
