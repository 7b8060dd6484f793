"""The demonstration's story: a browser's emulator plays the extension, a real host process keeps the keys."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from native_host.cli.demo import verifying
from native_host.encodings.base64url import decode_base64url, encode_base64url

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from native_host.testing.port import Port

EXTENSION_ID = "demo" * 8
ORIGIN = f"chrome-extension://{EXTENSION_ID}/"
MESSAGE = "Strongroom demonstration: the key that signs this never was in a browser."
SECRET_NAMES = ("mnemonic", "passphrase", "privateKey", "secret", "seed", '"d"')
ACCOUNTS: tuple[tuple[str, str, str, str, Callable[[str, bytes, bytes], str]], ...] = (
    ("Ethereum", "m/44'/60'/0'/0/0", "ES256K", "eip191", verifying.verify_ethereum),
    ("Bitcoin", "m/84'/0'/0'/0/0", "ES256K", "bip322", verifying.verify_bitcoin),
    ("Solana", "m/44'/501'/0'/0'", "Ed25519", "solana", verifying.verify_solana),
)


def demo(
    *, scripted: Annotated[bool, typer.Option("--scripted", help="Let a script answer for you, even though there is a terminal.")] = False
) -> None:
    """See it work: a throw-away keystore, three accounts, three signatures, and what the extension got to see."""
    from rich.console import Console

    missing = verifying.missing_libraries()
    if missing:
        print("The demonstration verifies its signatures with other people's libraries, which are not installed.", file=sys.stderr)
        print("  pip install 'strongroom[demo]'", file=sys.stderr)
        raise typer.Exit(1)
    console = Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="strongroom-demo-") as folder:
        os.chmod(folder, 0o700)
        from native_host.testing.port import HostError

        try:
            _tell(console, Path(folder), by_script=scripted or not _has_terminal())
        except HostError as refused:
            if refused.reason not in {"user_rejected", "uninitialized"}:
                raise
            console.print(
                "\nYou denied it, so it was not done: that is what an extension gets to hear, and no more. The keystore is deleted now."
            )
            raise typer.Exit(1) from None


def _tell(console: Console, folder: Path, *, by_script: bool) -> None:
    from native_host.testing.browser import BrowserEmulator

    home = folder / "strongroom"
    words = _prepare(console, folder, home, by_script=by_script)
    with BrowserEmulator("chromium", home=folder / "browser", environment={"STRONGROOM_HOME": str(home)}) as browser:
        port = browser.connect_native("io.strongroom.host", EXTENSION_ID)
        seen = _play(console, port)
        port.disconnect()
    _show_seen(console, seen, words() if words else None)
    console.print("\n[bold green]Done.[/] The keystore and everything in it is deleted now.")


def _prepare(console: Console, folder: Path, home: Path, *, by_script: bool) -> Callable[[], str | None] | None:
    """Install the host for a browser that has a home of its own; returns how to learn the words that a script was shown."""
    from native_host.install.machine import Machine, named_browsers, system_of
    from native_host.install.manifests import apply, plan_install
    from native_host.person import at_desk
    from native_host.testing.scripted import ScriptedApprover

    home.mkdir(mode=0o700)
    (folder / "browser").mkdir(mode=0o700)
    os.environ["STRONGROOM_HOME"] = str(home)
    approver = None
    if by_script:
        approver = ScriptedApprover(home, folder / "approver")
        console.rule("[bold yellow]A SCRIPT ANSWERS IN THE PLACE OF A PERSON")
        console.print("There is no terminal to ask you on (or you said --scripted), so a program approves everything below.\n")
    else:
        (home / "config.toml").write_text('[approval]\nprompt = "terminal"\n')
        console.print("You will be asked for your approval below, as the host asks: nothing happens without it.\n")
    with at_desk(make=True) as desk:
        desk.attach(ORIGIN, "main", development=True)
    machine = Machine(system=system_of(), home=str(folder / "browser"), data=str(home), environ={})
    for step in plan_install(machine, "user", origins=[ORIGIN], python=sys.executable, browsers=named_browsers(("chromium",))):
        apply(step)
    console.print(f"A browser starts [bold]strongroom-host[/] for the extension {ORIGIN}")
    return (lambda: approver.words) if approver is not None else None


def _play(console: Console, port: Port) -> bytes:
    """Everything that the extension does; returns every byte that it got."""
    hello = port.request("hello", {"protocol": ["1"], "client": {"name": "demonstration", "version": "1"}})
    console.print(f"  hello: protocol {hello['protocol']}, the keystore is {hello['state']}")
    port.request("unlock", {}, timeout=PERSON_SECONDS)
    console.print("  unlock: a keystore was made, opened by a passphrase that only the host was told")
    seed = port.request("generateKey", {"alg": "BIP39", "label": "Demonstration"}, timeout=PERSON_SECONDS)
    if seed["state"] == "unconfirmed":
        seed = port.request("updateKey", {"keyId": seed["keyId"], "state": "active"}, timeout=PERSON_SECONDS)
    console.print(f"  generateKey: a seed was made; the extension knows it as {seed['keyId']}\n")
    for chain, path, alg, message_format, verify in ACCOUNTS:
        _sign(console, port, seed["keyId"], chain=chain, path=path, alg=alg, message_format=message_format, verify=verify)
    port.request("lock", {})
    console.print("\n  lock: the keystore is locked again")
    return b"\n".join(frame.body for frame in port.seen if frame.direction == "from host")


def _sign(
    console: Console,
    port: Port,
    seed_id: str,
    *,
    chain: str,
    path: str,
    alg: str,
    message_format: str,
    verify: Callable[[str, bytes, bytes], str],
) -> None:
    account = port.request("deriveKey", {"keyId": seed_id, "path": path, "alg": alg, "label": chain})
    message = MESSAGE.encode()
    params = {"keyId": account["keyId"], "format": message_format, "message": encode_base64url(message)}
    signed: dict[str, Any] = port.request("signMessage", params, timeout=PERSON_SECONDS)
    library = verify(account["address"], message, decode_base64url(signed["signature"]))
    console.print(f"[bold]{chain}[/]  {path}\n  account    {account['address']}\n  signature  {signed['signature']}")
    console.print(f"  [green]verified[/] by {library}, which is not ours")


def _show_seen(console: Console, seen: bytes, words: str | None) -> None:
    text = seen.decode("utf-8", "replace")
    console.print(f"\nWhat the extension got to see: {len(text.splitlines())} frames, {len(seen)} bytes. In them is")
    for name in SECRET_NAMES:
        if name in text:
            raise AssertionError(f"a member named {name} crossed to the extension")
    console.print("  no member named " + ", ".join(name.strip('"') for name in SECRET_NAMES))
    if words is not None:
        if words in text:
            raise AssertionError("the recovery words crossed to the extension")
        console.print("  not the recovery words, which the script was shown by the host")


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.path.exists("/dev/tty")


PERSON_SECONDS = 1800.0
