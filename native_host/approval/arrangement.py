"""In which order a review is shown: the amount and whom it is for at the top, the rest as it came, what nobody reads at a glance last.

Nothing is left out and no text is changed; a fact that is not recognised stands among the rest, in its place. The amount and the recipient
are known by the labels that the reviews of transactions give them (``native_host.review``), never by a value: a value can be the asker's.
An amount of nothing is none: under a call that takes everything it would stand there large, as if that were what happens.
Labels come in the language in use, which is the host's too.
"""

from __future__ import annotations

import re
from typing import Final, Literal, get_args

from native_host.language import words
from native_host.protocol.approver import Fact, FactKind, ReviewAsk
from native_host.value import Value

Role = Literal["amount", "fee", "party", "contract", "plain"]
"""``party``: whoever gets it, or may take it. ``contract``: what is called."""

MONEY_METHODS: Final = frozenset({"signTransaction", "signTypedData", "signPsbt"})
MOST_TITLE_CHARACTERS: Final = 160
_TYPED_DATA: Final = "signTypedData"
_AMOUNTS: Final = (
    "Amount", "Amount of tokens", "Amount sent with the call", "How much", "How much more", "How much less", "Sends", "The Safe sends",
    "The account sends", "Leaves this account in all, without the fee", "The maker gives", "The taker gives", "You give", "You get", "You lose", "You gain",
    "Gives", "Gives at most", "Gets", "Gets at least", "At least",
)  # fmt: skip
_FEES: Final = ("Highest fee", "Fee", "Fee, as the PSBT claims", "Fee of the token, taken off the amount")
_PARTIES: Final = (
    "Recipient", "Recipient, the wallet whose token account it is", "Recipient's token account", "Pay to", "Pay to a script that has no address",
    "Who may take it", "Who may take the tokens", "Who may move them", "Who gets it", "Who gets it (zero: you)", "Who gets that", "New owner",
    "New authority", "Receives them", "What is left goes to", "New account", "Who votes", "contract",
)  # fmt: skip
_CONTRACTS: Final = ("Contract", "Calls", "The Safe calls", "The account calls", "Program")
_OWN: Final = ("Change, back to you", "To another address of your own", "Its path")
"""Outputs of a Bitcoin transaction that stay: the amount after one is not one that leaves."""
_KEY: Final = ("Address", "Derivation path", "Where the key is", "Where the key comes from")
PAGE: Final = "Web page, as the extension claims"
_PAGE: Final = (PAGE, "Its name looks like", "Its letters are")
_PLACE: Final = re.compile(r"(?:\d+\. )*(?:\w+ \d+, )?")
_IN_BRACKETS: Final = re.compile(r" \([^()]*\)$")
_NOTHING: Final = re.compile(r"0(?:\.0+)? [^,]+")
_SYMBOL: Final = re.compile(r": [\w ]+$")

_LONGEST_READ: Final = 66
_MOST_LINES_READ: Final = 4
"""Of bytes a hash with ``0x``, of a list so many lines: more of a transaction's raw data is not what anybody decides by."""

NARROW: Final = "\u202f"
TIED: Final = "\u00a0"
_WHOLE_NUMBER: Final = re.compile(r"(?<![\w.,])[1-9]\d{3,}(?=[\s);:]|\.\d|$)")
_MEASURED: Final = re.compile(r"(?P<number>\d[\d.,\u202f]*) (?P<unit>\S+)")


class Arranged(Value, frozen=True, kw_only=True):
    """``amount`` and ``party`` stand at the top if there is one of each at most: of several, no single one would tell what happens, and all of
    them are in ``money``, in their order. ``page``, ``facts``, ``key`` and ``raw`` hold all others, each fact once."""

    amount: Fact | None = None
    party: Fact | None = None
    money: tuple[tuple[Fact, Role], ...] = ()
    page: tuple[Fact, ...] = ()
    facts: tuple[tuple[Fact, Role], ...] = ()
    key: tuple[Fact, ...] = ()
    raw: tuple[Fact, ...] = ()


def arrange(ask: ReviewAsk) -> Arranged:
    """Sort the facts of a review."""
    about = _length_about_key(ask)
    rest = ask.facts[about:]
    page = set(map(words, _PAGE))
    roles = list(zip(rest, _roles(ask, rest), strict=True))
    amounts = [fact for fact, role in roles if role == "amount" and not _is_nothing(fact)]
    parties = [fact for fact, role in roles if role == "party"] or [fact for fact, role in roles if role == "contract"]
    several = len(amounts) > 1 or len(parties) > 1
    # Among several, what somebody gets nothing of keeps its place beside them.
    money = [one for one in roles if several and one[1] in ("amount", "party", "contract")]
    top = (next(iter(amounts), None), next(iter(parties), None))
    rest_of = [one for one in roles if one not in money and not any(one[0] is fact for fact in top) and one[0].label not in page]
    return Arranged(
        amount=None if several else top[0],
        party=None if several else top[1],
        money=tuple(map(_drawn, money)),
        page=tuple(fact for fact in rest if fact.label in page),
        facts=tuple(_drawn(one) for one in rest_of if not is_raw(ask, one[0])),
        key=tuple(ask.facts[:about]),
        raw=tuple(fact for fact, _ in rest_of if is_raw(ask, fact)),
    )


def addresses(ask: ReviewAsk) -> tuple[Fact, ...]:
    """Every address of a review, the one at the top first."""
    found = [fact for fact in ask.facts if fact.kind == "address" and fact.value]
    arranged = arrange(ask)
    first = (arranged.party, *(fact for fact, role in arranged.money if role == "party"))
    return tuple(sorted(found, key=lambda fact: not any(fact is one for one in first)))


def is_raw(ask: ReviewAsk, fact: Fact) -> bool:
    """Whether a fact of a transaction is shown when it is asked for: long bytes, and long lists. What is signed as a message never is."""
    if ask.method not in MONEY_METHODS or (ask.method == _TYPED_DATA and fact.kind == "message"):
        return False
    if fact.kind == "hex":
        return len(fact.value) > _LONGEST_READ
    return fact.kind == "message" and fact.value.count("\n") >= _MOST_LINES_READ


def with_gaps(text: str) -> str:
    """How an amount is drawn: a narrow gap between thousands, which is neither a point nor a comma, and a number held together with its unit.

    Only gaps are put in, and spaces made unbreakable: ``without_gaps`` gives the text back.
    """
    spaced = _WHOLE_NUMBER.sub(lambda found: _in_thousands(found[0]), text)
    return _MEASURED.sub(rf"\g<number>{TIED}\g<unit>", spaced)


def _in_thousands(digits: str) -> str:
    first = len(digits) % 3 or 3
    return NARROW.join((digits[:first], *(digits[at : at + 3] for at in range(first, len(digits), 3))))


def without_gaps(text: str) -> str:
    """The text as it was before ``with_gaps``."""
    return text.replace(NARROW, "").replace(TIED, " ")


def halves(amount: str) -> tuple[str, str]:
    """An amount as its review wrote it, and what follows in brackets or after a semicolon: its smallest units, what is not bounded."""
    at = min((place for place in (amount.find(" ("), amount.find("; ")) if place > 0), default=len(amount))
    return amount[:at], amount[at:]


def _length_about_key(ask: ReviewAsk) -> int:
    """How many facts at the start are about the key itself."""
    about = set(map(words, _KEY))
    return next((place for place, fact in enumerate(ask.facts) if fact.label not in about), len(ask.facts))


def _roles(ask: ReviewAsk, facts: list[Fact]) -> list[Role]:
    if ask.method not in MONEY_METHODS:
        return ["plain"] * len(facts)
    known = {words(label): role for labels, role in _ROLES for label in labels}
    kept = set(map(words, _OWN))
    roles: list[Role] = []
    own = False
    for fact in facts:
        names = _names_of(fact.label, typed_data=ask.method == _TYPED_DATA)
        role: Role = next((known[name] for name in names if name in known), "plain")
        role = role if fact.kind in _KINDS[role] else "plain"
        own = not kept.isdisjoint(names) or (own and role != "party")
        roles.append("plain" if own and role == "amount" else role)
    return roles


def _drawn(one: tuple[Fact, Role]) -> tuple[Fact, Role]:
    """How a fact is drawn: an amount of nothing not as one."""
    fact, role = one
    return (fact, "plain") if role == "amount" and _is_nothing(fact) else one


def _is_nothing(fact: Fact) -> bool:
    """Whether an amount is zero. Where the number could be which single token is meant, the text says so after a comma."""
    return "), " not in fact.value and _NOTHING.fullmatch(halves(fact.value)[0]) is not None


def _names_of(label: str, *, typed_data: bool) -> list[str]:
    """The label without what stands before and behind the name: a step's number, an output's, a field's path, a token's symbol.

    Of typed data, a label of one word alone can be the name that the asker gave a field, and is none of ours.
    """
    name = _PLACE.sub("", label, count=1)
    names = [name]
    while (shorter := _IN_BRACKETS.sub("", _SYMBOL.sub("", name))) != name:
        name = shorter
        names.append(name)
    return [] if typed_data and names == [label] and " " not in label else names


_ROLES: Final[tuple[tuple[tuple[str, ...], Role], ...]] = (
    (_AMOUNTS, "amount"),
    (_FEES, "fee"),
    (_PARTIES, "party"),
    (_CONTRACTS, "contract"),
)
_KINDS: Final[dict[Role, frozenset[FactKind]]] = {
    "amount": frozenset({"text"}),
    "fee": frozenset({"text"}),
    "party": frozenset({"address", "hex", "text"}),
    "contract": frozenset({"address"}),
    "plain": frozenset(get_args(FactKind)),
}
