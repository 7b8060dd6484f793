"""``strongroom shares``: a seed split into shares on paper, and brought back from them."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from native_host.cli.store import SecretFromStdin, need_store

if TYPE_CHECKING:
    from native_host.backups.shares import Progress

shares = typer.Typer(help="A seed in shares on paper (SLIP-39), of which some together bring it back.", no_args_is_help=True)


class Shared(StrEnum):
    """What is in shares; they do not say it themselves."""

    WORDS = "words"
    SEED = "seed"


@shares.command()
def create(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="The seed, as strongroom keys lists it.")],
    *,
    threshold: Annotated[int, typer.Option(metavar="NUMBER", help="How many shares bring it back.")] = 2,
    count: Annotated[int, typer.Option(metavar="NUMBER", help="How many shares there are.")] = 3,
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Split a seed. Each share is shown once, in the host's own window, to be written down; fewer than the threshold tell nothing.

    The keystore is opened anew for it. Nothing is written to a file, and the seed stays as it is.
    """
    from native_host.backups.shares import check_wish
    from native_host.cli.asking import TerminalPerson
    from native_host.operations.sharing import share_seed
    from native_host.operations.unlocking import opened_root
    from native_host.person import at_desk
    from native_host.secret import guard_memory

    guard_memory()
    check_wish(threshold, count)
    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        with opened_root(desk.house, desk.caller):
            permit, record = desk.with_key("shareSeed", key_id)
            extra = share_seed(desk.house, permit, record, threshold, count)
    print(f"Any {threshold} of the {count} shares bring this seed back. Keep each one in another place.")
    if record.metadata.alg == "BIP39":
        _say_words(extra=extra, language=record.metadata.language)
    else:
        print("Bring it back with: strongroom shares restore --as seed, or with any wallet that takes SLIP-39 shares.")


def _say_words(*, extra: bool, language: str | None) -> None:
    option = f" --language {language}" if language else ""
    print(f"They hold the recovery words of this seed. Write on each paper: strongroom shares restore --as words{option}")
    print("A wallet that restores from SLIP-39 shares by itself takes them for another seed, and would show other, empty accounts.")
    print("  Nothing is lost then: bring the words back with Strongroom, or with another tool for SLIP-39 that gives the entropy.")
    if extra:
        print(
            "This seed was made with an extra passphrase. It is in none of the shares: without it, other accounts come back, and no error."
        )


@shares.command()
def restore(
    *,
    what: Annotated[
        Shared, typer.Option("--as", help="words: of a seed that Strongroom split; seed: as hardware wallets and other programs split it.")
    ],
    wallet: Annotated[str, typer.Option(metavar="NAME", help="The wallet that gets the seed.")] = "main",
    label: Annotated[str, typer.Option(metavar="TEXT", help="What the seed is called.")] = "",
    language: Annotated[str, typer.Option(metavar="NAME", help="The language of the recovery words, if it is not English.")] = "english",
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Bring a seed back from shares, typed one after the other in the host's own window."""
    from native_host.cli.asking import TerminalPerson
    from native_host.operations.key_files import LANGUAGES
    from native_host.operations.sharing import collect, restore_seed, restore_words
    from native_host.person import at_desk

    if language not in LANGUAGES:
        raise typer.BadParameter(f"There are word lists in: {', '.join(LANGUAGES)}.", param_hint="--language")
    if len(label) > 128:  # noqa: PLR2004  # as a label of the protocol
        raise typer.BadParameter("A label has at most 128 characters.", param_hint="--label")
    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        desk.unlock()
        collected = collect(desk.house, _tell)
        permit = desk.into_wallet("restoreShares", wallet)
        if what is Shared.WORDS:
            key = restore_words(desk.house, permit, collected, label, language)
        else:
            key = restore_seed(desk.house, permit, collected, label)
    print(f"The seed is back, in the wallet {wallet}.")
    print(f"Key id:      {key.key_id}")
    print("Compare an address of one of its accounts with what you expect: another extra passphrase gives another wallet, and no error.")


def _tell(progress: Progress) -> None:
    total = "" if progress.missing is None else f" of {progress.taken + progress.missing}"
    print(f"Share {progress.taken}{total} is good.", file=sys.stderr)
