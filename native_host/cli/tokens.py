"""``strongroom tokens``: the PKCS#11 tokens that are here, what they can do, and the keys in them."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from native_host.cli.store import AsJson, SecretFromStdin, need_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.backends.pkcs11 import Described
    from native_host.person import Desk
    from native_host.tokens.client import TokenInfo

tokens = typer.Typer(help="PKCS#11 tokens: smart cards, USB tokens, hardware security modules.", no_args_is_help=True)

Token = Annotated[str, typer.Argument(metavar="TOKEN", help="The token's label or serial number, as the list shows them.")]

NONE_LISTED = "No PKCS#11 module is listed on this computer, so no token is used. See docs/slots.md for the administrator's list."


@tokens.command("list")
def list_tokens(*, json: AsJson = False) -> None:
    """Every token that is here, and the algorithms that keys in it can have. Asks for no PIN."""
    from native_host.backends.pkcs11 import Tokens
    from native_host.config import find_paths, read_config

    here = Tokens(read_config(find_paths(os.environ)).pkcs11)
    found = here.present()
    if json:
        from msgspec import json as as_json

        rows = [{**_facts(token), "mechanisms": token.mechanisms, "algorithms": able(token)} for token in found]
        print(as_json.format(as_json.encode(rows)).decode())
        return
    if not found:
        print("No token is here. Connect one." if here.are_configured() else NONE_LISTED)
    for token in found:
        facts = _facts(token)
        print(f"{facts['serial']}  {facts['label']}  {facts['model']} by {facts['manufacturer']}")
        print(f"    {_pin_state(token)}")
        print(f"    Keys for: {', '.join(able(token)) or 'nothing that Strongroom has'}")


@tokens.command("keys")
def list_keys(token: Token, *, json: AsJson = False, secret_from_stdin: SecretFromStdin = False) -> None:
    """The keys in a token, and what each of them is good for; asks for its PIN."""
    from native_host.operations.adopting import algorithms_for
    from native_host.operations.backends import tokens_of

    with _at(secret_from_stdin=secret_from_stdin) as desk:
        found = tokens_of(desk.house).keys(desk.log_in_to(token))
    rows = [
        {"id": key.id.hex(), "label": key.label, "kind": key.kind, "stays": key.stays, "algorithms": algorithms_for(key)} for key in found
    ]
    if json:
        from msgspec import json as as_json

        print(as_json.format(as_json.encode(rows)).decode())
        return
    if not rows:
        print("The token shows no keys.")
    for key, row in zip(found, rows, strict=True):
        print(f"{row['id']}  {_visible(key.label)}  {key.kind}  {_good_for(key, row['algorithms'])}")  # type: ignore[arg-type]


@tokens.command()
def adopt(
    token: Token,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key's name in the token, or its id.")],
    *,
    alg: Annotated[str | None, typer.Option(metavar="ALG", help="Its algorithm, where it is good for several.")] = None,
    label: Annotated[str | None, typer.Option(metavar="NAME", help="What the wallet is to call it.")] = None,
    wallet: Annotated[str, typer.Option(metavar="WALLET", help="Which wallet is to have it.")] = "main",
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Let a wallet use a key that a token holds already. The keystore is opened for it, then the token."""
    from native_host.operations.adopting import AdoptKeyParams

    with _at(secret_from_stdin=secret_from_stdin) as desk:
        need_store(desk.state)
        desk.unlock()
        made = desk.adopt(AdoptKeyParams(token=token, key=key, alg=alg, label=label), wallet=wallet)
    print(f"{made.key_id}  {made.alg}  is now a key of the wallet {wallet}. Every use of it asks you, as of any other key.")
    print("It stays in its token, and is not destroyed there if the wallet's key is.")


def able(token: TokenInfo) -> list[str]:
    """The algorithms that a token's mechanisms promise; whether it has a curve or a size, only making a key shows."""
    from native_host.backends import TOKEN_ALGS
    from native_host.backends.token_forms import mechanisms_of
    from native_host.suites.table import SUITES

    return [alg for alg in SUITES if alg in TOKEN_ALGS and mechanisms_of(SUITES[alg]) <= set(token.mechanisms)]


def findings() -> list[tuple[Literal["ok", "warn", "fail"], str]]:
    """What ``doctor`` says of tokens: of each listed module whether it works, of each token what its mechanisms enable and whether its PIN
    works. Empty without a list.
    """
    from native_host.config import find_paths, read_config
    from native_host.errors import KmsError
    from native_host.tokens import client, modules

    found: list[tuple[Literal["ok", "warn", "fail"], str]] = []
    try:
        listed = modules.allowed(read_config(find_paths(os.environ)).pkcs11)
    except KmsError as error:
        return [("fail", str(error))]
    try:
        for module in listed:
            try:
                here = client.worker_of(module).tokens()
            except KmsError as error:
                found.append(("fail", f"{module.name}: {error}"))
                continue
            found.append(("ok", f"{module.name} works. Tokens here: {', '.join(_visible(token.label) for token in here) or 'none'}."))
            for token in here:
                found.append(
                    ("ok", f"{_visible(token.label)}: {len(token.mechanisms)} mechanisms. Keys in it can be: {_names(able(token))}.")
                )
                if token.locked or token.final_try:
                    found.append(("warn", f"{_visible(token.label)}: {_pin_state(token)}"))
    finally:
        client.close_all()
    return found


def _names(algorithms: list[str]) -> str:
    return ", ".join(algorithms) or "of none of our algorithms"


def _facts(token: TokenInfo) -> dict[str, str]:
    from native_host.backends.pkcs11 import serial_text

    return {
        "serial": serial_text(token),
        "label": _visible(token.label),
        "model": _visible(token.model),
        "manufacturer": _visible(token.manufacturer),
    }


def _pin_state(token: TokenInfo) -> str:
    if token.locked:
        return "Its PIN is locked: its administrator's PIN (SO PIN, PUK) sets a new one."
    if token.final_try:
        return "One more wrong PIN locks it."
    if token.count_low:
        return "A wrong PIN was typed since the last right one."
    if not token.login_required:
        return "It asks for no PIN: every program of yours can use its keys."
    return "It asks for its PIN." if token.pin_set or token.pin_pad else "It has no PIN yet."


def _good_for(key: Described, algorithms: list[str]) -> str:
    if not key.stays:
        return "can leave the token: not for Strongroom"
    if key.always:
        return "wants the PIN at each use: not supported"
    return ", ".join(algorithms) or "nothing that Strongroom has"


def _visible(text: str) -> str:
    from native_host.review.text import visible

    return visible(text)


@contextmanager
def _at(*, secret_from_stdin: bool) -> Iterator[Desk]:
    """A desk whose tokens are logged out at the end."""
    from native_host.cli.asking import TerminalPerson
    from native_host.person import at_desk

    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        try:
            yield desk
        finally:
            if desk.state != "uninitialized":
                desk.house.elsewhere.forget()
