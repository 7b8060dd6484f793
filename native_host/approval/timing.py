"""How long a person has: after this many seconds an ask is denied by itself. And how often one is refused before the host stops asking."""

from __future__ import annotations

from native_host.protocol.approver import Ask, SecretAsk, ShowSecret

DECIDE_SECONDS = 120.0
TYPE_SECONDS = 300.0
WRITE_SECONDS = 1800.0
SHORT_SECONDS = 30.0
"""From here on the time that is left stands out."""
REFUSALS_TOLERATED = 10
REFUSALS_WITHIN_SECONDS = 300.0
"""As ``native_host.keystore.refusals`` counts: so many, each so soon after the one before, and the host asks no more for a while."""
ON_PAPER = frozenset({"mnemonic", "recoveryCode", "share"})


def seconds_for(ask: Ask) -> float:
    """Two minutes to decide, five to type a secret, half an hour for what is on paper: to write it down or to type it."""
    if isinstance(ask, ShowSecret):
        return WRITE_SECONDS
    if isinstance(ask, SecretAsk):
        return WRITE_SECONDS if ask.purpose in ON_PAPER else TYPE_SECONDS
    return DECIDE_SECONDS
