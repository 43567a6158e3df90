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


def test_a_gateway_that_stopped_still_shows_what_crossed_the_wire(run) -> None:
    result = run(
        TALK
        + """
    def test_it(talk, ibkr_gateway):
        ibkr_gateway.stop()
        assert False, "the failure"
"""
    )
    result.stdout.fnmatch_lines(["*the failure*", "*ibkr wire timeline*", "*startApi*"])


GREET = """
    import socket

    def greet(session):
        with socket.create_connection((session.host, session.port), timeout=5) as client:
            client.sendall(b"API\\0" + len(b"v157..178").to_bytes(4, "big") + b"v157..178")
            assert client.recv(100)
"""


def test_gateways_of_the_factory_are_shown_each_under_its_port(run) -> None:
    result = run(
        GREET
        + """
    def test_it(ibkr_gateway_factory):
        one, two = ibkr_gateway_factory(), ibkr_gateway_factory(server_version=163)
        greet(one)
        greet(two)
        assert False
"""
    )
    result.stdout.re_match_lines(
        [
            r"-+ ibkr wire timeline of port \d+ -+",
            r".*connected at server version 178",
            r"-+ ibkr wire timeline of port \d+ -+",
            r".*connected at server version 163",
        ]
    )


def test_of_the_shared_gateway_a_failing_test_shows_its_own_share(run) -> None:
    result = run(
        GREET
        + """
    def test_first(live_gateway):
        greet(live_gateway)
        live_gateway.journal.wait_for(lambda e: "closed" in getattr(e.message, "text", ""))

    def test_second(live_gateway):
        assert False
"""
    )
    result.stdout.fnmatch_lines(["*ibkr wire timeline*", "(nothing crossed the wire)"])


def test_a_refused_client_is_seen(run) -> None:
    result = run(
        """
        import socket

        def test_it(ibkr):
            with socket.create_connection((ibkr.host, ibkr.port), timeout=5) as client:
                client.sendall(b"API\\0\\0\\0\\0\\x09v100..150")
                assert client.recv(100), "no answer"
        """
    )
    result.stdout.fnmatch_lines(["*refused: client offers 100 to 150, gateway speaks 151 to *"])
