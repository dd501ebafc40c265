"""Salesforce record ids: 15 case-sensitive characters, 18 case-safe ones."""

from __future__ import annotations

from functools import cache, lru_cache

import polars as pl

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"

PREFIXES = {
    "Organization": "00D",
    "User": "005",
    "Profile": "00e",
    "UserRole": "00E",
    "EventLogFile": "0AT",
    "ConnectedApplication": "0H4",
    "ExternalClientApplication": "0xI",
    "SetupAuditTrail": "0Ym",
    "LoginHistory": "0Ya",
    "Report": "00O",
    "Dashboard": "01Z",
    "DashboardComponent": "01a",
    "Account": "001",
    "Contact": "003",
    "Opportunity": "006",
    "Lead": "00Q",
    "Case": "500",
    "ContentDocument": "069",
    "ContentVersion": "068",
    "ContentDistribution": "05D",
    "Attachment": "00P",
    "Document": "015",
    "Group": "00G",
    "PermissionSet": "0PS",
    "Job": "750",
    "Batch": "751",
    "AsyncApexJob": "707",
    "ApexTrigger": "01q",
    "Flow": "301",
    "Site": "0DM",
    "Knowledge": "ka0",
    "TransactionSecurityPolicy": "0NI",
    "TenantSecret": "02G",
    "SandboxInfo": "0GQ",
    "AnalyticsAsset": "0FK",
    "AnalyticsDataset": "0Fb",
    "AuthProvider": "0SO",
    "BotDefinition": "0Xx",
    "ThreatEvent": "0Th",
    "PermissionSetAssignment": "0Pa",
    "AuthSession": "0Ak",
    "LoginGeo": "04F",
    "VerificationHistory": "0LB",
    "OauthToken": "0CQ",
    "AppMenuItem": "0DS",
    "UserProvisioningConfig": "0HW",
    "UserProvisioningRequest": "0HX",
    "UserProvisioningLog": "0HY",
    "UserProvAccount": "0HZ",
    "EventLogObject": "0EO",
    "Invoice__c": "a0B",
    "OutboundMessage": "04l",
    "OutboundMessageAction": "04k",
}
"""Key prefixes by object; from PermissionSetAssignment on, but for it and AuthSession, not verified."""


def short_id(kind: str, number: int, instance: str = "Hs") -> str:
    """The 15-character id of the `number`-th record of an object on one instance."""
    text = ""
    for _ in range(9):
        number, digit = divmod(number, 62)
        text = _DIGITS[digit] + text
    return f"{PREFIXES[kind]}{instance}0{text}"


def role_id(role: str) -> str:
    """The 15-character id of the role of this name."""
    return short_id("UserRole", 300 + len(role))


@lru_cache(maxsize=1 << 16)
def long_id(short: str) -> str:
    """The 18-character form: each group of five characters adds one that tells which of them are upper case.

    Source: Salesforce's id format; an id that has 18 characters already, or is empty, is returned as it is.
    """
    if len(short) != 15:
        return short
    groups = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(_SUFFIX[sum(1 << place for place, c in enumerate(group) if c.isupper())] for group in groups)


@cache
def pool(kind: str, count: int, first: int = 1000) -> pl.Series:
    """`count` short ids of one object, as `String`; spaced as if other records lay between them."""
    return pl.Series([short_id(kind, first + number * 37) for number in range(count)], dtype=pl.String)


def long_ids(ids: pl.Series) -> pl.Series:
    """`long_id` over a column, once per distinct value."""
    distinct = ids.unique()
    return ids.replace_strict(distinct, pl.Series([long_id(ident) for ident in distinct], dtype=pl.String))
