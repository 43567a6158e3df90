"""Session messages: start, managed accounts, order ids, time, errors."""

from __future__ import annotations

from pytest_ibkr.wire.declare import INT, TEXT, TEXT7, Message, request, response, wire
from pytest_ibkr.wire.versions import ADVANCED_REJECT, ERROR_TIME


@request(71, "startApi")
class StartApi(Message):
    """OUT 71. Opens the session under a client id; the only frame allowed before 15/9 come."""

    layout: int = wire(INT, default=2)
    client_id: int = wire(INT)
    capabilities: str = wire(TEXT, default="")


@request(17, "reqManagedAccts")
class ReqManagedAccounts(Message):
    """OUT 17."""

    layout: int = wire(INT, default=1)


@request(8, "reqIds")
class ReqIds(Message):
    """OUT 8. The argument is ignored and nothing is reserved."""

    layout: int = wire(INT, default=1)
    count: int = wire(INT, default=1)


@request(49, "reqCurrentTime")
class ReqCurrentTime(Message):
    """OUT 49."""

    layout: int = wire(INT, default=1)


@request(14, "setServerLogLevel")
class SetServerLogLevel(Message):
    """OUT 14. No answer."""

    layout: int = wire(INT, default=1)
    level: int = wire(INT)


@response(15)
class ManagedAccounts(Message):
    """IN 15. Comma-joined account ids; a trailing comma occurs."""

    layout: int = wire(INT, default=1)
    accounts: str = wire(TEXT)


@response(9)
class NextValidId(Message):
    """IN 9. Highest order id ever used by this client id plus one."""

    layout: int = wire(INT, default=1)
    order_id: int = wire(INT)


@response(49)
class CurrentTime(Message):
    """IN 49. Unix epoch, seconds."""

    layout: int = wire(INT, default=1)
    epoch_s: int = wire(INT)


@response(4)
class ErrorNotice(Message):
    """IN 4. A refusal, warning or notice; ``request_id`` is -1 when it is about the session.

    ``at_ms`` is when it happened, Unix epoch in milliseconds; 0 where the version has no time.
    """

    layout: int = wire(INT, until=ERROR_TIME, default=2)
    request_id: int = wire(INT, default=-1)
    code: int = wire(INT)
    text: str = wire(TEXT7)
    reject_json: str = wire(TEXT7, since=ADVANCED_REJECT, default="")
    at_ms: int = wire(INT, since=ERROR_TIME, default=0)
