"""The stages behind hello: built when the first call needs them, so that a browser's start need not wait for them."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace

from native_host.approval.authorize import Grants, authorize, permit_without_asking
from native_host.asking import Asking
from native_host.audit import Audit
from native_host.config import make_folder
from native_host.confinement import confine
from native_host.confinement.reach import reach_of
from native_host.errors import BackendUnavailable, Busy, CallerChanged, KmsError, NotPaired, PolicyDenied
from native_host.kek.provider import Settings
from native_host.keystore.store import KeyStore
from native_host.opening import now
from native_host.operations import describe
from native_host.operations.caller_evidence import look_at_caller
from native_host.operations.extension_files import note_refusal
from native_host.operations.house import House
from native_host.operations.pairings import Pairings
from native_host.operations.perform import Operations
from native_host.operations.policies import Policies, default_folder, read_system
from native_host.policy import Allow, Ask, Deny, decide, is_account
from native_host.protocol.channel import FinishPairingParams
from native_host.protocol.messages import GenerateKeyParams, RotateKeyParams, UnlockParams, UpdateKeyParams
from native_host.protocol.methods import METHODS
from native_host.session import IdleClock
from native_host.suites.table import SUITES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from native_host.caller.identity import Caller
    from native_host.config import Config, Paths
    from native_host.keystore.file import StoreFile
    from native_host.lane import Waiting
    from native_host.operations.pairings import Opened
    from native_host.policy import Decision, Facts
    from native_host.protocol.channel import OpenChannelParams, OpenChannelResult
    from native_host.protocol.wire import Message
    from native_host.review.subject import Review
    from native_host.session import Session
    from native_host.transport.channel import Channel
    from native_host.transport.jsonrpc import Call

TURN_FILE = "approval.lock"
PLUGGED = frozenset({"fido2", "two_factor"})
"""Kinds of slots whose device may be plugged in while the host runs, into this process: tokens have a process of their own."""
STARTED_BEFORE = (
    "This keystore was made to open with a security key alone after the browser had started Strongroom. Restart the browser first."
)
REQUEST_KEY = "requestKey"
"""The rule by which a request that was answered under its request key is answered again."""
BY_POLICY = "policy: "
UNPAIRED = "refuseUnpaired"
"""What the record of decisions calls a refusal for want of a pairing; its rule has the method and why."""
USED_UP = "Another browser has just used up what a policy allowed. Ask again."
REFUSALS = frozenset({"user_rejected", "caller_changed", "cancelled", "cannot_unseal", "uninitialized"})


class Stages:
    """Policy, approval and operations over one keystore, wired together. Used with the house lock held."""

    def __init__(
        self,
        caller: Caller,
        opened: StoreFile,
        config: Config,
        paths: Paths,
        environ: Mapping[str, str],
        aside: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self.store = KeyStore(opened.path, now, opened)
        self.audit = Audit(self.store)
        self.approver = Asking(self.store, config.approval, environ, aside)
        self.idle = IdleClock(config.session.idle_lock_seconds)
        self._grants = Grants()
        self.pairings = Pairings(self.store, config.pairing)
        # The browsers' folders are out of reach once this process is confined.
        self.installed, self._program = look_at_caller(caller, environ, now)
        self.installed.look(self.store.connection)
        self._turn_file = os.path.join(paths.data, TURN_FILE)
        self._noted = False
        self._noted_unpaired: set[str] = set()
        house = self._house = House(
            store=self.store,
            audit=self.audit,
            approver=self.approver,
            grants=self._grants,
            aside=aside,
            clock=now,
            random_bytes=os.urandom,
            folder=paths.data,
            program=config.approval.program,
            settings=Settings(tpm=config.tpm, pkcs11=config.pkcs11),
            installed=self.installed,
        )
        self._program.tell(house)
        self._policies = Policies(self.store, read_system(default_folder()), now)
        self.operations = Operations(house, idle_lock_seconds=config.session.idle_lock_seconds)
        self._confine(config, paths, environ)

    def _confine(self, config: Config, paths: Paths, environ: Mapping[str, str]) -> None:
        """Give up what none of these needs. Here, so that no operation can be had in a host that has not."""
        with suppress(OSError):  # what goes wrong later is written down there, if it is there
            make_folder(paths.state)
        plugged = any(slot.kind in PLUGGED for slot in self.store.slots())
        # What SQLite puts aside when it sorts much would go to a folder that is out of reach from here on.
        self.store.connection.execute("PRAGMA temp_store = MEMORY")
        in_force = confine(reach_of(config, paths, environ, plugged=plugged))
        self._sees_plugged = plugged or not in_force.landlock

    def _check_reach(self) -> None:
        """Raise ``BackendUnavailable`` if every slot needs what this process has given up: they came later."""
        slots = self.store.slots()
        if slots and not self._sees_plugged and all(slot.kind in PLUGGED for slot in slots):
            raise BackendUnavailable(STARTED_BEFORE, detail="slots")

    def decide(self, session: Session, call: Call) -> tuple[Facts, Decision]:
        """What is known about a call, and what policy says to it; raises ``CallerChanged``, and what ``Operations.describe`` raises."""
        self._check_caller(call)
        recalled = self.operations.recall(session, call)
        if recalled == "answer":
            return describe.facts_of_recorded(self._house, session, call), Allow(rule=REQUEST_KEY)
        facts = self.operations.describe(session, call)
        decision = self._policies.decide(session, call, facts, decide(session, call, facts), may_permit=not self.installed.steps_up)
        if self.installed.steps_up:
            return facts, replace(decision, offers=()) if isinstance(decision, Ask) else decision
        if recalled == "again" and not isinstance(decision, Deny):
            decision = Allow(rule=REQUEST_KEY)
        return facts, decision

    def _check_caller(self, call: Call) -> None:
        """Refuse whoever is seen not to be who they say they are; raises ``CallerChanged``."""
        self._program.conclude(self._house)
        try:
            self.installed.check(call.method)
        except CallerChanged:
            if not self._noted:
                self._noted = True
                note_refusal(self._house, self.installed)
            raise

    def note_unpaired(self, method: str, error: NotPaired) -> None:
        """Write down, once for each reason, that a call was refused for want of a pairing: whoever poses as an extension is seen by that, and
        cannot fill the record."""
        reason = str(error)
        if reason not in self._noted_unpaired:
            self._noted_unpaired.add(reason)
            self.audit.happened(self.installed.origin, UNPAIRED, f"{method}: {reason}")

    def asks(self, call: Call, facts: Facts, decision: Decision) -> bool:
        """Whether the person is asked: by policy, or because the operation itself is one in which the person takes part."""
        params = call.params
        match params:
            case _ if isinstance(decision, Ask):
                return True
            case _ if facts.recorded:
                return False
            case UnlockParams():
                return not self.store.is_unlocked
            case FinishPairingParams():
                return True
            case GenerateKeyParams() if params.alg == "BIP39":
                return True
            case UpdateKeyParams():
                return facts.key is not None and facts.key.state == "unconfirmed"
            case _:
                return describe.needs_ready(self._house, call, facts)

    def open_channel(self, session: Session, params: OpenChannelParams) -> tuple[OpenChannelResult, Channel, Opened]:
        """Answer a channel's first message; raises what ``Handshakes.open`` raises."""
        return self.operations.handshakes.open(self.pairings, session, params)

    def takes_long(self, call: Call, facts: Facts) -> bool:
        """Whether it makes an RSA key, for which seconds can go by."""
        match call.params:
            case GenerateKeyParams(alg=alg):
                pass
            case RotateKeyParams() if facts.key is not None:
                alg = facts.key.alg
            case _:
                return False
        return alg in SUITES and SUITES[alg].kty == "RSA"

    def act(self, session: Session, call: Call, facts: Facts, decision: Decision) -> Message:
        """Do what needs nobody, or refuse it."""
        if isinstance(decision, Ask):
            raise PolicyDenied
        if isinstance(decision, Deny) and METHODS[call.method].consent != "public":
            self.audit.refused(session, call, facts, PolicyDenied(decision.text), decision.rule)
        if _by_policy(decision):
            return self._act_by_policy(session, call)
        return self.operations.perform(permit_without_asking(session, call, facts, decision, self._grants))

    def _act_by_policy(self, session: Session, call: Call, *, on_lane: bool = False) -> Message:
        """Do what a policy permits, deciding again inside the transaction: what it says of the last 24 hours may be the sum of what other
        hosts sign at this moment. What is refused ``on_lane`` is written down by ``refused``."""
        refused: KmsError
        with self.store.transaction():
            facts, decision = self.decide(session, call)
            if isinstance(decision, Ask):
                decision = Deny(rule=decision.rule, text=USED_UP)
            if isinstance(decision, Deny) and not on_lane:
                self.audit.refused(session, call, facts, PolicyDenied(decision.text), decision.rule)
            try:
                return self.operations.perform(permit_without_asking(session, call, facts, decision, self._grants))
            except KmsError as error:
                refused = error  # what it has written down stays
        raise refused

    def refuse_flood(self, waiting: Waiting) -> None:
        """Raise ``Busy`` while the origin is locked out for having been refused too often."""
        pause = self.store.pause_seconds(waiting.session.caller.origin)
        if pause:
            raise Busy("Too many requests were refused. Wait before asking again.", retry_after_seconds=pause)

    def ask_and_act(self, waiting: Waiting, sleep: Callable[[float], None]) -> Message:
        """Wait for the turn, have the person decide, and do it."""
        from native_host.approval.turn import turn

        self.approver.still_wanted = waiting.still_wanted
        with turn(self._turn_file, sleep=sleep, still_wanted=waiting.still_wanted):
            waiting.still_wanted()
            if self.operations.recall(waiting.session, waiting.call) is not None:
                # While this waited, the same request was answered here or in another host.
                waiting.facts, waiting.decision = self.decide(waiting.session, waiting.call)
                if waiting.facts.recorded:
                    return self.act(waiting.session, waiting.call, waiting.facts, waiting.decision)
            self.refuse_flood(waiting)
            if isinstance(waiting.call.params, UnlockParams):
                self._check_reach()
            describe.check_unchanged(self._house, waiting.session, waiting.call, waiting.facts)
            self.pairings.check_unchanged(waiting.session, waiting.call)
            waiting.asked = True
            permit = authorize(
                waiting.session,
                waiting.call,
                waiting.facts,
                waiting.decision,
                _review(waiting),
                waiting.session.caller_facts(),
                self.approver,
                self._grants,
            )
            self.operations.make_ready(permit)
            self.pairings.check_unchanged(waiting.session, waiting.call)
            if _by_policy(waiting.decision):
                result = self._act_by_policy(waiting.session, waiting.call, on_lane=True)
            else:
                result = self.operations.perform(permit)
            if isinstance(waiting.call.params, UnlockParams):
                self._program.begin(self._house)
        if isinstance(waiting.decision, Ask):
            with self.store.transaction():
                self.store.end_refusals(waiting.session.caller.origin)
        return result

    def refused(self, waiting: Waiting, error: Exception) -> None:
        """Forget what a call brought, and write down that it was refused after the person was, or would have been, asked."""
        self.operations.abandon(waiting.session, waiting.call)
        if not isinstance(error, KmsError):
            return
        with self.store.transaction():
            if waiting.asked and waiting.withdrawn is None:
                self.operations.remember_refusal(waiting.session, waiting.call, error)
            denied = waiting.decision.rule if isinstance(waiting.decision, Deny) else ""
            self.audit.refused(waiting.session, waiting.call, waiting.facts, error, denied)
        if waiting.asked and error.reason in REFUSALS:
            with self.store.transaction():
                self.store.count_refusal(waiting.session.caller.origin)


def _by_policy(decision: Decision) -> bool:
    return isinstance(decision, Allow) and decision.rule.startswith(BY_POLICY)


def _review(waiting: Waiting) -> Review:
    from native_host.review.requests import review
    from native_host.review.subject import Subject, Target

    key = waiting.facts.key or waiting.facts.imported
    if key is None:
        return review(waiting.call.params, None)
    target = waiting.facts.target
    subject = Subject(
        address=key.address,
        path=key.path,
        dependants=key.dependants,
        labels=key.labels,
        provenance=key.provenance,
        in_token=key.backend != "local",
        target=Target(label=target.label, alg=target.alg) if target else None,
        now_ms=now(),
        spending=waiting.facts.spending,
        public=key.public,
        is_account=is_account(key),
        authorities=waiting.facts.authorities,
    )
    return review(waiting.call.params, subject)
