"""Which desk answers what: all but the five that the engine and its desks know by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from pytest_ibkr.sim.advisor import AdvisorDesk
from pytest_ibkr.sim.bulletins import BulletinDesk
from pytest_ibkr.sim.calculators import CalculatorDesk
from pytest_ibkr.sim.calendar_events import CalendarEventDesk
from pytest_ibkr.sim.config import ConfigDesk
from pytest_ibkr.sim.depth import DepthDesk
from pytest_ibkr.sim.display_groups import DisplayGroupDesk
from pytest_ibkr.sim.exchanges import ExchangeDesk
from pytest_ibkr.sim.exercise import ExerciseDesk
from pytest_ibkr.sim.fundamentals import FundamentalsDesk
from pytest_ibkr.sim.head_timestamp import HeadTimestampDesk
from pytest_ibkr.sim.histogram import HistogramDesk
from pytest_ibkr.sim.historical_ticks import HistoricalTickDesk
from pytest_ibkr.sim.market_rules import MarketRuleDesk
from pytest_ibkr.sim.news import NewsDesk
from pytest_ibkr.sim.option_parameters import OptionParameterDesk
from pytest_ibkr.sim.pnl import PnlDesk
from pytest_ibkr.sim.positions_multi import PositionsMultiDesk
from pytest_ibkr.sim.real_time_bars import RealTimeBarDesk
from pytest_ibkr.sim.scanner import ScannerDesk
from pytest_ibkr.sim.session import SessionDesk
from pytest_ibkr.sim.symbols import SymbolDesk
from pytest_ibkr.sim.tick_by_tick import TickByTickDesk
from pytest_ibkr.sim.user import UserDesk
from pytest_ibkr.sim.verification import VerificationDesk
from pytest_ibkr.wire.declare import Message

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine


class Desk(Protocol):
    """Answers some kinds of request; may also have ``client_gone(client)``."""

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        ...


OTHER_DESKS: Final[tuple[Callable[[Engine], Desk], ...]] = (
    SessionDesk,
    OptionParameterDesk,
    MarketRuleDesk,
    SymbolDesk,
    AdvisorDesk,
    BulletinDesk,
    CalendarEventDesk,
    ConfigDesk,
    DisplayGroupDesk,
    ExerciseDesk,
    FundamentalsDesk,
    PnlDesk,
    PositionsMultiDesk,
    UserDesk,
    VerificationDesk,
    CalculatorDesk,
    DepthDesk,
    ExchangeDesk,
    RealTimeBarDesk,
    TickByTickDesk,
    HeadTimestampDesk,
    HistogramDesk,
    HistoricalTickDesk,
    NewsDesk,
    ScannerDesk,
)
