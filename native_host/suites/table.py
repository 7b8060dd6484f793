"""The one list of algorithms: what each is called, what its keys may do, and where its code is.

A new algorithm is one module, one row here and one test file. Importing this table imports no cryptography:
``Suite.module`` does that at first use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

from native_host.encodings.jwk import Jwk
from native_host.value import Value

Secret = bytes | bytearray | memoryview


class SignatureModule(Protocol):
    """What a module of a signature algorithm offers. Wrong input is ``ValueError``, a fault ``SigningFault``.

    ``public`` is raw: SEC 1 compressed for EC keys, x-only for BIP340, the standard's own bytes for OKP keys.
    Exactly one of ``data`` and ``digest`` is given; ``encoding`` is ``jose`` or, where the row has it, ``der``.
    """

    def generate_secret(self, random_bytes: Callable[[int], bytes]) -> bytearray: ...
    def public_key(self, secret: Secret) -> bytes: ...
    def parse_public(self, jwk: Jwk) -> bytes: ...
    def public_jwk(self, public: bytes) -> Jwk: ...
    def sign(
        self,
        secret: Secret,
        *,
        data: bytes | None = None,
        digest: bytes | None = None,
        encoding: str = "jose",
        public: bytes | None = None,
    ) -> bytes: ...
    def verify(
        self,
        public: bytes,
        *,
        data: bytes | None = None,
        digest: bytes | None = None,
        signature: bytes,
        encoding: str = "jose",
    ) -> bool: ...


class Suite(Value, frozen=True, kw_only=True):
    """One row. ``module_name`` is a module, or ``module:object``, that offers what ``native_host.suites.kinds`` says.

    ``variants`` are the other algorithms that a key of this one may be used with. ``digest_bytes`` is the length of a
    ``digest`` and ``hash_name`` what it is a digest by (``any``: any hash of that length; ``none``: the bytes are the
    message itself); without it the algorithm takes ``data`` only. ``usages`` may stand together on one key, and are what a
    key gets that asks for none; an account key derived from a seed then gets ``derived_usages``. ``schemes`` are the
    derivation schemes, the default first. ``jwk_algs`` are further names that a JWK of such a key may bear as ``alg``.
    """

    alg: str
    standard: str
    module_name: str
    kty: str | None = None
    crv: str | None = None
    multicodec: int | None = None
    variants: tuple[str, ...] = ()
    digest_bytes: int | None = None
    hash_name: str = "none"
    encodings: tuple[str, ...] = ("jose",)
    usages: tuple[str, ...] = ()
    derived_usages: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    jwk_algs: tuple[str, ...] = ()
    signs: bool = False
    generated: bool = False
    imported: bool = False

    def allows(self, alg: str) -> bool:
        """Whether a key of this algorithm may be used with ``alg``."""
        return alg == self.alg or alg in self.variants

    def module(self) -> SignatureModule:
        """The code of a signature algorithm, imported at first use."""
        from importlib import import_module

        name, _, attribute = self.module_name.partition(":")
        module = import_module(name)
        return cast("SignatureModule", getattr(module, attribute) if attribute else module)

    def multikey(self, public: bytes) -> str | None:
        """The Multikey of a raw public key, if its kind has one."""
        if self.multicodec is None:
            return None
        from native_host.encodings.multikey import encode_multikey

        return encode_multikey(self.multicodec, public)


RAW = ("sign", "verify")
INTENTS = ("message", "typedData", "transaction", "jws")
_ACCOUNT = RAW + INTENTS
_SECP256K1 = ("BIP32", "SLIP10")

_ROWS = (
    Suite(
        alg="ES256K", standard="RFC 8812, SEC 2", module_name="native_host.suites.es256k", kty="EC", crv="secp256k1", multicodec=0xE7,
        variants=("ES256K-R", "BIP340"), digest_bytes=32, hash_name="SHA-256", encodings=("jose", "der"), usages=_ACCOUNT,
        derived_usages=INTENTS, schemes=_SECP256K1, signs=True, generated=True, imported=True,
    ),
    Suite(
        alg="ES256K-R", standard="SEC 1 section 4.1.6", module_name="native_host.suites.es256k_r", kty="EC", crv="secp256k1", multicodec=0xE7,
        digest_bytes=32, hash_name="any", usages=_ACCOUNT, derived_usages=INTENTS,
        schemes=_SECP256K1, signs=True, generated=True, imported=True, jwk_algs=("ES256K",),
    ),
    Suite(
        alg="BIP340", standard="BIP340", module_name="native_host.suites.bip340", kty="EC", crv="secp256k1", multicodec=0x1340,
        digest_bytes=32, usages=_ACCOUNT, derived_usages=INTENTS,
        schemes=_SECP256K1, signs=True, generated=True, imported=True, jwk_algs=("ES256K",),
    ),
    Suite(
        alg="Ed25519", standard="RFC 8032, RFC 9864", module_name="native_host.suites.ed25519", kty="OKP", crv="Ed25519", multicodec=0xED,
        usages=_ACCOUNT, derived_usages=INTENTS,
        schemes=("SLIP10",), signs=True, generated=True, imported=True, jwk_algs=("EdDSA",),
    ),
    Suite(
        alg="ES256", standard="RFC 7518, FIPS 186-5", module_name="native_host.suites.es256", kty="EC", crv="P-256", multicodec=0x1200,
        digest_bytes=32, hash_name="SHA-256", encodings=("jose", "der"), usages=(*RAW, "jws"),
        signs=True, generated=True, imported=True,
    ),
    Suite(alg="X25519", standard="RFC 7748", module_name="native_host.suites.x25519", kty="OKP", crv="X25519", multicodec=0xEC),
    Suite(
        alg="BIP39", standard="BIP39", module_name="native_host.suites.hd.bip39",
        usages=("deriveKey",), generated=True,
    ),
    Suite(
        alg="SEED", standard="BIP32, SLIP-0010", module_name="native_host.suites.hd.bip32", kty="oct",
        usages=("deriveKey",), imported=True,
    ),
)  # fmt: skip

SUITES: dict[str, Suite] = {row.alg: row for row in _ROWS}
