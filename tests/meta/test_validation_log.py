"""Where the log of a validation session goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live_validation.session_log import below

LOG = Path("logs/live_validation/session.log")


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("/p/reports", "/p/reports/logs/live_validation/session.log"),
        ("/p/logs/live_validation", "/p/logs/live_validation/session.log"),
        ("/p/other/live_validation", "/p/other/live_validation/logs/live_validation/session.log"),
    ],
)
def test_the_log_is_below_the_reports_and_names_their_folder_once(place: str, path: str) -> None:
    assert below(Path(place), LOG) == Path(path)


def test_a_log_without_a_folder_is_beside_the_reports() -> None:
    assert below(Path("/p/reports"), Path("session.log")) == Path("/p/reports/session.log")
