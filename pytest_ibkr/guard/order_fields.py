"""Which fields of an order a live test may set; every other one must say nothing.

Fields that came with protobuf bodies (203 to 223) are declared in ``PlaceOrder`` and not settable.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from pytest_ibkr.wire.messages.place_order import PlaceOrder

# What the five order types need, and what can only make an order trade less or more visibly.
# A field that is declared some day is not in here, and so is refused when it is set.
SETTABLE: Final = frozenset(
    {
        *("order_id", "contract", "action", "quantity", "order_type", "limit_price", "aux_price"),
        *("tif", "oca_group", "oca_type", "account", "order_ref", "transmit", "parent_id"),
        *("trail_stop_price", "trailing_percent", "trigger_method", "outside_rth", "what_if"),
        *("display_size", "hidden", "all_or_none", "min_quantity", "sweep_to_fill"),
    }
)

# What official clients send for "nothing" beside the declared default.
HARMLESS: Final[Mapping[str, tuple[Any, ...]]] = MappingProxyType(
    {
        "e_trade_only": (True,),  # ibapi 9.81 says so in every order
        "firm_quote_only": (True,),  # likewise
        "open_close": ("O",),  # likewise, to servers before 155
        "use_price_mgmt_algo": (False,),  # ib_async says so in every order
    }
)


def set_field(order: PlaceOrder) -> str | None:
    """The first field that says something and may not; None when there is none."""
    for field in dataclasses.fields(order):
        if field.name not in SETTABLE:
            value = getattr(order, field.name)
            if value != field.default and value not in HARMLESS.get(field.name, ()):
                return field.name
    return None


# Came with bodies: a preview must not say them either, for nobody knows what a gateway makes of
# them there. Attached orders would be orders of their own.
NOT_IN_PREVIEWS: Final = (
    *("deactivate", "post_only", "allow_pre_open", "ignore_open_auction", "submitter"),
    *("route_marketable_to_bbo", "seek_price_improvement", "what_if_type", "bond_accrued_interest"),
    *("sl_order_id", "sl_order_type", "pt_order_id", "pt_order_type", "hedge_max_size"),
)


def set_in_preview(order: PlaceOrder) -> str | None:
    """The first field that says something and may not even in a preview; None: there is none."""
    plain = {field.name: field.default for field in dataclasses.fields(order)}
    return next((n for n in NOT_IN_PREVIEWS if getattr(order, n) != plain[n]), None)
