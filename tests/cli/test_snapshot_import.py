"""pytest-ibkr snapshot import: people's own tables, their own words, one snapshot."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pytest_ibkr.cli import main
from pytest_ibkr.gateway import Gateway
from pytest_ibkr.snapshot import load

pytest.importorskip("exchange_calendars")
EASTERN = ZoneInfo("America/New_York")
AT = "2026-07-10T16:00"
MAP = """
chains:
  columns: {underlying: root, expiry: expiration, right: type, implied_vol: iv_pct}
  expiry_format: "%m/%d/%Y"
  percent: [implied_vol]
bars:
  columns: {start: time, open: o, high: h, low: l, close: c, volume: v}
  constant: {symbol: ACME}
  start_format: "%d.%m.%Y %H:%M"
symbols:
  ACME: {primary_exchange: NASDAQ, trading_class: NMS, long_name: ACME CORP}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write_csv(name: str, rows: Iterable[dict[str, object]]) -> str:
    found = list(rows)
    opened = gzip.open if name.endswith(".gz") else open
    with opened(name, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(found[0]))
        writer.writeheader()
        writer.writerows(found)
    return name


def chain() -> list[dict[str, object]]:
    return [
        {
            "root": "ACME",
            "expiration": "07/17/2026",
            "strike": f"{strike}",
            "type": right,
            "bid": f"{max(0.05, value):.2f}",
            "ask": f"{max(0.05, value) + 0.1:.2f}",
            "volume": "1,200" if strike == 100 else "",
            "iv_pct": "31.5" if strike != 90 else "NaN",
            "delta": "0.5" if right == "call" else "-0.5",
        }
        for strike in range(90, 112, 2)
        for right, value in (("call", 100.5 - strike), ("put", strike - 100.5))
    ]


def five_minutes(days: int = 4) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for day in range(days):
        start = datetime(2026, 7, 7 + day, 9, 30, tzinfo=EASTERN)
        for number in range(78):
            price = round(100 + 0.01 * number, 2)
            at = start + timedelta(minutes=5 * number)
            values = {
                "o": price,
                "h": price + 0.25,
                "l": price - 0.25,
                "c": price + 0.25,
                "v": 1000,
            }
            rows.append({"time": f"{at:%d.%m.%Y %H:%M}", **values})
    return rows


def imported(*words: str) -> int:
    Path("map.yaml").write_text(MAP, "utf-8")
    chains, bars = write_csv("chains.csv", chain()), write_csv("bars.csv.gz", five_minutes())
    files = ("--chains", chains, "--bars", bars, "--column-map", "map.yaml")
    return main(["snapshot", "import", *files, "--at", AT, "--output", "out", *words])


def test_other_peoples_words_become_a_snapshot(capsys: pytest.CaptureFixture[str]) -> None:
    assert imported("--scenario", "mine") == 0
    out, told = capsys.readouterr()
    assert out == "out/snapshot_mine_20260710_160000.json\n"
    assert "ACME: price 101.02, 22 options, 312 bars of 5 mins, 28 bars of 1 hour" in told
    made = load(out.strip(), directory=Path())
    block = made.symbols["ACME"]
    assert made.source == "imported"
    assert (block.trading_class, block.primary_exchange) == ("NMS", "NASDAQ")
    option = next(o for o in block.option_chain if (o.strike, o.right) == (100, "C"))
    assert (option.expiry, option.bid, option.volume) == ("20260717", 0.5, 1200)
    assert option.implied_vol == pytest.approx(0.315)
    assert next(o for o in block.option_chain if o.strike == 90).implied_vol is None


def test_what_the_tables_do_not_have_is_called_synthetic() -> None:
    imported()
    block = load("imported", directory=Path("out")).symbols["ACME"]
    made_up = {name for name, each in block.provenance.items() if each.origin == "synthetic"}
    assert made_up == {"identity", "quote", "optionChain.conId", "optionChain.sizes"}
    assert "captured" not in {each.origin for each in block.provenance.values()}


def test_a_gateway_trades_it() -> None:
    imported()
    with Gateway(load("imported", directory=Path("out"))) as gateway:
        session = gateway.new_session("import")
        book = session.engine.world.book
        [acme] = book.underlyings
        noon = datetime(2026, 7, 10, 12, tzinfo=EASTERN).timestamp()
        quote = session.engine.market.quote(acme, noon)
        assert quote.two_sided
        assert session.engine.market.quote(book.chain("ACME")[0], noon).ask is not None
        session.close()


def test_nothing_after_the_instant_gets_in() -> None:
    Path("map.yaml").write_text(MAP, "utf-8")
    files = ("--chains", write_csv("c.csv", chain()), "--bars", write_csv("b.csv", five_minutes()))
    words = (*files, "--column-map", "map.yaml", "--output", "out")
    assert main(["snapshot", "import", *words, "--at", "2026-07-09T12:00"]) in (0, 3)
    block = load("imported", directory=Path("out")).symbols["ACME"]
    last = block.bars["5 mins"][-1].start
    assert last == datetime(2026, 7, 9, 11, 55, tzinfo=EASTERN)


def test_too_few_bars_make_it_incomplete(capsys: pytest.CaptureFixture[str]) -> None:
    Path("map.yaml").write_text(MAP, "utf-8")
    files = ("--chains", write_csv("c.csv", chain()), "--bars", write_csv("b.csv", five_minutes(1)))
    words = (*files, "--column-map", "map.yaml", "--output", "out", "--at", "2026-07-10T16:00")
    assert main(["snapshot", "import", *words]) == 3
    assert "ACME has 7 bars, at least 20 are needed" in capsys.readouterr().err


def test_parquet_gives_the_same_snapshot_as_csv() -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pytest.importorskip("pyarrow").Table.from_pylist(chain())
    parquet.write_table(table, "chains.parquet")
    imported("--scenario", "csv")
    words = ("--bars", "bars.csv.gz", "--column-map", "map.yaml", "--output", "out", "--at", AT)
    command = ("snapshot", "import", "--chains", "chains.parquet", *words, "--scenario", "parquet")
    assert main(command) == 0
    one, two = (load(name, directory=Path("out")) for name in ("csv", "parquet"))
    assert one["symbols"] == two["symbols"]


def test_options_that_had_expired_are_left_out_and_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("map.yaml").write_text(MAP, "utf-8")
    rows = [*chain(), {**chain()[0], "expiration": "07/09/2026"}]
    files = ("--chains", write_csv("c.csv", rows), "--bars", write_csv("b.csv", five_minutes()))
    words = (*files, "--column-map", "map.yaml", "--output", "out", "--at", AT)
    assert main(["snapshot", "import", *words]) == 0
    assert "ACME: 1 options had expired before, left out" in capsys.readouterr().err


def test_a_negative_volume_is_named_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("map.yaml").write_text(MAP, "utf-8")
    rows = [{**chain()[0], "volume": "-5"}]
    files = ("--chains", write_csv("c.csv", rows), "--bars", write_csv("b.csv", five_minutes()))
    words = (*files, "--column-map", "map.yaml", "--output", "out", "--at", AT)
    assert main(["snapshot", "import", *words]) == 2
    assert "c.csv, line 2: '-5' cannot be: volume is never below 0" in capsys.readouterr().err


def test_it_never_overwrites(capsys: pytest.CaptureFixture[str]) -> None:
    imported()
    capsys.readouterr()
    assert imported() == 2
    assert "is there already: nothing was written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("right: type", "right: kind", "there is no column 'kind' for right"),
        ("%m/%d/%Y", "%d/%m/%Y", "'07/17/2026' cannot be read as expiry"),
        ("percent:", "per_cent:", "per_cent: Extra inputs are not permitted"),
        ("{start: time", "{begin: time", "bars has no column 'begin'; known: symbol, start"),
        ("root,", "root, strike: type,", "'call' is no number for strike"),
        ("ACME CORP}", "ACME CORP, time_zone: Mars/Base}", "No time zone found"),
        ("chains:", "chains: [", "is no YAML"),
    ],
)
def test_a_wrong_map_is_named_with_its_place(
    old: str, new: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("map.yaml").write_text(MAP.replace(old, new, 1), "utf-8")
    files = ("--chains", write_csv("c.csv", chain()), "--bars", write_csv("b.csv", five_minutes()))
    words = (*files, "--column-map", "map.yaml", "--output", "out", "--at", AT)
    assert main(["snapshot", "import", *words]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "c.csv, line 2" in told or "map.yaml" in told
    assert not Path("out").exists()


def test_a_broken_table_is_named_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("c.csv").write_text("underlying,expiry\nSPY\n", "utf-8")
    words = ("--chains", "c.csv", "--bars", "c.csv", "--at", AT)
    assert main(["snapshot", "import", *words]) == 2
    assert "c.csv, line 2: not as many fields as columns" in capsys.readouterr().err
    Path("c.parquet").write_bytes(b"PAR1nothing")
    words = ("--chains", "c.parquet", "--bars", "c.csv", "--at", AT)
    assert main(["snapshot", "import", *words]) == 2
    assert "c.parquet" in capsys.readouterr().err
