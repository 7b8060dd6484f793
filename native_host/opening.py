"""The keystore's file of this person, opened as every program of ours opens it."""

from __future__ import annotations

import os
from errno import EACCES, ENOSPC, EPERM, EROFS
from time import time
from typing import TYPE_CHECKING

from native_host.config import find_paths, make_folder
from native_host.errors import BackendUnavailable
from native_host.keystore.file import StoreFile

if TYPE_CHECKING:
    from native_host.caller.identity import Caller
    from native_host.config import Paths
    from native_host.keystore.origins import Attachment

KEYSTORE_FILE = "keystore.db"
SQLITE_BUSY, SQLITE_LOCKED, SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN = 5, 6, 8, 10, 13, 14
"""Primary result codes of SQLite (sqlite.org/rescode.html). Python names them too, in a module that is imported late here."""


def now() -> int:
    """The wall clock in milliseconds since 1970."""
    return int(time() * 1000)


def open_store(paths: Paths) -> StoreFile:
    """The keystore's file of this person; raises ``BackendUnavailable`` if it cannot be used."""
    from sqlite3 import Error

    from native_host.keystore.migrate import NewerFormat

    try:
        return StoreFile(os.path.join(make_folder(paths.data), KEYSTORE_FILE), now)
    except NewerFormat:
        raise BackendUnavailable("A newer Strongroom wrote this keystore. Update Strongroom.", detail="keystore") from None
    except (Error, OSError) as error:
        raise _cannot_be_opened(error) from None


def find_attachment(opened: StoreFile, origin: str) -> Attachment | None:
    """The attachment of an origin; raises ``BackendUnavailable`` if the file cannot be read."""
    from sqlite3 import Error

    try:
        return opened.attachment(origin)
    except Error as error:
        raise _cannot_be_opened(error) from None


def with_home(caller: Caller, paths: Paths) -> Caller:
    """A home that came through the environment is told in every window: whoever set it chose the keystore."""
    if paths.home is None:
        return caller
    from msgspec.structs import replace

    from native_host.caller.identity import Evidence
    from native_host.language import sentence

    text = sentence("STRONGROOM_HOME is set: the keystore in use is the one in {home}.", home=paths.home)
    return replace(caller, evidence=(*caller.evidence, Evidence(signal="home", level="unknown", text=text)))


def what_is_wrong(error: Exception) -> str:
    """In a sentence, what SQLite's error (its result codes) or the system's (errno) means for the keystore, and what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the upper bits of an extended code tell only where it happened
    number = error.errno if isinstance(error, OSError) else None
    if code == SQLITE_READONLY or number in {EROFS, EACCES, EPERM}:
        return "The keystore's folder cannot be written to. Make it yours and writable, and try again."
    if code in {SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN} or number == ENOSPC:
        return "The keystore cannot be written to: its disk is full, or fails. Make room, and try again. Nothing was changed."
    if code in {SQLITE_BUSY, SQLITE_LOCKED}:
        return "Another program of yours holds the keystore. Try again."
    return "The keystore cannot be opened. See what is wrong with: strongroom doctor"


def _cannot_be_opened(error: Exception) -> BackendUnavailable:
    return BackendUnavailable(what_is_wrong(error), detail="keystore")


def attached_origins() -> list[str]:
    """The origins that are attached to a wallet of this person, for the browsers' manifests."""
    paths = find_paths(os.environ)
    if not os.path.exists(os.path.join(paths.data, KEYSTORE_FILE)):
        return []
    store = open_store(paths)
    try:
        at = now()
        return [one.origin for one in store.attachments() if not one.is_over(at)]
    finally:
        store.close()
