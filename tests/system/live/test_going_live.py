"""Going live is typed: no file, no variable and no default takes a run to a real gateway.

Each row is a way to ask for it without typing it; the gateway never hears a byte.
"""

from __future__ import annotations

import pytest

from tests.system.live.careless import NOT_IN_BODIES
from tests.system.live.evil_gateway import EvilGateway, Script, always
from tests.system.live.ids import LIVE, PAPER
from tests.system.live.paper_gateway import paper_gateway
from tests.system.live.project import LiveProject, eventually

pytestmark = [pytest.mark.ci, pytest.mark.timeout(240)]

BODY = """
import socket
with socket.create_connection((ibkr.host, ibkr.port)):
    pass
Path("ran").write_text(str(ibkr.port))
"""

NOT_TYPED = [
    pytest.param({"ini": "addopts = --live-gateway"}, id="--live-gateway in addopts"),
    pytest.param({"ini": "addopts = -m live"}, id="-m live in addopts"),
    pytest.param({"ini": "addopts = --live-gateway --ibkr-yes"}, id="--ibkr-yes in addopts"),
    pytest.param({"environment": {"PYTEST_ADDOPTS": "--live-gateway"}}, id="PYTEST_ADDOPTS"),
    pytest.param({"environment": {"PYTEST_ADDOPTS": "-m live"}}, id="-m live in PYTEST_ADDOPTS"),
    pytest.param({"ini": "addopts = --capture-snapshot --ibkr-yes"}, id="a capture in addopts"),
    pytest.param(
        {"environment": {"PYTEST_ADDOPTS": "--capture-snapshot --ibkr-yes"}}, id="a capture"
    ),
    pytest.param(
        {"environment": {"IBKR_LIVE_GATEWAY": "1", "IBKR_LIVE": "1"}}, id="IBKR_… variables"
    ),
    pytest.param({"ini": "live_gateway = true\nibkr_live_gateway = true"}, id="ini keys"),
]


@pytest.mark.parametrize("told", NOT_TYPED)
def test_what_was_not_typed_does_not_go_live(told, tmp_path):
    with EvilGateway() as gateway:
        project = LiveProject(tmp_path, gateway)
        project.test(BODY, marks="live")
        (project.folder / "pytest.ini").write_text(f"[pytest]\n{told.get('ini', '')}\n")
        done = project.run(flag="", **told.get("environment", {}))
        assert not gateway.heard, done.text
        if project.said("ran"):  # then on the simulator, and the run says so
            assert (project.folder / "ran").read_text() != str(gateway.port)


@pytest.mark.parametrize("flag", ["--live-gateway", "--capture-snapshot"])
@pytest.mark.parametrize("value", ["true", "1", "anything"])
def test_where_ci_is_set_nothing_goes_live(flag, value, tmp_path):
    with EvilGateway() as gateway:
        project = LiveProject(tmp_path, gateway)
        project.test(BODY, marks="live")
        done = project.run(flag=flag, CI=value)
        assert done.code == 4, done.text
        assert not gateway.heard


@NOT_IN_BODIES
def test_what_was_typed_goes_live(tmp_path):
    """The counterpart of this file's table: the same project, typed."""
    with EvilGateway() as gateway:
        project = LiveProject(tmp_path, gateway)
        project.test(BODY, marks="live")
        done = project.run()
        assert done.code == 0, done.text
        assert gateway.heard


@NOT_IN_BODIES
def test_a_live_account_ends_the_run_with_4_before_any_test_ran(tmp_path):
    with EvilGateway(Script(accounts=always(LIVE))) as gateway:
        project = LiveProject(tmp_path, gateway)
        project.test(BODY, marks="live")
        project.test("Path('other').touch()", marks="", name="test_unmarked")
        done = project.run()
        assert done.code == 4, done.text
        assert not project.said("ran")
        assert not project.said("other")
        assert LIVE not in done.text, "an account id is shown unmasked"
        assert not gateway.suspicious()


def test_a_live_account_under_xdist_ends_the_run_with_4(tmp_path):
    with EvilGateway(Script(accounts=always(LIVE))) as gateway:
        project = LiveProject(tmp_path, gateway)
        project.test(BODY, marks="live")
        done = project.run("-n", "2")
        assert done.code == 4, done.text
        assert not project.said("ran")
        assert not gateway.suspicious()


def test_an_account_that_turns_live_in_mid_session_ends_the_run_with_4(tmp_path):
    with paper_gateway() as gateway:
        project = LiveProject(tmp_path, gateway)
        project.test(
            """
            with joined(ibkr) as client:
                Path("in").touch()
                assert client.is_closed()
                client.ask(order(1))
            """
        )
        project.test("Path('next').touch()", name="test_next")
        run = project.start()
        try:
            eventually(lambda: project.said("in"), "a client is in")
            gateway.ask("serve", account=LIVE)
            done = run.end()
        finally:
            run.kill()
        assert done.code == 4, done.text
        assert not project.said("next")
        assert not gateway.order_requests()


@pytest.mark.parametrize(
    ("section", "place"),
    [
        pytest.param({"host": "localhost"}, "host", id="localhost, whatever it is mapped to"),
        pytest.param({"host": "gateway.example"}, "host", id="a name"),
        pytest.param({"host": "::ffff:127.0.0.1"}, "host", id="an IPv4 address written as IPv6"),
        pytest.param({"host": "0.0.0.0"}, "host", id="every address of the machine"),
        pytest.param({"host": "10.1.2.3"}, "host", id="another machine that is not listed"),
        pytest.param({"host": "127.0.0.1 "}, "host", id="an address and a blank"),
        pytest.param({"port": 4001}, "port", id="the live gateway's port"),
        pytest.param({"port": 7496}, "port", id="live TWS"),
        pytest.param({"port": 4003}, "port", id="4003"),
        pytest.param({"port": 7498}, "port", id="7498"),
        pytest.param({"extra_paper_ports": []}, "port", id="a port nobody called paper"),
        pytest.param({"extra_paper_ports": [4001]}, "port", id="a live port called paper"),
    ],
)
def test_an_endpoint_that_is_not_the_paper_gateway_is_not_dialled(section, place, tmp_path):
    with EvilGateway() as gateway:
        project = LiveProject(tmp_path, gateway)
        project.test(BODY, marks="live")
        project.configure(**section)
        done = project.run()
        assert done.code == 4, done.text
        assert place in done.text
        assert not gateway.heard
        assert not project.said("ran")


def test_host_and_port_cannot_come_from_the_environment(tmp_path):
    with EvilGateway() as gateway, EvilGateway() as other:
        project = LiveProject(tmp_path, gateway)
        project.test(BODY, marks="live")
        project.run(IBKR_HOST="127.0.0.1", IBKR_PORT=str(other.port))
        assert not other.heard


def test_orders_without_the_account_named_say_what_to_set(tmp_path):
    with paper_gateway() as gateway:
        project = LiveProject(tmp_path, gateway, account="")
        project.test("with joined(ibkr) as client:\n    client.ask(order(1))\n    client.error(1)")
        done = project.run()
        assert done.code == 1, done.text
        assert "IBKR_PAPER_ACCOUNT" in done.text
        assert not gateway.order_requests()


def test_an_order_in_a_test_without_the_marker_fails_that_test(tmp_path):
    with paper_gateway() as gateway:
        project = LiveProject(tmp_path, gateway)
        project.test(
            "with joined(ibkr) as client:\n    client.ask(order(1))\n    assert client.refused(1)",
            marks="live",
        )
        done = project.run()
        assert done.code == 1, done.text
        assert "places_orders" in done.text
        assert not gateway.order_requests()


def test_a_thread_of_an_earlier_test_places_nothing_in_the_next(tmp_path):
    """A bot's reconnect loop survives its test and comes back in the next, which may order."""
    with paper_gateway() as gateway:
        project = LiveProject(tmp_path, gateway)
        project.test(
            """
            import builtins
            builtins.left_over = (ibkr.host, ibkr.port, ibkr.client_id)
            with joined(ibkr) as client:
                rest(client, 1)
            """,
            name="test_one",
        )
        project.test(
            """
            import builtins
            host, port, client_id = builtins.left_over
            with careless(host, port) as late:
                try:
                    late.start(client_id)
                    late.ask(order(50))
                    assert late.refused(50)
                except Exception as exc:
                    assert type(exc).__name__ == "Closed", exc
            Path("came-back").touch()
            """,
            name="test_two",
        )
        done = project.run()
        assert project.said("came-back"), done.text
        placed = [r["order_id"] for r in gateway.order_requests() if r["name"] == "placeOrder"]
        assert placed == [1]
        assert not gateway.working()


def test_two_runs_at_once_on_one_account_are_one_too_many(tmp_path):
    with paper_gateway() as gateway:
        first = LiveProject(tmp_path, gateway)
        first.test("Path('in').touch()\nwhile not Path('go').exists():\n    time.sleep(0.02)")
        (tmp_path / "second").mkdir()
        second = LiveProject(tmp_path / "second", gateway)
        second.home = first.home
        second.test("with joined(ibkr) as client:\n    rest(client, 1)")
        run = first.start()
        try:
            eventually(lambda: first.said("in"), "the first run is under way")
            done = second.run()
            assert done.code == 4, done.text
            assert PAPER not in done.text, "an account id is shown unmasked"
            assert not gateway.order_requests()
            (first.folder / "go").touch()
            assert run.end().code == 0
        finally:
            run.kill()
        again = second.run()
        assert again.code == 0, again.text
