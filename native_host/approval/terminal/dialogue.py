"""What is said and asked on the terminal for each kind of ask; a review is in ``reviewing``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import assert_never
from unicodedata import normalize

from msgspec import UNSET

from native_host.approval import shares, texts
from native_host.approval.answering import FrontAsk
from native_host.approval.chosen_file import NoKeyFile, read_chosen_file
from native_host.approval.codes import check_code, pairing_code
from native_host.approval.strength import MIN_CHARACTERS, MIN_PIN_CHARACTERS, estimate_strength
from native_host.approval.terminal.console import Console
from native_host.approval.terminal.reviewing import review
from native_host.approval.timing import seconds_for
from native_host.approval.words import Problem, TypedWords, check_words
from native_host.protocol.approver import Answer, CompareCode, ReviewAsk, SecretAsk, SecretPurpose, ShowSecret
from native_host.review.text import visible

_ADVICE: dict[SecretPurpose, str] = {
    "bip39Passphrase": texts.BIP39_ADVICE,
    "keyFilePassword": texts.FILE_PASSWORD_ADVICE,
    "backup": texts.BACKUP_ADVICE,
}


def hold(ask: FrontAsk, console: Console) -> Answer:
    """Put ``ask`` to the person and return what they answered.

    Raises:
        Interrupted, TimedOut, EOFError: as ``Console.read_line``; the caller answers for the person.
    """
    console.say("")
    console.say(texts.T_BEGIN.format(title=visible(ask.title)))
    if home := os.environ.get("STRONGROOM_HOME"):
        console.say(texts.HOME.format(home=visible(home)))
    deadline = time.monotonic() + seconds_for(ask)
    match ask:
        case ReviewAsk():
            return review(ask, console, deadline)
        case SecretAsk():
            return _ask_secret(ask, console, deadline)
        case ShowSecret():
            return _show_secret(ask, console, deadline)
        case CompareCode():
            return _compare(ask, console, deadline)
        case _:
            assert_never(ask)


def denial(ask: FrontAsk) -> Answer:
    """The answer that lets nothing happen."""
    return Answer(id=ask.id, verdict="deny")


def _compare(ask: CompareCode, console: Console, deadline: float) -> Answer:
    digits = pairing_code(ask.code)
    console.say(texts.T_CODE.format(code=digits or visible(ask.code)))
    console.say(texts.PAIR_COMPARE if digits else texts.COMPARE)
    console.say((texts.T_PAIR if digits else texts.T_ALLOW).format(minutes=round(seconds_for(ask) / 60)))
    allowed = console.read_line(texts.T_PROMPT, deadline=deadline).strip().lower() == ("same" if digits else "approve")
    console.say(texts.T_APPROVED if allowed else texts.T_DENIED)
    return Answer(id=ask.id, verdict="allow") if allowed else denial(ask)


def _ask_secret(ask: SecretAsk, console: Console, deadline: float) -> Answer:
    if ask.hint is not UNSET:
        console.say(visible(ask.hint))
    try:
        secret = _typed_for(ask.purpose, console, deadline)
    finally:
        if ask.purpose in _SEEN:
            console.clear()
    console.say(texts.T_CANCELLED if secret is None else texts.T_THANKS)
    return denial(ask) if secret is None else Answer(id=ask.id, secret=secret)


def _typed_for(purpose: SecretPurpose, console: Console, deadline: float) -> str | None:
    """What the person typed, ``None`` for a no."""
    if purpose in _ASKED:
        return _ASKED[purpose](console, deadline)
    if purpose in _ADVICE:
        console.say(_ADVICE[purpose])
    may_be_empty = purpose == "bip39Passphrase"
    console.say(texts.T_HIDDEN_EMPTY_ALLOWED if may_be_empty else texts.T_HIDDEN)
    typed = _hidden(console, texts.PURPOSE_LABELS[purpose], deadline)
    return typed if typed or may_be_empty else None


def _hidden(console: Console, label: str, deadline: float) -> str:
    return console.read_line(texts.T_SECRET.format(label=label), deadline=deadline, hidden=True)


def _new_passphrase(console: Console, deadline: float) -> str | None:
    console.say(texts.PASSPHRASE_ADVICE)
    console.say(texts.TOO_SHORT.format(count=MIN_CHARACTERS) + ".")
    console.say(texts.T_HIDDEN)
    while first := _hidden(console, texts.PURPOSE_LABELS["newPassphrase"], deadline):
        strength = estimate_strength(first)
        console.say(texts.STRENGTH.format(strength=texts.STRENGTHS[strength]) + ".")
        if strength == "tooShort":
            continue
        if _hidden(console, texts.AGAIN, deadline) == first:
            return first
        console.say(texts.DIFFERENT + ".")
    return None


def _new_pin(console: Console, deadline: float) -> str | None:
    console.say(texts.PIN_ADVICE)
    console.say(texts.T_HIDDEN)
    while first := _hidden(console, texts.PURPOSE_LABELS["newPin"], deadline):
        if len(first) < MIN_PIN_CHARACTERS:
            console.say(texts.TOO_SHORT.format(count=MIN_PIN_CHARACTERS) + ".")
        elif _hidden(console, texts.AGAIN, deadline) == first:
            return first
        else:
            console.say(texts.DIFFERENT + ".")
    return None


def _type_mnemonic(console: Console, deadline: float) -> str | None:
    console.say(texts.T_WORDS_ADVICE)
    return _type_words(console, deadline, check_words, texts.WORD_PROBLEMS)


def _type_share(console: Console, deadline: float) -> str | None:
    console.say(texts.T_SHARE_ADVICE)
    return _type_words(console, deadline, shares.check_share, texts.SHARE_PROBLEMS)


def _type_words(console: Console, deadline: float, check: Callable[[str], TypedWords], problems: dict[Problem, str]) -> str | None:
    while lines := _lines(console, deadline):
        typed = check(" ".join(lines))
        if typed.problem == "none":
            return typed.sentence
        places = ", ".join(str(place + 1) for place in typed.unknown)
        problem = problems[typed.problem].format(places=places)
        console.say(texts.T_WORDS_AGAIN.format(count=len(typed.words), problem=problem))
    return None


def _type_code(console: Console, deadline: float) -> str | None:
    console.say(texts.T_CODE_ADVICE)
    while line := console.read_line(texts.T_CODE_TYPED, deadline=deadline).strip():
        typed = check_code(line)
        if typed.problem == "none":
            return typed.text
        places = ", ".join(str(place + 1) for place in typed.wrong)
        problem = texts.CODE_PROBLEMS[typed.problem].format(count=typed.count, places=places)
        console.say(texts.T_CODE_AGAIN.format(problem=problem))
    return None


def _choose_file(console: Console, deadline: float) -> str | None:
    console.say(texts.T_FILE_ADVICE)
    while path := console.read_line(texts.T_FILE, deadline=deadline).strip():
        try:
            return read_chosen_file(path)
        except NoKeyFile as error:
            console.say(str(error))
    return None


def _lines(console: Console, deadline: float) -> list[str]:
    lines: list[str] = []
    while line := console.read_line(texts.T_WORDS, deadline=deadline).strip():
        lines.append(line)
    return lines


def _show_secret(ask: ShowSecret, console: Console, deadline: float) -> Answer:
    advice, announce, line = _SHOWN.get(ask.purpose, _WORDS_SHOWN)
    for sentence in advice:
        console.say(sentence)
    console.say(announce)
    if console.read_line(texts.T_PROMPT, deadline=deadline).strip().lower() != "show":
        console.say(texts.T_CANCELLED)
        return denial(ask)
    try:
        for number, part in enumerate(ask.secret.split(), 1):
            console.say(line.format(number=number, part=visible(normalize("NFC", part))))
        console.say(texts.T_WRITTEN_CODE if ask.purpose == "recoveryCode" else texts.T_WRITTEN)
        done = console.read_line(texts.T_PROMPT, deadline=deadline).strip().lower() == "done"
    finally:
        console.clear()
    console.say(texts.T_THANKS if done else texts.T_CANCELLED)
    return Answer(id=ask.id, verdict="done") if done else denial(ask)


_ASKED: dict[SecretPurpose, Callable[[Console, float], str | None]] = {
    "mnemonic": _type_mnemonic,
    "share": _type_share,
    "recoveryCode": _type_code,
    "newPassphrase": _new_passphrase,
    "newPin": _new_pin,
    "keyFile": _choose_file,
}
"""How what is not simply typed unseen in one line is asked for."""
_SEEN = frozenset({"mnemonic", "share", "recoveryCode"})
"""What is seen while it is typed, and so taken off the screen afterwards as what is shown is."""
_WORDS_SHOWN = (texts.SHOW_ADVICE, texts.T_SHOW, texts.T_WORD)
_SHOWN: dict[SecretPurpose, tuple[tuple[str, ...], str, str]] = {
    "share": (texts.SHARE_SHOW_ADVICE, texts.T_SHOW, texts.T_WORD),
    "recoveryCode": (texts.CODE_SHOW_ADVICE, texts.T_SHOW_CODE, texts.T_GROUP),
}
