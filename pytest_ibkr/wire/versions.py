"""Server versions at which a declared layout changes; names say what comes or goes.

Source: gateway-behaviour.md 7.4, checked against ``ibapi.server_versions`` of 9.81 and 10.46.
"""

from __future__ import annotations

from typing import Final

OLDEST: Final = 151  # nothing older is in use; a client that offers less is refused
NEWEST: Final = 225  # highest version whose declarations are complete here
NEWEST_TEXT: Final = 200  # highest version at which every message is text

STOCK_TYPE: Final = 152
ASCII7: Final = 153
TICK_ATTRIB: Final = 156
REPLACE_FA_END: Final = 157  # 19 carries a request id, 103 confirms it
DURATION: Final = 158
POST_TO_ATS: Final = 160
WSH_CALENDAR: Final = 161
AUTO_CANCEL_PARENT: Final = 162
DECIMAL_SIZES: Final = 163
SIZE_RULES: Final = 164  # 10 and 18 lose their version field, three size rules come
SCHEDULES: Final = 165
ADVANCED_REJECT: Final = 166
USER_INFO: Final = 167
MANUAL_ORDER_TIME: Final = 169
PEG_OFFSETS: Final = 170
WSH_FILTERS: Final = 171
WSH_DATES: Final = 173
ZONED_TIMES: Final = 174  # execution and bar times carry the instrument's zone
SHARE_VOLUMES: Final = 175  # HMDS volumes in shares instead of lots
BOND_ISSUER_ID: Final = 176
NO_FA_PROFILE: Final = 177
PENDING_PRICE_REVISION: Final = 178
FUND_FIELDS: Final = 179
MANUAL_EXERCISE_TIME: Final = 180
LAST_TRADE_DATE: Final = 182
CUSTOMER_ACCOUNT: Final = 183
PROFESSIONAL_CUSTOMER: Final = 184
BOND_ACCRUED: Final = 185
INELIGIBILITY: Final = 186
RFQ_FIELDS: Final = 187
BOND_HOURS: Final = 188
INCLUDE_OVERNIGHT: Final = 189
NO_RFQ_FIELDS: Final = 190
LONG_PERM_ID: Final = 191
CME_TAGGING: Final = 192  # requests 3, 4 and 58; 4 and 58 lose their version field
CME_TAGGING_ECHO: Final = 193
ERROR_TIME: Final = 194  # 4 loses its version field
ORDER_PREVIEW: Final = 195
HISTORY_END: Final = 196  # 17 loses its window, 108 brings it
MILLISECONDS: Final = 197
SUBMITTER: Final = 198
IMBALANCE_ONLY: Final = 199
EXECUTION_DAYS: Final = 200
PROTOBUF: Final = 201  # ids of four bytes; bodies family by family, see ``protobuf.gates``
ZERO_STRIKE: Final = 202
PROTOBUF_ORDERS: Final = 203  # 3, 4, 58 and 3, 5, 53
PROTOBUF_COMPLETED_ORDERS: Final = 204  # 5, 15, 16, 99 and 100, 101, 102
UTC_SUFFIX: Final = 214  # UTC date-times end in Z
CANCEL_CONTRACT_DATA: Final = 215  # 106 and 107
ORDER_PARAMETERS_1: Final = 216
ORDER_PARAMETERS_2: Final = 217
ATTACHED_ORDERS: Final = 218
CONFIG: Final = 219
SHARE_TICKS: Final = 220  # market data volumes in shares instead of lots
UPDATE_CONFIG: Final = 221
FRACTIONAL_LAST_SIZE: Final = 222
HEDGE_MAX_SIZE: Final = 223
SEC_DEF_PRECISION: Final = 224
ODD_LOT_QUOTES: Final = 225


def negotiate(lowest: int, highest: int, *, newest: int) -> int | None:
    """Return the version the gateway answers, or None when it must refuse the client.

    A client whose lowest is above the answer hangs up by itself: the gateway sends no error for
    that (gateway-behaviour.md 1.2).

    Args:
        lowest: the client's lowest version.
        highest: the client's highest version.
        newest: the gateway's highest version, at most :data:`NEWEST`.
    """
    chosen = min(highest, newest)
    return None if chosen < OLDEST or lowest > highest else chosen
