"""How one blob is sealed, and which keys of the store seal what.

A root key (32 random bytes) exists only wrapped, in slots. It wraps the store's DEKs, one a purpose; a record's two
blobs are sealed under keys derived from two of them, so that listing never needs the key that opens secrets.

A sealed blob is XC20P (XChaCha20-Poly1305): nonce (24) ‖ ciphertext ‖ tag (16). Its AAD is the length-prefixed
concatenation of "strongroom/1", the blob's purpose, the store id and what the place of use adds: a blob moved to
another record, version, store or purpose does not authenticate.

The two DEKs of records come in *generations*, each with an algorithm of its own: XC20P, or A256GCM (SP 800-38D: nonce (12) ‖
ciphertext ‖ tag (16)), whose short nonce is no risk as each version of each record has a key of its own. What is written is written
under the newest; a record tells which one it stands under, and ``rekeying`` brings the old ones over. The algorithm is bound to the
wrapped DEK, so that nobody can exchange it.
"""

from __future__ import annotations

from hmac import compare_digest
from hmac import digest as hmac_digest
from os import urandom

from native_host import sodium
from native_host.errors import CannotUnseal
from native_host.secret import SecretBytes, wipe

SEALING_ALG = b"XC20P"
_START = b"\x00\x00\x00\x0cstrongroom/1"
_LENGTHS = tuple(length.to_bytes(4, "big") for length in range(128))
"""Of most parts: they are many in each use of a key."""
RECORD_ALGS = ("XC20P", "A256GCM")
FIRST_GENERATION = 1
BLOBS = ("metadata", "secret")
PURPOSES = (*BLOBS, "audit", "auditBox", "owner", "authentication")
_GCM_NONCE_BYTES = 12


def bind(*parts: bytes) -> bytes:
    """The parts, each with its length before it, so that no two lists of parts give the same bytes."""
    pieces = [_START]
    for part in parts:
        length = len(part)
        pieces.append(_LENGTHS[length] if length < len(_LENGTHS) else length.to_bytes(4, "big"))
        pieces.append(part)
    return b"".join(pieces)


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
    """The DEKs of an unlocked store, in buffers that ``wipe`` overwrites. ``generation`` is the newest of the records' DEKs."""

    __slots__ = ("_algs", "_deks", "generation", "store_id")

    def __init__(self, store_id: bytes, deks: dict[str, SecretBytes]) -> None:
        self.store_id = store_id
        self._deks = deks
        self._algs = {FIRST_GENERATION: RECORD_ALGS[0]} if BLOBS[0] in deks else {}
        for purpose in deks:
            blob, _, rest = purpose.partition(":")
            number, _, alg = rest.partition(":")
            if rest and blob == BLOBS[0]:
                self._algs[int(number)] = alg
        self.generation = max(self._algs)

    def wipe(self) -> None:
        """Overwrite every DEK; the object is of no use afterwards."""
        for dek in self._deks.values():
            dek.wipe()

    @property
    def record_alg(self) -> str:
        """The algorithm of the newest generation."""
        return self._algs[self.generation]

    @property
    def generations(self) -> tuple[int, ...]:
        """Every generation under which a record may stand, oldest first."""
        return tuple(sorted(self._algs))

    def seal_record(self, blob: str, record_id: bytes, version: int, context: bytes, plaintext: sodium.Buffer) -> bytes:
        """Seal one blob (``metadata`` or ``secret``) of one version of a record; ``context`` is bound as well."""
        key, aad, alg = self._record_key(self.generation, blob, record_id, version, context)
        return sodium.aead_encrypt(key, plaintext, aad=aad) if alg == RECORD_ALGS[0] else _gcm_encrypt(key, plaintext, aad)

    def unseal_record(self, generation: int, blob: str, record_id: bytes, version: int, context: bytes, sealed: bytes) -> bytearray:
        """What ``seal_record`` sealed, when that generation was the newest.

        Raises:
            CannotUnseal: if any of the arguments is not what it was, or the blob was changed.
        """
        key, aad, alg = self._record_key(generation, blob, record_id, version, context)
        return unseal(key, sealed, aad=aad) if alg == RECORD_ALGS[0] else _gcm_decrypt(key, sealed, aad)

    def _record_key(self, generation: int, blob: str, record_id: bytes, version: int, context: bytes) -> tuple[bytes, bytes, str]:
        alg = self._algs.get(generation)
        if alg is None:
            raise CannotUnseal
        info = bind(blob.encode(), record_id, version.to_bytes(4, "big"))
        dek = self._deks[dek_purpose(blob, generation, alg)]
        return sodium.derive_key(dek.buffer, info), bind(alg.encode(), self.store_id, info, context), alg

    def seal_document(self, document_id: bytes, revision: int, plaintext: bytes) -> bytes:
        """Seal one revision of a document. Its key comes from the one of names, which stays when the records' DEKs are exchanged."""
        info = bind(b"sealDocument", document_id, revision.to_bytes(4, "big"))
        key = sodium.derive_key(self._deks["owner"].buffer, info)
        return sodium.aead_encrypt(key, plaintext, aad=bind(SEALING_ALG, self.store_id, info))

    def unseal_document(self, document_id: bytes, revision: int, sealed: bytes) -> bytearray:
        """What ``seal_document`` sealed; raises ``CannotUnseal``."""
        info = bind(b"sealDocument", document_id, revision.to_bytes(4, "big"))
        key = sodium.derive_key(self._deks["owner"].buffer, info)
        return unseal(key, sealed, aad=bind(SEALING_ALG, self.store_id, info))

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


def wrap_dek(store_id: bytes, root: SecretBytes, purpose: str, dek: bytearray | memoryview) -> bytes:
    """A DEK encrypted under the root key; the DEK's buffer is wiped."""
    wrapped = sodium.aead_encrypt(root.buffer, dek, aad=bind(SEALING_ALG, b"dek", store_id, purpose.encode()))
    wipe(dek)
    return wrapped


def unwrap_deks(store_id: bytes, root: SecretBytes, wrapped: dict[str, bytes]) -> StoreKeys:
    """The store's keys; raises ``CannotUnseal`` if one is missing, unknown or changed."""
    _check_purposes(wrapped)
    return StoreKeys(store_id, {purpose: unwrap_dek(store_id, root, purpose, blob) for purpose, blob in wrapped.items()})


def unwrap_dek(store_id: bytes, root: SecretBytes, purpose: str, wrapped: bytes) -> SecretBytes:
    """One DEK; raises ``CannotUnseal`` if it is another one's, or was changed."""
    if not isinstance(wrapped, bytes):  # SQLite keeps whatever somebody wrote there
        raise CannotUnseal
    return SecretBytes(unseal(root.buffer, wrapped, aad=bind(SEALING_ALG, b"dek", store_id, purpose.encode())))


def dek_purpose(blob: str, generation: int, alg: str) -> str:
    """Under which name a record's DEK stands: the first generation under that of its blob alone."""
    return blob if generation == FIRST_GENERATION else f"{blob}:{generation}:{alg}"


def _check_purposes(wrapped: dict[str, bytes]) -> None:
    """Every purpose once, and of the records' DEKs at least one generation, each of them whole; raises ``CannotUnseal``."""
    if not all(isinstance(purpose, str) for purpose in wrapped):
        raise CannotUnseal
    fixed = {purpose for purpose in wrapped if purpose in PURPOSES and purpose not in BLOBS}
    ours = [{purpose.partition(":")[2] for purpose in wrapped if purpose.partition(":")[0] == blob} for blob in BLOBS]
    known = all(rest == "" or _is_generation(rest) for rest in ours[0])
    if (
        fixed != set(PURPOSES) - set(BLOBS)
        or ours[0] != ours[1]
        or not ours[0]
        or not known
        or len(wrapped) != len(fixed) + 2 * len(ours[0])
    ):
        raise CannotUnseal


def _is_generation(text: str) -> bool:
    number, _, alg = text.partition(":")
    return (
        number.isascii()
        and number.isdecimal()
        and FIRST_GENERATION < int(number) < 2**31
        and str(int(number)) == number
        and alg in RECORD_ALGS
    )


def _gcm_encrypt(key: bytes, plaintext: sodium.Buffer, aad: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = urandom(_GCM_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def _gcm_decrypt(key: bytes, sealed: bytes, aad: bytes) -> bytearray:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    length = len(sealed) - _GCM_NONCE_BYTES - sodium.TAG_BYTES
    if length < 0:
        raise CannotUnseal
    out = bytearray(length)
    try:
        AESGCM(key).decrypt_into(sealed[:_GCM_NONCE_BYTES], sealed[_GCM_NONCE_BYTES:], aad, out)
    except InvalidTag:
        raise CannotUnseal from None
    return out
