"""What the clock does every night: settlement, the hooks of whoever plans nights, the new day.

Hours are New York's (gateway-behaviour.md 1.6); the moment of settlement is not evidenced there.
Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.calendar import EXCHANGE_ZONE

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine

BEGINS: Final = time(23)  # options that expired are settled; nothing evidences the moment
RESTART: Final = time(23, 45)  # the gateway's usual daily restart
RESET, RESET_ENDS = time(0, 15), time(1, 45)  # of the broker's servers, North America
LOGOUT: Final = time(1)  # of the night before Sunday: the login of the week ends
_SUNDAY: Final = 6


@dataclass(frozen=True, slots=True)
class Night:
    """One night from 23:00 on; moments in epoch seconds.

    Attributes:
        date: of the evening it begins in, ``YYYYMMDD``.
        begins_s: now, when hooks are called.
        restart_s: when a gateway with automatic restart restarts.
        reset_s, reset_ends_s: the window in which the broker's servers are reset.
        logout_s: when the weekly login ends; None except in the night before Sunday.
        before_session: whether a session of the market follows on the next calendar day.
    """

    date: str
    begins_s: float
    restart_s: float
    reset_s: float
    reset_ends_s: float
    logout_s: float | None
    before_session: bool


Hook = Callable[[Night], None]


class Nights:
    """Calls back at the beginning of every night, then begins the next calendar day.

    Args:
        engine: whose clock counts.
        settle: done first, at 23:00.
        new_day: done at 00:00.
    """

    def __init__(
        self, engine: Engine, *, settle: Callable[[], None], new_day: Callable[[], None]
    ) -> None:
        self._engine, self._settle, self._new_day = engine, settle, new_day
        self._hooks: list[Hook] = []
        now = datetime.fromtimestamp(engine.now_s, EXCHANGE_ZONE)
        if now.timetz().replace(tzinfo=None) > BEGINS:
            self._plan(_at(now, time(0), days=1), self._midnight)
        else:
            self._plan(_at(now, BEGINS), self._begin)

    def call(self, hook: Hook) -> None:
        """Call ``hook`` at the beginning of every night from now on."""
        self._hooks.append(hook)

    def forget(self, hook: Hook) -> None:
        """Call it no more."""
        if hook in self._hooks:
            self._hooks.remove(hook)

    def _plan(self, moment: datetime, action: Callable[[], None]) -> None:
        self._engine.schedule.at(moment.timestamp(), action, owed=False)

    def _begin(self) -> None:
        now = datetime.fromtimestamp(self._engine.now_s, EXCHANGE_ZONE)
        self._plan(_at(now, time(0), days=1), self._midnight)
        self._settle()
        night = self._night(now)
        for hook in list(self._hooks):
            hook(night)

    def _midnight(self) -> None:
        now = datetime.fromtimestamp(self._engine.now_s, EXCHANGE_ZONE)
        self._plan(_at(now, BEGINS), self._begin)
        self._new_day()

    def _night(self, now: datetime) -> Night:
        tomorrow = _at(now, time(0), days=1)
        ends_the_week = tomorrow.weekday() == _SUNDAY
        session = self._engine.world.calendar.on(f"{tomorrow:%Y%m%d}")
        return Night(
            date=f"{now:%Y%m%d}",
            begins_s=self._engine.now_s,
            restart_s=_at(now, RESTART).timestamp(),
            reset_s=_at(tomorrow, RESET).timestamp(),
            reset_ends_s=_at(tomorrow, RESET_ENDS).timestamp(),
            logout_s=_at(tomorrow, LOGOUT).timestamp() if ends_the_week else None,
            before_session=session is not None,
        )


def _at(day: datetime, hour: time, *, days: int = 0) -> datetime:
    date = day.date() + timedelta(days=days)
    return datetime.combine(date, hour, EXCHANGE_ZONE)
