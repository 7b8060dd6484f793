"""Which methods a session is ready for, what hello says, and when idle time is over."""

from __future__ import annotations

import sys
import time

import pytest

from native_host.caller.identity import Caller, Evidence
from native_host.errors import HelloRequired, KmsError, Locked, Uninitialized, Unsupported
from native_host.protocol.messages import Client, HelloParams, Limits, State
from native_host.protocol.methods import METHODS
from native_host.session import DEVELOPMENT, IdleClock, Session, hello, require, steady

NEED_NO_STORE = {"hello", "getStatus", "unlock", "lock", "openChannel", "randomBytes", "verify", "encrypt", "encapsulate"} | {
    "aggregateSignatures",
    "aggregateVerify",
}
"""Protocol section 5, and what computes with public parts alone."""


def session(state: State = "unlocked", *, greeted: bool = True, development: bool = False, browser: str | None = None) -> Session:
    caller = Caller(origin="chrome-extension://x/", browser=browser, evidence=(Evidence(signal="s", level="unknown", text="seen"),))
    return Session(caller=caller, wallet_id=b"w", wallet="main", development=development, state=state, greeted=greeted, unattended=False)


def refusal(state: State, method: str, *, greeted: bool = True) -> type[KmsError] | None:
    try:
        require(session(state, greeted=greeted), METHODS[method])
    except KmsError as error:
        return type(error)
    return None


@pytest.mark.parametrize("method", METHODS)
def test_what_each_method_needs(method: str) -> None:
    """Hello before all else; an open store unless the protocol says otherwise; and which of the two closed states it is."""
    assert (None if method == "hello" else HelloRequired) is refusal("unlocked", method, greeted=False)
    assert refusal("unlocked", method) is None
    assert (None if method in NEED_NO_STORE else Locked) is refusal("locked", method)
    assert (None if method in NEED_NO_STORE else Uninitialized) is refusal("uninitialized", method)


LIMITS = Limits(request_bytes=1, response_bytes=2, batch=3, waiting=4)


def params(*versions: str) -> HelloParams:
    return HelloParams(protocol=list(versions), client=Client(name="n", version="1"))


def test_hello_offers_what_is_available() -> None:
    """Methods that this host answers with unsupported are not listed."""
    result = hello(session("locked"), params("7", "1"), algorithms=["ES256"], limits=LIMITS)
    assert ("1", "strongroom-host", "locked", False) == (result.protocol, result.host.name, result.state, result.paired)
    assert [name for name, row in METHODS.items() if row.available] == result.methods
    assert (["ES256"], ["local"], LIMITS) == (result.algorithms, result.backends, result.limits)


def test_hello_needs_a_common_version() -> None:
    """And says that it is the protocol that does not fit."""
    for versions in (("2",), ("1.0",), ("01",), ("",)):
        with pytest.raises(Unsupported) as caught:
            hello(session(), params(*versions), algorithms=[], limits=LIMITS)
        assert {"reason": "unsupported", "detail": "protocol"} == caught.value.data()


def test_a_development_build_is_called_one_first() -> None:
    """In every window, before any other evidence."""
    assert [DEVELOPMENT, "seen"] == session(development=True).caller_facts().evidence
    assert ["seen"] == session().caller_facts().evidence
    assert "Firefox" == session(browser="Firefox").caller_facts().browser


IDLE = {
    "just used": (1000.0, 100.0, False),
    "nearly": (1599.0, 699.0, False),
    "by both clocks": (1600.0, 700.0, True),
    "the machine slept": (1600.0, 101.0, True),
    "the clock was set forward": (9999.0, 101.0, True),
    "the clock was set back, and time went on": (400.0, 700.0, True),
    "the clock was set back": (900.0, 101.0, True),
    "the clock was corrected a little": (990.0, 101.0, False),
}


@pytest.mark.parametrize(("wall", "monotonic", "due"), IDLE.values(), ids=IDLE.keys())
def test_idle(wall: float, monotonic: float, *, due: bool) -> None:
    """Either clock is enough, and nobody keeps a store open by setting one back."""
    clock = IdleClock(600)
    clock.touch(wall=1000.0, monotonic=100.0)
    assert due is clock.is_due(wall=wall, monotonic=monotonic)


def test_a_clock_that_was_never_touched_is_due() -> None:
    """Nothing stays open by omission."""
    assert IdleClock(600).is_due(wall=1_700_000_000.0, monotonic=5.0)


AWAY = {
    "it runs": (1000.5, 100.5, False),
    "nearly": (1599.0, 699.0, False),
    "it was stopped": (1600.0, 700.0, True),
    "the machine slept, or was paused as a whole": (1600.0, 101.0, True),
    "the clock was set back meanwhile": (900.0, 101.0, True),
}


@pytest.mark.parametrize(("wall", "monotonic", "away"), AWAY.values(), ids=AWAY.keys())
def test_time_in_which_the_host_did_not_run(wall: float, monotonic: float, *, away: bool) -> None:
    """It is told once, by the first look after it."""
    clock = IdleClock(600)
    assert not clock.was_away(wall=1000.0, monotonic=100.0)
    assert away is clock.was_away(wall=wall, monotonic=monotonic)
    assert not clock.was_away(wall=wall + 1, monotonic=monotonic + 1)


@pytest.mark.skipif(sys.platform != "linux", reason="the clock is Linux's own")
def test_the_steady_clock() -> None:
    """On Linux the one that counts the time in which the machine sleeps."""
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= steady() <= time.clock_gettime(time.CLOCK_BOOTTIME)
