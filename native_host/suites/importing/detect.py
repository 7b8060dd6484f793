"""Which form a key file has, from its looks alone: nothing is decrypted, and no checksum computed."""

from __future__ import annotations

from typing import Literal

from msgspec import MsgspecError
from msgspec.json import Decoder

from native_host.suites.importing import extended_key, wif
from native_host.suites.importing.imported import CannotImport, Imported, NotThisForm, checked_text
from native_host.suites.kinds import Secret
from native_host.value import Value

Form = Literal["web3-v3", "eip-2335", "wif", "xprv", "pem", "bip39", "jwk"]

_WORDS = (12, 15, 18, 21, 24)
_WIF_LETTERS = "5KL9c"


class _Looks(Value, frozen=True, kw_only=True):
    kty: object = None
    version: object = None


_DECODER = Decoder(_Looks)


def detect(text: Secret) -> Form:
    """The form of a key file.

    Raises:
        NotThisForm: if it is none that is known.
    """
    content = checked_text(text)
    if content.startswith("{"):
        return _json(content)
    if "-----BEGIN " in content:
        return "pem"
    if content[:4] in extended_key.PREFIXES and len(content) == extended_key.LENGTH:
        return "xprv"
    if len(content) in wif.LENGTHS and content[0] in _WIF_LETTERS and content.isascii() and content.isalnum():
        return "wif"
    words = content.split()
    if len(words) in _WORDS and all(word.isascii() and word.isalpha() for word in words):
        return "bip39"
    raise NotThisForm(
        "This is no key file of a form that is read here: an Ethereum or validator keystore, a Bitcoin private key, PEM, or a JSON Web Key."
    )


def needs_password(text: Secret) -> bool:
    """Whether a key file asks for a password; raises as ``detect``."""
    form = detect(text)
    if form == "pem":
        from native_host.suites.importing import pem

        return pem.needs_password(text)
    return form in {"web3-v3", "eip-2335"}


def read_key_file(text: Secret, *, alg: str = "", password: Secret = b"") -> Imported:
    """The key of a file of any form but recovery words. ``alg`` matters for PEM and JWK only.

    Raises:
        CannotImport: for what the form's own reader says.
    """
    form = detect(text)
    if form == "web3-v3":
        from native_host.suites.importing.web3_keystore import read_web3_keystore

        return read_web3_keystore(text, password)
    if form == "eip-2335":
        from native_host.suites.importing.eip2335 import read_eip2335

        return read_eip2335(text, password)
    if form == "pem":
        from native_host.suites.importing.pem import read_pem

        return read_pem(text, alg=alg, password=password)
    if form == "jwk":
        from native_host.suites.importing.jwk_file import read_jwk

        return read_jwk(text, alg=alg)
    if form == "bip39":
        raise CannotImport("These are recovery words. Restore them as a seed, by typing them into the window that asks for them.")
    return wif.read_wif(text) if form == "wif" else extended_key.read_extended_key(text)


def _json(content: str) -> Form:
    try:
        looks = _DECODER.decode(content)
    except (MsgspecError, RecursionError):
        raise NotThisForm("This file is damaged: it is not the JSON that it begins like. Get another copy of it.") from None
    if isinstance(looks.kty, str):
        return "jwk"
    if looks.version == 3:  # noqa: PLR2004  # as the two documents have it
        return "web3-v3"
    if looks.version == 4:  # noqa: PLR2004
        return "eip-2335"
    raise NotThisForm("This JSON is no key file of a form that is read here: a keystore of version 3 or 4, or one JSON Web Key.")
