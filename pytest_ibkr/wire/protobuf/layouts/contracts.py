"""Bodies of what looks contracts up, and the contract that other families' requests nest.

Source: ``client_utils.py`` and ``decoder_utils.py`` of ibapi 10.46.
"""

from __future__ import annotations

from typing import Final

from pytest_ibkr.wire.messages.contract import (
    CancelContractData,
    ContractData,
    ContractDataEnd,
    Ineligibility,
    MarketRule,
    OptionParameter,
    OptionParameterEnd,
    PriceStep,
    ReqContractDetails,
    ReqMarketRule,
    ReqOptionParameters,
)
from pytest_ibkr.wire.protobuf.conversions import clean
from pytest_ibkr.wire.protobuf.kinds import fields_of
from pytest_ibkr.wire.protobuf.layout import (
    Here,
    Source,
    Via,
    body,
    here,
    many,
    pairs,
    part,
    record_body,
    spec_at,
    texts,
    via,
)

_NAMES: Final = {
    "con_id": "conId",
    "symbol": "symbol",
    "sec_type": "secType",
    "expiry": "lastTradeDateOrContractMonth",
    "strike": "strike",
    "right": "right",
    "multiplier": "multiplier",
    "exchange": "exchange",
    "primary_exchange": "primaryExch",
    "currency": "currency",
    "local_symbol": "localSymbol",
    "trading_class": "tradingClass",
}
# Of a body's ContractDetails: what only bonds have, and what came after 213.
BOND_ONLY: Final = (
    *("cusip", "issueDate", "ratings", "bondType", "coupon", "couponType", "convertible"),
    *("callable", "puttable", "descAppend", "nextOptionDate", "nextOptionType"),
    *("nextOptionPartial", "bondNotes"),
)
UNKNOWN_DETAILS: Final = (
    *("eventContract1", "eventContractDescription1", "eventContractDescription2"),
    *("minAlgoSize", "lastPricePrecision", "lastSizePrecision"),
)


def contract_of(cls: type, **more: str | Source) -> Here:
    """Make the nested contract of a request: what ``contract`` embeds, and the request's own.

    Clients send all they know of a contract; what the request's text form has no field for is not
    read.

    Args:
        cls: the request.
        more: by field of the protobuf contract: an attribute of the request itself.
    """
    embedded = spec_at(cls, "contract").names
    sources = {_NAMES[name]: f"contract.{name}" for name in embedded} | more
    rest = tuple(name for name in fields_of("Contract") if name not in sources)
    return here(part(cls, "Contract", sources, unfilled=rest))


body(
    ReqContractDetails,
    "ContractDataRequest",
    reqId="request_id",
    contract=contract_of(
        ReqContractDetails,
        includeExpired="include_expired",
        secIdType="sec_id_type",
        secId="sec_id",
        issuerId="issuer_id",
    ),
)


def _written(attribute: str) -> Via:
    """Make a text that is written even when it is empty."""
    return via(attribute, to_proto=lambda text: text, from_proto=lambda found: clean(found or ""))


# What is absent of a reason the official client hands on as the text "None".
_INELIGIBILITY = record_body(
    Ineligibility, "IneligibilityReason", id=_written("id"), description=_written("description")
)
body(
    ContractData,
    "ContractData",
    reqId="request_id",
    contract=here(
        part(
            ContractData,
            "Contract",
            lastTradeDateOrContractMonth="expiry",
            primaryExch="primary_exchange",
            unfilled=(
                *("secIdType", "secId", "description", "issuerId", "deltaNeutralContract"),
                *("includeExpired", "comboLegsDescrip", "comboLegs"),
            ),
        )
    ),
    contractDetails=here(
        part(
            ContractData,
            "ContractDetails",
            timeZoneId="time_zone",
            secIdList=pairs("sec_ids"),
            realExpirationDate="real_expiration",
            fundBackLoadTimeInterval="fund_back_load_interval",
            fundMinimumSubsequentPurchase="fund_subsequent_minimum_purchase",
            fundDistributionPolicyIndicator="fund_distribution_policy",
            ineligibilityReasonList=many(_INELIGIBILITY, "ineligibility"),
            unfilled=(*BOND_ONLY, *UNKNOWN_DETAILS),
        )
    ),
)
body(CancelContractData, "CancelContractData", reqId="request_id")
body(ContractDataEnd, "ContractDataEnd", reqId="request_id")

body(
    ReqOptionParameters,
    "SecDefOptParamsRequest",
    reqId="request_id",
    underlyingSymbol="symbol",
    underlyingSecType="sec_type",
    underlyingConId="con_id",
)
body(
    OptionParameter,
    "SecDefOptParameter",
    reqId="request_id",
    underlyingConId="under_con_id",
    expirations=texts("expirations"),
    strikes=texts("strikes"),
)
body(OptionParameterEnd, "SecDefOptParameterEnd", reqId="request_id")

body(ReqMarketRule, "MarketRuleRequest", marketRuleId="rule_id")
body(
    MarketRule,
    "MarketRule",
    marketRuleId="rule_id",
    priceIncrements=many(record_body(PriceStep, "PriceIncrement"), "steps"),
)
