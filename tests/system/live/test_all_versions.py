"""The careless clients and evil gateways of this directory at server versions with bodies.

What the relay is not offered (see ``NEWEST_RELAYED``) these tests let it speak: the guard must
hold there before anybody else may. The programs of official clients and the plugin's own way to
a gateway stay at text.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
FILES = ("test_frames.py", "test_orders.py", "test_answers.py", "test_accounts.py")


@pytest.mark.proof
@pytest.mark.timeout(900)
@pytest.mark.parametrize("version", [213, 225])
def test_the_cases_hold_where_messages_have_bodies(version: int) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *(str(HERE / name) for name in FILES)],
        cwd=ROOT,
        env={**os.environ, "IBKR_EVIL_VERSION": str(version)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout
