"""Generic tick lists: which ids exist, and the ticks a snapshot's data can answer them with.

What neither the snapshot nor a condition knows is not sent: ``GENERIC_TICKS`` says which, and
docs/reference/generic-ticks.md shows it. Source: gateway-behaviour.md 2.3 ("Generic tick → tick
types", 321 text). Imports the engine for types only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.generic_facts import DayFacts
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.quotes import Quote
from pytest_ibkr.sim.refusal import Refusal, invalid
from pytest_ibkr.sim.ticks import TickWriter
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.market_data import TickGeneric, TickPrice, TickSize, TickString
from pytest_ibkr.wire.versions import ODD_LOT_QUOTES

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine

_LEGAL_TEXT: Final = (
    "100(Option Volume),101(Option Open Interest),105(Average Opt Volume),106(impvolat),"
    "165(Misc. Stats),221/220(Creditman Mark Price),225(Auction),232/221(Pl Price),233(RTVolume),"
    "236(inventory),292(Wide_news),293(TradeCount),294(TradeRate),295(VolumeRate),"
    "318(LastRTHTrade),375(RTTrdVolume),411(rthistvol),456/59(IBDividends)"
)
_NOT_KNOWN: Final = "not sent: a snapshot does not know it"
# Per id: the ticks of a real gateway, and where the simulated one has them from.
GENERIC_TICKS: Final[dict[int, tuple[str, str]]] = {
    100: ("29, 30", "captured option volumes, by the share of the session that has passed"),
    101: ("27, 28", "captured open interest of the option, or of all options on the underlying"),
    104: ("23", "30 daily returns"),
    105: ("87", _NOT_KNOWN),
    106: ("24", "at-the-money volatility of the expiry nearest 30 days ahead"),
    162: ("31", _NOT_KNOWN),
    165: ("15-21", "daily bars: lows and highs of 13, 26 and 52 weeks, volume of 90 days"),
    220: ("78", "the mark price of 221"),
    221: ("37", "the last trade, held between bid and ask"),
    225: ("34, 35, 36, 61", _NOT_KNOWN),
    232: ("37", "as 221"),
    233: ("48", "each change of the last trade; the average price is approximate"),
    236: ("46, 89", "the condition `shortable_shares`; without it not sent"),
    258: ("47", "the request is refused with 10358: fundamentals are retired"),
    292: ("message 84", "headlines of the news desk, while it has some"),
    293: ("54", "trade counts of the day's bars so far, where the snapshot's bars have them"),
    294: ("55", "trades a minute, of the running bar, where it has a count"),
    295: ("56", "shares a minute, of the running bar"),
    318: ("57", "the last trade; all of them lie in regular sessions"),
    375: ("77", "as 233"),
    411: ("58", "30 daily returns, the last one to the present price"),
    456: ("59", _NOT_KNOWN),
    460: ("60", "not sent: no bond has a factor here"),
    576: ("94, 95", _NOT_KNOWN),
    577: ("96", _NOT_KNOWN),
    578: ("92, 93", _NOT_KNOWN),
    586: ("101, 102", "not sent: nothing is issued here"),
    587: ("none", _NOT_KNOWN),
    588: ("86", _NOT_KNOWN),
    595: ("63, 64, 65", "shares of the last 3, 5 and 10 minutes, from the day's path"),
    614: ("98, 99", _NOT_KNOWN),
    619: ("79", "the mark price of 221"),
    623: ("97", _NOT_KNOWN),
    787: ("105-110", "not sent: a snapshot has no odd lots; below server version 225 refused"),
}
SINCE: Final = {787: ODD_LOT_QUOTES}  # ids that do not exist below a server version
_RETIRED: Final = 258
_MARKS: Final = (
    (frozenset({"221", "232"}), 37),
    (frozenset({"220"}), 78),
    (frozenset({"619"}), 79),
)
NO_TOP: Final = "mdoff"  # suppresses bid, ask and last
NEWS: Final = "292"
_SLOW_S: Final = 15.0  # how often what is not a quote is looked at again
_MANY_SHARES: Final = 1000  # tick 46 above 2.5: at least so many can be borrowed
_SHORTABLE, _LOCATE, _NONE = 3.0, 2.0, 1.0


def parse(text: str, sec_type: str, *, version: int) -> frozenset[str]:
    """The generic ticks asked for; ``292:BRFG+DJNL`` counts as ``292``.

    Args:
        text: ids, comma-joined.
        sec_type: of the instrument, for the text of a refusal.
        version: the server version of the client who asks.

    Raises:
        Refusal: 321 when one id does not exist (that refuses the whole request); 10358 for the
            retired fundamentals.
    """
    asked = frozenset(part.strip().split(":")[0] for part in text.split(",") if part.strip())
    for tick in sorted(asked - {NO_TOP}):
        if not _exists(tick, version):
            raise invalid(
                f"Incorrect generic tick list of {text}.  Legal ones for ({sec_type}) are: "
                f"{_LEGAL_TEXT}"
            )
        if int(tick) == _RETIRED:
            raise Refusal(10358, "Fundamentals data is not allowed.")
    return asked


def _exists(tick: str, version: int) -> bool:
    if not tick.isascii() or not tick.isdigit() or int(tick) not in GENERIC_TICKS:
        return False
    return version >= SINCE.get(int(tick), 0)


class GenericTicks:
    """Answers one request's generic ticks."""

    def __init__(
        self, engine: Engine, instrument: Instrument, *, asked: frozenset[str], writer: TickWriter
    ) -> None:
        self._engine, self._instrument = engine, instrument
        self._asked, self._writer, self._request_id = asked, writer, writer.request_id
        self._facts = DayFacts(engine, instrument)
        self._sent: dict[tuple[int, type[Message]], Message] = {}
        self._looked_s = float("-inf")

    def first(self, quote: Quote, at_s: float) -> list[Message]:
        """What follows the first batch."""
        return [*self.later(at_s), *self.changes(Quote(), quote)]

    def changes(self, before: Quote, now: Quote) -> list[Message]:
        """What follows the quote: mark prices, last regular trade, RTVolume."""
        found: list[Message] = []
        mark = _mark(now)
        if mark is not None and mark != _mark(before):
            found += [self._price(tick, mark) for asked, tick in _MARKS if asked & self._asked]
        if now.last is None or (now.last, now.volume) == (before.last, before.volume):
            return found
        if "318" in self._asked:
            found.append(self._price(57, now.last))
        for asked, tick in (("233", 48), ("375", 77)):
            if asked in self._asked and now.last_time_s is not None:
                value = _rt_volume(now, self._writer)
                found.append(TickString(request_id=self._request_id, tick=tick, value=value))
        return found

    def later(self, at_s: float) -> list[Message]:
        """What changes slowly: looked at every 15 seconds, sent when it differs."""
        if not self._asked or at_s < self._looked_s + _SLOW_S:
            return []
        self._looked_s = at_s
        found = []
        for message in self._slow(at_s):
            key = (getattr(message, "tick", 0), type(message))
            if self._sent.get(key) != message:
                self._sent[key] = message
                found.append(message)
        return found

    def _slow(self, at_s: float) -> list[Message]:
        asked, facts = self._asked, self._facts
        found: list[Message] = []
        if "100" in asked:
            found += self._sizes(29, facts.option_volumes(at_s))
        if "101" in asked:
            found += self._sizes(27, facts.open_interests())
        if "165" in asked:
            found += self._statistics(at_s)
        if "595" in asked:
            volumes = facts.recent_volumes(at_s)
            sizes = [None if volume is None else self._writer.size(volume) for volume in volumes]
            found += self._sizes(63, sizes)
        if "236" in asked:
            found += self._shortable()
        values = (
            ("104", 23, facts.historical_vol),
            ("106", 24, facts.implied_vol),
            ("411", 58, facts.real_time_vol),
            ("293", 54, facts.trade_count),
            ("294", 55, facts.trade_rate),
            ("295", 56, facts.volume_rate),
        )
        for number, tick, read in values:
            if number in asked and (value := read(at_s)) is not None:
                found.append(TickGeneric(request_id=self._request_id, tick=tick, value=value))
        return found

    def _sizes(self, first_tick: int, sizes: list[int | None] | list[int]) -> list[Message]:
        return [
            TickSize(request_id=self._request_id, tick=tick, size=size)
            for tick, size in enumerate(sizes, first_tick)
            if size is not None
        ]

    def _price(self, tick: int, price: float) -> Message:
        return TickPrice(request_id=self._request_id, tick=tick, price=price)

    def _statistics(self, at_s: float) -> list[Message]:
        ranges, volume = self._facts.statistics(at_s)
        found = [self._price(tick, price) for tick, price in ranges]
        if volume is not None:
            found += self._sizes(21, [self._writer.size(volume)])
        return found

    def _shortable(self) -> list[Message]:
        shares = self._engine.conditions.shortable_shares.get(self._instrument.symbol)
        if shares is None or self._instrument.sec_type != "STK":
            return []
        level = _SHORTABLE if shares >= _MANY_SHARES else _LOCATE if shares else _NONE
        kind = TickGeneric(request_id=self._request_id, tick=46, value=level)
        return [kind, *self._sizes(89, [shares])]


def _mark(quote: Quote) -> float | None:
    """The last trade held between bid and ask; the close when nothing else is known."""
    if quote.bid is None or quote.ask is None:
        return quote.last if quote.last is not None else quote.close
    if quote.last is None:
        return round((quote.bid + quote.ask) / 2, 4)
    return min(max(quote.last, quote.bid), quote.ask)


def _rt_volume(quote: Quote, writer: TickWriter) -> str:
    """``price;size;timeMs;totalVolume;vwap;singleTrade``.

    The day's average price is approximated by the mean of open, high, low and last.
    """
    size, volume = writer.size(quote.last_size), writer.size(quote.volume)
    known = [x for x in (quote.open, quote.high, quote.low, quote.last) if x is not None]
    average = sum(known) / len(known)
    return f"{quote.last};{size};{(quote.last_time_s or 0) * 1000};{volume};{average:.6f};true"
