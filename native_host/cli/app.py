"""The commands of ``strongroom``, and what a person sees when one cannot be done.

A command is one function in a file of its own, registered here; what it needs it imports inside, so that
``strongroom --help`` stays fast.
"""

from __future__ import annotations

import sys

import typer

from native_host.cli.audit import audit
from native_host.cli.backup import backup, restore
from native_host.cli.demo.show import demo
from native_host.cli.doctor import doctor
from native_host.cli.grants import grants
from native_host.cli.install import install
from native_host.cli.key_files import import_key_file
from native_host.cli.limits import limits
from native_host.cli.origins import origins
from native_host.cli.pairings import pairings
from native_host.cli.policy import policy
from native_host.cli.public_keys import public_key, xpub
from native_host.cli.rekey import rekey
from native_host.cli.selftest import selftest
from native_host.cli.shares import shares
from native_host.cli.slots import passphrase, slots
from native_host.cli.store import init, keys, lock, status
from native_host.cli.tokens import tokens
from native_host.cli.uninstall import uninstall
from native_host.cli.universal_wallet import wallet
from native_host.config import ConfigError
from native_host.errors import KmsError, UserRejected
from native_host.install import InstallError

app = typer.Typer(
    name="strongroom",
    help="Keeps the keys of browser wallets outside the browser.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 120},
)
app.command()(demo)
app.command()(init)
app.command()(status)
app.command()(keys)
app.command()(lock)
app.command("import")(import_key_file)
app.command()(public_key)
app.command()(xpub)
app.add_typer(slots, name="slots")
app.command()(passphrase)
app.add_typer(tokens, name="tokens")
app.command()(backup)
app.command()(restore)
app.add_typer(shares, name="shares")
app.add_typer(wallet, name="wallet")
app.add_typer(rekey, name="rekey")
app.add_typer(origins, name="origins")
app.add_typer(pairings, name="pairings")
app.add_typer(limits, name="limits")
app.add_typer(grants, name="grants")
app.add_typer(policy, name="policy")
app.command()(install)
app.command()(uninstall)
app.command()(doctor)
app.command()(selftest)
app.add_typer(audit, name="audit")


def run() -> None:
    """Run the program; what cannot be done is said in one sentence, with what to do about it, and ends with status 1."""
    try:
        app()
    except InstallError as error:
        _fail(str(error), error.mend)
    except ConfigError as error:
        _fail(str(error), f"See {error.path}")
    except UserRejected as error:
        _fail("Cancelled. Nothing was done." if str(error) == error.default_message else str(error))
    except KmsError as error:
        _fail(str(error))
    except PermissionError as error:
        _fail(f"No permission for {error.filename}.", "Run it as the owner, or with sudo for the whole machine.")
    except OSError as error:
        _fail(f"{error.strerror}: {error.filename}" if error.filename else str(error))
    except Exception as error:
        from sqlite3 import Error

        from native_host.opening import what_is_wrong

        if not isinstance(error, Error):
            raise
        _fail(what_is_wrong(error))


def _fail(sentence: str, mend: str = "") -> None:
    print(f"strongroom: {sentence}", file=sys.stderr)
    if mend:
        print(f"  {mend}", file=sys.stderr)
    sys.exit(1)
