"""The audit chain: sealed rows, each hashed over the one before, its head authenticated by a key of the store.

hash = SHA-256(bind(hash before, seq, at, sealing, sealed, record id, record digest)). A row that changes a record
carries the record's new digest in the clear, under the hash; the record's use looks its newest row up. What the store's own
rows (slots, wrapped keys, settings) are is vouched for in the same way, under the name ``VOUCHED``.
While the store is locked, rows are sealed to a public key of the store and follow the authenticated head unauthenticated,
until the next commit of an unlocked host covers them.

A break that the person has accepted stays in the chain as it was found: the row named ``ACCEPTED`` behind it holds a digest over
everything from the break to that row as it stands, so that nothing more can be changed under cover of it.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from native_host.errors import CannotUnseal
from native_host.keystore.sealed import StoreKeys, bind
from native_host.sodium import box_seal
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from sqlite3 import Connection

SEALED_WITH_KEY = 0
SEALED_TO_BOX = 1
HASH_BYTES = 32
GENESIS = bytes(HASH_BYTES)
LAST_SEQ = 2**63 - 1
VOUCHED = b"vouched"
ACCEPTED = b"accepted"
CONTINUED = b"\xc0"
"""What a row says that belongs to the one before it: nothing, in MessagePack."""
OWN_NAMES = frozenset({VOUCHED, ACCEPTED})
"""What a row may be about besides a record, whose id has 16 bytes."""
_MISSHAPEN = (TypeError, AttributeError, ValueError, OverflowError)
"""What comes of a column that holds a value of another type: SQLite keeps whatever somebody wrote there."""
_SELECT = "SELECT seq, at, sealing, sealed, record_id, record_digest, hash FROM audit"


class AuditRow(Value, frozen=True, kw_only=True):
    """One row as it is stored; ``at`` in milliseconds since 1970."""

    seq: int
    at: int
    sealing: int
    sealed: bytes
    record_id: bytes | None
    record_digest: bytes | None
    hash: bytes


class Broken(Value, frozen=True, kw_only=True):
    """What is wrong with a chain: at which row, in plain words. ``name`` is the kind of it; ``good_at`` is when the last row before it,
    that is as it was written, was written, in milliseconds since 1970."""

    seq: int
    text: str
    name: str = "log_edited"
    good_at: int | None = None


class Head(Value, frozen=True, kw_only=True):
    """Where an open store left the chain. ``version`` is how often the store has said outside the file how new it is, ``settled`` the row
    up to which it last did."""

    seq: int
    hash: bytes
    version: int = 0
    settled: int = 0


class Walked(Value, frozen=True, kw_only=True):
    """What a walk over the whole chain found. ``newest`` is the newest digest of everything that a row is about, empty
    if the row is at fault; ``as_it_stands`` is what
    a row named ``ACCEPTED`` has to hold if ``broken`` is accepted now, and ``None`` if no row of the chain is at fault."""

    rows: int
    newest: dict[bytes, bytes]
    broken: Broken | None
    as_it_stands: bytes | None


def begin(connection: Connection, keys: StoreKeys) -> None:
    """Authenticate the empty chain of a new store, so that from then on there is a head whenever there is a store."""
    write_head(connection, keys, Head(seq=0, hash=GENESIS))


def append(
    connection: Connection,
    keys: StoreKeys | None,
    box_public: bytes,
    at: int,
    content: bytes,
    change: tuple[bytes, bytes] | None = None,
    *,
    head: Head | None = None,
    version: int | None = None,
) -> Head | None:
    """Add one row inside the caller's transaction; ``change`` is a record's id and new digest.

    With ``keys``, ``head`` is the authentic one of before, and the new one is returned, of a newer ``version`` if there is one.
    """
    row = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    last = (row[0], _sound(row[1])) if row else (0, GENESIS)
    seq, link = _add(connection, keys or box_public, last, at, content, change)
    return None if keys is None or head is None else _moved(connection, keys, head, seq, link, version)


def follow(
    connection: Connection,
    keys: StoreKeys,
    head: Head,
    at: int,
    content: bytes,
    change: tuple[bytes, bytes] | None = None,
    *,
    version: int | None = None,
) -> Head:
    """As ``append``, where it is known that no row stands behind ``head``."""
    seq, link = _add(connection, keys, (head.seq, head.hash), at, content, change)
    return _moved(connection, keys, head, seq, link, version)


def _add(
    connection: Connection, keys: StoreKeys | bytes, last: tuple[int, bytes], at: int, content: bytes, change: tuple[bytes, bytes] | None
) -> tuple[int, bytes]:
    """The number and hash of a new row behind the ``last``; sealed to a public key where there are no keys."""
    seq = last[0] + 1
    if seq > LAST_SEQ:
        raise CannotUnseal  # Somebody took the last number there is: nothing can be written down any more, and so nothing done.
    if isinstance(keys, bytes):
        sealing, sealed = SEALED_TO_BOX, box_seal(keys, content)
    else:
        sealing, sealed = SEALED_WITH_KEY, keys.seal_audit(seq, at, content)
    record_id, digest = change or (None, None)
    link = _link(last[1], seq, at, sealing, sealed, record_id, digest)
    connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", (seq, at, sealing, sealed, record_id, digest, link))
    return seq, link


def _moved(connection: Connection, keys: StoreKeys, head: Head, seq: int, link: bytes, version: int | None) -> Head:
    new = Head(
        seq=seq,
        hash=link,
        version=head.version if version is None else version,
        settled=head.settled if version is None else seq,
    )
    write_head(connection, keys, new)
    return new


def authentic_head(connection: Connection, keys: StoreKeys) -> Head | None:
    """The head, if only an open store can have written it; ``None`` if not, or if there is none."""
    row = connection.execute("SELECT seq, hash, version, settled, mac FROM head").fetchone()
    if row is None:
        return None
    try:
        head = Head(seq=row[0], hash=row[1], version=row[2], settled=row[3])
        return head if keys.check_mac(row[4], "head", *_head_parts(head)) else None
    except _MISSHAPEN:
        return None


def checked_end(connection: Connection, keys: StoreKeys) -> Head | None:
    """The authentic head, if the chain ends there: its row is there, and rows behind it are such as a locked store writes."""
    head = authentic_head(connection, keys)
    if head is None:
        return None
    row = connection.execute("SELECT hash FROM audit WHERE seq = ?", (head.seq,)).fetchone() if head.seq else (GENESIS,)
    # The hashes need no secret: whoever has the file can go on with them, and must not change a record by that.
    behind = connection.execute("SELECT 1 FROM audit WHERE seq > ? AND record_id IS NOT NULL LIMIT 1", (head.seq,)).fetchone()
    return head if row is not None and row[0] == head.hash and behind is None else None


def write_head(connection: Connection, keys: StoreKeys, head: Head) -> None:
    """Authenticate a head, inside the caller's transaction."""
    mac = keys.mac("head", *_head_parts(head))
    connection.execute(
        "INSERT OR REPLACE INTO head (id, seq, hash, mac, version, settled) VALUES (1, ?, ?, ?, ?, ?)",
        (head.seq, head.hash, mac, head.version, head.settled),
    )


def raised(connection: Connection, keys: StoreKeys, head: Head) -> Head:
    """The authentic head one version newer, inside the caller's transaction, and without a row."""
    new = Head(seq=head.seq, hash=head.hash, version=head.version + 1, settled=head.seq)
    write_head(connection, keys, new)
    return new


def newest_digest(connection: Connection, keys: StoreKeys, record_id: bytes) -> bytes | None:
    """The digest that the newest row about a record names; ``None`` if there is no such row.

    Of a row that an open store did not write as it stands, it is empty, and so no record's: its link does not hold, or it stands
    behind the authenticated head.
    """
    found = connection.execute(
        "SELECT a.seq, a.at, a.sealing, a.sealed, a.record_id, a.record_digest, a.hash, b.hash"
        " FROM audit a LEFT JOIN audit b ON b.seq = a.seq - 1 WHERE a.record_id = ? ORDER BY a.seq DESC LIMIT 1",
        (record_id,),
    ).fetchone()
    if found is None:
        return None
    *row, before = found
    head = authentic_head(connection, keys)
    holds = head is not None and row[0] <= head.seq and row[2] == SEALED_WITH_KEY and _holds(row, _sound(before))
    digest: bytes = row[5]
    return digest if holds else b""


def rows(connection: Connection, *, after: int = 0) -> Iterator[AuditRow]:
    """Every row in order, from the one after ``after``."""
    for row in connection.execute(f"{_SELECT} WHERE seq > ? ORDER BY seq", (after,)):
        seq, at, sealing, sealed, record_id, record_digest, link = row
        yield AuditRow(seq=seq, at=at, sealing=sealing, sealed=sealed, record_id=record_id, record_digest=record_digest, hash=link)


def verify(connection: Connection) -> Broken | None:
    """Walk the whole chain without a secret: every link, no gap, and a head that stands on a row of it."""
    return walk(connection).broken


def walk(connection: Connection, end: Head | None = None) -> Walked:
    """Walk the whole chain without a secret. ``end`` is the head to look for, if it is known better than the file tells it."""
    # One transaction: a host that writes meanwhile would move the head between the two questions.
    connection.execute("SAVEPOINT walk")
    try:
        head = connection.execute("SELECT seq, hash FROM head").fetchone() if end is None else (end.seq, end.hash)
        return _Walk(head).over(connection.execute(f"{_SELECT} ORDER BY seq"))
    finally:
        connection.execute("RELEASE walk")


def stroll(connection: Connection, *, rows: int, rest: Callable[[], None]) -> Broken | None:
    """``verify`` with a ``rest`` after every few ``rows``, and with nothing kept of what they are about."""
    connection.execute("SAVEPOINT walk")
    try:
        head = connection.execute("SELECT seq, hash FROM head").fetchone()
        chain = connection.execute(f"{_SELECT} ORDER BY seq")
        return _Walk(head, remembers=False).over(_resting(chain, rows, rest)).broken
    finally:
        connection.execute("RELEASE walk")


def _resting(chain: Iterable[tuple[Any, ...]], rows: int, rest: Callable[[], None]) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(chain, start=1):
        if number % rows == 0:
            rest()
        yield row


class _Walk:
    """One walk. A row at fault by itself is told from one that only the head shows to be: what is accepted is the first kind."""

    def __init__(self, head: tuple[int, bytes] | None, *, remembers: bool = True) -> None:
        self._remembers = remembers
        self._no_head = head is None
        self._head_seq, self._head_hash = head or (0, GENESIS)
        self._found = self._head_seq == 0 and self._head_hash == GENESIS
        self._fault: Broken | None = None
        self._faulty = sha256()
        self._at_head: Broken | None = None
        self._good_at: int | None = None
        self._newest: dict[bytes, bytes] = {}

    def over(self, chain: Iterable[tuple[Any, ...]]) -> Walked:
        before, expected, count = GENESIS, 1, 0
        for row in chain:
            seq, at, sealing, sealed, record_id, digest, link = row
            count += 1
            try:
                holds = link == _link(before, seq, at, sealing, sealed, record_id, digest)
            except _MISSHAPEN:
                holds = False
            if holds and seq == expected and self._fault is None:
                self._good_at = at
            else:
                self._faulted(row, before, expected, holds=holds)
            if record_id is not None:
                self._about(row, holds=holds)
            if seq == self._head_seq:
                self._meet_head(seq, link)
            before, expected = link if holds else _sound(link), seq + 1
        return self._end(expected, count)

    def _faulted(self, row: tuple[Any, ...], before: Any, expected: int, *, holds: bool) -> None:
        if self._fault is None:
            missing = row[0] != expected
            text = "a row is missing" if missing else "a row, or its place in the chain, was changed"
            self._begin_fault(expected, text, "log_cut" if missing else "log_edited", before)
        elif holds and row[4] == ACCEPTED and row[5] == self._faulty.digest():
            self._fault = None
            return
        self._faulty.update(_exactly(row))

    def _begin_fault(self, seq: int, text: str, name: str, before: Any) -> None:
        self._fault = Broken(seq=seq, text=text, name=name, good_at=self._good_at)
        self._faulty = sha256(_exactly((seq, before)))

    def _about(self, row: tuple[Any, ...], *, holds: bool) -> None:
        seq, _, sealing, _, record_id, digest, link = row
        text, name = "a row speaks of a key and was not written by an open keystore", "log_forged"
        if sealing != SEALED_WITH_KEY:
            if self._fault is None:
                self._begin_fault(seq, text, name, link)
        elif not self._no_head and self._found and seq > self._head_seq:
            self._at_head = self._at_head or Broken(seq=seq, text=text, name=name, good_at=self._good_at)
        elif self._remembers:
            self._newest[record_id] = digest if holds else b""

    def _meet_head(self, seq: int, link: bytes) -> None:
        self._found = True
        if link != self._head_hash:
            self._at_head = Broken(seq=seq, text="the row is not the one that the head names", name="head_changed", good_at=self._good_at)

    def _end(self, expected: int, count: int) -> Walked:
        broken = self._fault or self._at_head
        if broken is None and self._no_head and count:
            text = "the head, which says where the rows end, is missing"
            broken = Broken(seq=expected, text=text, name="head_missing", good_at=self._good_at)
        if broken is None and not self._found:
            broken = Broken(seq=expected, text="the newest rows are missing", name="log_truncated", good_at=self._good_at)
        as_it_stands = None if self._fault is None else self._faulty.digest()
        return Walked(rows=count, newest=self._newest, broken=broken, as_it_stands=as_it_stands)


def _exactly(values: tuple[Any, ...]) -> bytes:
    """Values of any type that SQLite can hold, each told from every other."""
    from msgspec.msgpack import encode

    return encode(values)


def _head_parts(head: Head) -> tuple[bytes, ...]:
    """What the head's MAC covers. Before a store first says outside how new it is, the MAC is what it was in format 1."""
    parts = (head.seq.to_bytes(8, "big"), head.hash)
    if head.version == 0 and head.settled == 0:
        return parts
    return (*parts, head.version.to_bytes(8, "big"), head.settled.to_bytes(8, "big"))


def _sound(link: Any) -> bytes:
    """A row's hash, for the next row to be chained to; the beginning of a chain in place of what is no hash."""
    return link if isinstance(link, bytes) and len(link) == HASH_BYTES else GENESIS


def _holds(row: list[Any], before: bytes) -> bool:
    """Whether a row's hash is over what it says and the hash before."""
    try:
        return bool(row[6] == _link(before, *row[:6]))
    except _MISSHAPEN:
        return False


_PLACE_BYTES = (17).to_bytes(4, "big")
_BEFORE = bind() + HASH_BYTES.to_bytes(4, "big")
_NOTHING_CHANGED = bytes(8)


def _link(before: bytes, seq: int, at: int, sealing: int, sealed: bytes, record_id: bytes | None, digest: bytes | None) -> bytes:
    place = seq.to_bytes(8, "big") + at.to_bytes(8, "big") + bytes((sealing,))
    if record_id is None and digest is None and len(before) == HASH_BYTES:
        # What ``bind`` gives, spelt out: a whole chain is walked at each unlocking, and most rows are of this kind.
        size = len(sealed).to_bytes(4, "big")
        return sha256(b"".join((_BEFORE, before, _PLACE_BYTES, place, size, sealed, _NOTHING_CHANGED))).digest()
    return sha256(bind(before, place, sealed, record_id or b"", digest or b"")).digest()
