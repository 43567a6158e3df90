"""Data requests as a real client sent them, against what a real gateway answered.

Frames from the message log of a paper session, 2026-01-02, server version 176: an account with
15-minute-delayed data. Only the moment, and so the prices, differ.
"""

from __future__ import annotations

import pytest

from tests.sim.data_bench import on_friday, peer

ASKED_AT = on_friday(13, 11, 28)


def _answers(line: str, *, entitlement: str = "delayed") -> list[str]:
    """Answers to a request, in the log's notation."""
    client = peer(ASKED_AT, version=176)
    client.engine.conditions.entitlement = entitlement
    client.engine.receive(client.client, line.replace(";", "\0").encode())
    client.engine.advance(ASKED_AT + 2)
    data, found = client.client.take_output(), []
    while data:
        size = int.from_bytes(data[:4])
        found.append(data[4 : 4 + size].decode().replace("\0", ";"))
        data = data[4 + size :]
    return found


def test_streaming_without_live_rights():
    [answer] = _answers("1;11;3;0;SPY;STK;;0.0;;;SMART;;USD;;;0;;0;0;;")
    assert answer == (
        "4;2;3;10089;Requested market data requires additional subscription for API. See link in"
        " 'Market Data Connections' dialog for more details.Delayed market data is"
        " available.SPY ARCA/TOP/ALL;;"
    )


def test_contract_details():
    [row, end] = _answers("9;8;5;0;SPY;STK;;0.0;;;SMART;;USD;;;0;;;;")
    assert row.startswith(
        "10;5;SPY;STK;;0;;SMART;USD;SPY;SPY;SPY;756733;0.01;;ACTIVETIM,AD,ADDONT,ADJUST,"
    )
    assert ";1;0;SPDR S&P 500 ETF TRUST;ARCA;;;;;US/Eastern;20260710:0400-20260710:2000;" in row
    assert ";;;1;ISIN;US78462F1030;1;;;" in row
    assert row.endswith(";;ETF;0.0001;0.0001;40;")
    assert end == "52;1;5;"


def test_option_parameters_with_a_futures_exchange():
    assert _answers("78;6;SPY;SMART;STK;756733;") == ["76;6;"]


def test_thirty_minutes_of_one_minute_bars():
    [answer] = _answers("20;7;0;SPY;STK;;0.0;;;SMART;;USD;;;0;;1 min;1800 S;1;TRADES;1;0;;")
    fields = answer.split(";")
    # 17;7;20260102 12:41:28 US/Eastern;20260102 13:11:28 US/Eastern;16;20260102 12:41:00 …
    assert fields[:6] == [
        *("17", "7", "20260710 12:41:28 US/Eastern", "20260710 13:11:28 US/Eastern"),
        *("16", "20260710 12:41:00 US/Eastern"),
    ]
    assert len(fields) == 5 + 16 * 8 + 1
    assert fields[5 + 15 * 8] == "20260710 12:56:00 US/Eastern"


@pytest.mark.parametrize("line", ["2;2;3;", "25;1;7;"])
def test_cancels_of_what_never_was(line):
    [answer] = _answers(line)
    assert answer in (
        "4;2;3;300;Can't find EId with tickerId:3;;",
        "4;2;7;366;No historical data query found for ticker id:7;;",
    )
