"""Shares of a secret in the person's hands: shown one by one and tried by a few of their words, and collected one by one again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.backups.refused import BackupRefused
from native_host.errors import UserRejected
from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from native_host.backups.shares import Collected, Progress
    from native_host.operations.house import House

TRIES = 3
SLIPS = 10
"""So many shares in a row that are none end the collecting: whoever answers is no person."""
ASKED_WORDS = 3
NOT_WRITTEN = "These are not the words at those places. Compare them with what you wrote down: the share is shown once more."


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
    words = share.buffer.decode().split()
    places = _places(house, len(words))
    spoken = ", ".join(str(place + 1) for place in places[:-1]) + f" and {places[-1] + 1}"
    with house.approver.ask_secret("share", f"Type the words number {spoken} of share {number}", hint) as typed:
        given = typed.buffer.decode(errors="replace").lower().split()
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
