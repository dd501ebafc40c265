"""`leakline check`: what is wrong with this installation, and what to do about it. Changes nothing unless asked to.

Looks at the settings, the secrets, the state directory, mappings, rules and address databases; then, unless offline,
at every org (sign-in, permissions, licence, hourly files, API allowance) and every destination.
"""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import polars as pl
from rich.console import Console
from rich.text import Text

from agent.build import build_destination
from agent.chunk import cut
from agent.config import Settings, load
from agent.control import ask
from agent.destinations.elastic import Elastic
from agent.errors import LeaklineError, SettingsError, Unavailable
from agent.model import Destination, Finding
from agent.own_event import own_event
from agent.processing import build_processing
from agent.redaction import redact
from agent.sources.probe import probe
from agent.sources.salesforce import Session
from agent.terminal import words

LEAST_FREE_BYTES = 2 << 30
"""Below this much room for the state directory a long SIEM outage becomes a pause in reading."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def examine(
    path: Path,
    *,
    offline: bool = False,
    send_test_event: bool = False,
    install_templates: bool = False,
    now: Callable[[], datetime] = utc_now,
) -> Iterator[Finding]:
    """A finding for each thing looked at. Raises SettingsError when the settings file itself is wrong."""
    settings = load(path)
    yield Finding("settings", True, f"{path} is well formed")
    yield from _state(settings)
    yield from _processing(settings)
    destinations = list(_destinations(settings, now))
    yield from (one for one in destinations if isinstance(one, Finding))
    if offline:
        return
    for org in settings.orgs:
        session = Session(org, now=now)
        try:
            yield from probe(session, now=now)
        finally:
            session.close()
    for one in destinations:
        if not isinstance(one, Finding):
            if install_templates and isinstance(one, Elastic):
                yield _install_template(one)
            yield from _destination(one, settings, send=send_test_event, now=now())


def show(findings: Iterable[Finding], console: Console, *, as_json: bool) -> int:
    """A line for each finding as it comes; exit status 1 if something is wrong."""
    wrong = warned = 0
    for finding in map(_redacted, findings):
        wrong += not finding.ok and not finding.warning
        warned += finding.warning and not finding.ok
        if as_json:
            sys.stdout.buffer.write(orjson.dumps(asdict(finding)) + b"\n")
        else:
            _print(finding, console)
    if not as_json:
        console.print(f"{wrong} to mend, {warned} to know about" if wrong or warned else "Nothing to mend.")
    return 1 if wrong else 0


def _redacted(finding: Finding) -> Finding:
    return replace(finding, message=redact(finding.message), fix=redact(finding.fix))


def _print(finding: Finding, console: Console) -> None:
    mark = Text("ok     ", style="green")
    if not finding.ok:
        mark = Text("note   ", style="yellow") if finding.warning else Text("MEND   ", style="bold red")
    console.print(mark + words(f"{finding.subject}: {finding.message}"), soft_wrap=True)
    if finding.fix and not finding.ok:
        console.print(words(f"       -> {finding.fix}"), soft_wrap=True)


def _state(settings: Settings) -> Iterator[Finding]:
    directory, subject = settings.state.directory, "state"
    if ask(settings.state.socket(), "status") is not None:
        yield Finding(subject, True, f"a daemon is running on {directory}")
        return
    place = next(one for one in (directory, *directory.parents) if one.exists())
    free = shutil.disk_usage(place).free
    if free < LEAST_FREE_BYTES:
        fix = "give it more room, or keep destinations from falling behind"
        yield Finding(subject, False, f"only {free >> 20} MB are free for {directory}", fix, warning=True)
    elif not directory.exists():
        fix = "systemd makes it at the first start"
        yield Finding(subject, False, f"{directory} is not there yet", fix, warning=True)
    else:
        yield Finding(subject, True, f"{directory} has {free >> 30} GB of room")


def _processing(settings: Settings) -> Iterator[Finding]:
    try:
        processing = build_processing(settings)
    except LeaklineError as error:
        yield Finding("mappings, rules, enrichment", False, str(error.args[0]), error.hint)
        return
    for problem in processing.problems:
        yield Finding("mappings and rules", False, str(problem), "the others are used without it")
    if not settings.enrich.databases:
        fix = "name MMDB files under enrich.databases (GeoLite2, DB-IP, IPinfo and others work)"
        yield Finding(
            "addresses", False, "no database: events say nothing of countries and networks", fix, warning=True
        )
    for name, reason in processing.rules.unheard:
        fix = "see `leakline rules list` for the names"
        yield Finding("rules", False, f"rules.disabled: {name!r} {reason}", fix, warning=True)
    rules = processing.rules
    yield Finding("rules", True, f"{len(rules.alerting)} rules run, and {rules.silently} more that only feed these")


def _destinations(settings: Settings, now: Callable[[], datetime]) -> Iterator[Destination | Finding]:
    """Each destination built, or why it cannot be."""
    for one in settings.destinations:
        try:
            yield build_destination(one, now, threading.Event())
        except SettingsError as error:
            yield Finding(f"destination {one.name}", False, str(error.args[0]), error.hint)


def _destination(destination: Destination, settings: Settings, *, send: bool, now: datetime) -> Iterator[Finding]:
    try:
        findings: Sequence[Finding] = list(destination.probe())
        yield from findings
        if send and all(finding.ok or finding.warning for finding in findings):
            yield _send_test_event(destination, settings, now)
    finally:
        destination.close()


def _install_template(destination: Elastic) -> Finding:
    subject = f"destination {destination.name}, index template"
    try:
        destination.install_template()
    except Unavailable as error:
        return Finding(subject, False, str(error.args[0]), error.hint)
    return Finding(subject, True, "installed")


def _send_test_event(destination: Destination, settings: Settings, now: datetime) -> Finding:
    """One marked event through the destination's own encoding, and how to see it at the other end."""
    subject = f"destination {destination.name}, test event"
    frame = marked_event(settings, now)
    event_id = str(frame["event.id"][0])
    lines = destination.wrap(frame, destination.format(frame))
    (chunk,) = cut(lines, frame, max_bytes=destination.max_bytes, max_rows=1)
    try:
        outcome = destination.send(chunk)
    except Unavailable as error:
        return Finding(subject, False, str(error.args[0]), error.hint)
    refused = [*outcome.rejected, *outcome.too_long]
    if refused or outcome.retry:
        reason = refused[0][1] if refused else "it asks to be sent the event again"
        return Finding(subject, False, f"refused: {reason}", "see the destination's own log")
    return Finding(subject, True, f"sent event {event_id}; find it with: {destination.how_to_find(event_id)}")


def marked_event(settings: Settings, now: datetime) -> pl.DataFrame:
    """A shaped frame of one event that says that it is a test."""
    message = "This is a test event of leakline check; nothing happened."
    batch = own_event("", "test-event", message, now, fields={"labels.test": "true"})
    steps = build_processing(settings).steps
    return steps.shape(steps.prepare(batch), batch, now)
