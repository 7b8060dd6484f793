"""How much was spent within a sliding window, kept in bounded space. Pure.

A window is cut into granules, a ninety-sixth of it each, and a granule counts until all of it has left the window: what is spent counts for
at least the window, and for at most a ninety-sixth longer. A clock that is set back frees nothing: a ledger goes on from the newest time that
it has seen. One that is set forward and back again leaves what was spent meanwhile counting until that time has come.
"""

from __future__ import annotations

from msgspec import field

from native_host.review.assets import HIGHEST
from native_host.value import Value

GRANULES = 96
Spent = tuple[tuple[int, int], ...]


class Meter(Value, frozen=True, kw_only=True):
    """``spent``: granules, by their number since 1970, with what was spent in each; oldest first. ``window`` in milliseconds."""

    window: int
    spent: Spent = ()

    @property
    def granule(self) -> int:
        return max(1, self.window // GRANULES)

    def counting(self, now: int) -> Spent:
        """What still counts."""
        return tuple(one for one in self.spent if self._ends(one[0]) > now)

    def total(self, now: int) -> int:
        """How much of it."""
        return sum(amount for _, amount in self.counting(now))

    def charged(self, amount: int, now: int) -> Meter:
        """The meter after something was spent; what counts no more is forgotten."""
        number, kept = now // self.granule, dict(self.counting(now))
        kept[number] = min(kept.get(number, 0) + amount, HIGHEST)
        return Meter(window=self.window, spent=tuple(sorted(kept.items())))

    def free_at(self, amount: int, allowed: int, now: int) -> int | None:
        """When so much can be spent without exceeding what is allowed: ``None`` for never, as long as nothing else is spent."""
        if amount > allowed:
            return None
        total = self.total(now)
        for number, spent in self.counting(now):
            if total + amount <= allowed:
                break
            total, now = total - spent, self._ends(number)
        return now

    def _ends(self, number: int) -> int:
        return (number + 1) * self.granule + self.window


class Ledger(Value, frozen=True, kw_only=True):
    """Meters by name. ``newest``: the latest time that it has seen, in milliseconds since 1970."""

    newest: int = 0
    meters: dict[str, Meter] = field(default_factory=dict)

    def now(self, clock: int) -> int:
        """The time that counts here."""
        return max(clock, self.newest)

    def total(self, name: str, now: int) -> int:
        meter = self.meters.get(name)
        return 0 if meter is None else meter.total(now)

    def charged(self, charges: dict[str, tuple[int, int]], now: int) -> Ledger:
        """The ledger after spending: by the meter's name, the amount and the window of the meter, in milliseconds. Meters in which nothing
        counts any more are forgotten."""
        meters = {name: meter for name, meter in self.meters.items() if meter.counting(now)}
        for name, (amount, window) in charges.items():
            meter = meters.get(name)
            meters[name] = (meter if meter is not None and meter.window == window else Meter(window=window)).charged(amount, now)
        return Ledger(newest=now, meters=meters)

    def without(self, names: set[str]) -> Ledger:
        """The ledger without the meters of what is there no more."""
        return Ledger(newest=self.newest, meters={name: meter for name, meter in self.meters.items() if name not in names})
