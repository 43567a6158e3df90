"""A failing test shows what crossed the wire; a passing one stays quiet."""

from __future__ import annotations

TALK = """
    import socket
    import pytest

    def frame(*fields):
        body = b"".join(str(field).encode() + b"\\0" for field in fields)
        return len(body).to_bytes(4, "big") + body

    @pytest.fixture
    def talk(ibkr):
        with socket.create_connection((ibkr.host, ibkr.port), timeout=5) as client:
            version = b"v157..178"
            client.sendall(b"API\\0" + len(version).to_bytes(4, "big") + version)
            client.recv(100)
            client.sendall(frame(71, 2, ibkr.client_id, "") + frame(49, 1))
            ibkr.journal.wait_for("reqCurrentTime")
            yield client
"""


def test_a_failing_test_shows_the_wire(run) -> None:
    result = run(TALK + "\n    def test_it(talk):\n        assert False\n")
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [
            r"-+ ibkr wire timeline -+",
            r"10:00:\d\d\.\d{3} #1 -> gateway  startApi client_id=7200.*",
            r"10:00:\d\d\.\d{3} #1 -> gateway  reqCurrentTime.*",
        ]
    )


def test_a_passing_test_does_not(run) -> None:
    result = run(TALK + "\n    def test_it(talk):\n        pass\n", "-rA")
    result.assert_outcomes(passed=1)
    assert "wire timeline" not in result.stdout.str()


def test_a_test_that_fails_without_a_gateway_shows_none(run) -> None:
    result = run("def test_it():\n    assert False\n")
    result.assert_outcomes(failed=1)
    assert "wire timeline" not in result.stdout.str()


def test_a_failing_set_up_shows_it_too(run) -> None:
    source = (
        TALK
        + """
    @pytest.fixture
    def broken(talk):
        raise RuntimeError("no")

    def test_it(broken):
        pass
"""
    )
    result = run(source)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ibkr wire timeline*", "*startApi*"])


def test_a_gateway_that_stopped_says_so_instead_of_hiding_the_failure(run) -> None:
    result = run(
        """
        def test_it(ibkr, ibkr_gateway):
            ibkr_gateway.stop()
            assert False, "the failure"
        """
    )
    result.stdout.fnmatch_lines(["*the failure*", "*ibkr wire timeline*", "not available: *"])
