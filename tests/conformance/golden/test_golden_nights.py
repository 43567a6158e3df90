"""The golden scripts S19, S20 and S24 of gateway-behaviour.md, appendix C: in bad weather."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.conformance.golden.conftest import SPY, Stage
from tests.conformance.golden.test_golden_scripts import RESTING, pair
from tests.conformance.raw import RawClient

BROKEN = ["4:2103", "4:2103", "4:2105", "4:2157"]
BACK = ["4:2104", "4:2104", "4:2106", "4:2158"]


def knock(stage: Stage) -> str:
    """What a program meets that connects now: refused, reset, or served."""
    try:
        visitor = RawClient(stage.session.host, stage.session.port)
    except ConnectionRefusedError:
        return "refused"
    except ConnectionResetError:  # it can come while the socket is being set up
        return "reset"
    try:
        visitor.greet()
    except (ConnectionError, EOFError):
        return "reset"
    finally:
        visitor.close()
    return "served"


@pytest.mark.parametrize(("data", "code"), [("kept", "4:1102"), ("lost", "4:1101")])
def test_s19_nightly(stage: Stage, data: Literal["kept", "lost"], code: str) -> None:
    stage.connect()
    with stage.session.weather.nightly_reset(for_s=150.0, repeat_s=60.0, data=data):
        stage.session.clock.sleep(151)
        told = stage.heard(only="4", notices=True)

    assert told == [*BROKEN, "4:1100", "4:1100", "4:1100", *BACK, code]


def test_s20_restart(stage: Stage) -> None:
    stage.connect()
    stage.actor.place(1, RESTING)
    stage.heard()
    with stage.session.weather.nightly_restart(refuse_s=60.0, reset_s=10.0):
        told = [*stage.heard(0.0), knock(stage)]
        stage.session.clock.sleep(61)
        told.append(knock(stage))
        stage.session.clock.sleep(10)
    stage.actor.close()
    stage.enter()

    assert told == ["close", "refused", "reset"]
    assert stage.connect() == [*pair("Submitted"), "53", "15", "9"]


def test_s24_competing_session(stage: Stage) -> None:
    stage.connect()
    for number in (41, 42):
        stage.actor.quote(number, SPY)
    before = stage.heard(only="1")
    with stage.session.weather.competing_session(for_s=20.0):
        begun = stage.heard(1.0, only="4 1")
        silence = stage.heard(15.0, only="4 1")
        again = stage.heard(10.0, only="4 1")

    assert set(before) == {"1"}
    assert [token for token in begun if token != "1"] == ["4:10197", "4:10197"]
    assert begun[-2:] == ["4:10197", "4:10197"]
    assert {number for number, code, _text in stage.actor.codes if code == 10197} == {41, 42}
    assert silence == []
    assert set(again) == {"1"}
