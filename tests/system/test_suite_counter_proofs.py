"""Every weakness of the older suites, seeded: the validation test that guards it turns red."""

from __future__ import annotations

import re

import pytest

from tests.system.suite_runner import run_cases

pytestmark = pytest.mark.ci

SUITE = "tests/live_validation"
CONNECTIVITY, DATA, ORDERS, RESILIENCE, SESSION = (
    f"{SUITE}/test_live_{name}.py"
    for name in ("broker_connectivity", "market_data", "order_execution", "resilience", "session")
)


def case(requirement: str, variant: str, test: str, because: str):
    """One counter-proof: under ``variant``, ``test`` fails, and for this reason (a pattern)."""
    mark = pytest.mark.req(requirement, counter_proof=variant)
    return pytest.param(variant, test, because, marks=mark, id=f"{requirement}-{variant}")


CASES = [
    case(
        "LV-004",
        "live_account",
        f"{CONNECTIVITY}::test_the_gateway_authenticates_us",
        r"LiveAccountRefusedError",
    ),
    case(
        "LV-008",
        "no_round_trip",
        f"{CONNECTIVITY}::test_the_gateway_authenticates_us",
        r"assert False",
    ),
    case(
        "LV-009",
        "summary_never_ends",
        f"{CONNECTIVITY}::test_balances_come",
        r"account summary: no complete answer",
    ),
    case(
        "LV-010",
        "positions_never_end",
        f"{CONNECTIVITY}::test_every_position_is_whole",
        r"positions: no complete answer",
    ),
    case(
        "LV-011",
        "gone_after_loss",
        f"{CONNECTIVITY}::test_a_lost_connection_comes_back",
        r"sent no account list",
    ),
    case("LV-012", "stale_feed", f"{DATA}::test_a_spy_snapshot", r"assert 6\d\.\d+ < 5"),
    case("LV-013", "one_bar", f"{DATA}::test_a_full_session", r"assert 1 >= 70"),
    case("LV-014", "same_price_for_all", f"{DATA}::test_three_symbols", r"quotes were mixed up"),
    case(
        "LV-015",
        "frozen_feed",
        f"{DATA}::test_a_stream_keeps_moving",
        r"assert \d+\.\d+ < 5|distinct updates",
    ),
    case(
        "LV-015",
        "cancel_market_data_ignored",
        f"{DATA}::test_a_stream_keeps_moving",
        r"assert \d+ == 0",
    ),
    case(
        "LV-016", "never_fills", f"{ORDERS}::test_a_marketable_limit_order_fills", r"is Submitted"
    ),
    case(
        "LV-017",
        "positions_unmoved",
        f"{ORDERS}::test_a_fill_changes_the_position",
        r"Decimal\('0'\) == 1",
    ),
    case("LV-018", "cancel_order_ignored", f"{ORDERS}::test_a_resting_order", r"still Submitted"),
    case("LV-019", "sells_refused", f"{ORDERS}::test_a_round_trip", r"order 2 was rejected"),
    case(
        "LV-020",
        "history_kills_the_connection",
        f"{RESILIENCE}::test_a_short_deadline",
        r"connection lost",
    ),
    case(
        "LV-021",
        "ten_messages_a_second",
        f"{RESILIENCE}::test_rapid_requests",
        r"Max rate of messages|connection lost|not connected",
    ),
    case(
        "LV-021",
        "no_pacing",
        f"{RESILIENCE}::test_rapid_requests",
        r"Max rate of messages|connection lost|not connected",
    ),
    case("LV-022", "blind_quote_gate", f"{DATA}::test_a_quote_is_fresh", r"AssertionError: \(\)"),
    case(
        "LV-023", "unknown_symbols_exist", f"{RESILIENCE}::test_an_unknown_symbol", r"DID NOT RAISE"
    ),
    case("LV-005", "after_the_close", f"{CONNECTIVITY}::test_balances_come", "MarketClosedError"),
    case(
        "LV-006",
        "nothing_is_flattened",
        f"{ORDERS}::test_a_marketable_limit_order_fills",
        r"holdings differ from the start",
    ),
    case(
        "LV-010",
        "costs_unknown_to_the_gateway",
        f"{ORDERS}::test_a_position_opened_here",
        r"Decimal\('-1\.?0*'\) > 0",
    ),
    case(
        "LV-010",
        "costs_per_share",
        f"{ORDERS}::test_a_position_opened_here",
        r"cost per contract, with commission",
    ),
    case(
        "LV-010",
        "positions_of_somebody_else",
        f"{ORDERS}::test_a_position_opened_here",
        r"'DU0000999' == 'DU0000001'",
    ),
    case("LV-024", "legal_form_missing", f"{CONNECTIVITY}::test_account_info", r"legal form"),
    case(
        "LV-024",
        "gone_after_half_a_minute",
        f"{CONNECTIVITY}::test_the_connection_holds",
        r"assert False",
    ),
    case("LV-024", "stale_feed", f"{DATA}::test_quotes_stay_fresh", r"< 5"),
    case("LV-024", "other_strikes_for_others", f"{DATA}::test_a_qualified_option", r"Decimal"),
    case("LV-024", "no_greeks", f"{DATA}::test_greeks", r"is not None|is_complete"),
    case(
        "LV-024",
        "concurrent_answers_mixed",
        f"{DATA}::test_five_requests",
        r"got another one's answer",
    ),
    case("LV-024", "one_cancel_for_all", f"{ORDERS}::test_three_orders", r"<= |in \{|not found"),
    case("LV-024", "any_quantity_is_fine", f"{ORDERS}::test_a_quantity", r"DID NOT RAISE"),
    case(
        "LV-024",
        "gone_after_two_minutes",
        f"{RESILIENCE}::test_a_session_of_five_minutes",
        r"assert False",
    ),
    case("LV-048", "gone_after_an_hour", f"{SESSION}::test_a_session_of", r"assert False"),
]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What every case did, all of them run in one process."""
    cases = [{"variant": case.values[0], "test": case.values[1]} for case in CASES]
    place = tmp_path_factory.mktemp("counter_proofs")
    done = run_cases(cases, place)
    return {(c["variant"], c["test"]): result for c, result in zip(cases, done, strict=True)}


@pytest.mark.parametrize(("variant", "test", "because"), CASES)
def test_the_variant_turns_its_test_red(results, variant, test, because):
    result = results[variant, test]
    assert "failed" in result["outcomes"].values(), result
    assert re.search(because, result["failure"]), result["failure"]


def test_without_a_variant_the_same_tests_are_green(tmp_path):
    tests = sorted({case.values[1] for case in CASES})
    for test, result in zip(tests, run_cases([{"test": t} for t in tests], tmp_path), strict=True):
        assert set(result["outcomes"].values()) == {"passed"}, f"{test}: {result['failure']}"
