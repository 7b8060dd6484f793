"""Holes that were found in what pairings, policies, limits and grants let through, and that were closed: each by the attack that used it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from native_host.audit import Audit
from native_host.operations import limits
from native_host.policy.limits import Limit, Limits
from native_host.review.assets import BITCOIN
from native_host.testing.port import HostError, Port
from tests import psbts
from tests.homes import Home, unlock
from tests.host.calls import restore

DENIED = "policy_denied"


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home for one test."""
    made = Home(tmp_path_factory.mktemp("own"))
    made.attach()
    made.set_up()
    yield made
    made.quit()


def limited(home: Home, *rows: Limit) -> None:
    """What the owner sets with ``strongroom limits``."""
    with home.store() as store:
        unlock(store)
        with store.transaction():
            limits.write(store, store.wallets()[0][0], Limits(limits=rows))
            Audit(store).happened("strongroom:person", "setLimit", "")


def reason(port: Port, method: str, **params: object) -> str:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return caught.value.reason


def test_a_transaction_that_is_signed_in_parts_does_not_pass_a_limit(own: Home) -> None:
    """Each time another of the two inputs looks like somebody else's, and the same change is set off against the one that is left: by two
    signatures which seem to cost a thousand satoshi each, a hundred thousand would be gone."""
    port = own.open()
    seed = restore(own, port, psbts.WORDS)
    limited(own, Limit(limit_id="a1", amount=5_000, window=86_400, asset=BITCOIN))
    for hidden in (0, 1):
        spends = [psbts.Spend(psbts.mine(below=f"0/{number}"), 100_000, known=number != hidden) for number in (0, 1)]
        pays = [psbts.Pay(psbts.elsewhere(), 100_000), psbts.Pay(psbts.mine(below="1/0"), 99_000, known=True)]
        assert DENIED == reason(port, "signPsbt", keyId=seed, psbt=psbts.text_of(psbts.make(spends, pays)))
