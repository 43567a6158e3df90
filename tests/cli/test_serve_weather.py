"""serve --weather: bad weather for programs in any language."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tests.cli.served import RawClient, command, serving

pytestmark = pytest.mark.ci


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals between processes")
def test_weather_is_in_force_from_the_start_and_said_at_the_end(tmp_path: Path) -> None:
    words = "farm_flap:farms=history:for_s=60,nightly_restart:at=10:02:refuse_s=30:reset_s=0,pacing"
    with serving("--weather", words, "--speed", "60", cwd=tmp_path) as served:
        with RawClient(served.facts) as client:
            client.send(71, 2, 5, "")
            while client.until(4)[3] != "2105":
                pass
            with pytest.raises(ConnectionError):
                client.until(999)  # until the restart at 10:02, two real seconds away
        deadline = time.monotonic() + 10
        refused = 0
        while True:
            try:
                with RawClient(served.facts) as again:
                    again.send(71, 2, 5, "")
                    again.until(9)
                break
            except ConnectionError:
                refused += 1
                assert time.monotonic() < deadline
                time.sleep(0.05)
        assert refused
        code, _, err = served.stop()
    assert code == 0, err
    assert "weather farm_flap(farms='history', for_s=60.0): met 1 times" in err
    assert "weather nightly_restart(at='10:02', refuse_s=30.0, reset_s=0.0): met 1 times" in err
    assert "weather pacing(): not met: it is met by a request after startApi" in err


def test_weather_nobody_knows_is_a_usage_error(tmp_path: Path) -> None:
    done = command("serve", "--weather", "pacing,nightly_restar", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "unknown weather 'nightly_restar'; did you mean 'nightly_restart'?" in done.stderr
