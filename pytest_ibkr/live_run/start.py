"""From a pytest configuration to a run that goes live, or not. Connects to nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from pytest_ibkr.errors import IbkrError
from pytest_ibkr.live_run.asked import CAPTURE, LIVE, YES, Going, Told, decide, key_of
from pytest_ibkr.run_settings import config_file_of, fasten_belt, settings_of

_DESTS = {LIVE: "live_gateway", CAPTURE: "capture_snapshot", YES: "ibkr_yes"}


def going_of(config: pytest.Config) -> Going | None:
    """What a run was asked to do beside the simulator; None: nothing.

    Raises:
        pytest.UsageError: it may not; nothing was connected.
    """
    told = Told(
        typed=[str(argument) for argument in config.invocation_params.args],
        flags=frozenset(flag for flag, dest in _DESTS.items() if config.getoption(dest, None)),
        expression=config.getoption("markexpr", ""),
        environ=os.environ,
        ini={key_of(flag): config.getini(key_of(flag)) for flag in _DESTS},
        offline=settings_of(config).offline,
        workers=workers_of(config.getoption("tx", None) or ()),
        dist=config.getoption("dist", None) or "no",
    )
    try:
        return decide(told)
    except IbkrError as exc:
        raise pytest.UsageError(str(exc)) from None


def workers_of(specs: Sequence[str]) -> int:
    """How many workers xdist's ``--tx`` asks for: ``popen`` is one, ``3*popen`` are three."""
    counts = (spec.partition("*")[0] if "*" in spec else "1" for spec in specs)
    return sum(int(count) if count.isdigit() else 1 for count in counts)


def go(config: pytest.Config, going: Going) -> None:
    """Let a run's live tests meet the paper gateway.

    Raises:
        pytest.UsageError: the configuration file does not say where the paper gateway is, or
            something of it is not acceptable; nothing was connected.
    """
    from pytest_ibkr.live_gateway import paper_account, relay_spec
    from pytest_ibkr.live_run.hooks import NAME, LivePlugin

    path = _config_path(config, going.asked)
    file = config_file_of(config)
    try:
        account = paper_account(file, path, os.environ)
        spec = relay_spec(file, account=account.id, audit=None)
    except IbkrError as exc:
        raise pytest.UsageError(str(exc)) from None
    fasten_belt(config, live=True)
    plugin = LivePlugin(config, spec, why_no_orders=account.why_not, distributed=going.distributed)
    config.pluginmanager.register(plugin, NAME)


def go_as_worker(config: pytest.Config, said: str) -> None:
    """Make an xdist worker part of a live run."""
    from pytest_ibkr.live_run.hooks import NAME, LivePlugin

    fasten_belt(config, live=True)
    config.pluginmanager.register(LivePlugin.in_worker(config, said), NAME)


def _config_path(config: pytest.Config, asked: str) -> Path:
    """The configuration file, which alone says where the gateway is."""
    path, rootdir = settings_of(config).config, config.rootpath
    if path is None:
        raise pytest.UsageError(
            f"{asked} needs a configuration file that says where the paper gateway is\n"
            "  state: nothing was connected and no test ran\n"
            f"  fix:   write {rootdir / 'config' / 'live_validation_config.yaml'} with the section"
            " gateway: {host: 127.0.0.1, port: 4002}"
        )
    if not path.resolve().is_relative_to(rootdir.resolve()):
        raise pytest.UsageError(
            f"{asked} takes the paper gateway's address from below the root directory only, and"
            f" {path} is not below {rootdir}\n"
            "  state: nothing was connected and no test ran\n"
            "  fix:   copy the file into the project, and name it with --ibkr-config"
        )
    return path
