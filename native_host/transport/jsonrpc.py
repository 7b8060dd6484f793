"""JSON-RPC 2.0 as protocol section 2 narrows it: frame bodies to calls, replies to frame bodies. Pure.

A body is decoded twice, the envelope first and the params of the method's own type second, so that every kind of error has
its own code and the reply to a call still has the call's id. Of a member given twice the last counts; this is the only decoder,
so no two can disagree about one frame. Members of the envelope that JSON-RPC does not have are refused, as those of params are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from msgspec import DecodeError, Meta, Raw, ValidationError, convert
from msgspec.json import Decoder, Encoder

from native_host.errors import Busy, InvalidParams, InvalidRequest, KmsError, MethodNotFound, ParseError, TooLarge, Unsupported
from native_host.protocol.messages import CancelParams, Event
from native_host.protocol.methods import METHODS, Method
from native_host.protocol.wire import Message, decode_hook, encode_hook
from native_host.transport.limits import BATCH, RESPONSE_BYTES, WAITING, Oversize
from native_host.value import Value

CallId = Annotated[int, Meta(ge=0, le=2**53 - 1)] | Annotated[str, Meta(min_length=1, max_length=64)]

_PATH_CHARACTERS = 200
_NAME_CHARACTERS = 64
_MEMBERS = frozenset({"jsonrpc", "id", "method", "params"})


class Call(Value, frozen=True, kw_only=True):
    """A request whose form is right: ``method`` is an available row of ``METHODS``, ``params`` of that row's type."""

    id: CallId
    method: str
    params: Message


class Cancel(Value, frozen=True, kw_only=True):
    """The one notification that the host knows; ``id`` names the call to withdraw."""

    id: CallId


class Refusal(Value, frozen=True, kw_only=True):
    """A request that is answered with an error at once; ``id`` is ``None`` if it cannot be read or would be ambiguous.

    ``method`` is the row of ``METHODS`` that was asked for, if it got that far.
    """

    id: CallId | None
    error: KmsError
    method: str | None = None


class Parsed(Value, frozen=True, kw_only=True):
    """What one frame asks for, in order; notifications that the host does not know are left out.

    The replies of a batch go into one array; if there are none, nothing is sent.
    """

    items: tuple[Call | Cancel | Refusal, ...]
    batch: bool = False


class _Result(Value, frozen=True, kw_only=True):
    jsonrpc: Literal["2.0"] = "2.0"
    id: CallId
    result: Message


class _ErrorObject(Value, frozen=True, kw_only=True):
    code: int
    message: str
    data: dict[str, str | int]


class _Error(Value, frozen=True, kw_only=True):
    jsonrpc: Literal["2.0"] = "2.0"
    id: CallId | None
    error: _ErrorObject


class _EventNotification(Value, frozen=True, kw_only=True):
    jsonrpc: Literal["2.0"] = "2.0"
    method: Literal["event"] = "event"
    params: Event


_encode = Encoder(enc_hook=encode_hook).encode
_decode_batch = Decoder(list[Raw]).decode
_decode_envelope = Decoder(dict[str, Raw]).decode
_decode_id: Callable[[Raw], CallId] = Decoder(CallId).decode
_decode_text = Decoder(str).decode
_decode_anything = Decoder().decode
_decode_cancel = Decoder(CancelParams).decode
_params_decoders: dict[str, Decoder[Message]] = {}


def parse_frame(body: bytes | Oversize) -> Parsed:
    """What the frame asks for. Never raises for what a peer can send: what is wrong comes back as refusals."""
    if isinstance(body, Oversize):
        return Parsed(items=(Refusal(id=None, error=TooLarge()),))
    try:
        if not body.isascii():
            body.decode()  # msgspec skips what it need not read without looking at its UTF-8
        if body.lstrip(b" \t\r\n")[:1] == b"[":
            return _parse_batch(_decode_batch(body))
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return Parsed(items=(Refusal(id=None, error=ParseError()),))
    item = _parse_member(body)
    return Parsed(items=(item,) if item else ())


def _parse_batch(members: list[Raw]) -> Parsed:
    if not members:
        return Parsed(items=(Refusal(id=None, error=InvalidRequest("The batch is empty.")),))
    if len(members) > BATCH:
        return Parsed(items=(Refusal(id=None, error=TooLarge()),))
    items: list[Call | Cancel | Refusal] = []
    ids: set[CallId] = set()
    for member in members:
        item = _parse_member(member)
        if isinstance(item, Call | Refusal):
            if item.id in ids:
                item = _ambiguous()
            elif item.id is not None:
                ids.add(item.id)
        if item:
            items.append(item)
    return Parsed(items=tuple(items), batch=True)


def _parse_member(body: bytes | Raw) -> Call | Cancel | Refusal | None:
    """One request or notification; ``None`` for a notification that the host does not know."""
    call_id: CallId | None = None
    method: str | None = None
    try:
        members = _envelope(body)
        if "id" in members:
            call_id = _parse_id(members["id"])
        method, params = _judge(members)
        if call_id is None:
            return _notification(method, params)
        return Call(id=call_id, method=method, params=_parse_params(method, params))
    except KmsError as error:
        return Refusal(id=call_id, error=error, method=method if method in METHODS else None)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return Refusal(id=call_id, error=ParseError())


def _envelope(body: bytes | Raw) -> dict[str, Raw]:
    try:
        return _decode_envelope(body)
    except ValidationError:
        raise InvalidRequest from None


def _parse_id(raw: Raw) -> CallId:
    try:
        return _decode_id(raw)
    except ValidationError:
        raise InvalidRequest("The id is not a whole number from 0 to 2^53 - 1 or a text of 1 to 64 characters.") from None


def _judge(members: dict[str, Raw]) -> tuple[str, Raw]:
    """The method and the params, which are an object, of an envelope that is a request or a notification."""
    try:
        version, method = _decode_text(members["jsonrpc"]), _decode_text(members["method"])
    except (KeyError, ValidationError):
        raise InvalidRequest from None
    params = members.get("params", _NO_PARAMS)
    if version != "2.0" or not members.keys() <= _MEMBERS or bytes(memoryview(params)[:1]) != b"{":
        raise InvalidRequest
    return method, params


_NO_PARAMS = Raw(b"{}")


def _notification(method: str, params: Raw) -> Cancel | None:
    """Nobody waits for an answer to a notification, so what is wrong with its params is dropped with it."""
    if method != "cancel":
        return None
    try:
        return Cancel(id=_decode_cancel(params).id)
    except (DecodeError, RecursionError):
        return None


def _parse_params(method: str, raw: Raw) -> Message:
    row = METHODS.get(method)
    if row is None:
        raise MethodNotFound
    if not row.available:
        raise Unsupported(detail=row.name)
    try:
        return _params_decoder(row).decode(raw)
    except ValidationError as error:
        return _parse_params_again(row, raw, str(error))


def _params_decoder(row: Method) -> Decoder[Message]:
    """Made at a method's first call: making all of them would be felt at the start."""
    decoder = _params_decoders.get(row.name)
    if decoder is None:
        decoder = _params_decoders[row.name] = Decoder(row.params, dec_hook=decode_hook)
    return decoder


def _parse_params_again(row: Method, raw: Raw, complaint: str) -> Message:
    """The decoder judges both of a member given twice, and only the last counts: judge what is left when all is read."""
    try:
        params: Message = convert(_decode_anything(raw), row.params, dec_hook=decode_hook)
    except ValidationError:
        raise InvalidParams(path=_path(complaint)) from None
    return params


def _path(complaint: str) -> str:
    """The dotted path of the member that msgspec complains about: ``client.name``, ``protocol.0``; empty for the params themselves.

    The complaint may quote the caller: of that, only a name that could be a member's is repeated.
    """
    text, found, place = complaint.rpartition(" - at `$")
    if not found:
        text, place = complaint, ""
    names = place.rstrip("`").replace("[", ".").replace("]", "").split(".")
    # The last is what a type's own check says.
    for start in ("Object missing required field `", "Object contains unknown field `", "Wrong member `"):
        if text.startswith(start):
            names.append(text.removeprefix(start).rstrip("`"))
    sane = [name for name in names if name.isascii() and len(name) <= _NAME_CHARACTERS and (name.isidentifier() or name.isdecimal())]
    return ".".join(sane)[:_PATH_CHARACTERS]


def _ambiguous() -> Refusal:
    return Refusal(id=None, error=InvalidRequest("The id belongs to a call that is not answered yet."))


class InFlight:
    """The ids of the calls that are not answered yet. Not locked: its owner holds one lock around it."""

    def __init__(self) -> None:
        self._ids: set[CallId] = set()

    def admit(self, item: Call | Refusal) -> Call | Refusal:
        """``item`` itself, from now on in flight if it is a call; or the refusal that is to be answered in its place."""
        if item.id in self._ids:
            return _ambiguous()
        if isinstance(item, Refusal):
            return item
        if len(self._ids) >= WAITING:
            return Refusal(id=item.id, error=Busy())
        self._ids.add(item.id)
        return item

    def answered(self, call_id: CallId) -> None:
        """The id may be used again."""
        self._ids.discard(call_id)


def encode_result(call_id: CallId, result: Message) -> bytes:
    """The reply to a call; ``too_large`` if it would not fit into a frame."""
    body = _encode(_Result(id=call_id, result=result))
    return body if len(body) <= RESPONSE_BYTES else encode_error(call_id, TooLarge())


def encode_error(call_id: CallId | None, error: KmsError) -> bytes:
    """The reply to a call that is refused."""
    return _encode(_Error(id=call_id, error=_ErrorObject(code=error.code, message=str(error), data=error.data())))


def encode_event(event: Event) -> bytes:
    """A notification of the host."""
    return _encode(_EventNotification(params=event))


def encode_batch(replies: Sequence[tuple[CallId | None, bytes]], limit: int = RESPONSE_BYTES) -> bytes:
    """One array of the encoded replies, each given with its id; those that do not fit are replaced by ``too_large``."""
    bodies = [body for _, body in replies]
    if sum(map(len, bodies)) + len(bodies) + 1 > limit:
        bodies = _fitting(replies, limit)
    return b"[" + b",".join(bodies) + b"]"


def _fitting(replies: Sequence[tuple[CallId | None, bytes]], limit: int) -> list[bytes]:
    """Room for every reply's ``too_large`` is set aside first, so that the array fits whatever comes last."""
    errors = [encode_error(call_id, TooLarge()) for call_id, _ in replies]
    room = limit - sum(map(len, errors)) - len(errors) - 1
    bodies: list[bytes] = []
    for (_, body), error in zip(replies, errors, strict=True):
        more = len(body) - len(error)
        if more > room:
            bodies.append(error)
        else:
            bodies.append(body)
            room -= more
    return bodies
