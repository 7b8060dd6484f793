"""A policy's text before Cedar's own parser sees it: where each statement stands, and whether it is safe to parse at all.

Implements: the tokens of Cedar's grammar (https://docs.cedarpolicy.com/policies/syntax-grammar.html), no more than that. Two things need it.
Cedar's parser and evaluator call themselves for each level of an expression and end the whole process where the stack ends: 50 brackets
within brackets do that on a stack of 1 MB, 400 on one of 8 MB. And cedarpy's errors name no line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from native_host.errors import InvalidParams
from native_host.review.text import visible
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_BYTES = 128 << 10
MOST_STATEMENTS = 256
DEEPEST = 64
"""Levels of an expression: each of them takes at most 10 kB of the stack, and a bracket counts for two."""

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|//[^\r\n]*)|(?P<string>"(?:\\.|[^"\\])*")|(?P<word>[A-Za-z_][A-Za-z0-9_]*|[0-9]+)"""
    r"""|(?P<mark>&&|\|\||==|!=|<=|>=|::|[-@{}()\[\].,;:<>+*!?=%/])"""
)
_OPENS, _CLOSES = frozenset("([{"), frozenset(")]}")
_CHAINS = frozenset({"&&", "||", "if"})
_OPERATES = frozenset({"+", "-", "*", "!", ".", "==", "!=", "<", ">", "<=", ">=", "in", "has", "like", "is"})


class Problem(Value, frozen=True, kw_only=True):
    """What is wrong, in words, and where: ``file`` is empty for a policy that came alone."""

    line: int
    text: str
    file: str = ""

    def told(self) -> str:
        """One line for a person."""
        return visible(f"{f'{self.file}, ' if self.file else ''}line {self.line}: {self.text}")


class PolicyRefused(InvalidParams):
    """A text that is no policy this host can follow; ``problems`` is everything that was found wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(problem.told() for problem in problems), path="policy")
        self.problems = tuple(problems)


class Source(Value, frozen=True, kw_only=True):
    """One text of policies, and the name of the file that it came in where there are several."""

    text: str
    name: str = ""


class Part(Value, frozen=True, kw_only=True):
    """One statement as it stands in its source, without what stands before it; ``line`` counts from 1."""

    text: str
    line: int
    file: str

    def line_of(self, needle: str) -> int:
        """The line on which ``needle`` first stands in the statement; the statement's own first line if nowhere."""
        return self.line + self.text[: max(0, self.text.find(needle))].count("\n")

    def problem(self, text: str, needle: str = "") -> Problem:
        """What is wrong with this statement."""
        return Problem(line=self.line_of(needle) if needle else self.line, text=text, file=self.file)


def decode(content: bytes, name: str = "") -> Source:
    """The source in a file's bytes; raises ``PolicyRefused``."""
    if len(content) > MOST_BYTES:
        raise PolicyRefused([Problem(line=1, text=f"A policy has at most {MOST_BYTES >> 10} kilobytes.", file=name)])
    try:
        return Source(text=content.decode(), name=name)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PolicyRefused([Problem(line=line, text="This is no text in UTF-8.", file=name)]) from None


def statements(source: Source) -> list[Part]:
    """The statements of a source, each up to its semicolon; what is left after the last one is a statement too, for the parser to refuse.

    Raises:
        PolicyRefused: too long or too deep to parse safely, or with characters that hide something.
    """
    if len(source.text.encode(errors="replace")) > MOST_BYTES:
        raise PolicyRefused([Problem(line=1, text=f"A policy has at most {MOST_BYTES >> 10} kilobytes.", file=source.name)])
    for number, line in enumerate(source.text.split("\n"), 1):
        shown = line.removesuffix("\r").replace("\t", " ")
        if visible(shown) != shown:
            text = f"It holds a character that cannot be seen, or that changes the order of others: {visible(shown)[:100]}"
            raise PolicyRefused([Problem(line=number, text=text, file=source.name)])
    found = list(_split(source))
    if len(found) > MOST_STATEMENTS:
        raise PolicyRefused([found[MOST_STATEMENTS].problem(f"A policy has at most {MOST_STATEMENTS} rules.")])
    return found


def _split(source: Source) -> Iterator[Part]:
    text, begun, depth = source.text, -1, _Depth()
    place = 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            line = text[:place].count("\n") + 1
            raise PolicyRefused([Problem(line=line, text=f"Nothing is written like this: {text[place : place + 20]}", file=source.name)])
        if token.lastgroup != "space" and begun < 0:
            begun, depth = place, _Depth()
        place = token.end()
        if begun >= 0 and depth.is_over(token) and not depth.fits:
            line = text[:place].count("\n") + 1
            problem = "This is nested too deep, or one condition is too long. Write several rules instead."
            raise PolicyRefused([Problem(line=line, text=problem, file=source.name)])
        if token[0] == ";" and token.lastgroup == "mark" and depth.is_outside:
            yield _part(source, begun, place)
            begun = -1
    if begun >= 0:
        yield _part(source, begun, len(text))


def _part(source: Source, begun: int, end: int) -> Part:
    return Part(text=source.text[begun:end], line=source.text[:begun].count("\n") + 1, file=source.name)


class _Depth:
    """How deep the parser is at a token. Of each open bracket: what joins conditions in a row, which nests as brackets do, and the
    operators of the condition that is being read."""

    def __init__(self) -> None:
        self._open = [(0, 0)]

    @property
    def is_outside(self) -> bool:
        return len(self._open) == 1

    @property
    def fits(self) -> bool:
        return sum(chained + operated + 2 for chained, operated in self._open) <= DEEPEST

    def is_over(self, token: re.Match[str]) -> bool:
        """Count a token; whether it can have made anything deeper."""
        if token.lastgroup in {"space", "string"}:
            return False
        mark = token[0]
        chained, operated = self._open[-1]
        if mark in _OPENS:
            self._open.append((0, 0))
        elif mark in _CLOSES:
            if len(self._open) > 1:
                self._open.pop()
            # What follows a call or an index goes on from it.
            chained, operated = self._open[-1]
            self._open[-1] = (chained, operated + 1)
        elif mark in _CHAINS:
            self._open[-1] = (chained + 1, 0)
        elif mark in _OPERATES:
            self._open[-1] = (chained, operated + 1)
        elif mark == ",":
            self._open[-1] = (chained, 0)
        return True
