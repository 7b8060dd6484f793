"""``strongroom public-key`` and ``strongroom xpub``: the public part of a key, in the form that others read."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from native_host.cli.store import SecretFromStdin, need_store
from native_host.errors import InvalidParams

if TYPE_CHECKING:
    from native_host.encodings.jwk import Jwk

KeyIdArgument = Annotated[str, typer.Argument(metavar="KEY_ID", help="As strongroom keys lists it.")]


class PublicForm(StrEnum):
    """The forms of a public key."""

    JWK = "jwk"
    MULTIKEY = "multikey"
    DID_KEY = "did-key"
    DID_JWK = "did-jwk"
    COSE = "cose"
    SPKI = "spki"
    ADDRESS = "address"


class ExtendedForm(StrEnum):
    """The prefixes of SLIP-0132."""

    XPUB = "xpub"
    YPUB = "ypub"
    ZPUB = "zpub"
    TPUB = "tpub"
    UPUB = "upub"
    VPUB = "vpub"


def public_key(
    key_id: KeyIdArgument,
    *,
    form: Annotated[
        PublicForm,
        typer.Option("--format", help="jwk (RFC 7517), multikey, did-key, did-jwk, cose (COSE_Key in hexadecimal), spki (PEM) or address."),
    ] = PublicForm.JWK,
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Print the public key of a key; asks for the passphrase."""
    from native_host.cli.asking import TerminalPerson
    from native_host.person import at_desk

    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        desk.unlock()
        alg, public, address = desk.public_key(key_id)
    if public is None:
        raise InvalidParams("This key has no public part. Of a seed, print an extended public key with: strongroom xpub", path="keyId")
    if form is PublicForm.ADDRESS:
        if address is None:
            raise InvalidParams("This key has no address: nothing says which chain it is for.", path="keyId")
        print(address)
        return
    try:
        print(_written(form, alg, public))
    except ValueError:
        raise InvalidParams("A key of this kind has no such form.", path="format") from None


def xpub(
    key_id: KeyIdArgument,
    path: Annotated[str, typer.Argument(metavar="PATH", help="The account, such as m/84'/0'/0'.")],
    *,
    form: Annotated[
        ExtendedForm | None, typer.Option("--format", help="By SLIP-0132. Default: as the path's purpose and coin have it.")
    ] = None,
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Print the extended public key (BIP32) of an account of a seed, for a program that watches; asks for the passphrase."""
    from msgspec import ValidationError, convert

    from native_host.cli.asking import TerminalPerson
    from native_host.person import at_desk
    from native_host.protocol.messages import GetExtendedPublicKeyParams
    from native_host.review.requests import EVERY_ADDRESS

    given = {"keyId": key_id, "path": path, **({} if form is None else {"format": form.value})}
    try:
        params = convert(given, GetExtendedPublicKeyParams)
    except ValidationError:
        raise typer.BadParameter("A key id has at most 64 characters, a path at most 256.") from None
    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        desk.unlock()
        print(desk.extended_public_key(params).xpub)
    print(EVERY_ADDRESS, file=sys.stderr)


def _written(form: PublicForm, alg: str, public: bytes) -> str:
    """The public key in one of the forms that are made from it alone; raises ``ValueError`` where its kind has no such form."""
    from native_host.suites.table import SUITES

    suite = SUITES[alg]
    if form in {PublicForm.MULTIKEY, PublicForm.DID_KEY}:
        multikey = suite.multikey(public)
        if not multikey:
            raise ValueError("no multicodec for it")
        return multikey if form is PublicForm.MULTIKEY else f"did:key:{multikey}"
    return _written_jwk(form, suite.pairs().public_jwk(public), alg)


def _written_jwk(form: PublicForm, jwk: Jwk, alg: str) -> str:
    from native_host.encodings import did
    from native_host.encodings import jwk as jose
    from native_host.suites.importing.spki import spki_pem

    match form:
        case PublicForm.DID_JWK:
            return did.encode_did_jwk(jwk)
        case PublicForm.COSE:
            return _cose_key(jwk, alg).hex()
        case PublicForm.SPKI:
            return spki_pem(jwk).rstrip()
        case _:
            from msgspec.json import encode

            return encode(jose.encode_members(jwk)).decode()


def _cose_key(jwk: Jwk, alg: str) -> bytes:
    """With its algorithm where COSE has a number for it."""
    from native_host.encodings.cose import CoseKey, encode_cose_key

    try:
        return encode_cose_key(CoseKey(jwk=jwk, alg=alg))
    except ValueError:
        return encode_cose_key(CoseKey(jwk=jwk))
