"""A small project whose run every part of a report has something to say about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_ibkr.report.model import Results, from_json

SUITE = """
import socket, struct

import pytest

pytestmark = pytest.mark.live


def frame(*fields):
    body = "".join(f"{field}\\0" for field in fields).encode()
    return struct.pack(">I", len(body)) + body


def read(sock):
    def exactly(size):
        data = b""
        while len(data) < size:
            data += sock.recv(size - len(data))
        return data
    return exactly(struct.unpack(">I", exactly(4))[0]).split(b"\\0")[:-1]


@pytest.fixture
def wire(ibkr):
    with socket.create_connection((ibkr.host, ibkr.port)) as sock:
        offer = b"v157..176"
        sock.sendall(b"API\\0" + struct.pack(">I", len(offer)) + offer)
        read(sock)
        sock.sendall(frame(71, 2, ibkr.client_id, ""))
        yield sock


def current_time(sock):
    sock.sendall(frame(49, 1))
    while (answer := read(sock))[0] != b"49":
        pass
    return answer


@pytest.mark.req("LV-008")
@pytest.mark.parametrize("latency_ms", [12.5, 8.25])
def test_answers(wire, record_property, latency_ms):
    record_property("ibkr:connection_latency_ms", latency_ms)
    assert current_time(wire)
"""
FAILING = """

@pytest.mark.req("LV-016", "LV-017")
def test_fails(wire, record_property):
    record_property("ibkr:order_fill_time_s", 31)
    assert current_time(wire) == [], "<b>late</b>"
"""
INI = """
[pytest]
markers =
    req(*ids): requirement ids
filterwarnings = error
"""


WITHOUT = ("anyio", "asyncio", "randomly", "cacheprovider", "benchmark", "hypothesispytest")
WITHOUT_PAGE = ("html", "html_fixtures")


def run(
    pytester: pytest.Pytester, source: str, *options: str, page: bool = False
) -> pytest.RunResult:
    """Run a suite with a report, in a process of its own, in the order it is written.

    Without ``page`` nothing is drawn, which takes half the time.
    """
    pytester.makeini(INI)
    pytester.path.joinpath("test_gate.py").write_text(source, encoding="utf-8")
    left_out = WITHOUT if page else (*WITHOUT, *WITHOUT_PAGE)
    absent = [option for name in left_out for option in ("-p", f"no:{name}")]
    return pytester.runpytest_subprocess(*absent, "--ibkr-report", "reports", *options)


def reports(pytester: pytest.Pytester) -> Path:
    """Return the report directory of a run."""
    return pytester.path / "reports"


def document(pytester: pytest.Pytester) -> Results:
    """Return the newest results."""
    return from_json((reports(pytester) / "results.json").read_bytes())


def dated(pytester: pytest.Pytester) -> Path:
    """Return the dated directory of the newest run."""
    return reports(pytester) / document(pytester).run.directory


def journal(path: Path) -> list[dict[str, Any]]:
    """Return a journal file's lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
