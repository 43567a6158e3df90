"""What financial advisors ask: 18, 19, 79, 80 and their answers."""

from __future__ import annotations

from pytest_ibkr.wire.declare import (
    INT,
    TEXT,
    Message,
    record,
    request,
    response,
    rows,
    wire,
)
from pytest_ibkr.wire.versions import REPLACE_FA_END


@request(18, "requestFA")
class ReqAdvisorData(Message):
    """OUT 18. ``data_type``: 1 groups, 2 profiles (gone since 177), 3 aliases."""

    layout: int = wire(INT, default=1)
    data_type: int = wire(INT)


@request(19, "replaceFA")
class ReplaceAdvisorData(Message):
    """OUT 19. ``data_type`` as in 18; ``xml`` replaces the whole configuration of that type."""

    layout: int = wire(INT, default=1)
    data_type: int = wire(INT)
    xml: str = wire(TEXT)
    request_id: int = wire(INT, since=REPLACE_FA_END, default=-1)


@request(79, "reqSoftDollarTiers")
class ReqSoftDollarTiers(Message):
    """OUT 79."""

    request_id: int = wire(INT)


@request(80, "reqFamilyCodes")
class ReqFamilyCodes(Message):
    """OUT 80. Neither this request nor its answer has a request id."""


@response(16)
class AdvisorData(Message):
    """IN 16. ``data_type`` as in 18. Only advisors get it."""

    layout: int = wire(INT, default=1)
    data_type: int = wire(INT)
    xml: str = wire(TEXT)


@response(103)
class AdvisorDataReplaced(Message):
    """IN 103. Only advisors get it."""

    request_id: int = wire(INT)
    text: str = wire(TEXT)


@record
class SoftDollarTier:
    """One tier a commission may be charged by."""

    name: str = wire(TEXT)
    value: str = wire(TEXT)
    display_name: str = wire(TEXT)


@response(77)
class SoftDollarTiers(Message):
    """IN 77. Empty for normal accounts."""

    request_id: int = wire(INT)
    tiers: tuple[SoftDollarTier, ...] = rows(SoftDollarTier)


@record
class FamilyCode:
    """One account and the family it belongs to; ``*`` and empty outside any family."""

    account: str = wire(TEXT)
    code: str = wire(TEXT)


@response(78)
class FamilyCodes(Message):
    """IN 78."""

    codes: tuple[FamilyCode, ...] = rows(FamilyCode)
