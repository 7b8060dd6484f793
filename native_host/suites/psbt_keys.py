"""Which inputs and outputs of a PSBT are ours, and which outputs are change: proven by keys, never by what the PSBT says.

An input is ours if a key that we have stands in the script that its output commits to. An output is ours by the same proof. It is change
if it also pays to the script that an input of ours spends, or stands on the internal chain (BIP44: 1) of the account of such an input, in
a script of the same kind, at an index that a wallet finds again. Of several signers the other keys have to be proven too: each comes
from an extended public key of the PSBT from which the key of the same signer in the input comes. Otherwise whoever makes the PSBT could
put their own keys beside ours.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, Protocol

from native_host.encodings import bitcoin_script as script
from native_host.encodings.psbt import Refused
from native_host.encodings.spending import HIGHEST_CHANGE_INDEX, SIGHASH_ALL, SIGHASH_DEFAULT, OwnInput, OwnKind, OwnOutput, Spending
from native_host.suites import secp256k1
from native_host.suites.hd import bip32
from native_host.suites.hd.path import HARDENED

if TYPE_CHECKING:
    from native_host.encodings.psbt_checks import Checked, Derivation, Input, Scripts
    from native_host.suites.hd.extended_key import ExtendedPublicKey
    from native_host.suites.hd.path import Path

MAX_LEVELS = 10
MAX_CLAIMS = 2500
_INTERNAL = 1
_PURPOSES = frozenset({44, 48, 49, 84, 86, 87})
_COINS = {HARDENED: False, HARDENED + 1: True}
_CHAIN_CODE, _XPUB_KEY = slice(13, 45), slice(45, 78)


class Keys(Protocol):
    """The keys of whoever signs."""

    def candidates(self, scripts: Scripts) -> list[tuple[bytes, Path | None]]:
        """The public keys (SEC 1 compressed) that are ours among those named, or that might stand in the script, and their paths."""

    def claimed(self, scripts: Scripts) -> bool:
        """Whether a key is said to be ours."""


class AccountKey:
    """One key: ES256K's compressed public key, or an x-only one, which signs for Taproot only."""

    def __init__(self, public: bytes, path: Path | None) -> None:
        self._public = public if len(public) == secp256k1.COMPRESSED_BYTES else b"\x02" + public
        self._only_taproot = public is not self._public
        self._path = path

    def candidates(self, scripts: Scripts) -> list[tuple[bytes, Path | None]]:
        if self._only_taproot and script.kind_of(scripts.script) != "p2tr":
            return []
        return [(self._public, self._path)]

    def claimed(self, scripts: Scripts) -> bool:
        return any(one.public in {self._public, self._public[1:]} for one in scripts.derivations)


class SeedKeys:
    """Every key under a seed's master key. ``extended`` gives the extended public key at a path, for which it needs the seed; it is asked
    for each hardened beginning of a path once, as what is below is derived from public keys alone.
    """

    def __init__(self, fingerprint: bytes, extended: Callable[[Path], ExtendedPublicKey]) -> None:
        self._fingerprint = fingerprint
        self._extended = extended
        self._known: dict[Path, tuple[bytes, bytes] | None] = {}
        self._claims = 0

    def candidates(self, scripts: Scripts) -> list[tuple[bytes, Path | None]]:
        return [(key, one.path) for one in scripts.derivations if (key := self._proven(one)) is not None]

    def claimed(self, scripts: Scripts) -> bool:
        return any(one.fingerprint == self._fingerprint for one in scripts.derivations)

    def _proven(self, claim: Derivation) -> bytes | None:
        """The compressed key, if it is the one at the path that is claimed."""
        if claim.fingerprint != self._fingerprint or len(claim.path) > MAX_LEVELS:
            return None
        self._claims += 1
        if self._claims > MAX_CLAIMS:
            raise Refused("The PSBT names more keys than can be looked at.")
        found = self._at(claim.path)
        return found[0] if found is not None and claim.public in {found[0], found[0][1:]} else None

    def _at(self, path: Path) -> tuple[bytes, bytes] | None:
        if path not in self._known:
            try:
                self._known[path] = self._derived(path)
            except bip32.InvalidChild:
                self._known[path] = None
        return self._known[path]

    def _derived(self, path: Path) -> tuple[bytes, bytes] | None:
        if not path or path[-1] >= HARDENED:
            key = self._extended(path)
            return key.public, key.chain_code
        parent = self._at(path[:-1])
        return None if parent is None else bip32.derive_public(*parent, path[-1:])


def find_own(checked: Checked, keys: Keys) -> Spending:
    """What of a PSBT is ours.

    Raises:
        Refused: it names too many keys, or spends from the main network and a test network.
    """
    inputs = tuple(own for index, one in enumerate(checked.inputs) if (own := _own_input(index, one, keys)) is not None)
    found = [_own_output(checked, index, scripts, keys, inputs) for index, scripts in enumerate(checked.outputs)]
    return Spending(
        inputs=inputs,
        outputs=tuple(one for one in found if isinstance(one, OwnOutput)),
        deceiving=tuple(index for index, one in enumerate(found) if one == "deceiving"),
        unproven=tuple(index for index, one in enumerate(found) if one == "unproven"),
        testnet=_testnet(inputs),
    )


def taproot_tweak(internal: bytes, root: bytes) -> bytes:
    """BIP341's t for an internal key (x-only) and the root of its scripts, empty where there are none."""
    tag = sha256(b"TapTweak").digest()
    return sha256(tag + tag + internal + root).digest()


def _own_input(index: int, one: Input, keys: Keys) -> OwnInput | None:
    scripts = one.scripts
    if scripts is None or one.final:
        return None
    for public, path in keys.candidates(scripts):
        kind = _kind_for(scripts, public)
        if kind is None:
            continue
        taproot = kind == "p2tr"
        done = one.tap_signed if taproot else public in one.signed
        multisig = script.multisig_of(scripts.lock)
        return OwnInput(
            index=index,
            kind=kind,
            public=public[1:] if taproot else public,
            path=path,
            sighash=one.sighash if one.sighash is not None else SIGHASH_DEFAULT if taproot else SIGHASH_ALL,
            multisig=multisig,
            others=len(one.signed & set(multisig.keys)) - done if multisig else 0,
            done=done,
        )
    return None


def _kind_for(scripts: Scripts, public: bytes) -> OwnKind | None:
    """The kind of a script that the key can sign for."""
    match script.kind_of(scripts.script):
        case "p2pkh":
            return "p2pkh" if scripts.script == script.p2pkh(public) else None
        case "p2wpkh":
            return "p2wpkh" if scripts.script == script.p2wpkh(public) else None
        case "p2tr":
            return "p2tr" if _is_taproot_key(scripts, public) else None
        case "p2wsh":
            return "p2wsh" if scripts.witness is not None and _signs(scripts.witness, public) else None
        case "p2sh" if scripts.redeem is not None:
            if scripts.witness is not None:
                return "p2sh-p2wsh" if _signs(scripts.witness, public) else None
            if scripts.redeem == script.p2wpkh(public):
                return "p2sh-p2wpkh"
            return "p2sh" if _signs(scripts.redeem, public) else None
    return None


def _signs(lock: bytes, public: bytes) -> bool:
    multisig = script.multisig_of(lock)
    return multisig is not None and public in multisig.keys


def _is_taproot_key(scripts: Scripts, public: bytes) -> bool:
    internal = public[1:]
    if scripts.tap_key not in {None, internal}:
        return False
    return scripts.script[2:] == secp256k1.add_to_xonly(internal, taproot_tweak(internal, scripts.tap_root))


def _own_output(
    checked: Checked, index: int, scripts: Scripts, keys: Keys, inputs: tuple[OwnInput, ...]
) -> OwnOutput | Literal["deceiving", "unproven"] | None:
    same = next((own for own in inputs if _spent(checked, own).script == scripts.script), None)
    if same is not None:
        return OwnOutput(index=index, change=True, path=same.path)
    for public, path in keys.candidates(scripts):
        kind = _kind_for(scripts, public)
        if kind is None:
            continue
        several = script.multisig_of(scripts.lock) is not None
        if scripts.tap_tree or (several and not any(_same_signers(checked, scripts, own) for own in inputs if own.kind == kind)):
            return "unproven"
        return OwnOutput(index=index, change=_is_change(kind, path, inputs), path=path)
    return "deceiving" if keys.claimed(scripts) else None


def _is_change(kind: OwnKind, path: Path | None, inputs: tuple[OwnInput, ...]) -> bool:
    """On the internal chain of the account of an input of ours, where it is found again."""
    if path is None or len(path) < 2 or path[-2] != _INTERNAL or path[-1] > HIGHEST_CHANGE_INDEX:  # noqa: PLR2004  # chain and index
        return False
    return any(own.kind == kind and own.path is not None and own.path[:-2] == path[:-2] and max(own.path[-2:]) < HARDENED for own in inputs)


def _spent(checked: Checked, own: OwnInput) -> Scripts:
    scripts = checked.inputs[own.index].scripts
    if scripts is None:
        raise Refused("An input does not say what it spends.")
    return scripts


def _same_signers(checked: Checked, scripts: Scripts, own: OwnInput) -> bool:
    """Whether an output of several signers is of the very signers of an input: each key comes from the extended public key of the same
    signer, all at one place below it, and in the same order (or sorted, as BIP67 has it).
    """
    multisig, spent = script.multisig_of(scripts.lock), own.multisig
    if multisig is None or spent is None or (multisig.required, len(multisig.keys)) != (spent.required, len(spent.keys)):
        return False
    places, pairs = set(), {}
    for xpub in checked.xpubs:
        before, after = _key_of(xpub, _spent(checked, own), spent.keys), _key_of(xpub, scripts, multisig.keys)
        if before is not None and after is not None:
            pairs[before.public] = after.public
            places.add(after.path[len(xpub[1].path) :])
    if set(pairs) != set(spent.keys) or set(pairs.values()) != set(multisig.keys) or len(places) != 1:
        return False
    in_order = tuple(pairs[key] for key in spent.keys) == multisig.keys
    return in_order or (list(spent.keys) == sorted(spent.keys) and list(multisig.keys) == sorted(multisig.keys))


def _key_of(xpub: tuple[bytes, Derivation], scripts: Scripts, keys: tuple[bytes, ...]) -> Derivation | None:
    """The first of the keys that comes from an extended public key, at the path that its derivation says."""
    key, place = xpub
    for one in scripts.derivations:
        below = one.path[len(place.path) :]
        if one.fingerprint != place.fingerprint or one.path[: len(place.path)] != place.path or one.public not in keys:
            continue
        if 1 <= len(below) <= MAX_LEVELS and max(below) < HARDENED and _child(key, below) == one.public:
            return one
    return None


def _child(xpub: bytes, below: Path) -> bytes | None:
    try:
        return bip32.derive_public(xpub[_XPUB_KEY], xpub[_CHAIN_CODE], below)[0]
    except ValueError:
        return None


def _testnet(inputs: tuple[OwnInput, ...]) -> bool | None:
    networks = {_network_of(own.path) for own in inputs} - {None}
    if len(networks) > 1:
        raise Refused("The PSBT spends from keys of the main network and of a test network. No transaction does.")
    return next(iter(networks), None)


def _network_of(path: Path | None) -> bool | None:
    """By the coin type (SLIP-0044), under a purpose that has one."""
    if path is None or len(path) < 2 or path[0] - HARDENED not in _PURPOSES:  # noqa: PLR2004  # purpose and coin type
        return None
    return _COINS.get(path[1])
