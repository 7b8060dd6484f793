"""The web page that asked, as the extension claims it: its origin as it is compared, how its name looks, and what is suspicious about it. Pure.

The origin is shown in ASCII, as it came; a name in other letters is shown beside it as a browser may draw it, never in its place.
"""

from __future__ import annotations

import unicodedata

from native_host.encodings.web_origin import PUNYCODE, unicode_label
from native_host.language import words
from native_host.protocol.approver import Fact
from native_host.review.text import MIXED_ALPHABETS, RIGHT_TO_LEFT, describe_message, visible

PAGE = "Web page, as the extension claims"
PUNYCODE_PAGE = (
    "The web page's name is written in letters beyond English ones (shown as they look). They can look like those of another site."
    " Whose page it is, only the form that begins with xn-- tells."
)
RIGHT_TO_LEFT_PAGE = "The web page's name has right-to-left letters: its parts can be drawn in another order than they stand in."
MIXED_PAGE = "The web page's name mixes letters of alphabets that look alike, as names that imitate another do."
NOT_ENCRYPTED = "The web page came unencrypted (http): whoever is between it and you can have changed what it asks for."
_OWN_COMPUTER = ("localhost", "127.", "[::1]")


def describe_page(origin: str) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    """The facts about a page's origin, which is in its one form, and the warnings about it."""
    facts = [Fact(label=words(PAGE), value=visible(origin), kind="origin")]
    scheme, _, host = origin.partition("://")
    looks = as_it_looks(host)
    if looks is not None:
        facts += (
            Fact(label=words("Its name looks like"), value=looks, kind="text"),
            Fact(label=words("Its letters are"), value=_alphabets(host), kind="text"),
        )
    told = describe_message((looks or "").encode("utf-8")).warnings
    found = (
        (looks is not None, PUNYCODE_PAGE),
        (MIXED_ALPHABETS in told, MIXED_PAGE),
        (RIGHT_TO_LEFT in told, RIGHT_TO_LEFT_PAGE),
        (scheme == "http" and not _is_own_computer(host), NOT_ENCRYPTED),
    )
    return tuple(facts), tuple(warning for holds, warning in found if holds)


def as_it_looks(host: str) -> str | None:
    """A host, with or without a port, with its labels in Punycode (RFC 3492) as they are drawn; ``None`` if it has none."""
    if PUNYCODE not in host:
        return None
    labels = host.split(".")
    return visible(".".join(_drawn(label) for label in labels)) if any(label.startswith(PUNYCODE) for label in labels) else None


def _drawn(label: str) -> str:
    name, colon, port = label.partition(":")
    try:
        return f"{unicode_label(name)}{colon}{port}"
    except ValueError:
        return label


def _alphabets(host: str) -> str:
    """Whose letters a name is written in, as Unicode names them."""
    letters = "".join(_drawn(label) for label in host.split("."))
    names = {unicodedata.name(letter, "UNKNOWN").split(" ", 1)[0].title() for letter in letters if letter.isalpha()}
    return ", ".join(sorted(names)) or words("no letters")


def _is_own_computer(host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    return host.startswith(_OWN_COMPUTER[1:]) or name == _OWN_COMPUTER[0] or name.endswith(f".{_OWN_COMPUTER[0]}")
