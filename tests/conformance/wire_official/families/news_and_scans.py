"""News, bulletins, scanners, fundamental data, WSH."""

from __future__ import annotations

from pytest_ibkr.wire.versions import WSH_CALENDAR
from tests.conformance.wire_official.asking import Asked
from tests.conformance.wire_official.reading import Heard, heard

RESPONSES: dict[int, Heard] = {
    14: heard("updateNewsBulletin", places={"bulletin_id": "msgId", "kind": "msgType"}),
    19: heard("scannerParameters"),
    20: heard("scannerData", "scannerDataEnd", rows="rows"),
    51: heard("fundamentalData"),
    83: heard("newsArticle", places={"kind": "articleType"}),
    84: heard("tickNews"),
    85: heard("newsProviders"),
    86: heard("historicalNews"),
    87: heard("historicalNewsEnd"),
    104: heard("wshMetaData"),
    105: heard("wshEventData"),
}
REQUESTS: dict[int, Asked] = {
    52: Asked(fixed={"option_count": 0}),
    100: Asked(since=WSH_CALENDAR),
    101: Asked(since=WSH_CALENDAR),
    102: Asked(since=WSH_CALENDAR),
    103: Asked(since=WSH_CALENDAR),
}
