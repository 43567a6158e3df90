"""The codes that programs meet most are provoked, and say what a real gateway says."""

from __future__ import annotations

import re

import pytest

from tests.sim.common_codes import COMMON
from tests.sim.data_bench import TEN, errors, peer
from tests.sim.provoking import Case

pytestmark = pytest.mark.req("XC-001")


@pytest.mark.parametrize("case", COMMON, ids=lambda case: f"{case.code} {case.how}")
def test_a_common_code_is_provoked_with_the_real_text(case: Case) -> None:
    made = peer(case.at_s or TEN, version=200)
    case.act(made)
    made.wait(1.0)

    told = errors(made.seen)
    expected = re.compile(".*".join(map(re.escape, case.text.split("…"))), re.S)
    met = [text for _id, code, text in told if code == case.code]
    assert any(expected.fullmatch(text) for text in met), told


def test_there_are_at_least_forty() -> None:
    assert len({case.code for case in COMMON}) >= 40
