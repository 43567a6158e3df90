"""What one pytest run was told, brought together and checked once. No socket, no clock.

Whatever is wrong is a ``pytest.UsageError``: pytest prints its text, and nothing around it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_ibkr.errors import IbkrError
from pytest_ibkr.settings import PARSERS, Settings, ini_name, resolve
from pytest_ibkr.wire.versions import NEWEST, OLDEST

if TYPE_CHECKING:
    from pytest_ibkr.config_file import ConfigFile
    from pytest_ibkr.gateway import Gateway
    from pytest_ibkr.net.seatbelt import Belt

LIVE_REPORTS = Path("logs", "live_validation")  # of a live run that names no other place
_SETTINGS = pytest.StashKey[Settings]()
_BELT: pytest.StashKey[Belt] = pytest.StashKey()
_CONFIG_FILE = pytest.StashKey["ConfigFile"]()


def settings_of(config: pytest.Config) -> Settings:
    """What this run was told.

    Raises:
        pytest.UsageError: something of it is not acceptable.
    """
    if _SETTINGS not in config.stash:
        try:
            config.stash[_SETTINGS] = resolve(
                cli={name: config.getoption(ini_name(name), None) for name in PARSERS},
                environ=os.environ,
                ini={name: config.getini(ini_name(name)) for name in PARSERS},
                rootdir=config.rootpath,
                cwd=config.invocation_params.dir,
                versions=range(OLDEST, NEWEST + 1),
            )
        except ValueError as exc:
            raise pytest.UsageError(str(exc)) from None
    return config.stash[_SETTINGS]


def report_settings_of(config: pytest.Config, *, live: bool) -> Settings | None:
    """Settings with a place for the report: a live run always has one; None: no report."""
    settings = settings_of(config)
    if settings.report is None and live:
        return replace(settings, report=config.rootpath / LIVE_REPORTS)
    return settings if settings.report is not None else None


def config_file_of(config: pytest.Config) -> ConfigFile:
    """The checked configuration file; all defaults without one.

    Raises:
        pytest.UsageError: it is not acceptable.
    """
    if _CONFIG_FILE not in config.stash:
        from pytest_ibkr.config_file import ConfigFile, load_config

        path = settings_of(config).config
        try:
            config.stash[_CONFIG_FILE] = ConfigFile() if path is None else load_config(path)
        except IbkrError as exc:
            raise pytest.UsageError(str(exc)) from None
    return config.stash[_CONFIG_FILE]


def check(config: pytest.Config) -> None:
    """Check everything a run was told, the whole configuration file and the market included.

    Raises:
        pytest.UsageError: something of it is not acceptable.
    """
    from pytest_ibkr.snapshot_choice import chosen

    config_file_of(config)
    try:
        chosen(settings_of(config))
    except IbkrError as exc:
        raise pytest.UsageError(str(exc)) from None


def fasten_belt(config: pytest.Config, *, live: bool) -> None:
    """Let this process connect to no gateway but through what tests are given, once.

    Raises:
        pytest.UsageError: the configuration file, which says where the gateway is, is not
            acceptable.
    """
    from pytest_ibkr.net.seatbelt import fasten

    if _BELT in config.stash:
        return
    gateway = config_file_of(config).gateway
    config.stash[_BELT] = fasten((gateway.port, *gateway.extra_paper_ports), live=live)


def release_belt(config: pytest.Config) -> None:
    """Let go of it: the run is over."""
    if (belt := config.stash.get(_BELT, None)) is not None:
        belt.release()


def new_gateway(config: pytest.Config) -> Gateway:
    """A gateway with the run's market and server version, not started."""
    from pytest_ibkr.gateway import open_gateway
    from pytest_ibkr.snapshot_choice import chosen

    settings = settings_of(config)
    version = settings.server_version or NEWEST
    return open_gateway(chosen(settings).snapshot, server_version=version)
