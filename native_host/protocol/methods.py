"""Everything the product can do, one row a method.

From this table come decoding, dispatch, the default policy, ``hello``'s ``methods``, the TypeScript client's types
and the reference in ``docs/protocol.md``.
"""

from __future__ import annotations

from typing import Literal

from native_host.protocol import channel as c
from native_host.protocol import messages as m
from native_host.protocol import transactions as t
from native_host.protocol import uses as u
from native_host.protocol.wire import Message
from native_host.value import Value

PROTOCOL_VERSION = "1"

Consent = Literal["session", "public", "own", "person"]
"""What a method needs before it is done.

``session``: part of the session itself. ``public``: reads or computes with public parts only.
``own``: changes the caller's own wallet without using a private key for anybody. ``person``: a person's approval or a grant of theirs.
"""

Needs = Literal["nothing", "hello", "open"]
"""``open``: an unlocked keystore. ``hello``: only that hello was said."""


class Method(Value, frozen=True, kw_only=True):
    """One row. ``available`` is false for methods of the protocol that this host answers with ``unsupported``."""

    name: str
    params: type[Message] = m.NoParams
    result: type[Message] = m.Empty
    consent: Consent
    needs: Needs = "open"
    summary: str
    available: bool = True


_ROWS = (
    Method(name="hello", params=m.HelloParams, result=m.HelloResult, consent="session", needs="nothing", summary="Agree on a version; learn what this host offers."),
    Method(name="getStatus", params=m.GetStatusParams, result=m.Status, consent="session", needs="hello", summary="Whether the keystore is open, and how it is protected."),
    Method(name="unlock", params=m.UnlockParams, result=m.StateResult, consent="session", needs="hello", summary="Open the keystore, asking the person; on a new installation, set it up."),
    Method(name="lock", params=m.LockParams, result=m.StateResult, consent="session", needs="hello", summary="Close the keystore in every host process."),
    Method(name="beginPairing", params=c.BeginPairingParams, result=c.BeginPairingResult, consent="session", summary="The first two messages of a pairing; what was begun before is forgotten."),
    Method(name="finishPairing", params=c.FinishPairingParams, result=c.FinishPairingResult, consent="session", summary="The last message of a pairing; the person compares a code in the host's window."),
    Method(name="openChannel", params=c.OpenChannelParams, result=c.OpenChannelResult, consent="session", needs="hello", summary="Open the sealed channel of a pairing, for the rest of this port."),
    Method(name="generateKey", params=m.GenerateKeyParams, result=m.KeyInfo, consent="own", summary="Make a key or a seed inside the host."),
    Method(name="getImportKey", params=m.GetImportKeyParams, result=m.ImportKeyOffer, consent="own", summary="A one-time public key to which a key for import is encrypted."),
    Method(name="importKey", params=m.ImportKeyParams, result=m.KeyInfo, consent="person", summary="Take in a private key that comes as a JWE."),
    Method(name="importKeyFile", params=m.ImportKeyFileParams, result=m.KeyInfo, consent="person", summary="Have the person choose another program's key file in the host's own window."),
    Method(name="restoreSeed", params=m.RestoreSeedParams, result=m.KeyInfo, consent="person", summary="Have the person type recovery words in the host's own window."),
    Method(name="deriveKey", params=m.DeriveKeyParams, result=m.KeyInfo, consent="own", summary="An account key from a seed."),
    Method(name="getPublicKey", params=m.GetPublicKeyParams, result=m.PublicKeyResult, consent="public", summary="The public key of a key, or of a path of a seed."),
    Method(name="getExtendedPublicKey", params=m.GetExtendedPublicKeyParams, result=m.ExtendedPublicKeyResult, consent="person", summary="An extended public key (BIP32) of a seed: it shows every address below it."),
    Method(name="listKeys", params=m.ListKeysParams, result=m.ListKeysResult, consent="public", summary="The keys of the caller's wallet, a page at a time."),
    Method(name="updateKey", params=m.UpdateKeyParams, result=m.KeyInfo, consent="own", summary="Rename, disable, enable or narrow a key; confirm a seed's backup."),
    Method(name="rotateKey", params=m.RotateKeyParams, result=m.KeyInfo, consent="own", summary="A new version of a key; older ones still verify and decrypt."),
    Method(name="destroyKey", params=m.DestroyKeyParams, result=m.DestroyKeyResult, consent="person", summary="Destroy a key and all that is derived from it."),
    Method(name="sign", params=u.SignParams, result=u.SignResult, consent="person", summary="Sign bytes or a digest."),
    Method(name="verify", params=u.VerifyParams, result=u.VerifyResult, consent="public", needs="hello", summary="Whether a signature is valid."),
    Method(name="encrypt", params=u.EncryptParams, result=u.EncryptResult, consent="public", needs="hello", summary="Encrypt for a key."),
    Method(name="decrypt", params=u.DecryptParams, result=u.DecryptResult, consent="person", summary="Decrypt with a key."),
    Method(name="wrapKey", params=u.WrapKeyParams, result=u.WrapKeyResult, consent="person", summary="Encrypt a key with a key."),
    Method(name="unwrapKey", params=u.UnwrapKeyParams, result=m.KeyInfo, consent="person", summary="Take in a wrapped key."),
    Method(name="encapsulate", params=u.EncapsulateParams, result=u.EncapsulateResult, consent="public", needs="hello", summary="A fresh secret for a key, by a KEM."),
    Method(name="decapsulate", params=u.DecapsulateParams, result=u.SecretResult, consent="person", summary="The secret of an encapsulation."),
    Method(name="deriveSecret", params=u.DeriveSecretParams, result=u.SecretResult, consent="person", summary="A shared secret by key agreement."),
    Method(name="randomBytes", params=u.RandomBytesParams, result=u.RandomBytesResult, consent="public", needs="hello", summary="Random bytes of the operating system."),
    Method(name="signMessage", params=u.SignMessageParams, result=u.SignMessageResult, consent="person", summary="Sign a message in a chain's own format."),
    Method(name="signTypedData", params=t.SignTypedDataParams, result=t.SignTypedDataResult, consent="person", summary="Sign EIP-712 typed data."),
    Method(name="signTransaction", params=t.SignTransactionParams, result=t.SignTransactionResult, consent="person", summary="Sign a transaction that the host decoded."),
    Method(name="signPsbt", params=t.SignPsbtParams, result=t.SignPsbtResult, consent="person", summary="Sign a partially signed Bitcoin transaction."),
    Method(name="signJws", params=u.SignJwsParams, result=u.SignJwsResult, consent="person", summary="Sign a JSON Web Signature."),
    Method(name="aggregateSignatures", params=u.AggregateSignaturesParams, result=u.AggregateSignaturesResult, consent="public", needs="hello", summary="One signature out of many, where the algorithm can."),
    Method(name="aggregateVerify", params=u.AggregateVerifyParams, result=u.VerifyResult, consent="public", needs="hello", summary="Whether an aggregate signature is valid for all of its keys."),
)  # fmt: skip

METHODS: dict[str, Method] = {row.name: row for row in _ROWS}
