import pytest

pytestmark = [pytest.mark.live, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.req("LIVE-1")
@pytest.mark.market_hours
async def test_the_account_is_there(live_gateway_connection):
    assert live_gateway_connection.isConnected()
    assert len(live_gateway_connection.managedAccounts()) == 1


@pytest.mark.market_hours
async def test_quotes_move(live_gateway_connection, ibkr_clock):
    from ib_async import Stock

    [spy] = await live_gateway_connection.qualifyContractsAsync(Stock("SPY", "SMART", "USD"))
    ticker, updates = live_gateway_connection.reqMktData(spy), []
    ticker.updateEvent += lambda t: updates.append((t.bid, t.ask))
    await ibkr_clock.asleep(30)
    live_gateway_connection.cancelMktData(spy)
    assert len(updates) > 5
