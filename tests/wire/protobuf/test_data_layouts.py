"""Contracts, market data, history, news and reference data as protobuf bodies."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire import codec
from pytest_ibkr.wire.declare import REQUESTS, RESPONSES, Kind, Message, specs
from pytest_ibkr.wire.messages import special_ticks, verification
from pytest_ibkr.wire.messages.bonds import BondData
from pytest_ibkr.wire.messages.calculations import ReqImpliedVolatility
from pytest_ibkr.wire.messages.contract import (
    CancelContractData,
    Contract,
    ContractData,
    Ineligibility,
    ReqContractDetails,
    TagValue,
)
from pytest_ibkr.wire.messages.exchanges import DepthExchange, DepthExchanges
from pytest_ibkr.wire.messages.fundamentals import ReqFundamentalData
from pytest_ibkr.wire.messages.history import HistoricalBar, HistoricalData
from pytest_ibkr.wire.messages.history_queries import (
    BidAskTick,
    CancelHistoricalTicks,
    HistoricalBidAsk,
)
from pytest_ibkr.wire.messages.market_data import RatioLeg, ReqMarketData, TickPrice
from pytest_ibkr.wire.messages.tick_by_tick import BID_ASK, LAST, MID_POINT, TickByTick
from pytest_ibkr.wire.protobuf import body
from pytest_ibkr.wire.protobuf.forms import decode_body, encode_body
from pytest_ibkr.wire.protobuf.layout import BODIES
from pytest_ibkr.wire.versions import CANCEL_CONTRACT_DATA, NEWEST, NEWEST_TEXT
from tests.wire.strategies import any_scalar, as_carried, default_of, full

FAMILIES = (
    *("bonds", "bulletins", "calculations", "contract", "depth", "display_groups", "exchanges"),
    *("fundamentals", "history", "history_queries", "market_data", "news", "real_time_bars"),
    *("scanner", "symbols", "tick_by_tick", "verification", "wsh"),
)
WITHOUT = {  # the official package has no such messages
    special_ticks.TickEfp,
    special_ticks.DeltaNeutralValidation,
    verification.ReqAuthentication,
    verification.AuthenticationMessage,
    verification.AuthenticationChallenge,
    verification.AuthenticationDone,
}
MINE = [
    cls
    for registry in (REQUESTS, RESPONSES)
    for _, cls in sorted(registry.items())
    if cls.__module__.rpartition(".")[2] in FAMILIES and cls not in WITHOUT
]
MINE += [CancelContractData, CancelHistoricalTicks]
MINE += [special_ticks.RerouteMarketData, special_ticks.RerouteMarketDepth]
# Values both forms can hold: numbers in numeric fields, the flags a body has.
HELD: dict[str, st.SearchStrategy[Any]] = {
    "multiplier": st.sampled_from(["", "100", "0.5"]),
    "ev_multiplier": st.sampled_from(["", "2"]),
    "successful": st.sampled_from(["true", "false"]),
    "mask": st.integers(0, 3),
    "unused": st.just(0),
    **dict.fromkeys(("options", "filter_options"), st.sampled_from(["", "a=1;", "a=1;b=;"])),
}


def examples(cls: type[Message]) -> st.SearchStrategy[Any]:
    """Messages whose every value a body can hold."""

    def held(name: str, kind: Kind) -> st.SearchStrategy[Any]:
        if name == "layout":
            return st.just(default_of(cls, "layout"))
        return HELD[name] if name in HELD else any_scalar(name, kind)

    return full(cls, scalars=held).map(settled)


def settled(message: Any) -> Any:
    """A message with its counts right and its tags in order, each once."""
    names = dict(specs(type(message)))
    if "option_count" in names:
        count = message.options.count(";")
        message = replace(message, option_count=count or default_of(type(message), "option_count"))
    if "sec_ids" in names:
        by_tag = {one.tag: one for one in message.sec_ids}
        message = replace(message, sec_ids=tuple(by_tag[tag] for tag in sorted(by_tag)))
    return as_carried(message, NEWEST)


def again(message: Message, version: int = NEWEST) -> Message:
    return decode_body(type(message), encode_body(message, version), version)


@pytest.mark.parametrize("cls", MINE, ids=lambda cls: cls.__name__)
def test_a_message_survives_its_body(cls: type[Message]) -> None:
    @settings(max_examples=8, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(examples(cls))
    def survives(message: Message) -> None:
        assert again(message) == message

    survives()


@pytest.mark.proof
@pytest.mark.parametrize("cls", MINE, ids=lambda cls: cls.__name__)
def test_a_thousand_of_each_survive_their_bodies(cls: type[Message]) -> None:
    @settings(max_examples=1_000, suppress_health_check=list(HealthCheck))
    @given(examples(cls))
    def survives(message: Message) -> None:
        assert again(message) == message

    survives()


def test_messages_the_protocol_has_no_body_for_have_none() -> None:
    assert not WITHOUT & BODIES.keys()


# ---------------------------------------------------------------- ticks


def test_a_price_tick_is_twenty_bytes() -> None:
    tick = TickPrice(request_id=1, tick=4, price=754.95, size=Decimal(100))
    assert encode_body(tick, 206).hex() == (
        "0801"  # reqId
        "1004"  # tickType
        "199a99999999978740"  # price
        "2203313030"  # size, a text
        "2800"  # attrMask, written though 0
    )


@pytest.mark.parametrize(
    ("tick", "field"),
    [
        (TickByTick(request_id=1, kind=LAST, at_s=9, price=1.5, mask=2), "historicalTickLast"),
        (TickByTick(request_id=1, kind=BID_ASK, at_s=9, bid=1.5, mask=2), "historicalTickBidAsk"),
        (TickByTick(request_id=1, kind=MID_POINT, at_s=9, mid_point=1.5), "historicalTickMidPoint"),
    ],
)
def test_one_of_three_ticks_is_there_by_kind(tick: TickByTick, field: str) -> None:
    found = body.decode("TickByTickData", encode_body(tick, 208))
    assert set(found) == {"reqId", "tickType", field}
    assert again(tick) == tick


def test_tick_by_tick_and_history_number_the_flags_of_a_quote_the_other_way_round() -> None:
    live = TickByTick(request_id=1, kind=BID_ASK, at_s=9, mask=0b01)
    past = BidAskTick(at_s=9, mask=0b10, bid=1.0, ask=2.0, bid_size=1, ask_size=1)
    low = {"bidPastLow": True, "askPastHigh": False}
    found = body.decode("TickByTickData", encode_body(live, 208))
    assert found["historicalTickBidAsk"]["tickAttribBidAsk"] == low
    found = body.decode(
        "HistoricalTicksBidAsk",
        encode_body(HistoricalBidAsk(request_id=1, ticks=(past,)), 208),
    )
    assert found["historicalTicksBidAsk"][0]["tickAttribBidAsk"] == low


def test_volumes_and_averages_of_bars_are_texts_as_in_text_form() -> None:
    bar = HistoricalBar(
        date="20260710", open=1.5, high=2.0, low=1.0, close=1.25, volume=-1, wap=682.0, count=-1
    )
    message = HistoricalData(request_id=1, bars=(bar,))
    [found] = body.decode("HistoricalData", encode_body(message, 208))["historicalDataBars"]
    assert (found["volume"], found["WAP"], found["barCount"]) == ("-1", "682", -1)


def test_what_is_not_known_of_a_depth_exchange_is_absent() -> None:
    message = DepthExchanges(
        exchanges=(DepthExchange(exchange="ARCA", sec_type="STK", service="Deep2"),)
    )
    found = body.decode("MarketDepthExchanges", encode_body(message, 213))
    assert found == {
        "depthMarketDataDescriptions": [
            {"exchange": "ARCA", "secType": "STK", "serviceDataType": "Deep2"}
        ]
    }
    assert again(message) == message


# ---------------------------------------------------------------- requests

SPY = Contract(con_id=756733, symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
LEGS = (RatioLeg(con_id=1, ratio=1, action="BUY", exchange="SMART"),)


def test_legs_are_those_of_a_combo() -> None:
    combo = ReqMarketData(request_id=1, contract=replace(SPY, con_id=0, sec_type="BAG"), legs=LEGS)
    assert again(combo) == combo
    stock = replace(combo, contract=SPY)
    assert again(stock) == replace(stock, legs=())


def test_legs_that_a_client_sends_with_a_stock_are_not_read() -> None:
    sent = {"reqId": 1, "contract": {"secType": "STK", "comboLegs": [{"conId": 1, "ratio": 2}]}}
    read = decode_body(ReqMarketData, body.encode("MarketDataRequest", sent), 206)
    assert read.legs == ()


def test_a_delta_neutral_contract_is_there_when_it_is_asked_for() -> None:
    asked = ReqMarketData(
        request_id=1,
        contract=SPY,
        legs=(),
        delta_neutral=True,
        delta_neutral_con_id=5,
        delta_neutral_delta=0.5,
        delta_neutral_price=0.0,
    )
    found = body.decode("MarketDataRequest", encode_body(asked, 206))
    assert found["contract"]["deltaNeutralContract"] == {"conId": 5, "delta": 0.5, "price": 0.0}
    assert again(asked) == asked
    without = ReqMarketData(request_id=1, contract=SPY, legs=())
    found = body.decode("MarketDataRequest", encode_body(without, 206))
    assert "deltaNeutralContract" not in found["contract"]


def test_what_a_request_says_of_its_contract_is_in_the_contract() -> None:
    asked = ReqContractDetails(
        request_id=1, contract=SPY, include_expired=True, sec_id_type="ISIN", sec_id="US"
    )
    found = body.decode("ContractDataRequest", encode_body(asked, 205))["contract"]
    assert (found["includeExpired"], found["secIdType"], found["secId"]) == (True, "ISIN", "US")
    assert "issuerId" not in found
    assert again(asked) == asked


def test_a_strike_of_zero_is_written_and_an_absent_one_reads_as_zero() -> None:
    asked = ReqContractDetails(request_id=1, contract=SPY)
    assert body.decode("ContractDataRequest", encode_body(asked, 205))["contract"]["strike"] == 0
    sent = body.encode("ContractDataRequest", {"reqId": 1, "contract": {"symbol": "SPY"}})
    assert decode_body(ReqContractDetails, sent, 205) == ReqContractDetails(
        request_id=1, contract=Contract(symbol="SPY")
    )


def test_a_text_form_without_a_field_of_the_contract_has_none_in_a_body_either() -> None:
    sent = {"reqId": 1, "contract": {"symbol": "SPY", "strike": 600.0}, "reportType": "ReportsOwn"}
    read = decode_body(ReqFundamentalData, body.encode("FundamentalsDataRequest", sent), 210)
    assert read.contract == Contract(symbol="SPY")


def test_options_become_a_map_and_are_read_in_the_order_of_their_tags() -> None:
    asked = ReqMarketData(request_id=1, contract=SPY, legs=(), options="b=2;a=1;")
    found = body.decode("MarketDataRequest", encode_body(asked, 206))
    assert found["marketDataOptions"] == {"a": "1", "b": "2"}
    assert again(asked) == replace(asked, options="a=1;b=2;")


def test_counted_options_have_the_count_that_text_form_has() -> None:
    plain = {"reqId": 1, "contract": {"symbol": "SPY"}}
    tags = {"a": "1", "b": "2"}
    for cls, name, field, none in (
        (ReqFundamentalData, "FundamentalsDataRequest", "fundamentalsDataOptions", 0),
        (
            ReqImpliedVolatility,
            "CalculateImpliedVolatilityRequest",
            "impliedVolatilityOptions",
            None,
        ),
    ):
        without: Any = decode_body(cls, body.encode(name, plain), 211)
        assert (without.option_count, without.options) == (none, "")
        given_: Any = decode_body(cls, body.encode(name, {**plain, field: tags}), 211)
        assert (given_.option_count, given_.options) == (2, "a=1;b=2;")


@pytest.mark.parametrize("tags", [{"a\0": "1"}, {"a": "\0"}])
def test_options_with_a_nul_are_refused(tags: dict[str, str]) -> None:
    sent = {"reqId": 1, "contract": {"symbol": "SPY"}, "marketDataOptions": tags}
    with pytest.raises(WireError, match="NUL"):
        decode_body(ReqMarketData, body.encode("MarketDataRequest", sent), 206)


# ---------------------------------------------------------------- contract details


def details(**more: Any) -> ContractData:
    said = {
        "sec_type": "STK",
        "sec_ids": (),
        "exchange": "SMART",
        "currency": "USD",
        **dict.fromkeys(("local_symbol", "market_name", "trading_class", "symbol"), "SPY"),
        **dict.fromkeys(("order_types", "valid_exchanges", "market_rule_ids"), "x"),
        **dict.fromkeys(("long_name", "time_zone", "trading_hours", "liquid_hours"), "x"),
    }
    return ContractData(request_id=1, con_id=756733, min_tick=0.01, **(said | more))


def test_details_are_split_over_the_contract_and_its_details() -> None:
    message = details(
        expiry="20260717 16:00 US/Eastern",
        last_trade_date="20260717",
        multiplier="100",
        sec_ids=(TagValue(tag="ISIN", value="US78462F1030"),),
    )
    found = body.decode("ContractData", encode_body(message, 205))
    contract, rest = found["contract"], found["contractDetails"]
    assert contract["lastTradeDateOrContractMonth"] == "20260717 16:00 US/Eastern"
    assert (contract["lastTradeDate"], contract["multiplier"]) == ("20260717", 100.0)
    assert rest["secIdList"] == {"ISIN": "US78462F1030"}
    assert (rest["minTick"], rest["minSize"]) == ("0.01", "1")
    assert again(message) == message


def test_what_only_funds_have_is_not_said_of_a_stock() -> None:
    found = body.decode("ContractData", encode_body(details(), 205))["contractDetails"]
    assert not [name for name in found if name.startswith("fund")]
    fund = details(sec_type="FUND", fund_name="x", fund_closed=True)
    assert again(fund) == fund


def test_both_texts_of_a_reason_are_written() -> None:
    message = details(ineligibility=(Ineligibility(id="A", description=""),))
    found = body.decode("ContractData", encode_body(message, 205))["contractDetails"]
    assert found["ineligibilityReasonList"] == [{"id": "A", "description": ""}]
    assert again(message) == message


def test_the_maturity_of_a_bond_is_its_contract_s_date() -> None:
    texts = (
        *("symbol", "exchange", "currency", "cusip", "issue_date", "market_name", "long_name"),
        *("trading_class", "order_types", "valid_exchanges", "market_rule_ids"),
    )
    said: dict[str, Any] = dict.fromkeys(texts, "x")
    said |= {"con_id": 1, "min_tick": 0.001, "coupon": 4.25, "sec_ids": ()}
    bond = BondData(request_id=1, sec_type="BOND", maturity="20360515", **said)
    found = body.decode("ContractData", encode_body(bond, 205))
    assert found["contract"]["lastTradeDateOrContractMonth"] == "20360515"
    assert found["contractDetails"]["coupon"] == 4.25
    assert again(bond) == bond


# ---------------------------------------------------------------- cancels without text form


@pytest.mark.parametrize("cls", [CancelContractData, CancelHistoricalTicks])
def test_the_younger_cancels_have_a_body_from_215_on_and_nothing_before(
    cls: type[CancelContractData | CancelHistoricalTicks],
) -> None:
    payload = codec.encode(cls(request_id=7), CANCEL_CONTRACT_DATA)
    assert payload == (cls.MSG_ID + 200).to_bytes(4, "big") + b"\x08\x07"
    assert codec.decode_request(payload, CANCEL_CONTRACT_DATA) == cls(request_id=7)
    with pytest.raises(WireError, match="a body at server version 214"):
        codec.decode_request(payload, CANCEL_CONTRACT_DATA - 1)
    for version in (NEWEST_TEXT, CANCEL_CONTRACT_DATA - 1):
        with pytest.raises(WireError, match=f"does not exist at server version {version}"):
            codec.encode(cls(request_id=7), version)
    text = f"{cls.MSG_ID}\0007\0".encode()
    assert codec.decode_request(text, NEWEST_TEXT) == codec.Raw(cls.MSG_ID, text)
