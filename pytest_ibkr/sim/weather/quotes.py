"""Quotes as they should not be: frozen, one-sided, crossed, without greeks.

Source: gateway-behaviour.md 2.3. Imports the engine for types only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.scripted_market import Change
from pytest_ibkr.sim.weather.base import Weather, check_least, underlyings

if TYPE_CHECKING:
    from pytest_ibkr.sim.instruments import Instrument


@dataclass(kw_only=True, eq=False)
class LateGreeks(Weather):
    """Greeks come after the quote."""

    delay_s: float = 5.0
    NAME: ClassVar[str] = "late_greeks"
    HAPPENS: ClassVar[str] = "option computations begin `delay_s` after the quote"
    MET_BY: ClassVar[str] = "market data of an option with a two-sided quote, asked for meanwhile"

    def check(self) -> None:
        """See that the time can be."""
        check_least(0.001, delay_s=self.delay_s)

    def start(self) -> None:
        """Withhold them."""
        self.tunes = {"greeks": lambda _: "late", "greeks_delay_s": lambda _: self.delay_s}

    def noticed(self, event: str, subject: object) -> None:
        """Count quotes without them."""
        self.fired += event == "greeks"


@dataclass(kw_only=True, eq=False)
class NeverGreeks(Weather):
    """Greeks never come."""

    NAME: ClassVar[str] = "never_greeks"
    HAPPENS: ClassVar[str] = "no option computation is ever sent"
    MET_BY: ClassVar[str] = "market data of an option with a two-sided quote, asked for meanwhile"

    def start(self) -> None:
        """Withhold them."""
        self.tunes = {"greeks": lambda _: "never"}

    def noticed(self, event: str, subject: object) -> None:
        """Count quotes without them."""
        self.fired += event == "greeks"


@dataclass(kw_only=True, eq=False)
class FrozenFeed(Weather):
    """Quotes stand still and look alive."""

    symbol: str = ""
    after_s: float = 0.0
    for_s: float | None = None
    NAME: ClassVar[str] = "frozen_feed"
    HAPPENS: ClassVar[str] = (
        "quotes of the symbol and its options, or of all, stand still without a word; after a"
        " minute nothing fills on them"
    )
    MET_BY: ClassVar[str] = "somebody looking at one of those quotes: a line, a snapshot, an order"

    _mine: list[str] = field(default_factory=list, init=False)

    def check(self) -> None:
        """See that times can be."""
        check_least(0.0, after_s=self.after_s)
        check_least(0.001, for_s=self.for_s)

    def start(self) -> None:
        """Freeze, now or later."""
        symbols = list(dict.fromkeys(each.symbol for each in underlyings(self, self.symbol)))
        if self.after_s:
            self.later(self.after_s, lambda: self._freeze(symbols))
        else:
            self._freeze(symbols)

    def _freeze(self, symbols: list[str]) -> None:
        frozen = self.engine.conditions.frozen
        self._mine = [symbol for symbol in symbols if symbol not in frozen]
        frozen.update(dict.fromkeys(self._mine, self.engine.now_s))
        if self.for_s is not None:
            self.later(self.for_s, self.end)

    def noticed(self, event: str, subject: object) -> None:
        """Count those who look."""
        self.fired += event == "frozen" and subject in self._mine

    def end(self) -> None:
        """Let them move again."""
        mine, self._mine = self._mine, []
        for symbol in mine:
            self.engine.conditions.frozen.pop(symbol, None)
            self.engine.market_changed(symbol)


@dataclass(kw_only=True, eq=False)
class _Written(Weather):
    """Quotes are written over, until the end."""

    symbol: str = ""
    con_id: int = 0

    _over: list[Instrument] = field(default_factory=list, init=False)

    def start(self) -> None:
        """Write over the quotes."""
        engine = self.engine
        for each in underlyings(self, self.symbol, self.con_id):
            quote = engine.market.quote(each, engine.now_s)
            if quote.bid is None or quote.ask is None:
                continue
            tick = each.quote_tick or each.min_tick
            engine.market.write(each, self._change(quote.bid, tick), at_s=engine.now_s)
            self._over.append(each)
            engine.market_changed(each.symbol)
        if not self._over:
            raise UsageError(
                f"{self.what}: nothing of it has a bid and an ask now\n"
                "  state: nothing was changed\n"
                "  fix:   begin while the market is open, and name what is quoted"
            )

    def _change(self, bid: float, tick: float) -> Change:
        raise NotImplementedError

    def noticed(self, event: str, subject: object) -> None:
        """Count those who are shown it."""
        self.fired += event == "quote" and subject in self._over

    def end(self) -> None:
        """Show the market's own quotes again."""
        for each in self._over:
            if self.engine.market.clear(each, at_s=self.engine.now_s):
                self.engine.market_changed(each.symbol)


@dataclass(kw_only=True, eq=False)
class OneSided(_Written):
    """A side of the quote is missing."""

    side: Literal["bid", "ask"] = "ask"
    NAME: ClassVar[str] = "one_sided"
    HAPPENS: ClassVar[str] = (
        "the `side` is not there: -1 with size 0; no greeks, nothing fills. Of the symbol itself,"
        " of all, or of the option with `con_id`"
    )
    MET_BY: ClassVar[str] = "market data of such an instrument"

    def _change(self, bid: float, tick: float) -> Change:
        return Change(gone=frozenset({self.side}))


@dataclass(kw_only=True, eq=False)
class Crossed(_Written):
    """The bid is above the ask."""

    ticks: int = 2
    NAME: ClassVar[str] = "crossed"
    HAPPENS: ClassVar[str] = "the ask is `ticks` below the bid; no greeks, nothing fills"
    MET_BY: ClassVar[str] = "market data of such an instrument"

    def check(self) -> None:
        """See that the number can be."""
        check_least(1, ticks=self.ticks)

    def _change(self, bid: float, tick: float) -> Change:
        below = max(tick, round(round(bid / tick) * tick - self.ticks * tick, 6))
        return Change({"bid": below + self.ticks * tick, "ask": below})
