"""News: what a test publishes reaches who asks and who follows; beside that there is none."""

from __future__ import annotations

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.news import NewsDesk
from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.wire.messages.market_data import CancelMarketData
from pytest_ibkr.wire.messages.news import (
    HistoricalNews,
    HistoricalNewsEnd,
    NewsArticle,
    NewsProviders,
    ReqHistoricalNews,
    ReqNewsArticle,
    ReqNewsProviders,
    TickNews,
)
from tests.sim.data_bench import TEN, Peer, errors, normal_world, only, option, peer

SPY_ID = 756733
STOCK = normal_world().book.by_symbol("SPY")
assert STOCK is not None


@pytest.fixture
def asker() -> Peer:
    return peer(TEN)


@pytest.fixture
def desk(asker: Peer) -> NewsDesk:
    return asker.engine.desk(NewsDesk)


def _headlines(asker: Peer, **changes: object) -> tuple[list[HistoricalNews], bool]:
    values: dict[str, object] = {
        "request_id": 6,
        "con_id": SPY_ID,
        "providers": "BRFG+DJNL",
        "count": 10,
        **changes,
    }
    *found, end = asker.send(ReqHistoricalNews(**values))  # type: ignore[arg-type]
    assert isinstance(end, HistoricalNewsEnd)
    assert {each.request_id for each in (*found, end)} == {6}
    return only(found, HistoricalNews), end.has_more


def _publish(desk: NewsDesk, headline: str = "Something happened", **changes: object) -> str:
    values: dict[str, object] = {"symbols": ["SPY"], **changes}
    provider = str(values.pop("provider", "BRFG"))
    return desk.publish(provider, headline, "All of it.", **values)  # type: ignore[arg-type]


def test_the_account_has_the_three_providers_every_account_has(asker: Peer) -> None:
    [found] = asker.send(ReqNewsProviders())
    assert isinstance(found, NewsProviders)
    assert [each.code for each in found.providers] == ["BRFG", "BRFUPDN", "DJNL"]


def test_a_provider_can_be_added(asker: Peer, desk: NewsDesk) -> None:
    desk.add_provider("FLY", "The Fly")
    [found] = asker.send(ReqNewsProviders())
    assert found.providers[-1].code == "FLY"
    _publish(desk, provider="FLY")
    assert len(_headlines(asker, providers="FLY")[0]) == 1


def test_without_publishing_there_is_no_news(asker: Peer) -> None:
    assert _headlines(asker) == ([], False)


def test_a_headline_has_its_moment_in_utc_and_leads_to_its_article(
    asker: Peer, desk: NewsDesk
) -> None:
    article_id = _publish(desk, "Fed: rates – unchanged", at_s=TEN - 60.5)
    [found], more = _headlines(asker)
    assert not more
    assert (found.moment, found.provider) == ("2026-07-10 13:58:59.5", "BRFG")
    assert (found.article_id, found.headline) == (article_id, "Fed: rates – unchanged")
    request = ReqNewsArticle(request_id=7, provider="BRFG", article_id=article_id)
    assert asker.send(request) == [NewsArticle(request_id=7, kind=0, text="All of it.")]


def test_the_newest_come_first_and_the_rest_is_announced(asker: Peer, desk: NewsDesk) -> None:
    for minute in range(5):
        _publish(desk, f"{minute} minutes ago", at_s=TEN - 60 * minute)
    found, more = _headlines(asker, count=2)
    assert [each.headline for each in found] == ["0 minutes ago", "1 minutes ago"]
    assert more


def test_three_hundred_are_the_most(asker: Peer, desk: NewsDesk) -> None:
    for number in range(301):
        _publish(desk, at_s=TEN - number)
    found, more = _headlines(asker, count=1000)
    assert (len(found), more) == (300, True)


@pytest.mark.parametrize("form", ["2026-07-10 13:{}:00.0", "20260710-13:{}:00"])
def test_the_start_is_left_out_and_the_end_is_in(asker: Peer, desk: NewsDesk, form: str) -> None:
    for minute in (30, 35, 40):
        _publish(desk, str(minute), at_s=TEN - (60 - minute) * 60)
    found, _ = _headlines(asker, start=form.format(30), end=form.format(35))
    assert [each.headline for each in found] == ["35"]


def test_only_the_symbols_and_providers_asked_for_are_told(asker: Peer, desk: NewsDesk) -> None:
    _publish(desk, "other symbol", symbols=["QQQ"])
    _publish(desk, "other provider", provider="BRFUPDN")
    _publish(desk, "both", symbols=["QQQ", "SPY"])
    assert [each.headline for each in _headlines(asker)[0]] == ["both"]
    on_option, _ = _headlines(asker, con_id=option().con_id)
    assert [each.headline for each in on_option] == ["both"]


def test_news_to_come_is_not_known_before(asker: Peer, desk: NewsDesk) -> None:
    _publish(desk, at_s=TEN + 60)
    assert _headlines(asker) == ([], False)
    asker.wait(60.0)
    assert len(_headlines(asker)[0]) == 1


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"providers": "BRFG+XX"}, 321, "Not subscribed for 'XX' provider"),
        ({"providers": ""}, 321, "Not subscribed for '' provider"),
        ({"con_id": 1}, 200, "No security definition"),
        ({"start": "yesterday"}, 10314, "invalid"),
    ],
)
def test_what_cannot_be_asked_is_refused(asker: Peer, changes, code: int, text: str) -> None:
    request = {"request_id": 6, "con_id": SPY_ID, "providers": "BRFG", "count": 1, **changes}
    [(request_id, found, said)] = errors(asker.send(ReqHistoricalNews(**request)))
    assert (request_id, found) == (6, code)
    assert text in said


def test_an_article_nobody_published_is_not_available(asker: Peer) -> None:
    request = ReqNewsArticle(request_id=7, provider="BRFG", article_id="BRFG$0")
    [(request_id, code, _)] = errors(asker.send(request))
    assert (request_id, code) == (7, 10172)


@pytest.mark.parametrize(
    "request_",
    [
        ReqNewsProviders(),
        ReqNewsArticle(request_id=7, provider="BRFG", article_id="x"),
        ReqHistoricalNews(request_id=6, con_id=SPY_ID, providers="BRFG", count=1),
    ],
    ids=lambda each: each.NAME,
)
def test_without_a_news_feed_nothing_is_allowed(asker: Peer, request_) -> None:
    asker.engine.conditions.news_feed = False
    assert [code for _, code, _ in errors(asker.send(request_))] == [10276]


@pytest.mark.parametrize("generic_ticks", ["292", "mdoff,292", "233,292:BRFG+DJNL"])
def test_a_line_that_follows_is_sent_headlines(asker: Peer, desk: NewsDesk, generic_ticks) -> None:
    desk.follow(asker.client, 11, STOCK, generic_ticks=generic_ticks)
    article_id = _publish(desk)
    assert asker.wait(0.0) == [
        TickNews(
            request_id=11,
            at_ms=int(TEN * 1000),
            provider="BRFG",
            article_id=article_id,
            headline="Something happened",
        )
    ]


def test_a_headline_to_come_is_sent_when_it_comes(asker: Peer, desk: NewsDesk) -> None:
    desk.follow(asker.client, 11, STOCK, generic_ticks="292")
    _publish(desk, at_s=TEN + 60)
    assert asker.wait(59.0) == []
    assert len(only(asker.wait(2.0), TickNews)) == 1


def test_a_line_is_not_sent_what_it_did_not_ask_for(asker: Peer, desk: NewsDesk) -> None:
    desk.follow(asker.client, 11, STOCK, generic_ticks="292:DJNL")
    desk.follow(asker.client, 12, STOCK, generic_ticks="233")
    _publish(desk)
    _publish(desk, provider="DJNL", symbols=["QQQ"])
    _publish(desk, provider="DJNL", at_s=TEN - 60)
    assert asker.wait(1.0) == []


def test_a_line_that_ended_is_sent_nothing(asker: Peer, desk: NewsDesk) -> None:
    desk.follow(asker.client, 11, STOCK, generic_ticks="292")
    desk.unfollow(asker.client, 11)
    _publish(desk)
    assert asker.wait(1.0) == []


def test_a_client_that_is_gone_is_forgotten(asker: Peer, desk: NewsDesk) -> None:
    desk.follow(asker.client, 11, STOCK, generic_ticks="292")
    asker.engine.gone(asker.client, "")
    _publish(desk)
    assert desk._followers == {}


@pytest.mark.parametrize("case", ["derivative", "unknown provider", "no feed"])
def test_a_line_that_may_not_follow_is_refused(asker: Peer, desk: NewsDesk, case: str) -> None:
    asker.engine.conditions.news_feed = case != "no feed"
    instrument = option() if case == "derivative" else STOCK
    ticks = "292:XX" if case == "unknown provider" else "292"
    with pytest.raises(Refusal, match=r"10094: API News error:"):
        desk.follow(asker.client, 11, instrument, generic_ticks=ticks)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"provider": "XX"}, "no provider 'XX'"),
        ({"symbols": ["NOPE"]}, "no symbol NOPE"),
        ({"symbols": []}, "news is about something"),
        ({"headline": ""}, "not empty"),
        ({"headline": "a\0b"}, "NUL"),
    ],
)
def test_what_cannot_be_published_says_why(desk: NewsDesk, changes, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        _publish(desk, **changes)


@pytest.mark.parametrize(("code", "text"), [("BRFG", "already"), ("a b", "no provider code")])
def test_a_provider_that_cannot_be_added_says_why(desk: NewsDesk, code: str, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        desk.add_provider(code, "Name")


@pytest.mark.parametrize(("generic_ticks", "told"), [("292", 1), ("292:BRFG+DJNL", 1), ("233", 0)])
def test_market_data_with_generic_tick_292_brings_headlines_until_cancelled(
    asker: Peer, desk: NewsDesk, generic_ticks: str, told: int
) -> None:
    asker.send(asker.market_data(11, generic_ticks=generic_ticks))
    _publish(desk)
    assert [each.request_id for each in only(asker.wait(1.0), TickNews)] == [11] * told
    asker.send(CancelMarketData(request_id=11))
    _publish(desk)
    assert only(asker.wait(1.0), TickNews) == []
