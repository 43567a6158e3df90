"""Fundamental data is retired, for every contract and report."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.fundamentals import CancelFundamentalData, ReqFundamentalData
from pytest_ibkr.wire.versions import NEWEST, OLDEST
from tests.sim.data_bench import SPY, errors, peer


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("contract", [SPY, Contract(symbol="NOBODY", sec_type="STK")])
def test_every_report_is_refused(version: int, contract: Contract) -> None:
    asker = peer(version=version)
    asked = ReqFundamentalData(request_id=7, contract=contract, report_type="ReportSnapshot")
    found = asker.send(asked)
    assert errors(found) == [(7, 10358, "Fundamentals data is not allowed.")]
    assert len(found) == 1
    assert asker.send(CancelFundamentalData(request_id=7)) == []
