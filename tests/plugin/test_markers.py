"""Markers at collection: what is accepted, what a wrong one says. What they do: one file each."""

from __future__ import annotations

import pytest

WRONG = [
    ("live('paper')", "marker live got 'paper'; accepted: live()"),
    ("market_closed(at='20:00')", "marker market_closed got at='20:00'; accepted: market_closed()"),
    ("places_orders(3)", "marker places_orders got 3; accepted: places_orders()"),
    ("market_hours('rth')", "marker market_hours got 'rth'; accepted: market_hours(session='rth'"),
    ("market_hours(session='night')", "marker market_hours got session='night'; accepted: "),
    ("market_hours(calendar='XMOON')", "calendar='XMOON' is not one that exchange_calendars knows"),
    ("market_hours(calendar=7)", "marker market_hours: calendar=7 is no name; accepted: "),
    (
        "market_hours(calendar='XLON', session='extended')",
        "calendar='XLON' has no extended session we know: only XNYS has; accepted: ",
    ),
    ("market_hours(at='25:00')", "marker market_hours: '25:00' is not a time of day"),
    ("market_hours(at=1545)", "marker market_hours: 1545 is not a time of day"),
    ("market_hours(at='16:00')", "at='16:00' is outside session='rth', 09:30 up to 16:00"),
    ("market_hours(session='extended', at='03:59')", "outside session='extended', 04:00 up to"),
    ("ibkr_snapshot()", "marker ibkr_snapshot got nothing; accepted: ibkr_snapshot('name or"),
    ("ibkr_snapshot('a', 'b')", "marker ibkr_snapshot got 'a', 'b'; accepted: "),
    ("ibkr_snapshot(name='a')", "marker ibkr_snapshot got name; accepted: "),
    ("ibkr_server_version()", "marker ibkr_server_version got nothing; accepted: "),
    ("ibkr_server_version('176')", "marker ibkr_server_version got '176'; accepted: "),
    ("ibkr_server_version(176, 176)", "marker ibkr_server_version got 176, 176; accepted: "),
    ("ibkr_server_version(150)", "marker ibkr_server_version got 150; accepted: 151 to "),
]


@pytest.mark.parametrize(("marker", "text"), WRONG, ids=[marker for marker, _ in WRONG])
def test_a_wrong_marker_is_a_collection_error_that_says_what_is_accepted(
    run, marker: str, text: str
) -> None:
    result = run(
        f"""
        import pytest

        @pytest.mark.{marker}
        def test_it(ibkr):
            pass
        """
    )
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.assert_outcomes(errors=1)
    assert f"::test_it: {text}"[:10] in result.stdout.str()
    assert text in result.stdout.str()
    assert "Traceback" not in result.stdout.str()


def test_a_server_version_for_a_test_without_a_gateway_is_an_error(run) -> None:
    result = run(
        """
        import pytest

        @pytest.mark.ibkr_server_version(176)
        def test_it():
            pass
        """
    )
    result.stdout.fnmatch_lines(["*has no effect on a test that does not use ibkr*"])
    assert result.ret == pytest.ExitCode.INTERRUPTED


@pytest.mark.parametrize(
    ("marker", "fixture", "text"),
    [
        ("ibkr_snapshot('nope-typo')", "", "marker ibkr_snapshot has no effect on a test that"),
        ("market_hours(at='15:45')", "", "at= of marker market_hours has no effect on a test that"),
        ("ibkr_snapshot('normal')", "live_gateway", "has no effect on a test of the live gateway"),
        ("market_hours(at='15:45')", "live_gateway", "has no effect on a test of the live gateway"),
        ("ibkr_server_version(176)", "live_gateway, ibkr_clock", "on a test of the live gateway"),
    ],
)
def test_a_marker_without_effect_is_an_error(run, marker: str, fixture: str, text: str) -> None:
    result = run(
        f"""
        import pytest

        @pytest.mark.{marker}
        def test_it({fixture}):
            pass
        """
    )
    result.stdout.fnmatch_lines([f"*{text}*"])
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "During handling" not in result.stdout.str()
    assert result.stdout.str().count(text) == 1


@pytest.mark.parametrize(
    ("marker", "fixture"),
    [
        ("ibkr_snapshot('normal')", "ibkr_clock"),
        ("ibkr_snapshot('normal')", "ibkr_snapshot"),
        ("market_hours(at='15:45')", "ibkr_gateway_factory"),
        ("market_hours", "live_gateway"),
    ],
)
def test_a_marker_with_effect_is_none(run, marker: str, fixture: str) -> None:
    source = f"""
        import pytest

        @pytest.mark.{marker}
        def test_it({fixture}):
            pass
    """
    run(source).assert_outcomes(passed=1)


def test_an_open_and_a_closed_market_at_once_is_an_error(run) -> None:
    result = run(
        """
        import pytest
        pytestmark = pytest.mark.market_hours

        @pytest.mark.market_closed
        def test_it(ibkr):
            pass
        """
    )
    result.stdout.fnmatch_lines(["*market_hours and market_closed on one test: *"])
    assert result.ret == pytest.ExitCode.INTERRUPTED


def test_a_wrong_marker_on_one_parameter_fails_that_case(run) -> None:
    result = run(
        """
        import pytest

        @pytest.mark.parametrize(
            "n", [1, pytest.param(2, marks=pytest.mark.market_hours(at="noon"))]
        )
        def test_it(ibkr, n):
            pass
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*market_hours: 'noon' is not a time of day*"])


def test_every_marker_is_registered(run) -> None:
    result = run(
        """
        import pytest

        @pytest.mark.live
        @pytest.mark.places_orders
        @pytest.mark.market_hours(session="rth", calendar="XNYS", at="15:45")
        @pytest.mark.ibkr_snapshot("normal")
        @pytest.mark.ibkr_server_version(157, 178)
        @pytest.mark.req("LV-001")
        def test_open(ibkr):
            pass

        @pytest.mark.market_closed
        def test_closed(ibkr):
            pass
        """,
        "--strict-markers",
        "-W",
        "error",
    )
    result.assert_outcomes(passed=3)


def test_markers_explain_themselves(run) -> None:
    result = run("", "--markers")
    own = ("live", "market_hours", "market_closed", "places_orders", "ibkr_snapshot")
    for name in (*own, "ibkr_weather", "ibkr_budget"):
        result.stdout.fnmatch_lines([f"@pytest.mark.{name}*: *"])
