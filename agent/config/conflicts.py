"""Settings that are right each by itself but not together: two of one name, one org read twice, one file written twice."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from agent.destinations.elastic.elastic import ElasticSettings
from agent.destinations.file.file import SUFFIX, FileSettings
from agent.destinations.splunk.splunk import SplunkSettings
from agent.destinations.syslog.syslog import SyslogSettings
from agent.sources.inbound.settings import SenderSettings
from agent.sources.objects.settings import ObjectSettings
from agent.sources.salesforce.org_settings import OrgSettings

STATE_FOLDERS = ("database", "orgs", "process", "downloads")
"""What lies in the state directory; a destination's folder may lie beside them."""

SHARED_HOSTS = {"login.salesforce.com", "test.salesforce.com"}
"""Hosts at which every org signs in: there the user tells orgs apart."""

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


def conflict(
    orgs: Sequence[OrgSettings],
    destinations: Sequence[FileSettings | SplunkSettings | ElasticSettings | SyslogSettings],
    state: Path,
    objects: Sequence[tuple[str, ObjectSettings]] = (),
    senders: Sequence[SenderSettings] = (),
    *,
    has_folder: bool = False,
) -> str:
    """What does not go together, and what to write; empty if all is well.

    `objects`: sources with the names of their orgs; `has_folder`: orgs stand in a folder too, from which they come and go
    while a destination or a sender goes on to name them.
    """
    unknown = () if has_folder else unknown_orgs(orgs, destinations, senders)
    return next(chain(_times(objects), unknown, _conflicts(orgs, destinations, state)), "")


def unknown_orgs(
    orgs: Sequence[OrgSettings],
    destinations: Sequence[FileSettings | SplunkSettings | ElasticSettings | SyslogSettings],
    senders: Sequence[SenderSettings] = (),
) -> Iterator[str]:
    """What destinations and senders name although no such org is known."""
    names = [org.name for org in orgs]
    advice = f"write one of {', '.join(names)}" if names else "add that org"
    for sender in senders:
        if sender.org not in names:
            yield f"inbound: the sender {sender.name} names the org {sender.org!r}, which is not under `orgs`; {advice}"
    for destination in destinations:
        for name in destination.orgs or ():
            if name not in names:
                yield f"destinations: {destination.name} names the org {name!r}, which is not under `orgs`; {advice}"


def _conflicts(
    orgs: Sequence[OrgSettings],
    destinations: Sequence[FileSettings | SplunkSettings | ElasticSettings | SyslogSettings],
    state: Path,
) -> Iterator[str]:
    names = {"orgs": [org.name for org in orgs], "destinations": [destination.name for destination in destinations]}
    for what, given in names.items():
        for name, _ in _twice((name, name) for name in given):
            yield f"{what}: the name {name!r} is used twice; give each its own `name`"
    for name, other in _twice((_org_key(org), org.name) for org in orgs):
        yield f"orgs: {name} and {other} are the same org, whose events would come twice; remove one of them"
    for name in names["orgs"]:
        if destinations and not any(destination.takes(name) for destination in destinations):
            yield f"destinations: none gets the events of the org {name}; add it to the `orgs` of one, or remove `orgs` there"
    files = [destination for destination in destinations if isinstance(destination, FileSettings)]
    for first, second in _twice((path, file) for file in files for path in _paths(file)):
        yield f"destinations: {first.name} and {second.name} write to the same file; give each its own `directory`"
    for file in files:
        if _in_state(_absolute(file.directory), _absolute(state)):
            yield f"destinations: {file.name} would write into the state's own files; write another `directory`"


def _times(objects: Sequence[tuple[str, ObjectSettings]]) -> Iterator[str]:
    """Where an event of an object has its time is one thing for all orgs."""
    known: dict[str, tuple[str, ObjectSettings]] = {}
    for name, source in objects:
        other, first = known.setdefault(source.object.lower(), (name, source))
        if first.time_field.lower() != source.time_field.lower():
            yield (
                f"orgs: {other} reads {first.object} by {first.time_field}, and {name} by {source.time_field}; "
                "write the same `time_field`"
            )


def _twice(things: Iterable[tuple[K, T]]) -> Iterator[tuple[T, T]]:
    """The first and each later thing with the same key."""
    known: dict[K, T] = {}
    for key, thing in things:
        if key in known:
            yield known[key], thing
        known.setdefault(key, thing)


def _org_key(org: OrgSettings) -> tuple[str, ...]:
    parts = urlsplit(org.url)
    host = (parts.hostname or "").rstrip(".")
    who = (org.auth.client_id, str(getattr(org.auth, "username", ""))) if host in SHARED_HOSTS else ()
    return host, str(parts.port or 443), *who


def _paths(file: FileSettings) -> Iterator[Path]:
    return (_absolute(file.directory) / f"{lane}.{SUFFIX[file.format]}" for lane in dict.fromkeys(file.lanes))


def _in_state(directory: Path, state: Path) -> bool:
    return directory == state or any(directory.is_relative_to(state / folder) for folder in STATE_FOLDERS)


def _absolute(path: Path) -> Path:
    """Without looking at the disk: reading settings must not depend on what is mounted."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.resolve would follow links, Path.absolute keeps `..`
