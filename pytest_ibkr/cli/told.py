"""What a command was told: options and environment; a command reads no ini file."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pytest_ibkr.settings import Settings, resolve


def settings_of(options: argparse.Namespace) -> Settings:
    """Bring a command's options and the environment together.

    Raises:
        ValueError: something is not acceptable; the option or variable is named.
    """
    from pytest_ibkr.wire.versions import NEWEST, OLDEST

    here = Path.cwd()
    return resolve(
        cli={name: getattr(options, name, None) for name in ("snapshot", "scenario")},
        environ=os.environ,
        ini={},
        rootdir=here,
        cwd=here,
        versions=range(OLDEST, NEWEST + 1),
        option=lambda name: f"--{name.replace('_', '-')}",
    )
