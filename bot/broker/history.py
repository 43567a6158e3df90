"""Historical bars: one request each, cancelled when it takes too long."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.broker.convert import to_ib_contract
from bot.broker.durations import check_bar_size, check_duration
from bot.broker.errors import NoDataError, RequestTimeoutError
from bot.broker.session import Session
from bot.broker.share_units import shares_per_bar_volume
from bot.domain.contracts import Contract
from bot.domain.quotes import Bar

EPOCH_DATES = 2  # no zone names to guess; daily bars come as yyyyMMdd all the same


class HistoryService:
    """Asks for bars and puts them in order."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def bars(
        self,
        contract: Contract,
        duration: str,
        bar_size: str,
        *,
        what_to_show: str,
        timeout_s: float,
        use_rth: bool,
        end: datetime | None,
    ) -> list[Bar]:
        """Bars, sorted, each start once (the last row for a start counts)."""
        check_duration(duration)
        check_bar_size(bar_size)
        about = f"{bar_size} bars of {contract.label} over {duration}"
        until = "" if end is None else f"{end.astimezone(UTC):%Y%m%d-%H:%M:%S}"
        ib = to_ib_contract(contract)
        requests = self._session.requests
        pending = requests.open("history", about)
        try:
            self._session.send(
                lambda client: client.reqHistoricalData(
                    pending.id,
                    ib,
                    until,
                    duration,
                    bar_size,
                    what_to_show,
                    int(use_rth),
                    EPOCH_DATES,
                    False,  # noqa: FBT003
                    [],
                )
            )
            rows: list[Bar] = requests.wait(pending, timeout_s)
        except RequestTimeoutError:
            if self._session.is_ready:
                self._session.send(lambda client: client.cancelHistoricalData(pending.id))
            raise
        finally:
            requests.forget(pending)
        if not rows:
            raise NoDataError(f"{about}: the answer holds no bars")
        unit = shares_per_bar_volume(contract.sec_type, self._session.server_version)
        by_start = {bar.start: _in_shares(bar, unit) for bar in rows}
        return [by_start[start] for start in sorted(by_start)]


def _in_shares(bar: Bar, unit: int) -> Bar:
    return bar if bar.volume is None else replace(bar, volume=bar.volume * unit)
