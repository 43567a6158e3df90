"""serve --recording: a gateway's log answers programs in any language."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_ibkr.capture.gateway_log import import_log
from tests.capture.logs import lines
from tests.cli.served import RawClient, command, serving


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals between processes")
def test_programs_get_what_was_recorded(tmp_path: Path) -> None:
    import_log(lines("live_session"), server_version=178).recording.save(tmp_path / "r.jsonl")
    with serving("--recording", "r.jsonl", cwd=tmp_path) as served:
        with RawClient(served.facts) as client:
            client.send(71, 2, 5, "")
            client.until(9)
            client.send(61, 1)
            assert client.until(62) == ["62", "1"]
        code, _, _ = served.stop()
    assert code == 0


def test_what_is_no_recording_is_a_usage_error(tmp_path: Path) -> None:
    done = command("serve", "--recording", "absent.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert "absent.jsonl cannot be replayed: No such file" in done.stderr
