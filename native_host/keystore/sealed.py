"""How one blob is sealed, and which keys of the store seal what.

A root key (32 random bytes) exists only wrapped, in slots. It wraps the store's DEKs, one a purpose; a record's two
blobs are sealed under keys derived from two of them, so that listing never needs the key that opens secrets.

A sealed blob is XC20P (XChaCha20-Poly1305): nonce (24) ‖ ciphertext ‖ tag (16). Its AAD is the length-prefixed
concatenation of "strongroom/1", the blob's purpose, the store id and what the place of use adds: a blob moved to
another record, version, store or purpose does not authenticate.
"""

from __future__ import annotations

from hmac import compare_digest
from hmac import digest as hmac_digest
from os import urandom

from native_host import sodium
from native_host.errors import CannotUnseal
from native_host.secret import SecretBytes

SEALING_ALG = b"XC20P"
_START = b"\x00\x00\x00\x0cstrongroom/1"
PURPOSES = ("metadata", "secret", "audit", "auditBox", "owner", "authentication")


def bind(*parts: bytes) -> bytes:
    """The parts, each with its length before it, so that no two lists of parts give the same bytes."""
    return _START + b"".join([len(part).to_bytes(4, "big") + part for part in parts])


def unseal(key: sodium.Buffer, sealed: bytes, *, aad: bytes) -> bytearray:
    """The plaintext in a buffer that the caller may wipe.

    Raises:
        CannotUnseal: a wrong key or a changed blob.
    """
    try:
        return sodium.aead_decrypt(key, sealed, aad=aad)
    except sodium.Forged:
        raise CannotUnseal from None


class StoreKeys:
    """The DEKs of an unlocked store, in buffers that ``wipe`` overwrites."""

    __slots__ = ("_deks", "store_id")

    def __init__(self, store_id: bytes, deks: dict[str, SecretBytes]) -> None:
        self.store_id = store_id
        self._deks = deks

    def wipe(self) -> None:
        """Overwrite every DEK; the object is of no use afterwards."""
        for dek in self._deks.values():
            dek.wipe()

    def seal_record(self, blob: str, record_id: bytes, version: int, context: bytes, plaintext: sodium.Buffer) -> bytes:
        """Seal one blob (``metadata`` or ``secret``) of one version of a record; ``context`` is bound as well."""
        key, aad = self._record_key(blob, record_id, version, context)
        return sodium.aead_encrypt(key, plaintext, aad=aad)

    def unseal_record(self, blob: str, record_id: bytes, version: int, context: bytes, sealed: bytes) -> bytearray:
        """What ``seal_record`` sealed.

        Raises:
            CannotUnseal: if any of the arguments is not what it was, or the blob was changed.
        """
        key, aad = self._record_key(blob, record_id, version, context)
        return unseal(key, sealed, aad=aad)

    def _record_key(self, blob: str, record_id: bytes, version: int, context: bytes) -> tuple[bytes, bytes]:
        info = bind(blob.encode(), record_id, version.to_bytes(4, "big"))
        return sodium.derive_key(self._deks[blob].buffer, info), bind(SEALING_ALG, self.store_id, info, context)

    def seal_audit(self, seq: int, at: int, plaintext: bytes) -> bytes:
        """Seal one audit row's content, bound to its place and time."""
        return sodium.aead_encrypt(self._deks["audit"].buffer, plaintext, aad=self._audit_aad(seq, at))

    def unseal_audit(self, seq: int, at: int, sealed: bytes) -> bytes:
        """What ``seal_audit`` sealed; raises ``CannotUnseal``."""
        return bytes(unseal(self._deks["audit"].buffer, sealed, aad=self._audit_aad(seq, at)))

    def audit_public(self) -> bytes:
        """The public key to which audit rows are sealed while the store is locked."""
        return sodium.x25519_public(self._deks["auditBox"].buffer)

    def open_audit_box(self, sealed: bytes) -> bytes:
        """An audit row that was written while the store was locked; raises ``CannotUnseal``."""
        try:
            return sodium.box_open(self._deks["auditBox"].buffer, self.audit_public(), sealed)
        except sodium.Forged:
            raise CannotUnseal from None

    def tag(self, kind: str, *parts: bytes) -> bytes:
        """A keyed hash, 16 bytes: the same parts give the same tag, and nobody without the store's keys can tell more."""
        return sodium.derive_key(self._deks["owner"].buffer, bind(kind.encode(), *parts))[:16]

    def mac(self, kind: str, *parts: bytes) -> bytes:
        """HMAC-SHA-256 with the store's authentication key, 32 bytes."""
        return hmac_digest(self._deks["authentication"].buffer, bind(kind.encode(), self.store_id, *parts), "sha256")

    def check_mac(self, mac: bytes | None, kind: str, *parts: bytes) -> bool:
        """Whether ``mac`` is the one that ``mac`` makes; in constant time."""
        return isinstance(mac, bytes) and compare_digest(mac, self.mac(kind, *parts))

    def _audit_aad(self, seq: int, at: int) -> bytes:
        return bind(SEALING_ALG, b"audit", self.store_id, seq.to_bytes(8, "big"), at.to_bytes(8, "big"))


def generate_deks(store_id: bytes, root: SecretBytes) -> tuple[dict[str, bytes], bytes]:
    """New DEKs, wrapped by ``root``, and the public key to which audit rows are sealed while the store is locked."""
    box_secret, box_public = sodium.generate_box_key()
    deks = {purpose: box_secret if purpose == "auditBox" else bytearray(urandom(sodium.KEY_BYTES)) for purpose in PURPOSES}
    return {purpose: wrap_dek(store_id, root, purpose, dek) for purpose, dek in deks.items()}, box_public


def wrap_dek(store_id: bytes, root: SecretBytes, purpose: str, dek: bytearray) -> bytes:
    """A DEK encrypted under the root key; the DEK's buffer is wiped."""
    wrapped = sodium.aead_encrypt(root.buffer, dek, aad=bind(SEALING_ALG, b"dek", store_id, purpose.encode()))
    SecretBytes(dek).wipe()
    return wrapped


def unwrap_deks(store_id: bytes, root: SecretBytes, wrapped: dict[str, bytes]) -> StoreKeys:
    """The store's keys; raises ``CannotUnseal`` if one is missing or changed."""
    if set(wrapped) != set(PURPOSES):
        raise CannotUnseal
    aad = {purpose: bind(SEALING_ALG, b"dek", store_id, purpose.encode()) for purpose in PURPOSES}
    return StoreKeys(store_id, {purpose: SecretBytes(unseal(root.buffer, wrapped[purpose], aad=aad[purpose])) for purpose in PURPOSES})
