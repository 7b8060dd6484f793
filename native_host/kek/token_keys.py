"""How a token's key protects a root key: the ways there are, best first, and the ``Kek`` of each.

``encrypt``: AES-256-GCM (NIST SP 800-38D) with the slot's data as AAD, by a key that the token makes and keeps (CKM_AES_GCM).
``wrap``: AES key wrap (RFC 3394, RFC 5649) by such a key, or RSAES-OAEP (RFC 8017, section 7.1) by the token's key pair. Neither
takes AAD, so a tag is put behind: HMAC-SHA-256 over it, with a key that HKDF (RFC 5869) derives from the root key itself.
``agree``: ECDH on P-256 (NIST SP 800-56A, section 5.7.1.2) between a key pair that is made here and forgotten, and the token's
(CKM_ECDH1_DERIVE without a KDF). HKDF-SHA-256 makes of the shared secret the key of a ``SymmetricKek``.

The keys that are AES keys authenticate what they unwrap by a secret that only the token has. RSA-OAEP and ``agree`` work with a
public key: whoever reads that and may write the file can put a root key of their own into the slot. It opens none of the
records that were in the store.
"""

from __future__ import annotations

from contextlib import nullcontext
from hmac import compare_digest
from os import urandom
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from native_host.errors import CannotUnseal
from native_host.kek.provider import MAX_WRAPPED_BYTES, DeviceRefuses
from native_host.kek.symmetric import SymmetricKek
from native_host.kek.token_errors import KIND, told
from native_host.secret import SecretBytes
from native_host.tokens.errors import TokenAbsent, TokenRefuses
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from types import TracebackType

    from native_host.kek.provider import Kek
    from native_host.tokens.client import TokenInfo, TokenWorker

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 32
POINT_BYTES = 65
LABEL = "strongroom"
P256 = bytes.fromhex("06082a8648ce3d030107")
"""CKA_EC_PARAMS: the OID prime256v1 in DER."""
RSA_BITS, OLDER_RSA_BITS = 3072, 2048
"""Older smart cards have no more than the second."""
MAKE_SECONDS = 180.0

T = TypeVar("T")
Method = Literal["encrypt", "wrap", "agree"]


class Way(Value, frozen=True, kw_only=True):
    """One row. ``mechanism`` by JOSE's name; ``ckm`` what protects and ``maker`` what makes the key, both without ``CKM_``.

    ``kind`` and ``use`` are those of ``tokens.keys``. ``direct``: the bytes are encrypted as they are, and no session object is made of them.
    """

    method: Method
    mechanism: str
    ckm: str
    maker: str = "AES_KEY_GEN"
    kind: str = "oct"
    use: str = "wrap"
    hash: str = ""
    direct: bool = False

    @property
    def name(self) -> str:
        """What a slot's parameters call it."""
        return "/".join((self.mechanism, self.ckm, *(["direct"] if self.direct else [])))


def _wrapping(**row: Any) -> tuple[Way, Way]:
    return Way(method="wrap", **row), Way(method="wrap", use="decrypt", direct=True, **row)


_RSA = {"ckm": "RSA_PKCS_OAEP", "maker": "RSA_PKCS_KEY_PAIR_GEN", "kind": "RSA"}
WAYS = (
    Way(method="encrypt", mechanism="A256GCM", ckm="AES_GCM", use="decrypt"),
    *_wrapping(mechanism="A256KWP", ckm="AES_KEY_WRAP_KWP"),
    # What RFC 5649 was called before version 3.1. Where it is another padding it unwraps what it wrapped all the same.
    *_wrapping(mechanism="A256KWP", ckm="AES_KEY_WRAP_PAD"),
    *_wrapping(mechanism="A256KW", ckm="AES_KEY_WRAP"),
    *_wrapping(mechanism="RSA-OAEP-256", hash="SHA-256", **_RSA),
    *_wrapping(mechanism="RSA-OAEP", hash="SHA-1", **_RSA),
    Way(method="agree", mechanism="ECDH-P256", ckm="ECDH1_DERIVE", maker="EC_KEY_PAIR_GEN", kind="EC", use="derive"),
)
"""Best first: those that authenticate by a secret of the token's, then those that need little of it."""


def ways_of(token: TokenInfo, method: str | None, mechanism: str | None) -> list[Way]:
    """What the token says that it can do, of what was asked for."""
    able = set(token.mechanisms)
    return [
        way
        for way in WAYS
        if method in {None, way.method} and mechanism in {None, way.mechanism} and {f"CKM_{way.ckm}", f"CKM_{way.maker}"} <= able
    ]


class TokenKey:
    """A key in a token, by its CKA_ID. The token is logged in to; every method raises ``DeviceAbsent`` and ``DeviceRefuses``."""

    def __init__(
        self, worker: TokenWorker, serial: str, key_id: bytes, way: Way, waits: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        """``waits`` is entered around each call: as ``Ask.waits``, unless whoever calls waits already, or holds a transaction."""
        self.way = way
        self._waits = waits
        self._worker = worker
        self._named: dict[str, Any] = {"serial": serial, "id": key_id, "kind": way.kind}

    def make(self) -> bytes:
        """Make it, so that it never leaves the token; its public point, for a key of an elliptic curve."""
        if self.way.kind == "EC":
            return _point_of(self._make(params=P256))
        if self.way.kind == "oct":
            self._make(bits=KEY_BYTES * 8)
            return b""
        try:
            self._make(bits=RSA_BITS)
        except DeviceRefuses:
            self._make(bits=OLDER_RSA_BITS)
        return b""

    def destroy(self) -> None:
        """Take it out of the token."""
        self._asked(self._worker.call, "destroy_key")

    def change(self, method: str, **params: Any) -> bytes:
        """What a method of the worker's makes of bytes with this key."""
        result = self._asked(self._worker.call, method, **params)
        if not isinstance(result, bytes):
            raise _nonsense()
        return result

    def opened(self, method: str, **params: Any) -> SecretBytes:
        """A secret that the key opens; raises ``CannotUnseal`` if the token says that it is none of its."""
        return self._asked(self._worker.call_secret, method, **params)

    def _make(self, **size: Any) -> Any:
        return self._asked(self._worker.call, "make_key", seconds=MAKE_SECONDS, label=LABEL, use=self.way.use, **size)

    def _asked(self, call: Callable[..., T], method: str, **params: Any) -> T:
        with told(), self._waits():
            try:
                return call(method, **self._named, **params)
            except TokenRefuses as error:
                serial = self._named["serial"]
                if serial not in {token.serial for token in self._worker.tokens(serial)}:
                    # Modules have many words for a token that was just taken out.
                    raise TokenAbsent from None
                if error.reason_name == "EncryptedDataInvalid":
                    raise CannotUnseal from None
                raise


class EncryptingKek:
    """``wrap`` gives nonce (12) ‖ ciphertext ‖ tag (16). The nonce is random: a slot wraps a handful of times in its life."""

    def __init__(self, key: TokenKey) -> None:
        self._key = key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return

    def wrap(self, plaintext: SecretBytes, *, aad: bytes) -> bytes:
        nonce = urandom(NONCE_BYTES)
        return nonce + self._key.change("encrypt_gcm", nonce=nonce, aad=aad, data=plaintext.buffer)

    def unwrap(self, wrapped: bytes, *, aad: bytes) -> SecretBytes:
        return self._key.opened("decrypt_gcm", nonce=wrapped[:NONCE_BYTES], aad=aad, data=wrapped[NONCE_BYTES:])


class WrappingKek(EncryptingKek):
    """``wrap`` gives what the token made of it ‖ the tag (32)."""

    def wrap(self, plaintext: SecretBytes, *, aad: bytes) -> bytes:
        with _padded(plaintext) as data:
            return self._key.change("wrap_bytes", data=data.buffer, **self._how()) + _tag(plaintext, aad)

    def unwrap(self, wrapped: bytes, *, aad: bytes) -> SecretBytes:
        with self._key.opened("unwrap_bytes", data=wrapped[:-TAG_BYTES], **self._how()) as data:
            plaintext = _unpadded(data)
        if not compare_digest(_tag(plaintext, aad), wrapped[-TAG_BYTES:]):
            plaintext.wipe()
            raise CannotUnseal
        return plaintext

    def _how(self) -> dict[str, Any]:
        way = self._key.way
        return {"mechanism": way.ckm, "hash": way.hash, "direct": way.direct}


def kek_of(key: TokenKey, *, point: bytes, ephemeral: bytes) -> Kek:
    """The key-encryption key; the two points (65 bytes each) are those of ``agree``."""
    if key.way.method == "agree":
        # A token may not check it, and a point off the curve would make it tell of its key.
        if not _is_point(ephemeral) or not _is_point(point):
            raise CannotUnseal
        with key.opened("agree", point=ephemeral, bytes=KEY_BYTES) as shared:
            return _agreed(shared, ephemeral, point)
    return EncryptingKek(key) if key.way.method == "encrypt" else WrappingKek(key)


def agree_once(point: bytes) -> tuple[bytes, SymmetricKek]:
    """A key pair that is used once, with the token's public point: its public point, and what ``kek_of`` will give at the token."""
    private = ec.generate_private_key(ec.SECP256R1())
    ephemeral = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    with SecretBytes(private.exchange(ec.ECDH(), theirs)) as shared:
        return ephemeral, _agreed(shared, ephemeral, point)


def _point_of(described: Any) -> bytes:
    """The public point of a key, uncompressed: CKA_EC_POINT is an OCTET STRING in DER, and in some tokens the point itself."""
    told_point = described.get("point") if isinstance(described, dict) else None
    if not isinstance(told_point, bytes):
        raise _nonsense()
    point = told_point.removeprefix(bytes((0x04, POINT_BYTES))) if len(told_point) == POINT_BYTES + 2 else told_point
    if not _is_point(point):
        raise _nonsense()
    return point


def _is_point(point: bytes) -> bool:
    if len(point) != POINT_BYTES:
        return False
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return True


def _nonsense() -> DeviceRefuses:
    return DeviceRefuses("The token answers what cannot be. Choose another method, or another token.", detail=KIND)


def prove(wrapping: Kek, unwrapping: Kek) -> None:
    """See that what the first wraps the second gives back; a device that does not is refused here, and not when it is needed."""
    aad = urandom(KEY_BYTES)
    with SecretBytes(urandom(MAX_WRAPPED_BYTES)) as probe, unwrapping.unwrap(wrapping.wrap(probe, aad=aad), aad=aad) as back:
        if probe != back:
            raise _nonsense()


def _agreed(shared: SecretBytes, ephemeral: bytes, point: bytes) -> SymmetricKek:
    if len(shared) != KEY_BYTES:
        raise _nonsense()
    return SymmetricKek(_derived(shared, b"strongroom pkcs11 agree" + ephemeral + point))


def _derived(secret: SecretBytes, info: bytes) -> SecretBytes:
    key = bytearray(KEY_BYTES)
    HKDF(SHA256(), KEY_BYTES, None, info).derive_into(secret.buffer, key)
    return SecretBytes(key)


def _tag(plaintext: SecretBytes, aad: bytes) -> bytes:
    with _derived(plaintext, b"strongroom pkcs11 wrap") as key:
        mac = HMAC(key.buffer, SHA256())
        mac.update(aad)
        return mac.finalize()


def _padded(plaintext: SecretBytes) -> SecretBytes:
    """To a multiple of 8 bytes and at least 16, as RFC 3394 takes (ISO/IEC 7816-4 padding)."""
    padded = bytearray(max(len(plaintext) // 8 * 8 + 8, 16))
    padded[: len(plaintext)] = plaintext.buffer
    padded[len(plaintext)] = 0x80
    return SecretBytes(padded)


def _unpadded(data: SecretBytes) -> SecretBytes:
    end = len(data) - 1
    while end >= 0 and not data.buffer[end]:
        end -= 1
    if end < 0 or data.buffer[end] != 0x80:  # noqa: PLR2004  # the mark, behind which there are zeros alone
        raise CannotUnseal
    return SecretBytes(data.buffer[:end])
