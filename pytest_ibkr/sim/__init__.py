"""The simulated gateway's engine: market, orders, account, history, faults; no sockets, no real clock."""
