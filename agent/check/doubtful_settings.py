"""What settings say that is possible but hardly meant: for `leakline check`, and for the log when the daemon starts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations

import structlog

from agent.check.notice.policies import examine_policies
from agent.config.conflicts import unknown_orgs
from agent.config.settings import DestinationSettings, Org, Settings
from agent.destinations.elastic.elastic import ElasticSettings
from agent.destinations.file.file import FileSettings
from agent.destinations.splunk.splunk import SplunkSettings
from agent.destinations.syslog.syslog import SyslogSettings
from agent.duration import written
from agent.model import Finding
from agent.sources.event_log_file.event_types import KNOWN, like
from agent.sources.event_log_file.source import EventLogFileSettings
from agent.store.keys import PROCESS

log = structlog.get_logger()

SHORTEST_POLL = timedelta(minutes=1)
"""Files come by the hour; a poll takes three to five API calls of the org's day."""

SYSLOG_TLS_PORT = 6514
"""RFC 5425."""


def doubts(settings: Settings) -> Iterator[Finding]:
    """Findings that are not ok. Looks at nothing but the settings."""
    yield from _lanes(settings)
    for message in unknown_orgs(
        settings.orgs, settings.destinations
    ):  # an error, unless files of a folder may bring them
        yield _warning("destinations", message, "correct the name, or add a file with that org to the folder orgs.d")
    for org in settings.orgs:
        yield from _unknown_types(org)
        yield from _short_polls(org)
    for first, second in combinations(settings.destinations, 2):
        shares = set(first.lanes) & set(second.lanes) and _share_an_org(settings, first, second)
        if shares and _receiver(first) == _receiver(second) is not None:
            message = f"{first.name} and {second.name} send the same events to the same receiver: each arrives twice"
            yield _warning("destinations", message, "remove one of them, or give them different `lanes`")
    for destination in settings.destinations:
        if isinstance(destination, SyslogSettings) and destination.transport == "tcp":
            yield from _plain_at_tls_port(destination)
    yield from examine_policies(settings)


def log_doubts(settings: Settings) -> None:
    """The same as warnings in the log, for those who start without `leakline check`."""
    for finding in doubts(settings):
        log.warning("doubtful settings", subject=finding.subject, problem=finding.message, fix=finding.fix)


def _lanes(settings: Settings) -> Iterator[Finding]:
    for org in settings.orgs:
        served, of = _served(settings, org.name), f" of the org {org.name}" if len(settings.orgs) > 1 else ""
        if "alerts" not in served:
            message = f"no destination takes the lane `alerts`{of}: alerts, and events about Leakline itself, are lost"
            yield Finding("destinations", False, message, "add `alerts` to the `lanes` of a destination")
        if "events" not in served:
            message = f"no destination takes the lane `events`{of}: events are read and matched, and kept nowhere"
            fix = "add `events` to the `lanes` of a destination if they should be kept"
            yield _warning("destinations", message, fix)
    told = all("alerts" in _served(settings, org.name) for org in settings.orgs)
    if told and "alerts" not in _served(settings, PROCESS):
        message = (
            "no destination gets events about Leakline itself, such as a destination that accepts nothing: they go to "
            "destinations that take `alerts` and have no `orgs`"
        )
        yield _warning("destinations", message, "add a destination without `orgs`, or leave `orgs` out of one")


def _served(settings: Settings, shard: str) -> set[str]:
    """The lanes of a shard that any destination takes."""
    return {lane for destination in settings.destinations if destination.takes(shard) for lane in destination.lanes}


def _share_an_org(settings: Settings, first: DestinationSettings, second: DestinationSettings) -> bool:
    return any(first.takes(shard) and second.takes(shard) for shard in (PROCESS, *(org.name for org in settings.orgs)))


def _unknown_types(org: Org) -> Iterator[Finding]:
    for source in _log_files(org):
        for name in source.event_types if isinstance(source.event_types, list) else ():
            if name not in KNOWN:
                near = like(name)
                fix = f"did you mean {' or '.join(near)}?" if near else "check the spelling"
                message = f"event_types: {name!r} is not a known event type; if the org has none, nothing is read"
                yield _warning(f"settings, org {org.name}", message, fix)


def _log_files(org: Org) -> Iterator[EventLogFileSettings]:
    return (source for source in org.sources if isinstance(source, EventLogFileSettings))


def _short_polls(org: Org) -> Iterator[Finding]:
    for source in _log_files(org):
        if source.every < SHORTEST_POLL:
            message = f"every: {written(source.every)} between polls uses up the org's API calls"
            yield _warning(f"settings, org {org.name}", message, "write 10m: files come by the hour")


def _receiver(destination: DestinationSettings) -> tuple[object, ...] | None:
    """What two destinations share when they write to one place; None for files, which settings keep apart."""
    match destination:
        case SplunkSettings():
            return "splunk", destination.url.lower(), destination.token, destination.index
        case ElasticSettings():
            return "elastic", destination.url.lower(), destination.index or destination.namespace
        case SyslogSettings():
            return "syslog", destination.host.lower(), destination.port
        case FileSettings():
            return None


def _plain_at_tls_port(destination: SyslogSettings) -> Iterator[Finding]:
    if destination.port == SYSLOG_TLS_PORT:
        message = f"port {SYSLOG_TLS_PORT} is the one for syslog over TLS, and `transport` is tcp"
        yield _warning(f"destination {destination.name}", message, "write `transport: tls`, or the port for plain TCP")


def _warning(subject: str, message: str, fix: str) -> Finding:
    return Finding(subject, False, message, fix, warning=True)
