"""Outcomes by request key: a day by whatever clock, a bounded number of bounded groups, and nothing that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from msgspec import structs

from native_host.approval.permit import Permit
from native_host.caller.identity import Caller
from native_host.errors import BackendUnavailable, CannotUnseal, InvalidParams, Locked, PolicyDenied, UserRejected
from native_host.keystore import documents
from native_host.keystore.store import KeyStore
from native_host.operations import outcomes
from native_host.policy import Facts
from native_host.protocol.messages import PublicKeyJwk
from native_host.protocol.uses import DeriveSecretParams, SecretResult, SignJwsParams, SignParams, SignResult
from native_host.protocol.wire import Base64Url
from native_host.session import Session
from native_host.transport.jsonrpc import Call
from tests.homes import set_up

HOUR = 60 * 60 * 1000
START = 1_800_000_000_000
SESSION = Session(
    caller=Caller(origin="chrome-extension://x/"),
    wallet_id=b"w" * 16,
    wallet="main",
    development=False,
    state="unlocked",
    greeted=True,
    unattended=False,
)
CALL = Call(id=1, method="sign", params=SignParams(key_id="k", data=Base64Url(b"data"), request_key="r"))


class Kept:
    """A store whose clock is set by hand, and what is done in it."""

    def __init__(self, path: Path) -> None:
        self.now = START
        self.store = KeyStore(str(path), lambda: self.now)
        set_up(self.store)
        self.store.connection.execute("PRAGMA synchronous = OFF")
        self.done = 0

    def ask(self, call: Call = CALL, session: Session = SESSION, size: int = 8) -> bytes:
        """The signature under a call's request key: a new one, whose first byte counts, if it was not made before."""

        def act() -> SignResult:
            self.done += 1
            return SignResult(signature=Base64Url(self.done.to_bytes(2, "big") + bytes(size)), alg="x")

        permit = Permit(session=session, call=call, facts=Facts(), approved_by="person", rule="x")
        house = cast("Any", SimpleNamespace(store=self.store))
        with self.store.transaction():
            result = cast("SignResult", outcomes.once(house, permit, act))
            self.store.append_audit(b"")
        return bytes(result.signature)

    def groups(self) -> list[bytes]:
        return [documents.read(self.store.connection, self.store.keys, one) or b"" for one, _ in documents.digests(self.store.connection)]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path / "keystore.db")
    yield kept
    kept.store.close()


def under(key: str) -> Call:
    return structs.replace(CALL, params=structs.replace(cast("SignParams", CALL.params), request_key=key))


@pytest.mark.parametrize(
    ("hours", "again"),
    [(0, False), (23.99, False), (24, True), (400, True), (-1, False), (-23.99, False), (-24, True), (-20_000, True)],
)
def test_a_day_by_the_clock(kept: Kept, hours: float, *, again: bool) -> None:
    """Set forward or back by less than a day, it is known; by more it is as good as new, and does not stay for years."""
    first = kept.ask()
    kept.now += int(hours * HOUR)
    assert ("answer" if not again else None) == outcomes.recall(kept.store, SESSION, CALL)
    assert (first != kept.ask()) == again
    assert "answer" == outcomes.recall(kept.store, SESSION, CALL)


def test_a_clock_from_the_future_pushes_nothing_out(kept: Kept) -> None:
    """What was written under a clock that was set forward and back again makes room for what comes."""
    kept.now += 12 * HOUR
    for number in range(outcomes.GROUPS * outcomes.MOST_OUTCOMES):
        kept.ask(under(f"future {number}"))
    kept.now -= 12 * HOUR
    first = kept.ask()
    assert first == kept.ask()


def test_a_wallet_keeps_so_many(kept: Kept) -> None:
    """The oldest of a group makes room; no group grows past its bound, and there are never more groups."""
    answers = [kept.ask(under(str(number))) for number in range(1500)]
    counts = [len(msgspec.msgpack.decode(group)) for group in kept.groups()]
    assert (outcomes.GROUPS, outcomes.MOST_OUTCOMES) == (len(counts), max(counts))
    newest = range(1500 - outcomes.MOST_OUTCOMES, 1500)
    assert [answers[number] for number in newest] == [kept.ask(under(str(number))) for number in newest]
    assert outcomes.recall(kept.store, SESSION, under("0")) is None


def test_a_wallet_keeps_so_much(kept: Kept) -> None:
    """By size as well as by number; the newest stays, however large a reply may be."""
    for number in range(60):
        kept.ask(under(str(number)), size=700_000)
    assert max(len(group) for group in kept.groups()) < outcomes.MOST_BYTES + 100_000
    assert "answer" == outcomes.recall(kept.store, SESSION, under("59"))


def test_what_is_over_is_left_out_at_the_next_write(kept: Kept) -> None:
    for number in range(200):
        kept.ask(under(str(number)))
    kept.now += 25 * HOUR
    for number in range(200, 400):
        kept.ask(under(str(number)))
    assert 200 == sum(len(msgspec.msgpack.decode(group)) for group in kept.groups())


def test_another_wallet_and_another_origin(kept: Kept) -> None:
    """Each has its own, also under the same key."""
    elsewhere = structs.replace(SESSION, wallet_id=b"v" * 16)
    other = structs.replace(SESSION, caller=Caller(origin="chrome-extension://y/"))
    assert 3 == len({kept.ask(session=one) for one in (SESSION, elsewhere, other)})
    assert 3 == len({kept.ask(session=one) for one in (SESSION, elsewhere, other)})
    assert 3 == kept.done


def test_the_order_of_members_is_no_difference(kept: Kept) -> None:
    """An extension that was started again may write an object in another order."""
    first, second = (
        Call(id=1, method="signJws", params=SignJwsParams(key_id="k", payload=Base64Url(b""), header=header, request_key="j"))
        for header in ({"kid": "a", "typ": "b"}, {"typ": "b", "kid": "a"})
    )
    kept.ask(first)
    assert "answer" == outcomes.recall(kept.store, SESSION, second)


def test_the_gate_between_two_hosts(kept: Kept) -> None:
    """Both were allowed; only the first acts, and the entry of the other says why it did not."""
    permit = Permit(session=SESSION, call=CALL, facts=Facts(), approved_by="person", rule="x")
    first = kept.ask()
    with kept.store.transaction():
        answer = cast(
            "SignResult", outcomes.once(cast("Any", SimpleNamespace(store=kept.store)), permit, lambda: pytest.fail("signed twice"))
        )
        kept.store.append_audit(b"")
    assert (first, "requestKey") == (bytes(answer.signature), permit.rule)


@pytest.mark.parametrize(("error", "recorded"), [(UserRejected(), True), (PolicyDenied("A limit."), True), (Locked(), False),
                                                 (BackendUnavailable(detail="x"), False)])  # fmt: skip
def test_which_refusals_are_recorded(kept: Kept, error: Any, *, recorded: bool) -> None:
    """Those after which to ask again would be to ask the person again."""
    with kept.store.transaction():
        outcomes.remember_refusal(kept.store, SESSION, CALL, error)
        kept.store.append_audit(b"")
    assert ("answer" if recorded else None) == outcomes.recall(kept.store, SESSION, CALL)
    if recorded:
        with pytest.raises(type(error), match=str(error)), kept.store.transaction():
            kept.ask()


def test_a_refusal_does_not_undo_an_answer(kept: Kept) -> None:
    first = kept.ask()
    with kept.store.transaction():
        outcomes.remember_refusal(kept.store, SESSION, CALL, UserRejected())
        kept.store.append_audit(b"")
    assert first == kept.ask()


def test_a_secret_is_only_said_to_be_done(kept: Kept) -> None:
    """Asked for again it is done again."""
    jwk = PublicKeyJwk(kty="OKP", crv="X25519", x=Base64Url(bytes(32)))
    call = Call(id=1, method="deriveSecret", params=DeriveSecretParams(key_id="k", public_key_jwk=jwk, request_key="r"))
    permit = Permit(session=SESSION, call=call, facts=Facts(), approved_by="person", rule="x")
    for _ in range(2):
        with kept.store.transaction():
            outcomes.once(cast("Any", SimpleNamespace(store=kept.store)), permit, lambda: SecretResult(secret=Base64Url(b"SECRETSECRET")))
            kept.store.append_audit(b"")
        assert "again" == outcomes.recall(kept.store, SESSION, call)
    assert not any(b"SECRET" in group or b"U0VDUkVU" in group for group in kept.groups())


REACHED = {
    "no msgpack": b"\xc1",
    "nothing": b"",
    "another shape": msgspec.msgpack.encode({"a": 1}),
    "too many": msgspec.msgpack.encode([[b"n" * 16, b"r" * 32, 1, b"{}", None, ""]] * 65),
    "a short name": msgspec.msgpack.encode([[b"n", b"r" * 32, 1, b"{}", None, ""]]),
    "a time before 1970": msgspec.msgpack.encode([[b"n" * 16, b"r" * 32, -1, b"{}", None, ""]]),
    "an unknown refusal": msgspec.msgpack.encode([[b"n" * 16, b"r" * 32, 1, None, "locked", ""]]),
    "text that is no text": b"\x91\x96\xc4\x10" + b"n" * 16 + b"\xc4\x20" + b"r" * 32 + b"\x01\xc0\xc0\xa1\xff",
    "nested without end": b"\x91" * 100_000,
}


@pytest.mark.parametrize("content", REACHED.values(), ids=REACHED.keys())
def test_what_cannot_be_read_is_refused(kept: Kept, content: bytes) -> None:
    """And never taken for none."""
    kept.ask()
    name = outcomes._name(kept.store, SESSION, CALL)
    with kept.store.transaction():
        kept.store.write_document(content, outcomes.KIND, outcomes._group(SESSION, name))
        kept.store.append_audit(b"")
    with pytest.raises(CannotUnseal):
        outcomes.recall(kept.store, SESSION, CALL)


def test_a_result_that_is_none_of_the_method(kept: Kept) -> None:
    """As a later version may have written it."""
    name = outcomes._name(kept.store, SESSION, CALL)
    with kept.store.transaction():
        made = outcomes.Outcome(name=name, request=outcomes._digest(CALL), at=START, result=b'{"other":1}')
        kept.store.write_document(msgspec.msgpack.encode((made,)), outcomes.KIND, outcomes._group(SESSION, name))
        kept.store.append_audit(b"")
    with pytest.raises(CannotUnseal):
        kept.ask()


def test_another_request_is_told_apart_from_tampering(kept: Kept) -> None:
    kept.ask()
    other = structs.replace(CALL, params=structs.replace(cast("SignParams", CALL.params), data=Base64Url(b"other")))
    with pytest.raises(InvalidParams) as caught:
        outcomes.recall(kept.store, SESSION, other)
    assert "requestKey" == caught.value.path
