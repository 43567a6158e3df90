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
    halted: set[str] = field(default_factory=set)
    read_only: bool = False
    # Two builds were seen; the newer one replays open orders before managedAccounts.
    open_orders_first: bool = True
    summary_slots_freed: bool = False  # reports say a cancelled summary keeps its slot
    cross_client_cancel: bool = False  # 10147 in the newer build
    modify_filled: Literal["silent", "refused"] = "silent"  # or error 104
    empty_tif_notice: bool = False  # 10349 before an order whose TIF was empty
    refuse_etrade_only: bool = False  # 10268 for clients with old order defaults
    max_messages_per_s: int = 50
    rate_strikes: int = 1  # violations of the message rate until the gateway disconnects
    max_clients: int = 32
    # The official client drops bursts of n x 4096 bytes followed by silence (measured.md 5).
    spare_4096_bursts: bool = True

    def entitlement_of(self, symbol: str) -> Entitlement:
        """Return what the account may see of a symbol."""
        return self.entitlements.get(symbol, self.entitlement)
