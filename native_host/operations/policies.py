"""Policies where they are kept: the administrator's in a folder of the system, the person's own sealed in the keystore; and the decision under both.

Without either nothing of Cedar is imported, and nothing but one folder is looked for, once. A folder that others than the administrator can
change is not followed and not passed over: everything is denied until it is mended.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from msgspec import MsgspecError
from msgspec.msgpack import Decoder, Encoder

from native_host.caller.identity import PERSON_ORIGIN
from native_host.errors import CannotUnseal, InvalidParams, KmsError, Locked
from native_host.policy import Deny
from native_host.protocol.methods import METHODS
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from native_host.approval.approver import Approver
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.policy import Decision, Facts
    from native_host.policy.cedar import Rules
    from native_host.policy.scan import Source
    from native_host.protocol.approver import CallerFacts
    from native_host.session import Session
    from native_host.transport.jsonrpc import Call

KIND = "policy"
SUFFIX = ".cedar"
SCHEMA = os.path.join(os.path.dirname(os.path.dirname(__file__)), "policy", "strongroom.cedarschema")
ROOT = 0
MOST_FILES = 64
NOT_FOLLOWED = "A policy of this computer's administrator cannot be followed, so nothing is done. See why with: strongroom doctor"
"""Without the problem, which has names and lines of files: the caller reads this."""
LONGEST_PROBLEM = 500
CHANGED = "The policy in this keystore was changed from outside. To take it away: strongroom policy remove"
OUTDATED = "The policy in this keystore cannot be followed by this version. See why with: strongroom policy show"


class PolicyDocument(Value, frozen=True, kw_only=True):
    """The person's policy as it is kept. ``loaded_at`` in milliseconds since 1970."""

    text: str
    loaded_at: int


class SystemPolicy(Value, frozen=True, kw_only=True):
    """What was found in the administrator's folder; with a ``problem``, why it cannot be followed."""

    sources: tuple[Source, ...] = ()
    problem: str | None = None


_encode = Encoder().encode


def default_folder() -> str:
    """Where an administrator's policies lie: beside the list of PKCS#11 modules. No setting of a person's moves it."""
    from native_host.tokens.listed import default_file

    return os.path.join(os.path.dirname(default_file()), "policy.d")


def read_system(folder: str) -> SystemPolicy:
    """The files of the administrator's folder in the order of their names; none where there is no folder."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX))
    except (FileNotFoundError, NotADirectoryError):
        return SystemPolicy()
    except OSError:
        return SystemPolicy(problem=f"{folder} cannot be read. Mend it with: sudo chmod a+rx")
    from native_host.tokens.modules import refuse_foreign

    try:
        refuse_foreign(folder)
        if len(names) > MOST_FILES:
            return SystemPolicy(problem=f"There are at most {MOST_FILES} files.")
        return SystemPolicy(sources=tuple(_read(os.path.join(folder, name)) for name in names))
    except KmsError as error:
        return SystemPolicy(problem=str(error))


def _read(path: str) -> Source:
    from native_host.policy.scan import MOST_BYTES, PolicyRefused, Problem, decode

    name = os.path.basename(path)
    try:
        # What a link leads to can be exchanged by whoever owns a folder on the way; a pipe would be waited for.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        wrong = "It is a link: put the file itself here." if os.path.islink(path) else "It cannot be read. Mend it with: sudo chmod a+r"
        raise PolicyRefused([Problem(line=1, file=name, text=wrong)]) from None
    status = os.fstat(descriptor)
    wrong = ""
    if not stat.S_ISREG(status.st_mode):
        wrong = "This is no file."
    elif os.name != "nt" and (status.st_uid != ROOT or status.st_mode & (stat.S_IWOTH | stat.S_IWGRP)):
        wrong = "Others than root can change it. Mend it with: sudo chown root, chmod go-w"
    if wrong:
        os.close(descriptor)
        raise PolicyRefused([Problem(line=1, file=name, text=wrong)])
    with open(descriptor, "rb") as file:
        return decode(file.read(MOST_BYTES + 1), name)


def schema() -> str:
    """The schema that policies are validated against."""
    with open(SCHEMA, encoding="utf-8") as file:
        return file.read()


class Policies:
    """The two layers over one store, parsed once: the administrator's until this process ends, the person's until it is changed."""

    def __init__(self, store: KeyStore, system: SystemPolicy, clock: Callable[[], int]) -> None:
        self._store = store
        self._system = system
        self._clock = clock
        self._system_rules: Rules | None = None
        self._person: tuple[bytes, Rules | None] = (b"", None)

    def decide(self, session: Session, call: Call, facts: Facts, own: Decision, *, may_permit: bool = True) -> Decision:
        """What becomes of the rows' decision; without ``may_permit`` nothing is permitted by a policy. Raises ``CannotUnseal``: the person's
        policy was changed from outside."""
        if METHODS[call.method].consent == "session":
            return own
        if self._system.problem is not None:
            return _unfollowed(self._system.problem)
        content = self._content()
        if not self._system.sources and not content:
            return own
        return self._layered(session, call, facts, own, content, may_permit=may_permit)

    def _content(self) -> bytes:
        """The person's policy as it is kept; of a locked store nothing, and nothing of a key is done then."""
        if not self._store.holds_keys:
            return b""
        try:
            return self._store.document(KIND) or b""
        except Locked:
            return b""
        except CannotUnseal:
            raise CannotUnseal(CHANGED) from None

    def _layered(self, session: Session, call: Call, facts: Facts, own: Decision, content: bytes, *, may_permit: bool) -> Decision:
        from native_host.policy import layers
        from native_host.policy.requests import request_of
        from native_host.policy.scan import PolicyRefused

        try:
            system = self._administrators()
        except PolicyRefused as error:
            self._system = SystemPolicy(problem=str(error))
            return _unfollowed(str(error))
        try:
            person = self._persons(content)
        except PolicyRefused:
            return Deny(rule="policy cannot be followed", text=OUTDATED)
        return layers.decide(own, request_of(session, call, facts, self._clock()), system, person, permits=may_permit)

    def _administrators(self) -> Rules | None:
        if self._system_rules is None and self._system.sources:
            from native_host.policy import cedar

            self._system_rules = cedar.load(self._system.sources, schema())
        return self._system_rules

    def _persons(self, content: bytes) -> Rules | None:
        if not content:
            return None
        if self._person[0] != content or self._person[1] is None:
            self._person = (content, rules_of(document(content)))
        return self._person[1]


def _unfollowed(problem: str) -> Deny:
    return Deny(rule=f"system policy cannot be followed: {problem[:LONGEST_PROBLEM]}", text=NOT_FOLLOWED)


def problem_of(system: SystemPolicy) -> str | None:
    """Why the administrator's policies cannot be followed; ``None`` if they can."""
    from native_host.policy import cedar
    from native_host.policy.scan import PolicyRefused

    if system.problem is None and system.sources:
        try:
            cedar.load(system.sources, schema())
        except PolicyRefused as error:
            return str(error)
    return system.problem


def document(content: bytes) -> PolicyDocument:
    """A document as it is kept; raises ``CannotUnseal`` for what is none."""
    try:
        return Decoder(PolicyDocument).decode(content)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise CannotUnseal(CHANGED) from None


def rules_of(kept: PolicyDocument) -> Rules:
    """The policies of a document; raises ``PolicyRefused``."""
    from native_host.policy import cedar
    from native_host.policy.scan import Source

    return cedar.load([Source(text=kept.text)], schema())


def current(store: KeyStore) -> PolicyDocument | None:
    """The person's policy of the open store. Raises ``Locked``, ``CannotUnseal``."""
    try:
        content = store.document(KIND)
    except CannotUnseal:
        raise CannotUnseal(CHANGED) from None
    return document(content) if content else None


def digest(text: str) -> str:
    """The SHA-256 of a policy's text, as it is shown and recorded."""
    from hashlib import sha256

    return sha256(text.encode()).hexdigest()


def load(house: House, approver: Approver, caller: CallerFacts, source: Source) -> int:
    """Validate a policy, have the person confirm what it does, and keep it in place of the one before. Gives how many policies it has.

    ``approver`` is the host's own window or terminal: whoever can type a command is not the person yet.

    Raises:
        PolicyRefused, UserRejected, BackendUnavailable, Locked
    """
    from native_host.policy import cedar
    from native_host.policy.words import sentence, warnings
    from native_host.review.policies import Told, load_review

    rules = cedar.load([source], schema())
    if not rules.statements:
        raise InvalidParams(
            "There is no policy in this file. To take the one away that is in force: strongroom policy remove", path="policy"
        )
    told = tuple(Told(id=one.id, text=sentence(one), warnings=tuple(warnings(one))) for one in rules.statements)
    before = _before(house.store)
    approver.review("policy", load_review(told, digest(source.text), before), caller, None, ())
    kept = PolicyDocument(text=source.text, loaded_at=house.clock())
    _write(house, _encode(kept), "loadPolicy", f"{digest(source.text)}, {len(told)}")
    return len(told)


def remove(house: House, approver: Approver, caller: CallerFacts) -> bool:
    """Take the person's policy away once they confirm that; whether there was one."""
    from native_host.review.policies import remove_review

    before = _before(house.store)
    if before is None:
        return False
    approver.review("policy", remove_review(before), caller, None, ())
    _write(house, b"", "removePolicy", before)
    return True


def _before(store: KeyStore) -> str | None:
    """The digest of the policy that is in force; of one that was changed from outside, that it was."""
    try:
        kept = current(store)
    except CannotUnseal:
        return "changed from outside"
    return None if kept is None else digest(kept.text)


def _write(house: House, content: bytes, what: str, rule: str) -> None:
    """Keep it. An older copy of the keystore, with an older policy, is noticed from then on."""
    with house.store.transaction():
        house.store.write_document(content, KIND, anew=True)
        house.store.settle()
        house.audit.happened(PERSON_ORIGIN, what, rule)
