"""Which expiries and strikes to capture: from what is listed, or by arithmetic; pure functions.

Source: requirements.md A.6. Dates are exchange dates, expiries ``YYYYMMDD``, strikes dollars.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from pytest_ibkr.capture.plan import DTE_TARGETS, MULTIPLIER, STRIKES
from pytest_ibkr.wire.messages.contract import OptionParameter

_FRIDAY = 4
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Listed:
    """What the SMART entry of an underlying's own trading class lists, ascending."""

    expiries: tuple[str, ...]
    strikes: tuple[float, ...]


def listed(rows: Iterable[OptionParameter], *, symbol: str) -> Listed | None:
    """The entry to choose from; None when there is none.

    A symbol has entries of many exchanges and of adjusted classes (``2SPY``); routing is SMART
    and the regular class is named as the symbol.
    """
    for row in rows:
        regular = row.trading_class == symbol and row.multiplier == str(MULTIPLIER)
        if row.exchange == "SMART" and regular:
            expiries = sorted({each.value for each in row.expirations if _is_date(each.value)})
            strikes = sorted({each.value for each in row.strikes if each.value > 0})
            return Listed(tuple(expiries), tuple(strikes))
    return None


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007 - a date only
    except ValueError:
        return False
    return len(text) == 8


def earliest_expiry(now: datetime, closes: datetime | None) -> date:
    """The first day whose expiries still trade: today before its close, else tomorrow.

    Args:
        now: aware, in exchange time.
        closes: today's close; None on a day without a session, when nothing expires.
    """
    today = now.date()
    return today if closes is not None and now < closes else today + timedelta(days=1)


def pick_expiries(
    listed_expiries: Iterable[str],
    *,
    today: date,
    earliest: date,
    targets: Sequence[int] = DTE_TARGETS,
) -> tuple[str, ...]:
    """For each target in turn the nearest listed expiry not taken yet, ascending.

    Of two that are equally near the later one is taken: the earlier one has less life than was
    asked for. Fewer than ``targets`` when fewer are listed.

    Args:
        listed_expiries: ``YYYYMMDD``, in any order.
        today: the exchange's date.
        earliest: no expiry before it is taken.
        targets: calendar days from today.
    """
    free = {text: _day(text) for text in listed_expiries}
    free = {text: day for text, day in free.items() if day >= earliest}
    taken = []
    for target in targets:
        wanted = today + timedelta(days=target)
        best = min(
            free, key=lambda text: (abs(free[text] - wanted), -free[text].toordinal()), default=None
        )
        if best is not None:
            taken.append(best)
            del free[best]
    return tuple(sorted(taken))


def at_the_money(strikes: Sequence[float], price: float) -> int:
    """Index of the strike nearest the price; of two equally near the higher one.

    Raises:
        ValueError: there is no strike.
    """
    if not strikes:
        raise ValueError("no strike is listed")
    exact = Decimal(str(price))
    return min(
        range(len(strikes)),
        key=lambda index: (abs(Decimal(str(strikes[index])) - exact), -strikes[index]),
    )


def pick_strikes(
    strikes: Sequence[float], price: float, *, count: int = STRIKES
) -> tuple[float, ...]:
    """``count`` neighbouring listed strikes, as many below as above the one nearest the price.

    By index, so any grid will do. At an end of the list the window moves inwards; a shorter list
    is taken whole.

    Args:
        strikes: ascending.
        price: dollars per share.
        count: how many.
    """
    if not strikes:
        return ()
    first = at_the_money(strikes, price) - count // 2
    first = max(0, min(first, len(strikes) - count))
    return tuple(strikes[first : first + count])


def outward(strikes: Sequence[float], price: float) -> list[float]:
    """All strikes, by their distance from the one nearest the price, counted by index.

    A symbol's strikes are listed for all expiries together: where one is not listed for an
    expiry, the next of these takes its place.
    """
    if not strikes:
        return []
    middle = at_the_money(strikes, price)
    order = sorted(range(len(strikes)), key=lambda index: (abs(index - middle), -index))
    return [strikes[index] for index in order]


# ------------------------------------------------------------------ arithmetic


def whole_dollar(price: float) -> float:
    """The price rounded to a whole dollar, halves up: Python's own rounding goes to even."""
    return float(Decimal(str(price)).quantize(Decimal(1), ROUND_HALF_UP))


def arithmetic_strikes(price: float, *, count: int = STRIKES) -> tuple[float, ...]:
    """Whole dollars around the price, without asking what is listed."""
    middle = whole_dollar(price)
    return tuple(middle + offset for offset in range(-(count // 2), count - count // 2))


def arithmetic_expiries(
    today: date, *, targets: Sequence[int] = DTE_TARGETS, closed: Collection[date] = ()
) -> tuple[str, ...]:
    """A Friday for each target, rolled forward, without asking what is listed.

    Two targets never share a Friday: the later one takes the next. A Friday without a session
    expires on the last day before it that has one.

    Args:
        today: the exchange's date.
        targets: calendar days from today, ascending.
        closed: days without a session; weekends need not be named.
    """
    fridays: list[date] = []
    for target in targets:
        friday = _friday_from(today + timedelta(days=target))
        while friday in fridays or _last_session(friday, closed) < today:
            friday += _WEEK
        fridays.append(friday)
    return tuple(f"{_last_session(friday, closed):%Y%m%d}" for friday in fridays)


def _friday_from(day: date) -> date:
    return day + timedelta(days=(_FRIDAY - day.weekday()) % 7)


def _last_session(day: date, closed: Collection[date]) -> date:
    while day in closed or day.weekday() > _FRIDAY:
        day -= timedelta(days=1)
    return day


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
