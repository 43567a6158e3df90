"""The live-validation configuration file: its schema, and errors that say what was meant.

Imports yaml and pydantic; whoever uses it imports it lazily.
"""

from __future__ import annotations

import difflib
import ipaddress
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pytest_ibkr.errors import SettingsError
from pytest_ibkr.limits import LIVE_PORTS

_MAX_BYTES = 1 << 20

# Keys of older files that nothing could act on: whoever writes one believes in a check.
_WITHOUT_EFFECT = {
    "verify_account_type": "an account type never proves paper, the account ids always have to",
    "fail_fast_on_account_type_mismatch": "an account that is not paper always ends the run",
}

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Share = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


S = TypeVar("S", bound=_Section)


class GatewaySection(_Section):
    """Where a live run finds its paper gateway; ``timeout`` in seconds until authenticated.

    ``listed_hosts`` are addresses beside loopback that may be dialled, once the paper account is
    named too.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=4002, ge=1, le=65535)
    client_id: int = Field(default=7001, ge=7000, le=7999)
    timeout: Seconds = 30
    extra_paper_ports: tuple[int, ...] = ()
    listed_hosts: tuple[str, ...] = ()

    @field_validator("host", "listed_hosts")
    @classmethod
    def _is_address(cls, value: Any) -> Any:
        for host in value if isinstance(value, tuple) else (value,):
            try:
                ipaddress.ip_address(host)
            except ValueError:
                raise ValueError(
                    f"{host!r} is not an IP address, and names are not resolved;"
                    " this machine is 127.0.0.1"
                ) from None
        return value

    @field_validator("port", "extra_paper_ports")
    @classmethod
    def _is_paper(cls, value: Any) -> Any:
        for port in value if isinstance(value, tuple) else (value,):
            if port in LIVE_PORTS:
                raise ValueError(f"{port} is a live port; paper ports are 4002 and 7497")
        return value


class SafetyChecks(_Section):
    """What is verified beyond the account ids, which always are."""

    verify_virtual_capital: bool = True


class OrderLimits(_Section):
    """How much a live run's orders may be at most: less than the built-in limits, never more.

    Contracts and shares per order, dollars per order, orders working and per session, whole
    minutes before the close, messages per second and client, seconds a quote counts for. None:
    the built-in limit.
    """

    option_contracts: int | None = Field(default=None, ge=0, le=10)
    shares: int | None = Field(default=None, ge=0, le=100)
    notional_usd: float | None = Field(default=None, ge=0, le=25_000)
    working: int | None = Field(default=None, ge=0, le=20)
    per_session: int | None = Field(default=None, ge=0, le=200)
    minutes_to_close: int | None = Field(default=None, ge=10, le=390)
    messages_per_s: int | None = Field(default=None, ge=1, le=45)
    quote_fresh_s: float | None = Field(default=None, gt=0, le=15)


class PaperTradingSection(_Section):
    """What is known of the paper account; ``initial_capital`` in dollars.

    ``account`` counts in a file that git does not track: beside the file, as ``NAME.local.yaml``.
    """

    account: str | None = None
    limits: OrderLimits = OrderLimits()
    account_type: Literal["PAPER"] = "PAPER"
    initial_capital: float = Field(default=1_000_000, gt=0)
    safety_checks: SafetyChecks = SafetyChecks()


class ValidationSection(_Section):
    """Gate rules; ``min_session_duration`` in seconds."""

    market_hours_required: bool = True
    min_session_duration: Seconds = 7200
    max_retry_attempts: int = Field(default=3, ge=1, le=10)
    exponential_backoff_base: int = Field(default=2, ge=2, le=10)


class TestContract(_Section):
    """A contract, or (``select``) how to choose one; ``max_premium`` in dollars per share."""

    __test__ = False

    symbol: str
    sec_type: Literal["STK", "OPT"] = "STK"
    exchange: str = "SMART"
    currency: str = "USD"
    primary_exchange: str = ""
    select: Literal["otm_call", "otm_put"] | None = None
    right: Literal["C", "P"] | None = None
    strike: float | None = None
    expiry: Annotated[str, Field(pattern=r"^\d{8}$")] | None = None
    min_dte: int = Field(default=5, ge=0)
    max_premium: float = Field(default=1.0, gt=0)

    @field_validator("right", mode="before")
    @classmethod
    def _short_right(cls, value: Any) -> Any:
        return {"CALL": "C", "PUT": "P"}.get(value, value)


class ThresholdsSection(_Section):
    """Seconds, counts per named window, bars per full session."""

    quote_freshness_seconds: Seconds = 5
    stream_seconds: Seconds = 60
    stream_quality_min_quotes: int = Field(default=50, ge=1)
    stream_max_gap_seconds: Seconds = 5
    order_fill_timeout_seconds: Seconds = 30
    order_cancel_timeout_seconds: Seconds = 10
    historical_data_timeout_seconds: Seconds = 30
    min_bars_per_day: int = Field(default=70, ge=1, le=78)


class RegularHours(_Section):
    """Exchange-local ``HH:MM``."""

    open: Share = "09:30"
    close: Share = "16:00"


class ExtendedHours(_Section):
    """Exchange-local ``HH:MM``."""

    enabled: bool = False
    pre_market_open: Share = "04:00"
    after_hours_close: Share = "20:00"


class MarketHoursSection(_Section):
    """The exchange's hours."""

    timezone: Literal["America/New_York"] = "America/New_York"
    regular_trading_hours: RegularHours = RegularHours()
    extended_hours: ExtendedHours = ExtendedHours()


class LoggingSection(_Section):
    """Where a validation session logs."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "DEBUG"
    log_file: str = "logs/live_validation/validation_session.log"
    console_output: bool = True
    include_timestamps: bool = True
    include_order_details: bool = True


class CleanupSection(_Section):
    """What happens to what the suite opened."""

    cancel_all_orders_on_exit: bool = True
    close_all_positions_on_exit: bool = True
    disconnect_gracefully: bool = True
    archive_logs: bool = True


class MonitoringSection(_Section):
    """Which metrics are recorded."""

    track_connection_latency: bool = True
    track_quote_freshness: bool = True
    track_order_fill_time: bool = True
    report_metrics_on_exit: bool = True


class ErrorHandlingSection(_Section):
    """What is retried and what ends a run."""

    retry_on_network_error: bool = True
    retry_on_rate_limit: bool = True
    fail_fast_on_auth_error: bool = True


class CaptureSection(_Section):
    """What ``--capture-snapshot`` asks a gateway for."""

    symbols: tuple[str, ...] = ("SPY", "QQQ", "IWM", "VIX")


class SimulatorSection(_Section):
    """The simulated gateway of offline runs; read by the settings, where options outrank it."""

    snapshot: str | None = None
    scenario: str | None = None
    snapshot_dir: str | None = None
    server_version: int | None = None
    clock_start: str | None = None


class ConfigFile(_Section):
    """The whole file; every section may be left out and then has its defaults."""

    gateway: GatewaySection = GatewaySection()
    paper_trading: PaperTradingSection = PaperTradingSection()
    validation: ValidationSection = ValidationSection()
    test_contracts: dict[str, TestContract] = Field(default_factory=dict)
    thresholds: ThresholdsSection = ThresholdsSection()
    market_hours: MarketHoursSection = MarketHoursSection()
    logging: LoggingSection = LoggingSection()
    cleanup: CleanupSection = CleanupSection()
    monitoring: MonitoringSection = MonitoringSection()
    error_handling: ErrorHandlingSection = ErrorHandlingSection()
    capture: CaptureSection = CaptureSection()
    simulator: SimulatorSection = SimulatorSection()


class LocalPaperTrading(_Section):
    """What stays on one machine of what is known of the paper account."""

    account: str


class LocalFile(_Section):
    """``NAME.local.yaml`` beside the configuration file ``NAME.yaml``: never in a repository."""

    paper_trading: LocalPaperTrading


def load_config(path: Path) -> ConfigFile:
    """Read and check a configuration file.

    Raises:
        SettingsError: unreadable, not YAML, an unknown key (with the key that was probably
            meant) or a value out of range; nothing was started.
    """
    return _load(path, ConfigFile)


def local_file_of(path: Path) -> Path:
    """Where the machine's own part of a configuration file is, if there is one."""
    return path.with_name(f"{path.stem}.local.yaml")


def load_local(path: Path) -> LocalFile:
    """Read and check the machine's own part.

    Raises:
        SettingsError: as :func:`load_config`.
    """
    return _load(path, LocalFile)


def _load(path: Path, model: type[S]) -> S:
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise SettingsError(f"cannot read {path}: {exc.strerror}") from None
    if len(data) > _MAX_BYTES:
        raise SettingsError(f"{path} has {len(data)} bytes; more than {_MAX_BYTES} are refused")
    try:
        content = yaml.safe_load(data)
    except yaml.YAMLError as exc:
        raise SettingsError(f"{path} is not YAML: {exc}") from None
    except RecursionError:
        raise SettingsError(f"{path} is nested too deeply; sections hold keys and values") from None
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise SettingsError(f"{path}: sections are expected, not {type(content).__name__}")
    try:
        return model.model_validate(content)
    except ValidationError as exc:
        problems = "\n".join(f"  {_explain(error, model)}" for error in exc.errors())
        raise SettingsError(f"{path} is not acceptable:\n{problems}") from None


def _explain(error: Any, model: type[_Section]) -> str:
    place = ".".join(map(str, error["loc"]))
    if error["type"] != "extra_forbidden":
        return f"{place}: {error['msg'].removeprefix('Value error, ')}"
    *section, key = error["loc"]
    if reason := _WITHOUT_EFFECT.get(str(key)):
        return f"{place}: this key has no effect here: {reason}; remove it"
    near = difflib.get_close_matches(str(key), _keys_at(model, section), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{place}: unknown key{hint}"


def _keys_at(top: type[_Section], section: list[Any]) -> list[str]:
    model: Any = top
    for part in section:
        field = model.model_fields.get(part) if hasattr(model, "model_fields") else None
        model = TestContract if field is None else field.annotation
    return list(getattr(model, "model_fields", {}))
