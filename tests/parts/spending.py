"""A host in this process over a real keystore, whose clock and caller a test chooses, and whose calls go through policy as a host's do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import convert
from msgspec.structs import replace

from native_host.approval.approver import Verdict
from native_host.approval.authorize import authorize
from native_host.caller.identity import Caller
from native_host.errors import UserRejected
from native_host.operations import grants, limits
from native_host.operations.perform import Operations
from native_host.policy import decide
from native_host.policy.limits import Limit, Limits
from native_host.protocol.approver import GrantOffer, TypedText
from native_host.protocol.methods import METHODS
from native_host.protocol.wire import decode_hook
from native_host.review.subject import Review
from native_host.session import Session
from native_host.transport.jsonrpc import Call
from tests.homes import unlock
from tests.parts.attended import WALLET, Attended

ETH = 10**18
NATIVE = "eip155:1/slip44:60"
GAS, PRICE = 21_000, 10**9
FEE = GAS * PRICE
TO = f"0x{'11' * 20}"
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
TOKEN = f"eip155:1/erc20:{USDC}"
DAY = 86_400
START = 1_790_000_000_000


class Asked:
    """Answers reviews: with a yes, with the offer of that id, or with a no."""

    def __init__(self) -> None:
        self.grant: str | None = None
        self.refuses = False
        self.offers: tuple[GrantOffer, ...] = ()
        self.typed: TypedText | None = None
        self.times = 0

    def review(self, _method: str, _review: Any, _caller: Any, _key: Any, offers: Any, typed: TypedText | None = None) -> Verdict:
        self.times += 1
        self.offers, self.typed = tuple(offers), typed
        if self.refuses:
            raise UserRejected
        return Verdict(grant=self.grant)


class Spender(Attended):
    """``clock``: milliseconds since 1970; ``pairing`` and ``origin``: who asks. ``opened``: whether its keystore is open from the start."""

    def __init__(self, folder: Path, *, opened: bool = True) -> None:
        super().__init__(folder)
        if opened and not self.store.is_unlocked:
            unlock(self.store)
        self.clock = START
        self.origin, self.pairing, self.wallet_id = "chrome-extension://abcdefghijklmnopabcdefghijklmnop/", b"p" * 16, WALLET
        self.asked = Asked()
        self.house = replace(self.house, clock=lambda: self.clock)
        self.operations = Operations(self.house, idle_lock_seconds=600)

    @property
    def session(self) -> Session:
        session = super().session
        return replace(session, caller=Caller(origin=self.origin), pairing=self.pairing, wallet_id=self.wallet_id)

    def key(self, alg: str = "ES256K", **members: Any) -> str:
        key_id: str = self.call("generateKey", alg=alg, **members).key_id
        return key_id

    def ask(self, method: str, **params: Any) -> Any:
        """What a call gives, as a host decides about it; raises what it is refused with."""
        call = Call(id=1, method=method, params=convert(params, METHODS[method].params, dec_hook=decode_hook))
        facts = self.operations.describe(self.session, call)
        decision = decide(self.session, call, facts)
        self.rule = decision.rule
        permit = authorize(
            self.session, call, facts, decision, Review(title="t"), self.session.caller_facts(), self.asked, self.house.grants  # type: ignore[arg-type]
        )  # fmt: skip
        return self.operations.perform(permit)

    def pay(self, key: str, wei: int = 0, *, page: str | None = None, **members: Any) -> bool:
        """A payment; whether the person was asked."""
        before = self.asked.times
        named = {} if page is None else {"page": {"origin": page}}
        chain = members.pop("chain", "eip155:1")
        transaction = {"nonce": "0x0", "gas": hex(GAS), "gasPrice": hex(PRICE), "to": TO, "value": hex(wei), **members}
        self.ask("signTransaction", keyId=key, chain=chain, transaction=transaction, **named)
        return self.asked.times > before

    def send(self, key: str, units: int, token: str = USDC, **members: Any) -> bool:
        """A payment of tokens; whether the person was asked."""
        data = "0xa9059cbb" + TO[2:].rjust(64, "0") + f"{units:064x}"
        return self.pay(key, to=token, input=data, **members)

    def limit(self, *rows: Limit, **members: Any) -> None:
        """Set these limits in place of all others."""
        self.set(Limits(limits=rows, **members))

    def set(self, all_of_them: Limits) -> None:
        with self.store.transaction():
            limits.write(self.store, self.wallet_id, all_of_them)
            self.house.audit.happened("strongroom:person", "limits", "set")

    def keep(self, kept: tuple[Any, ...]) -> None:
        with self.store.transaction():
            grants.write(self.store, self.wallet_id, kept)
            self.house.audit.happened("strongroom:person", "grants", "set")

    def offered(self) -> list[str]:
        return [offer.text for offer in self.asked.offers]
