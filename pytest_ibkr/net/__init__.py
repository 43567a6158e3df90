"""The only sockets, event loops, threads and real clocks of the harness."""
