"""What a project may replace: market, configuration, the live connection."""

from __future__ import annotations

import re

import pytest


@pytest.mark.parametrize("scope", ["function", "session"])
def test_a_project_may_bring_its_own_market(run, pytester, scope: str) -> None:
    pytester.makeconftest(
        f"""
        import gzip, json
        import pytest
        from pytest_ibkr.snapshot.model import Snapshot
        from pytest_ibkr.snapshot_choice import PACKAGED

        @pytest.fixture(scope={scope!r})
        def ibkr_snapshot():
            [path] = PACKAGED.iterdir()
            raw = json.loads(gzip.decompress(path.read_bytes()))
            raw["symbols"].pop("QQQ")
            return Snapshot(raw, name="mine", content=json.dumps(raw).encode())
        """
    )
    result = run(
        """
        def test_it(ibkr):
            assert ibkr.engine.world.snapshot.name == "mine"
            assert "QQQ" not in ibkr.engine.world.snapshot.symbols
        """
    )
    result.assert_outcomes(passed=1)


def test_the_configuration_has_its_defaults_without_a_file(run) -> None:
    run(
        """
        def test_it(ibkr_config):
            assert ibkr_config.thresholds.order_fill_timeout_seconds == 30
        """
    ).assert_outcomes(passed=1)


@pytest.mark.req("LV-002")
def test_the_configuration_comes_from_the_file_asked_for(run, pytester) -> None:
    text = "thresholds: {order_fill_timeout_seconds: 7}\n"
    (pytester.path / "mine.yaml").write_text(text, "utf-8")
    source = """
        def test_it(ibkr_config):
            assert ibkr_config.thresholds.order_fill_timeout_seconds == 7
    """
    run(source, "--ibkr-config=mine.yaml").assert_outcomes(passed=1)


@pytest.mark.req("LV-002")
def test_a_typo_in_the_configuration_is_refused(run, pytester) -> None:
    (pytester.path / "mine.yaml").write_text("treshold: {}\n", "utf-8")
    result = run("def test_it(ibkr_config):\n    pass\n", "--ibkr-config=mine.yaml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*treshold: unknown key; did you mean 'thresholds'*"])


def test_without_a_broker_of_its_own_a_live_test_says_what_to_write(run) -> None:
    result = run("def test_it(live_gateway_connection):\n    pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*this project has no broker to run live tests with: nothing was connected*"]
    )
    result.stdout.fnmatch_lines(["*def live_gateway_connection(live_gateway):*"])


BROKER = """
    import socket
    import pytest

    @pytest.fixture(scope="session")
    def live_gateway_connection(live_gateway):
        with socket.create_connection((live_gateway.host, live_gateway.port), 5) as broker:
            yield broker
"""


def test_the_live_gateway_is_never_reset_under_the_connection(run, pytester) -> None:
    pytester.makeconftest(BROKER)
    result = run(
        """
        import datetime as dt

        def alive(broker):
            offer = b"v157..178"
            broker.sendall(b"API\\0" + len(offer).to_bytes(4, "big") + offer)
            return broker.recv(100)

        def test_first(live_gateway_connection):
            assert live_gateway_connection.getpeername()

        def test_simulator(ibkr):
            assert ibkr.journal.entries() == []

        def test_second(live_gateway_connection, live_gateway, ibkr_clock):
            assert live_gateway_connection.getpeername()[1] == live_gateway.port
            assert b"178" in alive(live_gateway_connection)
            assert ibkr_clock is live_gateway.clock
            assert abs((dt.datetime.now(dt.UTC) - ibkr_clock.now()).total_seconds()) < 1
        """
    )
    result.assert_outcomes(passed=3)


@pytest.mark.parametrize("live", ["live_gateway_connection", "live_gateway"])
def test_both_gateways_in_one_test_are_an_error_at_collection(run, pytester, live: str) -> None:
    pytester.makeconftest(BROKER)
    result = run(f"def test_it(ibkr, {live}):\n    pass\n")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([f"*uses ibkr and {live}: a test meets one gat*"])


def test_every_fixture_says_in_a_line_what_it_is(run) -> None:
    text = run("def test_it():\n    pass\n", "--fixtures").stdout.str()
    ours = text.partition("fixtures defined from pytest_ibkr.fixtures")[2].partition("-----\n")[2]
    said = dict(re.findall(r"^(\w+).* -- .*\n    (.+)$", ours.partition("\n---")[0], re.M))
    assert set(said) == {
        "ibkr",
        "ibkr_clock",
        "ibkr_config",
        "ibkr_gateway",
        "ibkr_gateway_factory",
        "ibkr_server_version",
        "ibkr_snapshot",
        "live_gateway",
        "live_gateway_connection",
    }
    assert "no docstring available" not in said.values()
