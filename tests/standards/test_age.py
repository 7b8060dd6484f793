"""C2SP age-encryption.org/v1: the file of a backup, opened by another implementation and the other way round."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from native_host.backups import age_file
from native_host.backups.refused import BackupRefused, DoesNotOpen
from native_host.secret import SecretBytes
from tests.parts.missing import need

SECRET = bytes(range(32))
PLAINTEXT = b"what is in it" * 10_000
KEY = pyrage.x25519.Identity.from_str(age_file.identity_text(SecretBytes(SECRET)))


@pytest.fixture(scope="module")
def to_passphrase() -> bytes:
    return age_file.encrypt_to_passphrase(PLAINTEXT, SecretBytes("pässphrase".encode()))


def test_the_identity_of_a_secret() -> None:
    """Bech32 of the 32 bytes in capitals; what age-keygen makes of it is the recipient that it is encrypted to."""
    tool = need("age-keygen", "age")
    text = age_file.identity_text(SecretBytes(SECRET))
    assert re.fullmatch(r"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}", text)
    done = subprocess.run([tool, "-y"], input=text, capture_output=True, text=True, check=True)
    assert str(KEY.to_public()) == done.stdout.strip()


def test_age_opens_it(tmp_path: Path) -> None:
    """The file of a split secret, by the age of its authors."""
    tool = need("age", "age")
    (tmp_path / "backup").write_bytes(age_file.encrypt_to_secret(PLAINTEXT, SecretBytes(SECRET)))
    (tmp_path / "key").write_text(age_file.identity_text(SecretBytes(SECRET)))
    done = subprocess.run([tool, "-d", "-i", str(tmp_path / "key"), str(tmp_path / "backup")], capture_output=True, check=True)
    assert done.stdout == PLAINTEXT


def test_it_opens_ages(tmp_path: Path) -> None:
    """A file that age made, to several recipients, with an identity file that has remarks."""
    tool = need("age", "age")
    recipients = [part for identity in (pyrage.x25519.Identity.generate(), KEY) for part in ("-r", str(identity.to_public()))]
    done = subprocess.run([tool, "-e", *recipients], input=PLAINTEXT, capture_output=True, check=True)
    identities = f"# created: today\n# public key: {KEY.to_public()}\n\n{KEY}\n"
    assert age_file.decrypt_with_identities(done.stdout, SecretBytes(identities.encode())) == PLAINTEXT


def test_to_an_ssh_key() -> None:
    """A key that somebody has anyway is a recipient too."""
    key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    content = age_file.encrypt_to_recipients(PLAINTEXT, [public])
    assert age_file.decrypt_with_identities(content, SecretBytes(private)) == PLAINTEXT


def test_to_a_passphrase(to_passphrase: bytes) -> None:
    """The passphrase opens it, another does not; which of the two kinds a file is can be read."""
    assert ("passphrase", "identity") == tuple(
        age_file.lock_of(one) for one in (to_passphrase, age_file.encrypt_to_secret(PLAINTEXT, SecretBytes(SECRET)))
    )
    assert age_file.decrypt_with_passphrase(to_passphrase, SecretBytes("pässphrase".encode())) == PLAINTEXT
    with pytest.raises(DoesNotOpen, match="not the passphrase"):
        age_file.decrypt_with_passphrase(to_passphrase, SecretBytes(b"another"))
    with pytest.raises(DoesNotOpen):
        age_file.decrypt_with_passphrase(to_passphrase, SecretBytes(b"\xff"))
    with pytest.raises(BackupRefused, match="opened by a passphrase"):
        age_file.decrypt_with_secret(to_passphrase, SecretBytes(SECRET))


@pytest.mark.parametrize("log_n", [b"23", b"64", b"99999999999999999999", b"-1", b"x", b""])
def test_a_work_factor_to_stop_us(to_passphrase: bytes, log_n: bytes) -> None:
    """Refused from the header, before any of the work."""
    changed = re.sub(rb"(-> scrypt \S+) \d+\n", rb"\1 " + log_n + rb"\n", to_passphrase)
    with pytest.raises(BackupRefused):
        age_file.decrypt_with_passphrase(changed, SecretBytes("pässphrase".encode()))


def test_every_changed_byte() -> None:
    """A bit turned anywhere, or an end cut off anywhere, is noticed."""
    small = age_file.encrypt_to_secret(b"small", SecretBytes(SECRET))
    for place in range(len(small)):
        changed = bytearray(small)
        changed[place] ^= 1
        for content in (bytes(changed), small[:place]):
            with pytest.raises((BackupRefused, DoesNotOpen)):
                age_file.decrypt_with_secret(content, SecretBytes(SECRET))
    with pytest.raises(BackupRefused):
        age_file.decrypt_with_secret(small + b"\0", SecretBytes(SECRET))


def test_not_the_last_chunk() -> None:
    """A file that ends between two chunks is not taken for a shorter one."""
    content = age_file.encrypt_to_secret(PLAINTEXT, SecretBytes(SECRET))
    payload = content.index(b"\n", content.index(b"\n--- ") + 1) + 1
    with pytest.raises(BackupRefused, match="damaged"):
        age_file.decrypt_with_secret(content[: payload + 16 + 64 * 1024 + 16], SecretBytes(SECRET))


NO_FILES = {
    "empty": (b"", "not a backup"),
    "something else": (b"SQLite format 3\0" * 10, "not a backup"),
    "in its text form": (b"-----BEGIN AGE ENCRYPTED FILE-----\n", "text form"),
    "a later age": (b"age-encryption.org/v2\n-> X25519 a\nb\n--- c\n", "not a backup"),
    "no recipient": (b"age-encryption.org/v1\n--- c\n", "damaged"),
    "a header without end": (b"age-encryption.org/v1\n" + b"-> X25519 a\nb\n" * 100_000, "damaged"),
    "two locks": (b"age-encryption.org/v1\n-> scrypt YWFhYWFhYWFhYWFhYWFhYQ 10\nb\n-> X25519 a\nb\n--- c\n", "damaged"),
}


@pytest.mark.parametrize(("content", "said"), NO_FILES.values(), ids=NO_FILES.keys())
def test_what_is_no_file_of_ours(content: bytes, said: str) -> None:
    """Each is refused in plain words."""
    with pytest.raises(BackupRefused, match=said):
        age_file.lock_of(content)


@pytest.mark.parametrize("text", ["", "age1", "someone@example.org", str(KEY), "age1yubikey1qwe", "ssh-ed25519 AAAA"])
def test_what_is_no_recipient(text: str) -> None:
    """A secret key given in its place is told apart, and not repeated."""
    with pytest.raises(BackupRefused) as refused:
        age_file.recipient_of(text)
    assert str(KEY) not in str(refused.value)
    assert ("secret key" in str(refused.value)) == (text == str(KEY))


@pytest.mark.parametrize(
    "text", [b"", b"# only a remark\n", b"\xff\xfe", b"-----BEGIN OPENSSH PRIVATE KEY-----\nx", b"AGE-SECRET-KEY-1ABC"]
)
def test_what_is_no_identity(text: bytes) -> None:
    """Refused."""
    with pytest.raises(BackupRefused):
        age_file.identities_of(SecretBytes(text))
    with pytest.raises(BackupRefused):
        age_file.identity_text(SecretBytes(text))
