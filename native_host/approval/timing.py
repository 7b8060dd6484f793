"""How long a person has: after this many seconds an ask is denied by itself."""

from __future__ import annotations

from native_host.approval.answering import FrontAsk
from native_host.protocol.approver import SecretAsk, ShowSecret

DECIDE_SECONDS = 120.0
TYPE_SECONDS = 300.0
WRITE_SECONDS = 1800.0
ON_PAPER = frozenset({"mnemonic", "recoveryCode", "share"})


def seconds_for(ask: FrontAsk) -> float:
    """Two minutes to decide, five to type a secret, half an hour for what is on paper: to write it down or to type it."""
    if isinstance(ask, ShowSecret):
        return WRITE_SECONDS
    if isinstance(ask, SecretAsk):
        return WRITE_SECONDS if ask.purpose in ON_PAPER else TYPE_SECONDS
    return DECIDE_SECONDS
