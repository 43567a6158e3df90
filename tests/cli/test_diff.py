"""pytest-ibkr diff: the same gateway has no differences; another one's are named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pytest_ibkr.capture.gateway_log import import_log
from pytest_ibkr.capture.recording import Frame, Recording
from pytest_ibkr.cli import main
from pytest_ibkr.wire.messages.account import (
    AccountDownloadEnd,
    PositionEnd,
    ReqAccountUpdates,
    ReqPositions,
)
from pytest_ibkr.wire.messages.contract import (
    Contract,
    ContractDataEnd,
    OptionParameterEnd,
    ReqContractDetails,
    ReqOptionParameters,
)
from pytest_ibkr.wire.messages.history import HistoricalData
from pytest_ibkr.wire.messages.market_data import ReqMarketData
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.session import ErrorNotice, ReqCurrentTime
from tests.capture.logs import lines
from tests.cli.served import command
from tests.meta.matrix.core import market_order
from tests.net.conftest import SNAPSHOTS
from tests.net.raw_client import RawClient
from tests.session.recorded import taken
from tests.sim.data_bench import SPY, history
from tests.system.live.ids import PAPER
from tests.system.live.paper_gateway import paper_gateway

pytestmark = pytest.mark.ci

MARKET = SNAPSHOTS / "snapshot_normal_20260710_160000.json"
NOPE = Contract(symbol="NOPE", sec_type="STK", exchange="SMART", currency="USD")


def talk(endpoint: Any, client_id: int) -> None:
    """A client that asks for a little of everything, two answers at a time."""
    with RawClient(endpoint) as client:
        client.start(client_id)
        client.send(ReqCurrentTime(), ReqPositions())
        client.wait_for(PositionEnd)
        client.send(ReqContractDetails(request_id=1, contract=SPY))
        client.wait_for(ContractDataEnd)
        client.send(ReqMarketData(request_id=2, contract=SPY), history(request_id=3))
        client.wait_for(HistoricalData)
        client.send(ReqMarketData(request_id=4, contract=NOPE))
        client.wait_for(ErrorNotice, lambda each: each.request_id == 4)
        client.send(ReqAccountUpdates(subscribe=True, account=PAPER))
        client.wait_for(AccountDownloadEnd)
        limit = {"order_type": "LMT", "limit_price": Decimal(760), "tif": "DAY"}
        client.send(market_order(client_id, quantity=Decimal(3), **limit))
        client.wait_for(OrderStatus, lambda each: each.status == "Filled")
        client.send(ReqOptionParameters(request_id=6, symbol="SPY", sec_type="STK", con_id=756733))
        client.wait_for(OptionParameterEnd)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Two clients of our own gateway, recorded through a relay."""
    place = tmp_path_factory.mktemp("own")
    with paper_gateway() as gateway, taken(gateway, place) as made:
        talk(made, 7021)
        talk(made, 7022)
    return made.recording


Compare = Callable[[Recording], tuple[int, dict[str, Any], str]]


@pytest.fixture
def compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Compare:
    """Exit code, JSON and text of a comparison with the committed market."""

    def compare(recording: Recording) -> tuple[int, dict[str, Any], str]:
        recording.save(tmp_path / "r.jsonl", anew=True)
        words = ["diff", str(tmp_path / "r.jsonl"), "--snapshot", str(MARKET)]
        code = main([*words, "--json"])
        found = json.loads(capsys.readouterr().out)
        assert main(words) == code
        return code, found, capsys.readouterr().out

    return compare


def changed(recording: Recording, change: Callable[[Frame], Frame | None]) -> Recording:
    kept = [new for frame in recording.frames if (new := change(frame)) is not None]
    return replace(recording, frames=tuple(kept))


def test_our_own_gateway_answers_as_it_was_recorded(own: Recording, compared: Compare) -> None:
    code, found, text = compared(own)
    assert [each for each in found["requests"] if each["differences"]] == []
    assert (code, found["same"]) == (0, True)
    assert text == "18 of 18 requests are answered alike\n"
    assert {each["connection"] for each in found["requests"]} == {1, 2}


def test_what_a_client_did_not_stay_to_hear_is_no_difference(
    own: Recording, compared: Compare
) -> None:
    """A test ends at "Filled"; the commission and the position came a moment later."""
    ends = {}
    for place, frame in enumerate(own.frames):
        if frame.name == "OrderStatus" and "Filled" in frame.fields:
            ends.setdefault(frame.speaker, place)
    cut = changed_until(own, max(ends.values()))
    assert not any(frame.name == "CommissionReport" for frame in cut.frames[-3:])
    code, found, _ = compared(cut)
    assert [each for each in found["requests"] if each["differences"]] == []
    assert code == 0


def changed_until(recording: Recording, place: int) -> Recording:
    return replace(recording, frames=recording.frames[: place + 1])


def _field(frame: Frame, place: int, value: str) -> Frame:
    fields = list(frame.fields)
    fields[place] = value
    return replace(frame, fields=tuple(fields))


def _text(frame: Frame, old: str, new: str) -> Frame:
    return replace(frame, fields=tuple(new if each == old else each for each in frame.fields))


def _price(frame: Frame) -> Frame:
    if frame.name != "TickPrice":
        return frame
    return _field(frame, 4, str(float(frame.fields[4]) + 1))


def _with(own: Recording, *, after: str, fields: tuple[str, ...]) -> Recording:
    frames: list[Frame] = []
    for frame in own.frames:
        frames.append(frame)
        if frame.name == after:
            frames.append(replace(frame, fields=fields))
    return replace(own, frames=tuple(frames))


CASES = {
    "an answer too few here": (
        lambda f: f,
        lambda own: _with(own, after="ContractDataEnd", fields=("80", "0")),
        ("missing: DepthExchanges",),
    ),
    "an answer too many here": (
        lambda f: None if f.name == "PositionEnd" else f,
        None,
        ("reqPositions", "extra: PositionEnd"),
    ),
    "another error code": (
        lambda f: _field(f, 2, "354") if f.fields[:2] == ("4", "4") else f,
        None,
        ("reqMktData 4, 4 (NOPE STK)", "missing: error 354", "extra: error 200"),
    ),
    "another kind of value": (
        lambda f: _text(f, "USD", "") if f.name == "ContractData" else f,
        None,
        ("ContractData.currency: recorded empty, simulated text",),
    ),
    "another price": (
        _price,
        None,
        (),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_differs_is_named_and_prices_are_not(
    own: Recording, compared: Compare, case: str
) -> None:
    change, other, said = CASES[case]
    recording = changed(own, change) if other is None else other(own)
    code, found, text = compared(recording)
    assert code == (1 if said else 0), text
    assert found["same"] == (not said)
    for words in said:
        assert words in text, text


def test_the_order_of_answers_is_compared(own: Recording, compared: Compare) -> None:
    """An order whose status came before its echo, and here comes after it."""
    placed = [f for f in own.frames if f.name in ("OpenOrder", "OrderStatus", "ExecutionData")]
    first = {f.name: f for f in reversed(placed) if f.connection == 1}
    swap = {id(first["OpenOrder"]): first["ExecutionData"]}
    swap[id(first["ExecutionData"])] = first["OpenOrder"]
    frames = tuple(replace(swap[id(f)], at_s=f.at_s) if id(f) in swap else f for f in own.frames)
    code, _found, text = compared(replace(own, frames=frames))
    assert code == 1
    assert "order: of answers: recorded" in text


def test_what_is_known_of_the_account_and_the_time_is_set_up(
    own: Recording, compared: Compare
) -> None:
    _code, found, _text = compared(own)
    assert any("as recorded" in line and "2026-07-10" in line for line in found["setting"])
    assert "account: the recorded cash" in found["setting"]


@pytest.mark.parametrize(
    ("name", "alike", "asked"), [("live_session", 7, 8), ("paper_session", 23, 24)]
)
def test_the_logs_of_real_gateways_are_answered_alike_but_for_what_is_listed_here(
    compared: Compare, name: str, alike: int, asked: int
) -> None:
    """Two requests of 32 differ: the account's segments, and a currency that is not traded here."""
    code, found, text = compared(import_log(lines(name)).recording)
    assert code == 1
    assert text.endswith(f"{alike} of {asked} requests are answered alike\n")
    different = {e["request"] for e in found["requests"] if e["differences"] and e["request"]}
    assert different == ({"reqAccountUpdates"} if name == "live_session" else {"reqMktData"})


def test_what_is_no_recording_is_a_usage_error(tmp_path: Path) -> None:
    done = command("diff", "absent.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert "absent.jsonl cannot be replayed: No such file" in done.stderr
