"""Counters outside the keystore's file, by which an older copy of the whole file is known for what it is.

The store's version, authenticated inside the file, is raised first and the counter after it; a crash between the two leaves the
file ahead, which is no fault. A file behind its counter is an older copy. A counter is worth what its place is worth: a TPM's
cannot be set back by anybody, one in a login keyring by whoever can write to that keyring.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from native_host.errors import BackendUnavailable
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.kek.provider import Settings


class CounterGone(BackendUnavailable):
    """The place of the counter is reachable and the counter is not there: somebody removed it, or this is another computer."""


class Counter(Protocol):
    """One kind of place. Every method may raise ``DeviceAbsent``; none asks the person, and none takes longer than a second."""

    def is_here(self) -> bool:
        """Whether this machine has such a place, usable now without anybody; cheap, raises nothing."""

    def create(self, store_id: bytes) -> tuple[bytes, int]:
        """A new counter for the store of that id (16 bytes): parameters that name it again, and its value, at least 1."""

    def read(self, parameters: bytes) -> int:
        """Its value; raises ``CounterGone``."""

    def raise_to(self, parameters: bytes, value: int) -> None:
        """Raise it to at least ``value``; it is never lowered. Raises ``CounterGone``."""

    def remove(self, parameters: bytes) -> None:
        """Take it away; what is gone already is no error."""


class Place(Value, frozen=True, kw_only=True):
    """One row: where counters of a kind are, and what that is worth, in words for the person."""

    kind: str
    module: str
    name: str
    worth: str


PLACES = {
    row.kind: row
    for row in (
        Place(kind="tpm", module="native_host.kek.tpm_counter", name="TPM", worth="nobody can set it back"),
        Place(
            kind="secret_service",
            module="native_host.kek.secret_service_counter",
            name="Login keyring",
            worth="whoever can write to your login keyring, or restores it together with this folder, can set it back",
        ),
        Place(
            kind="keychain",
            module="native_host.kek.keychain_counter",
            name="macOS keychain",
            worth="whoever is let into it can set it back",
        ),
        Place(
            kind="credential_manager",
            module="native_host.kek.credential_manager_counter",
            name="Windows credentials",
            worth="any program that runs as you can set it back",
        ),
    )
}
"""Best first: a new store takes the first that is here."""


def counter_of(kind: str, settings: Settings) -> Counter:
    """The counters of a kind; raises ``KeyError`` for one that is not known."""
    counter: Counter = import_module(PLACES[kind].module).Counters(settings)
    return counter
