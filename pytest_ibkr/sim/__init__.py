"""The simulated gateway: market, orders, account, history, faults; no sockets, no real clock."""
