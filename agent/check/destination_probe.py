"""Destinations: can each be built, reached, and written to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from agent.assembly.batch_processing import build_processing
from agent.assembly.destinations import build_destination
from agent.check.tls_mismatch import advice
from agent.columns.frame_parts import FrameParts
from agent.config.settings import DestinationSettings, Settings
from agent.destinations.elastic.elastic import Elastic
from agent.destinations.syslog.syslog import Syslog
from agent.errors import SettingsError, Unavailable
from agent.model import Destination, Finding
from agent.own_event import own_event
from agent.pipeline.chunk import cut

PATIENCE = 3.0
"""Seconds for a syslog receiver to close the connection over a message that it does not understand."""


def build_each(
    settings: Settings, now: Callable[[], datetime]
) -> Iterator[tuple[DestinationSettings, Destination | Finding]]:
    """The settings of each destination with the destination, or with the reason why it cannot be built."""
    for wanted in settings.destinations:
        try:
            destination = build_destination(wanted, now, threading.Event())
            destination.prepare()
            yield wanted, destination
        except SettingsError as error:
            yield wanted, Finding(f"destination {wanted.name}", False, str(error.args[0]), error.hint)


def examine_destination(
    wanted: DestinationSettings,
    destination: Destination,
    settings: Settings,
    *,
    send_test_event: bool,
    install_templates: bool,
    now: datetime,
) -> Iterator[Finding]:
    """What the destination says of itself, and of a test event if one is to be sent; closes it."""
    try:
        if install_templates and isinstance(destination, Elastic):
            yield _install_template(destination)
        findings: Sequence[Finding] = [_with_advice(finding, wanted) for finding in destination.probe()]
        yield from findings
        if send_test_event and all(finding.ok or finding.warning for finding in findings):
            yield _with_advice(_send_test_event(destination, settings, now), wanted)
    finally:
        destination.close()


def marked_event(settings: Settings, now: datetime) -> pl.DataFrame:
    """A shaped frame of one event that says that it is a test."""
    message = "This is a test event from leakline check; nothing happened."
    batch = own_event("", "test-event", message, now, fields={"labels.test": "true"})
    steps = build_processing(settings).steps()
    return steps.shape(steps.prepare(batch), batch, now)


def _with_advice(finding: Finding, wanted: DestinationSettings) -> Finding:
    if finding.ok or finding.warning or "refused" in finding.message:
        return finding
    better = advice(wanted)
    return replace(finding, fix=better) if better else finding


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
    (chunk,) = cut(lines, FrameParts.of(frame), max_bytes=destination.limits.max_bytes, max_rows=1)
    try:
        outcome = destination.send(chunk)
    except Unavailable as error:
        return Finding(subject, False, str(error.args[0]), error.hint)
    refused = [*outcome.rejected, *outcome.too_long]
    if refused or outcome.retry:
        reason = refused[0][1] if refused else "it asked for the event to be sent again"
        return Finding(subject, False, f"not accepted: {reason}", "see the destination's own log")
    if isinstance(destination, Syslog) and destination.hung_up(PATIENCE):
        message = "the receiver did not understand the event and closed the connection"
        return Finding(subject, False, message, "compare `transport`, `framing` and `protocol` with the receiver's")
    return Finding(subject, True, f"sent event {event_id}; find it with: {destination.how_to_find(event_id)}")
