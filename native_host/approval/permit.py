"""The ticket: the one thing that ``operations.perform`` takes, made in one place only, good for one use.

It holds the very params that the person saw, so what was approved is what is done, and the lock epoch and the record's
revision at that time, which are checked again when it is used.
"""

from __future__ import annotations

from native_host.policy import Facts
from native_host.session import Session
from native_host.transport.jsonrpc import Call


class SpentPermit(Exception):
    """A permit was used twice: a fault of the host, never of a caller."""


class Permit:
    """An approved call. ``approved_by`` is ``person``, ``grant`` or ``rule``; ``rule`` names the row of the policy. ``taken`` is the offer of
    a grant of payments that the person took with it, to be put down where the payment is."""

    __slots__ = ("_spent", "approved_by", "call", "facts", "rule", "session", "taken")

    def __init__(self, *, session: Session, call: Call, facts: Facts, approved_by: str, rule: str, taken: str | None = None) -> None:
        self.session = session
        self.call = call
        self.facts = facts
        self.approved_by = approved_by
        self.rule = rule
        self.taken = taken
        self._spent = False

    def spend(self) -> None:
        """Mark it used.

        Raises:
            SpentPermit: if it was.
        """
        if self._spent:
            raise SpentPermit
        self._spent = True
