"""Body layouts of news, events, fundamentals, scanners; how to read a row: ``kinds``."""

from __future__ import annotations

BODIES: dict[str, str] = {
    "CancelFundamentalsData": "reqId:i",
    "CancelNewsBulletins": "",
    "CancelScannerSubscription": "reqId:i",
    "CancelWshEventData": "reqId:i",
    "CancelWshMetaData": "reqId:i",
    "FundamentalsData": "reqId:i data:s",
    "FundamentalsDataRequest": "reqId:i contract:Contract reportType:s fundamentalsDataOptions:{}",
    "NewsArticle": "reqId:i articleType:i articleText:s",
    "NewsArticleRequest": "reqId:i providerCode:s articleId:s newsArticleOptions:{}",
    "NewsBulletin": "newsMsgId:i newsMsgType:i newsMessage:s originatingExch:s",
    "NewsBulletinsRequest": "allMessages:b",
    "NewsProvider": "providerCode:s providerName:s",
    "NewsProviders": "newsProviders:*NewsProvider",
    "NewsProvidersRequest": "",
    "ScannerData": "reqId:i scannerDataElement:*ScannerDataElement",
    "ScannerDataElement": (
        "rank:i contract:Contract marketName:s distance:s benchmark:s projection:s comboKey:s"
    ),
    "ScannerParameters": "xml:s",
    "ScannerParametersRequest": "",
    "ScannerSubscription": (
        "numberOfRows:i instrument:s locationCode:s scanCode:s abovePrice:d belowPrice:d "
        "aboveVolume:l marketCapAbove:d marketCapBelow:d moodyRatingAbove:s moodyRatingBelow:s "
        "spRatingAbove:s spRatingBelow:s maturityDateAbove:s maturityDateBelow:s "
        "couponRateAbove:d couponRateBelow:d excludeConvertible:b averageOptionVolumeAbove:l "
        "scannerSettingPairs:s stockTypeFilter:s scannerSubscriptionFilterOptions:{} "
        "scannerSubscriptionOptions:{}"
    ),
    "ScannerSubscriptionRequest": "reqId:i scannerSubscription:ScannerSubscription",
    "TickNews": "reqId:i timestamp:l providerCode:s articleId:s headline:s extraData:s",
    "WshEventData": "reqId:i dataJson:s",
    "WshEventDataRequest": (
        "reqId:i conId:i filter:s fillWatchlist:b fillPortfolio:b fillCompetitors:b startDate:s "
        "endDate:s totalLimit:i"
    ),
    "WshMetaData": "reqId:i dataJson:s",
    "WshMetaDataRequest": "reqId:i",
}
