"""Shares of a secret: SLIP-0039, by shamir-mnemonic, the reference code of its authors.

Any ``threshold`` of ``count`` shares give the secret back; fewer tell nothing of it. One group, no passphrase of SLIP-0039's own, the
extendable flag set and the iteration exponent 1, as the reference has them by default: any tool for SLIP-0039 takes these shares.

The library is pure Python and not constant-time: how long it takes, and which memory it touches, depends on the secret. It runs
once, at the person's own wish, in a process that ends right after; it keeps secrets in ``bytes``, ``int`` and ``str``, which cannot
be wiped. Who watches this machine's timing from outside has no better moment than that one.

A word that is not on the list, and everything else about a share, is told by its number: never by the word.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from native_host.backups.refused import BackupRefused
from native_host.secret import SecretBytes
from native_host.value import Value

if TYPE_CHECKING:
    from shamir_mnemonic.recovery import RecoveryState
    from shamir_mnemonic.share import Share

MIN_SECRET_BYTES, MAX_SECRET_BYTES = 16, 32
MIN_THRESHOLD, MAX_SHARES = 2, 16
ITERATION_EXPONENT = 1
MAX_ITERATION_EXPONENT = 8
"""2.56 million rounds of PBKDF2, some seconds. Nobody makes shares with more; the most that a share can ask for takes minutes."""
MAX_TYPED_BYTES = 2048
_SHORTEST_WORDS = 20
_PREFIX_LETTERS = 4
"""The words of the list differ in their first four letters."""


class Progress(Value, frozen=True, kw_only=True):
    """How far the collecting is: shares that were taken, and how many more open the secret; ``None`` while that cannot be told."""

    taken: int
    missing: int | None


def check_wish(threshold: int, count: int) -> None:
    """Raise ``BackupRefused`` for a number of shares that SLIP-0039 does not have, or that would protect nothing."""
    if threshold < MIN_THRESHOLD:
        raise BackupRefused("At least two shares have to be needed: one that opens it alone would be no share.")
    if not threshold <= count <= MAX_SHARES:
        raise BackupRefused(f"There can be as many shares as are needed, and at most {MAX_SHARES}: for instance 2 of 3.")


def split(secret: SecretBytes, threshold: int, count: int) -> list[SecretBytes]:
    """``count`` shares of a secret of 16 to 32 bytes, an even number, of which any ``threshold`` give it back; each to be wiped.

    Raises:
        BackupRefused: as ``check_wish`` says, and for a secret of another length.
    """
    from shamir_mnemonic.shamir import generate_mnemonics

    check_wish(threshold, count)
    if not MIN_SECRET_BYTES <= len(secret) <= MAX_SECRET_BYTES or len(secret) % 2:
        raise BackupRefused("Only a secret of 16 to 32 bytes, an even number of them, can be split into shares.")
    ((*words,),) = generate_mnemonics(1, [(threshold, count)], bytes(secret.buffer), extendable=True, iteration_exponent=ITERATION_EXPONENT)
    return [SecretBytes(text.encode()) for text in words]


class Collected:
    """Shares as they come, until there are enough of them."""

    def __init__(self) -> None:
        from shamir_mnemonic.recovery import RecoveryState

        self._state: RecoveryState = RecoveryState()
        self._taken = 0

    @property
    def is_complete(self) -> bool:
        """Whether the secret can be had."""
        return bool(self._state.is_complete())

    def add(self, typed: SecretBytes) -> Progress:
        """Take one share, typed in words, in full or by their first four letters.

        Raises:
            BackupRefused: it is none, is there already, or belongs to others; what was taken stays.
        """
        from shamir_mnemonic.utils import MnemonicError

        share = _parse(typed)
        if share in self._state:
            raise BackupRefused("This share is there already. Type another one.")
        if not self._state.matches(share):
            raise BackupRefused(
                "This share belongs to another secret than the ones before it. Look at its first three words: they are the same."
            )
        if any(other.index == share.index for other in self._state.groups[share.group_index]):
            raise BackupRefused("Another share has the same number as this one. One of the two is not of this set.")
        try:
            self._state.add_share(share)
        except MnemonicError:
            raise BackupRefused("This share does not fit the ones before it. One of them is not of this set.") from None
        self._taken += 1
        return self.progress(share)

    def progress(self, last: Share) -> Progress:
        """How far it is; with several groups, as other programs make them, only whether it is enough."""
        if self.is_complete:
            return Progress(taken=self._taken, missing=0)
        if last.group_count > 1:
            return Progress(taken=self._taken, missing=None)
        return Progress(taken=self._taken, missing=last.member_threshold - self._taken)

    def secret(self, passphrase: SecretBytes | None = None) -> SecretBytes:
        """The secret, to be wiped. ``passphrase`` is SLIP-0039's own: another one gives another secret and no error.

        Raises:
            BackupRefused: the shares do not fit together, there are too few, or the passphrase is not of printable ASCII.
        """
        from shamir_mnemonic.utils import MnemonicError

        typed = b"" if passphrase is None else bytes(passphrase.buffer)
        if not all(32 <= letter <= 126 for letter in typed):  # noqa: PLR2004  # ASCII from the space to the tilde
            raise BackupRefused("The passphrase of shares has only letters, digits and signs of ASCII.")
        if not self.is_complete:
            raise BackupRefused("There are not enough shares yet.")
        try:
            return SecretBytes(self._state.recover(typed))
        except MnemonicError:
            raise BackupRefused("These shares do not fit together: one of them was made with others, or was changed on purpose.") from None


def _parse(typed: SecretBytes) -> Share:
    from shamir_mnemonic.share import Share
    from shamir_mnemonic.utils import MnemonicError

    words = _words(typed)
    try:
        share = Share.from_mnemonic(" ".join(words))
    except (MnemonicError, ValueError):
        raise BackupRefused(
            "This is not a share as it was shown: a word is wrong, or two have changed places. Compare every word with your paper."
        ) from None
    if len(share.value) % 2 or len(share.value) < MIN_SECRET_BYTES:
        raise BackupRefused("This share is of no secret that SLIP-39 has.")
    if share.iteration_exponent > MAX_ITERATION_EXPONENT:
        raise BackupRefused("These shares ask for far more work than any program makes them with. They are not taken.")
    return share


def _words(typed: SecretBytes) -> list[str]:
    if len(typed) > MAX_TYPED_BYTES:
        raise BackupRefused("This is too long for a share. Type one share at a time.")
    text = ""
    with suppress(UnicodeDecodeError):
        text = str(typed.buffer, "utf-8")
    known, given = _word_list(), text.lower().split()
    words = [known.get(word[:_PREFIX_LETTERS], "") for word in given]
    wrong = [
        number for number, (word, meant) in enumerate(zip(given, words, strict=True), 1) if word not in {meant, meant[:_PREFIX_LETTERS]}
    ]
    if wrong:
        raise BackupRefused(f"Not on the list of SLIP-39 words: number {', '.join(map(str, wrong[:10]))}. Look at the spelling.")
    if len(words) < _SHORTEST_WORDS:
        raise BackupRefused(f"A share has at least {_SHORTEST_WORDS} words; these are {len(words)}. Type all of them, with spaces between.")
    return words


def _word_list() -> dict[str, str]:
    from shamir_mnemonic.wordlist import WORDLIST

    return {word[:_PREFIX_LETTERS]: word for word in WORDLIST}
