"""ibkr_gateway_factory: several gateways in one test, none left behind."""

from __future__ import annotations


def test_gateways_are_separate_and_all_are_stopped(run) -> None:
    result = run(
        """
        import socket
        import pytest

        addresses = []

        def test_two(ibkr, ibkr_gateway_factory):
            one, two = ibkr_gateway_factory(), ibkr_gateway_factory(account="DU0000002")
            addresses.extend((each.host, each.port) for each in (one, two))
            assert len({ibkr.port, one.port, two.port}) == 3
            assert (one.account.id, two.account.id) == ("DU0000001", "DU0000002")
            two.faults.external_trade("SPY", 7)
            assert one.account.positions() == ibkr.account.positions() == {}
            for address in addresses:
                socket.create_connection(address, timeout=5).close()

        @pytest.mark.parametrize("number", [0, 1])
        def test_gone(number):
            with pytest.raises(OSError):
                socket.create_connection(addresses[number], timeout=5)
        """
    )
    result.assert_outcomes(passed=3)


def test_they_are_stopped_when_the_test_fails_too(run) -> None:
    result = run(
        """
        import threading

        BEFORE = set(threading.enumerate())

        def ours():
            return [t for t in set(threading.enumerate()) - BEFORE if "ibkr" in t.name]

        def test_fails(ibkr_gateway_factory):
            ibkr_gateway_factory(), ibkr_gateway_factory()
            assert len(ours()) == 2
            assert False

        def test_gone():
            assert ours() == []
        """
    )
    result.assert_outcomes(passed=1, failed=1)


def test_a_gateway_may_speak_another_version_and_begin_at_another_time(run) -> None:
    result = run(
        """
        import datetime as dt

        def test_it(ibkr_gateway_factory):
            start = dt.datetime(2026, 7, 10, 15, 59, tzinfo=dt.UTC)
            session = ibkr_gateway_factory(server_version=163, start_at=start, client_id=7009)
            assert session.client_id == 7009
            assert 0 <= (session.clock.now() - start).total_seconds() < 5
            assert dt.date.today() > dt.date(2026, 7, 11)  # the process's clock stays real
        """
    )
    result.assert_outcomes(passed=1)
