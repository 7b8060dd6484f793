"""``strongroom wallet``: keys exchanged with other wallets, in the container of Universal Wallet 2020."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from native_host.cli.store import SecretFromStdin, need_store

if TYPE_CHECKING:
    from native_host.backups.universal_wallet import Contents, Item
    from native_host.person import Desk
    from native_host.secret import SecretBytes

wallet = typer.Typer(help="A wallet's keys for other programs, and theirs for a wallet (Universal Wallet 2020).", no_args_is_help=True)

WalletName = Annotated[str, typer.Option("--wallet", metavar="NAME", help="The wallet.")]
TAKEN = ("key", "words", "entropy")
LEAVE, TAKE = b"private keys", b"import"


@wallet.command("export")
def export_wallet(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file, which was not there before.")],
    *,
    name: WalletName = "main",
    private_keys: Annotated[
        bool, typer.Option("--private-keys", help="With the private parts, for another program to use. Whoever opens the file has them.")
    ] = False,
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Put a wallet's keys into a file that is locked with a password: their public parts, and where they are.

    It is no backup: that is made with strongroom backup.
    """
    from native_host.backups.new_file import check_new, write_new
    from native_host.cli.asking import TerminalPerson
    from native_host.errors import UserRejected
    from native_host.operations.unlocking import opened_root
    from native_host.person import at_desk
    from native_host.secret import guard_memory

    guard_memory()
    check_new(file)
    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        if private_keys:
            _confirm(
                LEAVE,
                "Private keys leave Strongroom with this file. Whoever opens it can use them without you, for ever.",
                secret_from_stdin=secret_from_stdin,
            )
        ask = desk.house.approver.ask_secret
        with opened_root(desk.house, desk.caller), ask("newPassphrase", "Choose a password for the wallet file") as password:
            if not len(password):
                raise UserRejected("A wallet without a password would be anybody's. Nothing was written.")
            contents, stayed = _contents(desk, name, private_keys=private_keys)
            content = _locked(desk, contents, password)
        write_new(file, content)
    _say_written(file, len(contents), stayed, private_keys=private_keys)


@wallet.command("import")
def import_wallet(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file of another wallet.")],
    *,
    name: WalletName = "main",
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Take in the keys, recovery words and seeds of another program's wallet. What it would take is shown first."""
    from native_host.backups.universal_wallet import item_of, read, unlocked
    from native_host.cli.asking import TerminalPerson
    from native_host.person import at_desk

    container = read(_read(file))
    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        desk.unlock()
        if container.locked:
            with desk.house.approver.ask_secret("keyFilePassword", "Password of the wallet file") as password:
                contents = unlocked(container, password)
        else:
            contents = unlocked(container, None)
        items = [item_of(content) for content in contents]
        if not _show(items):
            print("There is nothing in it that can be taken in.")
            return
        _confirm(TAKE, "Whoever made that file may still have these keys.", secret_from_stdin=secret_from_stdin)
        taken = _take(desk, name, items)
    print(f"{taken} taken in, into the wallet {name}." if taken else "Nothing was taken in.")
    if not taken:
        raise typer.Exit(1)


def _contents(desk: Desk, name: str, *, private_keys: bool) -> tuple[Contents, int]:
    """What goes into the file, and how many private parts do not, whatever was wished."""
    from native_host.operations import exchanging
    from native_host.operations.records import key_view

    session = desk.into_wallet("exportWallet", name).session
    contents: Contents = []
    stayed = 0
    for record in exchanging.keys_of(desk.house, session.wallet_id):
        leaves = private_keys and exchanging.may_leave(record)
        permit = desk.with_key("exportPrivateKey", key_view(record).key_id)[0] if leaves else None
        stayed += permit is None
        contents.append(exchanging.content_of(desk.house, session, record, permit))
    return [*contents, *exchanging.connections_of(desk.house, session)], stayed


def _locked(desk: Desk, contents: Contents, password: SecretBytes) -> bytes:
    from uuid import UUID

    from native_host.backups.universal_wallet import locked
    from native_host.operations.records import rfc3339

    wallet_id = UUID(bytes=desk.house.random_bytes(16), version=4).urn
    return locked(contents, password, wallet_id=wallet_id, issued=rfc3339(desk.house.clock()))


def _say_written(file: str, count: int, stayed: int, *, private_keys: bool) -> None:
    from native_host.review.text import visible

    print(f"The wallet is in {visible(file)}: {count} {'thing' if count == 1 else 'things'}, locked with your password.")
    if not private_keys:
        print("It names your keys and holds no private part. It is no backup: make one with: strongroom backup")
    elif stayed:
        print(f"Of {stayed} of them the private part stays here: it comes from a seed, is to end, or is in a device.")


def _show(items: list[Item]) -> bool:
    """Print what would be taken in and what would not; whether there is anything."""
    from collections import Counter

    from native_host.review.text import visible

    names = {"key": "A key", "words": "Recovery words", "entropy": "A seed"}
    for item in items:
        if item.kind in names:
            print(f"{names[item.kind]:<15} {visible(item.what)}  {visible(item.label)}".rstrip())
    left = Counter(visible(item.what) for item in items if item.kind not in names)
    for what, count in sorted(left.items()):
        print(f"Not taken in:   {count} × {what}")
    if any(item.kind == "reference" for item in items):
        print("The private part of some keys is not in this file, but where it was made.")
    return any(item.kind in names for item in items)


def _take(desk: Desk, name: str, items: list[Item]) -> int:
    from native_host.operations.exchanging import take
    from native_host.review.text import visible

    taken = 0
    for item in items:
        if item.kind not in TAKEN:
            continue
        outcome = take(desk.house, desk.into_wallet("importWallet", name), item)
        taken += outcome.key_id is not None
        label = visible(item.label) or visible(item.what)
        print(f"{label}: {f'taken in as {outcome.key_id}' if outcome.key_id else f'not taken in. {outcome.why_not}'}")
        for remark in outcome.remarks:
            print(f"  Note: {remark}")
    return taken


def _confirm(word: bytes, sentence: str, *, secret_from_stdin: bool) -> None:
    """Have the person type a word; raises ``UserRejected``."""
    from native_host.errors import UserRejected

    print(sentence, file=sys.stderr)
    if not secret_from_stdin:
        print(f"To go on, type: {word.decode()}: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.buffer.readline().strip().lower() != word:
        raise UserRejected("Nothing was done.")


def _read(file: str) -> bytes:
    from native_host.backups.universal_wallet import MAX_FILE_BYTES

    with open(file, "rb") as stream:
        return stream.read(MAX_FILE_BYTES + 1)
