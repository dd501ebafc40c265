"""What a row that is longer than its destination takes loses, and in which order; `shorten` does it.

1. Texts longer than 256 bytes lose their ends, the longest first.
2. The groups of `GROUPS` go, one after the other; after each the texts are cut to 256 bytes at least, if that is enough.
3. The other texts are cut further, to 32 bytes at least.
4. All but the fields of `KEPT` goes.
5. All but one name of each line of `LEAST_FORM` goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

REST = "*"
"""In `leakline.truncated` the name for all that was left out."""

GROUPS: Mapping[str, Sequence[str]] = {
    "*repeated": (
        "event.original", "event.module", "ecs.version", "observer.type", "related.*",
    ),
    "*computed": (
        "event.category", "event.type", "source.as.*", "source.geo.city_*", "source.geo.region_*",
        "source.geo.location*", "source.geo.continent_*", "source.geo.country_name", "source.geo.name", "tls.version*",
        "url.domain", "url.fragment", "url.path", "url.port", "url.query", "url.scheme", "url.extension", "url.*_domain",
        "user_agent.name", "user_agent.version", "user_agent.os.*", "user_agent.device.*", "leakline.user_type",
        "leakline.api_type", "leakline.app_type", "leakline.platform_type", "leakline.session_type",
        "leakline.session_level", "leakline.source_network", "leakline.number.*", "leakline.aura.controller",
        "leakline.aura.method",
    ),
    "*timings": (
        "salesforce.cpu_time", "salesforce.db_blocks", "salesforce.db_cpu_time", "salesforce.*_start",
        "salesforce.*_end", "salesforce.dom_*", "salesforce.duration*", "salesforce.ept", "salesforce.effective_page_time*",
        "salesforce.page_start_time", "salesforce.*_body_size", "salesforce.transfer_size", "salesforce.ui_event_*",
        "salesforce.ui_thread_*", "salesforce.ui_root_*", "salesforce.total_time", "salesforce.total_execution_time",
        "salesforce.read_time", "salesforce.flow_load_time", "salesforce.start_time", "salesforce.throughput",
        "salesforce.view_state_size", "salesforce.vf_controller_size", "salesforce.wave_timestamp",
        "salesforce.is_long_running_request",
    ),
}  # fmt: skip
"""Groups of fields by the name that `leakline.truncated` has for them, first to go first: what the row has in another
place or every row has, what can be worked out again from what it keeps, and how long things took. No rule of the pack
reads one of the last group."""

KEPT = (
    "@timestamp", "event.id", "event.kind", "event.action", "event.severity", "event.dataset", "event.provider",
    "event.outcome", "leakline.service", "event.created", "event.start", "event.end", "organization.id", "observer.vendor",
    "observer.product", "rule.id", "rule.name", "user.id", "user.name", "source.ip", "leakline.rule.level",
    "leakline.alert.id", "leakline.alert.count", "leakline.alert.folded", "leakline.alert.revision",
    "leakline.measure.field", "leakline.measure.value", "leakline.measure.threshold", "leakline.problem.id",
    "leakline.problem.kind", "leakline.problem.subject", "leakline.problem.count", "leakline.incident.id",
    "leakline.incident.state", "leakline.incident.level", "leakline.incident.alerts", "leakline.clock.regime",
    "leakline.clock.obligation", "leakline.clock.state", "leakline.clock.due", "leakline.clock.shadow_due",
    "leakline.trail.head", "leakline.drill.id", "leakline.drill.scenario",
)  # fmt: skip
"""Fields that stay whole as long as they are sane (`SANE`): who, what, when, how much, and by which rule."""

LEAST_FORM = (
    ("@timestamp",),
    ("event.id",),
    ("event.kind",),
    ("event.severity",),
    ("rule.id", "event.action"),
    ("rule.name",),
    ("user.id", "user.name", "source.ip"),
    ("leakline.alert.count", "leakline.problem.count", "leakline.incident.id"),
)
"""The shortest form of a row: of each line the first field that it has."""

ENVELOPE = (
    "@timestamp",
    "event.id",
    "event.created",
    "event.dataset",
    "leakline.service",
    "event.kind",
    "event.severity",
    "organization.id",
)
"""What destinations write around a line, whatever the line has."""


def in_groups(names: Sequence[str], groups: Sequence[str]) -> list[str]:
    """Those names of fields that are in one of the groups."""
    patterns = [pattern for group in groups for pattern in GROUPS[group]]
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]
