"""The web page that a call names: a claim in one spelling, shown, recorded, and refused where it names none."""

from __future__ import annotations

from typing import Any

import pytest

from native_host.audit import entries
from native_host.review.web_page import NOT_ENCRYPTED, PAGE, PUNYCODE_PAGE
from native_host.testing.port import Port
from tests.homes import Home, b64, unlock
from tests.host.calls import generate, invalid, refused

DATA = b64(b"data")


@pytest.fixture
def port(home: Home) -> Port:
    return home.open()


def page(origin: Any) -> dict[str, Any]:
    return {"page": {"origin": origin}}


def test_one_spelling_for_all_that_comes_after(home: Home, port: Port) -> None:
    """In the review and in the record; and the same request key is for the same page, however it is written."""
    key_id = generate(port, "Ed25519")["keyId"]
    call = {"keyId": key_id, "data": DATA, "requestKey": "r"}
    first = port.request("sign", {**call, **page("HTTPS://Shop.Example:443/")})
    assert first == port.request("sign", {**call, **page("https://shop.example")})
    (review,) = [ask for ask in home.approver.asked if ask["kind"] == "review"]
    assert {"label": PAGE, "value": "https://shop.example", "kind": "origin"} in review["facts"]
    with home.store() as store:
        unlock(store)
        found = [one.entry.page for one in entries(store) if one.entry and one.entry.method == "sign"]
    assert ["https://shop.example"] * 2 == found


@pytest.mark.parametrize("origin", ["", "null", "javascript:alert(1)", "https://a.example/x", "https://a@b.example", "x" * 513, None, 5])
def test_what_names_no_page(home: Home, port: Port, origin: Any) -> None:
    """Nobody is asked, and the refusal repeats nothing of it."""
    key_id = generate(port, "Ed25519")["keyId"]
    assert invalid("page.origin") == refused(port, "sign", keyId=key_id, data=DATA, **page(origin))
    assert not [ask for ask in home.approver.asked if ask["kind"] == "review"]


def test_what_the_person_is_warned_of(home: Home, port: Port) -> None:
    """A name in other letters, and a page that came unencrypted."""
    key_id = generate(port, "Ed25519")["keyId"]
    for origin, warning in (("https://xn--80ak6aa92e.com", PUNYCODE_PAGE), ("http://shop.example", NOT_ENCRYPTED)):
        port.request("sign", {"keyId": key_id, "data": DATA, **page(origin)})
        assert warning in home.approver.asked[-1]["warnings"]
