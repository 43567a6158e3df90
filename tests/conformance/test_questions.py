"""Foreign clients read reference data, history, news and scans as the gateway sent them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import astuple, dataclass
from typing import Any

import pytest

from pytest_ibkr.sim.bulletins import BulletinDesk
from pytest_ibkr.sim.news import NewsDesk
from pytest_ibkr.wire.messages.advisor import FamilyCodes, SoftDollarTiers
from pytest_ibkr.wire.messages.contract import MarketRule
from pytest_ibkr.wire.messages.display_groups import DisplayGroups, DisplayGroupUpdated
from pytest_ibkr.wire.messages.exchanges import DepthExchanges, SmartComponents
from pytest_ibkr.wire.messages.history_queries import (
    HeadTimestamp,
    Histogram,
    HistoricalBidAsk,
    HistoricalMidpoints,
    HistoricalSchedule,
    HistoricalTrades,
)
from pytest_ibkr.wire.messages.market_data import TickOptionComputation, TickReqParams
from pytest_ibkr.wire.messages.news import HistoricalNews, NewsArticle, NewsProviders
from pytest_ibkr.wire.messages.positions_multi import PositionMulti
from pytest_ibkr.wire.messages.scanner import ScannerData, ScannerParameters
from pytest_ibkr.wire.messages.symbols import SymbolSamples
from pytest_ibkr.wire.messages.user import UserInfo
from tests.conformance.conftest import Meeting, able
from tests.conformance.peers.families import Families, Row, computation, row
from tests.conformance.peers.model import Asked

pytestmark = pytest.mark.req("XC-001")
ACCOUNT = "DU0000001"
SPY = Asked("SPY", 756733)
MORNING = "20260710-13:45:00"  # UTC
BOTH_SIDES = 2
MORNING_S = dt.datetime(2026, 7, 10, 13, 45, tzinfo=dt.UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Question:
    """One question, the answer's class, and its rows as a client should read them."""

    method: str
    ask: Callable[[Families], list[Row]]
    answer: type[Any]
    rows: Callable[[Any], list[Row]]
    fewest: int = 1

    def __str__(self) -> str:
        return self.method


def of(*names: str, inside: str = "") -> Callable[[Any], list[Row]]:
    """Rows made of these fields: of a message, or of each record in its field ``inside``."""

    def rows(message: Any) -> list[Row]:
        records = getattr(message, inside) if inside else [message]
        return [row(*(getattr(record, name) for name in names)) for record in records]

    return rows


def past(what: str, answer: type[Any], *names: str) -> Question:
    """A question for past ticks."""
    return Question(
        "past_ticks",
        lambda f: f.past_ticks(SPY, what, MORNING, 5),
        answer,
        of("at_s", *names, inside="ticks"),
        fewest=5,
    )


def samples(message: Any) -> list[Row]:
    """Symbols found, with the security types written on them."""
    return [
        row(
            s.con_id, s.symbol, s.sec_type, s.primary_exchange, s.currency,
            [text for each in s.derivatives for text in astuple(each)],
        )
        for s in message.samples
    ]  # fmt: skip


QUESTIONS = (
    Question("family_codes", lambda f: f.family_codes(), FamilyCodes,
             of("account", "code", inside="codes")),
    Question("soft_dollar_tiers", lambda f: f.soft_dollar_tiers(), SoftDollarTiers,
             of("name", "value", "display_name", inside="tiers"), fewest=0),
    Question("user_info", lambda f: f.user_info(), UserInfo, of("white_branding_id")),
    Question("matching_symbols", lambda f: f.matching_symbols("SP"), SymbolSamples, samples),
    Question("depth_exchanges", lambda f: f.depth_exchanges(), DepthExchanges,
             of("exchange", "sec_type", "listing_exchange", "service", "agg_group",
                inside="exchanges"), fewest=5),
    Question("head_timestamp", lambda f: f.head_timestamp(SPY), HeadTimestamp,
             lambda m: [row(int(m.moment))]),
    Question("histogram", lambda f: f.histogram(SPY, "3 days"), Histogram,
             of("price", "size", inside="steps"), fewest=10),
    past("TRADES", HistoricalTrades, "price", "size", "exchange", "conditions"),
    past("BID_ASK", HistoricalBidAsk, "bid", "ask", "bid_size", "ask_size"),
    past("MIDPOINT", HistoricalMidpoints, "price"),
    Question("schedule", lambda f: f.schedule(SPY, 5), HistoricalSchedule,
             of("start", "end", "date", inside="sessions"), fewest=5),
    Question("news_providers", lambda f: f.news_providers(), NewsProviders,
             of("code", "name", inside="providers"), fewest=3),
    Question("scanner_parameters", lambda f: f.scanner_parameters(), ScannerParameters, of("xml")),
    Question("display_groups", lambda f: f.display_groups(), DisplayGroups, of("groups")),
)  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_an_answer_has_the_rows_sent(meeting: Meeting, question: Question) -> None:
    families = able(meeting, question.method)

    heard = question.ask(families)

    [sent] = meeting.sent(question.answer)
    assert heard == question.rows(sent)
    assert len(heard) >= question.fewest


def test_past_ticks_begin_where_they_were_asked_to(meeting: Meeting) -> None:
    ticks = able(meeting, "past_ticks").past_ticks(SPY, "TRADES", MORNING, 5)
    times = [float(str(tick[0])) for tick in ticks]
    assert times == sorted(times)
    assert MORNING_S <= times[0] <= times[-1] < MORNING_S + 60


def test_the_price_grid_that_details_named(meeting: Meeting) -> None:
    families = able(meeting, "market_rule")
    [details] = meeting.peer.details(SPY)

    heard = families.market_rule(int(details.market_rule_ids.partition(",")[0]))

    [sent] = meeting.sent(MarketRule)
    assert heard == of("low_edge", "increment", inside="steps")(sent) == [row(0, 0.01)]


def test_smart_components_have_the_key_that_came_with_a_quote(meeting: Meeting) -> None:
    families = able(meeting, "smart_components")
    meeting.peer.snapshot(SPY)
    [quoted] = meeting.sent(TickReqParams)

    heard = families.smart_components(quoted.bbo_exchange)

    [sent] = meeting.sent(SmartComponents)
    assert heard == of("bit", "exchange", "letter", inside="components")(sent)
    assert "ARCA" in {exchange for _bit, exchange, _letter in heard}


def test_positions_of_one_account(meeting: Meeting) -> None:
    families = able(meeting, "positions_multi")
    meeting.session.account.add_position(SPY.con_id, 7, average_cost=700)

    heard = families.positions_multi(ACCOUNT)

    assert heard == [row(ACCOUNT, SPY.con_id, 7, 700)]
    [sent] = meeting.sent(PositionMulti)
    assert (sent.contract.con_id, sent.position, sent.average_cost) == (SPY.con_id, 7, 700)


COMPUTED = ("implied_vol", "delta", "option_price", "gamma", "vega", "theta", "under_price")


def test_the_two_option_calculators_undo_each_other(meeting: Meeting, call: Asked) -> None:
    families = able(meeting, "option_price")

    [priced] = families.option_price(call, 0.2, 753.0)
    price = float(str(priced[2]))
    [implied] = families.implied_volatility(call, price, 753.0)

    sent = meeting.sent(TickOptionComputation)
    assert [priced, implied] == [computation(*(getattr(m, n) for n in COMPUTED)) for m in sent]
    assert price > 0
    assert float(str(implied[0])) == pytest.approx(0.2, abs=1e-3)


def test_news_of_a_symbol_and_its_article(meeting: Meeting) -> None:
    families, session = able(meeting, "headlines"), meeting.session
    desk = session.engine.desk(NewsDesk)
    at_s = session.clock.epoch_s() - 60
    session.call(
        lambda: desk.publish("BRFG", "A headline", "Its article.", symbols=["SPY"], at_s=at_s)
    )

    [found] = families.headlines(SPY.con_id, "BRFG")
    [text] = families.article("BRFG", str(found[2]))

    [sent] = meeting.sent(HistoricalNews)
    assert found == row(sent.moment[:19], sent.provider, sent.article_id, sent.headline)
    assert found[3] == "A headline"
    assert text == row(0, "Its article.")
    assert [m.text for m in meeting.sent(NewsArticle)] == ["Its article."]


def test_bulletins_of_the_day_and_new_ones(meeting: Meeting) -> None:
    families, session = able(meeting, "bulletins"), meeting.session
    desk = session.engine.desk(BulletinDesk)
    session.call(lambda: desk.publish("An exchange closed", kind=2, exchange="ARCA"))

    stream = families.bulletins()
    meeting.peer.until(lambda: len(stream.rows) == 1, "the earlier bulletin")
    session.call(lambda: desk.publish("It is open again", kind=3, exchange="ARCA"))
    meeting.peer.until(lambda: len(stream.rows) == 2, "the new bulletin")
    stream.stop()
    session.journal.wait_for("cancelNewsBulletins")

    assert stream.rows == [
        row(1, 2, "An exchange closed", "ARCA"),
        row(2, 3, "It is open again", "ARCA"),
    ]


def test_a_scan_ranks_the_market_until_cancelled(meeting: Meeting) -> None:
    families = able(meeting, "scan")
    meeting.expected = {162}

    heard = families.scan("MOST_ACTIVE")
    meeting.session.journal.wait_for("cancelScannerSubscription")
    peer = meeting.peer
    peer.until(lambda: any(n.code == 162 for n in peer.notices), "162")

    first = meeting.sent(ScannerData)[0]
    names = ("rank", "con_id", "symbol", "sec_type", "exchange", "currency")
    assert heard == of(*names, inside="rows")(first)
    assert [float(str(rank)) for rank, *_ in heard] == list(range(len(heard)))
    assert "SPY" in {symbol for _rank, _id, symbol, *_ in heard}


def test_a_display_group_tells_what_it_shows(meeting: Meeting) -> None:
    stream = able(meeting, "group_events").group_events(1)
    meeting.peer.until(lambda: bool(stream.rows), "what the group shows")
    stream.stop()
    meeting.session.journal.wait_for("unsubscribeFromGroupEvents")

    [sent] = meeting.sent(DisplayGroupUpdated)
    assert stream.rows == [row(sent.contract_info)]


def test_what_only_advisors_have_is_refused_with_321(meeting: Meeting) -> None:
    meeting.expected = {321}
    peer = meeting.peer

    able(meeting, "ask_as_advisor").ask_as_advisor()

    peer.until(lambda: any(n.code == 321 for n in peer.notices), "321")
    [refusal] = [n for n in peer.notices if n.code == 321]
    assert refusal.text.endswith("FA data operations ignored for non FA customers")
