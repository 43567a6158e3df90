"""serve --add: made-up instruments for programs in any language."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.served import RawClient, command, serving

pytestmark = pytest.mark.ci


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals between processes")
def test_added_instruments_are_there_for_every_client(tmp_path: Path) -> None:
    with serving("--add", "ES,EUR.USD", cwd=tmp_path) as served:
        for client_id in (5, 6):
            with RawClient(served.facts) as client:
                client.send(71, 2, client_id, "")
                client.until(9)
                asked = (0, "ES", "FUT", "202609", 0.0, "", "", "CME", "", "USD", "", "")
                client.send(9, 8, 3, *asked, 0, "", "", "")
                assert client.until(10)[4].startswith("20260918 08:30")
        code, _, err = served.stop()
    assert code == 0
    assert "listed ESU6, synthetic: SPY x 10 with a carry of 3.0% a year" in err
    assert "listed EUR.USD, synthetic: a seeded walk" in err


def test_a_name_nobody_lists_is_a_usage_error(tmp_path: Path) -> None:
    done = command("serve", "--add", "EURUSD", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no instrument is listed by the name 'EURUSD'; did you mean 'EUR.USD'?" in done.stderr
