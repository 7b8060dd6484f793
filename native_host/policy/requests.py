"""A call as policies see it: who asks, what for, with which key, and what would leave. Made from a live call, or read from a case that is to be tested.

Amounts are Cedar's ``Long``, 64 bits with a sign: of a chain's own coin in gwei (``eip155``), satoshi, lamport; every division is rounded
up. What does not fit is the largest number, so that no "at most" holds for it, and no policy permits such a call at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import UNSET, Meta, UnsetType
from msgspec.json import Encoder

from native_host.protocol.messages import Page
from native_host.protocol.transactions import SignTransactionParams, SignTypedDataParams
from native_host.protocol.uses import DecryptParams, SignMessageParams
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.policy import Facts, KeyView
    from native_host.review.effect import Effect
    from native_host.session import Session
    from native_host.transport.jsonrpc import Call

MOST = (1 << 63) - 1
BILLION = 10**9
SPENDING = frozenset({"signTransaction", "signTypedData", "signPsbt"})
"""What can let something leave. In the schema they are also the members of the action ``spending``."""
WITH_KEY = SPENDING | {
    "sign", "signMessage", "signJws", "decrypt", "decapsulate", "deriveSecret", "wrapKey", "unwrapKey", "deriveKey", "getExtendedPublicKey",
    "updateKey", "rotateKey", "destroyKey",
}  # fmt: skip
"""What is about a key; everything else is about the wallet, and ``encrypt`` about either."""
Amount = Annotated[int, Meta(ge=0, le=MOST)]
Text = Annotated[str, Meta(max_length=1024)]
SECONDS_OF_DAY = 86_400
PERHAPS_UNLIMITED = 1 << 95
"""No allowance below it is one without an end."""


class _Member(Value, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Named as in the schema."""


class Extension(_Member, frozen=True, kw_only=True):
    """Who asks. ``browser`` is the family that the origin belongs to; ``paired``: the call came through the channel of a pairing."""

    origin: Text
    browser: Literal["chromium", "firefox", ""] = "chromium"
    paired: bool = True
    development: bool = False


class Key(_Member, frozen=True, kw_only=True):
    """The key that a call is about: what of it nobody can change. Its name is not here, since the extension gives it."""

    id: Text
    alg: Text = "ES256K"
    usages: tuple[Text, ...] = ()
    address: Text | UnsetType = UNSET
    path: Text | UnsetType = UNSET
    provenance: Text = "generated"
    derived: bool = False
    in_token: bool = False


class Token(_Member, frozen=True, kw_only=True):
    """What leaves of the one asset besides the chain's own coin. ``amount`` is in its smallest unit, ``billions`` in 10⁹ of these, for tokens
    of 18 decimals; the ``spent`` ones are what left in the last 24 hours."""

    asset: Text
    amount: Amount
    billions: Amount | UnsetType = UNSET
    spent_today: Amount = 0
    spent_today_billions: Amount = 0


class Context(_Member, frozen=True, kw_only=True):
    """What a call would do. Times are UTC, ``weekday`` 1 is Monday. From ``chain`` on: of calls by which something can leave."""

    time: Amount = 0
    hour: Annotated[int, Meta(ge=0, le=23)] = 0
    weekday: Annotated[int, Meta(ge=1, le=7)] = 4
    page: Text | UnsetType = UNSET
    format: Text | UnsetType = UNSET
    authenticated: bool | UnsetType = UNSET
    chain: Text | UnsetType = UNSET
    bounded: bool | UnsetType = UNSET
    recipients: tuple[Text, ...] | UnsetType = UNSET
    assets: tuple[Text, ...] | UnsetType = UNSET
    value: Amount | UnsetType = UNSET
    fee: Amount | UnsetType = UNSET
    total: Amount | UnsetType = UNSET
    spent_today: Amount | UnsetType = UNSET
    token: Token | UnsetType = UNSET
    selector: Text | UnsetType = UNSET
    unlimited_approval: bool | UnsetType = UNSET


class Request(_Member, frozen=True, kw_only=True):
    """One question to the policies. ``wallet`` is the keyring's name; ``fits``: every amount is small enough to be counted."""

    principal: Extension
    action: Text
    wallet: Text = "main"
    key: Key | None = None
    context: Context = Context()
    fits: bool = True


def request_of(session: Session, call: Call, facts: Facts, now_ms: int) -> Request:
    """The call as policies see it."""
    page = getattr(call.params, "page", UNSET)
    about = call.method in WITH_KEY or call.method == "encrypt"
    known = about_time(now_ms // 1000) | ({"page": page.origin} if isinstance(page, Page) else {})
    fits = True
    if call.method in SPENDING:
        leaving, fits = about_leaving(facts.effect, facts.spent, chain=_chain_named(call))
        known |= leaving
    elif isinstance(call.params, SignMessageParams):
        known["format"] = call.params.format
    elif isinstance(call.params, DecryptParams):
        known["authenticated"] = facts.key is not None and "unauthenticated" not in facts.key.labels
    return Request(
        principal=Extension(
            origin=session.caller.origin,
            browser=session.caller.family or "",
            paired=session.pairing is not None,
            development=session.development,
        ),
        action=call.method,
        wallet=session.wallet,
        key=key_of(facts.key) if about and facts.key is not None else None,
        context=Context(**known),  # type: ignore[arg-type]  # each member is its own type's
        fits=fits,
    )


def key_of(view: KeyView) -> Key:
    """A key as policies see it."""
    return Key(
        id=view.key_id,
        alg=view.alg,
        usages=view.usages,
        address=view.address or UNSET,
        path=view.path or UNSET,
        provenance=view.provenance,
        derived=view.derived,
        in_token=view.backend != "local",
    )


def about_time(seconds: int) -> dict[str, object]:
    """The members of a context that tell the time, in seconds since 1970."""
    seconds = min(max(0, seconds), MOST)
    # 1970 began with a Thursday.
    return {"time": seconds, "hour": seconds % SECONDS_OF_DAY // 3600, "weekday": (seconds // SECONDS_OF_DAY + 3) % 7 + 1}


def about_leaving(effect: Effect | None, spent: dict[str, int], *, chain: str) -> tuple[dict[str, object], bool]:
    """The members of a context that tell what leaves, and whether all of it fits into them. Without an effect nothing is known of it."""
    if effect is None:
        nothing: dict[str, object] = dict.fromkeys(("value", "fee", "total", "spent_today"), 0)
        return nothing | {"chain": chain, "bounded": False, "recipients": (), "assets": (), "unlimited_approval": False}, True
    unit = unit_of(effect.chain)
    moved: dict[str, int] = {}
    for one in effect.movements:
        moved[one.asset] = moved.get(one.asset, 0) + one.amount
    coin = moved.pop(effect.native, 0)
    numbers = {"value": coin, "fee": effect.fee, "total": coin + effect.fee, "spent_today": spent.get(effect.native, 0)}
    known: dict[str, object] = {name: _long(amount, unit) for name, amount in numbers.items()}
    known |= {
        "chain": effect.chain,
        "bounded": effect.bounded,
        "recipients": tuple(dict.fromkeys(one.recipient for one in effect.movements)),
        "assets": (*((effect.native,) if coin else ()), *moved),
        "unlimited_approval": any(amount >= PERHAPS_UNLIMITED and _is_unlimited(amount) for amount in moved.values()),
    }
    if effect.selector is not None:
        known["selector"] = effect.selector
    if len(moved) == 1:
        ((asset, amount),) = moved.items()
        known["token"] = token_of(asset, amount, spent.get(asset, 0))
    largest = max(-(-numbers["total"] // unit), *(-(-amount // BILLION) for amount in (0, *moved.values())))
    return known, largest < MOST


def token_of(asset: str, amount: int, spent: int) -> Token:
    """An asset besides the chain's own coin, and what leaves of it."""
    return Token(
        asset=asset,
        amount=_long(amount, 1),
        billions=_long(amount, BILLION),
        spent_today=_long(spent, 1),
        spent_today_billions=_long(spent, BILLION),
    )


def unit_of(chain: str) -> int:
    """In how many of the smallest units a chain's own coin is counted."""
    return BILLION if chain.startswith("eip155:") else 1


def why_never_permitted(request: Request) -> str | None:
    """Why no policy can allow this without the person, whatever it says; ``None`` if one can.

    What a grant may cover, a policy may; not a raw ``sign``, whose bytes nobody reads. Of what lets something leave, only what is known to
    let nothing else leave.
    """
    context = request.context
    if not request.principal.paired:
        return "the call did not come through the channel of a pairing, so anybody may have sent it"
    if request.action in SPENDING:
        if context.bounded is not True:
            return "it cannot be told how much can leave by this signature"
        return None if request.fits else "more would leave than can be counted"
    if request.action == "decrypt" and context.authenticated is not True:
        return "nothing authenticates what is to be decrypted"
    return None if request.action in {"signMessage", "decrypt"} else "only a person decides about this"


_encode = Encoder().encode


def entities(request: Request) -> str:
    """The entities of a request, as Cedar's JSON."""
    principal, key = request.principal, request.key
    keyring = {"type": "Keyring", "id": request.wallet}
    groups = [{"type": "Action", "id": "spending"}] if request.action in SPENDING else []
    found: list[dict[str, object]] = [
        {"uid": {"type": "Extension", "id": principal.origin}, "attrs": principal, "parents": []},
        {"uid": {"type": "Action", "id": request.action}, "attrs": {}, "parents": groups},
        {"uid": keyring, "attrs": {}, "parents": []},
    ]
    if key is not None:
        found.append({"uid": {"type": "Key", "id": key.id}, "attrs": key, "parents": [keyring]})
    return _encode(found).decode()


def question(request: Request) -> dict[str, object]:
    """A request in cedarpy's form."""
    key = request.key
    return {
        "principal": {"type": "Extension", "id": request.principal.origin},
        "action": {"type": "Action", "id": request.action},
        "resource": {"type": "Key", "id": key.id} if key is not None else {"type": "Keyring", "id": request.wallet},
        "context": _encode(request.context).decode(),
    }


def _long(amount: int, unit: int) -> int:
    return min(-(-amount // unit), MOST)


def _is_unlimited(amount: int) -> bool:
    from native_host.review.evm_values import is_unlimited

    return is_unlimited(amount, 256)


def _chain_named(call: Call) -> str:
    """The chain that the call itself names, where nothing is known of its effect."""
    params = call.params
    if isinstance(params, SignTransactionParams):
        return params.chain
    if isinstance(params, SignTypedDataParams) and params.typed_data.domain.chain_id is not UNSET:
        return f"eip155:{params.typed_data.domain.chain_id}"
    return ""
