"""The bot's settings: environment over .env over YAML over defaults; unknown keys are errors.

Imports nothing of the broker: ports and accounts are judged there, in every mode.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

ENV_PREFIX = "IBKR_BOT__"
ENV_SEPARATOR = "__"
DEFAULT_CONFIG = Path("config/bot.yaml")


class SettingsError(ValueError):
    """The configuration is not usable; the message lists every problem."""


class Section(BaseModel):
    """Base of every section: frozen, and a key nobody knows is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class BrokerSettings(Section):
    """Where the gateway is. Live ports are refused by the broker layer."""

    host: str = "127.0.0.1"
    port: int = Field(default=4002, ge=1, le=65535)
    client_id: int = Field(default=1, ge=0, le=2**31 - 1)
    timeout_s: float = Field(default=30.0, gt=0, le=300)
    max_messages_per_s: int = Field(default=45, ge=1, le=50)
    market_data_type: Literal[1, 2, 3, 4] = 1
    read_only: bool = False
    account: SecretStr = SecretStr("")


class TradingSettings(Section):
    """What may happen. ``dry_run``: every read, no order message leaves the process."""

    mode: Literal["dry_run", "paper"] = "dry_run"


class BotSettings(Section):
    """All settings. Later parts of the bot add their sections here."""

    symbols: tuple[str, ...] = ("SPY", "QQQ")
    broker: BrokerSettings = BrokerSettings()
    trading: TradingSettings = TradingSettings()

    @property
    def orders_allowed(self) -> bool:
        """True only in paper mode with a writable broker."""
        return self.trading.mode == "paper" and not self.broker.read_only

    def describe(self) -> list[str]:
        """``key = value`` lines of everything in force, secrets masked."""
        return [f"{name} = {value}" for name, value in _flat(self.model_dump(), ())]


def load_settings(
    config: Path | None = None,
    *,
    env: Mapping[str, str] | None = None,
    env_file: Path | None = Path(".env"),
) -> BotSettings:
    """Read the settings.

    Args:
        config: YAML file; None reads ``config/bot.yaml`` when it exists.
        env: the environment (default: the process's). Only names that start with
            ``IBKR_BOT__`` count; ``IBKR_BOT__BROKER__PORT=4002`` sets ``broker.port``.
            Values are YAML, so lists are written ``[SPY, QQQ]``.
        env_file: more of the same, weaker than ``env``; ignored when it does not exist.

    Raises:
        SettingsError: unreadable, unknown or invalid keys, all of them at once.
    """
    values: dict[str, Any] = {}
    if config is not None or DEFAULT_CONFIG.exists():
        _merge(values, _read_yaml(config or DEFAULT_CONFIG))
    if env_file is not None and env_file.exists():
        _merge(values, _from_environment(dotenv_values(env_file)))
    _merge(values, _from_environment(os.environ if env is None else env))
    try:
        return BotSettings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError(f"cannot read {path}: {error}") from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise SettingsError(f"{path} holds a {type(loaded).__name__}, not keys and values")
    return loaded


def _from_environment(env: Mapping[str, str | None]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in sorted(env.items()):
        if not name.upper().startswith(ENV_PREFIX) or text is None:
            continue
        *sections, key = name[len(ENV_PREFIX) :].lower().split(ENV_SEPARATOR)
        level = values
        for section in sections:
            below = level.setdefault(section, {})
            if not isinstance(below, dict):
                raise SettingsError(f"{name}: {section} is set as a value, too")
            level = below
        level[key] = _parse(text)
    return values


def _parse(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _merge(into: dict[str, Any], stronger: Mapping[str, Any]) -> None:
    for key, value in stronger.items():
        below = into.get(key)
        if isinstance(below, dict) and isinstance(value, Mapping):
            _merge(below, value)
        else:
            into[key] = dict(value) if isinstance(value, Mapping) else value


def _explain(error: ValidationError) -> str:
    lines = ["the configuration is not usable:"]
    for problem in error.errors(include_input=False, include_url=False):
        path = tuple(str(part) for part in problem["loc"])
        text = problem["msg"]
        if problem["type"] == "extra_forbidden":
            text = "unknown key" + _suggestion(path)
        lines.append(f"  {'.'.join(path)}: {text}")
    return "\n".join(lines)


def _suggestion(path: tuple[str, ...]) -> str:
    """The known key of the same section that looks most like the unknown one."""
    known = list(_keys(BotSettings, ()))
    near = difflib.get_close_matches(".".join(path), [".".join(key) for key in known], n=1)
    if not near:
        by_name = {key[-1]: ".".join(key) for key in known}
        near = [by_name[n] for n in difflib.get_close_matches(path[-1], list(by_name), n=1)]
    return f"; did you mean {near[0]}?" if near else ""


def _keys(model: type[BaseModel], prefix: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        yield (*prefix, name)
        if isinstance(kind, type) and not get_args(kind) and issubclass(kind, BaseModel):
            yield from _keys(kind, (*prefix, name))


def _flat(values: Mapping[str, Any], prefix: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, (*prefix, key))
        else:
            yield ".".join((*prefix, key)), value
