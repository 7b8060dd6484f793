"""``strongroom backup`` and ``strongroom restore``: the whole keystore in one encrypted file, and back."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from native_host.cli.store import SecretFromStdin, need_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from native_host.backups.archive import Archive, Header
    from native_host.backups.shares import Progress
    from native_host.operations.backing_up import Here, Restored
    from native_host.person import Desk
    from native_host.secret import SecretBytes

BackupFile = Annotated[str, typer.Argument(metavar="FILE", help="The file of the backup.")]
MOST_IDENTITY_BYTES = 64 * 1024
REPLACE = b"replace"


def backup(
    file: BackupFile,
    *,
    recipient: Annotated[
        list[str] | None, typer.Option(metavar="age1…", help="For this age recipient, or SSH public key, instead of a passphrase.")
    ] = None,
    shares: Annotated[str, typer.Option(metavar="2/3", help="For shares on paper, of which so many of so many open it.")] = "",
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Put the whole keystore, with what opens it, into one encrypted file that was not there before.

    It is an age file: opened by a passphrase that you choose now, by the age identity of a recipient, or by shares (SLIP-39). It opens
    without this computer and without any of your devices, so whoever opens it has every key.
    """
    from native_host.backups.age_file import recipient_of
    from native_host.backups.new_file import check_new, write_new
    from native_host.cli.asking import TerminalPerson
    from native_host.operations.backing_up import packed
    from native_host.operations.unlocking import opened_root
    from native_host.person import at_desk
    from native_host.secret import guard_memory

    guard_memory()
    if recipient and shares:
        raise typer.BadParameter("For recipients or for shares, not both.", param_hint="--shares")
    numbers = _numbers(shares) if shares else None
    check_new(file)
    for text in recipient or ():
        recipient_of(text)
    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        with opened_root(desk.house, desk.caller) as root:
            encrypt, how = _encryption(desk, recipient or [], numbers)
            with packed(desk.house, root, how) as (plaintext, header), _busy("Encrypting"):
                content = encrypt(plaintext)
        write_new(file, content)
    _say_made(file, header, how)


def restore(
    file: BackupFile,
    *,
    identity: Annotated[str, typer.Option(metavar="KEYFILE", help="The age identity file, or SSH private key, that opens it.")] = "",
    check: Annotated[bool, typer.Option("--check", help="Only see that it opens and is whole; change nothing.")] = False,
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Bring a backup back: onto a new computer, or in the place of this keystore if it is a backup of it.

    Everything in it is looked at before anything is changed. You choose a new passphrase; the ways in of the computer that it was made
    on are gone. A keystore that is replaced is kept beside it.
    """
    from native_host.cli.asking import TerminalPerson
    from native_host.operations.backing_up import compare, examined
    from native_host.operations.backing_up import restore as put_in_place
    from native_host.person import at_desk
    from native_host.secret import guard_memory

    guard_memory()
    content = _read(file)
    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin), make=True) as desk:
        with _opened(desk, content, identity) as archive, ExitStack() as opened:
            with _progress() as tell:
                store = opened.enter_context(examined(desk.house, archive, tell))
            _say_found(archive.header)
            if check:
                print("It opens, and all of it is whole. Nothing was changed.")
                return
            here = compare(desk.house, store, archive.header)
            _confirm(here, archive.header, secret_from_stdin=secret_from_stdin)
            done = put_in_place(desk.house, desk.caller, archive, store, here)
        _say_restored(desk, done)


def _numbers(shares: str) -> tuple[int, int]:
    from native_host.backups.shares import check_wish

    first, slash, second = shares.partition("/")
    if not (slash and first.isascii() and first.isdigit() and second.isascii() and second.isdigit() and len(shares) < 8):  # noqa: PLR2004
        raise typer.BadParameter("Say how many of how many are needed: 2/3.", param_hint="--shares")
    check_wish(int(first), int(second))
    return int(first), int(second)


def _encryption(desk: Desk, recipients: list[str], numbers: tuple[int, int] | None) -> tuple[Callable[[bytearray], bytes], str]:
    """How the file is encrypted, the person having been asked or shown what belongs to it, and that in a few words."""
    from functools import partial

    from native_host.backups import age_file
    from native_host.errors import UserRejected

    if recipients:
        return partial(age_file.encrypt_to_recipients, recipients=recipients), f"for {_count(len(recipients), 'recipient')}"
    if numbers is not None:
        return partial(age_file.encrypt_to_secret, secret=_shared_secret(desk, *numbers)), f"for {numbers[0]} of {numbers[1]} shares"
    passphrase = desk.house.approver.ask_secret("newPassphrase", "Choose a passphrase for the backup")
    if not len(passphrase):
        raise UserRejected("A backup without a passphrase would be anybody's. Nothing was written.")
    return partial(age_file.encrypt_to_passphrase, passphrase=passphrase), "for a passphrase"


def _shared_secret(desk: Desk, threshold: int, count: int) -> SecretBytes:
    from native_host.backups import age_file
    from native_host.backups.shares import split
    from native_host.operations.sharing import hand_out
    from native_host.secret import SecretBytes

    secret = SecretBytes(desk.house.random_bytes(age_file.SECRET_BYTES))
    parts = split(secret, threshold, count)
    try:
        hand_out(desk.house, parts)
    finally:
        for part in parts:
            part.wipe()
    return secret


def _opened(desk: Desk, content: bytes, identity: str) -> Archive:
    from native_host.backups.age_file import decrypt_with_identities, decrypt_with_passphrase, decrypt_with_secret, lock_of
    from native_host.backups.archive import unpack
    from native_host.operations.sharing import collect

    lock = lock_of(content)
    if identity:
        with _read_identity(identity) as identities:
            return unpack(decrypt_with_identities(content, identities))
    if lock == "passphrase":
        with desk.house.approver.ask_secret("backup", "Passphrase of the backup") as typed, _busy("Opening"):
            return unpack(decrypt_with_passphrase(content, typed))
    print(
        "This backup is opened by shares, or by an age identity. If you have an identity file, stop and name it with: --identity",
        file=sys.stderr,
    )
    with collect(desk.house, _tell_shares).secret() as secret:
        return unpack(decrypt_with_secret(content, secret))


def _tell_shares(progress: Progress) -> None:
    total = "" if progress.missing is None else f" of {progress.taken + progress.missing}"
    print(f"Share {progress.taken}{total} is good.", file=sys.stderr)


def _read(file: str) -> bytes:
    from native_host.backups.age_file import MAX_FILE_BYTES
    from native_host.backups.refused import BackupRefused

    with open(file, "rb") as stream:
        content = stream.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise BackupRefused("This file is too large for a backup: one has at most 1 GiB.")
    return content


def _read_identity(file: str) -> SecretBytes:
    from native_host.backups.refused import BackupRefused
    from native_host.secret import SecretBytes

    with open(file, "rb") as stream:
        content = bytearray(stream.read(MOST_IDENTITY_BYTES + 1))
    if len(content) > MOST_IDENTITY_BYTES:
        raise BackupRefused("This is too long for an identity file.")
    return SecretBytes(content)


def _confirm(here: Here, header: Header, *, secret_from_stdin: bool) -> None:
    """Have the person type the word if there is something to be replaced; raises ``UserRejected``."""
    from native_host.errors import UserRejected

    if here.state == "nothing":
        return
    print("This computer has this keystore already.", file=sys.stderr)
    print(f"  {_relation(here, header)}", file=sys.stderr)
    print("  Restoring puts the backup in its place, and keeps what is here in a file beside it.", file=sys.stderr)
    if not secret_from_stdin:
        print(f"To replace it, type the word {REPLACE.decode()}: ", end="", file=sys.stderr, flush=True)
    # By the same buffer as the secrets of a script, which stand in the lines after it.
    if sys.stdin.buffer.readline().strip().lower() != REPLACE:
        raise UserRejected("Nothing was changed.")


def _relation(here: Here, header: Header) -> str:
    from native_host.operations.backing_up import day

    made = f"The backup was made on {day(header.made_at)}"
    if here.behind and here.ahead:
        return (
            f"{made}. It and this keystore went different ways: {_count(here.behind, 'change')} here are not in it, and"
            f" {_count(here.ahead, 'change')} of it are not here."
        )
    if here.behind:
        return f"{made}, and is older: {_count(here.behind, 'change')} behind. Keys that were made since then are not in it."
    if here.ahead:
        return (
            f"{made}, and is newer: this keystore is {_count(here.ahead, 'change')} behind it, which means that an older copy was put here."
        )
    return f"{made}, and nothing was changed since."


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _say_made(file: str, header: Header, how: str) -> None:
    from native_host.review.text import visible

    print(f"The backup is in {visible(file)}: {_count(header.keys, 'key')}, encrypted {how}.")
    print("It opens without this computer and your devices: whoever opens it has every key. Keep it where you keep what is worth as much.")
    print(f"See that it opens, now and once a year: strongroom restore --check {visible(file)}")
    print("What you do from now on is not in it: make a new one after you have made keys.")


def _say_found(header: Header) -> None:
    from native_host.operations.backing_up import day

    print(f"A backup of {_count(header.keys, 'key')}, made on {day(header.made_at)}.", file=sys.stderr)


def _say_restored(desk: Desk, done: Restored) -> None:
    print(f"The keystore is restored, in {desk.paths.data}. Your new passphrase opens it.")
    if done.dropped:
        from native_host.review.text import visible

        print(f"Gone are the ways in of the computer that the backup was made on: {', '.join(map(visible, done.dropped))}.")
        print("  Add what you have here with: strongroom slots add")
        print("  A recovery code on paper is of that computer too: make a new one with: strongroom slots add recovery")
    if done.aside is not None:
        print(f"What was here before is kept in {done.aside}. It opens as it did; remove it once you are sure.")
    print(
        "If the other computer is not in your hands any more, its keystore is still opened there by what opened it. Move what the keys hold."
    )


def _busy(what: str) -> AbstractContextManager[object]:
    """Show on a terminal that something goes on."""
    from rich.console import Console

    return Console(stderr=True).status(f"{what}: this takes some seconds …")


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar for the keys that are looked at, on a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Looking at every key", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
