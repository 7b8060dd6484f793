"""Checkpoints: signed notes of C2SP, checked without a secret, and against a log that was cut, edited or put back.

The signature is checked by a library that is not the host's own code.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from native_host.keystore import checkpoints
from native_host.keystore.checkpoints import NotACheckpoint
from native_host.keystore.store import KeyStore
from tests.homes import now, set_up


@pytest.fixture
def store(tmp_path: Path) -> Iterator[KeyStore]:
    """An open store with five rows."""
    store = KeyStore(str(tmp_path / "keystore.db"), now)
    set_up(store)
    write(store, 4)
    yield store
    store.close()


def write(store: KeyStore, count: int) -> None:
    for _ in range(count):
        with store.transaction():
            store.append_audit(b"a decision")


def test_it_is_a_signed_note(store: KeyStore) -> None:
    """Origin, number of rows and hash; after an empty line an em dash, the key's name, and key id and signature in base64."""
    body, _, signed = store.checkpoint().partition("\n\n")
    origin, rows, digest = body.split("\n")
    (link,) = store.connection.execute("SELECT hash FROM audit WHERE seq = 5").fetchone()
    assert ("5", link) == (rows, base64.b64decode(digest))
    dash, name, blob = signed.rstrip("\n").split(" ")
    assert ("\u2014", origin) == (dash, name)
    verifier, key_id, key = store.checkpoint_key().split("+", 2)
    public = base64.b64decode(key)
    assert (name, 1) == (verifier, public[0])
    expected = hashlib.sha256(name.encode() + b"\n\x01" + public[1:]).digest()[:4]
    assert expected == bytes.fromhex(key_id) == base64.b64decode(blob)[:4]
    Ed25519PublicKey.from_public_bytes(public[1:]).verify(base64.b64decode(blob)[4:], body.encode() + b"\n")


def test_a_log_that_went_on_contains_it(store: KeyStore) -> None:
    """Also of a store without a row, and read with the line ends of another system."""
    checkpoint, key = store.checkpoint(), store.checkpoint_key()
    write(store, 3)
    assert checkpoints.check(store.connection, checkpoint, key) is None
    assert checkpoints.check(store.connection, checkpoint.replace("\n", "\r\n"), f"{key}\n") is None


CHANGED = {
    "cut": "DELETE FROM audit WHERE seq > 4",
    "all cut": "DELETE FROM audit",
    "the row edited": "UPDATE audit SET hash = zeroblob(32) WHERE seq = 5",
    "of another type": "UPDATE audit SET hash = 'text' WHERE seq = 5",
}


@pytest.mark.parametrize("statement", CHANGED.values(), ids=CHANGED.keys())
def test_a_log_that_lost_it_is_told(store: KeyStore, statement: str) -> None:
    """Whoever holds the checkpoint needs nothing else."""
    checkpoint, key = store.checkpoint(), store.checkpoint_key()
    store.connection.execute(statement)
    assert checkpoints.check(store.connection, checkpoint, key) is not None


def test_a_log_that_was_written_anew_is_told(store: KeyStore, tmp_path: Path) -> None:
    """An older copy that went on differently, by whoever has the passphrase: as long, authentic, and not the same."""
    store.connection.execute(f"VACUUM INTO '{tmp_path / 'old.db'}'")
    write(store, 2)
    checkpoint, key = store.checkpoint(), store.checkpoint_key()
    other = KeyStore(str(tmp_path / "old.db"), lambda: now() + 1000)
    from tests.homes import unlock

    unlock(other)
    write(other, 2)
    found = checkpoints.check(other.connection, checkpoint, key)
    assert found is not None
    assert "log_edited" == found.name
    other.close()


def test_what_is_signed_by_nobody_counts_for_nothing(store: KeyStore, tmp_path: Path) -> None:
    """Another key, another store, other rows under the same signature, and what is no checkpoint at all."""
    checkpoint, key = store.checkpoint(), store.checkpoint_key()
    other = KeyStore(str(tmp_path / "other.db"), now)
    set_up(other)
    name, key_id, encoded = key.split("+", 2)
    wrong: list[tuple[str, str]] = [
        (checkpoint, other.checkpoint_key()), (other.checkpoint(), key), (other.checkpoint(), other.checkpoint_key()),
        (checkpoint.replace("\n5\n", "\n4\n"), key), (checkpoint.replace("\n5\n", "\n5\nmore\n"), key), (checkpoint[:-20] + checkpoint[-19:], key),
        (checkpoint.partition("\n\n")[0], key), ("", key), ("\n\n", key), ("x" * 5000, key), (checkpoint, ""), (checkpoint, "a+b+c"),
        (checkpoint, f"{name}+00000000+{encoded}"), (checkpoint, f"{name}+{key_id}+{encoded[:-8]}"), ("\ufffd\n5\n\n\u2014", key),
    ]  # fmt: skip
    other.close()
    for text, verifier in wrong:
        with pytest.raises(NotACheckpoint):
            checkpoints.check(store.connection, text, verifier)


def test_signed_rubbish_is_refused(store: KeyStore) -> None:
    """Also what the store's own key signed: only numbers are rows."""
    from native_host import sodium

    name, _, encoded = store.checkpoint_key().split("+", 2)
    public, expanded = sodium.ed25519_expand(store.keys.mac("checkpoint"))
    assert public == base64.b64decode(encoded)[1:]
    for rows in ("-1", "x", "", "5.0", "\u0665", "9" * 30):
        body = f"{name}\n{rows}\nAAAA\n"
        blob = base64.b64encode(checkpoints._key_id(name, public) + sodium.ed25519_sign(expanded, body.encode())).decode()
        with pytest.raises(NotACheckpoint):
            checkpoints.check(store.connection, f"{body}\n\u2014 {name} {blob}\n", store.checkpoint_key())
