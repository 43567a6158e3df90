"""From which server version on a message is a body instead of text fields.

Source: gateway-behaviour.md 1.9, the requests also from the official client's own table (10.46).
Ids that are not here stay text at every version.
"""

from __future__ import annotations

from itertools import chain
from typing import Final

from pytest_ibkr.wire.declare import Message, is_request

BODY_IDS_FROM: Final = 200  # what is added to the classic id of a message with a body

REQUEST_GATES: Final[dict[int, tuple[int, ...]]] = {
    201: (7,),
    203: (3, 4, 58),
    204: (5, 15, 16, 99),
    205: (9,),
    206: (1, 2, 10, 11, 59),
    207: (6, 17, *range(61, 65), *range(74, 78)),
    208: (20, 25, 50, 51, 87, 88, 89, 90, 96, 97, 98),
    209: (12, 13, 84, 85, 86, *range(100, 104)),
    210: (22, 23, 24, 52, 53, *range(92, 96)),
    211: (18, 19, 21, *range(54, 58)),
    212: (*range(78, 82), 83, 91, 104),
    213: (8, 14, 49, *range(65, 72), 82, 105),
    215: (106, 107),
    219: (108,),
    221: (109,),
}
RESPONSE_GATES: Final[dict[int, tuple[int, ...]]] = {
    201: (4, 11, 55),
    203: (3, 5, 53),
    204: (100, 101, 102),
    205: (10, 18, 52),
    206: (1, 2, 12, 13, 21, 45, 46, 57, 58, 81),
    207: (6, 7, 8, 15, 54, *range(61, 65), *range(71, 75)),
    208: (17, 50, 88, 89, 90, *range(96, 100), 108),
    209: (14, *range(83, 88), 104, 105),
    210: (19, 20, 51, 94, 95),
    # 59, 91, 92, 103 and 106 by their place in the official client's table of handlers.
    211: (16, 59, 91, 92, 103, 106),
    212: (*range(75, 80), 82, 93, 107),
    213: (9, 49, *range(65, 69), 80, 109),
    219: (110,),
    221: (111,),
}
_REQUESTS = {i: since for since, ids in REQUEST_GATES.items() for i in ids}
_RESPONSES = {i: since for since, ids in RESPONSE_GATES.items() for i in ids}


def protobuf_since(message: type[Message]) -> int | None:
    """Return the first server version at which a message has a body; None: it has none."""
    return gate_of(message.MSG_ID, request=is_request(message))


def gate_of(msg_id: int, *, request: bool) -> int | None:
    """Return the same for a classic message id."""
    return (_REQUESTS if request else _RESPONSES).get(msg_id)


def gated_ids(*, request: bool) -> list[int]:
    """Return the classic ids of all messages that have a body at some version, in order."""
    table = REQUEST_GATES if request else RESPONSE_GATES
    return sorted(chain.from_iterable(table.values()))
