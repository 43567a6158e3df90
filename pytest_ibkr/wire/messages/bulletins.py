"""News bulletins: 12, 13 and their answer."""

from __future__ import annotations

from pytest_ibkr.wire.declare import BOOL, INT, TEXT, Message, request, response, wire


@request(12, "reqNewsBulletins")
class ReqNewsBulletins(Message):
    """OUT 12. ``all_messages``: those of today too, not new ones only."""

    layout: int = wire(INT, default=1)
    all_messages: bool = wire(BOOL)


@request(13, "cancelNewsBulletins")
class CancelNewsBulletins(Message):
    """OUT 13. Silent."""

    layout: int = wire(INT, default=1)


@response(14)
class NewsBulletin(Message):
    """IN 14. ``kind``: 1 a bulletin, 2 the exchange is not available, 3 it is again."""

    layout: int = wire(INT, default=1)
    bulletin_id: int = wire(INT)
    kind: int = wire(INT)
    text: str = wire(TEXT)
    exchange: str = wire(TEXT)
