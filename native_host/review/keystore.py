"""What a person reads about their keystore itself: setting it up, opening it, who is let in, and what somebody changed in it. Pure."""

from __future__ import annotations

from native_host.language import say, words
from native_host.protocol.approver import Fact, FactKind
from native_host.review.subject import Review
from native_host.review.text import visible

MOST_FINDINGS = 12
TAMPERED_MEANS = (
    "A program or a person that can write to this folder changed the file, or put another one in its place. Keys and permissions that you took"
    " away may be back, and entries about what was signed may be gone. Your keys cannot be read by that alone."
)
TAMPERED_BY_YOU = "You put a backup of this folder back, or moved it to another computer, and expected this: you can go on."
TAMPERED_NOT_BY_YOU = (
    "Refuse. Nothing is lost by that, the keystore stays locked. Keep a copy of the folder, see what was found with: strongroom audit verify."
    " If you have a newer copy, put that one back. If you cannot tell who did it, move what the keys hold to keys made on another computer."
)
TAMPERED_GO_ON = "The keystore is used as it is now. The record of decisions says that you accepted this. Nothing is deleted."
ATTACHED = "An attached extension sees this wallet's accounts and may ask you to sign with its keys. Check its id against its publisher's."
PROGRAM_ANSWERS = "From then on this program is asked instead of you, and you see no windows. Whoever can change it can use your keys."
RECOVERY_IS = "28 letters and digits that open your keystore by themselves, on any computer. Shown once, to be written down."
RECOVERY_FOR = "If you forget the passphrase, or this computer is lost or breaks, it is the way back to your keys."
RECOVERY_WITHOUT = "Then nobody can bring your keys back. You can make one later with: strongroom slots add recovery"


def attach_review(origins: tuple[str, ...], wallet: str) -> Review:
    """Attaching extensions to a wallet: what they may do from then on."""
    facts = (*(_fact("Extension", origin, "origin") for origin in origins), _fact("Wallet", wallet))
    return Review(title="Attach this extension to your wallet?", facts=facts, warnings=(ATTACHED,))


def program_review(program: tuple[str, ...]) -> Review:
    """Letting a program answer in the person's place."""
    facts = (_fact("Program", " ".join(program), "path"),)
    return Review(title="Let a program answer for you?", facts=facts, warnings=(PROGRAM_ANSWERS,))


def set_up_review(origins: tuple[str, ...], folder: str, opened_by: str, stops: str) -> Review:
    """The first step of setting a keystore up: where it lies, what will open it and whom that stops."""
    protection = (_fact("Opened by", words(opened_by)), *((_fact("This stops", words(stops)),) if stops else ()))
    facts = (_fact("Folder", folder, "path"), *protection, *(_fact("Extension to attach", origin, "origin") for origin in origins))
    return Review(title="Set up Strongroom on this computer?", facts=facts)


def ready_review(title: str, text: str) -> Review:
    """A device that the person makes ready."""
    return Review(title=title, facts=(_fact("What to do", words(text)),))


def recovery_review() -> Review:
    """Whether a recovery code is to be made, at the end of a set-up."""
    facts = (
        _fact("What it is", words(RECOVERY_IS)),
        _fact("What it is for", words(RECOVERY_FOR)),
        _fact("Without one", words(RECOVERY_WITHOUT)),
    )
    return Review(title="Make a recovery code?", facts=facts)


def tampering_review(found: tuple[str, ...], folder: str, last_good: str | None) -> Review:
    """A keystore that was changed from outside: whether to go on with what is there. ``last_good`` is a time in RFC 3339."""
    more = len(found) - MOST_FINDINGS
    warnings = (
        *(visible(words(text)) for text in found[:MOST_FINDINGS]),
        *((say("And {count} more: strongroom audit verify", count=more),) if more > 0 else ()),
    )
    since = (_fact("Last entry that is as it was written", last_good, "time"),) if last_good else ()
    facts = (
        *since,
        _fact("Folder", folder, "path"),
        _fact("What it can mean", words(TAMPERED_MEANS)),
        _fact("If it was you", words(TAMPERED_BY_YOU)),
        _fact("If it was not", words(TAMPERED_NOT_BY_YOU)),
        _fact("If you go on", words(TAMPERED_GO_ON)),
    )
    return Review(title="Your keystore was changed outside Strongroom. Go on with it?", facts=facts, warnings=warnings)


def open_review(label: str) -> Review:
    """Unlocking through a slot that would open without anybody."""
    return Review(title="Unlock your keystore?", facts=(_fact("Opened by", words(label)),))


def _fact(label: str, value: str, kind: FactKind = "text") -> Fact:
    return Fact(label=words(label), value=visible(value), kind=kind)
