"""Every key of the configuration file changes something; what nothing acts on is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from types import SimpleNamespace

import pytest
from pydantic import BaseModel

from pytest_ibkr.config_file import ConfigFile, TestContract, load_config
from pytest_ibkr.errors import SettingsError
from tests.live_validation import conftest as suite
from tests.live_validation import policy
from tests.system.suite_runner import run_cases
from tests.system.test_suite_counter_proofs import (
    CONNECTIVITY,
    DATA,
    ORDERS,
    RESILIENCE,
    SESSION,
)

# Decided elsewhere: what the harness itself reads, and words of which there is only one.
ELSEWHERE = ("simulator", "capture", "gateway.listed_hosts", "paper_trading.limits")
ONE_VALUE = {"paper_trading.account_type": "LIVE", "market_hours.timezone": "UTC"}
SPY, CALL = "test_contracts.spy", "test_contracts.spy_weekly_call"
NAMED = {f"{CALL}.select": None, f"{CALL}.strike": 760, f"{CALL}.expiry": "20260717"}
AGREE, AUTH = f"{SESSION}::test_the_bot_uses", f"{CONNECTIVITY}::test_the_gateway_authenticates"
BALANCE, LOST = f"{CONNECTIVITY}::test_balances_come", f"{CONNECTIVITY}::test_a_lost_connection"
QUOTE, THREE = f"{DATA}::test_a_spy_snapshot", f"{DATA}::test_three_symbols"
STREAM, BARS = f"{DATA}::test_a_stream_keeps", f"{DATA}::test_a_full_session"
OPTION, FILL = f"{DATA}::test_greeks", f"{ORDERS}::test_a_marketable_limit"
CANCEL, ORDERED = f"{ORDERS}::test_a_resting_order", f"{ORDERS}::test_three_orders"
RAPID, WATCH = f"{RESILIENCE}::test_rapid_requests", f"{SESSION}::test_a_session_of"


def is_green(result: dict) -> bool:
    """Whether setup, call and teardown passed."""
    return set(result["outcomes"].values()) == {"passed"}


def fails_with(text: str) -> Callable[[dict], object]:
    """Whether the test fails and says so."""
    return lambda result: not is_green(result) and text in result["failure"]


def noted(text: str) -> Callable[[dict], object]:
    """Whether the run notes something, and is green."""
    return lambda result: is_green(result) and any(text in note for note in result["notes"])


def waits(result: dict) -> list[int]:
    """Whole seconds between the logins of the client that lost its connection."""
    return [round(b - a) for a, b in pairwise(result["login_times_s"][1:])]


def asked(text: str) -> Callable[[dict], object]:
    """Whether a contract like this was asked for."""
    return lambda result: any(text in contract for contract in result["asked"])


# key: (test, changes besides the key, new value, what shows; under which variant)
TABLE: dict[str, tuple] = {
    "gateway.host": (AGREE, {}, "127.0.0.2", fails_with("127.0.0.2")),
    "gateway.port": (AGREE, {}, 7497, fails_with("7497")),
    "gateway.extra_paper_ports": (AGREE, {"gateway.port": 7497}, [4002], is_green),
    "gateway.client_id": (AUTH, {}, 7300, lambda r: r["client_ids"] == [7300]),
    "gateway.timeout": (AUTH, {}, 3, fails_with("within 3 s"), "never_logged_in"),
    "paper_trading.account": (AUTH, {}, "DU0000002", fails_with("DU0000002")),
    "paper_trading.initial_capital": (BALANCE, {}, 100, fails_with("<=")),
    "paper_trading.safety_checks.verify_virtual_capital": (
        *(BALANCE, {"paper_trading.initial_capital": 100}, False, is_green),
    ),
    "validation.market_hours_required": (
        *(BALANCE, {}, False, noted("market_hours_required is false"), "after_the_close"),
    ),
    "validation.min_session_duration": (WATCH, {}, 60, is_green, "gone_after_an_hour"),
    "validation.max_retry_attempts": (
        *(LOST, {}, 1, fails_with("sent no account list"), "comes_back_at_the_third_try"),
    ),
    "validation.exponential_backoff_base": (
        *(LOST, {}, 3, lambda r: waits(r) == [1, 3], "comes_back_at_the_third_try"),
    ),
    f"{SPY}.symbol": (THREE, {}, "QQQ", fails_with("mixed up")),
    f"{SPY}.sec_type": (QUOTE, {}, "OPT", fails_with("Error")),
    f"{SPY}.exchange": (QUOTE, {}, "NOWHERE", fails_with("not found")),
    f"{SPY}.currency": (QUOTE, {}, "EUR", fails_with("not found")),
    f"{SPY}.primary_exchange": (QUOTE, {}, "NASDAQ", asked("NASDAQ")),
    f"{CALL}.select": (OPTION, {}, "otm_put", asked("right='P'")),
    f"{CALL}.right": (OPTION, NAMED, "P", asked("right='P'")),
    f"{CALL}.strike": (OPTION, NAMED, 765, asked("765")),
    f"{CALL}.expiry": (OPTION, NAMED, "20260713", asked("20260713")),
    f"{CALL}.min_dte": (OPTION, {}, 7, asked("20260717")),
    f"{CALL}.max_premium": (OPTION, {}, 0.0001, fails_with("up to $0.0001")),
    "thresholds.quote_freshness_seconds": (QUOTE, {}, 0.0001, fails_with("< 0.0001")),
    "thresholds.stream_seconds": (STREAM, {}, 2, fails_with(">= 50")),  # 3 s bring 40 to 60
    "thresholds.stream_quality_min_quotes": (STREAM, {}, 99999, fails_with("99999")),
    "thresholds.stream_max_gap_seconds": (STREAM, {}, 0.0001, fails_with("0.0001")),
    "thresholds.order_fill_timeout_seconds": (FILL, {}, 3, fails_with(" 3 s"), "never_fills"),
    "thresholds.order_cancel_timeout_seconds": (
        *(CANCEL, {}, 3, fails_with(" 3 s"), "cancel_order_ignored"),
    ),
    "thresholds.historical_data_timeout_seconds": (
        *(BARS, {}, 3, fails_with("within 3 s"), "history_never_comes"),
    ),
    "thresholds.min_bars_per_day": (BARS, {}, 1, is_green, "one_bar"),
    "market_hours.regular_trading_hours.open": (AUTH, {}, "11:00", fails_with("11:00 to 16:00")),
    "market_hours.regular_trading_hours.close": (AUTH, {}, "09:45", fails_with("09:30 to 09:45")),
    "market_hours.extended_hours.enabled": (BALANCE, {}, True, is_green, "after_the_close"),
    "market_hours.extended_hours.pre_market_open": (
        *(AUTH, {"market_hours.extended_hours.enabled": True}, "11:00", fails_with("11:00 to")),
    ),
    "market_hours.extended_hours.after_hours_close": (
        *(AUTH, {"market_hours.extended_hours.enabled": True}, "09:50", fails_with("to 09:50")),
    ),
    "logging.level": (AUTH, {}, "ERROR", lambda r: "gateway event" not in r["log"]),
    "logging.log_file": (AUTH, {}, "other.log", lambda r: r["log_file"] == "other.log"),
    "logging.console_output": (AUTH, {}, True, lambda r: "gateway event" in r["console"]),
    "logging.include_timestamps": (AUTH, {}, False, lambda r: r["log"].startswith("DEBUG")),
    "logging.include_order_details": (FILL, {}, False, lambda r: "order 1 " not in r["log"]),
    "cleanup.cancel_all_orders_on_exit": (ORDERED, {}, False, noted("left working on purpose")),
    "cleanup.close_all_positions_on_exit": (FILL, {}, False, noted("left open on purpose")),
    "cleanup.disconnect_gracefully": (
        *(FILL, {}, False, lambda r: r["requests"][-1] != "ReqCurrentTime"),
    ),
    "cleanup.archive_logs": (
        *(AUTH, {"logging.log_file": "kept/a.log"}, False, lambda r: r["kept"] == 0),
    ),
    "monitoring.track_connection_latency": (
        *(AUTH, {}, False, lambda r: "ibkr:connection_latency_ms" not in r["metrics"]),
    ),
    "monitoring.track_quote_freshness": (
        *(QUOTE, {}, False, lambda r: "ibkr:quote_freshness_s" not in r["metrics"]),
    ),
    "monitoring.track_order_fill_time": (
        *(FILL, {}, False, lambda r: "ibkr:order_fill_time_s" not in r["metrics"]),
    ),
    "error_handling.retry_on_network_error": (
        *(AUTH, {}, False, fails_with("sent no account list"), "lets_in_at_the_second_try"),
    ),
    "error_handling.retry_on_rate_limit": (
        *(RAPID, {}, False, fails_with("RateLimitError"), "rate_limited_twice"),
    ),
    "error_handling.fail_fast_on_auth_error": (
        *(AUTH, {}, False, lambda r: r["should_fail"] == "", "never_logged_in"),
    ),
}
HERE = {"monitoring.report_metrics_on_exit"}  # shown below, outside of the runner


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """All keys of the schema; those of a contract once."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from keys(kind, f"{prefix}{name}.")
        elif name == "test_contracts":
            yield from (f"test_contracts.{key}" for key in TestContract.model_fields)
        else:
            yield prefix + name


@pytest.mark.req("LV-002")
def test_the_table_knows_every_key_of_the_file():
    short = {key.replace("spy_weekly_call.", "").replace("spy.", "") for key in TABLE}
    prefixes = tuple(f"{place}." for place in ELSEWHERE)
    wanted = {key for key in keys(ConfigFile) if not f"{key}.".startswith(prefixes)}
    assert short | set(ONE_VALUE) | HERE == wanted


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Each case with and without its key, all in one process (20 s: they run in `ci`)."""
    pairs = {}
    for key, (test, others, value, _shows, *variant) in TABLE.items():
        case = {"test": test, "variant": variant[0] if variant else None, "config": others}
        pairs[key] = (json.dumps(case), json.dumps({**case, "config": {**others, key: value}}))
    texts = list(dict.fromkeys(text for pair in pairs.values() for text in pair))
    place = tmp_path_factory.mktemp("suite_config")
    cases = [json.loads(text) for text in texts]
    done = dict(zip(texts, run_cases(cases, place, f"--basetemp={place / 'run'}"), strict=True))
    return {key: (done[without], done[with_key]) for key, (without, with_key) in pairs.items()}


@pytest.mark.ci
@pytest.mark.req("LV-002")
@pytest.mark.parametrize("key", TABLE)
def test_the_key_changes_what_it_says(results, key):
    shows = TABLE[key][3]
    without, with_key = results[key]
    assert not shows(without), "it shows without the key, too"
    assert shows(with_key), with_key


@pytest.mark.parametrize("key", ONE_VALUE)
def test_a_key_with_one_value_refuses_every_other(tmp_path, key):
    section, name = key.split(".")
    path = tmp_path / "config.yaml"
    path.write_text(f"{section}: {{{name}: {ONE_VALUE[key]}}}", "utf-8")
    with pytest.raises(SettingsError, match=name):
        load_config(path)


@pytest.mark.req("LV-002")
@pytest.mark.parametrize(
    "text",
    [
        "paper_trading: {safety_checks: {verify_account_type: true}}",
        "error_handling: {fail_fast_on_account_type_mismatch: true}",
    ],
)
def test_a_key_without_effect_is_refused_with_the_reason(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=r"has no effect here: .*; remove it"):
        load_config(path)


@pytest.mark.parametrize("wanted", [True, False])
def test_metrics_are_printed_at_the_end_if_the_file_says_so(wanted):
    """``monitoring.report_metrics_on_exit``."""
    config = ConfigFile.model_validate({"monitoring": {"report_metrics_on_exit": wanted}})
    lines: list[str] = []
    report = SimpleNamespace(
        nodeid="tests/live_validation/a.py::b",
        when="call",
        user_properties=[("ibkr:quote_freshness_s", 0.25)],
    )
    reporter = SimpleNamespace(
        getreports=lambda name: [report] if name == "passed" else [],
        section=lambda title, sep: lines.append(title),
        write_line=lines.append,
    )
    run = SimpleNamespace(stash={suite.CONFIG: config})
    suite.pytest_terminal_summary(reporter, run)
    assert bool(lines) == wanted
    assert policy.metric_lines([report]) == [
        "quote_freshness_s: 1 values, median 0.250, worst 0.250"
    ]
