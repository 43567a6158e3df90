"""Each line of the gateway check: when it passes, warns and fails, and what it advises."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pytest_ibkr.net.checking import Observed, Quoted
from pytest_ibkr.net.relay.spec import RelayFacts
from pytest_ibkr.report.gateway_check import Check, Load, Question, checks, passed, text_of

ACCOUNT = "DU0000001"
FACTS = RelayFacts(
    accounts=("DU*****01",),
    account=ACCOUNT,
    server_version=178,
    connection_time="20260710 10:00:00 EST",
    offset_s=0.4,
    farms={"usfarm": "ok", "ushmds": "inactive"},
    read_only=False,
    next_order_id=1,
    account_type="INDIVIDUAL",
    latency_ms=(0.4, 0.6, 90.0),
)
OBSERVED = Observed(
    net_liquidation=Decimal("1000000.00"),
    currency="USD",
    orders=(),
    positions=(),
    spy=Quoted(data_type=1, price=750.25),
    vix=Quoted(data_type=1, price=15.5),
)
READY = Question(
    host="127.0.0.1",
    port=4002,
    facts=FACTS,
    observed=OBSERVED,
    load=Load(cpu_pct=12.0, memory_pct=40.0),
    wanted_account=ACCOUNT,
)


def facts(**changes: Any) -> Question:
    """The ready gateway with other facts of the relay."""
    return replace(READY, facts=replace(FACTS, **changes))


def observed(**changes: Any) -> Question:
    """The ready gateway with other answers."""
    return replace(READY, observed=replace(OBSERVED, **changes))


def line(question: Question, name: str) -> Check:
    """One line of the check."""
    [found] = [one for one in checks(question) if one.name == name]
    return found


@pytest.mark.req("LV-042")
def test_a_gateway_in_order_passes_on_every_line() -> None:
    lines = checks(READY)
    assert {one.verdict for one in lines} == {"PASS"}
    assert passed(lines)
    assert [one.name for one in lines] == [
        *("gateway", "account", "version", "data farms", "market data", "orders", "capital"),
        *("open orders", "positions", "market", "VIX", "clock", "latency", "CPU", "memory"),
    ]


CASES = [  # what is found, the line, the verdict, words of it
    pytest.param(facts(account=None), "account", "WARN", "several paper accounts", id="several"),
    pytest.param(
        replace(READY, wanted_account=None), "account", "WARN", "IBKR_PAPER_ACCOUNT", id="unnamed"
    ),
    pytest.param(
        replace(READY, wanted_account="DU0000002"), "account", "FAIL", "another one", id="another"
    ),
    pytest.param(facts(server_version=151), "version", "WARN", "update TWS", id="old-version"),
    pytest.param(facts(farms={}), "data farms", "WARN", "none was named", id="no-farm"),
    pytest.param(
        facts(farms={"usfarm": "broken"}), "data farms", "WARN", "usfarm broken", id="broken-farm"
    ),
    pytest.param(
        observed(spy=Quoted(data_type=3, price=750.0)), "market data", "WARN", "delayed", id="late"
    ),
    pytest.param(
        observed(spy=Quoted(), problems={"SPY": "reqMktData SPY was refused with 354: no"}),
        *("market data", "FAIL", "354"),
        id="not-entitled",
    ),
    pytest.param(
        observed(spy=Quoted(data_type=1)), "market data", "WARN", "price unknown", id="no-price"
    ),
    pytest.param(facts(read_only=True), "orders", "FAIL", "Read-Only API", id="read-only"),
    pytest.param(facts(read_only=None), "orders", "WARN", "not found out", id="read-only-unknown"),
    pytest.param(
        observed(net_liquidation=Decimal("499999.99")), "capital", "FAIL", "reset", id="too-poor"
    ),
    pytest.param(
        observed(net_liquidation=Decimal("2000000.01")), "capital", "FAIL", "reset", id="too-rich"
    ),
    pytest.param(
        replace(observed(net_liquidation=Decimal(100)), capital_matters=False),
        *("capital", "WARN", "initial_capital"),
        id="capital-not-verified",
    ),
    pytest.param(
        observed(net_liquidation=None, problems={"account": "nothing came"}),
        *("capital", "FAIL", "nothing came"),
        id="capital-unknown",
    ),
    pytest.param(
        observed(orders=("BUY 1 SPY LMT of client 1",)),
        *("open orders", "WARN", "BUY 1 SPY LMT of client 1"),
        id="orders",
    ),
    pytest.param(
        observed(orders=None, problems={"orders": "no end"}),
        *("open orders", "FAIL", "no end"),
        id="orders-unknown",
    ),
    pytest.param(
        observed(positions=tuple(f"{n} SPY" for n in range(1, 8))),
        *("positions", "WARN", "5 SPY and 2 more"),
        id="many-positions",
    ),
    pytest.param(
        replace(READY, opens="Monday 2026-07-13 09:30 EDT"),
        *("market", "WARN", "Monday 2026-07-13 09:30 EDT"),
        id="closed",
    ),
    pytest.param(
        replace(READY, market_unknown="pip install 'pytest-ibkr[calendar]'"),
        *("market", "WARN", "calendar"),
        id="hours-unknown",
    ),
    pytest.param(
        observed(vix=Quoted(data_type=1, price=30.0)), "VIX", "WARN", "calmer day", id="wild"
    ),
    pytest.param(observed(vix=Quoted()), "VIX", "WARN", "no price came", id="vix-unknown"),
    pytest.param(facts(latency_ms=(51.0,)), "latency", "WARN", "check the network", id="slow"),
    pytest.param(facts(latency_ms=()), "latency", "WARN", "no round trip", id="latency-unknown"),
    pytest.param(replace(READY, load=Load(cpu_pct=51.0, memory_pct=1)), "CPU", "WARN", "51 %"),
    pytest.param(replace(READY, load=Load(cpu_pct=1, memory_pct=71.0)), "memory", "WARN", "71 %"),
    pytest.param(replace(READY, load=Load()), "memory", "WARN", "[check]", id="no-psutil"),
]


@pytest.mark.req("LV-042")
@pytest.mark.parametrize(("question", "name", "verdict", "words"), CASES)
def test_what_is_not_in_order_is_told_with_what_to_do(
    question: Question, name: str, verdict: str, words: str
) -> None:
    found = line(question, name)
    assert found.verdict == verdict
    assert words in f"{found.found} {found.advice}"
    assert passed(checks(question)) is (verdict != "FAIL")


@pytest.mark.req("LV-039")
@pytest.mark.parametrize(
    ("offset_s", "verdict", "found"),
    [
        (2.0, "PASS", "2.0 s ahead"),
        (2.1, "WARN", "2.1 s ahead"),
        (-2.0, "PASS", "2.0 s behind"),
        (-2.1, "WARN", "2.1 s behind"),
        (-7_300.0, "WARN", "2 h behind"),
    ],
)
def test_a_clock_more_than_two_seconds_off_warns_and_names_ntp(
    offset_s: float, verdict: str, found: str
) -> None:
    clock = line(facts(offset_s=offset_s), "clock")
    assert (clock.verdict, found in clock.found) == (verdict, True)
    assert ("NTP" in clock.advice) is (verdict == "WARN")


def test_the_clock_of_a_simulated_gateway_is_its_own_affair() -> None:
    clock = line(facts(offset_s=-8e6, is_rehearsal=True), "clock")
    assert clock.verdict == "WARN"
    assert "snapshot's time" in clock.advice


def test_a_line_is_printed_with_its_advice_below_it() -> None:
    told = list(text_of([Check("VIX", "WARN", "31.00", "wait"), Check("CPU", "PASS", "3 %")]))
    assert told == ["WARN  VIX: 31.00", "      wait", "PASS  CPU: 3 %"]
