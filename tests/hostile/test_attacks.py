"""The attacks that Strongroom is built against, and the tests that make them, most of them against a real host, window or browser.

A spoofed origin; replayed and reordered frames; a downgrade to the unpaired protocol; a proxy between extension and host; a swapped extension; one
request that is approved while another is on the screen; a PSBT whose previous transaction lies; EIP-712 types that are cyclic or missing;
calldata that decodes two ways; chain id 0; amounts past 2^256; names that read from right to left.

They live with what they attack. The table says where; that each is there is tested here, by name. Attackers one by one, with what they
*can* do, are in docs/threat-model.md.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).parents[2]
CALLS, REVIEWS = "tests/hostile/test_attacks_on_calls.py", "tests/hostile/test_attacks_on_reviews.py"
CHANNEL, ETHEREUM = "tests/hostile/test_channel.py", "tests/hostile/test_ethereum.py"

ATTACKS: dict[str, list[str]] = {
    "a spoofed origin": [
        f"{CALLS}::test_a_spoofed_origin_gets_nothing_of_a_paired_extension",
        f"{CALLS}::test_a_spoofed_origin_before_pairing_is_told_in_every_window",
        f"{CHANNEL}::test_a_paired_extension_is_not_spoken_with_outside_of_its_channel",
        "tests/host/test_ending.py::test_a_stranger_learns_only_that[a stranger]",
        "tests/host/test_policy_file.py::test_it_permits_nothing_to_who_is_not_paired",
        "tests/host/test_grants.py::test_nobody_who_is_not_paired_gets_or_uses_one",
        "tests/host/test_caller_contradicted.py::test_a_program_that_calls_itself_chromium_is_told_by_its_file",
    ],
    "replayed and reordered frames": [
        f"{CHANNEL}::test_a_frame_that_does_not_belong_ends_the_channel[replayed]",
        f"{CHANNEL}::test_a_frame_that_does_not_belong_ends_the_channel[reordered]",
        f"{CHANNEL}::test_a_frame_that_does_not_belong_ends_the_channel[left_out]",
        f"{CHANNEL}::test_a_frame_that_does_not_belong_ends_the_channel[reflected]",
        f"{CHANNEL}::test_a_first_message_that_is_replayed_opens_nothing_for_who_replays_it",
        "tests/host/test_request_keys.py::test_the_same_key_gives_the_same_answer",
        "tests/browser/test_pairing.py::test_one_letter_changed_on_the_way_ends_it[chromium-wallet]",
    ],
    "a downgrade to the unpaired protocol": [
        f"{CHANNEL}::test_a_frame_that_does_not_belong_ends_the_channel[a plain call]",
        f"{CHANNEL}::test_a_frame_that_does_not_belong_ends_the_channel[a plain batch]",
        f"{CHANNEL}::test_a_paired_extension_is_not_spoken_with_outside_of_its_channel",
        f"{CHANNEL}::test_a_required_pairing_leaves_nothing_but_to_pair",
        f"{CHANNEL}::test_a_row_that_another_program_took_out_of_the_file_unpairs_nobody",
        "tests/browser/test_pairing.py::test_another_host_in_its_place_is_told_loudly_and_asked_nothing[chromium]",
        "tests/browser/test_pairing.py::test_another_host_in_its_place_is_told_loudly_and_asked_nothing[firefox]",
    ],
    "a proxy between extension and host": [
        f"{CHANNEL}::test_a_proxy_at_the_pairing_shows_another_code",
        f"{CHANNEL}::test_a_proxy_that_grinds_for_the_victims_code_is_bound_by_its_commitment",
        f"{CHANNEL}::test_a_proxy_without_the_extensions_key_opens_no_channel",
        f"{CHANNEL}::test_a_proxy_without_the_hosts_key_is_not_taken_for_the_host",
        "tests/browser/test_pairing.py::test_whoever_listens_in_between_reads_no_call_and_no_reply[chromium]",
        "tests/browser/test_pairing.py::test_who_stands_between_while_pairing_cannot_make_the_codes_the_same[chromium]",
        "tests/install/test_shadowing.py::test_one_that_stands_before_the_systems[of another's-chromium]",
    ],
    "a swapped extension": [
        "tests/host/test_extension_changed.py::test_one_byte_and_a_no",
        "tests/host/test_caller_contradicted.py::test_code_that_is_in_no_file_of_the_extension",
        "tests/host/test_caller_contradicted.py::test_for_a_day_after_a_change_nothing_is_granted",
        "tests/browser/test_tampered_extension.py::test_one_byte_changed_on_the_disk_keeps_the_keystore_closed",
        "tests/browser/test_tampered_extension.py::test_a_worker_changed_in_the_browsers_cache_is_refused",
        "tests/unit/test_released.py::test_other_code_under_a_released_version[one more file]",
    ],
    "one request approved while another is on the screen": [
        f"{CALLS}::test_one_is_approved_while_another_waits",
        f"{CALLS}::test_another_request_under_the_id_of_the_one_on_the_screen",
        f"{CALLS}::test_taken_back_and_sent_anew_under_the_same_id",
        f"{CALLS}::test_a_late_yes_to_an_earlier_window",
        "tests/window/test_attacks.py::test_a_click_under_way_counts_for_nothing",
        "tests/window/test_attacks.py::test_a_click_just_after_counts_for_nothing",
        "tests/window/test_attacks.py::test_a_key_under_way_counts_for_nothing",
        "tests/host/test_flood.py::test_nobody_is_asked_about_a_key_that_was_changed_while_the_call_was_in_line",
    ],
    "a PSBT whose previous transaction lies": [
        "tests/hostile/test_psbts.py::test_a_psbt_that_lies_is_refused[a lying previous transaction]",
        "tests/hostile/test_psbts.py::test_a_psbt_that_lies_is_refused[a spent output that differs from it]",
        "tests/hostile/test_psbts.py::test_a_psbt_that_lies_is_refused[amounts without previous transactions]",
        "tests/hostile/test_psbts.py::test_a_psbt_that_lies_is_refused[legacy without its previous transaction]",
    ],
    "EIP-712 types that are cyclic or missing": [
        f"{ETHEREUM}::test_refused_before_anybody_is_asked[a type that holds itself]",
        f"{ETHEREUM}::test_refused_before_anybody_is_asked[types that hold each other]",
        f"{ETHEREUM}::test_refused_before_anybody_is_asked[a type that is missing]",
        f"{REVIEWS}::test_refused_before_anybody_is_asked[types in a ring]",
        f"{REVIEWS}::test_refused_before_anybody_is_asked[a ring through a list]",
        f"{REVIEWS}::test_refused_before_anybody_is_asked[a type that is nowhere, behind another]",
    ],
    "calldata that decodes two ways": [
        f"{REVIEWS}::test_calldata_that_reads_two_ways_is_not_put_in_words[two members in one place]",
        f"{REVIEWS}::test_calldata_that_reads_two_ways_is_not_put_in_words[an address with bits before it]",
        f"{REVIEWS}::test_a_function_under_a_known_selector_of_an_unknown_contract_is_told",
        f"{ETHEREUM}::test_told_before_anything_else[calls that share one place]",
        "tests/unit/test_review_ethereum.py::test_a_function_that_two_standards_share",
    ],
    "chain id 0": [
        f"{REVIEWS}::test_refused_before_anybody_is_asked[chain 0 by its name]",
        f"{REVIEWS}::test_refused_before_anybody_is_asked[chain 0 inside, another one outside]",
        f"{REVIEWS}::test_an_authorization_for_chain_0_is_told",
        f"{REVIEWS}::test_typed_data_for_chain_0_is_told['0x0']",
    ],
    "amounts past 2^256": [
        f"{REVIEWS}::test_refused_before_anybody_is_asked[an amount that is 1 once it wraps]",
        f"{REVIEWS}::test_refused_before_anybody_is_asked[an amount that wraps with its fee]",
        f"{REVIEWS}::test_refused_before_anybody_is_asked[a uint256 of 2^256]",
        "tests/hostile/test_psbts.py::test_a_psbt_that_lies_is_refused[an amount that wraps]",
        "tests/hostile/test_attacks_on_policies.py::test_what_cannot_be_told_or_counted_is_the_persons[more than can be counted]",
    ],
    "names that read from right to left": [
        f"{REVIEWS}::test_names_that_read_from_right_to_left_are_shown_in_their_order[a typed text]",
        f"{REVIEWS}::test_an_extension_whose_name_reads_backwards",
        f"{ETHEREUM}::test_refused_before_anybody_is_asked[a name that reads backwards]",
        "tests/hostile/test_policies.py::test_what_hides_something",
        "tests/host/test_page.py::test_what_the_person_is_warned_of",
    ],
}


@pytest.fixture(scope="module")
def collected() -> set[str]:
    """Every test of the files above, as pytest itself finds it, and each without its parameters."""
    files = sorted({test.partition("::")[0] for tests in ATTACKS.values() for test in tests})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout[-2000:]
    found = {line for line in done.stdout.splitlines() if "::" in line}
    return found | {test.partition("[")[0] for test in found}


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_attack_is_made(collected: set[str], attack: str) -> None:
    """Each test that is named is one that pytest finds."""
    assert [] == [test for test in ATTACKS[attack] if test not in collected]
