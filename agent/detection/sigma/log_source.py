"""Log sources: what a rule is about, what a batch is, and how late the rows of each service come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

ALIASES: Mapping[str, frozenset[str]] = {
    "event_monitoring": frozenset({"event_log_file", "real_time_event_monitoring"}),
}
"""Service names in use elsewhere that mean more than one of ours."""

TYPE_COLUMNS: Mapping[str, str] = {"EVENT_TYPE": "event_log_file", "EventType": "real_time_event_monitoring"}
"""Columns that name the type of an event, to the service whose rows have them."""


@dataclass(frozen=True, slots=True)
class LogSource:
    """What a rule is about, or what a batch is; None in a rule means any."""

    product: str | None = None
    service: str | None = None
    category: str | None = None

    def covers(self, batch: LogSource) -> bool:
        """Whether a rule for this log source is meant for rows of `batch`."""
        return (
            self.product in (None, batch.product)
            and self.category in (None, batch.category)
            and (self.service in (None, batch.service) or batch.service in ALIASES.get(self.service or "", ()))
        )


LATENESS: Mapping[str, timedelta] = {"event_log_file": timedelta(hours=30)}
"""How late rows of a service may come: a daily log file is written up to six hours after its day."""

OTHERWISE = timedelta(hours=6)
"""How late rows of any other service may come."""

SALESFORCE = frozenset(
    {
        "event_log_file",
        "real_time_event_monitoring",
        "event_log_object",
        "setup_audit_trail",
        "login_history",
        "provisioning",
        "sessions",
        "object",
        "inbound",
    }
)
"""Services of Salesforce that a rule may be about."""


def services(source: LogSource) -> frozenset[str]:
    """What a rule for this log source looks at, of what is known here; empty if it is none of that."""
    if source.category is not None or source.product not in (None, "salesforce", "leakline"):
        return frozenset()
    known = (SALESFORCE if source.product != "leakline" else frozenset()) | (
        {"agent"} if source.product != "salesforce" else frozenset()
    )
    named = known if source.service is None else ALIASES.get(source.service, frozenset({source.service}))
    return known & named


def lateness(source: LogSource) -> timedelta:
    """Of the slowest service that a rule for this log source looks at."""
    return lateness_of(services(source))


def lateness_of(names: Iterable[str]) -> timedelta:
    """Of the slowest of these services; of one that nobody knows if there is none."""
    return max((LATENESS.get(name, OTHERWISE) for name in names), default=OTHERWISE)
