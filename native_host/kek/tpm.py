"""The TPM slot: a random KEK that this computer's TPM alone can unseal, with a PIN and a measured state if the person wants them.

TPM 2.0 Library, part 1, 19 and 20 (authorisation), 23 (sealed data blobs); part 3, TPM2_Create, TPM2_Load, TPM2_Unseal. The KEK is
the data of a keyed-hash object below a storage key that is made anew at each use (``tpm_connection``). The object itself lies in the slot's
row, encrypted by the TPM; the TPM keeps nothing.

The PIN is the object's authValue and is never sent: ESAPI proves it by an HMAC. An object with a PIN is under the TPM's protection against dictionary
attacks, so that even a short one cannot be tried out; one without has nothing to guess and is exempt (``noDA``), so that a TPM that
is locked out for another program's sake still opens it. KEK and PIN cross the bus only in sessions salted to the storage key.
"""

from __future__ import annotations

from os import urandom
from typing import TYPE_CHECKING, Annotated, Any, Final

from msgspec import Meta
from msgspec.msgpack import encode

from native_host.errors import CannotUnseal, InvalidParams, Unsupported, UserRejected
from native_host.kek import tpm_connection
from native_host.kek.provider import Device, DeviceRefuses, Enrolled, WrongSecret, decode_parameters
from native_host.kek.symmetric import SymmetricKek
from native_host.kek.tpm_connection import (
    ELSEWHERE,
    FORMAT_1,
    KIND,
    RC_LOCKOUT,
    RC_PCR_CHANGED,
    RC_POLICY_FAIL,
    WRONG_AUTH,
    Guesses,
    Tpm,
    code_of,
    filled,
    overwrite,
)
from native_host.language import sentence
from native_host.secret import SecretBytes
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.kek.provider import Ask, Choice, Settings

KEK_BYTES: Final = 32
NAME_BYTES: Final = 34  # the algorithm's number, and SHA-256
PIN_BYTES: Final = range(6, 33)
"""Six characters are beyond what a TPM's few guesses an hour reach; an authValue has at most the 32 bytes of its object's name algorithm."""
ANYBODYS_PCRS: Final = frozenset({16, 23})
PCRS: Final = frozenset(range(23)) - ANYBODYS_PCRS
WARN_BELOW: Final = 3

OTHER_TPM = (
    f"This slot was made with another computer's TPM, or this one has been cleared since. {ELSEWHERE} This slot is of no use here any more."
)
CHANGED = f"The TPM does not take back what it once made for this slot: it was changed. {ELSEWHERE} Remove this slot then and add it again."
OTHER_STATE = (
    "This computer does not read as it did when this slot was made: its firmware, a setting of it or what it starts has changed, "
    f"which an update does too. {ELSEWHERE} If you know why it changed, remove this slot then and add it again."
)
NO_BANK = "This TPM keeps no SHA-256 values in these registers. Add the slot without --pcrs, or turn the SHA-256 bank on in the firmware's settings."
NO_BINDING = "These registers bind to nothing: any program may reset 16 and 23, and there are none above. Choose from 0 to 22."
PIN_SIZE = "A PIN for the TPM has 6 to 32 characters, which may be letters; one with an accent counts double."
WRONG_PIN = "That is not the PIN of this slot."


class TpmParameters(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What opens a slot again: TPM2B_PUBLIC and TPM2B_PRIVATE of the sealed object, and the name of the storage key above it."""

    public: Annotated[bytes, Meta(max_length=256)]
    private: Annotated[bytes, Meta(max_length=512)]
    primary: Annotated[bytes, Meta(min_length=NAME_BYTES, max_length=NAME_BYTES)]
    pin: bool
    pcrs: Annotated[tuple[Annotated[int, Meta(ge=0, le=22)], ...], Meta(max_length=len(PCRS))]


class Slots:
    """The provider of TPM slots."""

    def __init__(self, settings: Settings) -> None:
        self._config = settings.tpm

    def devices(self) -> list[Device]:
        if tpm_connection.place(self._config) is None or not tpm_connection.has_library():
            return []
        with tpm_connection.connected(self._config) as tpm:
            guesses = tpm.guesses()
        if guesses.left is None:
            note = "It does not limit wrong PINs: that is turned off in it."
        else:
            note = f"Wrong PINs until it takes none for about {guesses.period}: {guesses.left}"
        return [Device(device_id=KIND, label="This computer's TPM", note=note)]

    def enrol(self, device: Device, choice: Choice, ask: Ask) -> Enrolled:
        if choice.method is not None or choice.mechanism is not None:
            raise Unsupported("A TPM slot has neither a method nor a mechanism to choose.", detail=KIND)
        if not PCRS.issuperset(choice.pcrs):
            raise InvalidParams(NO_BINDING, path="pcrs")
        pcrs = tuple(sorted(set(choice.pcrs)))
        if not choice.pin:
            return self._enrolled(None, pcrs, ask)
        with ask.secret("newPin", "Choose a PIN for this computer's TPM", PIN_SIZE) as pin:
            if not len(pin):
                raise UserRejected
            if not _could_be_pin(pin):
                raise InvalidParams(PIN_SIZE, path="pin")
            return self._enrolled(pin, pcrs, ask)

    def _enrolled(self, pin: SecretBytes | None, pcrs: tuple[int, ...], ask: Ask) -> Enrolled:
        with ask.waits(), SecretBytes(urandom(KEK_BYTES)) as key, tpm_connection.connected(self._config) as tpm:
            below = _Below(tpm)
            slot = below.seal(key, pin, pcrs)
            # The key that is used is the one that comes back: a slot that the TPM would not open is never made.
            again = below.unseal(slot, pin)
        return Enrolled(kek=SymmetricKek(again), parameters=encode(slot), label="TPM" if pin is None else "TPM with a PIN")

    def asks(self, parameters: bytes) -> bool:
        try:
            return read_parameters(parameters).pin
        except CannotUnseal:
            return True

    def is_here(self, parameters: bytes) -> bool:
        """Not for a slot that cannot be read: the store is then opened another way, as if the TPM were not here."""
        try:
            read_parameters(parameters)
        except CannotUnseal:
            return False
        return tpm_connection.is_here(self._config)

    def open(self, parameters: bytes, ask: Ask) -> SymmetricKek:
        slot = read_parameters(parameters)
        if not slot.pin:
            return self._opened(slot, None, ask)
        # Whatever else would be refused is refused before the person types, and before a guess is spent.
        with ask.waits(), tpm_connection.connected(self._config) as tpm:
            _Below(tpm).check(slot)
            guesses = _some_left(tpm)
        hint = None
        if guesses.left is not None and guesses.left < WARN_BELOW:
            hint = sentence("Wrong PINs until the TPM takes none for about {period}: {left}", period=guesses.period, left=guesses.left)
        with ask.secret("pin", "Enter the PIN of this keystore's TPM slot", hint) as pin:
            if not _could_be_pin(pin):
                raise WrongSecret(WRONG_PIN, tries_left=guesses.left)  # the TPM need not be asked, and no guess is spent
            return self._opened(slot, pin, ask)

    def _opened(self, slot: TpmParameters, pin: SecretBytes | None, ask: Ask) -> SymmetricKek:
        with ask.waits(), tpm_connection.connected(self._config) as tpm:
            return SymmetricKek(_Below(tpm).unseal(slot, pin))

    def forget(self, parameters: bytes, ask: Ask) -> None:
        return


class _Below:
    """What is done below the storage key, over one connection."""

    def __init__(self, tpm: Tpm) -> None:
        self.tpm, self.tss, self.esapi = tpm, tpm.tss, tpm.esapi
        self.primary, self.name = tpm.primary()
        self.session = tpm.session(salt=self.primary)

    def seal(self, key: SecretBytes, pin: SecretBytes | None, pcrs: tuple[int, ...]) -> TpmParameters:
        """A sealed object that ``unseal`` opens while the registers read as now."""
        for pcr in pcrs:
            if self.esapi.pcr_read(f"sha256:{pcr}")[2].count != 1:
                raise DeviceRefuses(NO_BANK, detail=KIND)
        policy = bytes(self.esapi.policy_get_digest(self._policy(pcrs, pin=pin is not None))) if pcrs else b""
        sensitive = self.tss.TPM2B_SENSITIVE_CREATE()
        inner = sensitive.sensitive
        data, auth = inner.data, inner.userAuth
        try:
            filled(data, key)
            filled(auth, pin)
            private, public, *_ = self.esapi.create(
                self.primary, sensitive, _template(self.tss, policy, pin=pin is not None), session1=self.session
            )
        finally:
            overwrite(data.buffer)
            overwrite(auth.buffer)
        return TpmParameters(public=public.marshal(), private=private.marshal(), primary=self.name, pin=pin is not None, pcrs=pcrs)

    def check(self, slot: TpmParameters) -> tuple[Any, Any]:
        """The object, loaded, and the session that may open it once its PIN is proved.

        Raises:
            DeviceRefuses: this is another TPM, the object is not one of its, or the registers read otherwise.
            CannotUnseal: the slot does not say what ``seal`` says.
        """
        if self.name != slot.primary:
            raise DeviceRefuses(OTHER_TPM, detail=KIND)
        public, private = self._read(slot)
        try:
            item = self.tpm.keep(self.esapi.load(self.primary, private, public, session1=self.session))
        except self.tss.TSS2_Exception as error:
            if (code_of(error) or 0) & FORMAT_1:  # something is wrong with what it was given
                raise DeviceRefuses(CHANGED, detail=KIND) from None
            raise
        if not slot.pcrs:
            return item, self.session
        session = self._policy(slot.pcrs, pin=slot.pin)
        if bytes(self.esapi.policy_get_digest(session)) != bytes(public.publicArea.authPolicy):
            raise DeviceRefuses(OTHER_STATE, detail=KIND)
        return item, session

    def unseal(self, slot: TpmParameters, pin: SecretBytes | None) -> SecretBytes:
        """The sealed key. Raises as ``check``; ``WrongSecret``; ``DeviceRefuses`` while the TPM is locked out."""
        item, session = self.check(slot)
        try:
            with self.tpm.authorised(item, pin):
                data = self.esapi.unseal(item, session1=session)
        except self.tss.TSS2_Exception as error:
            raise self._refusal(code_of(error)) or error from None
        key = SecretBytes(data.buffer)
        overwrite(data.buffer)
        return key

    def _refusal(self, code: int | None) -> Exception | None:
        if code in WRONG_AUTH:
            guesses = self.tpm.guesses()
            return WrongSecret(WRONG_PIN if guesses.left != 0 else f"{WRONG_PIN} {_locked_out(guesses)}", tries_left=guesses.left)
        if code == RC_LOCKOUT:
            return DeviceRefuses(_locked_out(self.tpm.guesses()), detail=KIND)
        if code in {RC_POLICY_FAIL, RC_PCR_CHANGED}:
            return DeviceRefuses(OTHER_STATE, detail=KIND)
        return None

    def _policy(self, pcrs: tuple[int, ...], *, pin: bool) -> Any:
        """A session in which the registers were read, and in which the PIN, if there is one, has to be proved."""
        session = self.tpm.session(salt=self.primary, policy=True)
        self.esapi.policy_pcr(session, None, "sha256:" + ",".join(map(str, pcrs)))
        if pin:
            self.esapi.policy_auth_value(session)
        return session

    def _read(self, slot: TpmParameters) -> tuple[Any, Any]:
        try:
            public, public_read = self.tss.TPM2B_PUBLIC.unmarshal(slot.public)
            private, private_read = self.tss.TPM2B_PRIVATE.unmarshal(slot.private)
        except self.tss.TSS2_Exception:
            raise CannotUnseal from None
        if (public_read, private_read) != (len(slot.public), len(slot.private)):
            raise CannotUnseal
        policy = bytes(public.publicArea.authPolicy)
        ours = _template(self.tss, policy, pin=slot.pin)
        # All but the digest of what is sealed is known beforehand, so that no other kind of object ever meets a PIN.
        ours.publicArea.unique.keyedHash = bytes(public.publicArea.unique.keyedHash)
        if bool(policy) != bool(slot.pcrs) or ours.marshal() != slot.public:
            raise CannotUnseal
        return public, private


def read_parameters(parameters: bytes) -> TpmParameters:
    """What a slot says; raises ``CannotUnseal`` if it is not within the bounds."""
    return decode_parameters(parameters, TpmParameters)


def _template(tss: Any, policy: bytes, *, pin: bool) -> Any:
    """A sealed object that never leaves its TPM. With a policy, the authValue alone opens and changes nothing."""
    bits = tss.TPMA_OBJECT
    attributes = bits.FIXEDTPM | bits.FIXEDPARENT | (bits.ADMINWITHPOLICY if policy else bits.USERWITHAUTH)
    area = tss.TPMT_PUBLIC(
        type=tss.TPM2_ALG.KEYEDHASH,
        nameAlg=tss.TPM2_ALG.SHA256,
        objectAttributes=attributes if pin else attributes | bits.NODA,
        authPolicy=policy,
    )
    area.parameters.keyedHashDetail.scheme.scheme = tss.TPM2_ALG.NULL
    return tss.TPM2B_PUBLIC(publicArea=area)


def _could_be_pin(typed: SecretBytes) -> bool:
    # The TPM takes trailing zero bytes off an authValue.
    return len(typed) in PIN_BYTES and 0 not in typed.buffer


def _some_left(tpm: Tpm) -> Guesses:
    guesses = tpm.guesses()
    if guesses.left == 0:
        raise DeviceRefuses(_locked_out(guesses), detail=KIND)
    return guesses


def _locked_out(guesses: Guesses) -> str:
    return f"After too many wrong PINs this computer's TPM takes none for now, and the next one in about {guesses.period}. {ELSEWHERE}"
