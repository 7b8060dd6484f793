"""The policy file: what it can say, what it cannot, and what becomes of a decision under it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET, convert
from msgspec.structs import replace

from native_host.caller.identity import Caller
from native_host.operations.policies import schema
from native_host.policy import Allow, Ask, Decision, Deny, Facts, KeyView
from native_host.policy.cedar import Rules, load
from native_host.policy.layers import FORBIDDEN, FORBIDDEN_HERE, decide
from native_host.policy.literals import MEMBERS
from native_host.policy.past import considered, decided_then, request_then, rows_then
from native_host.policy.requests import MOST, SPENDING, WITH_KEY, Context, Request, key_of, request_of, why_never_permitted
from native_host.policy.scan import Source
from native_host.policy.words import EVERY, sentence, warnings
from native_host.protocol.approver import GrantOffer, TypedText
from native_host.protocol.methods import METHODS
from native_host.protocol.wire import decode_hook
from native_host.review.effect import Effect, Movement
from native_host.session import Session
from native_host.transport.jsonrpc import Call

ORIGIN = "chrome-extension://abcdefghijklmnopabcdefghijklmnop/"
ETH, USDC, DAI = (
    "eip155:1/slip44:60",
    "eip155:1/erc20:0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
    "eip155:1/erc20:0x6B175474E89094C44Da98b954EedeAC495271d0F",
)
BOB = "0x52908400098527886E0F7030069857D2E4169EE7"
NOW_MS = 1_764_115_200_000  # 2025-11-26, a Wednesday, at midnight UTC
GWEI = 10**9
SESSION = Session(
    caller=Caller(origin=ORIGIN, family="chromium"),
    wallet_id=b"w",
    wallet="main",
    development=False,
    state="unlocked",
    greeted=True,
    unattended=False,
    pairing=b"p",
)
KEY = KeyView(
    key_id="k", revision=1, alg="ES256K", usages=("transaction",), state="active", label="Savings", address=BOB, derived=True, path="m/0"
)
ASKED = Ask(rule="use of a private key", offers=(GrantOffer(id="uses:10", text="t"),))
PARAMS: dict[str, dict[str, Any]] = {
    "signTransaction": {"keyId": "k", "chain": "eip155:1", "transaction": ""},
    "signPsbt": {"keyId": "k", "psbt": "cHNidP8="},
    "signTypedData": {"keyId": "k", "typedData": {"types": {"A": []}, "primaryType": "A", "domain": {"chainId": 10}, "message": {}}},
    "signMessage": {"keyId": "k", "format": "siwe", "message": "", "page": {"origin": "https://example.org"}},
    "sign": {"keyId": "k", "data": ""},
    "decrypt": {"keyId": "k", "alg": "A256GCM", "ciphertext": ""},
    "signJws": {"keyId": "k", "payload": ""},
    "destroyKey": {"keyId": "k"},
    "wrapKey": {"keyId": "k", "targetKeyId": "t", "alg": "A256KW"},
    "listKeys": {},
}


def rules(text: str) -> Rules:
    return load([Source(text=text)], schema())


def call(method: str) -> Call:
    return Call(id=1, method=method, params=convert(PARAMS[method], METHODS[method].params, dec_hook=decode_hook))


def effect(*moved: Movement, **members: Any) -> Effect:
    return Effect(**{"chain": "eip155:1", "native": ETH, "movements": moved, "fee": GWEI, "bounded": True, **members})


def moves(amount: int, asset: str = ETH, to: str = BOB) -> Movement:
    return Movement(asset=asset, amount=amount, recipient=to)


PAYS = Facts(key=KEY, effect=effect(moves(5 * GWEI)))


def decided(
    text: str, method: str = "signTransaction", facts: Facts = PAYS, *, own: Decision = ASKED, system: str | None = None, **session: Any
) -> Decision:
    request = request_of(replace(SESSION, **session), call(method), facts, NOW_MS)
    return decide(own, request, rules(system) if system else None, rules(text) if text else None)


PERMIT = '@id("p") permit(principal, action, resource);'
ASKS = '@id("a") @decision("ask") permit(principal, action, resource);'
FORBID = '@id("f") forbid(principal, action, resource);'
SMALL = '@id("small") permit(principal, action in Action::"spending", resource) when { context.total <= 10 };'
FAILS = '@id("e") permit(principal, action in Action::"spending", resource) when { context.total + 9223372036854775807 < 5 };'
FORBID_FAILS = FAILS.replace("permit", "forbid")


# what becomes of a decision

MEANING: dict[str, tuple[Decision, Decision]] = {
    "nothing matches": (decided('permit(principal == Extension::"moz-extension:x@y", action, resource);'), ASKED),
    "no policy at all": (decided(""), ASKED),
    "a permit": (decided(PERMIT), Allow(rule="policy: p")),
    "by its place": (decided("permit(principal, action, resource);"), Allow(rule="policy: 1")),
    "a forbid before a permit": (decided(PERMIT + FORBID), Deny(rule="policy: f", text=FORBIDDEN)),
    "a forbid before an ask": (decided(ASKS + FORBID), Deny(rule="policy: f", text=FORBIDDEN)),
    "a forbid of what the rows allow": (decided(FORBID, "listKeys", Facts(), own=Allow(rule="public reads")), Deny(rule="policy: f", text=FORBIDDEN)),
    "a forbid of what was granted": (decided(FORBID, own=Allow(rule="grant")), Deny(rule="policy: f", text=FORBIDDEN)),
    "an ask before a permit, without grants": (decided(ASKS + PERMIT), Ask(rule="policy: a")),
    "an ask of what was granted": (decided(ASKS, own=Allow(rule="grant")), Ask(rule="policy: a")),
    "what the rows deny": (decided(PERMIT, own=Deny(rule="a seed signs nothing itself")), Deny(rule="a seed signs nothing itself")),
    "what the rows allow, permitted": (decided(PERMIT, own=Allow(rule="grant")), Allow(rule="grant")),
    "an amount to be typed": (
        decided(PERMIT, own=Ask(rule="r", typed=TypedText(prompt="p", expected="5"))),
        Ask(rule="r", typed=TypedText(prompt="p", expected="5")),
    ),
    "a system's permit": (decided("", system=PERMIT), ASKED),
    "a system's forbid": (decided(PERMIT, system=FORBID), Deny(rule="system policy: f", text=FORBIDDEN_HERE)),
    "a system's ask over a permit": (decided(PERMIT, system=ASKS), Ask(rule="system policy: a")),
    "a person's forbid under a system's ask": (decided(FORBID, system=ASKS), Deny(rule="policy: f", text=FORBIDDEN)),
}  # fmt: skip


@pytest.mark.parametrize(("found", "expected"), MEANING.values(), ids=MEANING.keys())
def test_what_becomes_of_a_decision(found: Decision, expected: Decision) -> None:
    """Deny overrides, then ask, then permit; the administrator's layer only restricts."""
    assert expected == found


def test_an_error_asks_and_names_itself() -> None:
    """Cedar passes over what fails; here it is never allowed then, and a forbid of the administrator's that failed denies."""
    failed = decided(FAILS + PERMIT)
    assert isinstance(failed, Ask)
    assert failed.rule.startswith("policy failed: e: ")
    assert "overflow" in failed.rule
    assert () == failed.offers
    assert isinstance(decided(FORBID_FAILS + PERMIT), Ask)
    assert isinstance(decided(PERMIT, system=FAILS), Ask)
    assert isinstance(decided(PERMIT, system=FORBID_FAILS), Deny)
    assert isinstance(decided(FAILS + FORBID), Deny)


def test_while_something_speaks_against_the_caller_nothing_is_permitted() -> None:
    """A forbid holds then all the same."""
    request = request_of(SESSION, call("signTransaction"), PAYS, NOW_MS)
    assert decide(ASKED, request, None, rules(PERMIT), permits=False) is ASKED
    assert isinstance(decide(ASKED, request, None, rules(FORBID), permits=False), Deny)


# what no policy permits

UNBOUNDED = Facts(key=KEY, effect=effect(moves(1), bounded=False))
NEVER: dict[str, tuple[str, Facts, dict[str, Any]]] = {
    "an unpaired caller": ("signTransaction", PAYS, {"pairing": None}),
    "what cannot be counted": ("signTransaction", UNBOUNDED, {}),
    "what is not known at all": ("signPsbt", Facts(key=KEY), {}),
    "typed data": ("signTypedData", Facts(key=KEY), {}),
    "raw bytes of an account": ("sign", Facts(key=KEY), {}),
    "raw bytes of any key": ("sign", Facts(key=replace(KEY, alg="ES256", derived=False, path=None)), {}),
    "a statement": ("signJws", Facts(key=KEY), {}),
    "a key's end": ("destroyKey", Facts(key=KEY), {}),
    "a key that goes out": ("wrapKey", Facts(key=KEY), {}),
    "what nothing authenticates": ("decrypt", Facts(key=replace(KEY, alg="A256CBC", labels=("unauthenticated",))), {}),
}


@pytest.mark.parametrize(("method", "facts", "session"), NEVER.values(), ids=NEVER.keys())
def test_what_no_policy_permits(method: str, facts: Facts, session: dict[str, Any]) -> None:
    """The person is asked, whatever a policy says; and a policy can still forbid it."""
    assert ASKED == decided(PERMIT, method, facts, **session)
    assert isinstance(decided(FORBID, method, facts, **session), Deny)


@pytest.mark.parametrize("method", sorted(EVERY - SPENDING - {"signMessage", "decrypt"}))
def test_every_other_method_is_a_persons(method: str) -> None:
    """The set of what a policy may allow is closed: a new method is not in it by itself."""
    request = Request(principal=request_of(SESSION, call("listKeys"), Facts(), NOW_MS).principal, action=method)
    assert why_never_permitted(request) is not None


def test_what_a_policy_may_permit() -> None:
    """Messages, authenticated ciphertexts, and what is known to let nothing else leave."""
    assert Allow(rule="policy: p") == decided(PERMIT, "signMessage", Facts(key=KEY))
    assert Allow(rule="policy: p") == decided(PERMIT, "decrypt", Facts(key=replace(KEY, alg="A256GCM")))
    assert Allow(rule="policy: p") == decided(PERMIT, "signPsbt", PAYS)


# amounts

HUGE = (1 << 256) - 1
AMOUNTS: dict[str, tuple[str, Effect, bool]] = {
    "within": ("context.total <= 6", effect(moves(5 * GWEI)), True),
    "the fee counts": ("context.total <= 5", effect(moves(5 * GWEI)), False),
    "rounded up": ("context.total <= 6", effect(moves(5 * GWEI + 1)), False),
    "a single wei is not nothing": ("context.value == 0 && context.fee >= 0", effect(moves(1)), False),
    "several movements are one sum": ("context.total <= 6", effect(moves(3 * GWEI), moves(3 * GWEI)), False),
    "2^256 - 1 wei": ("context.total < 9223372036854775807", effect(moves(HUGE)), False),
    "2^256 - 1 wei, and any amount allowed": ("context.total >= 0", effect(moves(HUGE)), False),
    "a fee of 2^256 - 1 wei": ("context.total >= 0", effect(moves(0), fee=HUGE), False),
    "exactly the largest number": ("context.total >= 0", effect(moves(MOST * GWEI), fee=0), False),
    "one below it": ("context.total >= 0", effect(moves((MOST - 1) * GWEI), fee=0), True),
    "2^256 - 1 of a token": ("context.total >= 0 && context has token", effect(moves(HUGE, USDC)), False),
    "the value alone does not cover the fee": ("context.value <= 6", effect(moves(5 * GWEI)), False),
    "the value alone where there is no fee": ("context.value <= 6", effect(moves(5 * GWEI), fee=0), True),
    "value and fee": ("context.value <= 5 && context.fee <= 1", effect(moves(5 * GWEI)), True),
    "the fee alone does not cover the value": ("context.fee <= 1", effect(moves(5 * GWEI)), False),
    "a limit on coins lets no token leave": ("context.total <= 6", effect(moves(10**12, USDC)), False),
    "a limit on tokens lets no coin leave": ("context has token && context.token.amount <= 6", effect(moves(6, USDC), moves(GWEI), fee=0), False),
    "a limit on tokens lets no fee be paid": ("context has token && context.token.amount <= 6", effect(moves(6, USDC)), False),
    "a token and its fee": ("context has token && context.token.amount <= 6 && context.fee <= 1", effect(moves(6, USDC)), True),
    "a token of 18 decimals": ("context has token && context.token.billions <= 20000000000 && context.total <= 1", effect(moves(20 * 10**18, DAI)), True),
    "its smallest units do not fit": ("context has token && context.token.amount <= 9223372036854775806 && context.total <= 1", effect(moves(20 * 10**18, DAI)), False),
    "two tokens are not one": ("context has token && context.total <= 1", effect(moves(1, USDC), moves(1, DAI)), False),
    "two tokens, by their names": (f'["{USDC}", "{DAI}"].containsAll(context.assets) && context.total <= 1', effect(moves(1, USDC), moves(1, DAI)), True),
    "nothing named, anything allowed": ("true", effect(moves(5 * GWEI), moves(1, USDC), moves(1, DAI)), True),
    "the recipients": (f'["{BOB}"].containsAll(context.recipients) && context.total <= 6', effect(moves(5 * GWEI)), True),
    "one recipient too many": (f'["{BOB}"].containsAll(context.recipients) && context.total <= 6', effect(moves(1), moves(1, to="0xother")), False),
    "an unknown recipient": (f'["{BOB}"].containsAll(context.recipients) && context.total <= 6', effect(moves(1, to="")), False),
    "satoshi": ("context.total <= 150", effect(moves(100, "bip122:x/slip44:0"), chain="bip122:x", native="bip122:x/slip44:0", fee=50), True),
    "an allowance without end": ("context.unlimitedApproval", effect(moves(HUGE, USDC)), False),
    "a function": ('context has selector && context.selector == "0xa9059cbb"', effect(moves(1), selector="0xa9059cbb"), True),
}  # fmt: skip


@pytest.mark.parametrize(("condition", "leaves", "permitted"), AMOUNTS.values(), ids=AMOUNTS.keys())
def test_amounts(condition: str, leaves: Effect, *, permitted: bool) -> None:
    """A permit that names an amount covers only what it names, and nothing that cannot be counted."""
    text = f'@id("p") permit(principal, action in Action::"spending", resource) when {{ {condition} }};'
    assert permitted == isinstance(decided(text, facts=Facts(key=KEY, effect=leaves)), Allow)


def test_an_allowance_without_end_can_be_forbidden() -> None:
    """Also one that is kept in 96 bits; not a large balance."""
    text = FORBID.replace(";", " when { context has unlimitedApproval && context.unlimitedApproval };")
    for amount, forbidden in ((HUGE, True), ((1 << 96) - 1, True), (10**30, False), (1, False)):
        found = decided(text, facts=Facts(key=KEY, effect=effect(moves(amount, USDC), bounded=False)))
        assert forbidden == isinstance(found, Deny)


def test_what_was_spent_counts() -> None:
    """In the same units as what leaves now, rounded up; of a token in both of its own."""
    text = '@id("p") permit(principal, action in Action::"spending", resource) when { context.total + context.spentToday <= 10 };'
    for spent, permitted in ((4 * GWEI, True), (4 * GWEI + 1, False), (HUGE, False)):
        facts = Facts(key=KEY, effect=PAYS.effect, spent={ETH: spent, USDC: 5})
        assert permitted == isinstance(decided(text, facts=facts), Allow)
    facts = Facts(key=KEY, effect=effect(moves(2, USDC)), spent={USDC: 5})
    token = request_of(SESSION, call("signTransaction"), facts, NOW_MS).context.token
    assert token is not UNSET
    assert (2, 1, 5, 1) == (token.amount, token.billions, token.spent_today, token.spent_today_billions)


# what a policy can speak of


def test_the_schema_has_every_method() -> None:
    """Each method that is not the session's own is an action; and about a key if it is said to be."""
    for name, row in METHODS.items():
        kind = "Key" if name in WITH_KEY else "Keyring"
        text = f'forbid(principal is Extension, action == Action::"{name}", resource is {kind});'
        if row.consent == "session":
            with pytest.raises(Exception, match="There is no action"):
                rules(text)
        else:
            assert 1 == len(rules(text).statements)


def test_the_schema_has_every_member() -> None:
    """What is told apart by name in the code is what the schema has."""
    text = schema()
    assert all(f"  {name}: " in text or f"  {name}?: " in text for name in MEMBERS)
    assert {line.strip().partition(":")[0].rstrip("?") for line in text.splitlines() if line.startswith("  ")} - {
        "principal",
        "resource",
        "context",
    } == MEMBERS


SEEN: dict[str, tuple[str, str, Facts]] = {
    "the extension": (f'principal == Extension::"{ORIGIN}" && principal.origin == "{ORIGIN}" && principal.paired && !principal.development && principal.browser == "chromium"', "signMessage", Facts(key=KEY)),
    "the key": (f'resource == Key::"k" && resource.id == "k" && resource.alg == "ES256K" && resource.usages.contains("transaction") && resource has address && resource.address == "{BOB}" && resource has path && resource.path == "m/0" && resource.derived && !resource.inToken && resource.provenance == "generated"', "signMessage", Facts(key=KEY)),
    "the wallet": ('resource in Keyring::"main"', "signMessage", Facts(key=KEY)),
    "the page and the format": ('context has page && context.page like "https://*.org" && context.format == "siwe"', "signMessage", Facts(key=KEY)),
    "the time": ("context.time == 1764115200 && context.hour == 0 && context.weekday == 3", "signMessage", Facts(key=KEY)),
    "that it is authenticated": ("context.authenticated", "decrypt", Facts(key=KEY)),
}  # fmt: skip


@pytest.mark.parametrize(("condition", "method", "facts"), SEEN.values(), ids=SEEN.keys())
def test_what_a_condition_sees(condition: str, method: str, facts: Facts) -> None:
    """Each member of the schema, as a live call fills it."""
    text = f'@id("p") permit(principal, action == Action::"{method}", resource) when {{ {condition} }};'
    assert Allow(rule="policy: p") == decided(text, method, facts)


def test_a_keys_name_cannot_be_spoken_of() -> None:
    """An extension renames its keys without asking: a policy by name would be one that it can turn."""
    with pytest.raises(Exception, match="label"):
        rules('permit(principal, action == Action::"signMessage", resource) when { resource.label == "Savings" };')


def test_typed_data_names_its_chain() -> None:
    """So that a forbid for a chain holds for what is never counted."""
    text = '@id("f") forbid(principal, action in Action::"spending", resource) when { context.chain == "eip155:10" };'
    assert isinstance(decided(text, "signTypedData", Facts(key=KEY)), Deny)


# refused when it is loaded

BROKEN: dict[str, tuple[str, int, str]] = {
    "unfinished": ("permit(principal, action, resource", 1, "ends too early"),
    "no semicolon": ("permit(principal, action, resource)\npermit(principal, action, resource);", 1, "not expected here"),
    "not a policy": ("\n\nallow everything;", 3, "not expected here"),
    "another character": ("permit(principal, action, resource) when { # };", 1, "Nothing is written like this"),
    "an unknown action": ('\npermit(principal, action == Action::"sendMoney", resource);', 2, "no action sendMoney"),
    "an unknown type": ("permit(principal is User, action, resource);", 1, "nothing of the type User"),
    "an unknown member": ('permit(principal, action in Action::"spending", resource)\nwhen { context.amount < 5 };', 2, "There is no context.amount"),
    "an unknown member that is asked for first": ("permit(principal, action, resource)\nwhen { context has amout };", 2, "Nothing is called amout"),
    "a member that not every action has": ("permit(principal, action, resource) when { context.total < 5 };", 1, "There is no context.total"),
    "a member that may be missing": ('permit(principal, action, resource) when { context.page == "x" };', 1, "not always there"),
    "a number and a text": ('permit(principal, action in Action::"spending", resource) when {\n context.total == "5" };', 1, "never equal"),
    "a number too large": ('permit(principal, action in Action::"spending", resource) when { context.total < 9223372036854775808 };', 1, "larger than any"),
    "an open place": ("permit(principal == ?principal, action, resource);", 1, "no open places"),
    "a mistyped annotation": ('@decison("ask")\npermit(principal, action, resource);', 1, "no @decison"),
    "another decision": ('@decision("allow")\npermit(principal, action, resource);', 1, '"ask"'),
    "a decision of a forbid": ('@decision("ask")\nforbid(principal, action, resource);', 1, '"ask"'),
    "an id twice": ('@id("a") permit(principal, action, resource);\n@id("a") forbid(principal, action, resource);', 2, "called a already"),
    "an id that is a place": ('@id("2") permit(principal, action, resource);', 1, "no number alone"),
    "an address in small letters": (f'forbid(principal, action in Action::"spending", resource)\nwhen {{ context.recipients.contains("{BOB.lower()}") }};', 2, BOB),
    "an asset in small letters": (f'forbid(principal, action in Action::"spending", resource)\nwhen {{ context.assets.contains("{USDC.lower()}") }};', 2, USDC[-42:]),
    "a selector in capitals": ('forbid(principal, action in Action::"spending", resource) when { context has selector && context.selector == "0xA9059CBB" };', 1, "small letters"),
    "a number with a point": ('permit(principal, action in Action::"spending", resource) when { context.total < 0.5 };', 1, "Numbers are whole"),
    "a mistyped permit": ("permt(principal, action, resource);", 1, "begins with permit or forbid, not with permt"),
    "an extension by its id alone": (f'forbid(principal == Extension::"{ORIGIN[19:-1]}", action, resource);', 1, "called by its origin"),
    "an extension in a condition": ('forbid(principal, action, resource) when { principal == Extension::"x" };', 1, "called by its origin"),
    "another key": ('permit(principal, action == Action::"sign", resource) when { Key::"x".alg == "ES256K" };', 1, "Only of the principal"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "told"), BROKEN.values(), ids=BROKEN.keys())
def test_refused_with_its_line(text: str, line: int, told: str) -> None:
    """In words, and where."""
    from native_host.policy.scan import PolicyRefused

    with pytest.raises(PolicyRefused) as refused:
        rules(text)
    assert any(told in problem.text and line == problem.line for problem in refused.value.problems), str(refused.value)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    """Of several files with their names."""
    from native_host.policy.scan import PolicyRefused

    with pytest.raises(PolicyRefused) as refused:
        load([Source(text="permit(", name="a.cedar"), Source(text="\nforbid(", name="b.cedar")], schema())
    assert ["a.cedar, line 1", "b.cedar, line 2"] == [line.partition(":")[0] for line in str(refused.value).splitlines()]


def test_of_several_files_each_policy_is_told_by_its_file() -> None:
    """Where it has no id of its own."""
    made = load([Source(text=PERMIT, name="a.cedar"), Source(text="forbid(principal, action, resource);", name="b.cedar")], schema())
    assert ["p", "b.cedar:2"] == [one.id for one in made.statements]


# in words

WORDS: dict[str, tuple[str, str]] = {
    SMALL: ("Allows without asking you: what lets something leave (transactions, typed data, PSBTs), if the amount with the fee is at most 10 (0.00000001 of the chain's coin or 0.0000001 BTC or 0.00000001 SOL).", "any extension; any recipient; not how many"),
    '@id("w") permit(principal == Extension::"moz-extension:x@y", action == Action::"signMessage", resource == Key::"k") when { context.format == "siwe" };': ('Allows without asking you: sign a message in a chain\'s own format, asked for by the extension moz-extension:x@y, about the key k, if the message\'s format is "siwe".', ""),
    ASKS: ("Always asks you: everything.", ""),
    '@id("a") permit(principal, action, resource);': ("Allows without asking you: everything.", "and no more; any extension; any amount; any recipient"),
    '@id("d") forbid(principal, action == Action::"sign", resource) when { principal.development || !principal.paired };': ("Forbids: sign bytes or a digest, if the extension is a development build or not (the extension is paired).", ""),
    '@id("f") forbid(principal, action in [Action::"wrapKey", Action::"destroyKey"], resource) unless { resource.inToken };': ("Forbids: encrypt a key with a key, destroy a key and all that is derived from it, if not (the key lies in a token).", ""),
    '@id("f") forbid(principal, action in Action::"spending", resource) when { context.chain == "bip122:x" && context.total > 100 };': ('Forbids: what lets something leave (transactions, typed data, PSBTs), if the chain is "bip122:x" and the amount with the fee is more than 100 (0.000001 BTC).', "cannot be counted"),
    '@id("n") permit(principal == Extension::"moz-extension:x@y", action == Action::"sign", resource);': ("Allows without asking you: sign bytes or a digest, asked for by the extension moz-extension:x@y.", "allows nothing"),
    '@id("n") permit(principal == Extension::"moz-extension:x@y", action == Action::"signPsbt", resource) when { context.value < 5 };': ("Allows without asking you: sign a partially signed Bitcoin transaction, asked for by the extension moz-extension:x@y, if the amount without the fee is less than 5 (0.000000005 of the chain's coin or 0.00000005 BTC or 0.000000005 SOL).", "not of the fee; any recipient"),
    '@id("n") permit(principal == Extension::"moz-extension:x@y", action == Action::"signPsbt", resource);': ("Allows without asking you: sign a partially signed Bitcoin transaction, asked for by the extension moz-extension:x@y.", "any amount; any recipient"),
    '@id("n") permit(principal == Extension::"moz-extension:x@y", action == Action::"signMessage", resource) when { context has page && context.page == "https://пример.org" };': ('Allows without asking you: sign a message in a chain\'s own format, asked for by the extension moz-extension:x@y, if a web page is named and the web page (as the extension says) is "https://пример.org".', "ASCII; what the extension says"),
}  # fmt: skip


@pytest.mark.parametrize("text", WORDS)
def test_in_words(text: str) -> None:
    """What a person confirms, and of what they are warned."""
    (one,) = rules(text).statements
    said, warned = WORDS[text]
    assert said == sentence(one)
    found = list(warnings(one))
    expected = warned.split("; ") if warned else []
    assert len(expected) == len(found), found
    assert all(any(part in text for text in found) for part in expected), found


# the past


@pytest.mark.parametrize(
    "facts", [PAYS, UNBOUNDED, Facts(key=KEY), Facts(key=KEY, effect=effect(moves(HUGE, USDC), fee=HUGE, selector="0xa9059cbb"))]
)
def test_what_is_kept_asks_the_same_question(facts: Facts) -> None:
    """A call and what the audit keeps of it are one to a policy."""
    for method in ("signTransaction", "signMessage", "decrypt", "sign"):
        if facts.effect is None and method == "signTransaction":
            continue  # the chain that only the params name is not kept
        asked = call(method)
        kept = considered(SESSION, asked, facts)
        page = asked.params.page.origin if method == "signMessage" else None  # type: ignore[attr-defined]
        then = request_then(kept, method=method, origin=ORIGIN, family="chromium", wallet="main", page=page, at_ms=NOW_MS, key=key_of(KEY))
        assert request_of(SESSION, asked, facts, NOW_MS) == then


def test_what_is_kept_is_small() -> None:
    """Of a call with many movements it is said that something is missing, and nothing is guessed of it."""
    many = Facts(key=KEY, effect=effect(*(moves(1, to=f"0x{number:040x}") for number in range(1000))))
    kept = considered(SESSION, call("signTransaction"), many)
    assert (False, 16) == (kept.whole, len(kept.movements))
    assert (
        request_then(kept, method="signTransaction", origin=ORIGIN, family=None, wallet="main", page=None, at_ms=0, key=key_of(KEY)) is None
    )


PAST: dict[str, tuple[tuple[str, str, str], str, type]] = {
    "asked": (("person", "done", "use of a private key"), "ask", Ask),
    "asked, and refused": (("nobody", "user_rejected", ""), "ask", Ask),
    "granted": (("grant", "done", "grant"), "allow", Allow),
    "permitted by a policy": (("rule", "done", "policy: p"), "allow", Ask),
    "forbidden by a policy": (("nobody", "policy_denied", "policy: f"), "deny", Ask),
    "denied by a row": (("nobody", "policy_denied", "limit: x"), "deny", Deny),
}


@pytest.mark.parametrize(("entry", "decided_as", "rows"), PAST.values(), ids=PAST.keys())
def test_what_was_decided_then(entry: tuple[str, str, str], decided_as: str, rows: type) -> None:
    """An entry tells what was decided; and what would have been without a policy."""
    approved_by, outcome, rule = entry
    assert decided_as == decided_then(approved_by, outcome)
    assert rows is type(rows_then("signTransaction", approved_by, rule))


def test_the_default_context_is_of_the_first_day() -> None:
    """A Thursday."""
    assert 4 == Context().weekday
