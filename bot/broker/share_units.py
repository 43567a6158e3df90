"""What one unit of a size or volume is: older sessions get stock figures in lots. Pure.

Server versions: tick sizes in shares since 159, volumes of historical bars since 175.
Options, indexes and everything else come in contracts or units in all versions.
"""

from __future__ import annotations

LOT = 100
SHARE_SIZES, SHARE_VOLUMES = 159, 175


def shares_per_tick_size(sec_type: str, server_version: int) -> int:
    """What sizes and volumes of ticks have to be multiplied with."""
    return LOT if sec_type == "STK" and server_version < SHARE_SIZES else 1


def shares_per_bar_volume(sec_type: str, server_version: int) -> int:
    """What volumes of historical bars have to be multiplied with."""
    return LOT if sec_type == "STK" and server_version < SHARE_VOLUMES else 1
