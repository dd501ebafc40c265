from __future__ import annotations

import io
import ssl
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import fastavro
import grpc
import httpx
import pytest

from agent.simulator.running import RunningOrg
from tests.simulator.pubsub.conftest import LOGIN, publish
from tests.simulator.pubsub.generated_client import GeneratedClient, ending, identifiers

EARLIEST, CUSTOM = 1, 2


def _read(client: GeneratedClient, count: int, **values: Any) -> list[Any]:
    return client.subscribe(LOGIN, **({"replay_preset": EARLIEST} | values)).events(count)


def test_a_stream_is_cut_after_so_many_events(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """As a connection is: UNAVAILABLE and no error code; twice, and the third goes on."""
    replays = publish(pubsub_org, 7)
    pubsub_org.org.change_faults(stream_cut_after=2, stream_times=2)
    for start in (0, 2):
        place = {"replay_preset": CUSTOM, "replay_id": replays[start - 1]} if start else {"replay_preset": EARLIEST}
        stream = client.subscribe(LOGIN, **place)
        assert list(identifiers(client, stream.events(2))) == [f"e{start}", f"e{start + 1}"]
        assert stream.error() == ("UNAVAILABLE", "")
    assert len(_read(client, 3, replay_preset=CUSTOM, replay_id=replays[3])) == 3


def test_a_stream_ends_without_an_error(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """After so many events, with credits left."""
    publish(pubsub_org, 5)
    pubsub_org.org.change_faults(stream_end_after=3)
    assert sum(len(response.events) for response in client.subscribe(LOGIN, replay_preset=EARLIEST).call) == 3


def test_an_error_strikes_running_streams(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """Idle ones as well, but only those of the channel."""
    publish(pubsub_org, 1)
    logins = client.subscribe(LOGIN, replay_preset=EARLIEST)
    api_calls = client.subscribe("ApiEventStream", replay_preset=EARLIEST)
    logins.events(1)
    pubsub_org.org.change_faults(stream_error="service.unavailable", stream_channel=f"/event/{LOGIN}")
    assert logins.error() == ("UNAVAILABLE", "service.unavailable")
    publish(pubsub_org, 1, "ApiEventStream")
    assert len(api_calls.events(1)) == 1


def test_an_error_strikes_though_another_stream_saw_it_first(
    pubsub_org: RunningOrg, client: GeneratedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that opens between the change and the next look after running streams."""
    publish(pubsub_org, 1)
    logins = client.subscribe(LOGIN, replay_preset=EARLIEST)
    logins.events(1)
    register = pubsub_org.pubsub_server.register
    look_after, opened = register.look_after, threading.Event()
    monkeypatch.setattr(register, "look_after", lambda: look_after() if opened.is_set() else None)
    pubsub_org.org.change_faults(stream_error="service.unavailable", stream_channel=f"/event/{LOGIN}")
    publish(pubsub_org, 1, "ApiEventStream")
    assert len(client.subscribe("ApiEventStream", replay_preset=EARLIEST).events(1)) == 1
    opened.set()
    assert logins.error() == ("UNAVAILABLE", "service.unavailable")


def test_an_error_comes_after_so_many_events(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """Such as the daily allocation of deliveries."""
    publish(pubsub_org, 5)
    pubsub_org.org.change_faults(stream_error="subscription.limit.exceeded", stream_error_after=4)
    stream = client.subscribe(LOGIN, replay_preset=EARLIEST)
    assert len(stream.events(4)) == 4
    assert stream.error() == ("RESOURCE_EXHAUSTED", "subscription.limit.exceeded")


@pytest.mark.parametrize("at", ["topic", "schema"])
def test_an_error_strikes_only_some_calls(pubsub_org: RunningOrg, client: GeneratedClient, at: str) -> None:
    """GetTopic or GetSchema, and no stream."""
    publish(pubsub_org, 1)
    ident = client.topic(f"/event/{LOGIN}").schema_id
    pubsub_org.org.change_faults(stream_error=f"{at}.api.unavailable", stream_error_at=at)
    call: Callable[[], Any] = {
        "topic": lambda: client.topic(f"/event/{LOGIN}"),
        "schema": lambda: client.schema(ident),
    }[at]
    with pytest.raises(grpc.RpcError) as caught:
        call()
    assert ending(caught.value) == ("UNAVAILABLE", f"{at}.api.unavailable")
    assert len(client.subscribe(LOGIN, replay_preset=EARLIEST).events(1)) == 1


def test_a_silent_stream_sends_nothing(pubsub_orgs: Any, sign_in: Any) -> None:
    """Neither events nor empty responses, until it is silent no more."""
    running = pubsub_orgs(keep_alive=timedelta(milliseconds=20))
    running.org.change_faults(stream_silent=True, stream_channel=LOGIN)
    client = sign_in(running)
    silent, other = client.subscribe(LOGIN, replay_preset=EARLIEST), client.subscribe("ApiEventStream")
    publish(running, 2)
    assert [len(other.response().events) for _ in range(10)] == [0] * 10
    assert [flow.credits for flow in running.pubsub_server.register.flows if flow.channel == LOGIN] == [100]
    running.org.change_faults(stream_silent=False)
    assert list(identifiers(client, silent.response().events)) == ["e0", "e1"]


@pytest.mark.parametrize(("kind", "outcomes"), [("once", [False, True, True]), ("always", [False, False, False])])
def test_replay_ids_are_corrupted(pubsub_org: RunningOrg, client: GeneratedClient, kind: str, outcomes: Any) -> None:
    """Once for each channel, or for good; EARLIEST goes all the same."""
    replays = publish(pubsub_org, 3)
    api_replay = publish(pubsub_org, 2, "ApiEventStream")[0]
    pubsub_org.org.change_faults(stream_corrupted=kind)
    seen = []
    for channel, replay in ((LOGIN, replays[0]), (LOGIN, replays[0]), (LOGIN, replays[1])):
        try:
            seen.append(bool(client.subscribe(channel, replay_preset=CUSTOM, replay_id=replay).response().events))
        except grpc.RpcError as error:
            assert ending(error) == ("INVALID_ARGUMENT", "subscription.fetch.replayid.corrupted")
            seen.append(False)
    assert seen == outcomes
    stream = client.subscribe("ApiEventStream", replay_preset=CUSTOM, replay_id=api_replay)
    assert stream.error()[1] == "subscription.fetch.replayid.corrupted"
    assert len(_read(client, 3)) == 3


def test_events_come_again_after_a_reconnect(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """With the replay ids that they had."""
    replays = publish(pubsub_org, 5)
    pubsub_org.org.change_faults(stream_repeat=2)
    events = _read(client, 4, replay_preset=CUSTOM, replay_id=replays[2])
    assert [event.replay_id for event in events] == replays[1:]


def test_events_come_in_the_wrong_order(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """Within a response, whose latest replay id is the highest all the same."""
    publish(pubsub_org, 4)
    pubsub_org.org.change_faults(stream_shuffle=True)
    response = client.subscribe(LOGIN, replay_preset=EARLIEST).response()
    ids = [event.replay_id for event in response.events]
    assert ids != sorted(ids)
    assert response.latest_replay_id == max(ids)


@pytest.mark.parametrize(
    ("change", "further", "fewer"), [("added", {"RiskLevel"}, set()), ("removed", set(), {"LoginKey"})]
)
def test_a_new_schema_in_mid_stream(
    pubsub_org: RunningOrg, client: GeneratedClient, change: str, further: set[str], fewer: set[str]
) -> None:
    """Events carry another schema id from then on, under which GetSchema gives another schema that fits them."""
    publish(pubsub_org, 1)
    stream = client.subscribe(LOGIN, replay_preset=EARLIEST)
    before = stream.events(1)[0]
    pubsub_org.org.change_faults(stream_schema=change)
    publish(pubsub_org, 1, first=1)
    after = stream.events(1)[0]
    assert before.event.schema_id != after.event.schema_id
    old, new = client.values(before), client.values(after)
    assert (new.keys() - old.keys(), old.keys() - new.keys()) == (further, fewer)
    assert (new["EventIdentifier"], new["UserId"]) == ("e1", old["UserId"])


def test_the_schema_of_each_third_event_is_unknown(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """GetSchema refuses it; the others can be read."""
    publish(pubsub_org, 6)
    pubsub_org.org.change_faults(stream_unknown_schema=True, stream_every=3)
    events = _read(client, 6)
    for event in events[2::3]:
        with pytest.raises(grpc.RpcError) as caught:
            client.values(event)
        assert ending(caught.value) == ("PERMISSION_DENIED", "schema.meta.permission")
    assert list(identifiers(client, [event for event in events if event not in events[2::3]])) == [
        "e0",
        "e1",
        "e3",
        "e4",
    ]


def test_a_payload_does_not_fit_its_schema(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """It ends too early; its neighbour is sound."""
    publish(pubsub_org, 2)
    pubsub_org.org.change_faults(stream_broken=True, stream_times=1)
    broken, sound = _read(client, 2)
    with pytest.raises((EOFError, IndexError)):
        fastavro.schemaless_reader(
            io.BytesIO(broken.event.payload), fastavro.parse_schema(client.schema(broken.event.schema_id)), None
        )
    assert client.values(sound)["EventIdentifier"] == "e1"


def test_an_event_is_huge(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """A megabyte, and readable."""
    publish(pubsub_org, 2)
    pubsub_org.org.change_faults(stream_huge=1_048_576, stream_every=2)
    small, huge = _read(client, 2)
    assert len(small.event.payload) < 1000
    assert len(huge.event.payload) == pytest.approx(1_048_576, rel=0.001)
    assert client.values(huge)["EventIdentifier"] == "e1"


def test_events_drip(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """One in a response."""
    publish(pubsub_org, 3)
    pubsub_org.org.change_faults(stream_drip_seconds=0.01)
    stream = client.subscribe(LOGIN, replay_preset=EARLIEST)
    assert [len(stream.response().events) for _ in range(3)] == [1, 1, 1]


def test_faults_are_set_over_http(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """Where the others are set; one that there is not changes nothing."""
    context = ssl.create_default_context(cafile=str(pubsub_org.ca))
    with httpx.Client(verify=context, base_url=pubsub_org.url) as http:
        answer = http.post("/__simulator/faults", json={"stream_silent": True, "status": 503, "where": "token"})
        assert answer.json()["stream_faults"]["stream_silent"]
        assert answer.json()["faults"]["status"] == 503
        wrong = http.post("/__simulator/faults", json={"stream_silent": False, "stream_error": "colour.unknown"})
        assert wrong.status_code == 400
        assert "topic.not.found" in wrong.text
    assert pubsub_org.org.stream_faults.stream_silent
    assert client.topic(f"/event/{LOGIN}").can_subscribe
