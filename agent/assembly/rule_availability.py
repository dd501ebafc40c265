"""What is available to the rules of an installation: which sources are read, and what nothing enriches events with."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from agent.assembly.computed_columns import computed_columns
from agent.detection.authoring.absence import LogFileColumns
from agent.detection.authoring.coverage import Availability
from agent.enrichment.address import ANONYMIZER, CORPORATE
from agent.enrichment.any_address import ANY_ANONYMIZER
from agent.enrichment.approved_app import APPROVED
from agent.enrichment.enricher import LOCAL_HOUR
from agent.enrichment.geo_record import GEO_COLUMNS
from agent.enrichment.integration_user import EXPECTED, INTEGRATION
from agent.enrichment.leaver import LEAVES_ON, LEAVING, LEFT
from agent.enrichment.user import COLUMNS
from agent.normalize.mapping.load import whole_mappings
from agent.normalize.mapping.mapping import Mapping as EventMapping
from agent.normalize.mapping.mapping import Mappings
from agent.normalize.prepare import ADDRESS_FIELDS, RELATED_ADDRESSES
from agent.shipped import shipped
from agent.sources.event_log_file.event_types import DEFAULT
from agent.sources.inbound.source import SERVICE as REPORTS
from agent.sources.real_time.catalogue import SERVICE as REAL_TIME
from agent.sources.real_time.catalogue import catalogue, event_of

if TYPE_CHECKING:
    from agent.config.settings import Settings
    from agent.enrichment.settings import EnrichSettings

SERVICES: Mapping[str, frozenset[str]] = {
    "event_log_file": frozenset({"event_log_file"}),
    "real_time": frozenset({REAL_TIME}),
    "stored_events": frozenset({REAL_TIME}),
    "setup_audit_trail": frozenset({"setup_audit_trail"}),
    "login_history": frozenset({"login_history"}),
    "event_log_object": frozenset({"event_log_object"}),
    "provisioning": frozenset({"provisioning"}),
    "sessions": frozenset({"sessions"}),
    "object": frozenset({"object"}),
}
"""Types of sources in the settings, to the services whose rows they bring."""

OWN = frozenset({"agent"})
"""Rows of Leakline's own, which are always there."""

INBOUND = frozenset({REPORTS})
"""What senders report; there where the settings name any."""

PEOPLE = tuple(name for name in COLUMNS if name != "user.name")
"""A login names its user itself."""

ELSEWHERE = ("event.provider", "organization.id", "url.", "user_agent.")
"""What is filled from more than the columns whose cells it holds (the batch, parts of a text), by the beginning of the names."""

NO_DATABASE = "no address database (enrich.databases)"

KNOWLEDGE = {
    "source.geo.location.": "coordinates",
    "source.geo.": "places",
    "source.as.": "operators of networks",
}
"""What databases may lack, by the beginning of the fields' names."""


def rule_availability(
    settings: Settings | None = None, feed: str = "", headers: Mapping[str, Collection[str]] | None = None
) -> Availability:
    """`feed`: what the org has. `headers`: event types to the columns of the org's files; unless given, all that the
    mappings know. Without settings any source that can be read is, and nothing is said of enrichment.
    """
    built = OWN.union(*SERVICES.values(), INBOUND)
    if settings is None:
        return Availability(built, feed=feed, columns=log_columns(whole_mappings([shipped("mappings")]), headers))
    mappings = whole_mappings([shipped("mappings"), *settings.normalize.mappings])
    lacking = dict(_lacking(settings.enrich))
    return Availability(
        built,
        OWN.union(
            *(SERVICES[source.type] for org in settings.orgs for source in org.sources),
            INBOUND if settings.inbound else (),
        ),
        feed,
        _event_types(settings),
        {name: why for name, why in lacking.items() if name not in _fed(mappings)},
        log_columns(mappings, headers, settings, lacking),
        _real_time_events(settings),
    )


def log_columns(
    mappings: Mappings,
    headers: Mapping[str, Collection[str]] | None = None,
    settings: Settings | None = None,
    lacking: Mapping[str, str] | None = None,
) -> LogFileColumns:
    """What rows of log files have. `headers`: as above; `lacking`: what the settings' enrichment does not fill."""
    if headers is None:
        headers = {
            name: mapping.header
            for mapping in mappings.all()
            for name in (mapping.event_type, *mapping.aliases)
            if mapping.header and mapping.service == "event_log_file"
        }
    by_type = {}
    for name, header in headers.items():
        fills = _fills(mappings.get("event_log_file", name), header)
        by_type[name.lower()] = frozenset({*header, *(field for column, field in fills if column in header)})
    fed = {
        name: " or ".join(sorted(sources)) + (f" (and {lacking[name]})" if lacking and name in lacking else "")
        for name, sources in _fed(mappings).items()
        if (name not in _looked_up(settings) or (lacking and name in lacking)) and not name.startswith(ELSEWHERE)
    }
    return LogFileColumns(by_type, fed, {name.lower(): name for name in headers}, computed_columns(mappings))


def _fed(mappings: Mappings) -> dict[str, set[str]]:
    """Computed fields to the columns of log files that fill them, whichever the event type."""
    found: dict[str, set[str]] = {}
    for mapping in mappings.all():
        if mapping.service == "event_log_file":
            for column, field in _fills(mapping, mapping.header):
                found.setdefault(field, set()).add(column)
    return found


def _fills(mapping: EventMapping, header: Collection[str]) -> Iterator[tuple[str, str]]:
    """Columns, and the computed fields that they fill."""
    for column in header:
        target = mapping.target(column, header)
        if target is not None and "." in target.field and not target.field.startswith("salesforce."):
            yield from ((column, field) for field in _with_related(target.field))
    for derived in mapping.derived:
        yield from ((column, field) for column in derived.columns for field in _with_related(derived.field))


def _with_related(field: str) -> tuple[str, ...]:
    """An address is among the related ones as well."""
    return (field, RELATED_ADDRESSES) if field in ADDRESS_FIELDS else (field,)


def _looked_up(settings: Settings | None) -> frozenset[str]:
    """What enrichment may fill beside columns."""
    people = COLUMNS if settings is None or settings.enrich.users else ()
    return frozenset({*GEO_COLUMNS, *people})


def _event_types(settings: Settings) -> frozenset[str] | None:
    """Types of log files that are read, in lower case; None: any."""
    wanted = _wanted(settings, "event_log_file", "event_types")
    if not wanted or "all" in wanted:
        return None
    names = (DEFAULT if types == "default" else types for types in wanted)
    return frozenset(name.lower() for types in names for name in types)


def _real_time_events(settings: Settings) -> frozenset[str] | None:
    """Channels and objects whose rows are read, in lower case; None: any."""
    wanted = _wanted(settings, REAL_TIME, "events")
    if not wanted or "all" in wanted:
        return None
    events = {name: catalogue().get(name) or event_of(name) for names in wanted for name in names}
    return frozenset(text.lower() for name, event in events.items() for text in (name, *event.spellings))


def _wanted(settings: Settings, service: str, key: str) -> list[str | list[str]]:
    """What each source of a service says under a key, of all orgs."""
    sources = (source for org in settings.orgs for source in org.sources)
    return [getattr(source, key) for source in sources if service in SERVICES[source.type]]


def _places(enrich: EnrichSettings) -> Iterator[tuple[str, str]]:
    known = _in_databases(enrich) if enrich.databases else frozenset()
    for name in GEO_COLUMNS:
        if not enrich.databases:
            yield name, NO_DATABASE
        elif name not in known:
            what = next(words for begin, words in KNOWLEDGE.items() if name.startswith(begin))
            yield name, f"no address database that knows {what} (enrich.databases)"


def _in_databases(enrich: EnrichSettings) -> frozenset[str]:
    """What the address databases know."""
    from agent.enrichment.address_database import AddressDatabases
    from agent.enrichment.lists.list_file import ListFiles

    return frozenset(AddressDatabases(enrich.databases, ListFiles()).readers().names())


def _lacking(enrich: EnrichSettings) -> Iterator[tuple[str, str]]:
    yield from _places(enrich)
    for given, names, what in (
        (enrich.leavers, (LEAVING, LEFT, LEAVES_ON), "no list of leavers (enrich.leavers)"),
        (enrich.approved_apps or enrich.approved_apps_file, (APPROVED,), "no approved apps (enrich.approved_apps)"),
        (enrich.expected_networks, (EXPECTED,), "no expected networks (enrich.expected_networks)"),
        (enrich.corporate_networks, (CORPORATE,), "no corporate networks (enrich.corporate_networks)"),
        (enrich.anonymizer_lists, (ANONYMIZER, ANY_ANONYMIZER), "no list of anonymizers (enrich.anonymizer_lists)"),
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
