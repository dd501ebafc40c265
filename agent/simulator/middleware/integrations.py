"""The integrations, with their habits."""

from __future__ import annotations

from dataclasses import dataclass

from agent.simulator.world.networks import networks_of

ORG = "https://trading.my.salesforce.com/services/data/v62.0"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What an integration calls. `{}` in the address is a record's id."""

    method: str
    url: str
    median_bytes: int
    """Of the answer."""
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Integration:
    """One integration, and about how much of everything it does."""

    name: str
    user: str
    user_agent: str
    place: int
    """Which of the clouds' networks it is in."""
    endpoints: tuple[Endpoint, ...]
    objects: tuple[str, ...]
    calls_by_day: int
    """An hour, from 6 to 18 UTC on workdays; a fifth of it at other times."""
    delta_minutes: int = 0
    """Between two runs of its incremental job; 0: it has none."""
    nightly_hour: int | None = None
    """When its full job runs."""
    nightly_calls: int = 0

    @property
    def addresses(self) -> tuple[str, str]:
        """Its two workers."""
        network = networks_of("cloud")[self.place]
        return network.address(20 + len(self.name)), network.address(120 + len(self.name))


_QUERY = Endpoint("GET", f"{ORG}/query?q=SELECT+Id+FROM+Account", 20_000, 6)

INTEGRATIONS = (
    Integration(
        "orders", "mulesoft@integration.trading.example", "AHC/1.0", 0,
        (_QUERY, Endpoint("PATCH", f"{ORG}/composite/sobjects?allOrNone=false", 9_000, 8),
         Endpoint("GET", f"{ORG}/sobjects/Order/{{}}", 2_500, 4)),
        ("Order", "OrderItem", "Product2", "Account"), 12, delta_minutes=60, nightly_hour=1, nightly_calls=60,
    ),
    Integration(
        "billing", "billing@integration.trading.example", "python-requests/2.32.3", 1,
        (_QUERY, Endpoint("POST", f"{ORG}/sobjects/Invoice__c", 300, 3),
         Endpoint("POST", "https://api.payments.example/v2/invoices", 700, 3)),
        ("Invoice__c", "Account"), 30,
    ),
    Integration(
        "warehouse", "warehouse@integration.trading.example", "Informatica/10.5", 2,
        (Endpoint("POST", f"{ORG}/jobs/query", 400, 1), Endpoint("GET", f"{ORG}/jobs/query/{{}}/results", 900_000, 9)),
        ("Account", "Contact", "Opportunity", "Case", "Lead"), 2, nightly_hour=2, nightly_calls=80,
    ),
    Integration(
        "marketing", "marketing@integration.trading.example", "Workato/1.0", 1,
        (Endpoint("GET", f"{ORG}/query?q=SELECT+Id+FROM+Lead", 40_000, 5),
         Endpoint("PATCH", f"{ORG}/sobjects/Lead/{{}}", 200, 4)),
        ("Lead", "Campaign", "CampaignMember"), 15, delta_minutes=30,
    ),
)  # fmt: skip
"""By what sends them: all of the one middleware."""

LOCK = ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
REQUIRED = ("REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]")
NO_SESSION = ("INVALID_SESSION_ID", "Session expired or invalid")
NO_RIGHT = ("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
