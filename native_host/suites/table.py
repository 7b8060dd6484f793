"""The one list of algorithms: what each is called, what its keys may do, and where its code is.

A new algorithm is one module, one row here and one test file. Importing this table imports no cryptography: a row's
accessors do that at first use, when the algorithm's known answers are checked too. ``hello``, the reference and the client's
types are made from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from native_host.errors import Unsupported
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.suites import kinds

Kind = Literal["signature", "mac", "cipher", "publicCipher", "jwe", "wrap", "agreement", "kem", "seed"]
"""What an algorithm does; all but ``jwe`` and ``seed`` name a Protocol of ``native_host.suites.kinds``.

``jwe``: JSON Web Encryption to a key of another row, whose variant it is. ``seed``: keys are derived from it, and nothing else.
"""

Label = Literal["legacy", "unauthenticated", "post-quantum"]
"""``legacy``: kept for what exists, not for anything new. ``unauthenticated``: whoever holds the ciphertext can change what it
decrypts to. ``post-quantum``: meant to hold against quantum computers."""


class Suite(Value, frozen=True, kw_only=True):
    """One row. ``place`` is a module, or ``module:object``, under ``native_host.suites``.

    ``variants`` are the other algorithms that a key of this one may be used with. ``digest_bytes`` is the length of a
    ``digest`` and ``hash_name`` what it is a digest by (``any``: any hash of that length; ``none``: the bytes are the
    message itself); without it the algorithm takes ``data`` only. ``usages`` may stand together on one key, and are what a
    key gets that asks for none; an account key derived from a seed then gets ``derived_usages``. ``other_usages`` are further
    sets, each of which excludes the first. ``schemes`` are the derivation schemes, the default first. ``jwk_algs`` are further
    names that a JWK of such a key may bear as ``alg``. ``secret_bytes`` are the shortest and the longest secret, where it is no
    more than bytes. ``aad`` says whether it authenticates additional data, ``aggregates`` whether its
    signatures can be made one, ``authenticates_sender`` whether a private key of the sender may take part (HPKE), ``jws_alg`` what its signatures are called in a JWS.
    """

    alg: str
    kind: Kind
    standard: str
    place: str
    kty: str | None = None
    crv: str = ""
    multicodec: int | None = None
    variants: tuple[str, ...] = ()
    digest_bytes: int | None = None
    hash_name: str = "none"
    encodings: tuple[str, ...] = ("jose",)
    usages: tuple[str, ...] = ()
    other_usages: tuple[tuple[str, ...], ...] = ()
    derived_usages: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    jwk_algs: tuple[str, ...] = ()
    secret_bytes: tuple[int, int] | None = None
    labels: tuple[Label, ...] = ()
    aad: bool = False
    aggregates: bool = False
    authenticates_sender: bool = False
    jws_alg: str | None = None
    generated: bool = True
    imported: bool = True

    @property
    def signs(self) -> bool:
        """Whether it is a signature algorithm."""
        return self.kind == "signature"

    @property
    def has_public(self) -> bool:
        """Whether its keys have a public part."""
        return self.kind in {"signature", "publicCipher", "agreement", "kem"}

    def allows(self, alg: str) -> bool:
        """Whether a key of this algorithm may be used with ``alg``."""
        return alg == self.alg or alg in self.variants

    def usage_sets(self) -> tuple[tuple[str, ...], ...]:
        """The sets of usages of which a key has one, or a part of one; the default first."""
        return (self.usages, *self.other_usages)

    def code(self) -> Any:
        """The module or object that computes it, imported at first use, its known answers checked then.

        Raises:
            BackendUnavailable: its known answers do not come out, so it is not used.
            Unsupported: its library is not there; some have none for every platform.
        """
        code = _checked.get(self.alg)
        if code is None:
            from native_host.suites.known_answers import check

            try:
                code = self.loaded()
            except ImportError:
                raise Unsupported("The library of this algorithm is not installed on this computer.", detail=self.alg) from None
            check(self, code)
            _checked[self.alg] = code
        return code

    def loaded(self) -> Any:
        """As ``code``, unchecked: for the check itself."""
        from importlib import import_module  # ``hello`` has no use for it, and the host's start no time

        name, _, attribute = self.place.partition(":")
        module = import_module(f"native_host.suites.{name}")
        return getattr(module, attribute) if attribute else module

    def signatures(self) -> kinds.Signatures:
        """The code of a signature algorithm; raises what ``code`` raises."""
        return cast("kinds.Signatures", self.code())

    def pairs(self) -> kinds.KeyPairs:
        """The code of an algorithm whose keys have a public part."""
        return cast("kinds.KeyPairs", self.code())

    def macs(self) -> kinds.Macs:
        """The code of a message authentication code."""
        return cast("kinds.Macs", self.code())

    def ciphers(self) -> kinds.Ciphers:
        """The code of a symmetric cipher."""
        return cast("kinds.Ciphers", self.code())

    def public_ciphers(self) -> kinds.PublicCiphers:
        """The code of encryption to a public key."""
        return cast("kinds.PublicCiphers", self.code())

    def agreements(self) -> kinds.Agreements:
        """The code of a key agreement."""
        return cast("kinds.Agreements", self.code())

    def kems(self) -> kinds.Kems:
        """The code of a key encapsulation mechanism."""
        return cast("kinds.Kems", self.code())

    def wraps(self) -> kinds.Wraps:
        """The code of key wrapping."""
        return cast("kinds.Wraps", self.code())

    def multikey(self, public: bytes) -> str | None:
        """The Multikey of a raw public key, if its kind has one."""
        if self.multicodec is None:
            return None
        from native_host.encodings.multikey import encode_multikey

        return encode_multikey(self.multicodec, public)


_checked: dict[str, Any] = {}

RAW = ("sign", "verify")
INTENTS = ("message", "typedData", "transaction", "jws")
_ACCOUNT = RAW + INTENTS
_CIPHER = ("encrypt", "decrypt")
_WRAP = ("wrapKey", "unwrapKey")
_AGREE = ("deriveSecret",)
_SECP256K1 = ("BIP32", "SLIP10")
_JWES = ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW")


def _account(alg: str, **members: Any) -> Suite:
    return Suite(
        alg=alg, kind="signature", kty="EC", crv="secp256k1", digest_bytes=32, usages=_ACCOUNT, derived_usages=INTENTS,
        schemes=_SECP256K1, secret_bytes=(32, 32), **members,
    )  # fmt: skip


def _nist(alg: str, crv: str, codec: int | None, size: int, digest: int, hash_name: str, *, jws: bool = True, **members: Any) -> Suite:
    return Suite(
        alg=alg, kind="signature", standard="FIPS 186-5, RFC 7518, RFC 6979", place=f"ecdsa:{alg}", kty="EC", crv=crv, multicodec=codec,
        digest_bytes=digest, hash_name=hash_name, encodings=("jose", "der"), usages=(*RAW, "jws") if jws else RAW, secret_bytes=(size, size), jws_alg=alg if jws else None, **members,
    )  # fmt: skip


def _rsa(alg: str, digest: int) -> Suite:
    return Suite(
        alg=alg, kind="signature", standard="RFC 8017, RFC 7518", place=f"rsa:{alg}", kty="RSA", multicodec=0x1205, digest_bytes=digest,
        hash_name=f"SHA-{alg[2:]}", usages=(*RAW, "jws"), jws_alg=alg, labels=("legacy",) if alg.startswith("RS") else (),
    )  # fmt: skip


def _rsa_oaep(alg: str, hash_name: str, *labels: Label) -> Suite:
    return Suite(
        alg=alg, kind="publicCipher", standard=f"RFC 8017 section 7.1, {hash_name}", place="rsa:" + alg.replace("-", "_"), kty="RSA",
        multicodec=0x1205, usages=_CIPHER, other_usages=(_WRAP,), aad=True, labels=labels,
    )  # fmt: skip


def _ml_dsa(alg: str, codec: int) -> Suite:
    return Suite(
        alg=alg, kind="signature", standard="FIPS 204, RFC 9964", place="ml_dsa:" + alg.replace("-", "_"), kty="AKP", multicodec=codec,
        usages=(*RAW, "jws"), secret_bytes=(32, 32), jws_alg=alg, labels=("post-quantum",),
    )  # fmt: skip


def _ml_kem(alg: str, codec: int) -> Suite:
    return Suite(
        alg=alg, kind="kem", standard="FIPS 203", place="ml_kem:" + alg.replace("-", "_"), kty="AKP", multicodec=codec, usages=_AGREE,
        secret_bytes=(64, 64), labels=("post-quantum",),
    )  # fmt: skip


def _hpke(alg: str, kem: str, kty: str, crv: str, codec: int | None, *labels: Label) -> Suite:
    return Suite(
        alg=alg, kind="publicCipher", standard=f"RFC 9180, {kem}", place="hpke:" + alg.replace("-", "_"), kty=kty, crv=crv, multicodec=codec,
        usages=_CIPHER, secret_bytes=(32, 32), aad=True, labels=labels, authenticates_sender=kty != "AKP",
    )  # fmt: skip


def _agreement(alg: str, place: str, standard: str, kty: str, crv: str, codec: int, size: int, **members: Any) -> Suite:
    return Suite(
        alg=alg, kind="agreement", standard=standard, place=place, kty=kty, crv=crv, multicodec=codec, usages=_AGREE, other_usages=(_CIPHER,),
        variants=_JWES, jwk_algs=_JWES, secret_bytes=(size, size), **members,
    )  # fmt: skip


def _cipher(alg: str, place: str, standard: str, size: int, *labels: Label) -> Suite:
    derived = size == 32 and not labels  # noqa: PLR2004  # a key of SLIP-0021
    return Suite(
        alg=alg, kind="cipher", standard=standard, place=f"{place}:{alg}", kty="oct", usages=_CIPHER, secret_bytes=(size, size), labels=labels,
        aad="unauthenticated" not in labels, schemes=("SLIP21",) if derived else (), derived_usages=_CIPHER if derived else (),
    )  # fmt: skip


def _aes(mode: str, place: str, standard: str, *labels: Label, sizes: tuple[int, ...] = (128, 192, 256)) -> tuple[Suite, ...]:
    return tuple(_cipher(f"A{size}{mode}", place, standard, size // 8, *labels) for size in sizes)


def _hmac(alg: str, size: int) -> Suite:
    return Suite(
        alg=alg, kind="mac", standard="RFC 2104, RFC 7518", place=f"hmac_sha2:{alg}", kty="oct", usages=(*RAW, "jws"), jws_alg=alg,
        secret_bytes=(size, 1024), schemes=("SLIP21",) if alg == "HS256" else (), derived_usages=(*RAW, "jws") if alg == "HS256" else (),
    )  # fmt: skip


def _wrap(size: int) -> Suite:
    return Suite(
        alg=f"A{size}KW", kind="wrap", standard="RFC 3394, RFC 5649", place=f"aes_kw:A{size}KW", kty="oct", usages=_WRAP,
        secret_bytes=(size // 8, size // 8),
    )  # fmt: skip


def _jwe(alg: str) -> Suite:
    return Suite(alg=alg, kind="jwe", standard="RFC 7518 section 4.6", place="jwe_content", generated=False, imported=False, aad=False)


_ROWS = (
    _account(
        "ES256K", standard="RFC 8812, SEC 2", place="es256k", multicodec=0xE7, variants=("ES256K-R", "BIP340"), hash_name="SHA-256",
        encodings=("jose", "der"), jws_alg="ES256K",
    ),
    _account("ES256K-R", standard="SEC 1 section 4.1.6", place="es256k_r", multicodec=0xE7, hash_name="any", jwk_algs=("ES256K",)),
    _account("BIP340", standard="BIP340", place="bip340", multicodec=0x1340, jwk_algs=("ES256K",)),
    Suite(
        alg="Ed25519", kind="signature", standard="RFC 8032, RFC 9864", place="ed25519", kty="OKP", crv="Ed25519", multicodec=0xED,
        usages=_ACCOUNT, derived_usages=INTENTS, schemes=("SLIP10",), jwk_algs=("EdDSA",), secret_bytes=(32, 32), jws_alg="Ed25519",
    ),
    Suite(
        alg="Ed25519-BIP32", kind="signature", standard="BIP32-Ed25519, CIP-1852", place="ed25519_bip32", kty="OKP", crv="Ed25519",
        multicodec=0xED, usages=_ACCOUNT, derived_usages=INTENTS, schemes=("CIP1852",), generated=False, imported=False, jws_alg="Ed25519",
    ),
    Suite(
        alg="Ed448", kind="signature", standard="RFC 8032, RFC 9864", place="ed448", kty="OKP", crv="Ed448", multicodec=0x1203,
        usages=(*RAW, "jws"), jwk_algs=("EdDSA",), secret_bytes=(57, 57), jws_alg="Ed448",
    ),
    _nist("ES224", "P-224", None, 28, 28, "SHA-224", jws=False),
    _nist("ES256", "P-256", 0x1200, 32, 32, "SHA-256", schemes=("SLIP10",), derived_usages=("jws",)),
    _nist("ES384", "P-384", 0x1201, 48, 48, "SHA-384"),
    _nist("ES512", "P-521", 0x1202, 66, 64, "SHA-512"),
    *(_rsa(f"{scheme}{size}", size // 8) for scheme in ("RS", "PS") for size in (256, 384, 512)),
    Suite(
        alg="BLS12381G2", kind="signature", standard="draft-irtf-cfrg-bls-signature-05", place="bls12381", kty="OKP", crv="BLS12381G1",
        multicodec=0xEA, usages=RAW, derived_usages=("verify",), schemes=("EIP2333",), secret_bytes=(32, 32), aggregates=True,
    ),
    Suite(
        alg="sr25519", kind="signature", standard="schnorrkel, RFC 9496", place="sr25519", kty="OKP", crv="sr25519", multicodec=0xEF,
        usages=RAW, secret_bytes=(32, 32),
    ),
    _ml_dsa("ML-DSA-44", 0x1210),
    _ml_dsa("ML-DSA-65", 0x1211),
    _ml_dsa("ML-DSA-87", 0x1212),
    _hmac("HS256", 32),
    _hmac("HS384", 48),
    _hmac("HS512", 64),
    *_aes("GCM", "aes", "SP 800-38D, RFC 7518"),
    *_aes("CBC", "aes_modes", "SP 800-38A, RFC 5652", "legacy", "unauthenticated"),
    *_aes("CTR", "aes_modes", "SP 800-38A", "legacy", "unauthenticated"),
    *_aes("ECB", "aes_modes", "SP 800-38A, RFC 5652", "legacy", "unauthenticated"),
    _cipher("C20P", "chacha", "RFC 8439", 32),
    _cipher("XC20P", "chacha", "draft-irtf-cfrg-xchacha-03", 32),
    _wrap(128),
    _wrap(192),
    _wrap(256),
    _rsa_oaep("RSA-OAEP", "SHA-1", "legacy"),
    _rsa_oaep("RSA-OAEP-256", "SHA-256"),
    _agreement("X25519", "x25519", "RFC 7748", "OKP", "X25519", 0xEC, 32, schemes=("SLIP10",), derived_usages=_AGREE),
    _agreement("X448", "x448", "RFC 7748", "OKP", "X448", 0x1204, 56),
    _agreement("ECDH-P256", "ecdh:ECDH_P256", "SP 800-56A section 5.7.1.2", "EC", "P-256", 0x1200, 32),
    _agreement("ECDH-P384", "ecdh:ECDH_P384", "SP 800-56A section 5.7.1.2", "EC", "P-384", 0x1201, 48),
    _agreement("ECDH-P521", "ecdh:ECDH_P521", "SP 800-56A section 5.7.1.2", "EC", "P-521", 0x1202, 66),
    *(_jwe(alg) for alg in _JWES),
    _ml_kem("ML-KEM-768", 0x120C),
    _ml_kem("ML-KEM-1024", 0x120D),
    _hpke("HPKE-0", "P-256, HKDF-SHA256, AES-128-GCM", "EC", "P-256", 0x1200),
    _hpke("HPKE-3", "X25519, HKDF-SHA256, AES-128-GCM", "OKP", "X25519", 0xEC),
    _hpke("HPKE-4", "X25519, HKDF-SHA256, ChaCha20-Poly1305", "OKP", "X25519", 0xEC),
    _hpke("HPKE-7", "P-256, HKDF-SHA256, AES-256-GCM", "EC", "P-256", 0x1200),
    _hpke("HPKE-9", "X25519 with ML-KEM-768, SHAKE256, AES-256-GCM", "AKP", "", None, "post-quantum"),
    Suite(
        alg="BIP39", kind="seed", standard="BIP39", place="hd.bip39", usages=("deriveKey",), derived_usages=("deriveKey",), schemes=("BIP85",), imported=False,
    ),
    Suite(
        alg="SEED", kind="seed", standard="BIP32, SLIP-0010", place="hd.bip32", kty="oct", usages=("deriveKey",), secret_bytes=(16, 64),
        generated=False,
    ),
)  # fmt: skip

SUITES: dict[str, Suite] = {row.alg: row for row in _ROWS}

UNSUPPORTED = {
    "ML-KEM-512": "No kept library brings ML-KEM-512. Use ML-KEM-768 or ML-KEM-1024.",
}
"""Algorithms of the protocol that are answered ``unsupported``, each with its reason."""
