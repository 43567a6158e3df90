"""``python -m pytest_ibkr.net.relay``: started by :class:`RelayHandle`, not by people."""

from __future__ import annotations

from pytest_ibkr.net.relay.process import main

if __name__ == "__main__":
    main()
