"""ibkr_weather: in force from the start of its test, composed, proven, refused at collection."""

from __future__ import annotations

PROJECT = """
import socket
import pytest

pytestmark = [pytest.mark.ibkr_weather("clock_drift", offset_s=10.0)]


def connect(ibkr):
    sock = socket.create_connection((ibkr.host, ibkr.port), timeout=5)
    offer = b"v100..178"
    sock.sendall(b"API\\0" + len(offer).to_bytes(4, "big") + offer)
    return sock

@pytest.mark.ibkr_weather("half_open")
def test_in_force_from_the_start(ibkr):
    with connect(ibkr) as sock:
        sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            sock.recv(1)
    ibkr.weather.waive()

def test_and_for_that_test_only(ibkr):
    with connect(ibkr) as sock:
        assert sock.recv(100)[4:7] == b"178"
    ibkr.weather.waive()

@pytest.mark.ibkr_weather("never_greeks")
@pytest.mark.ibkr_weather("clock_drift", offset_s=5.0)
def test_the_closest_of_a_name_counts_and_others_compose(ibkr):
    names = [armed.what for armed in ibkr.weather.standing]
    assert names == ["never_greeks()", "clock_drift(offset_s=5.0)"]
    ibkr.weather.waive()

@pytest.mark.ibkr_weather("farm_flap", farms="history", for_s=5)
def test_nothing_met_it(ibkr):
    pass

@pytest.mark.ibkr_weather("pacing")
def test_of_one_that_failed_no_proof_is_asked(ibkr):
    assert False

@pytest.mark.ibkr_weather("frozen_feed", symbol="XYZ")
def test_a_symbol_the_market_does_not_have(ibkr):
    pass
"""


def test_each_test_has_its_own_weather_and_must_meet_it(run) -> None:
    result = run(PROJECT)
    result.assert_outcomes(passed=4, failed=1, errors=2)
    said = result.stdout.str()
    assert "weather farm_flap(farms='history', for_s=5): nothing met it before the session" in said
    assert "fix:   it is met by a connected client, until virtual time reaches the loss" in said
    assert (
        "weather clock_drift(offset_s=10.0): nothing met it" in said
    )  # the other one of that test
    assert "frozen_feed: no symbol 'XYZ' here; known: " in said
    assert "weather pacing(): nothing met it" not in said


NO_EFFECT = "marker ibkr_weather has no effect on a test"
REFUSED = {
    "name": ("'nightly_restar'", "ibkr", "unknown weather 'nightly_restar'; did you mean"),
    "parameter": ("'pacing', time=2", "ibkr", "weather pacing has no parameter 'time'; did you"),
    "number": ("'pacing', times=0", "ibkr", "weather pacing: times cannot be 0: at least 1"),
    "value": ("'pacing', of='orders'", "ibkr", "weather pacing: of cannot be 'orders': "),
    "nothing": ("", "ibkr", "marker ibkr_weather got nothing; accepted: ibkr_weather('name', **"),
    "two": ("'pacing', 'history'", "ibkr", "marker ibkr_weather got 'pacing', 'history'; "),
    "no_name": ("7", "ibkr", "marker ibkr_weather got 7; accepted: "),
    "no_fixture": ("'pacing'", "", NO_EFFECT),
    "factory": ("'pacing'", "ibkr_gateway_factory", NO_EFFECT),
    "shared": ("'pacing'", "live_gateway", NO_EFFECT),
    "foreign": ("'pacing'", "tmp_path", NO_EFFECT),
}


def test_what_cannot_be_or_has_no_effect_is_an_error_at_collection(pytester, run) -> None:
    for name, (mark, fixture, _text) in REFUSED.items():
        (pytester.path / f"test_{name}.py").write_text(
            "import pytest\n"
            f"@pytest.mark.ibkr_weather({mark})\n"
            f"def test_it({fixture}):\n    raise AssertionError\n",
            "utf-8",
        )
    result = run("def test_other():\n    raise AssertionError\n")
    result.assert_outcomes(errors=len(REFUSED))
    said = result.stdout.str()
    for name, (_mark, _fixture, text) in REFUSED.items():
        assert f"test_{name}.py::test_it: " in said
        assert text in said


def test_a_live_test_cannot_have_weather() -> None:
    from types import SimpleNamespace

    from pytest_ibkr.collection import on_paper

    marks = [
        SimpleNamespace(name="live", args=(), kwargs={}),
        SimpleNamespace(name="ibkr_weather", args=("pacing",), kwargs={}),
    ]
    problem = on_paper(marks, ["ibkr"])
    assert problem is not None
    assert problem.startswith("simulator-only marker: marker ibkr_weather on a test marked live")


def test_it_is_registered(run) -> None:
    result = run("", "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.ibkr_weather(name, ?*parameters): *"])
