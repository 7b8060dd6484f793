"""The keystore's file of this person, opened as every program of ours opens it."""

from __future__ import annotations

import os
from time import time
from typing import TYPE_CHECKING

from native_host.config import find_paths, make_folder
from native_host.errors import BackendUnavailable
from native_host.keystore.file import StoreFile

if TYPE_CHECKING:
    from native_host.config import Paths
    from native_host.keystore.origins import Attachment

KEYSTORE_FILE = "keystore.db"


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
    except (Error, OSError):
        raise _cannot_be_opened() from None


def find_attachment(opened: StoreFile, origin: str) -> Attachment | None:
    """The attachment of an origin; raises ``BackendUnavailable`` if the file cannot be read."""
    from sqlite3 import Error

    try:
        return opened.attachment(origin)
    except Error:
        raise _cannot_be_opened() from None


def _cannot_be_opened() -> BackendUnavailable:
    return BackendUnavailable("The keystore cannot be opened. See what is wrong with: strongroom doctor", detail="keystore")


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
