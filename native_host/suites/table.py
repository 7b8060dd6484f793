"""The one list of algorithms: what each is called, what its keys may do, and where its code is.

A new algorithm is one module, one row here and one test file. Importing this table imports no cryptography: a row's
accessors do that at first use, when the algorithm's known answers are checked too. ``hello``, the reference and the client's
types are made from it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, cast

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
    more than bytes. ``aad`` says whether it authenticates additional data, ``jws_alg`` what its signatures are called in a JWS.
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
            BackendUnavailable: its known answers do not come out; it is of no use until the host starts again.
        """
        code = _loaded.get(self.alg)
        if code is None:
            name, _, attribute = self.place.partition(":")
            module = import_module(f"native_host.suites.{name}")
            code = getattr(module, attribute) if attribute else module
            from native_host.suites.known_answers import check

            check(self, code)
            _loaded[self.alg] = code
        return code

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


_loaded: dict[str, Any] = {}

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


def _nist(alg: str, crv: str, codec: int | None, size: int, digest: int, hash_name: str, **members: Any) -> Suite:
    return Suite(
        alg=alg, kind="signature", standard="FIPS 186-5, RFC 7518, RFC 6979", place=f"ecdsa:{alg}", kty="EC", crv=crv, multicodec=codec,
        digest_bytes=digest, hash_name=hash_name, encodings=("jose", "der"), usages=(*RAW, "jws"), secret_bytes=(size, size), jws_alg=alg, **members,
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
        usages=_CIPHER, secret_bytes=(32, 32), aad=True, labels=labels,
    )  # fmt: skip


def _agreement(alg: str, place: str, standard: str, kty: str, crv: str, codec: int, size: int, **members: Any) -> Suite:
    return Suite(
        alg=alg, kind="agreement", standard=standard, place=place, kty=kty, crv=crv, multicodec=codec, usages=_AGREE, other_usages=(_CIPHER,),
        variants=_JWES, jwk_algs=_JWES, secret_bytes=(size, size), **members,
    )  # fmt: skip


def _cipher(alg: str, place: str, standard: str, size: int, *labels: Label) -> Suite:
    return Suite(
        alg=alg, kind="cipher", standard=standard, place=f"{place}:{alg}", kty="oct", usages=_CIPHER, secret_bytes=(size, size), labels=labels,
        aad="unauthenticated" not in labels,
    )  # fmt: skip


def _aes(mode: str, place: str, standard: str, *labels: Label, sizes: tuple[int, ...] = (128, 192, 256)) -> tuple[Suite, ...]:
    return tuple(_cipher(f"A{size}{mode}", place, standard, size // 8, *labels) for size in sizes)


def _hmac(alg: str, size: int) -> Suite:
    return Suite(
        alg=alg, kind="mac", standard="RFC 2104, RFC 7518", place=f"hmac_sha2:{alg}", kty="oct", usages=(*RAW, "jws"), jws_alg=alg,
        secret_bytes=(size, 1024),
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
        alg="ES256", kind="signature", standard="FIPS 186-5, RFC 7518, RFC 6979", place="ecdsa:ES256", kty="EC", crv="P-256", multicodec=0x1200,
        digest_bytes=32, hash_name="SHA-256", encodings=("jose", "der"), usages=(*RAW, "jws"), secret_bytes=(32, 32), jws_alg="ES256",
    ),
    Suite(
        alg="X25519", kind="agreement", standard="RFC 7748", place="x25519", kty="OKP", crv="X25519", multicodec=0xEC, usages=_AGREE,
        secret_bytes=(32, 32),
    ),
    Suite(
        alg="BIP39", kind="seed", standard="BIP39", place="hd.bip39", usages=("deriveKey",), imported=False,
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
