"""The settings of the stream source, what ends of streams mean, and where its cursor and coverage are kept."""

from __future__ import annotations

import grpc
import pytest
from pydantic import ValidationError

from agent.errors import TransportError
from agent.model import Cursor
from agent.sources.real_time.coverage import KEPT, MOST_SPANS, Coverage
from agent.sources.real_time.discovery import candidates
from agent.sources.real_time.pace import pause_after
from agent.sources.real_time.settings import RealTimeSettings
from agent.sources.real_time.stream_cursor import ReplayPosition, decode, encode
from agent.sources.real_time.wire.failure import StreamFailure


def test_an_event_is_named_in_any_of_its_spellings() -> None:
    """By its channel, its object or its name; twice is once."""
    settings = RealTimeSettings.model_validate(
        {"type": "real_time", "events": ["LoginEventStream", "LoginEvent", "FileEventStore", "NewEvent"]}
    )
    assert settings.events == ["LoginEvent", "FileEvent", "NewEvent"]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"events": ["Login"]}, "is not an event; write its name"),
        ({"events": ["IdentityVerificationEvent"]}, "stored and not streamed"),
        ({"events": []}, "at least 1"),
        ({"endpoint": "api.pubsub.salesforce.com"}, "write host:port"),
        ({"endpoint": "https://api.pubsub.salesforce.com:7443"}, "write host:port"),
        ({"start": "now"}, "latest"),
    ],
)
def test_wrong_settings_say_what_to_write(document: dict[str, object], message: str) -> None:
    """Before anything is asked."""
    with pytest.raises(ValidationError, match=message):
        RealTimeSettings.model_validate({"type": "real_time", **document})


@pytest.mark.parametrize(
    ("status", "suffix", "remedy"),
    [
        ("INVALID_ARGUMENT", "subscription.fetch.replayid.corrupted", "replay"),
        ("INVALID_ARGUMENT", "subscription.fetch.topic.mismatch", "retry"),
        ("INVALID_ARGUMENT", "", "slower"),
        ("UNAUTHENTICATED", "service.auth.error", "renew"),
        ("PERMISSION_DENIED", "service.auth.error", "renew"),
        ("UNAVAILABLE", "an.unheard.code", "retry"),
        ("NOT_FOUND", "topic.not.found", "give_up"),
        ("RESOURCE_EXHAUSTED", "", "slower"),
    ],
)
def test_what_is_done_is_decided_on_the_error_code(status: str, suffix: str, remedy: str) -> None:
    """And on the status only where there is none that is known."""
    assert StreamFailure(status, suffix, "").remedy == remedy
    assert grpc.StatusCode[status]


def test_pauses_grow_to_a_bound() -> None:
    """The first attempt follows at once, unless the org asks for less."""
    assert [pause_after(number, slower=False) for number in (1, 2, 3, 4, 50)] == [0.0, 1.0, 2.0, 4.0, 300.0]
    assert [pause_after(number, slower=True) for number in (1, 2, 50)] == [60.0, 120.0, 600.0]


def test_a_cursor_comes_back_as_it_was() -> None:
    """Whatever bytes a replay id has; a text that is not a cursor is said to be."""
    positions = {"FileEvent": ReplayPosition(5, b"\x00\xff"), "LoginEventStream": ReplayPosition(7, since=3)}
    assert decode(encode(positions)) == positions
    assert decode(None) == {}
    for text in ("", "{}", '{"version": 2, "channels": {}}', '{"version": 1, "channels": {"a": {"time": 1}}}'):
        with pytest.raises(TransportError, match="cannot be read"):
            decode(Cursor(text))


def test_channels_are_known_by_their_names() -> None:
    """Streams, events with a store, and the few that are neither."""
    names = {
        "LoginEventStream",
        "LoginEvent",
        "FileEvent",
        "FileEventStore",
        "MobileEmailEvent",
        "NewEvent",
        "NewEventStore",
    }
    assert candidates({*names, "Account", "OrderEvent", "IdentityProviderEventStore"}) == [
        *("FileEvent", "LoginEventStream", "MobileEmailEvent", "NewEvent"),
    ]


def test_coverage_is_bounded() -> None:
    """In time and in number; what is stored wrongly covers nothing."""
    coverage = Coverage("LoginEvent", b"nonsense")
    for hour in range(MOST_SPANS + 50):
        coverage.begin(hour * 1000)
        coverage.reach(hour * 1000 + 10)
    assert len(coverage.spans) == MOST_SPANS
    coverage.reach(KEPT * 3)
    assert coverage.spans == [(KEPT * 2, KEPT * 3)]
