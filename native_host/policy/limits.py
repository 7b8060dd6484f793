"""Limits: how much a key may spend, or how often it may sign, within a time; and amounts from which the person types them. Pure.

A limit binds whoever asks and whatever allows it, the person's own yes too. What cannot be counted is not signed under a limit of an amount:
neither what can move more than it says, nor raw bytes, which can be the preimage of a transaction. A limit of a key is one of its account:
the same key pair under another name, or signed for by its seed, is bound alike. One of a seed binds what is derived from it.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import UNSET

from native_host.encodings.date_time import in_words
from native_host.language import say
from native_host.protocol.approver import TypedText
from native_host.review.assets import HIGHEST, amount_text, chain_of, number_text, unit_of
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from native_host.policy import KeyView
    from native_host.policy.meters import Ledger
    from native_host.review.effect import Effect
    from native_host.transport.jsonrpc import Call

SIGNS = frozenset({"sign", "signMessage", "signTypedData", "signTransaction", "signPsbt", "signJws"})
"""What counts as a signature."""
_CHAIN_ALGS = {
    "eip155": frozenset({"ES256K", "ES256K-R"}),
    "bip122": frozenset({"ES256K", "ES256K-R", "BIP340"}),
    "solana": frozenset({"Ed25519", "Ed25519-BIP32"}),
}
_PERIODS = {60: "a minute", 3600: "an hour", 86_400: "a day", 604_800: "a week", 2_592_000: "in 30 days"}
_SEC1_LENGTHS = (33, 65)
_EVERY_CHAIN = "eip155:0"
_MOST_DIGITS = 40
TYPE_AMOUNT, TYPE_FEE = "Type the amount in {symbol}: {number}", "Type the fee in {symbol}: {number}"
CHANGE = "To change a limit: strongroom limits"


class Limit(Value, frozen=True, kw_only=True):
    """``amount`` of ``asset``, by CAIP-19 and in its smallest unit, or that many signatures, within ``window`` seconds.

    Without ``key_id`` it is one of all keys of the wallet together; ``account`` and ``seed`` are what else the key is known by. ``page`` is
    the origin of a web page, as extensions claim it.
    """

    limit_id: str
    amount: int
    window: int
    asset: str | None = None
    key_id: str | None = None
    account: str | None = None
    seed: str | None = None
    page: str | None = None

    @property
    def meter(self) -> str:
        return f"limit:{self.limit_id}"

    def is_like(self, other: Limit) -> bool:
        """Whether it limits the same, to whatever amount."""
        return (self.asset, self.key_id, self.page, self.window) == (other.asset, other.key_id, other.page, other.window)

    def words(self) -> str:
        """The limit as a person reads it."""
        most = (
            f"{self.amount} {'signature' if self.amount == 1 else 'signatures'}"
            if self.asset is None
            else amount_text(self.asset, self.amount)
        )
        whose = "any key of this wallet" if self.key_id is None else "this key"
        page = "" if self.page is None else f", for the site {self.page}"
        return f"{most} {_PERIODS.get(self.window, f'in {self.window} seconds')} with {whose}{page}"


class Threshold(Value, frozen=True, kw_only=True):
    """From this amount of the asset on, the person types it."""

    asset: str
    amount: int
    threshold_id: str = ""

    def words(self) -> str:
        """The threshold as a person reads it."""
        return f"from {amount_text(self.asset, self.amount)} upwards, the amount is typed"


class Limits(Value, frozen=True, kw_only=True):
    """All that a wallet's owner has set."""

    limits: tuple[Limit, ...] = ()
    thresholds: tuple[Threshold, ...] = ()


class Over(Value, frozen=True, kw_only=True):
    """A limit that does not allow a call: ``rule`` for the audit, ``text`` for the caller."""

    rule: str
    text: str


def account_of(key: KeyView) -> str:
    """What tells that two keys are one: their key pair, in whichever form its public key is written, or what has none by its id."""
    public = key.public
    if not public:
        return seed_account(key.key_id)
    return sha256(public[1:33] if len(public) in _SEC1_LENGTHS else public).hexdigest()


def seed_account(key_id: str) -> str:
    """As ``account_of``, of what has no public key, as a seed."""
    return f"key:{key_id}"


def page_of(call: Call) -> str | None:
    """The origin of the web page that a call names."""
    page = getattr(call.params, "page", UNSET)
    origin = getattr(page, "origin", None)
    return origin if isinstance(origin, str) else None


def exceeded(limits: Iterable[Limit], key: KeyView, call: Call, effect: Effect | None, ledger: Ledger, now: int) -> Over | None:
    """The first limit that does not allow a call."""
    for limit, amount in charges(limits, key, call, effect):
        words = limit.words()
        if amount is None:
            uncounted = f"There is a limit of {words}, and how much this signature can move cannot be counted."
            lift = f"To sign it, take the limit away: strongroom limits remove {limit.limit_id}"
            return Over(rule=f"limit: {limit.limit_id}", text=f"{uncounted} {lift}")
        meter = ledger.meters.get(limit.meter)
        if (0 if meter is None else meter.total(now)) + amount > limit.amount:
            free = None if meter is None else meter.free_at(amount, limit.amount, now)
            when = "not at all" if free is None else f"not before {_moment(free)}"
            return Over(rule=f"limit: {limit.limit_id}", text=f"The limit of {words} allows this {when}. {CHANGE}")
    return None


def charges(limits: Iterable[Limit], key: KeyView, call: Call, effect: Effect | None) -> Iterator[tuple[Limit, int | None]]:
    """The limits that a call comes under, with what it takes of each: ``None`` if that cannot be counted."""
    page = page_of(call)
    for limit in limits:
        if not _concerns(limit, key, page) or call.method not in SIGNS:
            continue
        if limit.asset is None:
            yield limit, 1
        elif effect is None:
            if call.method == "sign" and key.alg in _CHAIN_ALGS.get(limit.asset.partition(":")[0], ()):
                yield limit, None
        elif effect.bounded:
            if amount := effect.totals().get(limit.asset, 0):
                yield limit, amount
        elif effect.chain == chain_of(limit.asset) or (effect.chain == _EVERY_CHAIN and limit.asset.startswith("eip155:")):
            yield limit, None


def _concerns(limit: Limit, key: KeyView, page: str | None) -> bool:
    if limit.page is not None and limit.page != page:
        return False
    if limit.key_id is None or limit.key_id in (key.key_id, key.parent):
        return True
    return limit.account == account_of(key) or (limit.seed is not None and limit.seed == key.key_id)


def to_type(thresholds: Iterable[Threshold], effect: Effect | None) -> TypedText | None:
    """What the person is to type: the amount that is sent, in the measure of its asset, if it reaches a threshold. Where more can leave than the
    movements say, it is all of that."""
    totals = effect.totals() if effect is not None else {}
    for threshold in thresholds:
        most = effect.most if effect is not None and threshold.asset == effect.native else 0
        total = max(totals.get(threshold.asset, 0), most)
        if effect is None or total < threshold.amount:
            continue
        sent = most or sum(one.amount for one in effect.movements if one.asset == threshold.asset)
        return _typed(threshold.asset, min(sent or total, HIGHEST), is_amount=bool(sent))
    return None


def _typed(asset: str, amount: int, *, is_amount: bool) -> TypedText:
    number, unit = number_text(asset, amount), unit_of(asset)
    if len(number) > _MOST_DIGITS:
        return TypedText(prompt=say("This lets any amount of {symbol} leave. Type: any", symbol=unit.symbol), expected="any")
    return TypedText(prompt=say(TYPE_AMOUNT if is_amount else TYPE_FEE, symbol=unit.symbol, number=number), expected=number)


def _moment(milliseconds: int) -> str:
    try:
        return in_words(milliseconds)
    except ValueError:
        return "a time that the clock of this computer cannot name"
