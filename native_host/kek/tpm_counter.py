"""Counters in the TPM: an NV index that counts up only, so that an older copy of the whole keystore is known for what it is.

TPM 2.0 Library, part 1, 37.2.4 (NV counters); part 3, TPM2_NV_DefineSpace, TPM2_NV_Increment. No command lowers such an index. Taken away and
made anew, it begins above every value that any counter had which was taken away from this TPM, by TPM2_Clear too.

Reading and counting up need an authValue of 32 random bytes, which lies in the counter's parameters. It is proved by an HMAC and crosses
the bus only once, encrypted, when the index is made; the same HMAC vouches for each value that is read. Whoever lacks the parameters
cannot count up, which would make the keystore look old, nor answer in the TPM's place. Whoever may use the TPM and its owner hierarchy, which
has no password on most computers, can take the index away: that is noticed (``CounterGone``) and opens nothing.

The index is not ``orderly``: one that is kept in the TPM's memory runs ahead by itself after a power cut, which would be a false alarm. Each step
is therefore one write of the TPM's own memory, of which it endures some hundred thousand.
"""

from __future__ import annotations

from os import urandom
from typing import TYPE_CHECKING, Annotated, Any, Final

from msgspec import Meta, MsgspecError
from msgspec.msgpack import decode, encode

from native_host.kek import tpm_connection
from native_host.kek.counters import CounterGone
from native_host.kek.provider import DeviceRefuses
from native_host.kek.tpm_connection import KIND, RC_HANDLE, RC_NV_DEFINED, RC_NV_SPACE, WRONG_AUTH, Tpm, code_of, filled, overwrite
from native_host.secret import SecretBytes
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.kek.provider import Settings

OWNER_INDICES: Final = range(0x0180_0000, 0x01C0_0000)
"""What the TCG's registry of reserved handles leaves to the owner."""
INDICES_TRIED: Final = 16
AUTH_BYTES: Final = 32
VALUE_BYTES: Final = 8
MAX_STEPS: Final = 1000
"""A TPM takes some milliseconds a step. A counter that is further behind is not one that this store has counted up."""

GONE = (
    "The counter that this keystore keeps in the TPM is not there: somebody took it away, the TPM was cleared, or this is another computer."
)
FAR_BEHIND = f"The TPM's counter is more than {MAX_STEPS} steps behind the keystore, as no counter of this keystore can be."
NO_ROOM = "The TPM has no room left for a counter. See what fills it with: tpm2_getcap handles-nv-index"


class CounterParameters(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The index, its name (TPM 2.0, part 1, 16: what it is and may, by SHA-256), and its authValue."""

    index: Annotated[int, Meta(ge=OWNER_INDICES.start, lt=OWNER_INDICES.stop)]
    name: Annotated[bytes, Meta(min_length=34, max_length=34)]
    auth: Annotated[bytes, Meta(min_length=AUTH_BYTES, max_length=AUTH_BYTES)]


class Counters:
    """The TPM as a place of counters."""

    def __init__(self, settings: Settings) -> None:
        self._config = settings.tpm

    def is_here(self) -> bool:
        return tpm_connection.is_here(self._config) and tpm_connection.has_library()

    def create(self, store_id: bytes) -> tuple[bytes, int]:
        with SecretBytes(urandom(AUTH_BYTES)) as auth, tpm_connection.connected(self._config) as tpm:
            index, handle = _define(tpm, store_id, auth)
            try:
                with tpm.authorised(handle, auth):
                    tpm.esapi.nv_increment(handle, session1=tpm.session())  # it has no value, and cannot be read, before
                    name, value = bytes(tpm.esapi.tr_get_name(handle)), _read(tpm, handle)
            except BaseException:
                tpm.esapi.nv_undefine_space(handle)
                raise
            return encode(CounterParameters(index=index, name=name, auth=bytes(auth.buffer))), value

    def read(self, parameters: bytes) -> int:
        counter = _parameters(parameters)
        with tpm_connection.connected(self._config) as tpm, SecretBytes(counter.auth) as auth:
            handle = _found(tpm, counter)
            with tpm.authorised(handle, auth):
                return _read(tpm, handle)

    def raise_to(self, parameters: bytes, value: int) -> None:
        """As ``Counter`` says. Two hosts that raise one counter at once may raise it too far: let the store's lock be held meanwhile."""
        counter = _parameters(parameters)
        with tpm_connection.connected(self._config) as tpm, SecretBytes(counter.auth) as auth:
            handle = _found(tpm, counter)
            with tpm.authorised(handle, auth):
                steps = value - _read(tpm, handle)
                if steps > MAX_STEPS:
                    raise CounterGone(FAR_BEHIND, detail=KIND)
                session = tpm.session()
                for _ in range(steps):
                    tpm.esapi.nv_increment(handle, session1=session)

    def remove(self, parameters: bytes) -> None:
        try:
            counter = _parameters(parameters)
            with tpm_connection.connected(self._config) as tpm:
                tpm.esapi.nv_undefine_space(_found(tpm, counter))
        except CounterGone:
            return


def _parameters(parameters: bytes) -> CounterParameters:
    try:
        return decode(parameters, type=CounterParameters)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise CounterGone("What the keystore says of its counter was changed, so the counter cannot be found.", detail=KIND) from None


def _define(tpm: Tpm, store_id: bytes, auth: SecretBytes) -> tuple[int, Any]:
    """A new index and its handle. The store's id says where to begin to look for a free one."""
    esapi, tss = tpm.esapi, tpm.tss
    primary, _ = tpm.primary()
    session = tpm.session(salt=primary)
    secret = tss.TPM2B_AUTH()
    filled(secret, auth)
    first = int.from_bytes(store_id[:4], "big")
    try:
        for offset in range(INDICES_TRIED):
            index = OWNER_INDICES[(first + offset) % len(OWNER_INDICES)]
            try:
                return index, esapi.nv_define_space(secret, _public(tss, index), session1=session)
            except tss.TSS2_Exception as error:
                if code_of(error) == RC_NV_SPACE:
                    raise DeviceRefuses(NO_ROOM, detail=KIND) from None
                if code_of(error) != RC_NV_DEFINED:
                    raise
    finally:
        overwrite(secret.buffer)
    raise DeviceRefuses(NO_ROOM, detail=KIND)


def _public(tss: Any, index: int) -> Any:
    # The owner may read it too, so that tpm2_nvread shows the person its value. Wrong guesses at it do not count against PINs.
    bits = tss.TPMA_NV
    counts = tss.TPM2_NT.COUNTER << bits.TPM2_NT_SHIFT
    return tss.TPM2B_NV_PUBLIC(
        nvPublic=tss.TPMS_NV_PUBLIC(
            nvIndex=index,
            nameAlg=tss.TPM2_ALG.SHA256,
            attributes=bits.AUTHREAD | bits.AUTHWRITE | bits.OWNERREAD | bits.NO_DA | counts,
            dataSize=VALUE_BYTES,
        )
    )


def _found(tpm: Tpm, counter: CounterParameters) -> Any:
    """The index's handle; raises ``CounterGone`` if it is not there, or is something else by now."""
    try:
        handle = tpm.esapi.tr_from_tpmpublic(tpm.tss.TPM2_HANDLE(counter.index))
    except tpm.tss.TSS2_Exception as error:
        if code_of(error) == RC_HANDLE:
            raise CounterGone(GONE, detail=KIND) from None
        raise
    if bytes(tpm.esapi.tr_get_name(handle)) != counter.name:
        raise CounterGone(GONE, detail=KIND)
    return handle


def _read(tpm: Tpm, handle: Any) -> int:
    # A session of its own authValue: what answers proves that it knows it, so that a value cannot come from elsewhere.
    try:
        data = tpm.esapi.nv_read(handle, VALUE_BYTES, session1=tpm.session())
    except tpm.tss.TSS2_Exception as error:
        if code_of(error) in WRONG_AUTH:
            raise CounterGone(GONE, detail=KIND) from None
        raise
    return int.from_bytes(bytes(data.buffer), "big")
