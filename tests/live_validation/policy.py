"""What the configuration file decides about a validation session, apart from thresholds."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable

from bot.broker import IBKRGateway, MarketClosedError, retry_rate_limited
from bot.domain.contracts import stock
from pytest_ibkr.report.metrics import metrics_in
from pytest_ibkr.report.plugin import active
from tests.live_validation.market_gate import closed_reason

TRACKED = {
    "connection_latency_ms": "track_connection_latency",
    "quote_freshness_s": "track_quote_freshness",
    "order_fill_time_s": "track_order_fill_time",
}


class ValidationNote(UserWarning):
    """Something that was done on purpose and has to be known to whoever reads the result."""


def note(text: str) -> None:
    """Put a note into the run's warnings summary; never an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(text, ValidationNote, stacklevel=3)


def waits_s(validation) -> tuple[float, ...]:
    """Seconds before each retry of a connection: 1, 2, 4 by default."""
    base, count = validation.exponential_backoff_base, validation.max_retry_attempts
    return tuple(float(base**attempt) for attempt in range(count))


def dial(broker: IBKRGateway, config) -> int:
    """Connect, with retries if network errors are to be retried; return the tries it took."""
    if config.error_handling.retry_on_network_error:
        return broker.reconnect(waits_s=waits_s(config.validation))
    broker.connect()
    return 1


def patient(call: Callable, clock, config) -> Callable:
    """``call``, run again after 2, 4, 8 s when it is rate-limited and that is to be retried."""
    if not config.error_handling.retry_on_rate_limit:
        return call
    return lambda *args, **options: retry_rate_limited(lambda: call(*args, **options), clock)


def is_tracked(name: str, config) -> bool:
    """Whether a metric is to be recorded."""
    key = TRACKED.get(name)
    return key is None or getattr(config.monitoring, key)


def colour_report(run_config, config) -> None:
    """Let the report's metric tables use the file's thresholds."""
    if (report := active(run_config)) is not None:
        limits = config.thresholds
        report.limits["quote_freshness_s"] = limits.quote_freshness_seconds
        report.limits["order_fill_time_s"] = limits.order_fill_timeout_seconds


def require_open_market(broker: IBKRGateway, now, *, config, run_config) -> None:
    """Refuse a closed market, or note that it does not matter here.

    Raises:
        MarketClosedError: the gate is NOT RUN.
    """
    underlying = config.test_contracts["spy"].symbol if "spy" in config.test_contracts else "SPY"
    [details, *_] = broker.contract_details(stock(underlying))
    closed = closed_reason(now, config.market_hours, details)
    if closed is None:
        return
    if not config.validation.market_hours_required:
        note(f"{closed}; validation.market_hours_required is false, so the tests run")
        return
    if (report := active(run_config)) is not None:
        report.not_run(closed)
    raise MarketClosedError(
        f"{closed}\n  state: disconnected; no test ran, the gate is NOT RUN\n"
        "  fix:   run in trading hours, or set validation.market_hours_required: false"
    )


def metric_lines(reports: Iterable) -> list[str]:
    """One line per metric over the reports of this suite: count, median, worst."""
    values: dict[str, list[float]] = {}
    for report in reports:
        if "live_validation" in report.nodeid and report.when == "call":
            for name, numbers in metrics_in(report.user_properties).items():
                values.setdefault(name, []).extend(numbers)
    return [
        f"{name}: {len(numbers)} values, median {sorted(numbers)[len(numbers) // 2]:.3f},"
        f" worst {max(numbers):.3f}"
        for name, numbers in sorted(values.items())
    ]
