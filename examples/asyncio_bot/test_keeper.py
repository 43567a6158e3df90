import pytest

from pytest_ibkr.messages import ReqMarketData


@pytest.mark.asyncio
async def test_it_comes_back_and_orders_nothing_twice(keeper, ibkr, ibkr_clock):
    await ibkr.journal.await_for("placeOrder")
    await ibkr_clock.asleep(60)
    assert [ticker.bid > 0 for ticker in keeper.ib.tickers()] == [True]

    ibkr.faults.cut_now()
    await ibkr.journal.await_for(
        lambda entry: entry.connection == 2 and isinstance(entry.message, ReqMarketData)
    )
    await ibkr_clock.asleep(60)
    assert keeper.connections == 2
    assert len(ibkr.journal.orders()) == 1
