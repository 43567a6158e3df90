import asyncio
import datetime as dt

import pytest
from day_trader import NEW_YORK, DayTrader, MarketClosed

pytestmark = pytest.mark.asyncio


@pytest.mark.req("DAY-1")
@pytest.mark.places_orders
@pytest.mark.market_hours(at="15:53")
async def test_it_is_out_before_the_close(ib, ibkr, ibkr_clock):
    trader = DayTrader(ib, "SPY", 5, out_at=dt.time(15, 55))
    running = asyncio.create_task(trader.run())
    await ibkr.journal.await_for("placeOrder")
    await ibkr_clock.amove_to(dt.datetime(2026, 7, 10, 15, 54, tzinfo=NEW_YORK))
    assert list(ibkr.account.positions().values()) == [5]

    await ibkr_clock.asleep(90)
    await running
    assert ibkr.account.positions() == {}
    assert [order.action for order in ibkr.journal.orders()] == ["BUY", "SELL"]
    assert min(trader.bought, trader.sold) > 0


@pytest.mark.market_closed
async def test_it_stays_at_home_at_the_weekend(ib, ibkr):
    with pytest.raises(MarketClosed, match="Saturday"):
        await DayTrader(ib, "SPY", 5, out_at=dt.time(15, 55)).run()
    assert ibkr.journal.orders() == []


@pytest.mark.places_orders
@pytest.mark.ibkr_server_version(157, 176, 178)
async def test_it_buys_through_every_gateway(ib, ibkr, ibkr_server_version):
    assert ib.client.serverVersion() == ibkr_server_version
    await DayTrader(ib, "QQQ", 1, out_at=dt.time(9, 30)).run()
    assert [order.quantity for order in ibkr.journal.orders()] == [1, 1]


@pytest.mark.places_orders
@pytest.mark.ibkr_weather("partial_fills", share=0.5)
@pytest.mark.ibkr_budget(lines=1, left_open=0)
async def test_it_sells_all_that_came_in_parts(ib, ibkr):
    await DayTrader(ib, "SPY", 4, out_at=dt.time(9, 30)).run()
    assert len(ib.fills()) > 2
    assert ibkr.account.positions() == {}


@pytest.mark.ibkr_snapshot("normal")
async def test_the_market_is_the_snapshots(ib, ibkr_snapshot, ibkr_clock, ibkr_config):
    assert {"SPY", "QQQ"} <= set(ibkr_snapshot.symbols)
    assert ibkr_clock.now().date() == ibkr_snapshot.captured_at.date()
    assert ibkr_config.thresholds.order_fill_timeout_seconds == 7


async def test_orders_are_separate_between_two_gateways(ibkr_gateway_factory):
    from ib_async import IB

    first, second = ibkr_gateway_factory(), ibkr_gateway_factory(account="DU0000002")
    traders = []
    for session in (first, second):
        ib = IB()
        await ib.connectAsync(session.host, session.port, clientId=session.client_id)
        traders.append(ib)
    await DayTrader(traders[1], "SPY", 2, out_at=dt.time(9, 30)).run()
    assert (len(first.journal.orders()), len(second.journal.orders())) == (0, 2)
    for ib in traders:
        ib.disconnect()
    await asyncio.sleep(0)
