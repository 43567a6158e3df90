"""How nasty the simulated gateway is right now: entitlements, greeks, latencies, switches.

Every default is what the evidence says of a healthy paper gateway; a switch exists where the
evidence is missing or contradictory (gateway-behaviour.md, appendix D).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Entitlement = Literal["live", "delayed", "none", "not_enabled"]


@dataclass(slots=True)
class Latency:
    """Virtual seconds until an answer is due (gateway-behaviour.md 5, "Response timing")."""

    details_s: float = 0.05
    parameters_s: float = 0.3
    history_s: float = 0.4
    summary_s: float = 0.1
    positions_s: float = 0.05
    account_s: float = 0.3
    tick_s: float = 0.05
    query_s: float = 0.05
    ack_s: float = 0.1
    fill_s: float = 0.25
    commission_s: float = 0.05
    cancel_s: float = 0.1


@dataclass(slots=True)
class Conditions:
    """Mutable per session; a new session starts from the defaults again."""

    entitlement: Entitlement = "live"
    entitlements: dict[str, Entitlement] = field(default_factory=dict)
    greeks: Literal["on_time", "late", "never"] = "on_time"
    greeks_delay_s: float = 5.0
    latency: Latency = field(default_factory=Latency)
    frozen: dict[str, float] = field(default_factory=dict)  # symbol -> moment its quotes stand at
    read_only: bool = False
    # Two builds were seen; the newer one replays open orders before managedAccounts.
    open_orders_first: bool = True
    summary_slots_freed: bool = False  # reports say a cancelled summary keeps its slot
    positions_known: bool = True  # False: a gateway that has none yet; after 30 s 2151
    summary_twice: bool = False  # one capture shows the rows and the end of a summary twice
    cross_client_cancel: bool = False  # 10147 in the newer build
    # One symbol search a second is documented; what a faster one meets is not.
    fast_symbol_searches: Literal["dropped", "delayed"] = "dropped"
    modify_filled: Literal["silent", "refused"] = "silent"  # or error 104
    empty_tif_notice: bool = False  # 10349 before an order whose TIF was empty
    # A setting of the gateway; both forms of an execution's time were seen from version 174 on.
    execution_times: Literal["zoned", "utc"] = "zoned"
    # Not evidenced: whether the report of a combination repeats the commission of its legs.
    combo_commission: Literal["legs", "repeated"] = "legs"
    refuse_etrade_only: bool = False  # 10268 for clients with old order defaults
    etrade_only_notice: bool = False  # 2168 and 2169 for them; the order works
    # Settings of a gateway; each is off unless its user made it.
    master_client_id: int | None = None  # is told of the orders and executions of all clients
    direct_routing_precaution: bool = False  # 10311 for any exchange but SMART
    price_precaution_percent: float | None = None  # limits further beyond the market: 109
    cross_side_warning: bool = False  # 2137 before an order that turns a position around
    no_trading_permission: set[str] = field(default_factory=set)  # symbols; 460
    not_allowed: set[str] = field(default_factory=set)  # symbols; Inactive with 203
    # A limit beyond the price band: cancelled as captured, or capped with 2161 as documented.
    price_band: Literal["cancelled", "capped"] = "cancelled"
    adaptive_algo: Literal["refused", "worked"] = "refused"  # worked: as the order without it
    exercise: Literal["refused", "served"] = "refused"  # paper accounts answer 322
    # Not evidenced: what an unregistered program is answered; the nastier reading is the default.
    verification: Literal["error", "completed"] = "error"
    late_pnl: bool = False  # first rows of P&L streams without figures, which come a second later
    calendar_events: Literal["refused", "served"] = "refused"  # needs a subscription of its own
    news_feed: bool = True  # 10276 for every news request without it
    max_messages_per_s: int = 50
    max_snapshots_per_s: int = 100  # of one client; above it 321
    # About 100 KB in a real gateway's log; what the operating systems buffer comes before it.
    output_limit_kb: int = 100
    rate_strikes: int = 1  # violations of the message rate until the gateway disconnects
    max_clients: int = 32
    no_depth: set[str] = field(default_factory=set)  # exchanges without depth permission: 2152
    tick_by_tick_pacing: bool = True  # a second request on a contract within 15 s: 10190
    smart_components: Literal["known", "late"] = "known"  # late: an error without a code
    shortable_shares: dict[str, int] = field(default_factory=dict)  # by symbol; generic tick 236
    # Not evidenced: what a text request gets where the version has a body, or a body before it
    # has one. Unreadable (320) by default; True reads either form.
    either_form: bool = False
    crypto_segment: bool = True  # of the captured paper account; the live one had none
    # Points without evidence, or with two builds that differ (gateway-behaviour.md, appendix D).
    error_class: str = "bZ"  # the obfuscated class name in 321 and 322; new with every build
    unknown_message: Literal["error", "closed", "silent"] = "error"
    after_unreadable: Literal["stays", "closes"] = "stays"  # some builds close after 320
    oversized_frame: Literal["closed", "silent"] = "closed"
    one_too_many: Literal["closed", "silent"] = "closed"  # what the 33rd connection meets
    data_type_first: Literal["snapshots", "always", "never"] = "snapshots"  # 58 before 81
    cancel_filled: Literal["10148", "161"] = "10148"
    invalid_data_type: Literal["silent", "refused"] = "silent"  # or error 321
    snapshot_end_s: float = 11.0  # a snapshot that misses something ends then
    read_only_ids: Literal["order", "none"] = "order"  # the id of a refused order or cancel
    # Of the gateway's machine, in the handshake: all three forms were seen.
    zone_name: Literal["short", "long", "not_utf8"] = "short"
    # The official client drops bursts of n x 4096 bytes followed by silence (measured.md 5).
    spare_4096_bursts: bool = True

    def entitlement_of(self, symbol: str) -> Entitlement:
        """Return what the account may see of a symbol."""
        return self.entitlements.get(symbol, self.entitlement)
