"""A connection to this computer's TPM, for a slot or a counter: sessions, handles that are flushed, and refusals in plain words.

TPM 2.0 Library, parts 1 to 3, through the Enhanced System API of tpm2-tss (TCG ESAPI 1.0), for which tpm2-pytss is the binding that
tpm2-tss itself keeps. ESAPI computes the HMACs and encrypts the parameters of sessions; none of that is done here.

A connection is short: it is opened for one piece of work and no handle outlives it. A TPM has room for three objects, and only the
kernel's resource manager (``/dev/tpmrm0``) gives more.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from native_host.errors import Unsupported
from native_host.kek.provider import DeviceAbsent, DeviceRefuses
from native_host.language import sentence
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.config import TpmConfig
    from native_host.errors import KmsError
    from native_host.secret import SecretBytes

KIND: Final = "tpm"
DEVICE: Final = "/dev/tpmrm0"
TCTIS: Final = frozenset({"device", "tabrmd", "swtpm", "mssim"})
"""What a TCTI may be. tpm2-tss would also load any library and run any command that is named; a configuration shall do neither in
the process that holds the keys."""

ELSEWHERE = "Any other slot still opens the keystore."
OTHER_PLATFORM = f"The TPM can be used on Linux only, so far. {ELSEWHERE}"
NO_TPM = f"This computer shows no TPM: there is no {DEVICE}. It may be turned off in the firmware's settings. {ELSEWHERE}"
NO_ACCESS = f"You may not use {DEVICE}. Join its group and log in again: sudo usermod -aG tss $USER"
NO_LIBRARY = (
    "The library for the TPM is not installed. Install it with: pip install 'strongroom[tpm]' "
    "(on Debian, first: apt-get install libtss2-dev gcc python3-dev)"
)
NOT_A_TCTI = "config.toml: tpm.tcti does not begin with one of these: device, tabrmd, swtpm, mssim."
GONE = f"The TPM does not answer. Try again; if that does not help, start the computer anew. {ELSEWHERE}"
DAMAGED = f"What the TPM answered did not arrive as it was sent, so it is not trusted. Try again. {ELSEWHERE}"
OWNER_PASSWORD = (
    "The TPM has an owner password, which Strongroom does not know. "
    f"Take it away with: tpm2_changeauth -c owner -p OLD-PASSWORD. {ELSEWHERE}"
)
BUSY = f"The TPM is busy with other programs. Try again in a minute. {ELSEWHERE}"
OUT_OF_ORDER = f"The TPM is out of order until the computer is started anew. {ELSEWHERE}"

TPM_LAYERS = frozenset({0, 11})  # the TPM itself, and the resource manager speaking for it
TCTI_LAYER = 10
FORMAT_1 = 0x080
"""The bit of codes that are about a handle, a parameter or a session."""
RC_BAD_AUTH, RC_AUTH_FAIL = 0x0A2, 0x08E
RC_HANDLE, RC_INTEGRITY, RC_POLICY_FAIL = 0x08B, 0x09F, 0x09D
RC_PCR_CHANGED, RC_NV_SPACE, RC_NV_DEFINED, RC_LOCKOUT = 0x128, 0x14B, 0x14C, 0x921
WRONG_AUTH = frozenset({RC_BAD_AUTH, RC_AUTH_FAIL})
WORDS = {
    RC_BAD_AUTH: OWNER_PASSWORD,
    RC_AUTH_FAIL: OWNER_PASSWORD,
    0x100: OUT_OF_ORDER,  # TPM_RC_INITIALIZE
    0x101: OUT_OF_ORDER,  # TPM_RC_FAILURE
    **dict.fromkeys((0x901, 0x902, 0x903, 0x904, 0x905, 0x906, 0x907, 0x908, 0x909, 0x90A, 0x920, 0x922, 0x923), BUSY),
}
"""By response code (part 2, 6.6.3), without what says which handle or parameter. 0x901 to 0x90A: contexts, memory and handles that
are used up, and a test that runs; 0x920, 0x922, 0x923: NV_RATE, RETRY, NV_UNAVAILABLE."""

IN_HOURS_FROM_MINUTES: Final = 90
PT_LOCKOUT_COUNTER = 0x20E  # then MAX_AUTH_FAIL and LOCKOUT_INTERVAL


class Guesses(Value, frozen=True, kw_only=True):
    """What the TPM's protection against dictionary attacks allows (part 1, 19.8): ``left`` wrong secrets until it takes none, of whatever
    program; one more after each ``interval_seconds``. ``left`` is ``None`` where that protection is turned off."""

    left: int | None
    interval_seconds: int

    @property
    def period(self) -> str:
        """The interval in words."""
        minutes = -(-self.interval_seconds // 60)
        if minutes > IN_HOURS_FROM_MINUTES:
            return sentence("{count} hours", count=-(-minutes // 60))
        return sentence("a minute") if minutes <= 1 else sentence("{count} minutes", count=minutes)


def place(config: TpmConfig) -> str | None:
    """How the TPM is reached, as a TCTI; ``None`` where there is none. Cheap: nothing is imported or opened."""
    if sys.platform != "linux":
        return None
    if config.tcti is not None:
        return config.tcti
    return f"device:{DEVICE}" if os.path.exists(DEVICE) else None


def is_here(config: TpmConfig) -> bool:
    """Whether there is a TPM that this account may use, as far as that can be told without opening it."""
    return place(config) is not None and (config.tcti is not None or os.access(DEVICE, os.R_OK | os.W_OK))


def library() -> Any:
    """The module ``tpm2_pytss``; raises ``DeviceAbsent`` with how to install it.

    tpm2-tss prints errors of its own on stderr, which a browser keeps; each comes to the person in our words instead. Its log is shut
    whatever the environment says: at its finest it would print session keys and what was unsealed.
    """
    os.environ["TSS2_LOG"] = "all+NONE"
    try:
        import tpm2_pytss
    except ImportError:
        raise DeviceAbsent(NO_LIBRARY, detail=KIND) from None
    return tpm2_pytss


def has_library() -> bool:
    """Whether ``tpm2_pytss`` is installed; it is not imported for that."""
    return find_spec("tpm2_pytss") is not None


@contextmanager
def connected(config: TpmConfig) -> Iterator[Tpm]:
    """The TPM for a block, and its refusals as ours. Everything that the block made in it is flushed at its end.

    Raises:
        Unsupported: this is not Linux.
        DeviceAbsent: there is no TPM, it may not be used, or it does not answer (any more).
        DeviceRefuses: it will not, with what to do about it.
    """
    reached = place(config)
    if sys.platform != "linux":
        raise Unsupported(OTHER_PLATFORM, detail=KIND)
    if reached is None:
        raise DeviceAbsent(NO_TPM, detail=KIND)
    if not is_here(config):
        raise DeviceAbsent(NO_ACCESS, detail=KIND)
    if reached.partition(":")[0] not in TCTIS:
        raise DeviceAbsent(NOT_A_TCTI, detail=KIND)
    tss = library()
    try:
        esapi = tss.ESAPI(reached)
    except tss.TSS2_Exception:
        raise DeviceAbsent(GONE, detail=KIND) from None
    tpm = Tpm(tss, esapi)
    try:
        yield tpm
    except tss.TSS2_Exception as error:
        raise _refusal(error) from None
    finally:
        tpm.close()


def code_of(error: Any) -> int | None:
    """The TPM's own response code without what says which handle or parameter; ``None`` if it did not come from the TPM."""
    return error.error & 0xFFF if error.rc >> 16 in TPM_LAYERS else None


def _refusal(error: Any) -> KmsError:
    if error.rc >> 16 == TCTI_LAYER:
        return DeviceAbsent(GONE, detail=KIND)
    code = code_of(error)
    if code is None:
        return DeviceRefuses(DAMAGED, detail=KIND)
    # Codes of format 1 carry the bit 0x080, and in ``error.error`` nothing above their number.
    return DeviceRefuses(WORDS.get(code, f"The TPM refused with its code {error.rc:#x}. {ELSEWHERE}"), detail=KIND)


class Tpm:
    """One connection. ``esapi`` is tpm2-pytss's; ``keep`` what is made through it, to be flushed."""

    def __init__(self, tss: Any, esapi: Any) -> None:
        self.tss, self.esapi = tss, esapi
        self._kept: list[Any] = []

    def keep(self, handle: Any) -> Any:
        """The handle, which ``close`` flushes."""
        self._kept.append(handle)
        return handle

    def close(self) -> None:
        """Flush every handle, newest first, and let go of the TPM."""
        for handle in reversed(self._kept):
            with suppress(self.tss.TSS2_Exception):  # a TPM that is gone has flushed them all
                self.esapi.flush_context(handle)
        self.esapi.close()

    def primary(self) -> tuple[Any, bytes]:
        """The storage key below which slots are sealed, and its name: P-256 and AES-128-CFB under the owner hierarchy's seed.

        It is made anew at each use. The same template gives the same key for as long as the TPM is not cleared, so nothing of ours
        takes up room in the TPM, and no key is trusted that another program happened to leave at a well-known place.
        """
        tss = self.tss
        bits = tss.TPMA_OBJECT
        template = tss.TPM2B_PUBLIC(
            publicArea=tss.TPMT_PUBLIC.parse(
                "ecc256:aes128cfb",
                objectAttributes=bits.FIXEDTPM
                | bits.FIXEDPARENT
                | bits.SENSITIVEDATAORIGIN
                | bits.USERWITHAUTH
                | bits.NODA
                | bits.RESTRICTED
                | bits.DECRYPT,
                nameAlg=tss.TPM2_ALG.SHA256,
            )
        )
        handle, *_ = self.esapi.create_primary(None, template, tss.ESYS_TR.OWNER)
        self.keep(handle)
        return handle, bytes(self.esapi.tr_get_name(handle))

    def session(self, *, salt: Any = None, policy: bool = False) -> Any:
        """A session of HMACs (part 1, 19.6). ``salt``: a primary's handle; its private half alone can tell the session's key, so what is
        encrypted in it stays hidden from whoever listens to the bus. Parameters are encrypted in both directions where there are any."""
        tss = self.tss
        session = self.esapi.start_auth_session(
            tss.ESYS_TR.NONE if salt is None else salt,
            tss.ESYS_TR.NONE,
            tss.TPM2_SE.POLICY if policy else tss.TPM2_SE.HMAC,
            "aes128cfb",
            tss.TPM2_ALG.SHA256,
        )
        bits = tss.TPMA_SESSION
        self.keep(session)
        self.esapi.trsess_set_attributes(session, bits.CONTINUESESSION | bits.DECRYPT | bits.ENCRYPT)
        return session

    @contextmanager
    def authorised(self, handle: Any, secret: SecretBytes | None) -> Iterator[None]:
        """For the block, ESAPI proves ``secret`` for the handle; its copy is overwritten after it."""
        auth = self.tss.TPM2B_AUTH()
        filled(auth, secret)
        try:
            self.esapi.tr_set_auth(handle, auth)
            yield
        finally:
            overwrite(auth.buffer)
            self.esapi.tr_set_auth(handle, auth)

    def guesses(self) -> Guesses:
        """How many wrong secrets the TPM still takes."""
        counter, most, interval = self.properties(PT_LOCKOUT_COUNTER, 3)
        return Guesses(left=max(most - counter, 0) if interval else None, interval_seconds=interval)

    def properties(self, first: int, count: int) -> list[int]:
        """Values of consecutive properties (part 2, 6.13)."""
        _, capability = self.esapi.get_capability(self.tss.TPM2_CAP.TPM_PROPERTIES, first, count)
        union = capability.data  # the binding keeps no reference to what a part is a part of; ours keep it alive
        found = union.tpmProperties
        values = [int(found[at].value) for at in range(found.count) if found[at].property == first + at]
        if len(values) != count:
            raise DeviceRefuses(DAMAGED, detail=KIND)
        return values


def filled(field: Any, secret: SecretBytes | None) -> None:
    """Put a secret into a sized buffer of the binding, without a copy that could not be overwritten."""
    if secret is not None:
        field.buffer = bytes(len(secret))
        field.buffer[:] = secret.buffer


def overwrite(view: Any) -> None:
    """Zeros over a buffer of the binding."""
    view[:] = bytes(len(view))
