"""What Cedar's parser and validator say, in plainer words. What is not in the table is told as they say it."""

from __future__ import annotations

import re

_TABLE = tuple(
    (re.compile(pattern), told)
    for pattern, told in (
        (r"unexpected end of input", "It ends too early: a bracket, a part or the semicolon at its end is missing."),
        (r"unexpected token `([0-9]+)`", r"\1 is not expected here. Numbers are whole: coins are counted in gwei, satoshi or lamport."),
        (r"unexpected token `([^`]+)`", r"\1 is not expected here: something before it is missing, perhaps a comma or a semicolon."),
        (r"invalid policy effect: (\w+)", r"A rule begins with permit or forbid, not with \1."),
        (r"invalid token", "Something here is written in a way that Cedar does not know."),
        (r"invalid policy condition: (\w+)", r"A condition begins with when or unless, not with \1."),
        (r"duplicate annotation: (@\w+)", r"\1 stands there twice."),
        (r"integer .*too large.*", "A number is larger than any that can be counted: the largest is 9223372036854775807."),
        (r"invalid variable: (\w+)", r"\1 is nothing known: there are principal, action, resource and context, and texts stand between quotes."),
        (r"`(\w+)` is not a valid (?:function|method)", r"There is no function \1."),
        (r"too many occurrences of `(.)`", r"There are too many \1 in a row."),
        (r"attribute `(\w+)` in context for Action::\"(\w+)\" not found", r"There is no context.\1 for \2. Say for which actions it is, or write context has \1 && before it."),
        (r"attribute `(\w+)` (?:for|on) entity type `?(\w+)`? not found", r"There is no \1 of a \2."),
        (r"unable to guarantee safety of access to optional attribute `(\w+)` in context.*", r"\1 is not always there: ask for it first, with context has \1 && before it."),
        (r"unable to guarantee safety of access to optional attribute `(\w+)` on entity type `Key`", r"\1 is not always there: ask for it first, with resource has \1 && before it."),
        (r"unrecognized action `Action::\"([^\"]*)\"`.*", r"There is no action \1: an action is called as the method is."),
        (r"unrecognized entity type `([^`]+)`.*", r"There is nothing of the type \1: there are Extension, Key and Keyring."),
        (r"unable to find an applicable action given the policy scope constraints", "It can never match: no such action is asked for by such a principal about such a resource."),
        (r"unexpected type: expected (\w+) but saw (.+)", r"A \1 is expected where there is a \2."),
        (r"the types (\w+) and (\w+) are not compatible", r"A \1 and a \2 are compared, which are never equal."),
        (r"empty set literals are forbidden in policies", "A set with nothing in it is not allowed here."),
        (r"cedarpy: expression nesting exceeds.*", "This is nested too deep. Write several rules instead."),
    )
)  # fmt: skip


def plainly(error: str) -> str:
    """An error of Cedar's for a person."""
    error = error.strip().replace("__cedar::internal::True", "Bool").replace("__cedar::internal::False", "Bool")
    for pattern, told in _TABLE:
        found = pattern.search(error)
        if found:
            return found.expand(told)
    return error
