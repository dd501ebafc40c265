"""`leakline check` proposes the real-time events that an org could give, and names those it does not stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.check.real_time_feeds import examine_real_time, rounded
from agent.config import settings as config
from agent.errors import TransportError
from agent.model import Finding
from agent.sources.salesforce.token import Token
from tests.scripted_org.serving import shared_keys
from tests.scripted_pubsub.scripted_pubsub import NOT_FOUND, ScriptedPubSub

NOW = datetime(2026, 7, 2, 12, tzinfo=UTC)
OBJECTS = {"Account", "LoginEvent", "LoginEventStream", "FileEvent", "FileEventStore", "IdentityVerificationEvent"}


class OrgSession:
    """What is asked of a session here."""

    def __init__(self, *objects: str, files: Mapping[str, int] | None = None) -> None:
        self._objects = frozenset(objects)
        self._files = files or {}

    def objects(self) -> frozenset[str]:
        if not self._objects:
            raise TransportError("no answer", hint="look at the network")
        return self._objects

    def query(self, soql: str) -> Iterator[dict[str, Any]]:
        yield from ({"EventType": name, "LogFileLength": size} for name, size in self._files.items())
        yield from ({"EventType": name, "LogFileLength": 1 << 40} for name in self._files)  # of the day before

    def token(self, stale: Token | None = None) -> Token:
        return Token("t", "https://acme.my.salesforce.com", "00D000000000001AAA")


def findings(session: OrgSession, *sources: dict[str, Any], **org: Any) -> list[Finding]:
    auth = {"type": "client_credentials", "client_id": "x", "client_secret": {"env": "X"}}
    document = {"name": "acme", "url": "https://acme.my.salesforce.com", "auth": auth, "sources": list(sources), **org}
    settings = config.parse({"orgs": [document], "destinations": [{"type": "file", "directory": "out"}]})
    return list(examine_real_time(settings, settings.orgs[0], session, lambda: NOW))  # type: ignore[arg-type]  # less


def test_what_an_org_could_stream_is_proposed_with_calls_rows_and_rules() -> None:
    """An estimate by the newest daily files of the same kinds, and the rules that wait for streamed events."""
    session = OrgSession(*OBJECTS, files={"Login": 3_200_000, "ContentTransfer": 320_000, "URI": 1 << 40})
    stream, stored = findings(session, {"type": "event_log_file"})
    assert "2 channels of real-time events, and the settings read none" in stream.message
    assert "rules would begin to watch: " in stream.message
    assert "about 11,000 rows a day" in stream.message
    assert "costs no API calls" in stream.fix
    assert "288 a day" in stream.fix
    assert "stores 3 real-time events, and the settings read none" in stored.message
    assert "1,152 API calls a day (3 objects" in stored.fix
    assert all(not finding.ok and finding.warning for finding in (stream, stored))


def test_an_org_without_any_is_told_what_they_need() -> None:
    """Nothing is proposed that the org does not have; an org that does not answer is a warning."""
    (none,) = findings(OrgSession("Account"), {"type": "event_log_file"})
    assert none.ok
    (silent,) = findings(OrgSession(), {"type": "event_log_file"})
    assert (silent.warning, silent.fix) == (True, "look at the network")


@pytest.fixture(scope="module")
def pubsub() -> Iterator[ScriptedPubSub]:
    with ScriptedPubSub(shared_keys()) as running:
        yield running


def test_an_event_that_is_named_and_not_streamed_is_found(pubsub: ScriptedPubSub) -> None:
    """The Pub/Sub API is asked for each channel; what the org stores beside it is proposed."""
    pubsub.begin_anew()
    pubsub.topic("LoginEventStream")
    pubsub.refusals["FileEvent"] = NOT_FOUND
    source = {"type": "real_time", "endpoint": pubsub.endpoint, "events": ["LoginEvent", "FileEvent", "ReportEvent"]}
    tls = {"ca": str(shared_keys().ca)}
    found = findings(OrgSession(*OBJECTS), {"type": "event_log_file"}, source, tls=tls)
    failed = {finding.message.split()[0]: finding.fix for finding in found if not finding.ok and not finding.warning}
    assert failed.keys() == {"FileEvent", "ReportEvent"}
    assert "Event Manager" in failed["ReportEvent"]
    assert [finding.message for finding in found if finding.ok] == ["1 channel can be streamed"]
    (stored,) = (finding for finding in found if finding.warning)
    assert "IdentityVerificationEvent" in stored.message
    assert "(1 object " in stored.fix


def test_an_endpoint_that_does_not_answer_is_a_problem() -> None:
    """That nothing is known of a channel does not make it one that can be streamed."""
    source = {"type": "real_time", "endpoint": "localhost:1"}
    tls = {"ca": str(shared_keys().ca)}
    found = findings(OrgSession("LoginEventStream"), source, tls=tls)
    (failed,) = (finding for finding in found if not finding.ok and not finding.warning)
    assert "does not say whether 1 channel can be streamed: UNAVAILABLE" in failed.message
    assert "`endpoint`" in failed.fix
    assert not [finding for finding in found if finding.ok]


def test_an_estimate_has_two_figures() -> None:
    """More would say that somebody counted."""
    assert [rounded(rows) for rows in (0, 7, 42, 1_849, 123_456)] == [0, 7, 42, 1_800, 120_000]
