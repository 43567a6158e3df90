"""``pytest-ibkr check``: is the paper gateway ready for a validation run? Places no order.

Host and port come from the configuration file below the working directory, else they are
127.0.0.1:4002; no option and no variable changes them.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_ibkr.errors import GatewayError, IbkrError, LiveRefused, UsageError

if TYPE_CHECKING:
    from pytest_ibkr.config_file import ConfigFile
    from pytest_ibkr.net.relay.spec import RelayFacts
    from pytest_ibkr.report.gateway_check import Check, Load

CONFIG_FILE = Path("config/live_validation_config.yaml")
_MEASURED_S = 0.5


class Endpoint(NamedTuple):
    """Where a gateway is: an IP literal and a port."""

    host: str
    port: int


def main(arguments: Sequence[str] | None = None, *, endpoint: Endpoint | None = None) -> int:
    """Run the check as a program; return its exit code: 0 ready, 1 not ready, 2 usage.

    Args:
        arguments: of the command line; there are none but ``--help``.
        endpoint: instead of the configured one; no option reaches it.
    """
    parser = argparse.ArgumentParser(prog="check_gateway_connection.py", description=__doc__)
    parser.parse_args(arguments)
    try:
        return run(endpoint)
    except UsageError as exc:
        print(f"check: {exc}", file=sys.stderr)
        return 2


def check(options: argparse.Namespace, stop: threading.Event) -> int:
    """The command of ``pytest-ibkr``."""
    return run(None)


def run(endpoint: Endpoint | None) -> int:
    """Check the gateway and print a line per question; return the exit code.

    Raises:
        UsageError: the configuration file is not acceptable; nothing was connected.
    """
    from pytest_ibkr.report.gateway_check import Check, passed, text_of

    config = _config()
    where = endpoint or Endpoint(config.gateway.host, config.gateway.port)
    try:
        lines = _checks(config, where)
    except (LiveRefused, GatewayError) as exc:
        refused = isinstance(exc, LiveRefused) and not exc.rule.startswith("endpoint.")
        name = "account" if refused else "gateway"
        lines = [Check(name, "FAIL", _masked(str(exc)))]
    for line in text_of(lines):
        print(line)
    if not passed(lines):
        print(f"NOT READY: the gateway on port {where.port} is not fit for a validation run")
        return 1
    print(f"READY: connected to the paper gateway on port {where.port}; no order was sent")
    return 0


def _checks(config: ConfigFile, where: Endpoint) -> list[Check]:
    from pytest_ibkr.live_gateway import paper_account, relay_spec
    from pytest_ibkr.net.checking import observe
    from pytest_ibkr.net.relay_handle import RelayHandle
    from pytest_ibkr.report.gateway_check import Question, checks

    paper = config.paper_trading
    wanted = paper_account(config, CONFIG_FILE, os.environ).id
    spec = relay_spec(config, account=wanted, audit=None, mode="read")
    spec = replace(spec, host=where.host, port=where.port, name="check")
    with RelayHandle.start(spec) as handle:
        observed = observe(handle.host, handle.port)
        facts = handle.facts
    opens, unknown = _market(facts)
    return checks(
        Question(
            host=where.host,
            port=where.port,
            facts=facts,
            observed=observed,
            load=_load(),
            wanted_account=wanted,
            initial_capital=paper.initial_capital,
            capital_matters=paper.safety_checks.verify_virtual_capital,
            opens=opens,
            market_unknown=unknown,
        )
    )


def _config() -> ConfigFile:
    from pytest_ibkr.config_file import ConfigFile, load_config

    return load_config(CONFIG_FILE) if CONFIG_FILE.is_file() else ConfigFile()


def _market(facts: RelayFacts) -> tuple[str | None, str | None]:
    """When the market opens next (None: it is open), and why nothing is known about it."""
    from pytest_ibkr import market_hours

    now = datetime.now(UTC) + timedelta(seconds=facts.offset_s)
    try:
        if market_hours.session_at(now) is not None:
            return None, None
        opening = market_hours.next_opening(now)
    except IbkrError as exc:
        return None, str(exc).replace("\n", " ")
    return ("later" if opening is None else f"{opening:%A %Y-%m-%d %H:%M %Z}"), None


def _load() -> Load:
    from pytest_ibkr.report.gateway_check import Load

    try:
        import psutil
    except ImportError:
        return Load()
    cpu_pct = psutil.cpu_percent(interval=_MEASURED_S)
    return Load(cpu_pct=cpu_pct, memory_pct=psutil.virtual_memory().percent)


def _masked(text: str) -> str:
    from pytest_ibkr.snapshot.redact import mask_accounts

    return mask_accounts(text)
