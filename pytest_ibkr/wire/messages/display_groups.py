"""TWS display groups: 67 to 70 and their answers."""

from __future__ import annotations

from pytest_ibkr.wire.declare import INT, TEXT, Message, request, response, wire


@request(67, "queryDisplayGroups")
class ReqDisplayGroups(Message):
    """OUT 67."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)


@request(68, "subscribeToGroupEvents")
class ReqGroupEvents(Message):
    """OUT 68. ``group_id`` is one of those that 67 lists."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
    group_id: int = wire(INT)


@request(69, "updateDisplayGroup")
class SetDisplayGroup(Message):
    """OUT 69. Under the id of the subscription: ``none``, ``combo`` or ``conId@exchange``."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
    contract_info: str = wire(TEXT)


@request(70, "unsubscribeFromGroupEvents")
class CancelGroupEvents(Message):
    """OUT 70. Silent."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)


@response(67)
class DisplayGroups(Message):
    """IN 67. Group ids, most used first, joined with ``|``."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
    groups: str = wire(TEXT)


@response(68)
class DisplayGroupUpdated(Message):
    """IN 68. What the group shows, as in OUT 69."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
    contract_info: str = wire(TEXT)
