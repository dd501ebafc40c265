"""Which EventLogFile types matter for leaks, which come without a licence, and how the documentation misspells some."""

from __future__ import annotations

from collections.abc import Iterable

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

_ALIASES = {
    "asynchronousreportrun": "AsyncReportRun",
    "blockedredirect": "BlockedRedirections",
    "documentattachmentdownoads": "DocumentAttachmentDownloads",
    "uitelemetrynavigationtiming": "UiTelemetryNavigationTiming",
    "uitelemetryresourcetiming": "UiTelemetryResourceTiming",
    **{name.lower(): name for name in (*DEFAULT, *FREE)},
}


def spelled(names: Iterable[str]) -> list[str]:
    """`names` as the org spells them, where we know; in order, each once."""
    return list(dict.fromkeys(_ALIASES.get(name.lower(), name) for name in names))
