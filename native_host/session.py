"""What the host knows of one port when a call arrives: who asks, for which wallet, and whether the keystore is open.

A ``Session`` is a value, made anew for each call; it holds no key and opens nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from msgspec import UNSET

from native_host import __version__
from native_host.caller.identity import Caller
from native_host.errors import CannotUnseal, HelloRequired, Locked, NotPaired, Uninitialized, Unsupported
from native_host.protocol.approver import CallerFacts
from native_host.protocol.messages import HelloParams, HelloResult, HostVersion, Limits, State
from native_host.protocol.methods import METHODS, PROTOCOL_VERSION, Method
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from native_host.protocol.wire import Message

HOST_NAME = "strongroom-host"
DEVELOPMENT = "This extension is a development build: anyone who can load an extension into this browser can pose as it."


PairingFault = Literal["outside", "required", "removed", "unreadable"]
"""Why a call is refused what takes a pairing: its origin has one, and the call came outside of its channel; the person's settings ask for one;
the channel's own was removed; what the keystore knows of pairings cannot be read."""

WITHOUT_PAIRING = frozenset({"hello", "getStatus", "unlock", "lock", "beginPairing", "finishPairing", "openChannel"})
"""What an extension needs to pair, and what whoever starts a browser can do anyway. Besides these, what names no key of the keystore."""

_FAULTS: dict[PairingFault, str] = {
    "outside": (
        "This extension is paired, and this call came outside of its channel. Open the channel, or pair this copy of the extension as well."
        " To take a pairing back: strongroom pairings remove"
    ),
    "required": "Your settings let only paired extensions use the keystore. Pair this one first, in its own window.",
    "removed": "The pairing of this extension was removed. Pair it again, in its own window.",
    "unreadable": "What the keystore knows of paired extensions was changed from outside. See what is wrong with: strongroom audit verify",
}


class Session(Value, frozen=True, kw_only=True):
    """``development``: the origin belongs to an unpacked build, which anyone can load an extension under. ``pairing`` is the id of the pairing
    under whose channel the call came; without one, whoever started the host with these arguments may be asking. ``unpaired_reads`` lets a
    call outside of the channel read what is public of the wallet's keys."""

    caller: Caller
    wallet_id: bytes
    wallet: str
    development: bool
    state: State
    greeted: bool
    unattended: bool
    pairing: bytes | None = None
    pairing_fault: PairingFault | None = None
    unpaired_reads: bool = False

    def caller_facts(self) -> CallerFacts:
        """Who asks, in the words that every window shows."""
        evidence = [observed.text for observed in self.caller.evidence]
        if self.development:
            evidence.insert(0, DEVELOPMENT)
        browser = self.caller.browser or UNSET
        return CallerFacts(origin=self.caller.origin, browser=browser, evidence=evidence)


def require(session: Session, method: Method) -> None:
    """Refuse a method that the session is not ready for.

    Raises:
        HelloRequired, Uninitialized, Locked
    """
    if method.needs == "nothing":
        return
    if not session.greeted:
        raise HelloRequired
    if method.needs == "open" and session.state == "uninitialized":
        raise Uninitialized
    if method.needs == "open" and session.state == "locked":
        raise Locked


def require_pairing(session: Session, method: Method, params: Message) -> None:
    """Refuse what takes a pairing to a call that comes without the one that its origin has, or should have.

    Raises:
        NotPaired: with a sentence that says what to do.
        CannotUnseal: what the keystore knows of pairings was changed from outside.
    """
    fault = session.pairing_fault
    if fault is None or method.name in WITHOUT_PAIRING:
        return
    as_sender, named = (getattr(params, name, UNSET) is not UNSET for name in ("sender_key_id", "key_id"))
    if method.needs == "hello" and not as_sender and not named:
        return
    if fault == "outside" and session.unpaired_reads and method.consent == "public" and not as_sender:
        return
    raise CannotUnseal(_FAULTS[fault]) if fault == "unreadable" else NotPaired(_FAULTS[fault])


def hello(
    session: Session, params: HelloParams, *, algorithms: list[str], limits: Limits, backends: Sequence[str] = ("local",)
) -> HelloResult:
    """The answer to ``hello``.

    Raises:
        Unsupported: if the caller speaks no version that this host speaks.
    """
    if PROTOCOL_VERSION not in params.protocol:
        raise Unsupported("This host and the extension speak no common protocol version. Update the older of the two.", detail="protocol")
    return HelloResult(
        protocol=PROTOCOL_VERSION,
        host=HostVersion(name=HOST_NAME, version=__version__),
        origin=session.caller.origin,
        state=session.state,
        paired=False,
        unattended=session.unattended,
        methods=[name for name, row in METHODS.items() if row.available],
        algorithms=algorithms,
        backends=list(backends),
        limits=limits,
    )


def steady() -> float:
    """Seconds on a clock that nobody can set, which goes on while the computer sleeps where the system has such a one: ``time.monotonic``
    stands still then on Linux."""
    # Linux: CLOCK_BOOTTIME. macOS: its CLOCK_MONOTONIC counts sleep. Windows: so does the only one.
    clock = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class IdleClock:
    """Says when the keystore has not been used for too long.

    It is asked with two clocks, in seconds: the wall clock, which goes on whatever the computer does, and a steady one, which
    nobody can set back. Either one is enough to lock.
    """

    def __init__(self, idle_seconds: int) -> None:
        self.idle_seconds = idle_seconds
        self._used = (0.0, 0.0)
        self._looked: tuple[float, float] | None = None

    def touch(self, *, wall: float, monotonic: float) -> None:
        """The keystore was used now, by a call that needed it open and was allowed."""
        self._used = (wall, monotonic)

    def is_due(self, *, wall: float, monotonic: float) -> bool:
        """Whether the store is to be locked now; a wall clock set back counts as well, for it hides how long it was."""
        return self._is_over(self._used, wall, monotonic)

    def was_away(self, *, wall: float, monotonic: float) -> bool:
        """Whether nobody has asked this for as long: the process was stopped, or the computer asleep. Asked far more often otherwise."""
        last, self._looked = self._looked, (wall, monotonic)
        return last is not None and self._is_over(last, wall, monotonic)

    def _is_over(self, since: tuple[float, float], wall: float, monotonic: float) -> bool:
        return wall - since[0] >= self.idle_seconds or wall < since[0] - 60 or monotonic - since[1] >= self.idle_seconds
