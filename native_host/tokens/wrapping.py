"""What a token does for a slot beside what ``keys`` has: to wrap a store's root key and to give it back.

Implements: PKCS #11 v3.1, sections 5.18.3 and 5.18.4 (C_WrapKey, C_UnwrapKey), and 5.8 and 5.9 (C_Encrypt, C_Decrypt) with the same
mechanisms, for a token that makes no session object of foreign bytes or lets none out: the bytes are wrapped all the same.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11 import exceptions as failed

from native_host.tokens.keys import HASHES, KINDS, PASSING, REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable

    from pkcs11 import Session


def wrap_bytes(session: Session, params: dict[str, Any]) -> Any:
    """``data`` wrapped by the key ``id``: the AES key of ``kind`` oct, or the public one of ``kind`` RSA.

    ``mechanism`` without its ``CKM_``; ``hash`` for OAEP; ``direct``: by C_Encrypt.
    """
    place = ObjectClass.SECRET_KEY if params["kind"] == "oct" else ObjectClass.PUBLIC_KEY
    key, how = _key(session, place, params), _mechanism(params)
    if params["direct"]:
        return key.encrypt(params["data"], **how)
    passing = session.create_object(
        {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
            Attribute.VALUE: params["data"],
            **PASSING,
        }
    )
    try:
        return key.wrap_key(passing, **how)
    finally:
        passing.destroy()


def unwrap_bytes(session: Session, params: dict[str, Any]) -> Any:
    """What ``wrap_bytes`` wrapped; ``EncryptedDataInvalid`` for what it did not, whatever the module says of it."""
    place = ObjectClass.SECRET_KEY if params["kind"] == "oct" else ObjectClass.PRIVATE_KEY
    key, how = _key(session, place, params), _mechanism(params)
    try:
        if params["direct"]:
            return key.decrypt(params["data"], **how)
        passing = _unwrapped(key, params["data"], how)
    except REFUSED:
        raise failed.EncryptedDataInvalid from None
    try:
        return passing[Attribute.VALUE]
    finally:
        passing.destroy()


def _unwrapped(key: Any, data: bytes, how: dict[str, Any]) -> Any:
    # Its value is to be read, which the template says; some modules (openCryptoki's) hold that to be the token's to say, and say it.
    for template in (PASSING, {Attribute.TOKEN: False}):
        with suppress(failed.AttributeReadOnly, failed.TemplateInconsistent):
            return key.unwrap_key(ObjectClass.SECRET_KEY, KeyType.GENERIC_SECRET, data, capabilities=0, template=template, **how)
    raise failed.TemplateInconsistent


def _mechanism(params: dict[str, Any]) -> dict[str, Any]:
    mechanism = Mechanism[params["mechanism"]]
    parameter = (*HASHES[params["hash"]], None) if mechanism == Mechanism.RSA_PKCS_OAEP else None
    return {"mechanism": mechanism, "mechanism_param": parameter}


def _key(session: Session, place: ObjectClass, params: dict[str, Any]) -> Any:
    wanted = {Attribute.CLASS: place, Attribute.KEY_TYPE: KINDS[params["kind"]], Attribute.ID: params["id"]}
    found = list(session.get_objects(wanted))
    if len(found) != 1:
        # Of two keys with the same id, which one is ours cannot be told.
        raise failed.MultipleObjectsReturned if found else failed.NoSuchKey
    return found[0]


METHODS: dict[str, Callable[[Session, dict[str, Any]], Any]] = {method.__name__: method for method in (wrap_bytes, unwrap_bytes)}
"""By name; each is handed a session of the token, read-write and logged in to."""
