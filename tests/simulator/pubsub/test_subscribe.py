from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from agent.simulator.running import RunningOrg
from tests.simulator.pubsub.conftest import LOGIN, publish
from tests.simulator.pubsub.generated_client import GeneratedClient, generated, identifiers

LATEST, EARLIEST, CUSTOM = 0, 1, 2
BRIEF = timedelta(milliseconds=200)


def _numbered(*numbers: int) -> list[str]:
    return [f"e{number}" for number in numbers]


def test_a_client_made_of_the_proto_reads_events(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """With fastavro, by the schema that each event names; times are milliseconds."""
    publish(pubsub_org, 3)
    stream = client.subscribe(LOGIN, replay_preset=EARLIEST)
    response = stream.response()
    assert list(identifiers(client, response.events)) == _numbered(0, 1, 2)
    values = client.values(response.events[0])
    assert values["CreatedDate"] == values["EventDate"] == int(pubsub_org.org.now().timestamp() * 1000)
    assert "ReplayId" not in values
    assert response.latest_replay_id == response.events[-1].replay_id
    assert response.rpc_id


def test_live_events_come_as_they_are_published(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """To each of two subscribers, which begin with the latest by default."""
    publish(pubsub_org, 2)
    first, second = client.subscribe(LOGIN), client.subscribe(LOGIN)
    _until_subscribed(pubsub_org, 2)
    publish(pubsub_org, 2, first=2)
    for stream in (first, second):
        assert list(identifiers(client, stream.events(2))) == _numbered(2, 3)


def test_a_replay_id_is_gone_on_from(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """With what came after it, whether it was of an event or of an empty response."""
    replay = publish(pubsub_org, 5)[1]
    stream = client.subscribe(LOGIN, replay_preset=CUSTOM, replay_id=replay)
    assert list(identifiers(client, stream.events(3))) == _numbered(2, 3, 4)


def test_credits_add_up_and_end_at_100(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """Each event uses one up; what is asked for beyond 100 is not counted."""
    publish(pubsub_org, 250)
    stream = client.subscribe(LOGIN, 3, replay_preset=EARLIEST)
    response = stream.response()
    assert (len(response.events), response.pending_num_requested) == (3, 0)
    stream.ask(topic_name=f"/event/{LOGIN}", num_requested=150)
    assert len(stream.response().events) == 100
    stream.ask(num_requested=7)
    response = stream.response()
    assert (len(response.events), response.pending_num_requested) == (7, 0)


def test_credits_are_left_over(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """Each response says how many, and a further request adds to them."""
    stream = client.subscribe(LOGIN, 40)
    _until_subscribed(pubsub_org, 1)
    publish(pubsub_org, 1)
    assert stream.response().pending_num_requested == 39
    stream.ask(num_requested=20)
    _until(lambda: [flow.credits for flow in _flows(pubsub_org)] == [59])


def test_later_requests_do_not_begin_elsewhere(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """Preset and replay id of the first alone count."""
    ids = publish(pubsub_org, 4)
    stream = client.subscribe(LOGIN, 2, replay_preset=EARLIEST)
    assert list(identifiers(client, stream.events(2))) == _numbered(0, 1)
    stream.ask(num_requested=2, replay_preset=CUSTOM, replay_id=ids[0])
    assert list(identifiers(client, stream.events(2))) == _numbered(2, 3)


def test_a_client_that_asks_once_gets_what_it_asked_for(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """Then the stream ends without an error."""
    publish(pubsub_org, 4)
    stream = client.subscribe(LOGIN, 3, replay_preset=EARLIEST).done()
    assert len(stream.events(3)) == 3
    with pytest.raises(StopIteration):
        stream.response()


def test_an_idle_stream_is_kept_alive(
    pubsub_orgs: Callable[..., RunningOrg], sign_in: Callable[..., GeneratedClient]
) -> None:
    """By empty responses with replay ids that grow, and from which nothing is missed."""
    running = pubsub_orgs(keep_alive=BRIEF)
    client = sign_in(running)
    stream = client.subscribe(LOGIN)
    first, second = stream.response(), stream.response()
    assert not [*first.events, *second.events]
    assert first.latest_replay_id < second.latest_replay_id
    assert second.pending_num_requested == 100
    stream.close()
    publish(running, 2)
    again = client.subscribe(LOGIN, replay_preset=CUSTOM, replay_id=second.latest_replay_id)
    assert list(identifiers(client, again.events(2))) == _numbered(0, 1)


def test_who_asks_for_nothing_is_hung_up_on(
    pubsub_orgs: Callable[..., RunningOrg], sign_in: Callable[..., GeneratedClient]
) -> None:
    """60 of 270 seconds after the last credit was used up, without an empty response in between."""
    running = pubsub_orgs(keep_alive=BRIEF)
    publish(running, 1)
    stream = sign_in(running).subscribe(LOGIN, 1, replay_preset=EARLIEST)
    assert len(list(stream.call)) == 1


def test_events_of_a_megabyte_are_parted_among_responses(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """Three to a response, so that a client with gRPC's usual limit of 4 MB can read them."""
    now = int(pubsub_org.org.now().timestamp() * 1000)
    for _ in range(7):
        pubsub_org.org.bus.publish(LOGIN, now, {"Browser": "x" * 1_000_000})
    stream = client.subscribe(LOGIN, replay_preset=EARLIEST)
    assert [len(stream.response().events) for _ in range(3)] == [3, 3, 1]


def test_nothing_is_lost_between_publishers_and_subscribers(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """Four threads publish while a client reads and asks for more: each event comes once, in order of replay ids."""
    stream = client.subscribe(LOGIN, 50)
    _until_subscribed(pubsub_org, 1)
    publishers = [threading.Thread(target=publish, args=(pubsub_org, 100), kwargs={"first": n}) for n in range(4)]
    for publisher in publishers:
        publisher.start()
    events: list[Any] = []
    while len(events) < 400:
        response = stream.response()
        events += response.events
        stream.ask(num_requested=max(1, len(response.events)))
    for publisher in publishers:
        publisher.join()
    ids = [event.replay_id for event in events]
    assert len(set(ids)) == 400
    assert ids == sorted(ids)


def test_clients_that_vanish_are_forgotten(pubsub_org: RunningOrg, sign_in: Callable[..., GeneratedClient]) -> None:
    """Whether they cancel a stream or their connection breaks, with credits left."""
    staying, leaving = sign_in(pubsub_org), sign_in(pubsub_org)
    cancelled = staying.subscribe(LOGIN)
    for channel in pubsub_org.org.bus.channels():
        leaving.subscribe(channel)
    _until_subscribed(pubsub_org, 1 + len(pubsub_org.org.bus.channels()))
    leaving.channel.close()
    cancelled.call.cancel()
    _until_subscribed(pubsub_org, 0)


def test_a_topic_says_what_it_is(client: GeneratedClient) -> None:
    """Its schema, that it can be subscribed to, and that nobody but Salesforce publishes to it."""
    topic = client.topic("/event/ReportEventStream")
    assert (topic.can_publish, topic.can_subscribe) == (False, True)
    assert client.schema(topic.schema_id)["name"] == "ReportEventStream"
    assert "FetchRequest" in generated()


def _flows(running: RunningOrg) -> list[Any]:
    return list(running.pubsub_server.register.flows)


def _until_subscribed(running: RunningOrg, count: int) -> None:
    _until(lambda: len(_flows(running)) == count)


def _until(holds: Callable[[], bool]) -> None:
    """Waits without a limit of its own: pytest's timeout is one."""
    pause = threading.Event()
    while not holds():
        pause.wait(0.005)
