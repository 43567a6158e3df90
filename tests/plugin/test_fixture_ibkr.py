"""ibkr: every test gets the snapshot's state again, whatever the last one did to it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.req("XC-001")

TRADES = """
    import asyncio
    import datetime as dt
    import pytest
    from ib_async import IB, LimitOrder, MarketOrder, Stock

    seen = []

    @pytest.fixture
    def ib(ibkr):
        loop = asyncio.new_event_loop()  # this process goes on with other tests: leave none behind
        asyncio.set_event_loop(loop)
        ib = IB()
        ib.connect(ibkr.host, ibkr.port, clientId=ibkr.client_id, timeout=10)
        yield ib
        ib.disconnect()
        ib.sleep(0)
        asyncio.set_event_loop(None)
        loop.close()

    @pytest.mark.parametrize("turn", [1, 2])
    def test_trade(ibkr, ibkr_clock, ib, turn):
        begun = ibkr_clock.now()
        seen.append((ib.client._reqIdSeq, ibkr.account.cash(), ibkr.account.positions(),
                     [t.order.orderId for t in ib.openTrades()], ib.fills(),
                     begun.strftime("%H:%M"), ibkr.engine.faults is None,
                     len(ibkr.journal.orders()), ibkr.pacing()["lines_in_use"]))
        [spy] = ib.qualifyContracts(Stock("SPY", "SMART", "USD"))
        ib.reqMktData(spy)
        bought = ib.placeOrder(spy, MarketOrder("BUY", 5))
        while not bought.isDone():
            ib.sleep(0.01)
        resting = ib.placeOrder(spy, LimitOrder("BUY", 5, 1))
        while resting.orderStatus.status != "Submitted":
            ib.sleep(0.01)
        ibkr.configure(entitlement="none", read_only=True)
        ibkr.faults.external_trade("QQQ", 7)
        ibkr_clock.sleep(60)
        assert ibkr.account.positions()[spy.conId] == 5
        assert ibkr.account.cash() < seen[0][1]
        assert (ibkr_clock.now() - begun) >= dt.timedelta(minutes=1)

    def test_both_began_the_same():
        assert seen[0] == seen[1]
        assert seen[0][2:5] == ({}, [], [])
        assert seen[0][5] == "14:00"
"""


def test_nothing_of_one_test_is_seen_by_the_next(run) -> None:
    run(TRADES).assert_outcomes(passed=3)


def test_conditions_and_faults_of_one_test_are_gone_in_the_next(run) -> None:
    result = run(
        """
        def test_nasty(ibkr):
            ibkr.configure(greeks="never", max_clients=1)
            ibkr.faults.freeze("SPY")
            ibkr.faults.waive()  # left armed on purpose
            assert ibkr.call(lambda: set(ibkr.engine.conditions.frozen)) == {"SPY"}

        def test_healthy(ibkr):
            conditions = ibkr.engine.conditions
            assert (conditions.greeks, conditions.max_clients) == ("on_time", 32)
            assert ibkr.call(lambda: set(conditions.frozen)) == set()
        """
    )
    result.assert_outcomes(passed=2)


def test_a_client_left_open_is_dropped_before_the_next_test(run) -> None:
    result = run(
        """
        import socket

        left = []

        def test_leaves_its_socket_open(ibkr):
            left.append(socket.create_connection((ibkr.host, ibkr.port), timeout=5))
            left[0].sendall(b"API\\0\\0\\0\\0\\x09v157..178")
            assert left[0].recv(4096)

        def test_that_socket_is_closed(ibkr):
            with left[0] as old:
                try:
                    rest = old.recv(4096)
                except ConnectionResetError:
                    rest = b""
            assert rest == b""
            assert ibkr.journal.entries() == []
        """
    )
    result.assert_outcomes(passed=2)


def test_one_gateway_serves_all_tests_of_a_process(run) -> None:
    result = run(
        """
        ports = set()

        def test_one(ibkr, ibkr_gateway):
            ports.add(ibkr.port)
            assert ibkr_gateway.session is ibkr
            assert ibkr.env == {
                "IBKR_HOST": "127.0.0.1", "IBKR_PORT": str(ibkr.port),
                "IBKR_CLIENT_ID": "7200", "IBKR_ACCOUNT": "DU0000001",
            }

        def test_two(ibkr):
            ports.add(ibkr.port)
            assert len(ports) == 1
        """
    )
    result.assert_outcomes(passed=2)


def test_the_wall_clock_is_real_again_after_each_test(run) -> None:
    result = run(
        """
        import datetime as dt

        def year():
            return dt.datetime.now().year

        def test_before():
            assert year() >= 2026 and dt.date.today() > dt.date(2026, 7, 13)

        def test_virtual(ibkr):
            assert dt.date.today() in (dt.date(2026, 7, 10), dt.date(2026, 7, 11))

        def test_after():
            assert dt.date.today() > dt.date(2026, 7, 13)
        """
    )
    result.assert_outcomes(passed=3)


def test_a_failure_inside_the_gateway_fails_the_test_that_met_it(run) -> None:
    result = run(
        """
        import socket

        def test_meets_it(ibkr):
            def broken():
                raise ZeroDivisionError("a defect")
            ibkr.call(lambda: ibkr.engine.later(0.0, broken))
            ibkr.clock.sleep(1)

        def test_next_one_is_clean(ibkr):
            assert ibkr.journal.entries() == []
        """
    )
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*GatewayError: the simulated gateway failed during *meets_it*"])


def test_it_works_in_unittest_classes_and_coroutines(run) -> None:
    result = run(
        """
        import asyncio
        import unittest
        import pytest

        @pytest.mark.usefixtures("ibkr")
        class TestCase(unittest.TestCase):
            def test_it(self):
                import datetime as dt
                assert dt.date.today() in (dt.date(2026, 7, 10), dt.date(2026, 7, 11))

        def test_in_a_loop(ibkr):
            async def main():
                reader, writer = await asyncio.open_connection(ibkr.host, ibkr.port)
                before = ibkr.clock.epoch_s()
                await ibkr.clock.asleep(60)
                writer.close()
                await writer.wait_closed()
                return ibkr.clock.epoch_s() - before
            assert 60 <= asyncio.run(main()) < 65
        """
    )
    result.assert_outcomes(passed=2)
