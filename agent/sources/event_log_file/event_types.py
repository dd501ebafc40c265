"""Which EventLogFile types matter for leaks, which come without a licence, and how the documentation misspells some."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Annotated

from pydantic import StringConstraints

DEFAULT = (
    # Who came in, and as whom.
    "Login", "Logout", "LoginAs", "SalesforceLoginAs", "HostnameRedirects",
    # Data that leaves through an API.
    "API", "ApiTotalUsage", "RestApi", "BulkApi", "BulkApi2", "BulkApiRequest", "CompositeApi",
    "CompositeApiSubrequest", "GraphQLQuery", "UniqueQuery", "ApexRestApi", "ApexSoap", "ApexCallout", "NamedCredential",
    # Data that leaves as reports, files and links.
    "Report", "ReportExport", "AsyncReportRun", "MultiBlockReport", "Dashboard", "WaveDownload", "ContentTransfer",
    "ContentDistribution", "ContentDocumentLink", "DocumentAttachmentDownloads", "Attachment",
    # Looking around.
    "URI", "LightningPageView", "AuraRequest", "VisualforceRequest", "Sites", "Search",
    # Changes to rights, configuration and keys.
    "PermissionUpdate", "GroupMembership", "Sandbox", "PackageInstall", "ChangeSetOperation", "MetadataApiOperation",
    "PlatformEncryption",
    # Controls that were hit.
    "InsufficientAccess", "TransactionSecurity", "CSPViolation", "CorsViolation", "BlockedRedirections",
    "InsecureExternalAssets",
)  # fmt: skip
"""What is read unless the settings say otherwise."""

FREE = frozenset({
    "ApexUnexpectedException", "ApiTotalUsage", "CorsViolation", "CSPViolation", "HostnameRedirects",
    "InsecureExternalAssets", "Login", "Logout",
})  # fmt: skip
"""Written for every org, daily and for one day; the others need Event Monitoring (Object Reference: EventLogFile)."""

OTHERS = (
    "ApexExecution", "ApexInline", "ApexTrigger", "ApexUnexpectedException", "ConcurrentLongRunningApexLimit", "Console",
    "ContinuationCalloutSummary", "DatabaseSave", "ExternalCrossOrgCallout", "ExternalCustomApexCallout",
    "ExternalDataSourceCallout", "ExternalODataCallout", "FlowExecution", "InvocableAction", "KnowledgeArticleView",
    "LightningError", "LightningInteraction", "LightningLogger", "LightningPerformance", "OneCommerceUsage", "Pricing",
    "QueuedExecution", "SearchClick", "TimeBasedWorkflow", "UiTelemetryNavigationTiming", "UiTelemetryResourceTiming",
    "WaveChange", "WaveInteraction", "WavePerformance",
)  # fmt: skip
"""Documented, and read only where the settings ask for them."""

KNOWN = frozenset({*DEFAULT, *FREE, *OTHERS})
"""Every documented type; Salesforce adds some with each release."""

EventType = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]
"""A settings field with the name of an event type, known or not."""

_ALIASES = {
    "asynchronousreportrun": "AsyncReportRun",
    "blockedredirect": "BlockedRedirections",
    "documentattachmentdownoads": "DocumentAttachmentDownloads",
    "uitelemetrynavigationtiming": "UiTelemetryNavigationTiming",
    "uitelemetryresourcetiming": "UiTelemetryResourceTiming",
    **{name.lower(): name for name in KNOWN},
}


def spelled(names: Iterable[str]) -> list[str]:
    """`names` as the org spells them, where we know; in order, each once."""
    return list(dict.fromkeys(_ALIASES.get(name.lower(), name) for name in names))


def like(name: str) -> list[str]:
    """Known types that are spelled much like `name`, the nearest first."""
    by_lower = {known.lower(): known for known in sorted(KNOWN)}
    return [by_lower[near] for near in difflib.get_close_matches(name.lower(), list(by_lower), n=3, cutoff=0.7)]
