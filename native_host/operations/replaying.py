"""The past under a changed policy: what the audit keeps of each call is put to it again, and what would have been decided otherwise is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.audit import entries
from native_host.caller.origin import family_of
from native_host.errors import CannotUnseal
from native_host.policy import Allow, Deny, layers
from native_host.policy.past import decided_then, request_then, rows_then
from native_host.policy.requests import WITH_KEY, key_of
from native_host.protocol.methods import METHODS
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.audit import AuditedEntry, Entry
    from native_host.keystore.store import KeyStore
    from native_host.policy import Decision
    from native_host.policy.cedar import Rules
    from native_host.policy.requests import Key


class Replayed(Value, frozen=True, kw_only=True):
    """One call of the past. ``after`` is what would be decided, by ``rule``; ``None`` where too little was kept to tell."""

    one: AuditedEntry
    entry: Entry
    before: str
    after: str | None
    rule: str = ""


def replay(store: KeyStore, rules: Rules, system: Rules | None) -> Iterator[Replayed]:
    """Every call that an extension made, oldest first; the store must be open. Raises ``Locked``."""
    for one in entries(store):
        entry = one.entry
        if entry is None or entry.method not in METHODS or METHODS[entry.method].consent == "session" or family_of(entry.origin) is None:
            continue
        before = decided_then(entry.approved_by, entry.outcome)
        decision = _decided(store, one.at, entry, rules, system)
        if decision is None:
            yield Replayed(one=one, entry=entry, before=before, after=None)
        else:
            after = "allow" if isinstance(decision, Allow) else "deny" if isinstance(decision, Deny) else "ask"
            yield Replayed(one=one, entry=entry, before=before, after=after, rule=decision.rule)


def _decided(store: KeyStore, at: int, entry: Entry, rules: Rules, system: Rules | None) -> Decision | None:
    if entry.facts is None:
        return None
    request = request_then(
        entry.facts,
        method=entry.method,
        origin=entry.origin,
        family=family_of(entry.origin),
        wallet=entry.wallet,
        page=entry.page,
        at_ms=at,
        key=_key(store, entry),
    )
    return None if request is None else layers.decide(rows_then(entry.method, entry.approved_by, entry.rule), request, system, rules)


def _key(store: KeyStore, entry: Entry) -> Key | None:
    """The key of an entry as it is now; of one that was destroyed, what is left of it. What policies see of a key does not change."""
    from native_host.encodings.base64url import decode_base64url
    from native_host.operations.records import key_view

    if entry.key_id is None or (entry.method not in WITH_KEY and entry.method != "encrypt"):
        return None
    try:
        record = store.read(decode_base64url(entry.key_id))
    except (ValueError, CannotUnseal):
        return None
    return None if record is None else key_of(key_view(record))
