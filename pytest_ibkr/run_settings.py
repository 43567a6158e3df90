"""What one pytest run was told, brought together and checked once. No socket, no clock.

Whatever is wrong is a ``pytest.UsageError``: pytest prints its text, and nothing around it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pytest_ibkr.errors import IbkrError
from pytest_ibkr.settings import PARSERS, Settings, ini_name, resolve
from pytest_ibkr.wire.versions import NEWEST, OLDEST

if TYPE_CHECKING:
    from pytest_ibkr.config_file import ConfigFile
    from pytest_ibkr.gateway import Gateway

_SETTINGS = pytest.StashKey[Settings]()
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


def refuse_live(config: pytest.Config, asked: str) -> None:
    """End a run that asked for what only a live side has, unless it is a rehearsal.

    Raises:
        pytest.UsageError: nothing was connected.
    """
    capture = asked == "--capture-snapshot"
    if not capture and settings_of(config).offline:
        return
    if os.environ.get("CI"):
        reason = "is refused where CI is set: nobody watches the account there"
    else:
        reason = "needs the live side of pytest-ibkr, which is not part of this version"
    fix = "add --ibkr-offline to rehearse live tests against the simulated gateway"
    if capture:
        fix = "take the option away; docs/reference/snapshot-schema.md says how to make a snapshot"
    raise pytest.UsageError(
        f"{asked} {reason}\n  state: nothing was connected and no test ran\n  fix:   {fix}"
    )


def new_gateway(config: pytest.Config) -> Gateway:
    """A gateway with the run's market and server version, not started."""
    from pytest_ibkr.gateway import open_gateway
    from pytest_ibkr.snapshot_choice import chosen

    settings = settings_of(config)
    version = settings.server_version or NEWEST
    return open_gateway(chosen(settings).snapshot, server_version=version)
