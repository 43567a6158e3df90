"""A run that goes live: which gateway a test meets, what it holds, what fails it, how it ends.

"Live" is the simulated gateway in another process, with an account that looks real, behind a
real relay. What may pass the relay: tests/system/live.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.system.live.ids import LIVE, PAPER
from tests.system.live.paper_gateway import PaperGateway, paper_gateway
from tests.system.live.project import Done, LiveProject
from tests.system.live.under_relay import Endpoint

pytestmark = pytest.mark.ci

BOTH_GROUPS = """
import asyncio
import datetime as dt
import socket
import time

import pytest
from pytest_ibkr.errors import FaultNeverFired, OrderNotReached, UsageError
from pytest_ibkr.wire.messages.session import CurrentTime

from tests.system.live.careless import order, quote
from tests.system.live.trading import joined, rest

PAPER_PORT = {port}


def test_unmarked_meets_the_simulator(ibkr):
    assert ibkr.account.id == "DU0000001"
    assert ibkr.clock.now().year == 2026 and ibkr.port != PAPER_PORT


@pytest.mark.live
def test_live_meets_the_paper_gateway(ibkr, ibkr_clock):
    assert ibkr.is_live and ibkr_clock is ibkr.clock and ibkr.port != PAPER_PORT
    assert ibkr.env["IBKR_ACCOUNT"].startswith("DU7") and ibkr.env["IBKR_PORT"] == str(ibkr.port)
    with joined(ibkr) as client:
        client.ask(quote(5))
        entry = ibkr.journal.wait_for("reqMktData")
        assert entry.message.request_id == 5
        client.until("1")
        assert ibkr.journal.answers_to(5)
        assert ibkr.pacing() == dict(peak_messages_per_s=2, lines_in_use=1)
        assert ibkr.journal.counts()["frames_in"] == 2
        [started] = ibkr.journal.requests("startApi")
        assert started.client_id == ibkr.client_id
    assert "reqMktData" in ibkr.journal.timeline()


@pytest.mark.live
def test_the_clock_is_the_gateways_and_flows(ibkr_clock):
    before, real_s = ibkr_clock.now(), time.monotonic()
    assert (before.year, before.month) == (2026, 7)
    ibkr_clock.sleep(0.2)
    assert time.monotonic() - real_s >= 0.2
    assert 0.2 <= (ibkr_clock.now() - before).total_seconds() < 5


@pytest.mark.live
@pytest.mark.parametrize("part", [
    "market", "orders", "account", "contracts", "news", "engine", "configure", "replay",
])
def test_what_only_a_simulator_has_is_refused(ibkr, part):
    with pytest.raises(UsageError, match=f"{{part}} is for the simulator only: .*\\n.*\\n  fix:"):
        getattr(ibkr, part)


@pytest.mark.live
def test_nobody_sets_the_clock(ibkr_clock):
    for call in (ibkr_clock.hold, ibkr_clock.resume, lambda: ibkr_clock.move_to(ibkr_clock.now())):
        with pytest.raises(UsageError, match="nobody sets the clock of a real gateway"):
            call()


@pytest.mark.live
def test_the_relay_makes_faults_on_this_side(ibkr):
    with joined(ibkr) as client:
        with ibkr.faults.pacing("reqMktData") as fault:
            client.ask(quote(7))
            ibkr.journal.wait_for(lambda entry: getattr(entry.message, "code", 0) == 100)
            assert fault.fired == 1
        with pytest.raises(FaultNeverFired, match="reqMktData answered 2 s late: nothing met"):
            with ibkr.faults.delay("reqMktData", 2):
                pass
        with pytest.raises(UsageError, match="is for the simulator only"):
            ibkr.faults.freeze("SPY")
        ibkr.faults.cut_now()
        assert client.is_closed()


@pytest.mark.live
def test_nobody_goes_past_the_relay(ibkr):
    with pytest.raises(UsageError, match="it is a paper gateway's port"):
        socket.create_connection(("localhost", PAPER_PORT), timeout=2)


@pytest.mark.live
@pytest.mark.places_orders
def test_an_order_is_followed(ibkr):
    with joined(ibkr) as client:
        rest(client, 1)
        found = ibkr.assert_order_reaches(1, "Submitted", within_s=10)
        assert found.message.order_id == 1
        with pytest.raises(OrderNotReached) as caught:
            ibkr.assert_order_reaches(1, "Filled", within_s=0.3)
        assert "last:" in str(caught.value) and "placeOrder BUY" in str(caught.value)


@pytest.mark.live
def test_coroutines_have_their_twins(ibkr):
    async def main():
        with pytest.raises(UsageError, match="await ibkr_clock.asleep"):
            ibkr.clock.sleep(1)
        await ibkr.clock.asleep(0.01)
        assert not await ibkr.clock.await_event(asyncio.Event(), 0.05)
    asyncio.run(main())


@pytest.mark.live
def test_live_tests_share_one_gateway(live_gateway, ibkr_clock):
    assert live_gateway.is_live and live_gateway.client_id == 7101
    assert ibkr_clock is live_gateway.clock


@pytest.mark.live
@pytest.mark.market_closed
def test_a_closed_market_is_waited_for(ibkr):
    raise AssertionError("the market is open")
"""

OBJECTED = """
import pytest

from tests.system.live.careless import order, quote
from tests.system.live.trading import joined


@pytest.mark.live
def test_orders_without_the_marker(ibkr):
    with joined(ibkr) as client:
        client.ask(order(1))
        assert client.refused(1)


@pytest.mark.live
@pytest.mark.places_orders
def test_an_order_that_is_too_big(ibkr):
    with joined(ibkr) as client:
        client.ask(order(1, quantity=500))
        client.refused(1)
    raise AssertionError("its own failure")


@pytest.fixture
def program(ibkr):
    with joined(ibkr) as client:
        yield client
        client.ask(order(2))
        client.refused(2)


@pytest.mark.live
def test_a_fixture_that_orders_at_the_end(program):
    pass


@pytest.mark.live
def test_too_many_messages(ibkr):
    with joined(ibkr) as client:
        client.ask(*(quote(number, snapshot=True) for number in range(1, 80)))
        client.until("57", lambda fields: fields[2] == "79")


@pytest.mark.live
def test_good(ibkr):
    with joined(ibkr):
        pass
"""


@pytest.fixture(scope="module")
def gateway() -> Iterator[PaperGateway]:
    """One paper gateway for the tests that leave it as it is."""
    with paper_gateway() as gateway:
        yield gateway


def project(place: Path, gateway: Endpoint, source: str, **more: str) -> LiveProject:
    made = LiveProject(place, gateway)
    text = source.replace("{port}", str(gateway.port)).replace("{{", "{").replace("}}", "}")
    (made.folder / "test_project.py").write_text(text, "utf-8")
    for name, content in more.items():
        (made.folder / f"{name}.py").write_text(content, "utf-8")
    return made


def lines(done: Done, start: str) -> list[str]:
    return [line for line in done.text.splitlines() if line.startswith(start)]


def test_each_test_meets_the_gateway_it_is_marked_for(tmp_path: Path, gateway) -> None:
    done = project(tmp_path, gateway, BOTH_GROUPS).run("-v", "-rs")
    assert done.code == 1, done.text  # every test is right, and the gate counts the skipped one
    assert "17 passed, 1 skipped" in done.text
    assert "gate: FAILED: 1 skipped, and skipped is not passed" in done.text
    [live] = lines(done, "ibkr live gateway: ")
    assert f"{gateway.host}:{gateway.port} through the relay, account DU" in live
    assert PAPER not in done.text
    assert ", server version " in live
    assert "ibkr live orders: in tests marked places_orders" in done.text
    assert "ibkr tests: 1 for the simulator, 17 live (they meet the paper gateway)" in done.text
    assert "the market is open (" in done.text
    assert gateway.working() == []


@pytest.mark.ci
def test_what_the_relay_objects_to_fails_the_test_with_reason_and_fix(
    tmp_path: Path, gateway
) -> None:
    before = gateway.orders()
    done = project(tmp_path, gateway, OBJECTED).run("-rfE", "--tb=short")
    assert done.code == 1, done.text
    assert "3 failed, 2 passed, 1 error" in done.text, done.text
    assert "FAILED test_project.py::test_orders_without_the_marker" in done.text
    assert "ERROR test_project.py::test_a_fixture_that_orders_at_the_end" in done.text
    assert "the relay objects to what this test did:" in done.text
    assert "fix:   mark the test that orders with @pytest.mark.places_orders" in done.text
    assert "500 shares are more than the 100 of one order" in done.text
    assert PAPER not in done.text
    own = done.text.index("its own failure")
    assert "ibkr relay" in done.text[own:], "the reason is not shown beside the test's own failure"
    assert "FAILED test_project.py::test_too_many_messages" in done.text
    assert "messages within a second" in done.text
    assert gateway.orders() == before


@pytest.mark.ci
def test_an_unreachable_gateway_fails_live_tests_and_names_the_likely_causes(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    gone = SimpleNamespace(host="127.0.0.1", port=port)
    made = project(
        tmp_path,
        gone,
        """
import pytest

def test_unmarked(ibkr):
    pass

@pytest.mark.live
def test_one(ibkr):
    pass

@pytest.mark.live
def test_two(live_gateway):
    pass
""",
    )
    done = made.run("-v", "-rE")
    assert done.code == 1, done.text
    assert "1 passed, 2 errors" in done.text
    assert "NOT REACHED, live tests will fail" in done.text
    [first, *_] = lines(done, "E   ")
    assert f"127.0.0.1:{port}" in first
    assert all(f"{number}." in done.text or f"({number})" in done.text for number in (1, 2, 3))
    results = next((made.folder / "logs" / "live_validation").rglob("results.json"))
    assert json.loads(results.read_text("utf-8"))["gate"]["status"] != "passed"


UNDER_XDIST = """
import os
import pytest
from pathlib import Path
from tests.system.live.trading import joined

@pytest.mark.parametrize("n", range(6))
def test_unmarked(ibkr, n):
    pass

@pytest.mark.live
@pytest.mark.parametrize("n", range(4))
def test_live(ibkr, n):
    with joined(ibkr), open("workers", "a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
"""


@pytest.mark.ci
@pytest.mark.parametrize("options", [("-n1",), ("-n2", "--dist", "loadgroup")], ids=" ".join)
def test_under_xdist_live_tests_run_in_one_worker_or_not_at_all(
    tmp_path: Path, gateway, options: tuple[str, ...]
) -> None:
    made = project(tmp_path, gateway, UNDER_XDIST)
    done = made.run("-v", *options)
    if done.code == 4 and "-n2" in options:  # xdist 3.8 forgets its groups under pytest 9.2
        assert "ERROR: --dist loadgroup does not keep tests together" in done.text
        assert "fix:   type -n 1 for the live tests: pytest -m live -n 1; " in done.text
        assert not made.said("workers")
        return
    assert done.code == 0, done.text
    assert "10 passed" in done.text
    workers = (made.folder / "workers").read_text().split()
    assert len(workers) == 4
    assert len(set(workers)) == 1
    assert "ibkr tests: 6 for the simulator, 4 live (they meet the paper gateway)" in done.text


@pytest.mark.ci
def test_a_group_of_its_own_on_a_live_test_is_refused(tmp_path: Path, gateway) -> None:
    source = UNDER_XDIST.replace(
        "@pytest.mark.live\n", "@pytest.mark.live\n@pytest.mark.xdist_group('mine')\n"
    )
    done = project(tmp_path, gateway, source).run("-n2", "--dist", "loadgroup")
    assert done.code == 4, done.text
    assert "is marked live and xdist_group: live tests are one group" in done.text


@pytest.mark.ci
def test_a_run_that_the_relay_ends_ends_with_4_also_from_a_worker(tmp_path: Path) -> None:
    with paper_gateway() as gateway:
        made = project(
            tmp_path,
            gateway,
            """
import time
import pytest
from pathlib import Path
from tests.system.live.trading import joined

@pytest.mark.live
@pytest.mark.places_orders
def test_one(ibkr):
    Path("in").touch()
    while not Path("go").exists():
        time.sleep(0.02)
    from tests.system.live.careless import order
    with joined(ibkr) as client:
        client.ask(order(1))
        client.is_closed()

@pytest.mark.live
def test_two(ibkr):
    Path("two").touch()
""",
        )
        run = made.start("-n1")
        try:
            from tests.system.live.project import eventually

            eventually(lambda: made.said("in"), "the test runs")
            gateway.ask("serve", account=LIVE)
            (made.folder / "go").touch()
            done = run.end()
        finally:
            run.kill()
        assert done.code == 4, done.text
        assert not made.said("two")
        assert LIVE not in done.text
        assert "ENDED: " in done.text
        assert not gateway.order_requests()


# ---- at collection: nothing is connected

SIMULATOR_ONLY = [
    ("live, ibkr_snapshot('normal')", "ibkr", "simulator-only marker: marker ibkr_snapshot on a"),
    ("live, ibkr_server_version(176)", "ibkr", "simulator-only marker: marker ibkr_server_version"),
    ("live, market_hours(at='15:45')", "ibkr", "simulator-only marker: at= of marker market_hours"),
    ("live", "ibkr_gateway_factory", "simulator: fixture ibkr_gateway_factory on a test marked"),
    ("req('X-1')", "live_gateway", "uses live_gateway without the marker live: in this run it"),
    ("req('X-1')", "live_gateway_connection", "uses live_gateway_connection without the marker"),
    ("live", "ibkr, live_gateway_connection", "uses ibkr and live_gateway_connection: a test mee"),
]


@pytest.fixture
def collect(run, pytester: pytest.Pytester):
    """Collect a file of a run that goes live."""

    def collect(source: str, *args: str) -> pytest.RunResult:
        (pytester.path / "config").mkdir()
        config = pytester.path / "config" / "live_validation_config.yaml"
        config.write_text("gateway: {port: 4002}\n", "utf-8")
        return run(source, "--live-gateway", "--collect-only", *args)

    return collect


@pytest.mark.parametrize(("marks", "names", "text"), SIMULATOR_ONLY)
def test_a_live_test_with_a_simulator_only_part_is_a_collection_error(
    collect, marks: str, names: str, text: str
) -> None:
    decorators = "\n        ".join(f"@pytest.mark.{mark}" for mark in marks.split(", "))
    result = collect(
        f"""
        import pytest

        {decorators}
        def test_it({names}):
            pass
        """
    )
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.assert_outcomes(errors=1)
    assert text in result.stdout.str()


def test_the_same_tests_are_none_offline(collect) -> None:
    source = """
        import pytest

        @pytest.mark.live
        @pytest.mark.ibkr_server_version(176)
        def test_it(ibkr):
            pass
    """
    assert collect(source, "--ibkr-offline").ret == pytest.ExitCode.OK


def test_collecting_connects_to_nothing_and_says_so(collect) -> None:
    result = collect(
        """
        import pytest

        @pytest.mark.live
        def test_one(ibkr):
            pass

        def test_two(ibkr):
            pass
        """
    )
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "ibkr live gateway: 127.0.0.1:4002, not connected",
            "ibkr tests: 1 for the simulator, 1 live (they meet the paper gateway)",
        ]
    )


def test_after_the_run_this_process_connects_again(collect) -> None:
    """The belt of a run inside this process is released with it."""
    collect("def test_it(ibkr):\n    pass\n")
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=2).close()
    with pytest.raises(OSError, match="refused"), socket.socket() as sock:
        sock.connect(("127.0.0.1", _closed_port()))


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.ci
def test_a_killed_run_leaves_the_relay_to_clean_up(tmp_path: Path) -> None:
    with paper_gateway() as gateway:
        made = project(
            tmp_path,
            gateway,
            """
import os
import pytest
from tests.system.live.trading import joined, rest

@pytest.mark.live
@pytest.mark.places_orders
def test_it(ibkr):
    with joined(ibkr) as client:
        rest(client, 1)
        os._exit(9)
""",
        )
        done = made.run()
        assert done.code == 9
        from tests.system.live.project import eventually

        eventually(lambda: not gateway.working(), "the relay has cancelled the order")
        assert len(gateway.orders()) == 1
