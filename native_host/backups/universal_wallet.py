"""Universal Wallet 2020 (W3C CCG, universal-wallet-interop-spec): the container in which wallets exchange keys and the like.

A *locked wallet* is a credential of type ``EncryptedWallet``; a JWE in it holds the *contents*, a list of JSON objects: keys, recovery
words (``Mnemonic``), ``Entropy``, ``Connection`` and others. Both places of the JWE are read: the one of the specification's text
(``contents``, one JWE an object) and the one of its reference implementation (``encryptedWalletContents``, one JWE over all), which is
the one that is written, as it does not tell how many there are. A wallet itself (``UniversalWallet2020``), unlocked or with each object
locked, is read as well.

The credential is not signed: whoever knows the password made it, or may have. JSON makes ``str`` of the secrets in it, which
cannot be wiped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import UNSET, Meta, MsgspecError, UnsetType, convert, json
from msgspec.json import decode, encode

from native_host.backups import wallet_lock
from native_host.backups.refused import BackupRefused
from native_host.backups.wallet_lock import Jwe
from native_host.encodings.base58 import decode_base58
from native_host.encodings.base64url import encode_base64url
from native_host.secret import wipe
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.secret import SecretBytes

CONTEXT = "https://w3id.org/wallet/v1"
CREDENTIALS = "https://www.w3.org/2018/credentials/v1"
MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_CONTENTS = 10_000
MAX_LOCKS = 16
MAX_LABEL = 128
_NO_WALLET = "This is no Universal Wallet: neither a locked one (EncryptedWallet) nor an unlocked one (UniversalWallet2020)."
_DAMAGED = "This wallet is damaged or incomplete. Export it again from where it came from."
_SEED_BYTES = range(16, 65)
_ED25519_SECRET, _KEY_BYTES = 64, 32
Kind = Literal["key", "words", "entropy", "reference", "connection", "other"]
Contents = list[dict[str, Any]]


class Item(Value, frozen=True, kw_only=True):
    """One object of a wallet. ``what`` says it in a word or two for the person; ``text`` is the secret of a key (a JWK), of recovery
    words or of entropy (bytes), to be wiped, and empty for what is not taken in."""

    kind: Kind
    what: str
    label: str
    text: bytearray


class _Place(Value, frozen=True, kw_only=True):
    id: str = ""
    jwe: Jwe


class _Subject(Value, frozen=True, kw_only=True):
    encrypted: Jwe | UnsetType = UNSET
    contents: Annotated[list[_Place], Meta(min_length=1)] | UnsetType = UNSET


class _Container(Value, frozen=True, kw_only=True, rename={"subject": "credentialSubject"}):
    type: list[str] | str
    subject: object = UNSET
    contents: object = UNSET
    status: str = "UNLOCKED"


class Wallet(Value, frozen=True, kw_only=True):
    """A container that was read: locked, with its JWEs, or not, with its contents."""

    locked: tuple[Jwe, ...] = ()
    contents: tuple[dict[str, Any], ...] = ()


def read(text: bytes | bytearray) -> Wallet:
    """What a file is; nothing is decrypted. Raises ``BackupRefused``."""
    if len(text) > MAX_FILE_BYTES:
        raise BackupRefused("This file is too large for a wallet.")
    try:
        container = decode(text, type=_Container)
    except (MsgspecError, RecursionError, UnicodeDecodeError):
        raise BackupRefused(_NO_WALLET) from None
    types = [container.type] if isinstance(container.type, str) else container.type
    if "EncryptedWallet" in types:
        return Wallet(locked=_jwes(container.subject))
    if "UniversalWallet2020" in types and container.status == "LOCKED":
        return Wallet(locked=tuple(_converted(container.contents, list[Jwe])))
    if "UniversalWallet2020" in types:
        return Wallet(contents=tuple(_checked(container.contents)))
    raise BackupRefused(_NO_WALLET)


def _jwes(subject: object) -> tuple[Jwe, ...]:
    members = subject if isinstance(subject, dict) else {}
    named = {"encrypted": members.get("encryptedWalletContents", UNSET), "contents": members.get("contents", UNSET)}
    found: _Subject = _converted({name: value for name, value in named.items() if value is not UNSET}, _Subject)
    if found.encrypted is not UNSET:
        return (found.encrypted,)
    if found.contents is not UNSET:
        return tuple(place.jwe for place in found.contents)
    raise BackupRefused(_DAMAGED)


def _converted(found: object, form: Any) -> Any:
    try:
        return convert(found, form)
    except (MsgspecError, RecursionError):
        raise BackupRefused(_DAMAGED) from None


def unlocked(wallet: Wallet, password: SecretBytes | None) -> Contents:
    """The contents; ``password`` for a locked one.

    Raises:
        BackupRefused, DoesNotOpen: see ``wallet_lock``.
    """
    if password is None or not wallet.locked:
        return list(wallet.contents)
    if len(wallet.locked) > MAX_LOCKS:
        raise BackupRefused("Opening this wallet would take one password's work for each thing in it. Export it as one locked file.")
    found: Contents = []
    for jwe in wallet.locked:
        plaintext = wallet_lock.unlock(jwe, password)
        try:
            opened = decode(plaintext)
        except (MsgspecError, RecursionError, UnicodeDecodeError):
            raise BackupRefused(_DAMAGED) from None
        finally:
            wipe(plaintext)
        # One JWE over all of them, or one for this object alone.
        found += _checked(opened["contents"] if isinstance(opened, dict) and set(opened) == {"contents"} else [opened])
    return _checked(found)


def _checked(contents: object) -> Contents:
    if not isinstance(contents, list) or not all(isinstance(one, dict) for one in contents):
        raise BackupRefused(_DAMAGED)
    if len(contents) > MAX_CONTENTS:
        raise BackupRefused(f"This wallet holds more than {MAX_CONTENTS} things. Export it in parts.")
    return contents


def locked(contents: Contents, password: SecretBytes, *, wallet_id: str, issued: str) -> bytes:
    """The file of a locked wallet. ``wallet_id`` is a URI that tells nothing, ``issued`` the time in RFC 3339."""
    credential = {
        "@context": [CREDENTIALS, CONTEXT],
        "id": wallet_id,
        "type": ["VerifiableCredential", "EncryptedWallet"],
        "issuer": wallet_id,
        "issuanceDate": issued,
        "credentialSubject": {
            "id": wallet_id,
            "encryptedWalletContents": wallet_lock.lock(encode({"contents": contents}), password),
        },
    }
    return json.format(encode(credential), indent=2) + b"\n"


# what is in it


def item_of(content: dict[str, Any]) -> Item:
    """What one object is, and its secret if it is one that can be taken in. Nothing in it is believed: what is not of its form is ``other``."""
    types = content.get("type")
    names = [types] if isinstance(types, str) else types if isinstance(types, list) else []
    named = [name for name in names if isinstance(name, str)]
    label = next((content[name] for name in ("name", "title") if isinstance(content.get(name), str)), "")[:MAX_LABEL]
    what = ", ".join(named)[:MAX_LABEL] or "something without a type"
    kind, text = _secret_of(content, named)
    return Item(kind=kind, what=what, label=label, text=text)


def _secret_of(content: dict[str, Any], types: list[str]) -> tuple[Kind, bytearray]:
    if isinstance(content.get("privateKeyJwk"), dict):
        return "key", bytearray(encode(content["privateKeyJwk"]))
    if isinstance(content.get("privateKeyBase58"), str):
        jwk = _jwk_of_base58(content, types)
        return ("key", jwk) if jwk is not None else ("other", bytearray())
    if "Mnemonic" in types and isinstance(content.get("value"), str):
        return "words", bytearray(content["value"].encode("utf-8", "replace"))
    if "Entropy" in types:
        entropy = _entropy(content)
        if entropy is not None:
            return "entropy", entropy
    if any(name.startswith("privateKey") for name in content):
        return "reference", bytearray()
    return ("connection" if "Connection" in types else "other"), bytearray()


def _jwk_of_base58(content: dict[str, Any], types: list[str]) -> bytearray | None:
    """The JWK of an Ed25519 or X25519 key of the older suites: the secret, and for Ed25519 its public key after it."""
    curve = next((name for name in ("Ed25519", "X25519") if any(one.startswith(name) for one in types)), None)
    try:
        secret, public = decode_base58(content["privateKeyBase58"]), decode_base58(str(content.get("publicKeyBase58", "")))
    except ValueError:
        return None
    lengths = {_KEY_BYTES, _ED25519_SECRET} if curve == "Ed25519" else {_KEY_BYTES}
    if curve is None or len(secret) not in lengths or len(public) != _KEY_BYTES:
        return None
    # The reader of JWKs sees whether the public key is that of the secret.
    members = {"kty": "OKP", "crv": curve, "x": encode_base64url(public), "d": encode_base64url(secret[:_KEY_BYTES])}
    return bytearray(encode(members))


def _entropy(content: dict[str, Any]) -> bytearray | None:
    """Bytes in hexadecimal (``seed`` or ``value``, as the reference implementation has it) or as multibase (``multibase``: base 16 or 58)."""
    text, hexadecimal = content.get("multibase"), content.get("seed", content.get("value"))
    try:
        if isinstance(hexadecimal, str):
            found = bytes.fromhex(hexadecimal)
        elif isinstance(text, str) and text[:1] in {"f", "F"}:
            found = bytes.fromhex(text[1:])
        elif isinstance(text, str) and text[:1] == "z":
            found = decode_base58(text[1:])
        else:
            return None
    except ValueError:
        return None
    return bytearray(found) if len(found) in _SEED_BYTES else None
