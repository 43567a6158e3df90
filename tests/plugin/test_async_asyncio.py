"""Every fixture and helper in `async def` tests under pytest-asyncio, strict mode."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.plugin.conftest import QUIET

pytestmark = [
    pytest.mark.ci,  # processes of their own, half a minute in all
    pytest.mark.skipif(
        find_spec("pytest_asyncio") is None, reason="pytest-asyncio is not installed"
    ),
]

INI = "asyncio_mode = strict\nasyncio_default_fixture_loop_scope = function\n"
CONFTEST = """
    import asyncio

    import pytest_asyncio
    from ib_async import IB


    @pytest_asyncio.fixture
    async def ib(ibkr):
        ib = IB()
        await ib.connectAsync(ibkr.host, ibkr.port, clientId=ibkr.client_id)
        yield ib
        ib.disconnect()
        await asyncio.sleep(0)  # the transport closes in the next turn of the loop
"""
HEAD = """
    import asyncio
    import datetime as dt
    import threading

    import pytest
    from ib_async import IB, LimitOrder, MarketOrder, Stock
    from pytest_ibkr import UsageError, WaitTimeout
    from pytest_ibkr.messages import OrderStatus

    pytestmark = pytest.mark.asyncio
    SPY = Stock("SPY", "SMART", "USD")
"""


@pytest.fixture
def arun(pytester: pytest.Pytester):
    """Run pytest over async tests in a process of its own, warnings are errors."""

    def arun(source: str, *args: str) -> pytest.RunResult:
        pytester.makeini(f"[pytest]\n{INI}")
        pytester.makeconftest(CONFTEST)
        pytester.makepyfile(HEAD + source)
        strict = ("-W", "error", "--strict-markers", "--strict-config", *args)
        return pytester.runpytest_subprocess(*QUIET, *strict)

    return arun


def test_a_client_streams_and_trades_while_virtual_time_passes(arun) -> None:
    result = arun(
        """
    async def test_a_quote_streams_while_the_test_sleeps(ib, ibkr_clock):
        [spy] = await ib.qualifyContractsAsync(SPY)
        seen, ticker = [], ib.reqMktData(spy)
        ticker.updateEvent += lambda t: seen.append((dt.datetime.now(dt.UTC), t.bid, t.ask))
        before = ibkr_clock.now()
        await ibkr_clock.asleep(40)
        assert ibkr_clock.now() - before >= dt.timedelta(seconds=40)
        assert len(seen) >= 20
        assert 0 < ticker.bid <= ticker.ask
        moments = [moment for moment, _bid, _ask in seen]
        assert moments == sorted(moments)
        assert moments[-1] - moments[0] > dt.timedelta(seconds=30), "read as they came"

    async def test_an_order_fills(ib, ibkr):
        [spy] = await ib.qualifyContractsAsync(SPY)
        filled = asyncio.Event()
        trade = ib.placeOrder(spy, MarketOrder("BUY", 5))
        trade.filledEvent += lambda _trade: filled.set()
        assert await ibkr.clock.await_event(filled, timeout_s=30)
        assert ibkr.account.positions() == {spy.conId: 5}
        entry = await ibkr.journal.await_for(OrderStatus)
        assert entry.message.order_id == trade.order.orderId
        entry = await ibkr.await_order_reaches(trade.order.orderId, "Filled")
        assert entry.message.filled == 5

    @pytest.mark.market_hours(at="15:58")
    async def test_the_close_comes(ib, ibkr_clock):
        close = dt.datetime(2026, 7, 10, 20, 0, tzinfo=dt.UTC)
        [spy] = await ib.qualifyContractsAsync(SPY)
        await ibkr_clock.amove_to(close - dt.timedelta(minutes=1))
        resting = ib.placeOrder(spy, LimitOrder("BUY", 5, 1))
        await ibkr_clock.amove_to(close)
        assert ibkr_clock.now() >= close
        assert resting.log

    async def test_other_coroutines_run_while_one_sleeps(ibkr_clock):
        ran = []
        async def other():
            for _ in range(5):
                ran.append(ibkr_clock.epoch_s())
                await asyncio.sleep(0)
        await asyncio.gather(ibkr_clock.asleep(30), other())
        assert len(ran) == 5
    """
    )
    result.assert_outcomes(passed=4)


def test_a_blocking_helper_in_the_loop_names_its_twin(arun) -> None:
    result = arun(
        """
    NOON = dt.datetime(2026, 7, 10, 16, 0, tzinfo=dt.UTC)

    @pytest.mark.parametrize("helper, twin, call", [
        ("ibkr_clock.sleep()", "ibkr_clock.asleep(", lambda s: s.clock.sleep(60)),
        ("ibkr_clock.move_to()", "ibkr_clock.amove_to(", lambda s: s.clock.move_to(NOON)),
        ("ibkr_clock.wait()", "ibkr_clock.await_event(",
         lambda s: s.clock.wait(threading.Event(), 60)),
        ("ibkr.journal.wait_for()", "ibkr.journal.await_for(",
         lambda s: s.journal.wait_for("reqMktData", timeout_s=30)),
        ("ibkr.assert_order_reaches()", "ibkr.await_order_reaches(",
         lambda s: s.assert_order_reaches(1, "Filled")),
    ])
    async def test_refused(ibkr, helper, twin, call):
        before = ibkr.clock.now()
        with pytest.raises(UsageError) as refused:
            call(ibkr)
        assert str(refused.value).startswith(helper)
        assert f"await {twin}" in str(refused.value)
        assert ibkr.clock.now() - before < dt.timedelta(seconds=5)

    async def test_another_thread_may_block(ibkr):
        before = ibkr.clock.now()
        await asyncio.to_thread(ibkr.clock.sleep, 60)
        assert ibkr.clock.now() - before >= dt.timedelta(seconds=60)

    async def test_what_never_comes_ends_with_the_timeline(ib, ibkr):
        with pytest.raises(WaitTimeout, match="startApi"):
            await ibkr.journal.await_for("reqMktData", timeout_s=0.05)
        before = ibkr.clock.now()
        with pytest.raises(AssertionError, match="did not reach Filled"):
            await ibkr.await_order_reaches(1, "Filled", within_s=1)
        assert not await ibkr.clock.await_event(asyncio.Event(), timeout_s=30)
        assert ibkr.clock.now() - before >= dt.timedelta(seconds=30)
    """
    )
    result.assert_outcomes(passed=7)


def test_markers_factories_and_fixtures_of_any_kind_work(arun) -> None:
    result = arun(
        """
    async def connected(session, client_id):
        ib = IB()
        await ib.connectAsync(session.host, session.port, clientId=client_id)
        return ib

    @pytest.mark.ibkr_server_version(157, 176, 178)
    async def test_versions(ib, ibkr_server_version):
        assert ib.client.serverVersion() == ibkr_server_version

    @pytest.mark.ibkr_snapshot("normal")
    @pytest.mark.market_hours(at="15:45")
    @pytest.mark.places_orders
    async def test_market(ib, ibkr_snapshot, ibkr_clock, ibkr_config):
        assert "SPY" in ibkr_snapshot.symbols
        assert f"{ibkr_clock.now():%H:%M}" == "19:45"
        assert await ib.qualifyContractsAsync(SPY)

    @pytest.mark.market_closed
    async def test_closed(ibkr_clock):
        assert ibkr_clock.now().strftime("%A") == "Saturday"

    async def test_two_gateways_and_two_clients_of_each(ibkr_gateway_factory):
        first, second = ibkr_gateway_factory(), ibkr_gateway_factory(account="DU0000002")
        clients = await asyncio.gather(
            *(connected(session, n) for session in (first, second) for n in (1, 2))
        )
        assert [ib.managedAccounts() for ib in clients] == [
            ["DU0000001"], ["DU0000001"], ["DU0000002"], ["DU0000002"]]
        buyer = clients[2]
        [spy] = await buyer.qualifyContractsAsync(SPY)
        trade = buyer.placeOrder(spy, MarketOrder("BUY", 3))
        await second.journal.await_for(
            lambda e: isinstance(e.message, OrderStatus) and e.message.status == "Filled")
        await second.clock.asleep(1)
        assert trade.isDone()
        assert second.account.positions() == {spy.conId: 3}
        assert first.account.positions() == {}
        for ib in clients:
            ib.disconnect()
        await asyncio.sleep(0)

    async def test_a_fault_is_met(ib, ibkr):
        with ibkr.faults.refuse("reqContractDetails", 200, "gone") as fault:
            assert await ib.reqContractDetailsAsync(SPY) == []
        assert fault.fired == 1
    """
    )
    result.assert_outcomes(passed=7)


def test_live_tests_share_one_connection_in_one_loop(arun, pytester) -> None:
    source = """
    import pytest_asyncio

    pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.live]
    seen = []

    @pytest_asyncio.fixture(scope="session", loop_scope="session")
    async def live_gateway_connection(live_gateway):
        ib = IB()
        await ib.connectAsync(live_gateway.host, live_gateway.port, live_gateway.client_id)
        yield ib
        ib.disconnect()
        await asyncio.sleep(0)

    @pytest.mark.parametrize("turn", [1, 2])
    async def test_it(live_gateway_connection, ibkr_clock, turn):
        seen.append(live_gateway_connection)
        assert live_gateway_connection.isConnected()
        assert seen[0] is live_gateway_connection
        before = ibkr_clock.now()
        await ibkr_clock.asleep(30)
        assert ibkr_clock.now() - before >= dt.timedelta(seconds=30)
    """
    arun(source).assert_outcomes(passed=2)


def test_a_synchronous_test_is_unaffected_by_loops_that_do_not_run(arun) -> None:
    source = """
    pytestmark = []

    @pytest.fixture
    def loop():
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        yield loop
        asyncio.set_event_loop(None)
        loop.close()

    @pytest.mark.parametrize("patched", [False, True])
    def test_it(ibkr, loop, patched):
        if patched:  # what notebooks do: loops may run inside of others
            from ib_async import util
            util.startLoop()
        ib = IB()
        ib.connect(ibkr.host, ibkr.port, clientId=ibkr.client_id)
        ibkr.clock.sleep(5)
        ib.sleep(0)
        ibkr.journal.wait_for("startApi")
        refused = []
        def handler(*_notice):
            try:
                ibkr.clock.sleep(5)  # in the loop that ib.sleep runs
            except UsageError as exc:
                refused.append(exc)
        ib.errorEvent += handler
        ib.reqContractDetails(Stock("NOBODY", "SMART", "USD"))
        assert [type(exc) for exc in refused] == [UsageError]
        ibkr.clock.sleep(5)
        ib.disconnect()
        ib.sleep(0)
    """
    arun(source).assert_outcomes(passed=2)
