"""Advisors' requests, from an account that is no advisor's."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.messages.advisor import (
    FamilyCode,
    FamilyCodes,
    ReplaceAdvisorData,
    ReqAdvisorData,
    ReqFamilyCodes,
    ReqSoftDollarTiers,
    SoftDollarTiers,
)
from pytest_ibkr.wire.versions import NEWEST, NO_FA_PROFILE, OLDEST, REPLACE_FA_END
from tests.sim.data_bench import errors, peer

VERSIONS = [OLDEST, REPLACE_FA_END - 1, REPLACE_FA_END, NO_FA_PROFILE - 1, NO_FA_PROFILE, NEWEST]
REFUSED = "Error validating request.-'bZ' : cause - FA data operations ignored for non FA customers"
GROUPS, PROFILES, ALIASES = 1, 2, 3


@pytest.mark.parametrize("version", VERSIONS)
def test_family_codes_and_tiers_are_those_of_a_normal_account(version: int) -> None:
    asker = peer(version=version)
    assert asker.send(ReqFamilyCodes()) == [FamilyCodes(codes=(FamilyCode(account="*", code=""),))]
    tiers = asker.send(ReqSoftDollarTiers(request_id=7))
    assert tiers == [SoftDollarTiers(request_id=7, tiers=())]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("data_type", [GROUPS, PROFILES, ALIASES])
def test_advisors_data_is_refused_under_no_id(version: int, data_type: int) -> None:
    found = peer(version=version).send(ReqAdvisorData(data_type=data_type))
    assert errors(found) == [(-1, 321, REFUSED)]


@pytest.mark.parametrize("version", VERSIONS)
def test_replacing_it_is_refused_under_the_id_where_there_is_one(version: int) -> None:
    asked = ReplaceAdvisorData(request_id=7, data_type=GROUPS, xml="<ListOfGroups/>")
    found = peer(version=version).send(asked)
    assert errors(found) == [(7 if version >= REPLACE_FA_END else -1, 321, REFUSED)]
    assert len(found) == 1
