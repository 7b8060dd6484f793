"""What of a PSBT is the signer's: proven by keys. Change is only what a wallet finds again, and what nobody else can spend."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from embit import script
from embit.bip32 import parse_path
from embit.psbt import PSBT, DerivationPath

from native_host.encodings.psbt import Refused
from native_host.suites.psbt_keys import MAX_CLAIMS, AccountKey
from tests import psbts

ROOTS = [psbts.ROOT, psbts.STRANGER, psbts.THIRD]
KINDS = ["p2pkh", "p2sh-p2wpkh", "p2wpkh", "p2tr"]


def paying(lock: psbts.Lock, *, kind: str = "p2wpkh") -> PSBT:
    return psbts.make([psbts.Spend(psbts.mine(kind), 60_000)], [psbts.Pay(lock, 50_000, known=True)])


def several(lock: psbts.Lock, *, spent: psbts.Lock | None = None) -> PSBT:
    return psbts.make([psbts.Spend(spent or psbts.ours(), 60_000)], [psbts.Pay(lock, 50_000, known=True)], xpubs=ROOTS)


def outcome(made: PSBT) -> str:
    spending = psbts.spending_of(made)
    if spending.outputs:
        return "change" if spending.outputs[0].change else "own"
    return "deceiving" if spending.deceiving else "unproven" if spending.unproven else "payment"


@pytest.mark.parametrize("kind", [*KINDS, "p2wsh", "p2sh", "p2sh-p2wsh"])
def test_every_kind_is_found(kind: str) -> None:
    """By the path that its derivation says."""
    lock = psbts.mine(kind) if kind in KINDS else psbts.ours(kind)
    (own,) = psbts.spending_of(psbts.make([psbts.Spend(lock, 60_000)], [psbts.Pay(psbts.elsewhere(), 50_000)])).inputs
    assert (0, kind, tuple(parse_path(lock.keys[0][1]))) == (own.index, own.kind, own.path)
    assert (own.multisig is None) == (kind in KINDS)


OUTPUTS: dict[str, tuple[PSBT, str]] = {
    "the internal chain of the same account": (paying(psbts.mine(below="1/7")), "change"),
    "the same address again": (paying(psbts.mine()), "change"),
    "the external chain": (paying(psbts.mine(below="0/7")), "own"),
    "another account": (paying(psbts.mine(below="1/0", account="m/84h/0h/1h")), "own"),
    "an index that is not found again": (paying(psbts.mine(below="1/50001")), "own"),
    "a hardened index": (paying(psbts.mine(below="1/7h")), "own"),
    "a script of another kind": (paying(psbts.Lock("p2pkh", [(psbts.ROOT, "m/84h/0h/0h/1/0")])), "own"),
    "somebody else's": (paying(psbts.elsewhere()), "payment"),
    "Taproot's": (paying(psbts.mine("p2tr", "1/0"), kind="p2tr"), "change"),
    "of the same signers": (several(psbts.ours(below="1/7")), "change"),
    "of the same signers, to be received": (several(psbts.ours(below="0/7")), "own"),
}


@pytest.mark.parametrize(("made", "expected"), OUTPUTS.values(), ids=OUTPUTS.keys())
def test_outputs_are_told_apart(made: PSBT, expected: str) -> None:
    """Change, an address of one's own, a payment."""
    assert expected == outcome(made)


def claim(made: PSBT, point: object, path: str) -> PSBT:
    made.outputs[0].bip32_derivations.clear()
    made.outputs[0].bip32_derivations[point] = DerivationPath(psbts.ROOT.my_fingerprint, parse_path(path))
    return made


def another_key_at_my_path() -> PSBT:
    thief = psbts.elsewhere()
    return claim(paying(thief), psbts.STRANGER.derive(thief.keys[0][1]).get_public_key(), "m/84h/0h/0h/1/0")


def my_key_beside_another_script() -> PSBT:
    return claim(paying(psbts.elsewhere()), psbts.ROOT.derive("m/84h/0h/0h/1/0").get_public_key(), "m/84h/0h/0h/1/0")


def my_key_at_another_path() -> PSBT:
    mine = psbts.mine(below="1/0")
    return claim(paying(mine), psbts.ROOT.derive(mine.keys[0][1]).get_public_key(), "m/84h/0h/0h/1/1")


def a_script_tree() -> PSBT:
    made = paying(psbts.mine("p2tr", "1/0"), kind="p2tr")
    made.outputs[0].unknown = {b"\x06": b"\x00\xc0\x01\x51"}
    return made


def a_thief_among_the_signers() -> PSBT:
    thief = psbts.ROOT.derive("m/0h")
    return several(psbts.ours(below="1/0", roots=[psbts.ROOT, psbts.STRANGER, thief]))


def a_thief_with_the_fingerprint_of_a_signer() -> PSBT:
    made = a_thief_among_the_signers()
    for place in made.outputs[0].bip32_derivations.values():
        if place.fingerprint not in {root.my_fingerprint for root in ROOTS}:
            place.fingerprint = psbts.THIRD.my_fingerprint
    return made


def fewer_signatures() -> PSBT:
    return several(psbts.ours(below="1/0", required=1))


def one_signer_twice() -> PSBT:
    lock = psbts.ours(below="1/0")
    lock.keys = [lock.keys[0], lock.keys[1], (psbts.STRANGER, f"{psbts.SEVERAL}/1/1")]
    lock.__post_init__()
    return several(lock)


def signers_at_different_places() -> PSBT:
    lock = psbts.ours(below="1/0")
    lock.keys = [lock.keys[0], lock.keys[1], (psbts.THIRD, f"{psbts.SEVERAL}/1/4000000")]
    lock.__post_init__()
    return several(lock)


def another_order() -> PSBT:
    lock = psbts.ours(below="1/0")
    points = sorted(root.derive(path).get_public_key() for root, path in lock.keys)
    lock.witness = script.multisig(2, list(reversed(points)))
    lock.public = script.p2wsh(lock.witness)
    return several(lock)


def no_extended_keys() -> PSBT:
    made = several(psbts.ours(below="1/0"))
    made.xpubs.clear()
    return made


def two_extended_keys_of_one_signer() -> PSBT:
    """m/45' and its child: both are above the keys of one signer, and together look like two."""
    roots = [psbts.ROOT, psbts.STRANGER]
    spent = psbts.Lock("p2wsh", [(root, "m/45h/0/0/5") for root in roots], 2)
    paid = psbts.Lock("p2wsh", [(psbts.THIRD, "m/45h/0/1/3"), (psbts.ROOT, "m/45h/0/1/3")], 2)
    made = psbts.make([psbts.Spend(spent, 60_000)], [psbts.Pay(paid, 50_000, known=True)])
    for path in ("m/45h", "m/45h/0"):
        made.xpubs[psbts.ROOT.derive(path).to_public()] = DerivationPath(psbts.ROOT.my_fingerprint, parse_path(path))
    return made


FAKES: dict[str, tuple[Callable[[], PSBT], str]] = {
    "another key at my path": (another_key_at_my_path, "deceiving"),
    "my key beside another script": (my_key_beside_another_script, "deceiving"),
    "my key at another path": (my_key_at_another_path, "deceiving"),
    "other scripts may spend it too": (a_script_tree, "unproven"),
    "a thief among the signers": (a_thief_among_the_signers, "unproven"),
    "a thief with a signer's fingerprint": (a_thief_with_the_fingerprint_of_a_signer, "unproven"),
    "fewer signatures than before": (fewer_signatures, "unproven"),
    "one signer twice": (one_signer_twice, "unproven"),
    "signers at different places": (signers_at_different_places, "unproven"),
    "keys in another order": (another_order, "unproven"),
    "nothing that proves the signers": (no_extended_keys, "unproven"),
    "two extended keys of one signer": (two_extended_keys_of_one_signer, "unproven"),
}


@pytest.mark.parametrize(("make", "expected"), FAKES.values(), ids=FAKES.keys())
def test_fake_change_is_a_payment(make: Callable[[], PSBT], expected: str) -> None:
    """And said to be one that claims to be change, where it does."""
    assert expected == outcome(make())


def test_an_account_has_its_own_key_alone() -> None:
    """Whatever a PSBT says of other keys of its seed."""
    account = AccountKey(psbts.ROOT.derive("m/84h/0h/0h/0/0").get_public_key().sec(), None)
    spends = [psbts.Spend(psbts.mine(below=f"0/{number}"), 60_000, known=False) for number in range(2)]
    made = psbts.make(spends, [psbts.Pay(psbts.mine(), 50_000), psbts.Pay(psbts.mine(below="1/0"), 50_000, known=True)])
    spending = psbts.spending_of(made, account)
    assert ([0], [(0, True)]) == ([own.index for own in spending.inputs], [(own.index, own.change) for own in spending.outputs])
    assert spending.testnet is None


def test_an_x_only_key_signs_for_taproot_alone() -> None:
    """Its point has an even y, which need not be the other's."""
    public = psbts.ROOT.derive("m/86h/0h/0h/0/0").get_public_key()
    spends = [psbts.Spend(psbts.mine("p2tr"), 60_000), psbts.Spend(psbts.Lock("p2wpkh", [(psbts.ROOT, "m/86h/0h/0h/0/0")]), 60_000)]
    spending = psbts.spending_of(psbts.make(spends, [psbts.Pay(psbts.elsewhere(), 50_000)]), AccountKey(public.xonly(), None))
    assert [0] == [own.index for own in spending.inputs]


def test_other_scripts_are_not_signed_for() -> None:
    """Nobody here can say what they mean."""
    lock = psbts.mine()
    lock.witness = script.Script(b"\x21" + psbts.ROOT.derive(lock.keys[0][1]).get_public_key().sec() + b"\xac")
    lock.public = script.p2wsh(lock.witness)
    assert () == psbts.spending_of(psbts.make([psbts.Spend(lock, 60_000)], [psbts.Pay(psbts.elsewhere(), 50_000)])).inputs


NETWORKS: dict[str, tuple[list[str], bool | None]] = {
    "main": (["m/84h/0h/0h"], False),
    "test": (["m/84h/1h/0h", "m/84h/1h/4h"], True),
    "no coin of Bitcoin's": (["m/84h/2h/0h"], None),
    "no purpose that has coins": (["m/0h/1h/0h"], None),
}


@pytest.mark.parametrize(("accounts", "expected"), NETWORKS.values(), ids=NETWORKS.keys())
def test_the_network_is_that_of_the_paths(accounts: list[str], *, expected: bool | None) -> None:
    """By the coin type, as no PSBT says it."""
    spends = [psbts.Spend(psbts.mine(account=account), 60_000) for account in accounts]
    assert expected is psbts.spending_of(psbts.make(spends, [psbts.Pay(psbts.elsewhere(), 50_000)])).testnet


def test_keys_of_two_networks_are_refused() -> None:
    """No transaction spends from both."""
    spends = [psbts.Spend(psbts.mine(account=account), 60_000) for account in ("m/84h/0h/0h", "m/84h/1h/0h")]
    with pytest.raises(Refused):
        psbts.spending_of(psbts.make(spends, [psbts.Pay(psbts.elsewhere(), 50_000)]))


def test_claims_are_bounded() -> None:
    """Each costs a derivation; and a path as deep as none is costs nothing."""
    made = paying(psbts.elsewhere())
    point = psbts.STRANGER.get_public_key()
    deep = DerivationPath(psbts.ROOT.my_fingerprint, [0] * 255)
    made.outputs[0].bip32_derivations[point] = deep
    assert "deceiving" == outcome(made)
    for number in range(MAX_CLAIMS + 1):
        made.outputs[0].bip32_derivations[_point(number)] = DerivationPath(psbts.ROOT.my_fingerprint, [number])
    with pytest.raises(Refused):
        psbts.spending_of(made)


class _Point:
    """Bytes in the place of a public key."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def sec(self) -> bytes:
        return self._data

    def serialize(self) -> bytes:
        return self._data


def _point(number: int) -> _Point:
    return _Point(b"\x02" + number.to_bytes(32, "big"))
