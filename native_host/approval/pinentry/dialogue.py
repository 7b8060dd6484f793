"""What is asked through a pinentry. A review is read out whole, in parts that fit a small window, and approved by a word that is typed.

A word, and no button: Enter presses a pinentry's first button, and some have their other button say yes when their window is closed. What
cannot be shown whole in so many parts is denied. Nothing secret is shown, for the window is another program's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Final, assert_never

from msgspec import UNSET

from native_host.approval import shares, texts
from native_host.approval.answering import FrontAsk
from native_host.approval.arrangement import arrange
from native_host.approval.codes import check_code, pairing_code
from native_host.approval.pinentry.assuan import Broken, Pinentry, escaped
from native_host.approval.program_frames import Answered
from native_host.approval.strength import MIN_CHARACTERS, MIN_PIN_CHARACTERS
from native_host.approval.terminal.reviewing import fact_lines, read_out
from native_host.approval.timing import seconds_for
from native_host.approval.words import check_words
from native_host.protocol.approver import Answer, CompareCode, ReviewAsk, SecretAsk, SecretPurpose, ShowSecret
from native_host.review.text import visible
from native_host.secret import SecretBytes

LINE_CHARACTERS: Final = 64
PART_LINES: Final = 14
PART_BYTES: Final = 900
"""A part fits a terminal of 80 by 24, and with its command a line of the protocol."""
MOST_PARTS: Final = 6
MOST_TRIES: Final = 3
APPROVE: Final = "approve"
SAME: Final = "same"
MAY_BE_EMPTY: Final[frozenset[SecretPurpose]] = frozenset({"bip39Passphrase"})
NOT_HERE: Final[frozenset[SecretPurpose]] = frozenset({"keyFile"})
_ADVICE: Final[dict[SecretPurpose, str]] = {
    "bip39Passphrase": texts.BIP39_ADVICE,
    "keyFilePassword": texts.FILE_PASSWORD_ADVICE,
    "backup": texts.BACKUP_ADVICE,
    "newPassphrase": texts.PASSPHRASE_ADVICE,
    "newPin": texts.PIN_ADVICE,
    "mnemonic": texts.WORDS_ADVICE,
    "share": texts.SHARE_ADVICE,
    "recoveryCode": texts.CODE_ADVICE,
}


class Lines:
    """Takes what is read out, as a terminal would; in lines that no window is too narrow for. None is cut, and nothing is left out."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines += broken(text)

    def read_line(self, prompt: str, *, deadline: float, hidden: bool = False) -> str:
        raise EOFError

    def clear(self) -> None:
        self.lines.clear()


def broken(text: str) -> Iterator[str]:
    """A text in lines of at most so many characters, broken at a space where there is one; joined they are the text."""
    while len(text) > LINE_CHARACTERS:
        at = text.rfind(" ", 1, LINE_CHARACTERS) + 1 or LINE_CHARACTERS
        yield text[:at]
        text = text[at:]
    yield text


def parts(*groups: Iterable[str]) -> list[str]:
    """The lines in parts that are shown one after the other, each under a first line that is ours; a group begins a part of its own.

    The first line has no character that a toolkit could take for the beginning of markup: it is by the first line that Qt decides.
    """
    found: list[list[str]] = []
    for group in groups:
        found.append([])
        for line in group:
            size = sum(len(escaped(one)) + 3 for one in (*found[-1], line))
            if found[-1] and (len(found[-1]) == PART_LINES or size > PART_BYTES):
                found.append([])
            found[-1].append(line)
    count = len(found)
    heads = (texts.P_PAGE.format(number=number, count=count) if count > 1 else texts.PRODUCT for number in range(1, count + 1))
    return ["\n".join((head, "", *part)) for head, part in zip(heads, found, strict=True)]


def hold(ask: FrontAsk, open_pinentry: Callable[[], Pinentry], caution: str = "") -> Answered:
    """Put ``ask`` to the person. ``caution`` is said before a review.

    Raises:
        Broken: there is no answer, which is a denial. What the pinentry's ``wait`` raises.
    """
    with open_pinentry() as program:
        _prepare(program, ask)
        match ask:
            case ReviewAsk():
                return _review(program, ask, caution)
            case CompareCode():
                return _compare(program, ask)
            case SecretAsk():
                return _ask_secret(program, ask)
            case ShowSecret():
                return _refuse(program, ask, texts.P_NOT_HERE.format(title=visible(ask.title)))
            case _:
                assert_never(ask)


def denial(ask: FrontAsk) -> Answered:
    """The answer that lets nothing happen."""
    return Answered(answer=Answer(id=ask.id, verdict="deny"))


def _prepare(program: Pinentry, ask: FrontAsk) -> None:
    terminal = _terminal()
    for option in (f"ttyname={terminal}", f"ttytype={os.environ.get('TERM', 'dumb')}") if terminal else ():
        program.set("OPTION", option, optional=True)
    program.set("OPTION", "lc-ctype=C.UTF-8", optional=True)
    program.set("SETTITLE", texts.PRODUCT, optional=True)
    program.set("SETTIMEOUT", str(int(seconds_for(ask))), optional=True)
    program.set("SETCANCEL", texts.CANCEL if isinstance(ask, SecretAsk | ShowSecret) else texts.DENY)


def _terminal() -> str:
    try:
        descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return os.ttyname(descriptor)
    except OSError:
        return ""
    finally:
        os.close(descriptor)


def _review(program: Pinentry, ask: ReviewAsk, caution: str) -> Answered:
    lines = Lines()
    lines.say(texts.T_BEGIN.format(title=visible(ask.title)))
    for sentence in filter(None, (_home(), caution)):
        lines.say(sentence)
    read_out(ask, lines, whole=True)
    last = _last(ask)
    shown = parts(lines.lines, last.lines)
    if len(shown) > MOST_PARTS or len(parts(last.lines)) > 1:
        return _refuse(program, ask, texts.P_TOO_LONG)
    if not all(_go_on(program, part) for part in shown[:-1]):
        return denial(ask)
    choices = {APPROVE: UNSET} | {f"{APPROVE} {number}": grant.id for number, grant in enumerate(ask.grants, 1)}
    choice = _word(program, shown[-1], texts.APPROVE)
    if choice not in choices:
        return denial(ask)
    typed = _typed_amount(program, ask)
    if typed is None:
        return denial(ask)
    return Answered(answer=Answer(id=ask.id, verdict="allow", grant=choices[choice], typed=typed or UNSET))


def _last(ask: ReviewAsk) -> Lines:
    """What stands above the field in which the word is typed: the title once more, what moves and to whom, and what can be typed."""
    arranged, lines = arrange(ask), Lines()
    lines.say(visible(ask.title))
    for fact in filter(None, (arranged.amount, arranged.party)):
        for line in fact_lines(fact):
            lines.say(line)
    for number, grant in enumerate(ask.grants, 1):
        lines.say(texts.T_GRANT.format(number=number, text=visible(grant.text)))
    lines.say(texts.T_APPROVE.format(minutes=round(seconds_for(ask) / 60)))
    return lines


def _home() -> str:
    home = os.environ.get("STRONGROOM_HOME")
    return texts.HOME.format(home=visible(home)) if home else ""


def _compare(program: Pinentry, ask: CompareCode) -> Answered:
    digits = pairing_code(ask.code)
    lines = Lines()
    lines.say(visible(ask.title))
    lines.say(texts.T_CODE.format(code=digits or visible(ask.code)))
    lines.say(texts.PAIR_COMPARE if digits else texts.COMPARE)
    lines.say((texts.T_PAIR if digits else texts.T_ALLOW).format(minutes=round(seconds_for(ask) / 60)))
    shown = parts(lines.lines)
    if len(shown) > 1:
        return _refuse(program, ask, texts.P_TOO_LONG)
    allowed = _word(program, shown[0], texts.APPROVE) == (SAME if digits else APPROVE)
    return Answered(answer=Answer(id=ask.id, verdict="allow")) if allowed else denial(ask)


def _ask_secret(program: Pinentry, ask: SecretAsk) -> Answered:
    lines = Lines()
    for sentence in filter(
        None, (visible(ask.title), _home(), "" if ask.hint is UNSET else visible(ask.hint), _ADVICE.get(ask.purpose, ""))
    ):
        lines.say(sentence)
    shown = parts(lines.lines)
    if ask.purpose in NOT_HERE or len(shown) > 1:
        return _refuse(program, ask, texts.P_NOT_HERE.format(title=visible(ask.title)) if len(shown) == 1 else texts.P_TOO_LONG)
    program.set("SETOK", texts.UNLOCK if ask.purpose == "unlock" else texts.CONTINUE)
    problem = ""
    for _ in range(MOST_TRIES):
        typed = _typed_for(program, ask.purpose, shown[0], problem)
        if typed is None:
            return denial(ask)
        problem, secret = _judged(ask.purpose, typed)
        if secret is not None:
            return Answered(answer=Answer(id=ask.id, secret=""), secret=secret)
    return denial(ask)


def _typed_for(program: Pinentry, purpose: SecretPurpose, shown: str, problem: str) -> SecretBytes | None:
    """What was typed, twice for something new; ``None`` for a no. Of two that are not the same, nothing, so that it is asked for again."""
    if purpose not in {"newPassphrase", "newPin"}:
        return _type(program, shown, texts.PURPOSE_LABELS[purpose], problem)
    knows = program.set("SETREPEAT", texts.AGAIN, optional=True)
    if knows:
        program.set("SETREPEATERROR", texts.DIFFERENT, optional=True)
    typed = _type(program, shown, texts.PURPOSE_LABELS[purpose], problem, repeated=knows)
    if typed is None or knows:
        return typed
    again = _type(program, shown, texts.AGAIN, "")
    if again is None:
        typed.wipe()
        return None
    with again:
        if typed == again:
            return typed
    typed.wipe()
    return SecretBytes(b"")


def _judged(purpose: SecretPurpose, typed: SecretBytes) -> tuple[str, SecretBytes | None]:
    """What is wrong with it, or the secret to answer with; what is not taken is wiped. Of words and codes a text is made, to be checked."""
    least = {"newPassphrase": MIN_CHARACTERS, "newPin": MIN_PIN_CHARACTERS}.get(purpose, 0 if purpose in MAY_BE_EMPTY else 1)
    if purpose not in {"mnemonic", "share", "recoveryCode"}:
        characters = sum(byte & 0xC0 != 0x80 for byte in typed.buffer)  # noqa: PLR2004 - a byte that goes on with a character
        if characters >= least:
            return "", typed
        typed.wipe()
        return texts.TOO_SHORT.format(count=least), None
    with typed:
        text = str(typed.buffer, "utf-8", "replace")
    if purpose == "recoveryCode":
        code = check_code(text)
        places = ", ".join(str(place + 1) for place in code.wrong)
        said = texts.CODE_PROBLEMS[code.problem].format(count=code.count, places=places)
        return said, SecretBytes(code.text.encode()) if code.problem == "none" else None
    words = check_words(text) if purpose == "mnemonic" else shares.check_share(text)
    problems = texts.WORD_PROBLEMS if purpose == "mnemonic" else texts.SHARE_PROBLEMS
    said = problems[words.problem].format(places=", ".join(str(place + 1) for place in words.unknown))
    return said, SecretBytes(words.sentence.encode()) if words.problem == "none" else None


def _typed_amount(program: Pinentry, ask: ReviewAsk) -> str | None:
    """What has to be typed before it can be allowed; empty if that is nothing, ``None`` for a no."""
    if ask.typed is UNSET:
        return ""
    lines = Lines()
    lines.say(visible(ask.typed.prompt))
    shown = parts(lines.lines)
    typed = _word(program, shown[0], texts.APPROVE) if len(shown) == 1 else None
    return typed if typed == ask.typed.expected else None


def _go_on(program: Pinentry, text: str) -> bool:
    program.set("SETDESC", text)
    program.set("SETOK", texts.CONTINUE)
    return program.request("CONFIRM").code == 0


def _word(program: Pinentry, text: str, ok: str) -> str | None:
    """What was typed, without spaces around and in small letters; ``None`` for a no."""
    program.set("SETOK", ok)
    typed = _type(program, text, texts.T_PROMPT.strip(" :"), "")
    if typed is None:
        return None
    with typed:
        return str(typed.buffer, "utf-8", "replace").strip().lower()


def _type(program: Pinentry, text: str, prompt: str, problem: str, *, repeated: bool = False) -> SecretBytes | None:
    program.set("SETDESC", text)
    program.set("SETPROMPT", prompt)
    if problem:
        program.set("SETERROR", problem)
    reply = program.request("GETPIN")
    if reply.code:
        return None
    secret = reply.secret or SecretBytes(b"")
    if repeated and not reply.repeated:
        secret.wipe()
        raise Broken
    return secret


def _refuse(program: Pinentry, ask: FrontAsk, why: str) -> Answered:
    """Say why it is denied, and deny it."""
    lines = Lines()
    lines.say(why)
    program.set("SETDESC", parts(lines.lines)[0])
    program.set("SETOK", texts.CONTINUE)
    program.request("MESSAGE")
    return denial(ask)
