"""``strongroom import``: a key from another program's key file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from native_host.cli.store import SecretFromStdin, need_store

if TYPE_CHECKING:
    from native_host.operations.key_files import Taken
    from native_host.protocol.messages import ImportKeyFileParams
    from native_host.secret import SecretBytes

MOST_BYTES = 1024 * 1024
STANDARD_INPUT = "-"


def import_key_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The key file, or - for standard input.")],
    *,
    alg: Annotated[str, typer.Option(metavar="ALG", help="What the key is for, where the file leaves several: ES256, ECDH-P256, …")] = "",
    wallet: Annotated[str, typer.Option(metavar="NAME", help="The wallet that gets the key.")] = "main",
    label: Annotated[str, typer.Option(metavar="TEXT", help="What the key is called.")] = "",
    usage: Annotated[
        list[str] | None, typer.Option(metavar="USAGE", help="Only this use: sign, decrypt, …; may be given again. Default: all.")
    ] = None,
    language: Annotated[
        str, typer.Option(metavar="NAME", help="The word list of recovery words, where they are in several: english, …")
    ] = "",
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Take in a private key from a file: an Ethereum keystore (version 3), a validator's keystore (EIP-2335), a Bitcoin private key
    (WIF), an extended private key (xprv), PEM, a JSON Web Key, or recovery words (BIP39).

    What opens the file is asked in the terminal; with --secret-from-stdin it is the line after the keystore's passphrase. With recovery
    words that is their extra passphrase, an empty line if there is none.
    """
    from native_host.cli.asking import TerminalPerson
    from native_host.operations.key_files import LANGUAGES
    from native_host.person import at_desk
    from native_host.suites.importing.imported import CannotImport

    if file == STANDARD_INPUT and secret_from_stdin:
        raise typer.BadParameter(
            "Standard input cannot be both the key file and the secrets. Name the file.", param_hint="--secret-from-stdin"
        )
    if language and language not in LANGUAGES:
        raise typer.BadParameter(f"There are word lists in: {', '.join(LANGUAGES)}.", param_hint="--language")
    params = _params(alg, label, usage or [])
    with _read(file) as text, at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        desk.unlock()
        try:
            taken = desk.take_in(text, params, wallet=wallet, language=language or None)
        except CannotImport as error:
            print(f"strongroom: {error}", file=sys.stderr)
            for hint in _ways_out(error):
                print(f"  {hint}", file=sys.stderr)
            raise typer.Exit(1) from None
    _say(taken, wallet, file)


def _params(alg: str, label: str, usages: list[str]) -> ImportKeyFileParams:
    from msgspec import ValidationError, convert

    from native_host.protocol.messages import ImportKeyFileParams

    given = {"alg": alg, "label": label, "usages": usages}
    try:
        return convert({name: value for name, value in given.items() if value}, ImportKeyFileParams)
    except ValidationError:
        raise typer.BadParameter(
            "An algorithm has at most 32 characters, a label at most 128, and a usage is one of the protocol's."
        ) from None


def _read(file: str) -> SecretBytes:
    """The file, of at most ``MOST_BYTES``: one byte more is read, and refused for what it is with the rest."""
    from native_host.secret import SecretBytes, wipe

    content, length = bytearray(MOST_BYTES + 1), 0
    view = memoryview(content)
    try:
        with open(0 if file == STANDARD_INPUT else file, "rb", buffering=0, closefd=file != STANDARD_INPUT) as stream:
            while length < len(content) and (count := stream.readinto(view[length:])):
                length += count
        return SecretBytes(view[:length])
    finally:
        view.release()
        wipe(content)


def _ways_out(error: Exception) -> tuple[str, ...]:
    from native_host.operations.key_files import AmbiguousWords
    from native_host.suites.importing.imported import ChooseAlgorithm

    if isinstance(error, ChooseAlgorithm):
        return tuple(f"--alg {choice}" for choice in error.choices)
    return tuple(f"--language {language}" for language in error.languages) if isinstance(error, AmbiguousWords) else ()


def _say(taken: Taken, wallet: str, file: str) -> None:
    from native_host.review.text import visible

    key = taken.key
    print(f"The key is in the wallet {visible(wallet)}.")
    print(f"Key id:      {key.key_id}")
    print(f"Algorithm:   {key.alg}")
    for name, value in (("Address", key.address), ("Multikey", key.multikey)):
        if isinstance(value, str):
            print(f"{name + ':':<12} {value}")
            break
    print(f"May be used: {', '.join(key.usages)}")
    for remark in taken.remarks:
        print(f"Note:        {remark}")
    if key.alg == "BIP39":
        print(
            "Compare an address of one of its accounts with what you expect: another extra passphrase gives another wallet, and no error."
        )
    where = "where it came from" if file == STANDARD_INPUT else visible(file)
    print(f"The key is also still in {where}. Once you have seen that it works here, and have a backup, remove it there.")
