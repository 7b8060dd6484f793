"""Makes a keystore of the present format, to be kept when the next one comes. See README.md."""

from __future__ import annotations

import sys
from pathlib import Path

from msgspec.structs import replace

from native_host.keystore.records import Metadata
from native_host.keystore.store import KeyStore
from tests.homes import set_up

AT = 1_767_225_600_000
PASSPHRASE = "correct horse battery staple"
ORIGIN = "chrome-extension://abcdefghijklmnopabcdefghijklmnop/"
SIGNER, RENAMED, GONE = (bytes([number]) * 16 for number in (1, 2, 3))
SECRET = bytes(range(32))


def add(store: KeyStore, record_id: bytes) -> None:
    (wallet_id, _) = store.wallets()[0]
    metadata = Metadata(alg="Ed25519", usages=("sign",), provenance="generated", state="active", created_at=AT, label="first")
    with store.transaction():
        store.insert(record_id, store.owner_of(wallet_id), metadata, bytearray(SECRET), record_id)
        store.append_audit(b"made")


def fill(store: KeyStore) -> None:
    """What README.md says is in it."""
    with store.transaction():
        store.attach(ORIGIN, "main", development=False, expires_at=None)
    set_up(store, unattended=False, secret=PASSPHRASE)
    for record_id in (SIGNER, RENAMED, GONE):
        add(store, record_id)
    renamed, gone = store.read(RENAMED), store.read(GONE)
    assert renamed is not None
    assert gone is not None
    with store.transaction():
        store.update(renamed, replace(renamed.metadata, label="second", state="disabled"))
        store.append_audit(b"renamed")
    with store.transaction():
        store.destroy(gone, replace(gone.metadata, state="destroyed"))
        store.append_audit(b"destroyed")
    for attachment in store.attachments():
        with store.transaction():
            store.confirm(attachment)
            store.append_audit(b"confirmed")
    store.forget_keys()
    with store.transaction():
        store.append_audit(b"while locked")


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.unlink(missing_ok=True)
    made = KeyStore(str(path), lambda: AT)
    fill(made)
    made.close()
