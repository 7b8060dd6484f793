"""The encryption of a backup: an age file (C2SP age-encryption.org/v1), so that nobody needs this program to open one.

pyrage, the library of rage, does all of it. To a passphrase by scrypt (section "The scrypt recipient type"), to recipients by
X25519 ("The X25519 recipient type") or an SSH key. What is encrypted is authenticated chunk by chunk, the last one marked, so a
changed or shortened file does not open.

Contents come and go as a ``bytearray`` to be wiped: the memory that is kept for secrets is not made for a whole keystore.
What cannot be had: pyrage takes a passphrase and an identity as ``str`` and contents as ``bytes``, none of which can be wiped. The
program that makes or opens a backup ends right after it, which is what wipes them.

age says to whom a file is encrypted, never by whom: whoever knows a recipient can make a file for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from native_host.backups.refused import DAMAGED, BackupRefused, DoesNotOpen
from native_host.encodings.bech32 import encode_bech32
from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_FILE_BYTES = 1024 * 1024 * 1024
MAX_SCRYPT_LOG_N = 22
"""4 GiB of memory; age's own limit. A file that asks for more is refused before anything is done."""
SECRET_BYTES = 32
Lock = Literal["passphrase", "identity"]

_FIRST_LINE = b"age-encryption.org/v1"
_ARMOR = b"-----BEGIN AGE ENCRYPTED FILE-----"
_MAX_HEADER_BYTES = 64 * 1024
_SCRYPT_ARGUMENTS = 4
_SECRET_PART = "age-secret-key-"
_NO_BACKUP = "This is not a backup of Strongroom. Choose the file that strongroom backup made."


def lock_of(content: bytes | bytearray | memoryview) -> Lock:
    """What opens an age file, from its header, which is in the clear.

    Raises:
        BackupRefused: it is no age file, or asks for more work than a backup may.
    """
    types = list(_stanzas(bytes(memoryview(content)[:_MAX_HEADER_BYTES])))
    scrypt = [arguments for arguments in types if arguments[:1] == [b"scrypt"]]
    if not scrypt:
        return "identity"
    (arguments, *others) = types
    if others or len(arguments) != _SCRYPT_ARGUMENTS - 1 or not arguments[2].isdigit():
        raise BackupRefused(DAMAGED)
    if len(arguments[2]) > len(str(MAX_SCRYPT_LOG_N)) or int(arguments[2]) > MAX_SCRYPT_LOG_N:
        raise BackupRefused("Opening this file would take more memory and time than any backup does. Strongroom did not make it like that.")
    return "passphrase"


def _stanzas(head: bytes) -> Iterable[list[bytes]]:
    """The type and arguments of every stanza of a header."""
    lines = head.split(b"\n")
    if lines[0].startswith(_ARMOR):
        raise BackupRefused("This is an age file in its text form. Make a binary one of it first, with: age -d and age, or with base64.")
    if lines[0] != _FIRST_LINE:
        raise BackupRefused(_NO_BACKUP)
    found = False
    for line in lines[1:]:
        if line.startswith(b"--- "):
            if not found:
                raise BackupRefused(DAMAGED)
            return
        if line.startswith(b"-> "):
            found = True
            yield line[3:].split(b" ")
    raise BackupRefused(DAMAGED)


def encrypt_to_passphrase(plaintext: bytes | bytearray, passphrase: SecretBytes) -> bytes:
    """An age file that a passphrase (UTF-8) opens; takes some seconds, measured anew by pyrage on each machine.

    Raises:
        BackupRefused: the passphrase is not UTF-8.
    """
    import pyrage

    try:
        return bytes(pyrage.passphrase.encrypt(bytes(plaintext), str(passphrase.buffer, "utf-8")))
    except UnicodeDecodeError:
        raise BackupRefused("This passphrase is no text in UTF-8, which other programs would need it to be.") from None


def encrypt_to_recipients(plaintext: bytes | bytearray, recipients: Sequence[str]) -> bytes:
    """An age file for recipients as ``recipient_of`` takes them."""
    return _encrypted(plaintext, [recipient_of(text) for text in recipients])


def encrypt_to_secret(plaintext: bytes | bytearray, secret: SecretBytes) -> bytes:
    """An age file that the identity of a secret of 32 bytes opens."""
    return _encrypted(plaintext, [_identity(secret).to_public()])


def recipient_of(text: str) -> Any:
    """A recipient: ``age1…`` (X25519) or the line of an SSH public key.

    Raises:
        BackupRefused: it is neither.
    """
    import pyrage

    for kind in (pyrage.x25519.Recipient, pyrage.ssh.Recipient):
        try:
            return kind.from_str(text)
        except pyrage.RecipientError:
            continue
    if text.upper().startswith("AGE-SECRET-KEY-"):
        raise BackupRefused(
            "This is a secret key. Give the public one, which begins with age1; and make a new pair: this one was typed here."
        )
    raise BackupRefused("This is no recipient of age: one begins with age1, or is the line of an SSH public key (ed25519 or RSA).")


def decrypt_with_passphrase(content: bytes, passphrase: SecretBytes) -> bytearray:
    """What is in a file, to be wiped; takes as long as the file says.

    Raises:
        DoesNotOpen, BackupRefused
    """
    import pyrage

    lock_of(content)
    try:
        return bytearray(pyrage.passphrase.decrypt(content, str(passphrase.buffer, "utf-8")))
    except UnicodeDecodeError:
        raise DoesNotOpen(_WRONG_PASSPHRASE) from None
    except pyrage.DecryptError as error:
        if "Excessive work" in str(error):
            raise BackupRefused(
                "This backup was made on a much faster computer, and would take minutes here. Open it on that one."
            ) from None
        raise _why(error, _WRONG_PASSPHRASE) from None


def decrypt_with_secret(content: bytes, secret: SecretBytes) -> bytearray:
    """What is in a file for the identity of a secret of 32 bytes; raises as ``decrypt_with_passphrase``."""
    return _decrypted(content, [_identity(secret)], "These shares do not open this backup. They may be those of another one.")


def decrypt_with_identities(content: bytes, identities: SecretBytes) -> bytearray:
    """What is in a file for one of the identities of an identity file's text; raises as ``decrypt_with_passphrase``."""
    return _decrypted(content, identities_of(identities), "No identity of that file opens this backup. It was made for another recipient.")


def identities_of(text: SecretBytes) -> list[Any]:
    """The identities of an age identity file (one ``AGE-SECRET-KEY-1…`` a line, ``#`` before remarks), or of an SSH private key.

    Raises:
        BackupRefused: it is neither.
    """
    import pyrage

    if bytes(text.buffer[:64]).lstrip().startswith(b"-----BEGIN"):
        return [_ssh_identity(text)]
    try:
        lines = [line.strip() for line in str(text.buffer, "utf-8").splitlines()]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (UnicodeDecodeError, pyrage.IdentityError):
        found = []
    if not found:
        raise BackupRefused(
            "This is no identity file that can be used here: it has a line that begins with AGE-SECRET-KEY-1, or is an SSH private key"
            " without a passphrase. If it is encrypted itself, open it first, with: age -d"
        )
    return found


def identity_text(secret: SecretBytes) -> str:
    """The identity of a secret, as age writes it: Bech32 in capitals, ``AGE-SECRET-KEY-1…``."""
    if len(secret) != SECRET_BYTES:
        raise BackupRefused("These shares are not those of a backup: their secret has another length.")
    return encode_bech32(_SECRET_PART, bytes(secret.buffer)).upper()


_WRONG_PASSPHRASE = "That is not the passphrase of this backup, or the file was changed. Try again."


def _identity(secret: SecretBytes) -> Any:
    import pyrage

    return pyrage.x25519.Identity.from_str(identity_text(secret))


def _ssh_identity(text: SecretBytes) -> Any:
    import pyrage

    try:
        return pyrage.ssh.Identity.from_buffer(bytes(text.buffer))
    except pyrage.IdentityError:
        raise BackupRefused("This SSH key cannot be used: it must be ed25519 or RSA, and without a passphrase.") from None


def _encrypted(plaintext: bytes | bytearray, recipients: list[Any]) -> bytes:
    import pyrage

    return bytes(pyrage.encrypt(bytes(plaintext), recipients))


def _decrypted(content: bytes, identities: list[Any], wrong: str) -> bytearray:
    import pyrage

    if lock_of(content) != "identity":
        raise BackupRefused("This backup is opened by a passphrase.")
    try:
        return bytearray(pyrage.decrypt(content, identities))
    except pyrage.DecryptError as error:
        raise _why(error, wrong) from None


def _why(error: Exception, wrong: str) -> Exception:
    """pyrage says with its text alone which step failed: the file key (wrong secret) or what came after it (damage)."""
    if str(error) in {"Decryption failed", "No matching keys found"}:
        return DoesNotOpen(wrong)
    return BackupRefused(DAMAGED)
