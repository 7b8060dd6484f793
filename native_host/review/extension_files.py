"""What a person reads when an extension's files are not those that were seen before. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.language import say, words
from native_host.protocol.approver import Fact
from native_host.review.subject import Review
from native_host.review.text import visible

if TYPE_CHECKING:
    from native_host.protocol.approver import FactKind

MOST_NAMES = 12
CHANGED = (
    "The files of this extension were changed since you last unlocked for it. An update does that; so does a program that puts its own code"
    " into your wallet. Allow it only if you know that it was updated."
)
SAME_VERSION = "Its version is the same as before. An update would have another one: these files were changed by something else."
OLDER = "It is an older version than before. Browsers do not go back by themselves."
SEVERAL = "There are several copies of it, and Strongroom cannot tell which one asks: each has to be one that you know."
NOT_LOADED = (
    "The browser still runs the code from before the change. Reload the extension on the browser's page of extensions, or the next browser that"
    " starts is refused."
)
MISSING = (
    "The files of this extension were in your browser's usual folders when you last unlocked for it, and are not there now, so that Strongroom"
    " cannot see what the browser runs. A profile that was moved looks like this; so does a program that runs its own code as your wallet."
    " Allow it only if you know why they are not there."
)
REFUSED = "A program that poses as your browser, or that changed it, looks like this. Go on only if you know why it is so."
UNSURE = "Leave it. Start the browser from its own menu entry, install it and the extension anew, and see: strongroom doctor"
IF_NOT_SURE = "Refuse. Your keystore stays locked for it. Remove the extension, and install it again from where you first got it."


def changed_review(
    *, origin: str, before: str, now: str, folders: tuple[str, ...], changes: dict[str, list[str]], warnings: tuple[str, ...]
) -> Review:
    """The question; ``changes`` are names of files by what happened to them, empty if that is not known."""
    facts = [_fact("Extension", origin, "origin"), _fact("Version before", before), _fact("Version now", now)]
    facts += [_fact(how, _names(names)) for how, names in changes.items() if names]
    facts += [_fact("Where it lies", folder, "path") for folder in folders]
    return Review(
        title=words("This extension was changed. Go on with it?"),
        facts=(*facts, _fact("If you are not sure", IF_NOT_SURE)),
        warnings=(CHANGED, *warnings),
    )


def missing_review(origin: str, before: str) -> Review:
    """Whether to go on with an extension whose files are not found any more."""
    facts = (_fact("Extension", origin, "origin"), _fact("Version before", before), _fact("If you are not sure", IF_NOT_SURE))
    return Review(title=words("This extension's files are not where they were. Go on with it?"), facts=facts, warnings=(MISSING,))


def accept_review(origin: str, observed: str) -> Review:
    """Whether to go on with something that speaks against a caller."""
    return Review(
        title=words("Strongroom refused this because of what it saw. Go on with it?"),
        facts=(_fact("Extension", origin, "origin"), _fact("What was seen", observed), _fact("If you are not sure", UNSURE)),
        warnings=(REFUSED,),
    )


def _names(names: list[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join((*sorted(names)[:MOST_NAMES], *((say("and {count} more", count=more),) if more > 0 else ())))


def _fact(label: str, value: str, kind: FactKind = "text") -> Fact:
    return Fact(label=words(label), value=visible(words(value)), kind=kind)
