"""What came of one symbol, and the snapshot's block it becomes; pure.

Imports wire and snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pytest_ibkr.capture.bars import read_bars
from pytest_ibkr.capture.plan import Underlying
from pytest_ibkr.capture.ticks import PriceSource, TickBoard, current_price
from pytest_ibkr.snapshot.compose import Identity, Quote, SymbolParts
from pytest_ibkr.snapshot.model import EXCHANGE_ZONE
from pytest_ibkr.snapshot.rows import OptionRow, Provenance, TradingSession
from pytest_ibkr.wire.messages.contract import ContractData
from pytest_ibkr.wire.messages.history import HistoricalBar


@dataclass(slots=True)
class SymbolAnswers:
    """What has come of one symbol so far.

    Attributes:
        details: None until the gateway says who it is.
        board: its quote.
        bars: as they came, by size.
        options: the options that were found, each with its quote.
        lacking: what makes the capture incomplete, in words.
        remarks: what is worth knowing.
        done: whether everything was asked and answered, well or not.
    """

    underlying: Underlying
    details: ContractData | None = None
    board: TickBoard = field(default_factory=TickBoard)
    bars: dict[str, tuple[HistoricalBar, ...]] = field(default_factory=dict)
    options: list[tuple[ContractData, TickBoard]] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    done: bool = False

    @property
    def symbol(self) -> str:
        """Its name."""
        return self.underlying.symbol

    @property
    def quoted_options(self) -> list[tuple[ContractData, TickBoard]]:
        """The options that are kept: those of which anything ticked."""
        return [(who, board) for who, board in self.options if board.ticked]


class Origin:
    """Provenance of what a gateway said: a simulated one captures nothing."""

    def __init__(self, *, simulated: bool, server_version: int) -> None:
        kind = "simulated gateway" if simulated else "gateway"
        self._from = f"{kind}, server version {server_version}"
        self._origin: Literal["captured", "synthetic"] = "synthetic" if simulated else "captured"

    def of(self, what: str) -> Provenance:
        """The origin of a block, and how it was asked for."""
        return Provenance(self._origin, f"{what}; {self._from}")


def parts_of(
    answers: SymbolAnswers,
    details: ContractData,
    origin: Origin,
    *,
    sessions: Sequence[TradingSession],
    now: datetime,
) -> SymbolParts:
    """The block of one symbol; what cannot be kept is noted in ``answers.lacking``."""
    symbol, index = answers.symbol, answers.underlying.sec_type == "IND"
    zone = _zone(details.time_zone)
    bars = {}
    for size, rows in answers.bars.items():
        read = read_bars(rows, size=size, zone=zone, now=now, sessions=sessions, index=index)
        bars[size] = read.bars
        if read.broken:
            answers.lacking.append(
                f"{symbol}: {read.broken} bars of {size} contradict themselves, left out"
            )
    price, price_source = current_price(answers.board)
    blocks = ("identity", "currentPrice", "quote", "day", "close", "historicalBars")
    return SymbolParts(
        identity=_identity(answers.underlying, details, zone),
        quote=_quote(answers.board, price, price_source),
        bars=bars,
        chain=_chain(answers),
        provenance={
            **{block: origin.of(_ASKED[block]) for block in blocks},
            **{f"bars.{size}": origin.of("bars of trades in regular hours") for size in bars},
            **({"optionChain": origin.of(_ASKED["optionChain"])} if answers.options else {}),
        },
    )


_ASKED: Final = {
    "identity": "contract details",
    "currentPrice": "snapshot quote: last, else mid, else close",
    "quote": "snapshot quote",
    "day": "snapshot quote",
    "close": "snapshot quote: the previous session's close",
    "historicalBars": "bars of trades in regular hours, 5 D of 1 hour",
    "optionChain": "contract details and snapshot quotes; the model's computation",
}


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the wire's names are Java's
        return EXCHANGE_ZONE


def _identity(asked: Underlying, details: ContractData, zone: ZoneInfo) -> Identity:
    isin = next((each.value for each in details.sec_ids if each.tag == "ISIN"), None)
    return Identity(
        symbol=asked.symbol,
        con_id=details.con_id,
        sec_type=asked.sec_type,
        exchange=asked.exchange,
        primary_exchange=details.primary_exchange or asked.primary_exchange,
        currency=details.currency,
        local_symbol=details.local_symbol,
        trading_class=details.trading_class,
        long_name=details.long_name,
        stock_type=details.stock_type,
        isin=isin,
        min_tick=details.min_tick,
        time_zone=zone.key,
    )


def _quote(board: TickBoard, price: float | None, source: PriceSource | None) -> Quote:
    return Quote(
        price=price,
        price_source=source,
        bid=board.price("bid"),
        ask=board.price("ask"),
        last=board.price("last"),
        bid_size=board.size("bid_size"),
        ask_size=board.size("ask_size"),
        last_size=board.size("last_size"),
        open=board.price("open"),
        high=board.price("high"),
        low=board.price("low"),
        close=board.price("close"),
        volume=board.size("volume"),
    )


def _chain(answers: SymbolAnswers) -> list[OptionRow]:
    found: dict[int, OptionRow] = {}
    for details, board in answers.quoted_options:
        found.setdefault(details.con_id, _option(answers.symbol, details, board))
    return sorted(found.values(), key=lambda row: (row.expiry, row.strike, row.right))


def _option(symbol: str, details: ContractData, board: TickBoard) -> OptionRow:
    model = board.greeks
    return OptionRow(
        con_id=details.con_id,
        symbol=symbol,
        right="C" if details.right.upper().startswith("C") else "P",
        strike=details.strike,
        expiry=(details.last_trade_date or details.expiry)[:8],
        trading_class=details.trading_class,
        multiplier=int(details.multiplier),
        bid=board.price("bid"),
        ask=board.price("ask"),
        last=board.price("last"),
        bid_size=board.size("bid_size"),
        ask_size=board.size("ask_size"),
        volume=board.size("volume"),
        open_interest=None,  # comes with generic tick 101, which snapshots refuse
        implied_vol=model.implied_vol,
        delta=model.delta,
        gamma=model.gamma,
        theta=model.theta,
        vega=model.vega,
        last_size=board.size("last_size"),
        high=board.price("high"),
        low=board.price("low"),
        close=board.price("close"),
        option_price=model.option_price,
        underlying_price=model.underlying_price,
    )
