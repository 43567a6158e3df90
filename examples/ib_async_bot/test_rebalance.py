from rebalance import rebalance


def test_it_buys_what_is_missing_and_nothing_twice(ib, ibkr):
    ibkr.faults.external_trade("SPY", 2)
    while not ib.positions():
        assert ib.waitOnUpdate(timeout=1) or ib.positions()

    assert rebalance(ib, "SPY", 5).orderStatus.status == "Filled"
    assert rebalance(ib, "SPY", 5) is None
    assert list(ibkr.account.positions().values()) == [5]
    assert [order.quantity for order in ibkr.journal.orders()] == [3]
