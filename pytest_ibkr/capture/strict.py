"""Is what was captured fit to test with? Stricter than the completeness rule; pure.

Source: requirements.md A.10 ("NEW additional rules"). Imports snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pytest_ibkr.snapshot.compose import SymbolParts
from pytest_ibkr.snapshot.rows import OptionRow

MOST_GAP: Final = 0.05  # of the price, between it and the last bar's close
LEAST_QUOTED: Final = 0.8  # share of the options with a bid, and an ask not below it
LEAST_EXPIRIES, LEAST_STRIKES = 2, 5
MOST_VOL: Final = 5.0


def problems(parts: SymbolParts) -> list[str]:
    """What makes this symbol unfit, in words; empty when nothing does."""
    symbol = parts.identity.symbol
    found = list(_bars(parts))
    if parts.chain:
        found += [*_grid(parts), *_quotes(parts.chain), *_greeks(parts.chain)]
    return [f"{symbol}: {text}" for text in found]


def _bars(parts: SymbolParts) -> Iterator[str]:
    hourly, price = parts.bars.get("1 hour", ()), parts.quote.price
    if hourly and price and abs(hourly[-1].close - price) > MOST_GAP * price:
        yield f"the price {price:g} is far from the last bar's close {hourly[-1].close:g}"


def _grid(parts: SymbolParts) -> Iterator[str]:
    expiries = {option.expiry for option in parts.chain}
    strikes = {option.strike for option in parts.chain}
    if len(expiries) < LEAST_EXPIRIES:
        yield f"options of {len(expiries)} expiry only, {LEAST_EXPIRIES} are needed"
    if len(strikes) < LEAST_STRIKES:
        yield f"{len(strikes)} strikes only, {LEAST_STRIKES} are needed"
    price = parts.quote.price
    if price and not min(strikes) <= price <= max(strikes):
        yield f"the strikes {min(strikes):g} to {max(strikes):g} leave out the price {price:g}"


def _quotes(chain: Sequence[OptionRow]) -> Iterator[str]:
    quoted = sum(
        option.bid is not None and option.ask is not None and 0 < option.bid <= option.ask
        for option in chain
    )
    if quoted < LEAST_QUOTED * len(chain):
        yield f"{quoted} of {len(chain)} options are quoted on both sides, 80 % are needed"


def _greeks(chain: Sequence[OptionRow]) -> Iterator[str]:
    wrong = sum(not _delta_fits(option) for option in chain)
    if wrong:
        yield f"{wrong} deltas have the wrong sign or size"
    odd = sum(
        option.implied_vol is not None and not 0 < option.implied_vol < MOST_VOL for option in chain
    )
    if odd:
        yield f"{odd} implied volatilities are not between 0 and {MOST_VOL:g}"


def _delta_fits(option: OptionRow) -> bool:
    if option.delta is None:
        return True
    return 0 < option.delta <= 1 if option.right == "C" else -1 <= option.delta < 0
