"""Opening a key for import: a compact JWE (RFC 7516 section 7.1) to an X25519 key of the host.

Exactly ``ECDH-ES+A256KW`` (RFC 7518 section 4.6) with ``A256GCM`` (section 5.3) and an ephemeral OKP X25519 key (RFC
8037 section 3.2). No compression, which tells of its plaintext by its length, and no critical extensions.
"""

from __future__ import annotations

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from native_host.encodings.base64url import decode_base64url, encode_base64url
from native_host.encodings.jwk import Jwk, encode_members
from native_host.suites import x25519
from native_host.value import Value

KEY_MANAGEMENT = "ECDH-ES+A256KW"
CONTENT_ENCRYPTION = "A256GCM"
_PARTS = 5


class CannotOpen(ValueError):
    """Whatever is wrong: which of the steps failed is not told, as answers that differ can be asked about."""


class _EphemeralKey(Value, frozen=True, kw_only=True):
    kty: str
    crv: str
    x: str
    y: str | UnsetType = UNSET
    d: str | UnsetType = UNSET


class _Header(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may stand in the protected header. ``zip`` and ``crit`` may not, nor any parameter unknown here."""

    alg: str
    enc: str
    epk: _EphemeralKey
    apu: str | UnsetType = UNSET
    apv: str | UnsetType = UNSET
    kid: str | UnsetType = UNSET
    typ: str | UnsetType = UNSET
    cty: str | UnsetType = UNSET


_HEADER = Decoder(_Header)


def open_jwe(text: str, secret: bytes | bytearray | memoryview) -> bytearray:
    """The plaintext; ``secret`` is the 32-byte X25519 key it was encrypted to.

    Raises:
        CannotOpen: for whatever reason.
    """
    try:
        _check(text)
        return _open(text, secret)
    except Exception:  # noqa: BLE001  # the library raises a dozen kinds of error; to the sender they are all one
        raise CannotOpen("the JWE cannot be opened") from None


def _check(text: str) -> None:
    parts = text.split(".")
    if len(parts) != _PARTS:
        raise ValueError("not a compact JWE")
    protected, *_ = [decode_base64url(part) for part in parts]
    header = _HEADER.decode(protected)
    if (header.alg, header.enc) != (KEY_MANAGEMENT, CONTENT_ENCRYPTION) or header.epk.y is not UNSET or header.epk.d is not UNSET:
        raise ValueError("not the algorithms of an import")
    x25519.parse_public(Jwk(kty=header.epk.kty, crv=header.epk.crv, x=decode_base64url(header.epk.x)))


def _open(text: str, secret: bytes | bytearray | memoryview) -> bytearray:
    from jwcrypto.jwe import JWE
    from jwcrypto.jwk import JWK

    members = encode_members(x25519.public_jwk(x25519.public_key(secret)))
    key = JWK(**members, d=encode_base64url(secret))
    jwe = JWE(algs=[KEY_MANAGEMENT, CONTENT_ENCRYPTION])
    jwe.deserialize(text, key)
    # The library's own copies of the plaintext and of the one-time key are not ours to wipe.
    return bytearray(jwe.payload)
