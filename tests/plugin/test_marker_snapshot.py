"""ibkr_snapshot: another market for one test."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.plugin.pack_snapshot import TARGET


@pytest.fixture
def quieter(pytester: pytest.Pytester) -> None:
    """A project with two markets: the usual one and one with SPY alone."""
    document = json.loads(gzip.decompress(TARGET.read_bytes()))
    document["symbols"] = {"SPY": document["symbols"]["SPY"]}
    document["scenario"] = "spy_only"
    folder = pytester.path / "fixtures" / "ibkr_snapshots"
    folder.mkdir(parents=True)
    text = json.dumps(document)
    (folder / "snapshot_spy_only_20260710_160000.json").write_text(text, "utf-8")
    (folder / TARGET.name).write_bytes(TARGET.read_bytes())


@pytest.mark.usefixtures("quieter")
def test_it_swaps_the_market_for_that_test_only(run) -> None:
    result = run(
        """
        import pytest

        def symbols(ibkr, ibkr_snapshot):
            assert ibkr.engine.world.snapshot == ibkr_snapshot
            return list(ibkr_snapshot.symbols)

        def test_before(ibkr, ibkr_snapshot):
            assert "QQQ" in symbols(ibkr, ibkr_snapshot)

        @pytest.mark.ibkr_snapshot("spy_only")
        def test_swapped(ibkr, ibkr_snapshot):
            assert symbols(ibkr, ibkr_snapshot) == ["SPY"]

        def test_after(ibkr, ibkr_snapshot):
            assert "QQQ" in symbols(ibkr, ibkr_snapshot)

        pytestmark = []
        """
    )
    result.assert_outcomes(passed=3)


@pytest.mark.usefixtures("quieter")
def test_the_closest_one_counts(run) -> None:
    result = run(
        """
        import pytest
        pytestmark = pytest.mark.ibkr_snapshot("spy_only")

        def test_of_the_module(ibkr_snapshot):
            assert list(ibkr_snapshot.symbols) == ["SPY"]

        @pytest.mark.ibkr_snapshot("normal")
        def test_of_the_test(ibkr_snapshot):
            assert len(ibkr_snapshot.symbols) > 1
        """
    )
    result.assert_outcomes(passed=2)


def test_a_name_nobody_has_fails_that_test(run) -> None:
    result = run(
        """
        import pytest

        @pytest.mark.ibkr_snapshot("nowhere")
        def test_it(ibkr):
            pass
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*SnapshotNotFound: *nowhere*"])


@pytest.mark.usefixtures("quieter")
def test_the_world_of_a_market_is_built_once(run) -> None:
    result = run(
        """
        import pytest

        worlds = []

        @pytest.mark.parametrize("turn", [1, 2, 3])
        def test_it(ibkr, turn):
            worlds.append(ibkr.engine.world)
            assert worlds[0] is worlds[-1]
        """
    )
    result.assert_outcomes(passed=3)
