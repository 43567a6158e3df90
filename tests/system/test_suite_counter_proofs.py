"""Every weakness of the older suites, seeded: the validation test that guards it turns red."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SUITE = "tests/live_validation"
CONNECTIVITY, DATA, ORDERS, RESILIENCE = (
    f"{SUITE}/test_live_{name}.py"
    for name in ("broker_connectivity", "market_data", "order_execution", "resilience")
)


def case(requirement: str, variant: str, test: str, because: str):
    """One counter-proof: under ``variant``, ``test`` fails, and for this reason (a pattern)."""
    mark = pytest.mark.req(requirement, counter_proof=variant)
    return pytest.param(variant, test, because, marks=mark, id=variant)


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
        r"Max rate of messages",
    ),
    case("LV-022", "blind_quote_gate", f"{DATA}::test_a_quote_is_fresh", r"AssertionError: \(\)"),
    case(
        "LV-023", "unknown_symbols_exist", f"{RESILIENCE}::test_an_unknown_symbol", r"DID NOT RAISE"
    ),
]


@pytest.mark.parametrize(("variant", "test", "because"), CASES)
def test_the_variant_turns_its_test_red(variant, test, because):
    file, name = test.split("::")
    plain = [*("-p", "no:randomly"), *("-p", "no:cacheprovider"), *("-p", "no:xdist")]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", file, "-k", name, "-q", *plain, "--tb=line"),
            *("-p", "tests.system.variants", "--variant", variant),
        ],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(rf"(FAILED|ERROR) {re.escape(file)}::{name}", done.stdout), done.stdout
    assert re.search(because, done.stdout), done.stdout
