"""Every kind of slot: its provider, how strong it is, whom it stops and whom not. ``doctor``, ``status`` and the threat model say this.

``rank`` orders them: the weakest slot is what protects a store, as any slot opens it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Literal

from native_host.errors import Unsupported
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from native_host.kek.provider import Provider, Settings

Protection = Literal["software", "platform", "tpm", "token", "remote", "device"]


class Kind(Value, frozen=True, kw_only=True):
    """One row. ``device``: the keystore's file alone opens nothing without something that is not in it and not in a head."""

    kind: str
    module: str
    name: str
    protection: Protection
    device: bool
    rank: int
    stops: str
    does_not_stop: str


KINDS = {
    row.kind: row
    for row in (
        Kind(
            kind="secret_service",
            module="native_host.kek.secret_service",
            name="Login keyring",
            protection="platform",
            device=True,
            rank=1,
            stops="who copies this folder alone, or the disk, without your login password",
            does_not_stop="any program that runs as you while you are logged in; whoever knows or guesses your login password",
        ),
        Kind(
            kind="keychain",
            module="native_host.kek.keychain",
            name="macOS keychain (untested)",
            protection="platform",
            device=True,
            rank=1,
            stops="who copies this folder alone, or the disk, without your login password",
            does_not_stop="who is let into the keychain as you; whoever knows or guesses your login password",
        ),
        Kind(
            kind="dpapi",
            module="native_host.kek.dpapi",
            name="Windows account",
            protection="platform",
            device=True,
            rank=1,
            stops="who copies this folder alone, or the disk, without your Windows password",
            does_not_stop="any program that runs as you; an administrator of the domain; whoever knows or guesses your password",
        ),
        Kind(
            kind="passphrase",
            module="native_host.kek.passphrase",
            name="Passphrase",
            protection="software",
            device=False,
            rank=2,
            stops="who has the files, as far as the passphrase is hard to guess",
            does_not_stop="who guesses it, or watches it being typed",
        ),
        Kind(
            kind="tpm",
            module="native_host.kek.tpm",
            name="TPM",
            protection="tpm",
            device=True,
            rank=3,
            stops="who has the files, or the disk, without this computer",
            does_not_stop="who has this computer, and any program of an account that may use the TPM, unless it asks for a PIN",
        ),
        Kind(
            kind="pkcs11",
            module="native_host.kek.pkcs11",
            name="Token",
            protection="token",
            device=True,
            rank=4,
            stops="who has the files, or this computer, without the token and its PIN",
            does_not_stop="a program that waits for the token to be in use and its PIN to be typed",
        ),
        Kind(
            kind="fido2",
            module="native_host.kek.fido2",
            name="Security key",
            protection="device",
            device=True,
            rank=4,
            stops="who has the files, or this computer, without the key and a touch of it",
            does_not_stop="who has both the files and the key, if it has no PIN; a program that takes a touch meant for another",
        ),
        Kind(
            kind="two_factor",
            module="native_host.kek.two_factor",
            name="Passphrase and device",
            protection="device",
            device=True,
            rank=5,
            stops="who has the files and the device without the passphrase, and who has the passphrase without the device",
            does_not_stop="a program that runs as you, sees the passphrase being typed and has the device at hand",
        ),
        Kind(
            kind="recovery",
            module="native_host.kek.recovery",
            name="Recovery code",
            protection="software",
            device=False,
            rank=6,
            stops="who has the files: the code has 128 bits and cannot be guessed",
            does_not_stop="who finds the code where you keep it",
        ),
    )
}


def weakest(kinds: Iterable[str]) -> Kind | None:
    """The kind that protects a store with slots of these kinds least; ``None`` if it has none that is known."""
    return min((KINDS[kind] for kind in kinds if kind in KINDS), key=lambda row: row.rank, default=None)


def provider_of(kind: str, settings: Settings) -> Provider:
    """The provider of a kind; ``settings`` as ``Settings`` says.

    Raises:
        Unsupported: a kind that this version does not know.
    """
    row = KINDS.get(kind)
    if row is None:
        raise Unsupported("This keystore has a slot of a kind that this version does not know. Update Strongroom.", detail=kind)
    provider: Provider = import_module(row.module).Slots(settings)
    return provider
