"""serve --snapshot DIR: many days, one after the other, until the last one is over."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from tests.cli.served import Served, serving

SUMMER = Path(__file__).parents[2] / "fixtures/ibkr_snapshots/days_summer_2026"
STORED = SUMMER / "snapshot_normal_20260710_160000.json.gz"


def said(served: Served, text: str, *, timeout_s: float) -> list[str]:
    """What it logged up to a line with ``text``."""
    lines: list[str] = []
    found = threading.Event()

    def read() -> None:
        assert served.process.stderr is not None
        for line in served.process.stderr:
            lines.append(line)
            if text in line:
                found.set()
                return

    threading.Thread(target=read, daemon=True).start()
    assert found.wait(timeout_s), lines
    return lines


def test_it_says_which_days_it_serves_and_when_they_are_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = tmp_path / "days"
    days.mkdir()
    shutil.copy(STORED, days)
    with serving(
        *("--snapshot", str(days), "--speed", "1000"), cwd=tmp_path, IBKR_CLOCK_START="15:55"
    ) as server:
        assert server.facts["days"] == ["20260710"]
        lines = said(server, "the market's days are over: 20260710 was the last", timeout_s=30)
        assert any("serving days, 1 days 20260710 to 20260710," in line for line in lines)


@pytest.mark.ci
@pytest.mark.timeout(120)
def test_it_goes_on_with_the_next_day(tmp_path: Path) -> None:
    with serving(
        *("--snapshot", str(SUMMER), "--speed", "1000"), cwd=tmp_path, IBKR_CLOCK_START="15:59"
    ) as server:
        assert len(server.facts["days"]) == 38
        said(server, "new trading day 20260616: synthetic", timeout_s=90)
