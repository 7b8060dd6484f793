"""Keys inside a PKCS#11 token: made, listed, used and destroyed through one session, in the worker process alone.

Implements: PKCS #11 Cryptographic Token Interface, version 2.40 (Base sections 5.7 to 5.14; Current Mechanisms sections 2.1, 2.3,
2.11, 2.13) and 3.0 (Current Mechanisms section 2.3.10, EdDSA), by python-pkcs11, which has no other backend and no message calls.

Keys are made so that they never leave: CKA_SENSITIVE and CKA_PRIVATE true, CKA_EXTRACTABLE false, and what the token made of that is
read back. Only digests, ciphertexts and public points go in, but for EdDSA and symmetric keys, which take the message itself.
CKM_AES_KEY_WRAP_PAD is not used: what it does is not the same in all modules (version 2.40 left it open).

What goes wrong is an exception of ``pkcs11.exceptions``, whose name the worker sends: ``NoSuchKey`` is a key that the token does not
show, ``MultipleObjectsReturned`` one that it shows twice, ``MechanismInvalid`` what it cannot do, ``EncryptedDataInvalid`` what does not
decrypt, whatever the module says of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pkcs11 import KDF, MGF, Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11 import exceptions as failed
from pkcs11.mechanisms import GCMParams

if TYPE_CHECKING:
    from collections.abc import Callable

    from pkcs11 import Session

KINDS = {"RSA": KeyType.RSA, "EC": KeyType.EC, "OKP": KeyType.EC_EDWARDS, "oct": KeyType.AES}
"""Kinds of keys by JOSE's names."""
MAKERS = {
    "RSA": Mechanism.RSA_PKCS_KEY_PAIR_GEN,
    "EC": Mechanism.EC_KEY_PAIR_GEN,
    "OKP": Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
    "oct": Mechanism.AES_KEY_GEN,
}
FLAGS = {
    "sign": MechanismFlag.SIGN | MechanismFlag.VERIFY,
    "decrypt": MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
    "derive": MechanismFlag.DERIVE,
    "wrap": MechanismFlag.WRAP | MechanismFlag.UNWRAP,
}
HASHES = {
    "SHA-1": (Mechanism.SHA_1, MGF.SHA1),
    "SHA-256": (Mechanism.SHA256, MGF.SHA256),
    "SHA-384": (Mechanism.SHA384, MGF.SHA384),
    "SHA-512": (Mechanism.SHA512, MGF.SHA512),
}
GCM_TAG_BYTES = 16
MAX_KEYS = 256
"""A token is not asked about more keys than that: a hostile one could go on for ever."""

NOT_LEAVING = {Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
PASSING = {Attribute.TOKEN: False, Attribute.PRIVATE: True, Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True}
"""A session object whose value is read and gone again: an agreed secret, a key that is wrapped or unwrapped."""
REFUSED = (
    failed.EncryptedDataInvalid,
    failed.EncryptedDataLenRange,
    failed.DataInvalid,
    failed.DataLenRange,
    failed.WrappedKeyInvalid,
    failed.WrappedKeyLenRange,
    failed.FunctionFailed,
    failed.GeneralError,
    failed.ArgumentsBad,
)
"""What modules say of a ciphertext that is none: SoftHSM2 says CKR_GENERAL_ERROR. To whoever sent it they are all one."""


def is_open(session: Session, params: dict[str, Any]) -> Any:
    """That there is a session, which there is for nobody who has not logged in to a token that asks for it."""
    del session, params
    return True


def find_keys(session: Session, params: dict[str, Any]) -> Any:
    """Every private and secret key that the token shows, each with what is public of it."""
    del params
    publics = {_text(one, Attribute.ID): one for one in _some(session, {Attribute.CLASS: ObjectClass.PUBLIC_KEY})}
    found = []
    for place in (ObjectClass.PRIVATE_KEY, ObjectClass.SECRET_KEY):
        for key in _some(session, {Attribute.CLASS: place}):
            described = _describe(key, publics.get(_text(key, Attribute.ID)))
            if described is not None:
                found.append(described)
    return found


def make_key(session: Session, params: dict[str, Any]) -> Any:
    """A new key that stays in the token; ``kind``, ``id``, ``label``, ``use``, and ``bits`` or ``params`` (CKA_EC_PARAMS).

    It is described as ``find_keys`` does. One that the token would let out is destroyed again: ``TemplateInconsistent``.
    """
    kind, use = params["kind"], FLAGS[params["use"]]
    _need(session, MAKERS[kind])
    common = {"id": params["id"], "label": params["label"], "store": True, "capabilities": use, "mechanism": MAKERS[kind]}
    made: list[Any]
    if kind == "oct":
        made = [session.generate_key(KeyType.AES, params["bits"], template=NOT_LEAVING, **common)]
    else:
        public = {} if kind == "RSA" else {Attribute.EC_PARAMS: params["params"]}
        bits = params["bits"] if kind == "RSA" else None
        pair = session.generate_keypair(KINDS[kind], bits, public_template=public, private_template=NOT_LEAVING, **common)
        made = [pair[1], pair[0]]
    described = _describe(*made)
    if described is None or not described["stays"]:
        for one in made:
            one.destroy()
        raise failed.TemplateInconsistent
    return described


def describe_key(session: Session, params: dict[str, Any]) -> Any:
    """What is public of one key."""
    publics = _some(session, {Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.ID: params["id"]})
    return _describe(_key(session, params), publics[0] if len(publics) == 1 else None)


def destroy_key(session: Session, params: dict[str, Any]) -> Any:
    """Take a key and its public part out of the token."""
    _key(session, params).destroy()
    for public in _some(session, {Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.ID: params["id"]}):
        public.destroy()
    return None


def sign_ecdsa(session: Session, params: dict[str, Any]) -> Any:
    """r ‖ s of a digest (CKM_ECDSA)."""
    return _use(session, params, lambda key: key.sign(params["data"], mechanism=Mechanism.ECDSA))


def sign_eddsa(session: Session, params: dict[str, Any]) -> Any:
    """A pure EdDSA signature of a message; of Ed448 with an empty context, as version 3.0 asks for there."""
    context = (False, None) if params["curve"] == "Ed448" else None
    return _use(session, params, lambda key: key.sign(params["data"], mechanism=Mechanism.EDDSA, mechanism_param=context))


def sign_pkcs1(session: Session, params: dict[str, Any]) -> Any:
    """RSASSA-PKCS1-v1_5 of a DigestInfo (CKM_RSA_PKCS)."""
    return _use(session, params, lambda key: key.sign(params["data"], mechanism=Mechanism.RSA_PKCS))


def sign_pss(session: Session, params: dict[str, Any]) -> Any:
    """RSASSA-PSS of a digest, MGF1 with the same hash, a salt as long as it (CKM_RSA_PKCS_PSS)."""
    mechanism, mask = HASHES[params["hash"]]
    form = (mechanism, mask, len(params["data"]))
    return _use(
        session,
        params,
        lambda key: key.sign(params["data"], mechanism=Mechanism.RSA_PKCS_PSS, mechanism_param=form),
    )


def decrypt_oaep(session: Session, params: dict[str, Any]) -> Any:
    """RSAES-OAEP with MGF1 by the same hash; ``label`` may be empty (CKM_RSA_PKCS_OAEP)."""
    form = (*HASHES[params["hash"]], params["label"] or None)
    return _opened(
        session,
        params,
        lambda key: key.decrypt(params["data"], mechanism=Mechanism.RSA_PKCS_OAEP, mechanism_param=form),
    )


def agree(session: Session, params: dict[str, Any]) -> Any:
    """The x coordinate of the common point with ``point``, uncompressed (CKM_ECDH1_DERIVE without a derivation function)."""

    def shared(key: Any) -> bytes:
        derived = key.derive_key(
            KeyType.GENERIC_SECRET,
            params["bytes"] * 8,
            mechanism=Mechanism.ECDH1_DERIVE,
            mechanism_param=(KDF.NULL, None, params["point"]),
            template=PASSING,
        )
        return _value(derived)

    return _use(session, params, shared)


def encrypt_gcm(session: Session, params: dict[str, Any]) -> Any:
    """Ciphertext ‖ tag (CKM_AES_GCM); the nonce is the host's."""
    form = GCMParams(params["nonce"], params["aad"] or None, GCM_TAG_BYTES * 8)
    return _use(
        session,
        params,
        lambda key: key.encrypt(params["data"], mechanism=Mechanism.AES_GCM, mechanism_param=form),
    )


def decrypt_gcm(session: Session, params: dict[str, Any]) -> Any:
    """The plaintext of ciphertext ‖ tag."""
    form = GCMParams(params["nonce"], params["aad"] or None, GCM_TAG_BYTES * 8)
    return _opened(
        session,
        params,
        lambda key: key.decrypt(params["data"], mechanism=Mechanism.AES_GCM, mechanism_param=form),
    )


def wrap(session: Session, params: dict[str, Any]) -> Any:
    """``data``, a multiple of 8 bytes, wrapped by RFC 3394 (CKM_AES_KEY_WRAP)."""

    def wrapped(key: Any) -> bytes:
        target = session.create_object(
            {
                Attribute.CLASS: ObjectClass.SECRET_KEY,
                Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
                Attribute.VALUE: params["data"],
                **PASSING,
            }
        )
        try:
            result: bytes = key.wrap_key(target, mechanism=Mechanism.AES_KEY_WRAP)
        finally:
            target.destroy()
        return result

    return _use(session, params, wrapped)


def unwrap(session: Session, params: dict[str, Any]) -> Any:
    """What RFC 3394 wrapped."""

    def unwrapped(key: Any) -> bytes:
        return _value(
            key.unwrap_key(
                ObjectClass.SECRET_KEY,
                KeyType.GENERIC_SECRET,
                params["data"],
                mechanism=Mechanism.AES_KEY_WRAP,
                capabilities=0,
                template=PASSING,
            )
        )

    return _opened(session, params, unwrapped)


METHODS: dict[str, Callable[[Session, dict[str, Any]], Any]] = {
    method.__name__: method
    for method in (
        is_open,
        find_keys,
        make_key,
        describe_key,
        destroy_key,
        sign_ecdsa,
        sign_eddsa,
        sign_pkcs1,
        sign_pss,
        decrypt_oaep,
        agree,
        encrypt_gcm,
        decrypt_gcm,
        wrap,
        unwrap,
    )
}
"""What the worker does with a session, by name."""


def _use(session: Session, params: dict[str, Any], use: Callable[[Any], bytes]) -> bytes:
    try:
        return use(_key(session, params))
    except AttributeError:
        # A key without the flag for a use has no such method in this library.
        raise failed.MechanismInvalid from None


def _opened(session: Session, params: dict[str, Any], use: Callable[[Any], bytes]) -> bytes:
    try:
        return _use(session, params, use)
    except REFUSED:
        raise failed.EncryptedDataInvalid from None


def _need(session: Session, mechanism: Mechanism) -> None:
    if mechanism not in session.token.slot.get_mechanisms():
        raise failed.MechanismInvalid


def _key(session: Session, params: dict[str, Any]) -> Any:
    """The one private or secret key of that id and kind; of two, which one is ours cannot be told."""
    place = ObjectClass.SECRET_KEY if params["kind"] == "oct" else ObjectClass.PRIVATE_KEY
    found = _some(session, {Attribute.CLASS: place, Attribute.KEY_TYPE: KINDS[params["kind"]], Attribute.ID: params["id"]})
    if not found:
        raise failed.NoSuchKey
    if len(found) > 1:
        raise failed.MultipleObjectsReturned
    return found[0]


def _some(session: Session, template: dict[Attribute, Any]) -> list[Any]:
    found = []
    objects = session.get_objects(template)
    try:
        for one in objects:
            found.append(one)
            if len(found) == MAX_KEYS:
                break
    finally:
        objects.close()  # type: ignore[attr-defined]  # a generator, whose search must end before the next one begins
    return found


def _value(passing: Any) -> bytes:
    try:
        value: bytes = passing[Attribute.VALUE]
    finally:
        passing.destroy()
    return value


def _describe(key: Any, public: Any = None) -> dict[str, Any] | None:
    """What is public of a key, as the token tells it: hostile input to whoever reads it. ``None`` for a kind that is not used here."""
    kinds = {kind: name for name, kind in KINDS.items()}
    kind = kinds.get(_told(key, Attribute.KEY_TYPE))
    if kind is None:
        return None
    source = public if public is not None else key
    flags = {
        "sign": Attribute.SIGN,
        "decrypt": Attribute.DECRYPT,
        "derive": Attribute.DERIVE,
        "wrap": Attribute.WRAP,
        "unwrap": Attribute.UNWRAP,
    }
    return {
        "kind": kind,
        "id": _text(key, Attribute.ID),
        "label": str(_told(key, Attribute.LABEL) or ""),
        "flags": [name for name, attribute in flags.items() if _told(key, attribute) is True],
        "stays": _told(key, Attribute.SENSITIVE) is True
        and _told(key, Attribute.EXTRACTABLE) is False
        and _told(key, Attribute.TOKEN) is True,
        "always": _told(key, Attribute.ALWAYS_AUTHENTICATE) is True,
        "params": _text(source, Attribute.EC_PARAMS) or _text(key, Attribute.EC_PARAMS),
        "point": _text(source, Attribute.EC_POINT),
        "modulus": _text(source, Attribute.MODULUS) or _text(key, Attribute.MODULUS),
        "exponent": _text(source, Attribute.PUBLIC_EXPONENT) or _text(key, Attribute.PUBLIC_EXPONENT),
        "size": _told(key, Attribute.VALUE_LEN) or 0,
    }


def _text(one: Any, attribute: Attribute) -> bytes:
    value = _told(one, attribute)
    return value if isinstance(value, bytes) else b""


def _told(one: Any, attribute: Attribute) -> Any:
    """An attribute, or ``None``: which of them a module has for which object is its own affair."""
    try:
        return one[attribute]
    except (
        failed.AttributeTypeInvalid,
        failed.AttributeSensitive,
        failed.FunctionFailed,
        failed.GeneralError,
        ValueError,
        NotImplementedError,
    ):
        return None
