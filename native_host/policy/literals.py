"""What is written in a policy and can be judged without asking it: texts that no address or selector is ever written like, and names that do
not exist. Each of them would make a ``forbid`` that forbids nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cedarpy import pst

from native_host.encodings.eip55 import encode_address
from native_host.review.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMBERS = frozenset({
    "time", "hour", "weekday", "page", "format", "authenticated", "chain", "bounded", "recipients", "assets", "value", "fee", "total",
    "spentToday", "token", "selector", "unlimitedApproval", "asset", "amount", "billions", "spentTodayBillions", "id", "alg", "usages", "address",
    "path", "provenance", "derived", "inToken", "origin", "browser", "paired", "development",
})  # fmt: skip
"""Every attribute of the schema."""
_ADDRESS = re.compile(r"0[xX][0-9a-fA-F]{40}(?![0-9a-fA-F])")
_SELECTOR = re.compile(r"0[xX][0-9a-fA-F]{8}")
_ORIGIN = re.compile(r"chrome-extension://[a-p]{32}/|moz-extension:(?:\{[0-9a-fA-F-]{36}\}|[A-Za-z0-9._-]*@[A-Za-z0-9._-]+)", re.ASCII)
"""As ``caller/origin.py`` has them, which looks at paths as well."""


def nodes(node: object) -> Iterator[Any]:
    """Every node of a policy's tree, itself first."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, tuple):
            waiting.extend(reversed(one))
        elif isinstance(one, dict):
            waiting.extend(reversed(one.values()))
        elif type(one).__module__ == pst.__name__:
            yield one
            waiting.extend(reversed([getattr(one, name) for name in getattr(one, "__slots__", ())]))


def names_of(node: pst.Template) -> frozenset[str]:
    """The members of the context that a policy's conditions speak of."""
    found: set[str] = set()
    for one in nodes(node.clauses):
        if isinstance(one, pst.GetAttr) and one.base == pst.Var("context"):
            found.add(one.attr)
        elif isinstance(one, pst.HasAttr) and one.base == pst.Var("context"):
            found.add(one.attrs[0])
    return frozenset(found)


def what_is_wrong(node: pst.Template) -> Iterator[tuple[str, str]]:
    """What is wrong, in words, and the text of it to be looked for."""
    for one in nodes((node.principal, node.action, node.resource, node.clauses)):
        match one:
            case pst.HasAttr(attrs=attrs):
                yield from ((f"Nothing is called {name}, so it is never there.", name) for name in attrs if name not in MEMBERS)
            case pst.GetAttr(base=pst.EntityLit(value=uid)):
                yield f'Only of the principal and of the resource of a call can more be told, not of {uid.type}::"{uid.id}".', uid.id
            case pst.StringLit(value=text):
                yield from _about_text(text)
            case pst.EntityUid(type=kind, id=text):
                yield from _about_text(text)
                if str(kind) == "Extension" and not _ORIGIN.fullmatch(text):
                    yield (
                        "An extension is called by its origin: chrome-extension://<id>/ (with the slash at its end) or moz-extension:<add-on id>.",
                        text,
                    )
            case pst.Like(pattern=pattern):
                yield from _about_text("".join(part.value if isinstance(part, pst.Char) else "*" for part in pattern))


def _about_text(text: str) -> Iterator[tuple[str, str]]:
    if visible(text) != text:
        yield f"A text holds a character that cannot be seen, or that changes the order of others: {visible(text)[:100]}", text
    for found in _ADDRESS.finditer(text):
        right = encode_address(bytes.fromhex(found[0][2:]))
        if found[0] != right:
            yield f"An address is compared as it is written, with its checksum in capital letters: {right}", found[0]
    if _SELECTOR.fullmatch(text) and text != text.lower():
        yield f"A selector is written in small letters: {text.lower()}", text
