"""What all sources of an org together cost a day: API calls, beside what its budget leaves, and which `every` to raise.

An estimate: what each poll asks at least, and downloads. A poll that finds much asks more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from agent.config.settings import Org, SourceSettings
from agent.duration import written
from agent.model import Finding
from agent.sources.event_log_file.source import EventLogFileSettings
from agent.sources.object_query.asking_pace import objects_a_poll
from agent.sources.objects.catalogue import watched_objects
from agent.sources.objects.settings import EventLogObjectSettings, ProvisioningSettings, SessionsSettings
from agent.sources.real_time.catalogue import catalogue
from agent.sources.real_time.settings import RealTimeSettings
from agent.sources.salesforce.budget.caller import Rank
from agent.sources.source_name import name_of
from agent.sources.stored_events.settings import StoredEventsSettings
from agent.wording.phrase import listed

DAY = timedelta(days=1)
PAGE = 2_000
"""Records of a page of a query."""
HOURS = 24
DESCRIBES_A_DAY = 4
"""An object's fields are asked for every six hours."""


@dataclass(frozen=True, slots=True)
class OrgSize:
    """What an org has of what is read."""

    objects: Collection[str]
    """Names of all that the user sees."""
    wanted: Mapping[str, Mapping[str, int]]
    """Types of sources to objects that can be read and the records of each: rows of a day, or of a snapshot all."""
    streamed: Collection[str] = ()
    """Names of events that come by the stream."""
    files: int = 0
    """Log files of a day."""
    rows: int = 0
    """Of objects and log files, of the last day."""
    allowed: int = 0
    """API calls of a day; 0: not known."""


def calls_a_day(source: SourceSettings, org: Org, size: OrgSize) -> int:
    """At least so many."""
    polls = _times(source.every)
    known = size.wanted.get(source.type, {})
    match source:
        case EventLogFileSettings():
            return polls + size.files
        case RealTimeSettings():
            return polls
        case StoredEventsSettings():
            return _stored(source, org, size, polls)
        case EventLogObjectSettings():
            return polls * _asked(len(known), source.every, org, size) + DESCRIBES_A_DAY * (1 + len(known))
        case ProvisioningSettings():
            return _mixed(known, polls, _times(source.snapshot_every))
        case SessionsSettings():
            return _mixed(known, polls, polls)
        case _:
            return polls * len(known) + DESCRIBES_A_DAY * len(known)


def examine_cost(org: Org, size: OrgSize) -> Finding:
    """The sum, beside what is allowed, and what to raise where it does not fit."""
    subject = f"org {org.name}, cost of a day"
    calls = [(source, calls_a_day(source, org, size)) for source in org.sources]
    total = sum(count for _, count in calls)
    each = sorted(calls, key=lambda entry: (-entry[1], entry[0].type))
    parts = ", ".join(f"{source.type} {count:,}" for source, count in each if count)
    message = f"about {total:,} API calls ({parts}) and {size.rows:,} rows of log files and objects"
    if size.allowed <= 0:
        return Finding(subject, True, f"{message}; the org's allowance is not known")
    share = org.api_budget.most_share
    budget = int(size.allowed * share)
    message += f"; the budget is {budget:,} of {size.allowed:,} calls ({share:.0%})"
    if total <= budget:
        return Finding(subject, True, message)
    waits = _held_back(org, calls, total - budget)
    fix = f"{_advice(org, each, budget - total)}ask for a larger allowance, or remove a source; {waits}"
    return Finding(subject, False, message, fix, warning=True)


def _advice(org: Org, calls: Sequence[tuple[SourceSettings, int]], left: int) -> str:
    """`left`: calls, below 0. Downloads, and what takes turns, cost as much however often is polled."""
    for source, count in calls:
        if isinstance(source, EventLogFileSettings | EventLogObjectSettings | StoredEventsSettings):
            continue
        name, rest = name_of(org.name, source), count + left
        if rest > 0:
            return f"raise `every` of {name} to {_longer(source.every, count / rest)}, "
        return f"raise `every` of {name} and of others, "
    return ""


def _held_back(org: Org, calls: Sequence[tuple[SourceSettings, int]], excess: int) -> str:
    """Who waits as long as nothing is changed: from the least important up, until `excess` calls are saved."""
    ranked = sorted(calls, key=lambda entry: -_rank(entry[0]))
    held = list[str]()
    for source, count in ranked:
        if excess <= 0 or _rank(source) is Rank.HIGH:
            break
        held.append(f"{name_of(org.name, source)} (priority {_rank(source).word})")
        excess -= count
    words = (
        f"until then {listed(held, 'and')} {'waits' if len(held) == 1 else 'wait'} for calls" if held else "until then"
    )
    return words if excess <= 0 else f"{words}{', and' if held else ''} reading rests whenever the budget is used up"


def _rank(source: SourceSettings) -> Rank:
    """Streams go before everything else."""
    return Rank.HIGH if isinstance(source, RealTimeSettings) else Rank[source.priority.upper()]


def _stored(source: StoredEventsSettings, org: Org, size: OrgSize, polls: int) -> int:
    """Each poll asks for events that are not streamed; the others are compared once an hour."""
    stored = {event.name for event in catalogue().values() if event.stored in size.objects}
    streamed = stored.intersection(size.streamed)
    compared = HOURS * len(streamed) if source.reconcile else 0
    polled = _asked(len(stored) - len(streamed), source.every, org, size)
    return polls * polled + compared + DESCRIBES_A_DAY * (1 + len(stored))


def _asked(objects: int, every: timedelta, org: Org, size: OrgSize) -> int:
    """Of so many that take turns, how many a poll asks for."""
    most = objects_a_poll(size.allowed, org.api_budget.most_share, every)
    return objects if most is None else min(most, objects)


def _mixed(known: Mapping[str, int], polls: int, looks: int) -> int:
    """Objects whose rows are read by each poll, and snapshots of which each look reads all pages."""
    snapshots = {name for name in known if watched_objects()[name].reads == "snapshot"}
    pages = sum(max(1, ceil(known[name] / PAGE)) for name in snapshots)
    return polls * (len(known) - len(snapshots)) + looks * pages + DESCRIBES_A_DAY * len(known)


def _times(every: timedelta) -> int:
    """A day."""
    return ceil(DAY / every)


def _longer(every: timedelta, times: float) -> str:
    """`every`, so many times as long, in whole minutes."""
    minutes = ceil(every.total_seconds() * times / 60)
    return written(timedelta(minutes=minutes))
