"""Shares of a secret in the person's hands: shown one by one and tried by a few of their words, and collected one by one again.

What is shared of a BIP39 seed is the entropy of its recovery words: twenty or thirty-three words a share, and what comes back are
recovery words that every wallet takes. A wallet that restores from shares itself takes what is in them for the seed of BIP32, not
for recovery words, and so finds other, empty accounts: the person is told. Of a SEED it is the seed, as such wallets have it.
Which of the two is in shares they do not say; the person does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.backups.refused import BackupRefused
from native_host.errors import KeyState, UserRejected
from native_host.keystore.records import Metadata
from native_host.operations import records, seeds
from native_host.operations.keep import insert_key
from native_host.secret import SecretBytes
from native_host.suites.hd import bip39

if TYPE_CHECKING:
    from collections.abc import Callable

    from native_host.approval.permit import Permit
    from native_host.backups.shares import Collected, Progress
    from native_host.keystore.records import Record
    from native_host.operations.house import House
    from native_host.protocol.messages import KeyInfo

TRIES = 3
SLIPS = 10
"""So many shares in a row that are none end the collecting: whoever answers is no person."""
ASKED_WORDS = 3
NOT_WRITTEN = "These are not the words at those places. Compare them with what you wrote down: the share is shown once more."


def share_seed(house: House, permit: Permit, record: Record, threshold: int, count: int) -> bool:
    """Split a seed and show its shares; whether it was made with an extra passphrase, which is in none of them.

    Raises:
        BackupRefused: it is no seed, or one of a length that is not shared.
        KeyState: it is not active. ``UserRejected`` as ``hand_out``.
    """
    from native_host.backups.shares import split

    if record.metadata.alg not in records.SEED_ALGS:
        raise BackupRefused(
            "Only a seed is shared: it is what all of its accounts come from. Other keys are in a backup: strongroom backup"
        )
    if record.metadata.state != "active":
        raise KeyState("This seed is not active. Confirm its recovery words first, or enable it.")
    with house.store.unseal_secret(record) as secret:
        entropy = seeds.entropy_of(record, secret)
        shares = split(SecretBytes(bytearray(secret.buffer if entropy is None else entropy)), threshold, count)
        extra = has_passphrase(record, secret)
    try:
        # Written down before anything is shown: shares that were seen are out, whatever becomes of the rest.
        with house.audit.effect(permit):
            pass
        hand_out(house, shares)
    finally:
        for share in shares:
            share.wipe()
    return extra


def has_passphrase(record: Record, secret: SecretBytes) -> bool:
    """Whether an unsealed seed is of recovery words with an extra passphrase, so that the words alone give another."""
    entropy = seeds.entropy_of(record, secret)
    if entropy is None:
        return False
    words = bip39.mnemonic_of_entropy(entropy, record.metadata.language or "english")
    with SecretBytes(bip39.seed_of_mnemonic(words, "")) as plain:
        return plain != SecretBytes(bytearray(seeds.seed_of(record, secret)))


def restore_words(house: House, permit: Permit, collected: Collected, label: str, language: str) -> KeyInfo:
    """The seed of recovery words whose entropy was shared; their extra passphrase is asked for.

    Raises:
        BackupRefused: what was shared is not of recovery words. ``Duplicate``, ``UserRejected``
    """
    permit.spend()
    with collected.secret() as secret:
        try:
            bip39.mnemonic_of_entropy(secret.buffer, language)
        except ValueError:
            raise BackupRefused("What these shares hold is too long or too short for recovery words. Restore it with: --as seed") from None
        return seeds.keep_restored(house, permit, bytearray(secret.buffer), language, label)


def restore_seed(house: House, permit: Permit, collected: Collected, label: str) -> KeyInfo:
    """The seed of BIP32 that was shared, as wallets share it; SLIP-0039's own passphrase is asked for.

    Raises:
        BackupRefused: another number of bytes than a seed has. ``Duplicate``, ``UserRejected``
    """
    with (
        house.approver.ask_secret("bip39Passphrase", "Optional extra passphrase of these shares (empty: none)") as passphrase,
        collected.secret(passphrase) as secret,
    ):
        metadata = Metadata(
            alg="SEED",
            usages=("deriveKey",),
            provenance="restored",
            state="active",
            created_at=house.clock(),
            label=label or None,
            seed=house.store.keys.tag("seed", bytes(secret.buffer)),
        )
        key_id = insert_key(house, permit, metadata, secret)
    return records.key_info(house.store, permit.session, records.find(house.store, permit.session, key_id))


def hand_out(house: House, shares: list[SecretBytes]) -> None:
    """Show every share in the host's own window, and have three of its words typed back before the next one is shown.

    Raises:
        UserRejected: the person stopped, or typed other words three times.
    """
    for number, share in enumerate(shares, 1):
        hint: str | None = None
        for _ in range(TRIES):
            house.approver.show_secret("share", f"Share {number} of {len(shares)}: write down all of its words", share)
            if _is_written_down(house, number, share, hint):
                break
            hint = NOT_WRITTEN
        else:
            raise UserRejected("These were other words three times. The shares that you wrote down are good for nothing: burn them.")


def _is_written_down(house: House, number: int, share: SecretBytes, hint: str | None) -> bool:
    words = str(share.buffer, "utf-8").split()
    places = _places(house, len(words))
    spoken = ", ".join(str(place + 1) for place in places[:-1]) + f" and {places[-1] + 1}"
    with house.approver.ask_secret("share", f"Type the words number {spoken} of share {number}", hint) as typed:
        given = str(typed.buffer, "utf-8", "replace").lower().split()
    # The words of the list differ in their first four letters, and are taken by these.
    return [word[:4] for word in given] == [words[place][:4] for place in places]


def _places(house: House, count: int) -> list[int]:
    """Different places of a share, in order. The first four words are the same in all of a set and would tell nothing."""
    places: set[int] = set()
    while len(places) < ASKED_WORDS:
        places.add(4 + int.from_bytes(house.random_bytes(4), "big") % (count - 4))
    return sorted(places)


def collect(house: House, tell: Callable[[Progress], None]) -> Collected:
    """Shares that the person types, until they are enough; what is wrong with one is said, and it is asked for again.

    Raises:
        UserRejected: the person has no more.
    """
    from native_host.backups.shares import Collected

    collected, slips, title = Collected(), 0, "Type the words of your first share"
    hint: str | None = None
    while not collected.is_complete:
        with house.approver.ask_secret("share", title, hint) as typed:
            try:
                progress = collected.add(typed)
            except BackupRefused as refused:
                hint, slips = str(refused), slips + 1
                if slips == SLIPS:
                    raise UserRejected("No share came of that. Nothing was changed.") from None
                continue
        hint, slips = None, 0
        title = f"Type the words of your next share ({_missing(progress)})"
        tell(progress)
    return collected


def _missing(progress: Progress) -> str:
    if progress.missing is None:
        return f"{progress.taken} typed"
    return f"{progress.taken} of {progress.taken + progress.missing} typed"
