"""ibkr_server_version: the same test once per version, on the wire."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.versions import NEWEST

ASKS = """
    import socket
    import pytest

    def greeted(ibkr):
        offer = b"v100..225"
        with socket.create_connection((ibkr.host, ibkr.port), timeout=5) as client:
            client.sendall(b"API\\0" + len(offer).to_bytes(4, "big") + offer)
            answer = client.recv(100)
        return int(answer[4:].split(b"\\0")[0])
"""


def test_it_runs_once_per_version_and_the_gateway_speaks_it(run) -> None:
    result = run(
        ASKS
        + """
    @pytest.mark.ibkr_server_version(157, 163, 176)
    def test_it(ibkr, ibkr_server_version):
        assert greeted(ibkr) == ibkr_server_version
        print("spoke", greeted(ibkr))

    def test_next(ibkr):
        print("usual", greeted(ibkr))
    """,
        "-v",
        "-rP",
    )
    result.assert_outcomes(passed=4)
    for version in (157, 163, 176):
        result.stdout.fnmatch_lines([f"*::test_it[[]{version}] PASSED*"])
        assert f"spoke {version}" in result.stdout.str()
    result.stdout.fnmatch_lines([f"usual {NEWEST}"])


def test_the_marker_wins_over_the_option(run) -> None:
    source = (
        ASKS
        + """
    @pytest.mark.ibkr_server_version(163)
    def test_it(ibkr):
        assert greeted(ibkr) == 163

    def test_usual(ibkr):
        assert greeted(ibkr) == 157
    """
    )
    run(source, "--ibkr-server-version=157").assert_outcomes(passed=2)


def test_it_works_on_a_class_with_other_parameters(run) -> None:
    source = (
        ASKS
        + """
    @pytest.mark.ibkr_server_version(157, 178)
    class TestIt:
        @pytest.mark.parametrize("n", [1, 2])
        def test_it(self, ibkr_clock, n):
            assert n
    """
    )
    run(source).assert_outcomes(passed=4)


@pytest.mark.parametrize("other", ["ibkr_clock", "ibkr_gateway_factory", "ibkr"])
def test_it_accepts_every_fixture_that_starts_a_session(run, other: str) -> None:
    source = f"""
    import pytest

    @pytest.mark.ibkr_server_version(157)
    def test_it({other}):
        pass
    """
    run(source).assert_outcomes(passed=1)
