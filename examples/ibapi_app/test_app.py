from ibapi.contract import Contract
from ibapi.order import Order


def stock(symbol):
    contract = Contract()
    contract.symbol, contract.secType = symbol, "STK"
    contract.exchange, contract.currency = "SMART", "USD"
    return contract


def limit_order(action, quantity, price):
    order = Order()
    order.action, order.orderType = action, "LMT"
    order.totalQuantity, order.lmtPrice = quantity, price
    order.eTradeOnly = order.firmQuoteOnly = False  # 9.81 sets what some gateways refuse: 10268
    return order


def test_it_buys_at_the_ask(app, ibkr):
    bid, ask = app.quote(stock("SPY"))
    order_id = app.trade(stock("SPY"), limit_order("BUY", 5, ask))

    assert 0 < bid <= ask
    assert app.statuses[order_id] == "Filled"
    assert list(ibkr.account.positions().values()) == [5]
    assert [str(order.limit_price) for order in ibkr.journal.orders()] == [str(ask)]
