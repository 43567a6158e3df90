"""Contract details, bonds, option parameters, symbols, rules, exchanges."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.conformance.wire_official.asking import Asked
from tests.conformance.wire_official.reading import Heard, Judge, heard
from tests.conformance.wire_official.values import DIGITS


def enumerated(attribute: str) -> Judge:
    """A fund's code, of which the client makes an enumeration member."""

    def judge(ours: str, args: dict[str, Any], _: Any) -> bool:
        return bool(getattr(args["contractDetails"], attribute).value[0] == ours)

    return judge


DETAILS_DRAW = {
    "expiry": st.sampled_from(["", "20260717"]),
    "ev_multiplier": DIGITS,
    "sec_type": st.sampled_from(["STK", "OPT", "FUND"]),
    "fund_distribution_policy": st.sampled_from(["N", "Y"]),
    "fund_asset_type": st.sampled_from(["001", "004"]),
}
RESPONSES: dict[int, Heard] = {
    10: heard(
        "contractDetails",
        places={"fund_back_load_interval": "contractDetails.fundBackLoadTimeInterval"},
        dropped={"size_min_tick": "163 only; no client keeps it"},
        judge={
            "fund_distribution_policy": enumerated("fundDistributionPolicyIndicator"),
            "fund_asset_type": enumerated("fundAssetType"),
        },
        draw=DETAILS_DRAW,
    ),
    18: heard(
        "bondContractDetails",
        places={"description": "contractDetails.descAppend"},
        dropped={"size_min_tick": "163 only; no client keeps it"},
        draw={**DETAILS_DRAW, "sec_type": st.just("BOND"), "maturity": DIGITS},
    ),
    52: heard("contractDetailsEnd"),
    75: heard("securityDefinitionOptionParameter"),
    76: heard("securityDefinitionOptionParameterEnd"),
    79: heard("symbolSamples", places={"samples.derivatives": "derivativeSecTypes"}),
    80: heard(
        "mktDepthExchanges",
        places={
            "exchanges": "depthMktDataDescriptions",
            "exchanges.listing_exchange": "listingExch",
            "exchanges.service": "serviceDataType",
        },
    ),
    82: heard(
        "smartComponents",
        places={
            "components": "smartComponentMap",
            "components.bit": "bitNumber",
            "components.letter": "exchangeLetter",
        },
    ),
    93: heard("marketRule", places={"steps": "priceIncrements"}),
}
REQUESTS: dict[int, Asked] = {}
