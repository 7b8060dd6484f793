"""The keystore as the person's own program opens it: the same operations, asked for in a terminal, for no origin."""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, cast

from native_host.approval.authorize import Grants, permit_without_asking
from native_host.audit import Audit, AuditedEntry, entries
from native_host.caller.identity import PERSON_ORIGIN, Caller
from native_host.config import find_paths, read_config
from native_host.errors import CannotUnseal, Duplicate, InvalidParams, Uninitialized, UnknownKey
from native_host.kek.provider import Settings
from native_host.keystore import chain, checkpoints
from native_host.keystore.evidence import examine
from native_host.keystore.origins import FIRST_WALLET, find_or_add_wallet
from native_host.keystore.store import KeyStore
from native_host.opening import KEYSTORE_FILE, now, open_store
from native_host.operations import evidence, records
from native_host.operations.house import House
from native_host.operations.perform import Operations
from native_host.policy import Allow, Facts, KeyView
from native_host.protocol.messages import LockParams, UnlockParams
from native_host.secret import guard_memory
from native_host.session import Session
from native_host.transport.jsonrpc import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.approval.approver import Approver
    from native_host.approval.permit import Permit
    from native_host.config import Config, Paths
    from native_host.keystore.chain import Broken
    from native_host.keystore.origins import Attachment
    from native_host.keystore.records import Record
    from native_host.operations.adopting import AdoptKeyParams
    from native_host.operations.key_files import Taken
    from native_host.operations.setting_up import Wish
    from native_host.protocol.approver import CallerFacts
    from native_host.protocol.messages import ExtendedPublicKeyResult, GetExtendedPublicKeyParams, ImportKeyFileParams, KeyInfo, State
    from native_host.protocol.wire import Message
    from native_host.secret import SecretBytes
    from native_host.tokens.client import TokenInfo

PERSON = Caller(origin=PERSON_ORIGIN)
RULE = "the person's own program"
DEVELOPMENT_DAYS = 30
DAY_MS = 24 * 60 * 60 * 1000
PAGE = 1000


class Desk:
    """One opened keystore in the person's hands. Close it, or use it as ``at_desk`` gives it."""

    def __init__(self, store: KeyStore, paths: Paths, config: Config, approver: Approver | None) -> None:
        self.store = store
        self.paths = paths
        self.config = config
        self._house = self._build(approver) if approver is not None else None
        self._operations = None if self._house is None else Operations(self._house, idle_lock_seconds=config.session.idle_lock_seconds)

    @property
    def state(self) -> State:
        """``uninitialized``, ``locked`` or ``unlocked``, the last for this program alone."""
        return "unlocked" if self.store.is_unlocked else "locked" if self.store.is_set_up else "uninitialized"

    @property
    def house(self) -> House:
        """What operations work with; raises ``Uninitialized`` at a desk where nobody can be asked."""
        if self._house is None:
            raise Uninitialized
        return self._house

    @property
    def caller(self) -> CallerFacts:
        """Who asks, as reviews show it."""
        return self._session(b"", FIRST_WALLET).caller_facts()

    def set_up(self, wish: Wish) -> None:
        """Make the store; raises ``Uninitialized``, ``BackendUnavailable``, ``Busy``."""
        from native_host.operations.setting_up import set_up

        call = Call(id=0, method="unlock", params=UnlockParams())
        guard_memory()
        set_up(self.house, permit_without_asking(self._session(b"", FIRST_WALLET), call, Facts(), Allow(rule=RULE), Grants()), wish)
        evidence.keep_counter(self.house, PERSON.origin)

    def unlock(self) -> None:
        """Open the store, or set it up, asking in the terminal.

        Raises:
            Uninitialized, UserRejected, CannotUnseal, BackendUnavailable
        """
        self._do("unlock", UnlockParams())

    def lock(self) -> None:
        """Lock the store in every host; needs no secret."""
        self._do("lock", LockParams())

    def keys(self) -> Iterator[tuple[str, KeyInfo]]:
        """Every key of every wallet, with its wallet's name; the store must be unlocked."""
        for wallet_id, name in self.store.wallets():
            session = self._session(wallet_id, name)
            after = 0
            while page := self.store.page(self.store.owner_of(wallet_id), after=after, limit=PAGE):
                for record in page:
                    yield name, records.key_info(self.store, session, record)
                after = page[-1].position

    def take_in(self, text: SecretBytes, params: ImportKeyFileParams, *, wallet: str, language: str | None) -> Taken:
        """A key from the text of a key file; its password is asked in the terminal.

        Raises:
            CannotImport: with the sentence that says why.
            UserRejected, Duplicate, Unsupported, InvalidParams
        """
        from native_host.operations import key_files

        if self._house is None:
            raise Uninitialized
        session = self._session(self._wallet(wallet), wallet)
        return key_files.take_in(self._house, self._permit(session, "importKeyFile", params, Facts()), params, text, language)

    def log_in_to(self, wanted: str) -> TokenInfo:
        """A token that is here, by label or serial number, its PIN asked in the terminal.

        Raises:
            TokenAbsent, InvalidParams, PinWrong, PinLocked, UserRejected
        """
        from native_host.operations.backends import tokens_of
        from native_host.operations.token_login import log_in

        token = tokens_of(self.house).choose(wanted)
        log_in(self.house, self._session(b"", FIRST_WALLET), token)
        return token

    def adopt(self, params: AdoptKeyParams, *, wallet: str) -> KeyInfo:
        """A key that a token holds already, from now on a wallet's; the store must be unlocked. Raises what ``adopting.adopt`` does."""
        from native_host.operations import adopting

        session = self._session(self._wallet(wallet), wallet)
        token = self.log_in_to(params.token)
        return adopting.adopt(self.house, self._permit(session, adopting.METHOD, params, Facts()), token, params)

    def public_key(self, key_id: str) -> tuple[str, bytes | None, str | None]:
        """A key's algorithm, its raw public key and its address, as far as it has them.

        Raises:
            UnknownKey, KeyState
        """
        metadata = records.find(self.store, self._session_of(key_id), key_id).metadata
        return metadata.alg, metadata.public, metadata.address

    def extended_public_key(self, params: GetExtendedPublicKeyParams) -> ExtendedPublicKeyResult:
        """The extended public key at a path of a seed.

        Raises:
            UnknownKey, KeyState, UsageNotAllowed, InvalidParams
        """
        return cast("ExtendedPublicKeyResult", self._do("getExtendedPublicKey", params, self._session_of(params.key_id)))

    def weak_slots(self) -> list[str]:
        """The labels of the passphrase slots whose key derivation is at the least that is accepted."""
        from native_host.kek import passphrase

        found = [slot for slot in self.store.slots() if slot.kind == passphrase.KIND]
        with suppress(CannotUnseal):
            return [slot.label for slot in found if passphrase.at_floor(passphrase.read_parameters(slot.parameters))]
        return []

    def counter_place(self) -> tuple[str, str] | None:
        """Where the counter is that tells an older copy of the file, and what that is worth; ``None`` without one. Of a locked store this is
        worth no more than the file."""
        from native_host.kek.counters import PLACES

        kind = self.store.counter_kind()
        return None if kind is None or kind not in PLACES else (PLACES[kind].name, PLACES[kind].worth)

    def attach(self, origin: str, wallet: str, *, development: bool) -> None:
        """Attach an origin; the person confirms it in the host's window when it first unlocks, or when the store is set up.

        Raises:
            Duplicate: it is attached to another wallet.
        """
        existing = next((one for one in self.store.attachments() if one.origin == origin), None)
        if existing is not None and existing.wallet != wallet:
            raise Duplicate(f"This extension is attached to the wallet {existing.wallet}. Remove it there first: strongroom origins remove")
        if existing is not None and existing.development == development and existing.expires_at is None:
            return
        expires_at = now() + DEVELOPMENT_DAYS * DAY_MS if development else None
        with self.store.transaction():
            self.store.attach(origin, wallet, development=development, expires_at=expires_at)

    def detach(self, origin: str) -> bool:
        """Whether it was attached, and now is not."""
        with self.store.transaction():
            return self.store.detach(origin)

    def attachments(self) -> list[Attachment]:
        """Every attachment, expired ones too."""
        return self.store.attachments()

    def verify_audit(self) -> tuple[int, Broken | None]:
        """How many entries the chain has, and what is wrong with it."""
        walked = chain.walk(self.store.connection)
        return walked.rows, walked.broken

    def examine(self) -> tuple[int, list[str]]:
        """How many entries the chain has, and everything that is found of the file without a secret, a sentence each: of its chain, its slots
        and settings, its keys."""
        found = examine(self.store.connection)
        return found.rows, [evidence.told(one) for one in found.findings]

    def check_checkpoint(self, checkpoint: bytes, public_key: str) -> list[str]:
        """What the chain lacks of the state that a checkpoint names; raises ``NotACheckpoint``."""
        lacking = checkpoints.check(self.store.connection, checkpoint.decode(errors="replace"), public_key)
        return [evidence.told(lacking)] if lacking else []

    def accept(self) -> bool:
        """Have the person decide about what was changed from outside; whether there was anything, and they went on with it. The store is
        then open.

        Raises:
            ChangedOutside: they said no. What ``unlock`` raises.
        """
        guard_memory()
        return bool(evidence.accept(self.house, self.caller))

    def audit(self) -> Iterator[AuditedEntry]:
        """Every entry; the store must be unlocked."""
        return entries(self.store)

    def with_key(self, what: str, key_id: str) -> tuple[Permit, Record]:
        """For something that only the person does with one of their keys: what the audit chain is to say of it, and the key.

        Raises:
            UnknownKey, KeyState
        """
        session = self._session_of(key_id)
        record = records.find(self.store, session, key_id)
        return self._permit(session, what, LockParams(), Facts(key=records.key_view(record))), record

    def wallet_id(self, name: str) -> bytes:
        """The id of a wallet; raises ``InvalidParams``."""
        return self._wallet(name)

    def key_named(self, wallet: str, wanted: str) -> KeyView:
        """The one key of a wallet of that name, or of that id; the store must be unlocked. Raises ``InvalidParams``."""
        found = [key for name, key in self.keys() if name == wallet and wanted in (key.key_id, key.label) and key.state != "destroyed"]
        exact = [key for key in found if key.key_id == wanted] or found
        if len(exact) != 1:
            what = "There is no key of that name or id in that wallet." if not exact else "Several keys have that name: name it by its id."
            raise InvalidParams(f"{what} See them with: strongroom keys", path="key")
        return records.key_view(records.find(self.store, self._session(self._wallet(wallet), wallet), exact[0].key_id))

    def into_wallet(self, what: str, wallet: str) -> Permit:
        """For something that only the person does, and that brings keys into a wallet; raises ``InvalidParams``."""
        return self._permit(self._session(self._wallet(wallet), wallet), what, LockParams(), Facts())

    def _do(self, method: str, params: Message, session: Session | None = None) -> Message:
        if self._operations is None:
            raise Uninitialized
        session = session or self._session(b"", FIRST_WALLET)
        facts = self._operations.describe(session, Call(id=0, method=method, params=params))
        permit = self._permit(session, method, params, facts)
        self._operations.make_ready(permit)
        return self._operations.perform(permit)

    def _permit(self, session: Session, method: str, params: Message, facts: Facts) -> Permit:
        call = Call(id=0, method=method, params=params)
        return permit_without_asking(session, call, facts, Allow(rule=RULE), Grants())

    def _wallet(self, name: str) -> bytes:
        """The id of a wallet; the first one is made when it is needed before any extension is attached to it."""
        found = next((wallet_id for wallet_id, wallet in self.store.wallets() if wallet == name), None)
        if found is None and name == FIRST_WALLET:
            with self.store.transaction():
                found = find_or_add_wallet(self.store.connection, name, now())
        if found is None:
            raise InvalidParams("There is no wallet of that name. See which there are with: strongroom origins list", path="wallet")
        return found

    def _session_of(self, key_id: str) -> Session:
        """A session of the wallet that holds a key; raises ``UnknownKey``."""
        for wallet_id, name in self.store.wallets():
            session = self._session(wallet_id, name)
            try:
                records.find(self.store, session, key_id)
            except UnknownKey:
                continue
            return session
        raise UnknownKey("No wallet holds a key of that id. See them with: strongroom keys")

    def _session(self, wallet_id: bytes, wallet: str) -> Session:
        return Session(
            caller=PERSON,
            wallet_id=wallet_id,
            wallet=wallet,
            development=False,
            state=self.state,
            greeted=True,
            unattended=self.store.unattended,
        )

    def _build(self, approver: Approver) -> House:
        guard_memory()  # Somebody can be asked for a secret from here on, and a device may give one that nobody types.
        return House(
            store=self.store,
            audit=Audit(self.store),
            approver=approver,
            grants=Grants(),
            aside=nullcontext,
            clock=now,
            random_bytes=os.urandom,
            folder=self.paths.data,
            program=self.config.approval.program,
            settings=Settings(tpm=self.config.tpm, pkcs11=self.config.pkcs11),
        )


@contextmanager
def at_desk(approver: Approver | None = None, *, make: bool = False) -> Iterator[Desk]:
    """The person's keystore, opened for a block; ``make`` lets the file be made.

    Raises:
        Uninitialized: there is no file, and none is to be made.
        BackendUnavailable: it cannot be opened.
    """
    paths = find_paths(os.environ)
    if not make and not os.path.exists(os.path.join(paths.data, KEYSTORE_FILE)):
        raise Uninitialized("There is no keystore yet. Make one with: strongroom init")
    config = read_config(paths)
    opened = open_store(paths)
    store = KeyStore(opened.path, now, opened)
    try:
        yield Desk(store, paths, config, approver)
    finally:
        store.close()
