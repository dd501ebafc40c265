"""What an installation gives its rules: which sources there are and are read, and what nothing enriches events with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agent.config import Settings
from agent.detection.supply import Supply
from agent.normalize.address import ANONYMIZER, CORPORATE
from agent.normalize.approved_apps import APPROVED
from agent.normalize.enrich import LOCAL_HOUR, EnrichSettings
from agent.normalize.integration import EXPECTED, INTEGRATION
from agent.normalize.leavers import LEAVES_ON, LEAVING
from agent.normalize.person import COLUMNS
from agent.normalize.place import PLACE
from agent.sources.event_types import DEFAULT

SERVICES: Mapping[str, frozenset[str]] = {"event_log_file": frozenset({"event_log_file"})}
"""Types of sources in the settings, to the services whose rows they bring."""

OWN = frozenset({"agent"})
"""Rows of Leakline's own, which are always there."""

COUNTRY = "source.geo.country_iso_code"
"""A login names its country itself."""

PEOPLE = tuple(name for name in COLUMNS if name != "user.name")
"""A login names its user itself."""


def supply(settings: Settings | None = None, feed: str = "") -> Supply:
    """`feed`: what the org has. Without settings any source that can be read is, and nothing is said of enrichment."""
    built = OWN.union(*SERVICES.values())
    if settings is None:
        return Supply(built, feed=feed)
    sources = [source for org in settings.orgs for source in org.sources]
    read = OWN.union(*(SERVICES[source.type] for source in sources))
    types: set[str] = set()
    for source in sources:
        if source.event_types == "all":
            return Supply(built, read, feed, None, dict(_lacking(settings.enrich)))
        types.update(DEFAULT if source.event_types == "default" else source.event_types)
    names = frozenset(name.lower() for name in types)
    return Supply(built, read, feed, names, dict(_lacking(settings.enrich)))


def _lacking(enrich: EnrichSettings) -> Iterator[tuple[str, str]]:
    if not enrich.databases:
        yield from ((name, "no address database (enrich.databases)") for name in PLACE if name != COUNTRY)
    for given, names, what in (
        (enrich.leavers, (LEAVING, LEAVES_ON), "no list of leavers (enrich.leavers)"),
        (enrich.approved_apps or enrich.approved_apps_file, (APPROVED,), "no approved apps (enrich.approved_apps)"),
        (enrich.expected_networks, (EXPECTED,), "no expected networks (enrich.expected_networks)"),
        (enrich.corporate_networks, (CORPORATE,), "no corporate networks (enrich.corporate_networks)"),
        (enrich.anonymizer_lists, (ANONYMIZER,), "no list of anonymizers (enrich.anonymizer_lists)"),
        (enrich.time_zone, (LOCAL_HOUR,), "no time zone (enrich.time_zone)"),
        (enrich.users, PEOPLE, "users are not looked up (enrich.users)"),
        (
            enrich.users or enrich.integration_users,
            (INTEGRATION,),
            "no list of integrations (enrich.integration_users)",
        ),
    ):
        if not given:
            yield from ((name, what) for name in names)
