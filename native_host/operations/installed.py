"""Who asks, by all that is observed of them, and whether what is observed lets them: ``contradicted`` refuses.

A program can choose what it says and not what is seen of it, so an observation that contradicts the claim is no hint but an end: every method is
answered ``caller_changed`` but those that say nothing (``hello``, ``getStatus``, ``lock``, and ``openChannel``, which lets the rest be said). No
setting lifts that, for a program could set it. The person can, with ``strongroom origins accept``, which shows the observation, asks for
what opens the keystore, and seals the acceptance of exactly these words into it.
"""

from __future__ import annotations

from hashlib import sha256
from time import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from native_host.caller.identity import Evidence, Level
from native_host.errors import CallerChanged
from native_host.keystore import seen
from native_host.language import sentence
from native_host.operations.seen_extension import NOTHING, Known, compare, decoded, describe, digest_of, foreign_scripts, identity

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from native_host.caller.identity import Caller
    from native_host.caller.installed_copies import Copy
    from native_host.caller.script_cache import Script
    from native_host.operations.seen_extension import Standing

SIGNAL = "extension"
NOT_FOUND = "The extension's files were not found in the usual folders, so Strongroom cannot notice changes to them."
GONE = "The extension's files were seen before, and are not in the usual folders now: Strongroom cannot notice changes to them."
MISSING = (
    "The extension's files were seen before, and are not in the usual folders now. You will be asked about that when the keystore is open."
)
FIRST = "The extension's files ({what}) were not seen before. From the next unlocking on, changes to them are noticed."
SAME = "The extension's files are those that were seen before ({what})."
ACCEPTED = "The extension's files were changed, and you went on with them ({what})."
CHANGED = "The extension's files are not those that were seen before. You will be asked about that when the keystore is open."
STEP_UP = "The extension was changed on {date}, and you went on with it. For a day, each use is asked about by itself."
WORKER = (
    "The browser runs code of this extension that is not in its files: {name}, kept in {file} (sha256 {digest}). Reload the extension on the browser's"
    " page of extensions, or remove it and install it again."
)
WORDS: dict[Standing, str] = {"none": NOT_FOUND, "missing": MISSING, "gone": GONE, "first": FIRST, "same": SAME, "changed": ACCEPTED}

STEP_UP_MS = 24 * 60 * 60 * 1000
SAID_ANYWAY = frozenset({"getStatus", "lock", "openChannel"})
REFUSED: dict[str, str] = {
    SIGNAL: "The extension's files were changed since they were last seen. Unlock the keystore to decide about that.",
    "parent": "What started Strongroom is not the browser that it says it is.",
    "program": "The browser's program is not the one that its package brought.",
    "manifest": "Another program's manifest stands before Strongroom's, and decides what the browser starts.",
    "worker": "The browser runs code of this extension that is not in the extension's files. Reload the extension.",
    "release": "The extension's code is not that of the release that it says it is. Remove it, and install it again from where you first got it.",
}
"""What is answered: without paths, because the caller reads it."""
REFUSED_MISSING = "The extension's files are not where they were last seen. Unlock the keystore to decide about that."
ANYTHING_ELSE = "What Strongroom sees of the caller contradicts what it says it is."
SEE = " Nothing was done. See what is wrong with: strongroom doctor. If you know that it is right: strongroom origins accept"


class Installed:
    """What is observed of the caller by now, the copies of its extension among it. Used with the house lock held."""

    def __init__(
        self,
        caller: Caller,
        copies: tuple[Copy, ...],
        scripts: tuple[Script, ...] = (),
        clock: Callable[[], int] = lambda: int(time() * 1000),
    ) -> None:
        self.origin = caller.origin
        self.copies = copies
        self._caller = caller
        self._scripts = scripts
        self._clock = clock
        self._told: dict[str, Evidence] = {}
        self._known = NOTHING
        self._said: tuple[bool, Caller, list[Evidence]] | None = None

    @property
    def caller(self) -> Caller:
        """The caller with all evidence; what speaks against it stands first. The same object for as long as it is the same."""
        return self._now_said()[1]

    def _now_said(self) -> tuple[bool, Caller, list[Evidence]]:
        """Whether a change steps up, the caller, and what speaks against it; asked at every call, and so kept until one of them changes."""
        steps_up = self.steps_up
        if self._said is None or self._said[0] != steps_up:
            caller = self._with_evidence(steps_up=steps_up)
            against = [one for one in caller.evidence if one.level == "contradicted" and digest_of(one) not in self._known.accepted]
            self._said = (steps_up, caller, against)
        return self._said

    def _with_evidence(self, *, steps_up: bool) -> Caller:
        told = [*self._caller.evidence, *self._told.values()]
        if steps_up:
            told.insert(0, Evidence(signal="changed", level="unknown", text=sentence(STEP_UP, date=self._changed_on())))
        told.sort(key=lambda one: one.level != "contradicted")
        return replace(self._caller, evidence=tuple(told))

    @property
    def runs_older(self) -> bool:
        """Whether the browser has kept code of the extension that its files have no more: it runs that until the extension is loaded anew."""
        return bool(foreign_scripts(self._scripts, self.copies, ()))

    @property
    def digest(self) -> bytes:
        """32 bytes over the copies as they are: what was allowed for other files was allowed for another. The same for no copy at all."""
        return sha256(b"".join(sorted({identity(copy) for copy in self.copies}))).digest()

    @property
    def steps_up(self) -> bool:
        """Whether a change was accepted less than a day ago, as the keystore says, whichever way the clock was set since."""
        changed = self._known.changed_at
        return changed is not None and abs(self._clock() - changed) < STEP_UP_MS

    def look(self, connection: Connection) -> None:
        """Tell how the copies stand to what the file says, before it is known to be the store's own word."""
        self.learn(decoded(seen.claimed(connection, self.origin)))
        standing = compare(self.copies, self._known)
        if standing in {"changed", "missing"}:
            self.tell(SIGNAL, "contradicted", MISSING if standing == "missing" else CHANGED)
        else:
            self.tell(SIGNAL, "unknown", sentence(WORDS[standing], what=describe(self.copies)))
        for script in foreign_scripts(self._scripts, self.copies, self._known.copies or ())[:1]:
            name = script.path.decode("utf-8", "replace")
            self.tell("worker", "contradicted", sentence(WORKER, name=name, file=script.file, digest=script.digest.hex()))

    def learn(self, known: Known) -> None:
        """This is what is remembered of the extension: at first as the file says, then as the open store does."""
        self._known, self._said = known, None

    def tell(self, signal: str, level: Level, text: str) -> None:
        """Have this said in every window from now on, in place of what was said of the same signal."""
        self._told[signal], self._said = Evidence(signal=signal, level=level, text=text), None

    def contradictions(self) -> list[Evidence]:
        """What speaks against the caller, and was not accepted."""
        return self._now_said()[2]

    def check(self, method: str) -> None:
        """Raise ``CallerChanged`` if something speaks against the caller: for every method but those that say nothing, and for unlocking where
        it is at unlocking that the person is asked."""
        if method in SAID_ANYWAY:
            return
        for one in self.contradictions():
            if one.signal != SIGNAL:
                raise CallerChanged(REFUSED.get(one.signal, ANYTHING_ELSE) + SEE)
            if method != "unlock":
                raise CallerChanged(REFUSED[SIGNAL] if self.copies else REFUSED_MISSING)

    def _changed_on(self) -> str:
        from datetime import UTC, datetime

        return datetime.fromtimestamp((self._known.changed_at or 0) / 1000, UTC).astimezone().strftime("%Y-%m-%d")
