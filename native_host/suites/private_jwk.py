"""Private JSON Web Keys: EC and RSA (RFC 7518 sections 6.2.2, 6.3.2), ``oct`` (section 6.4), OKP (RFC 8037 section 2), AKP (RFC 9964).

Other members are ignored, as RFC 7517 section 4 asks. The public members must be there and match the secret: one who
sends a key together with another's public part would have it known under that other's name. Secret members are read from the JSON's
own buffer, and never become text; what writes a JWK, to be wrapped, makes text of them, which cannot be wiped.
"""

from __future__ import annotations

from hmac import compare_digest

from msgspec import UNSET, MsgspecError, Raw, UnsetType
from msgspec.json import Decoder, Encoder

from native_host.encodings.base64url import decode_base64url, decode_secret, encode_base64url
from native_host.encodings.json_text import text_of_json
from native_host.encodings.jwk import Jwk, encode_members
from native_host.secret import wipe
from native_host.suites.table import Suite
from native_host.value import Value

RSA_MEMBERS = ("n", "e", "d", "p", "q", "dp", "dq", "qi")


class PrivateMembers(Value, frozen=True, kw_only=True):
    """The members that are read; the secret ones are views of what was decoded, good for as long as it is. ``oth`` (RSA keys of more than two primes) is refused, ``key_ops`` are the usages of a wrapped key."""

    kty: str
    alg: str | UnsetType = UNSET
    crv: str | UnsetType = UNSET
    x: str | UnsetType = UNSET
    y: str | UnsetType = UNSET
    d: Raw | UnsetType = UNSET
    k: Raw | UnsetType = UNSET
    n: str | UnsetType = UNSET
    e: str | UnsetType = UNSET
    p: Raw | UnsetType = UNSET
    q: Raw | UnsetType = UNSET
    dp: Raw | UnsetType = UNSET
    dq: Raw | UnsetType = UNSET
    qi: Raw | UnsetType = UNSET
    oth: object = UNSET
    pub: str | UnsetType = UNSET
    priv: Raw | UnsetType = UNSET
    key_ops: list[str] | UnsetType = UNSET


_DECODER = Decoder(PrivateMembers)
_encode = Encoder().encode


def parse_private_jwk(plaintext: bytes | bytearray | memoryview, suite: Suite) -> bytearray:
    """The secret of a JWK for ``suite``, in the form that the suite's code takes.

    Raises:
        ValueError: if it is not JSON, of another kind, incomplete, out of range, or its public members do not match.
    """
    return secret_of_members(read_members(plaintext), suite)


def read_members(plaintext: bytes | bytearray | memoryview) -> PrivateMembers:
    """The members of a private JWK; raises ``ValueError`` if it is not one."""
    try:
        return _DECODER.decode(plaintext)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise ValueError("not a JWK") from None


def secret_of_members(members: PrivateMembers, suite: Suite) -> bytearray:
    """As ``parse_private_jwk``, from members that were read."""
    if members.kty != suite.kty:
        raise ValueError("the JWK is of another kind of key")
    if members.alg is not UNSET and members.alg != suite.alg and members.alg not in suite.jwk_algs:
        raise ValueError("the JWK is for another algorithm")
    if suite.kty == "oct":
        return _fitting(_secret(members.k), suite)
    secret = _rsa(members) if suite.kty == "RSA" else _fitting(_secret(members.priv if suite.kty == "AKP" else members.d), suite)
    code = suite.pairs()
    if not compare_digest(code.parse_public(_claimed(members)), code.public_key(secret)):
        raise ValueError("the JWK's public members are not those of its secret")
    return secret


def encode_private_jwk(suite: Suite, secret: bytes | bytearray | memoryview, usages: tuple[str, ...]) -> bytearray:
    """A private JWK of a key, with its ``alg`` and its usages as ``key_ops`` (RFC 7517 section 4.3; usages of our own among them)."""
    if suite.kty == "oct":
        members = {"kty": "oct", "k": encode_base64url(secret)}
    else:
        code = suite.pairs()
        members = {**encode_members(code.public_jwk(code.public_key(secret))), **_private_members(suite, secret)}
    return bytearray(_encode({**members, "alg": suite.alg, "key_ops": list(usages)}))


def _private_members(suite: Suite, secret: bytes | bytearray | memoryview) -> dict[str, str]:
    if suite.kty == "RSA":
        from native_host.suites import rsa

        return {name: encode_base64url(value) for name, value in rsa.members_of_secret(secret).items()}
    return {"priv" if suite.kty == "AKP" else "d": encode_base64url(secret)}


def _rsa(members: PrivateMembers) -> bytearray:
    from native_host.suites import rsa

    if members.oth is not UNSET:
        raise ValueError("an RSA key of more than two primes")
    numbers: list[bytearray] = []
    try:
        for name in RSA_MEMBERS:
            value = getattr(members, name)
            numbers.append(_secret(value) if not isinstance(value, str) else bytearray(decode_base64url(value)))
        return rsa.secret_of_members(*numbers)
    finally:
        for number in numbers:
            wipe(number)


def _claimed(members: PrivateMembers) -> Jwk:
    def given(name: str) -> bytes:
        text = getattr(members, name)
        return b"" if text is UNSET else decode_base64url(text)

    return Jwk(
        kty=members.kty,
        crv="" if members.crv is UNSET else members.crv,
        x=given("x"),
        y=None if members.y is UNSET else given("y"),
        n=given("n"),
        e=given("e"),
        alg="" if members.alg is UNSET else members.alg,
        pub=given("pub"),
    )


def _fitting(secret: bytearray, suite: Suite) -> bytearray:
    shortest, longest = suite.secret_bytes or (0, 0)
    if not shortest <= len(secret) <= longest:
        raise ValueError("the JWK's secret has not the length of its kind")
    return secret


def _secret(member: Raw | UnsetType) -> bytearray:
    if member is UNSET:
        raise ValueError("the JWK lacks a member")
    with text_of_json(memoryview(member)) as text:
        return decode_secret(text.buffer)
