"""Made-up contract ids: fixed for ever, apart from real ones, looked at for collisions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.snapshot import con_ids
from pytest_ibkr.snapshot.con_ids import UNDERLYING_CON_IDS, OptionKey, assign, option_con_id
from tests.snapshot.samples import option, small, symbol

KEYS = st.builds(
    OptionKey,
    symbol=st.sampled_from(["SPY", "QQQ"]),
    expiry=st.sampled_from(["20260717", "20260724"]),
    right=st.sampled_from("CP"),
    strike=st.integers(1, 10_000_000).map(lambda thousandths: thousandths / 1000),
    trading_class=st.sampled_from(["SPY", "QQQ", "SPYW"]),
)


@pytest.mark.parametrize(
    ("key", "con_id"),
    [
        (OptionKey("SPY", "20260717", "C", 755.0, "SPY"), 1812981845),
        (OptionKey("SPY", "20260717", "P", 755.0, "SPY"), 1641750096),
        (OptionKey("QQQ", "20261218", "C", 204.78, "QQQ"), 1167334836),
    ],
    ids=str,
)
def test_an_id_never_changes(key: OptionKey, con_id: int) -> None:
    # Snapshots on disk carry these: another number here breaks every saved order log.
    assert option_con_id(key) == con_id


@given(key=KEYS)
def test_an_id_is_a_positive_32_bit_number_above_real_ones(key: OptionKey) -> None:
    con_id = option_con_id(key)
    assert con_ids.FIRST_MADE_UP <= con_id < 2**31
    assert con_id > max(UNDERLYING_CON_IDS.values())
    assert assign([key, key]) == {key: con_id}


def test_two_options_with_one_id_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(con_ids, "_SPACE", 1)
    one, two = (OptionKey("SPY", "20260717", right, 755.0, "SPY") for right in "CP")
    with pytest.raises(ValueError, match=r"right='P'.*right='C'.*both be contract 1073741824"):
        assign([one, two])


@pytest.mark.parametrize(
    "chain",
    [
        [option(100.0, con_id=4321)],
        [option(100.0, con_id=2**30), option(101.0, con_id=2**30)],
    ],
    ids=["option-and-underlying", "two-options"],
)
def test_a_snapshot_with_one_id_twice_is_refused(chain: list[object]) -> None:
    with pytest.raises(ValueError, match="are both contract"):
        small(symbol(chain=chain))
