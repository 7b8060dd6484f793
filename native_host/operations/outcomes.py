"""Request keys: what became of a request is kept for a day, so that an extension that asks again does not have the person asked again.

An outcome is written in the transaction of the signature and its audit entry: after a crash at any moment either all three are there or
none. A wallet's outcomes are documents of the keystore, in a fixed number of groups, so that none grows large; each write leaves out what
is over. In a group that is full the oldest makes room, and its request is then as good as new: whoever is to be asked is asked.

Recorded are results, and refusals after which to ask again would be to ask the person again. A secret is never recorded: ``decrypt``,
``decapsulate`` and ``deriveSecret`` are noted as done, and done once more when they are asked for again, without asking; that is
a further use of the key, is counted as one, and is refused like one if the key may do no more or a rule forbids it by now.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import UNSET, DecodeError, Meta, msgpack
from msgspec.json import Decoder as JsonDecoder
from msgspec.json import Encoder as JsonEncoder

from native_host.errors import Busy, CannotUnseal, DecryptionFailed, InvalidParams, KmsError, Locked, PolicyDenied, UserRejected
from native_host.protocol.methods import METHODS
from native_host.protocol.uses import EncryptParams
from native_host.protocol.wire import decode_hook, encode_hook
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.protocol.wire import Message
    from native_host.session import Session
    from native_host.transport.jsonrpc import Call

KIND = "outcomes"
RULE = "requestKey"
"""What the audit entry names as its rule where another host was faster; where it was known before, the permit does."""
GROUPS = 16
MOST_OUTCOMES, MOST_BYTES = 64, 2 << 20
"""In one group. A reply is never larger than 1 MiB, so that each fits."""
DAY_MS = 24 * 60 * 60 * 1000
SECRETS = frozenset({"decrypt", "decapsulate", "deriveSecret"})
_REFUSALS: dict[str, type[KmsError]] = {one.reason: one for one in (UserRejected, PolicyDenied, DecryptionFailed)}

Recalled = Literal["answer", "again"]


class Outcome(Value, frozen=True, kw_only=True, array_like=True):
    """What became of one request. ``name`` is a keyed hash of its origin and key, ``request`` SHA-256 of its method and params, ``at``
    milliseconds since 1970. With neither ``result`` (JSON) nor ``refused`` (a reason, with its ``text``) it was done, and gave a secret."""

    name: Annotated[bytes, Meta(min_length=16, max_length=16)]
    request: Annotated[bytes, Meta(min_length=32, max_length=32)]
    at: Annotated[int, Meta(ge=0)]
    result: bytes | None = None
    refused: Literal["user_rejected", "policy_denied", "decryption_failed"] | None = None
    text: Annotated[str, Meta(max_length=512)] = ""


Group = Annotated[tuple[Outcome, ...], Meta(max_length=MOST_OUTCOMES)]

_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(Group).decode
_encode_json = JsonEncoder(enc_hook=encode_hook, order="deterministic").encode


def request_key(call: Call) -> str | None:
    """The request key of a call that uses a private key, if it has one."""
    params = call.params
    key = getattr(params, "request_key", UNSET)
    if key is UNSET or (isinstance(params, EncryptParams) and params.sender_key_id is UNSET):
        return None
    return str(key)


def recall(store: KeyStore, session: Session, call: Call) -> Recalled | None:
    """Whether a call has its answer already, or is to be done again without asking; ``None`` if it is new, or has no request key.

    Raises:
        InvalidParams: the same key came with another request.
        Locked, Uninitialized, CannotUnseal
    """
    found = _find(store, session, call)
    if found is None:
        return None
    return "again" if _was_secret(found) else "answer"


def replay(house: House, permit: Permit) -> Message:
    """The recorded answer, with an audit entry of its own; raises the recorded refusal, ``Busy`` if its day has just ended."""
    with house.audit.effect(permit):
        found = _find(house.store, permit.session, permit.call)
        if found is None:
            raise Busy
        return _answer(permit.call, found)


def once(house: House, permit: Permit, act: Callable[[], Message]) -> Message:
    """Do what a permit allows and record it, inside the transaction of its effect; if another host has done it meanwhile, answer that.

    Raises:
        KmsError: what ``act`` raises, or the recorded refusal.
    """
    store, session, call = house.store, permit.session, permit.call
    if request_key(call) is None:
        return act()
    found = _find(store, session, call)
    if found is not None:
        if _was_secret(found):
            return act()
        permit.rule = RULE
        return _answer(call, found)
    try:
        result = act()
    except DecryptionFailed as failed:
        _record(store, session, call, failed, None)
        raise
    _record(store, session, call, None, None if call.method in SECRETS else _encode_json(result))
    return result


def remember_refusal(store: KeyStore, session: Session, call: Call, error: KmsError) -> None:
    """Record that a call was refused after the person was asked, inside a transaction that appends an audit row; of a store that has
    been locked, or changed from outside, nothing is recorded."""
    if request_key(call) is None or error.reason not in _REFUSALS:
        return
    try:
        if _find(store, session, call) is None:
            _record(store, session, call, error, None)
    except (Locked, CannotUnseal, InvalidParams):
        return


def _find(store: KeyStore, session: Session, call: Call) -> Outcome | None:
    if request_key(call) is None:
        return None
    name, at = _name(store, session, call), store.now()
    found = next((one for one in _read(store, session, name) if one.name == name and _is_of_today(one, at)), None)
    if found is not None and found.request != _digest(call):
        raise InvalidParams("This request key belongs to another request. Use a new one for each request.", path="requestKey")
    return found


def _record(store: KeyStore, session: Session, call: Call, error: KmsError | None, result: bytes | None) -> None:
    name, at = _name(store, session, call), store.now()
    made = Outcome(
        name=name,
        request=_digest(call),
        at=at,
        result=result,
        refused=None if error is None else error.reason,  # type: ignore[arg-type]  # only those of ``_REFUSALS`` come here
        text="" if error is None else str(error)[:512],
    )
    kept = [one for one in _read(store, session, name) if one.name != name and _is_of_today(one, at)][1 - MOST_OUTCOMES :]
    # In the order in which they were written, which no clock that was set has a say in.
    while kept and sum(len(one.result or b"") for one in (*kept, made)) > MOST_BYTES:
        del kept[0]
    store.write_document(_encode((*kept, made)), KIND, _group(session, name))


def _read(store: KeyStore, session: Session, name: bytes) -> tuple[Outcome, ...]:
    content = store.document(KIND, _group(session, name))
    if content is None:
        return ()
    try:
        return _decode(content)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        raise CannotUnseal from None


def _name(store: KeyStore, session: Session, call: Call) -> bytes:
    return store.keys.tag(
        "outcome", session.wallet_id, session.caller.origin.encode(), (request_key(call) or "").encode("utf-8", "surrogatepass")
    )


def _group(session: Session, name: bytes) -> bytes:
    return session.wallet_id + bytes((name[0] % GROUPS,))


def _digest(call: Call) -> bytes:
    from msgspec.structs import replace

    return sha256(call.method.encode() + b"\0" + _encode_json(replace(call.params, request_key=UNSET))).digest()


def _is_of_today(outcome: Outcome, at: int) -> bool:
    """A clock that was set back or forward by less than a day changes nothing; by more, the request is as good as new."""
    return abs(at - outcome.at) < DAY_MS


def _was_secret(outcome: Outcome) -> bool:
    return outcome.result is None and outcome.refused is None


def _answer(call: Call, outcome: Outcome) -> Message:
    if outcome.refused is not None:
        raise _REFUSALS[outcome.refused](outcome.text)
    try:
        result: Message = JsonDecoder(METHODS[call.method].result, dec_hook=decode_hook).decode(outcome.result or b"")
    except (DecodeError, UnicodeDecodeError, RecursionError):
        raise CannotUnseal from None
    return result
