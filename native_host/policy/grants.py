"""Grants of payments: what the person allowed a paired extension to pay from one key without asking, up to amounts, for a time. Pure.

Only for what is bounded and plain: coins, and tokens that are listed. A grant for a page rests on the extension's word that the page asks; one
given where no page was named is for calls that name none, so that no page gets what the extension asked for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.language import say, words
from native_host.policy.limits import account_of, page_of
from native_host.protocol.approver import GrantOffer
from native_host.review.assets import HIGHEST, amount_in_words, amount_text, unit_of
from native_host.review.text import visible
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.policy import KeyView
    from native_host.policy.meters import Ledger
    from native_host.review.effect import Effect
    from native_host.session import Session
    from native_host.transport.jsonrpc import Call

METHODS = frozenset({"signTransaction", "signPsbt"})
OFFER = "Also allow payments with this key that {whom} asks for, up to {amounts} a day together, for {hours} hours"
TIMES = {"payments:1": 1, "payments:5": 5}
"""The offers, by how many times the amount that is asked about they allow."""
WINDOW_SECONDS, HOURS = 86_400, 8


class PaymentGrant(Value, frozen=True, kw_only=True):
    """``amounts``: by asset, how much in all within ``window`` seconds, fees with it. ``pairing`` (hex) and ``origin`` are whose it is,
    ``account`` is the key's own pair, ``extension`` is the digest (hex) of its installed copies as it was given. Times in milliseconds.
    """

    grant_id: str
    origin: str
    pairing: str
    key_id: str
    account: str
    method: str
    amounts: dict[str, int]
    window: int
    given_at: int
    expires_at: int
    page: str | None = None
    extension: str = ""

    def meter(self, asset: str) -> str:
        return f"grant:{self.grant_id}:{asset}"

    def covers(self, session: Session, call: Call, key: KeyView, effect: Effect | None) -> bool:
        """Whether it is for such a call, whatever is left of it."""
        return (
            effect is not None
            and is_plain(effect)
            and session.pairing is not None
            and (self.pairing, self.origin) == (session.pairing.hex(), session.caller.origin)
            and (self.key_id, self.account) == (key.key_id, account_of(key))
            and (self.method, self.page) == (call.method, page_of(call))
            and effect.totals().keys() <= self.amounts.keys()
        )

    def has_left(self, effect: Effect, ledger: Ledger, now: int) -> bool:
        """Whether it is in force at that time, and enough of it is left."""
        if not self.given_at <= now < self.expires_at:
            return False
        return all(ledger.total(self.meter(asset), now) + amount <= self.amounts[asset] for asset, amount in effect.totals().items())

    def words(self) -> str:
        """The grant as a person reads it."""
        return f"payments with one key, asked for by {_whom(self.page)}, up to {_amounts(self.amounts)} a day together"


def is_plain(effect: Effect) -> bool:
    """Whether it is a payment of nothing but coins and tokens that are listed."""
    return effect.bounded and bool(effect.movements) and all(unit_of(asset).listed for asset in effect.totals())


def offers(session: Session, call: Call, effect: Effect | None) -> tuple[GrantOffer, ...]:
    """What may be granted with the answer to a call: nothing to whoever is not paired."""
    if session.pairing is None or effect is None or call.method not in METHODS or not is_plain(effect):
        return ()
    page = page_of(call)
    whom = words("this extension") if page is None else say("this site ({page}, as the extension says)", page=visible(page))
    return tuple(
        GrantOffer(id=offer_id, text=say(OFFER, whom=whom, amounts=_in_words(offered(effect, offer_id)), hours=HOURS)) for offer_id in TIMES
    )


def _in_words(amounts: dict[str, int]) -> str:
    texts = [amount_in_words(asset, amount) for asset, amount in amounts.items()]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])}{words(' and ')}{texts[-1]}"


def offered(effect: Effect, offer_id: str) -> dict[str, int]:
    """The amounts of an offer: what is asked about, rounded up to one digit, so many times. Raises ``KeyError`` for what is none."""
    return {asset: min(rounded_up(amount) * TIMES[offer_id], HIGHEST) for asset, amount in effect.totals().items()}


def rounded_up(amount: int) -> int:
    """The next number that has one digit and zeros behind it."""
    place = int("1" + "0" * (len(str(amount)) - 1))
    return -(-amount // place) * place


def _whom(page: str | None) -> str:
    return "this extension" if page is None else f"this site ({visible(page)}, as the extension says)"


def _amounts(amounts: dict[str, int]) -> str:
    texts = [amount_text(asset, amount) for asset, amount in amounts.items()]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
