"""Pairing an extension with this host, and opening the channel of a pairing: the host's side of the two handshakes.

The host's own static key lies in a file beside the keystore, in the clear, so that a channel opens while the store is locked. Whoever steals
it can pose as the host to an extension, if they can also put themselves between it and its browser; it opens no keystore.

Whoever begins a pairing knows its code as soon as the host has answered, and may leave it there: between an extension that waits with its
own code and the host, a program could begin one after the other until the two codes are the same. So only so many are begun in an hour that
the person has not allowed, by all hosts together; the keystore keeps count, where no program can set it back.
"""

from __future__ import annotations

import os
from stat import S_IMODE, S_ISREG
from typing import TYPE_CHECKING

from msgspec import MsgspecError
from msgspec.msgpack import Decoder, Encoder

from native_host.caller import pairing as agreed
from native_host.encodings.base64url import decode_base64url, encode_base64url
from native_host.errors import (
    BackendUnavailable,
    Busy,
    Cancelled,
    CannotUnseal,
    InvalidParams,
    InvalidRequest,
    NotPaired,
    OriginNotAllowed,
    PolicyDenied,
)
from native_host.language import sentence
from native_host.noise import HandshakeState, KeyPair, NoiseError, generate_key_pair
from native_host.operations.pairings import MOST_OF_AN_ORIGIN, Opened, Pairing, read, write
from native_host.protocol.channel import (
    BeginPairingParams,
    BeginPairingResult,
    FinishPairingParams,
    FinishPairingResult,
    OpenChannelParams,
    OpenChannelResult,
)
from native_host.protocol.wire import Base64Url
from native_host.transport.channel import Channel
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.operations.pairings import Pairings
    from native_host.session import Session

TRIES, TRIES_DOCUMENT, HOUR_MS = 10, "pairingTries", 3_600_000
KEY_FILE = "channel.key"
LONGEST_KEY_FILE = 64

FAILED = (
    "The extension and the host do not know each other's key: one of them was set up anew, or another program is between them."
    " Pair the extension again."
)
UNKNOWN = "The host knows no such pairing of this extension. Pair it again."
NOT_BEGUN = "There is no pairing to finish. Begin one first."
KEY_UNUSABLE = (
    f"The host's key for paired extensions ({KEY_FILE}, beside the keystore) cannot be used: it is damaged, or not yours alone."
    " Remove the file, and pair your extensions again."
)
TOO_MANY = "This extension has too many pairings. Take back what you do not use: strongroom pairings remove"
TOO_OFTEN = "Too many pairings were begun within an hour that you have not allowed. Wait, and see that no other program begins them."
COMPARE = "{origin} asks to be paired. Does the extension show this code now? If you did not begin this there, refuse."
COMPARE_MORE = (
    "Another copy of {origin} asks to be paired; one is paired already. Does the extension show this code now? If you did not begin"
    " this there, refuse."
)

_encode = Encoder().encode
_decode_tries = Decoder(list[int]).decode


class Ready(Value, frozen=True, kw_only=True):
    """A pairing whose handshake is through, and that waits for the person."""

    params: FinishPairingParams
    code: str
    public: bytes


class Handshakes:
    """The handshakes of one port. Used with the house lock held."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._begun: tuple[HandshakeState, bytes] | None = None
        self._ready: Ready | None = None

    def forget(self) -> None:
        """A pairing that was begun ends."""
        self._begun = self._ready = None

    def begin(self, house: House, session: Session, params: BeginPairingParams) -> BeginPairingResult:
        """Answer the first message of a pairing; one that was begun before ends.

        Raises:
            NotPaired: the message is none, or its key of small order.
            InvalidParams: it commits to nothing. ``BackendUnavailable``: the host's key cannot be used.
            Busy: too many were begun. ``CannotUnseal``
        """
        self.forget()
        handshake = HandshakeState("XX", initiator=False, prologue=_prologue(session), static=_own_key(house.store, self._folder))
        try:
            committed = handshake.read_message(params.message)
            if len(committed) != agreed.NONCE_BYTES:
                raise InvalidParams("The message has no commitment of 32 bytes in it.", path="message")
            answer = handshake.write_message(os.urandom(agreed.NONCE_BYTES))
        except NoiseError:
            raise NotPaired(FAILED) from None
        _count_try(house, session.caller.origin)
        self._begun = (handshake, committed)
        return BeginPairingResult(message=Base64Url(answer))

    def read_last(self, params: FinishPairingParams) -> None:
        """Read the last message of the pairing that was begun, before anybody is asked.

        Raises:
            InvalidRequest: none was begun. ``NotPaired``: the message is not its next.
            InvalidParams: it opens another commitment than the first message had.
        """
        begun, self._begun = self._begun, None
        if begun is None:
            raise InvalidRequest(NOT_BEGUN)
        handshake, committed = begun
        try:
            nonce = handshake.read_message(params.message)
        except NoiseError:
            raise NotPaired(FAILED) from None
        if not agreed.is_opened(committed, handshake.remote_static, nonce):
            raise InvalidParams("The message does not open what the pairing was begun with.", path="message")
        self._ready = Ready(params=params, code=agreed.code(handshake.handshake_hash), public=handshake.remote_static)

    def abandon(self, params: FinishPairingParams) -> None:
        """The call was refused."""
        if self._ready is not None and self._ready.params is params:
            self._ready = None

    def finish(self, house: House, permit: Permit, params: FinishPairingParams) -> FinishPairingResult:
        """Have the person compare the code, and keep the pairing.

        Raises:
            UserRejected, Cancelled, BackendUnavailable, PolicyDenied, OriginNotAllowed, CannotUnseal, Locked
        """
        ready, session, store = self._ready, permit.session, house.store
        if ready is None or ready.params is not params:
            raise Cancelled
        more = any(one.origin == session.caller.origin for one in read(store))
        house.approver.compare_code(sentence(COMPARE_MORE if more else COMPARE, origin=session.caller.origin), ready.code)
        # The lock was given back meanwhile.
        if self._ready is not ready:
            raise Cancelled
        self._ready = None
        if store.attachment(session.caller.origin) is None:
            raise OriginNotAllowed
        with house.audit.effect(permit):
            return _keep(house, session, ready)

    def open(self, pairings: Pairings, session: Session, params: OpenChannelParams) -> tuple[OpenChannelResult, Channel, Opened]:
        """Answer the first message of a channel, and the channel that is open from then on.

        Raises:
            NotPaired: there is no such pairing of this origin's, or the message is of another key, origin or browser.
            BackendUnavailable: the host's key cannot be used.
        """
        public, own = pairings.find(session, params.pairing_id), _read_key(self._folder)
        if public is None or own is None:
            raise NotPaired(UNKNOWN)
        handshake = HandshakeState("KK", initiator=False, prologue=_prologue(session), static=own, remote_static=public)
        try:
            handshake.read_message(params.message)
            answer = handshake.write_message()
            send, receive = handshake.split()
        except NoiseError:
            raise NotPaired(FAILED) from None
        finally:
            own.private.wipe()
        opened = Opened(pairing_id=bytes(params.pairing_id), public=public)
        return OpenChannelResult(message=Base64Url(answer)), Channel(send, receive), opened


def _keep(house: House, session: Session, ready: Ready) -> FinishPairingResult:
    known, origin = read(house.store), session.caller.origin
    if sum(one.origin == origin for one in known) >= MOST_OF_AN_ORIGIN:
        raise PolicyDenied(TOO_MANY)
    made = Pairing(
        pairing_id=os.urandom(agreed.PAIRING_ID_BYTES),
        wallet_id=session.wallet_id,
        origin=origin,
        family=session.caller.family or "chromium",
        public=ready.public,
        created_at=house.clock(),
    )
    write(house.store, (*known, made))
    house.store.write_document(b"", TRIES_DOCUMENT, origin.encode())
    return FinishPairingResult(pairing_id=Base64Url(made.pairing_id))


def _count_try(house: House, origin: str) -> None:
    """Count a pairing that is begun; raises ``Busy``."""
    store, name, now = house.store, origin.encode(), house.clock()
    with store.transaction():
        content = store.document(TRIES_DOCUMENT, name)
        try:
            tries = _decode_tries(content) if content else []
        except (MsgspecError, UnicodeDecodeError, RecursionError):
            raise CannotUnseal from None
        # Those of an hour, whichever way the clock was set since.
        tries = [at for at in tries if abs(now - at) < HOUR_MS]
        if len(tries) >= TRIES:
            raise Busy(TOO_OFTEN, retry_after_seconds=(HOUR_MS - abs(now - min(tries))) // 1000 + 1)
        store.write_document(_encode([*tries, now]), TRIES_DOCUMENT, name)
        store.settle()
        house.audit.happened(origin, "beginPairing", "")


def _prologue(session: Session) -> bytes:
    return agreed.prologue(session.caller.origin, session.caller.family or "")


# the host's own key


def _own_key(store: KeyStore, folder: str) -> KeyPair:
    """The host's static key, made if there is none."""
    found = _read_key(folder)
    if found is None:
        with store.transaction():  # in which no other host is: the first one makes it
            found = _read_key(folder) or _make_key(folder)
    return found


def _read_key(folder: str) -> KeyPair | None:
    """The key in the folder; ``None`` if there is none. Raises ``BackendUnavailable`` if it is damaged, or others may read it."""
    try:
        descriptor = os.open(os.path.join(folder, KEY_FILE), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        return None
    except OSError:
        raise BackendUnavailable(KEY_UNUSABLE, detail=KEY_FILE) from None
    try:
        status = os.fstat(descriptor)
        foreign = os.name != "nt" and (status.st_uid != os.getuid() or S_IMODE(status.st_mode) & 0o077)
        if not S_ISREG(status.st_mode) or foreign:
            raise BackendUnavailable(KEY_UNUSABLE, detail=KEY_FILE)
        return KeyPair(bytearray(decode_base64url(os.read(descriptor, LONGEST_KEY_FILE).decode("ascii").removesuffix("\n"))))
    except (ValueError, OSError):
        raise BackendUnavailable(KEY_UNUSABLE, detail=KEY_FILE) from None
    finally:
        os.close(descriptor)


def _make_key(folder: str) -> KeyPair:
    """A new key, whole in its file or not there at all."""
    made = generate_key_pair()
    path = os.path.join(folder, KEY_FILE)
    new = f"{path}.new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(new, flags, 0o600)
    try:
        os.write(descriptor, encode_base64url(made.private.buffer).encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(new, path)
    return made
