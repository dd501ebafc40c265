"""docs/reference/metrics.md: every metric, from `agent.metrics`."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Counter, Gauge, Histogram

from agent import metrics
from tests.reference.table import table, written_by

LABELS = {
    "channel": "the channel of the Pub/Sub API, such as `ReportEventStream`; of messages, its name in the settings",
    "component": "the source or destination that refused them",
    "destination": "the destination's name in the settings",
    "error": "the kind of error, such as `Unauthorized` or `TransportError`",
    "event_type": "the event type, such as `ReportExport`",
    "feed": "who told it: `SetupAuditTrail` or `PermissionSetEvent`",
    "flag": "what is remarkable, as the meaning lists it",
    "kind": "the kind of problem: see [problems.md](problems.md)",
    "level": "of an incident: informational, low, medium, high, critical",
    "state": "of an incident, as `leakline incidents list` shows it",
    "lane": "`alerts` or `events`",
    "object": "the object of the org of which all records are compared, such as `AuthSession`",
    "org": "the org's name in the settings; empty for what is of Leakline itself",
    "outcome": "`accepted`, `failed` or `given-up`",
    "problem": "what could not be read, as the meaning lists it",
    "purpose": "what for, as the meaning lists it",
    "reason": "why, as the meaning lists it",
    "rule": "the rule's name",
    "seen": "when, as the meaning lists it",
    "sender": "the sender's name in the settings",
    "silence": "the kind of silence, as the meaning lists it",
    "source": "the source: `ORG/event_log_file`",
    "stage": "`receiving`, `processing` or `sending`",
    "verdict": "`passed` or `failed`",
    "status": "the status of HTTP, such as `200`",
}
"""What each label holds."""

Metric = Counter | Gauge | Histogram


def all_metrics() -> Iterator[Metric]:
    """In the order of their names."""
    found = [value for value in vars(metrics).values() if isinstance(value, Metric)]
    yield from sorted(found, key=name_of)


def name_of(metric: Metric) -> str:
    """As it is scraped, but for the endings of a histogram's parts."""
    (described,) = metric.describe()
    return f"{described.name}_total" if isinstance(metric, Counter) else described.name


def page() -> str:
    rows = []
    for metric in all_metrics():
        (described,) = metric.describe()
        labels = ", ".join(f"`{label}`" for label in metric._labelnames)
        rows.append((f"`{name_of(metric)}`", described.type, labels, f"{described.documentation}."))
    used = sorted({label for metric in all_metrics() for label in metric._labelnames})
    return "\n".join(
        [
            "# Metrics\n",
            written_by("the code"),
            (
                "For authors of dashboards and alarms. With `metrics.port` in the settings, Leakline answers `/metrics` in the"
                " format of Prometheus. [operating.md](../operating.md) says which of them to watch, and what a problem means.\n"
            ),
            table(("name", "type", "labels", "meaning"), rows),
            "A histogram has the series `…_bucket`, `…_count` and `…_sum`.\n",
            "## Labels\n",
            table(("label", "what it holds"), [(f"`{label}`", LABELS[label]) for label in used]),
        ]
    )
