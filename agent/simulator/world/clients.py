"""What people and integrations use: browsers, the mobile app, and the programs behind integration users."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """One way in. `application` is the connected app's name, empty for a browser."""

    user_agent: str
    browser: str = ""
    browser_version: str = ""
    system: str = ""
    system_version: str = ""
    platform: str = "SFX:BROWSER:DESKTOP"
    application: str = ""
    client_name: str = ""
    username: str = ""
    """The first part of the integration user's name."""
    calls: int = 0
    """How busy an integration is, beside the others."""
    internal: bool = False
    """Whether it calls from inside Salesforce, so that no address is logged."""


def _mozilla(system: str, engine: str) -> str:
    return f"Mozilla/5.0 ({system}) {engine}"


_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{0}.0.0.0 Safari/537.36"

BROWSERS = (
    Client(
        _mozilla("Windows NT 10.0; Win64; x64", _CHROME.format(148)), "CHROME", "148", "WINDOWS", "10"
    ),
    Client(
        _mozilla("Windows NT 10.0; Win64; x64", _CHROME.format(147)), "CHROME", "147", "WINDOWS", "10"
    ),
    Client(
        _mozilla("Windows NT 10.0; Win64; x64", _CHROME.format(148) + " Edg/148.0.0.0"), "EDGE", "148", "WINDOWS", "10"
    ),
    Client(
        _mozilla("Macintosh; Intel Mac OS X 10_15_7", _CHROME.format(148)), "CHROME", "148", "OSX", "10.15.7"
    ),
    Client(
        _mozilla(
            "Macintosh; Intel Mac OS X 10_15_7", "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.2 Safari/605.1.15"
        ),
        "SAFARI", "19.2", "OSX", "10.15.7",
    ),
    Client(
        _mozilla("Windows NT 10.0; Win64; x64; rv:150.0", "Gecko/20100101 Firefox/150.0"),
        "FIREFOX", "150", "WINDOWS", "10",
    ),
)  # fmt: skip

MOBILE = Client(
    "SalesforceMobileSDK/12.2.0 iOS/19.1 (iPhone) Chatter/262.020 (262020) native uid_6C1F1E0A ftr_UA.SP",
    "SALESFORCE_APP",
    "262.020",
    "IOS",
    "19.1",
    "S1:NATIVE:PHONE",
    "Salesforce for iOS",
    "SfdcMobileChatteriOS",
)

INTEGRATIONS = (
    Client(
        "AHC/2.1",
        application="MuleSoft Anypoint",
        client_name="MuleSoft/SalesforceConnector/10.20",
        username="mulesoft",
        calls=30,
    ),
    Client(
        "Jakarta Commons-HttpClient/3.1",
        application="Informatica Cloud",
        client_name="InformaticaCloud/2026.3",
        username="informatica",
        calls=14,
    ),
    Client(
        "Salesforce Data Loader/66.0.0",
        application="Dataloader Bulk",
        client_name="DataLoaderBulk/66.0.0",
        username="nightly.load",
        calls=4,
    ),
    Client(
        "python-requests/2.31.0",
        application="Warehouse Sync",
        client_name="warehouse-sync/1.8",
        username="warehouse",
        calls=12,
    ),
    Client(
        "Tableau/2026.2 (OAuth; Linux)",
        application="Tableau",
        client_name="Tableau/2026.2",
        username="tableau",
        calls=8,
    ),
    Client(
        "Chatmatic-Connector/4.2 (+https://chatmatic.example)",
        application="Chatmatic",
        client_name="Chatmatic/4.2",
        username="chatmatic",
        calls=10,
    ),
    Client(
        "SfdcInternalQA/...",
        application="Activity Capture",
        client_name="SfdcSiqActivityPlatform/1.0",
        username="activity.capture",
        calls=9,
        internal=True,
    ),
    Client(
        "leakline/0.1",
        application="Leakline",
        client_name="leakline/0.1",
        username="leakline",
        calls=2,
    ),
)
"""The integrations; `python-requests` here is an expected one, from an expected network."""
