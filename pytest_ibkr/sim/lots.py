"""Sizes of stocks as messages carry them: once in lots of 100, in shares since; pure.

Source: gateway-behaviour.md 2.3, 2.5 and 7.4. Market data, depth and tick-by-tick changed at server
version 159. What the historical data service sends changed at 175; five-second bars are its own
(they share its pacing and its refusals, 2.4), so they are taken to have changed with it.
"""

from __future__ import annotations

from typing import Final

from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.ticks import SHARE_SIZES
from pytest_ibkr.wire.versions import SHARE_VOLUMES

LOT: Final = 100


def live_size(shares: int, instrument: Instrument, *, version: int) -> int:
    """A size of streaming data at a server version; what is there is never shown as nothing."""
    return _sent(shares, in_lots=instrument.sec_type == "STK" and version < SHARE_SIZES)


def hmds_size(shares: int, instrument: Instrument, *, version: int) -> int:
    """A size or volume of the historical data service at a server version."""
    return _sent(shares, in_lots=instrument.sec_type == "STK" and version < SHARE_VOLUMES)


def _sent(shares: int, *, in_lots: bool) -> int:
    return max(1, shares // LOT) if in_lots and shares > 0 else shares
