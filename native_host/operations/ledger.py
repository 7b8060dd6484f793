"""What was spent, kept in the keystore: under limits and grants, and by each key pair in the last day.

Documents of a wallet: ``ledger`` has what was spent under limits and grants, ``spent`` by key pair what left it in the last day. That is told
as limits count: of a seed with what left the keys that are derived from it, of such a key with what its seed itself has signed for. A charge
stands in the transaction of the signature, so that hosts which share the store cannot together exceed what none of them may; it raises the
version that the counter outside the file holds, so that an older copy of the file does not bring back what was spent.

The documents are JSON: MessagePack has no numbers above 64 bits. What cannot be read refuses every signature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import MsgspecError
from msgspec.json import Decoder, Encoder

from native_host.errors import CannotUnseal
from native_host.policy.limits import account_of, seed_account
from native_host.policy.meters import Ledger
from native_host.review.assets import HIGHEST, unit_of

if TYPE_CHECKING:
    from native_host.keystore.store import KeyStore
    from native_host.policy import KeyView
    from native_host.review.effect import Effect

DAY_MS = 86_400_000
BELOW = "below:"
"""Before an asset that left a key which is derived from this one."""
_MOST_ASSETS = 64
_encode = Encoder().encode
_decode = Decoder(Ledger).decode


def read(store: KeyStore, wallet_id: bytes) -> Ledger:
    """What was spent under the limits and grants of a wallet; raises ``Locked``, ``CannotUnseal``."""
    return _read(store, "ledger", wallet_id)


def charge(store: KeyStore, wallet_id: bytes, due: dict[str, tuple[int, int]], clock: int) -> None:
    """Put down what is spent under limits and grants, inside the transaction that signs: by meter, the amount and the window in
    milliseconds."""
    book = read(store, wallet_id)
    store.write_document(_encode(book.charged(due, book.now(clock))), "ledger", wallet_id)
    store.settle()


def forget(store: KeyStore, wallet_id: bytes, meters: set[str]) -> None:
    """Forget these meters, inside a transaction that appends an audit row."""
    book = read(store, wallet_id)
    if meters & book.meters.keys():
        store.write_document(_encode(book.without(meters)), "ledger", wallet_id)


def spent(store: KeyStore, wallet_id: bytes, key: KeyView, clock: int) -> dict[str, int]:
    """What left a key's account in the last 24 hours, by asset: for a seed, with what is derived from it; else with what its seed signed."""
    found = _totals(_read(store, "spent", _name(wallet_id, key)), clock)
    above = {} if key.parent is None else _totals(_read(store, "spent", _seeds_name(wallet_id, key.parent)), clock)
    told: dict[str, int] = {}
    for asset, total in (*found.items(), *((asset, total) for asset, total in above.items() if not asset.startswith(BELOW))):
        told[asset.removeprefix(BELOW)] = told.get(asset.removeprefix(BELOW), 0) + total
    return told


def note(store: KeyStore, wallet_id: bytes, key: KeyView, effect: Effect, clock: int) -> None:
    """Keep what leaves the key's account, for a day, inside the transaction that signs."""
    totals = effect.totals()
    if not totals:
        return
    _note(store, _name(wallet_id, key), totals, effect.native, clock)
    if key.parent is not None:
        _note(store, _seeds_name(wallet_id, key.parent), totals, effect.native, clock, prefix=BELOW)
    store.settle()


def _note(store: KeyStore, name: bytes, totals: dict[str, int], native: str, clock: int, prefix: str = "") -> None:
    """Of tokens that are not listed only so many: whoever asks can name any number."""
    book = _read(store, "spent", name)
    now = book.now(clock)
    counting = {asset for asset, meter in book.meters.items() if asset.startswith(BELOW) == bool(prefix) and meter.counting(now)}
    room = _MOST_ASSETS - len(counting)
    kept = [asset for asset in totals if prefix + asset in counting or unit_of(asset).listed or asset == native]
    kept += [asset for asset in totals if asset not in kept][: max(0, room - len(kept))]
    charged = book.charged({prefix + asset: (min(totals[asset], HIGHEST), DAY_MS) for asset in kept}, now)
    store.write_document(_encode(charged), "spent", name)


def _totals(book: Ledger, clock: int) -> dict[str, int]:
    now = book.now(clock)
    return {asset: total for asset, meter in book.meters.items() if (total := meter.total(now))}


def _name(wallet_id: bytes, key: KeyView) -> bytes:
    return wallet_id + account_of(key).encode()


def _seeds_name(wallet_id: bytes, seed: str) -> bytes:
    """That of a seed, which has no public key, by its id."""
    return wallet_id + seed_account(seed).encode()


def _read(store: KeyStore, kind: str, name: bytes) -> Ledger:
    content = store.document(kind, name)
    if not content:
        return Ledger()
    try:
        return _decode(content)
    except (MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        raise CannotUnseal from None
