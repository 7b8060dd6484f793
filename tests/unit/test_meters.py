"""What was spent in a sliding window: never counted for less than the window, in bounded space, whatever the clock does."""

from __future__ import annotations

import random

from msgspec.json import decode, encode

from native_host.policy.meters import GRANULES, Ledger, Meter
from native_host.review.assets import HIGHEST

DAY = 86_400_000
GRANULE = DAY // GRANULES
START = 1_790_000_000_000


def test_what_is_spent_counts_for_the_window_and_a_granule_at_most() -> None:
    """Never for less."""
    for offset in (0, 1, GRANULE - 1, GRANULE, 12345):
        at = START + offset
        meter = Meter(window=DAY).charged(5, at)
        assert 5 == meter.total(at) == meter.total(at + DAY)
        assert 0 == meter.total(at + DAY + GRANULE)


def test_against_every_single_payment() -> None:
    """Held against a list of all payments: the total is never below what the window holds, nor above what a granule more holds."""
    chance = random.Random(7)
    meter, paid, now = Meter(window=DAY), [], START
    for _ in range(3000):
        now += chance.randrange(0, 3_000_000)
        amount = chance.randrange(1, 1000)
        meter = meter.charged(amount, now)
        paid.append((now, amount))
        least = sum(amount for at, amount in paid if at > now - DAY)
        most = sum(amount for at, amount in paid if at > now - DAY - 2 * GRANULE)
        assert least <= meter.total(now) <= most
        assert len(meter.spent) <= GRANULES + 2


def test_a_million_tiny_payments_stay_small() -> None:
    """However many there are, and however large they add up to."""
    book = Ledger()
    for number in range(20_000):
        book = book.charged({"limit:a": (1, DAY)}, START + number * 10_000)
    meter = book.meters["limit:a"].charged(HIGHEST, START + 200_000_000).charged(HIGHEST, START + 200_000_000)
    assert len(encode(book)) < 4000
    assert len(encode(meter)) < 4000
    assert meter == decode(encode(meter), type=Meter)


def test_when_it_is_free_again() -> None:
    """At exactly that time, and not a millisecond before; never, for more than is allowed at all."""
    meter = Meter(window=DAY)
    for hours, amount in ((0, 3), (2, 4), (5, 2)):
        meter = meter.charged(amount, START + hours * 3_600_000)
    now = START + 6 * 3_600_000
    assert now == meter.free_at(1, 10, now)
    free = meter.free_at(6, 10, now)
    assert free is not None
    assert meter.total(free) + 6 <= 10 < meter.total(free - 1) + 6
    last = meter.free_at(10, 10, now)
    assert last is not None
    assert (0, 2) == (meter.total(last), meter.total(last - 1))
    assert meter.free_at(11, 10, now) is None


def test_a_clock_that_is_set_back_frees_nothing() -> None:
    """A ledger goes on from the newest time that it has seen; set forward, it goes on from there too."""
    book = Ledger().charged({"m": (5, DAY)}, START)
    for clock in (0, START - 10 * DAY, START):
        assert START == book.now(clock)
        assert 5 == book.total("m", book.now(clock))
    later = book.charged({"m": (5, DAY)}, book.now(START - DAY))
    assert 10 == later.total("m", START)
    ahead = later.charged({"m": (1, DAY)}, START + 10 * DAY)
    assert (START + 10 * DAY, 1) == (ahead.now(START), ahead.total("m", ahead.now(START)))


def test_meters_in_which_nothing_counts_are_forgotten() -> None:
    """And one of another window begins anew, with nothing in it."""
    book = Ledger().charged({"a": (5, DAY), "b": (1, 1000)}, START)
    assert {"a", "c"} == book.charged({"c": (1, DAY)}, START + 60_000).meters.keys()
    assert 1 == book.charged({"a": (1, 2 * DAY)}, START).total("a", START)
    assert {"b"} == book.without({"a", "x"}).meters.keys()


def test_a_window_of_a_second() -> None:
    """Shorter than its granules could be divided."""
    meter = Meter(window=50).charged(1, START)
    assert (1, 1, 0) == (meter.total(START), meter.total(START + 50), meter.total(START + 52))
