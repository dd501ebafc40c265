"""Who is held to the contract: every source that settings can name, and a toy of each kind that none is of yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import pytest

from agent.source import ContinuousSource, PolledSource, PushedSource
from agent.sources.objects import settings
from tests.sources.contract.harness import SourceHarness
from tests.sources.contract.inbound_harness import InboundHarness
from tests.sources.contract.log_file_harness import LogFileHarness
from tests.sources.contract.object_harness import ObjectHarness
from tests.sources.contract.stored_events_harness import StoredEventsHarness
from tests.sources.contract.stream_harness import StreamHarness
from tests.sources.contract.toy_receiver import ToyReceiverHarness
from tests.sources.contract.toy_stream import ToyStreamHarness
from tests.sources.objects import object_rows as rows


@dataclass(frozen=True, slots=True)
class Member:
    """A source under test, of one of the three kinds."""

    kind: type
    make: Callable[[pytest.FixtureRequest], SourceHarness]


def _objects(source: settings.AnyObjectSettings, shape: rows.RowShape, *empty: rows.RowShape) -> Member:
    return Member(PolledSource, lambda request: ObjectHarness(request, source, shape, *empty))


OF_SETTINGS: Mapping[str, Member] = {
    "event_log_file": Member(PolledSource, LogFileHarness),
    "event_log_file row by row": Member(PolledSource, partial(LogFileHarness, piece=1)),
    "real_time": Member(ContinuousSource, StreamHarness),
    "stored_events": Member(PolledSource, StoredEventsHarness),
    "stored_events of a standard object": Member(PolledSource, partial(StoredEventsHarness, event="LoginAnomalyEvent")),
    "setup_audit_trail": _objects(settings.SetupAuditTrailSettings(type="setup_audit_trail"), rows.AUDIT_TRAIL),
    "login_history": _objects(settings.LoginHistorySettings(type="login_history"), rows.LOGINS),
    "event_log_object": _objects(
        settings.EventLogObjectSettings(type="event_log_object", objects=["LoginEventLog"]), rows.LOGIN_LOG
    ),
    "provisioning": _objects(settings.ProvisioningSettings(type="provisioning"), *rows.PROVISIONING),
    "sessions": _objects(settings.SessionsSettings(type="sessions"), *rows.SESSIONS),
    "object": _objects(
        settings.ObjectSettings(type="object", object="My_Object__c", fields=["OwnerId", "Name", "Owner.Name"]),
        rows.CUSTOM_ROWS,
    ),
}
"""By `type` in the settings, and perhaps what is different in a variant."""

TOYS: Mapping[str, Member] = {
    "toy_stream": Member(ContinuousSource, lambda _: ToyStreamHarness()),
    "toy_receiver": Member(PushedSource, lambda _: ToyReceiverHarness()),
}

LISTENED: Mapping[str, Member] = {"inbound": Member(PushedSource, InboundHarness)}
"""What the settings name outside an org's `sources`."""

MEMBERS: Mapping[str, Member] = {**OF_SETTINGS, **LISTENED, **TOYS}


def type_of(name: str) -> str:
    """The `type` in the settings."""
    return name.split(" ")[0]


def of_kind(*kinds: type) -> list[str]:
    return [name for name, member in MEMBERS.items() if member.kind in kinds]
