"""What an order can be worth: by its own price where that is a bound, else by quotes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.guard import notional
from pytest_ibkr.guard.decision import Allow, Refuse
from tests.guard.bench import CALL, SPY, Bench, bench, limits, order

# Dollars per share an order of each kind counts with; market is bid 100, ask 101.
LMT, STP, STP_LMT, TRAIL, MKT = "LMT", "STP", "STP LMT", "TRAIL", "MKT"
WORTH = [
    pytest.param({"order_type": LMT, "limit_price": 90}, 90, id="buy-below-the-market"),
    pytest.param({"order_type": LMT, "limit_price": 300}, 300, id="buy-above-the-market"),
    pytest.param({"action": "SELL", "order_type": LMT, "limit_price": 1}, 101, id="sell-cheap"),
    pytest.param({"action": "SELL", "order_type": LMT, "limit_price": 120}, 120, id="sell-dear"),
    pytest.param({"order_type": STP, "aux_price": 1}, 101, id="buy-stop-below-the-market"),
    pytest.param({"order_type": STP, "aux_price": 130}, 130, id="buy-stop-above-the-market"),
    pytest.param({"action": "SELL", "order_type": STP, "aux_price": 80}, 80, id="sell-stop"),
    pytest.param(
        {"order_type": STP_LMT, "limit_price": 140, "aux_price": 110}, 140, id="buy-stop-limit"
    ),
    pytest.param(
        {"order_type": STP_LMT, "limit_price": 110, "aux_price": 140},
        *(110,),
        id="buy-stop-limit-with-a-lower-limit",
    ),
    pytest.param(
        {"action": "SELL", "order_type": STP_LMT, "limit_price": 70, "aux_price": 75},
        *(75,),
        id="sell-stop-limit-with-a-lower-limit",
    ),
    pytest.param(
        {"action": "SELL", "order_type": STP_LMT, "limit_price": 79, "aux_price": 75},
        *(79,),
        id="sell-stop-limit-with-a-higher-limit",
    ),
    pytest.param({"order_type": MKT}, 101, id="buy-at-the-market"),
    pytest.param({"action": "SELL", "order_type": MKT}, 101, id="sell-at-the-market"),
    pytest.param({"order_type": MKT, "limit_price": 7}, 101, id="market-order-with-a-limit"),
    pytest.param({"order_type": TRAIL, "aux_price": 9}, 110, id="trail-by-an-amount"),
    pytest.param({"order_type": TRAIL, "trailing_percent": 10.0}, "111.1", id="trail-by-percent"),
    pytest.param(
        {"order_type": TRAIL, "aux_price": 9, "trail_stop_price": 150}, 150, id="trail-from-a-stop"
    ),
    pytest.param(
        {"action": "SELL", "order_type": TRAIL, "aux_price": 2, "trail_stop_price": 95},
        *(103,),
        id="sell-trail",
    ),
]


def priced(changes: dict[str, Any]) -> dict[str, Any]:
    usual = {"limit_price": None, "aux_price": None} | changes
    return {
        name: Decimal(value) if isinstance(value, int) and name.endswith("price") else value
        for name, value in usual.items()
    }


def quoted(*, delayed: bool = False) -> Bench:
    made = bench()
    made.quote(SPY, 100.0, 101.0, delayed=delayed)
    return made


@pytest.mark.parametrize(("changes", "per_share"), WORTH)
def test_an_order_passes_up_to_what_it_can_be_worth_and_not_a_cent_below(
    changes: dict[str, Any], per_share: int | str
) -> None:
    worth = Decimal(per_share) * 3
    asked = order(quantity=Decimal(3), **priced(changes))
    assert limits(quoted(), notional_usd=worth).rule(asked) is None
    decision = limits(quoted(), notional_usd=worth - Decimal("0.01")).send(asked)
    assert isinstance(decision, Refuse)
    assert decision.rule == "order.notional"
    assert f"can be worth ${worth:,.2f};" in decision.reason
    assert f"limit is ${worth - Decimal('0.01'):,.2f}" in decision.reason


def test_an_option_is_worth_a_hundred_times_its_price() -> None:
    made = limits(bench(), notional_usd=Decimal(1000))
    asked = {"contract": CALL, "quantity": Decimal(2)}
    assert made.rule(order(limit_price=Decimal(5), **asked)) is None
    assert made.rule(order(limit_price=Decimal("5.01"), **asked)) == "order.notional"


NEEDS_A_QUOTE = [
    pytest.param({"order_type": MKT}, id="market"),
    pytest.param({"action": "SELL", "order_type": MKT}, id="sell-at-the-market"),
    pytest.param({"order_type": TRAIL, "aux_price": 1}, id="trail"),
    pytest.param({"order_type": TRAIL, "aux_price": 1, "trail_stop_price": 9}, id="trail-stop"),
]
NEEDS_A_PRICE_SEEN = [
    pytest.param({"action": "SELL", "order_type": LMT, "limit_price": 100}, id="sell-limit"),
    pytest.param({"order_type": STP, "aux_price": 100}, id="buy-stop"),
]
NEEDS_NOTHING = [
    pytest.param({"order_type": LMT, "limit_price": 100}, id="buy-limit"),
    pytest.param({"action": "SELL", "order_type": STP, "aux_price": 100}, id="sell-stop"),
    pytest.param({"order_type": STP_LMT, "limit_price": 100, "aux_price": 99}, id="buy-stop-limit"),
    pytest.param(
        {"action": "SELL", "order_type": STP_LMT, "limit_price": 99, "aux_price": 100},
        id="sell-stop-limit",
    ),
]


@pytest.mark.parametrize("changes", NEEDS_A_QUOTE)
def test_without_a_price_bid_and_ask_must_be_live_and_fresh(changes: dict[str, Any]) -> None:
    asked = order(**priced(changes))
    decision = bench().send(asked)
    assert isinstance(decision, Refuse)
    assert decision.rule == "order.quote"
    assert f"{asked.action} {asked.order_type} is worth" in decision.reason
    assert "last 15 s" in decision.fix
    made = quoted()
    made.now_s += 15
    assert made.send(asked) == Allow(asked)
    made.now_s += 0.1
    assert made.rule(asked) == "order.quote"
    assert quoted(delayed=True).rule(asked) == "order.quote"


@pytest.mark.parametrize("changes", NEEDS_A_PRICE_SEEN)
def test_where_the_own_price_is_a_floor_any_price_must_have_been_seen(
    changes: dict[str, Any],
) -> None:
    asked = order(**priced(changes))
    assert bench().rule(asked) == "order.quote"
    assert quoted(delayed=True).rule(asked) is None
    made = quoted()
    made.now_s += 3600
    assert made.rule(asked) is None


@pytest.mark.parametrize("changes", NEEDS_NOTHING)
def test_where_the_own_price_is_a_ceiling_no_quote_is_needed(changes: dict[str, Any]) -> None:
    assert bench().rule(order(**priced(changes))) is None


PRICES = [
    pytest.param({"order_type": LMT}, "limit price", id="limit-without-limit"),
    pytest.param({"order_type": LMT, "limit_price": 0}, "limit price", id="limit-of-zero"),
    pytest.param({"order_type": LMT, "limit_price": -1}, "limit price", id="limit-below-zero"),
    pytest.param({"order_type": STP}, "aux price", id="stop-without-stop"),
    pytest.param({"order_type": STP, "aux_price": 0}, "aux price", id="stop-of-zero"),
    pytest.param({"order_type": STP_LMT, "limit_price": 5}, "aux price", id="no-stop"),
    pytest.param({"order_type": STP_LMT, "aux_price": 5}, "limit price", id="no-limit"),
    pytest.param(
        {"order_type": STP_LMT, "aux_price": -5, "limit_price": 5}, "aux price", id="negative-stop"
    ),
]


@pytest.mark.parametrize(("changes", "name"), PRICES)
def test_a_price_that_is_missing_or_not_positive_is_asked_for(
    changes: dict[str, Any], name: str
) -> None:
    asked = order(**priced(changes))
    decision = quoted().send(asked)
    assert isinstance(decision, Refuse)
    assert decision.rule == "order.price"
    assert decision.reason == f"a {asked.order_type} order needs a positive {name}"


@pytest.mark.parametrize("contract", [CALL, SPY], ids=["option", "stock"])
def test_the_quote_of_another_contract_counts_for_nothing(contract: Any) -> None:
    made = bench()
    made.quote(SPY if contract is CALL else CALL, 1.0, 1.1)
    assert made.rule(order(contract=contract, order_type=MKT, limit_price=None)) == "order.quote"


CENTS = st.integers(1, 10**9).map(lambda cents: Decimal(cents) / 100)
ORDERS = st.fixed_dictionaries(
    {
        "action": st.sampled_from(["BUY", "SELL"]),
        "order_type": st.sampled_from([*notional.TYPES, "LIT", "REL"]),
        "limit_price": st.none() | CENTS,
        "aux_price": st.none() | CENTS,
        "trail_stop_price": st.none() | CENTS,
        "trailing_percent": st.none() | st.floats(-10, 200),
        "quantity": st.integers(-3, 150).map(Decimal) | st.decimals(0, 200, places=1),
        "contract": st.sampled_from([SPY, CALL]),
        "tif": st.sampled_from(["DAY", "IOC", "GTC"]),
    }
)


@given(ORDERS, st.none() | st.tuples(st.integers(1, 10**6), st.integers(0, 100)))
def test_no_order_above_a_limit_is_ever_allowed(
    changes: dict[str, Any], market: tuple[int, int] | None
) -> None:
    made, asked = bench(), order(**changes)
    ask = None
    if market is not None:
        bid, ask = Decimal(market[0]) / 100, Decimal(market[0] + market[1]) / 100
        made.quote(asked.contract, float(bid), float(ask))
    decision = made.send(asked)
    assert isinstance(decision, Allow | Refuse)
    if isinstance(decision, Refuse):
        return
    multiplier, most = (100, 10) if asked.contract is CALL else (1, 100)
    assert 0 < asked.quantity <= most
    assert asked.quantity == int(asked.quantity)
    assert asked.order_type in ("MKT", "LMT", "STP", "STP LMT", "TRAIL")
    assert asked.tif in ("DAY", "IOC", "FOK")
    # The market as it is, where the order can trade in it at once.
    at_once = asked.order_type == "MKT" or (
        asked.action == "SELL" and asked.order_type == "LMT" and ask is not None
    )
    own = asked.limit_price if asked.order_type in ("LMT", "STP LMT") else asked.aux_price
    price = ask if at_once or own is None or asked.order_type == "TRAIL" else own
    assert price is not None
    assert price * asked.quantity * multiplier <= 25_000
