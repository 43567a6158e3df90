"""Contracts, quotes, bars, tickets: unknown is None, units are fixed, nonsense is refused."""

from __future__ import annotations

import math
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import (
    Bar,
    Contract,
    Greeks,
    OptionParameters,
    OrderState,
    OrderStatus,
    OrderTicket,
    Position,
    Quote,
    index,
    option,
    stock,
)
from bot.domain.numbers import to_decimal, to_price, to_size

NOW = datetime(2026, 2, 6, 15, 0, tzinfo=UTC)
DBL_MAX, INT_MAX, LONG_MAX = 1.7976931348623157e308, 2**31 - 1, 2**63 - 1
UNKNOWN = [None, -1, -1.0, -2, math.nan, math.inf, -math.inf, DBL_MAX, Decimal("NaN"), "", "x"]
UNSET_SIZES = [None, -1, INT_MAX, LONG_MAX, -(2**63), Decimal(2**127 - 1), math.nan, DBL_MAX]


def quote(**fields: object) -> Quote:
    return Quote(time=NOW, **fields)  # type: ignore[arg-type]


# ---------------------------------------------------------------- contracts


@pytest.mark.parametrize(
    ("text", "right"), [("C", "C"), ("CALL", "C"), ("call", "C"), ("P", "P"), ("Put", "P")]
)
def test_rights_are_stored_as_one_letter(text: str, right: str) -> None:
    assert option("SPY", "20260220", 600, right=text).right == right


def test_an_unknown_right_is_refused() -> None:
    with pytest.raises(ValueError, match="neither C/CALL nor P/PUT"):
        option("SPY", "20260220", 600, right="X")


@pytest.mark.parametrize("field", ["exchange", "currency", "trading_class", "local_symbol"])
def test_the_key_tells_contracts_of_one_symbol_apart(field: str) -> None:
    other = Contract(symbol="SPY", **{field: "OTHER"})  # type: ignore[arg-type]
    assert other.key != stock("SPY").key


def test_constructors_give_complete_contracts() -> None:
    call = option("SPY", "20260220", "600.5", right="C", trading_class="SPY")
    assert (call.sec_type, call.exchange, call.multiplier) == ("OPT", "SMART", 100)
    assert call.strike == Decimal("600.5")
    assert call.label == "SPY 20260220 600.5 C"
    assert call.days_to_expiry(date(2026, 2, 6)) == 14
    assert stock("SPY").strike is None
    assert index("VIX").sec_type == "IND"
    with pytest.raises(ValueError, match="not YYYYMMDD"):
        option("SPY", "2026-02-20", 600, right="C")


# ---------------------------------------------------------------- quotes


@pytest.mark.parametrize("value", UNKNOWN)
@pytest.mark.parametrize("field", ["last", "bid", "ask", "high", "low", "close", "open"])
def test_a_price_that_is_not_known_is_none(field: str, value: object) -> None:
    assert getattr(quote(**{field: value}), field) is None


@pytest.mark.parametrize("value", UNSET_SIZES)
@pytest.mark.parametrize("field", ["bid_size", "ask_size", "last_size", "volume"])
def test_a_size_that_is_not_known_is_none(field: str, value: object) -> None:
    assert getattr(quote(**{field: value}), field) is None


def test_a_zero_bid_is_a_bid() -> None:
    worthless = quote(bid=0, ask=Decimal("0.05"))
    assert worthless.bid == 0
    assert worthless.is_two_sided
    assert worthless.mid == Decimal("0.025")


@pytest.mark.parametrize(
    ("bid", "ask", "two_sided", "locked", "crossed", "mid"),
    [
        (1, 2, True, False, False, Decimal("1.5")),
        (2, 2, True, True, False, Decimal(2)),
        (3, 2, True, False, True, None),
        (None, 2, False, False, False, None),
        (1, None, False, False, False, None),
        (0, 0, False, False, False, None),
        (-1, -1, False, False, False, None),
    ],
)
def test_sides(
    bid: object, ask: object, two_sided: bool, locked: bool, crossed: bool, mid: object
) -> None:
    q = quote(bid=bid, ask=ask)
    assert (q.is_two_sided, q.is_locked, q.is_crossed, q.mid) == (two_sided, locked, crossed, mid)


def test_age_counts_from_the_quotes_time_in_any_zone() -> None:
    eastern = timezone(timedelta(hours=-5))
    q = Quote(time=datetime(2026, 2, 6, 10, 0, tzinfo=eastern))
    assert q.time == NOW
    assert q.time.tzinfo is UTC
    assert q.age_s(NOW + timedelta(seconds=5)) == 5
    assert q.age_s(NOW - timedelta(seconds=1)) == -1


def test_naive_times_are_refused() -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"):
        Quote(time=naive)
    with pytest.raises(ValueError, match="aware"):
        Bar(start=naive, open=Decimal(1), high=Decimal(1), low=Decimal(1), close=Decimal(1))


@given(st.floats() | st.integers() | st.decimals() | st.text(max_size=12) | st.none())
def test_whatever_comes_a_number_is_finite_and_known_or_none(value: object) -> None:
    for convert in (to_decimal, to_price, to_size):
        number = convert(value)  # type: ignore[arg-type]
        assert number is None or (number.is_finite() and abs(number) < Decimal("1e300"))
    size = to_size(value)  # type: ignore[arg-type]
    assert size is None or size >= 0
    assert to_price(value) not in (-1, -2)  # type: ignore[arg-type]


@given(st.decimals(min_value="0", max_value="99999", places=2))
def test_prices_keep_their_cents_through_floats(price: Decimal) -> None:
    assert to_price(float(price)) == price
    assert quote(bid=float(price)).bid == price


@given(
    bid=st.decimals("0.01", "500", places=2),
    ask=st.decimals("0.01", "500", places=2),
)
def test_the_mid_lies_between_the_sides(bid: Decimal, ask: Decimal) -> None:
    q = quote(bid=bid, ask=ask)
    assert q.mid is None if bid > ask else bid <= q.mid <= ask  # type: ignore[operator]


def test_greeks_that_were_not_computed_are_none() -> None:
    none = Greeks(iv=-1, delta=-2, gamma=-2, vega=-2, theta=-2, option_price=-1)  # type: ignore[arg-type]
    assert none == Greeks()
    assert not none.is_complete
    deep_put = Greeks(iv=0.2, delta=-1, gamma=0, vega=0, theta=0)  # type: ignore[arg-type]
    assert deep_put.delta == -1
    assert deep_put.is_complete
    assert quote(greeks=deep_put).delta == -1
    assert quote().iv is None


def test_bars_of_midpoints_have_no_volume() -> None:
    price = Decimal(1)
    minus = Decimal(-1)
    bar = Bar(
        start=NOW, open=price, high=price, low=price, close=price,
        volume=minus, wap=minus, bar_count=-1,
    )  # fmt: skip
    assert (bar.volume, bar.wap, bar.bar_count) == (None, None, None)


# ---------------------------------------------------------------- orders and positions


@pytest.mark.parametrize("quantity", [0, -1, "NaN"])
def test_a_quantity_that_is_not_positive_is_refused(quantity: object) -> None:
    with pytest.raises(ValueError, match="invalid quantity"):
        OrderTicket(action="BUY", quantity=Decimal(quantity), order_type="MKT")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("order_type", "missing"), [("LMT", "limit"), ("STP", "aux"), ("STP LMT", "limit")]
)
def test_a_type_without_its_price_is_refused(order_type: str, missing: str) -> None:
    with pytest.raises(ValueError, match=f"needs {missing}_price"):
        OrderTicket(action="SELL", quantity=Decimal(1), order_type=order_type)


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(ValueError, match="use BUY or SELL"):
        OrderTicket(action="HOLD", quantity=Decimal(1), order_type="MKT")  # type: ignore[arg-type]


@pytest.mark.parametrize("status", list(OrderStatus))
def test_four_statuses_are_final(status: OrderStatus) -> None:
    final = {"Filled", "Cancelled", "ApiCancelled", "Inactive"}
    assert OrderState(order_id=1, status=status).is_terminal == (status.value in final)


def test_average_cost_of_an_option_includes_the_multiplier() -> None:
    put = option("SPY", "20260220", 600, right="P")
    short = Position(
        contract=put, quantity=Decimal(-1), avg_cost=Decimal("2100.63"), account="DU0000001"
    )
    assert short.avg_price == Decimal("21.0063")
    assert short.right == "P"


def test_values_survive_pickling() -> None:
    for value in (stock("SPY"), quote(bid=1), OrderState(order_id=1, status=OrderStatus.FILLED)):
        assert pickle.loads(pickle.dumps(value)) == value
    grid = OptionParameters(exchange="SMART", under_con_id=1, trading_class="SPY", multiplier=100)
    assert pickle.loads(pickle.dumps(grid)) == grid
