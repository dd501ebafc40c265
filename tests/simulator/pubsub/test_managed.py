from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from agent.simulator.pubsub.managed_subscriptions import ManagedSubscription
from agent.simulator.running import RunningOrg
from tests.simulator.pubsub.conftest import LOGIN, access_token, publish
from tests.simulator.pubsub.generated_client import GeneratedClient, GeneratedStream, identifiers

INVALID = "INVALID_ARGUMENT"
NAME = f"Managed_{LOGIN}"


@pytest.fixture
def subscription(pubsub_org: RunningOrg) -> Iterator[ManagedSubscription]:
    """Of logins, from the earliest on."""
    found = next(managed for managed in pubsub_org.pubsub_server.managed.all if managed.channel == LOGIN)
    found.default_replay = "EARLIEST"
    yield found


def _commit(stream: GeneratedStream, replay: bytes, ident: str = "c1", count: int = 0) -> Any:
    """The response that has the answer."""
    stream.ask(num_requested=count, commit_replay_id_request={"commit_request_id": ident, "replay_id": replay})
    while True:
        response = stream.response()
        if response.HasField("commit_response"):
            return response.commit_response


def _end(stream: GeneratedStream, subscription: ManagedSubscription) -> None:
    """By a request that is wrong, so that the server is known to have let go."""
    stream.ask()
    assert stream.error()[1] == "managed.subscription.fetch.request.invalid"
    assert not subscription.active


def test_the_org_keeps_the_place_of_a_client(
    pubsub_org: RunningOrg, client: GeneratedClient, subscription: ManagedSubscription
) -> None:
    """What was committed does not come again, what was not does; a stop forgets the place."""
    publish(pubsub_org, 5)
    stream = client.managed(developer_name=NAME, num_requested=3)
    events = stream.events(3)
    answer = _commit(stream, events[1].replay_id)
    assert (answer.commit_request_id, answer.replay_id) == ("c1", events[1].replay_id)
    assert not answer.HasField("error")
    assert answer.process_time == int(pubsub_org.org.now().timestamp() * 1000)
    _end(stream, subscription)
    again = client.managed(subscription_id=subscription.id, num_requested=3)
    assert list(identifiers(client, again.events(3))) == ["e2", "e3", "e4"]
    _end(again, subscription)
    subscription.stop()
    subscription.state = "RUN"
    assert list(identifiers(client, client.managed(developer_name=NAME, num_requested=1).events(1))) == ["e0"]


def test_a_commit_that_fails_ends_nothing(
    pubsub_org: RunningOrg, client: GeneratedClient, subscription: ManagedSubscription
) -> None:
    """Without a replay id, with one of nowhere, of an event not delivered yet, or before what is committed."""
    replays = publish(pubsub_org, 5)
    stream = client.managed(developer_name=NAME, num_requested=3)
    stream.events(3)
    assert not _commit(stream, replays[1]).HasField("error")
    for wrong in (b"", b"nowhere", replays[4], replays[0]):
        answer = _commit(stream, wrong, "c2")
        assert (answer.commit_request_id, answer.error.code) == ("c2", 2)
        assert answer.error.msg
    assert subscription.committed == replays[1]
    stream.ask(num_requested=2)
    assert len(stream.events(2)) == 2


def test_several_commits_are_answered(
    pubsub_org: RunningOrg, client: GeneratedClient, subscription: ManagedSubscription
) -> None:
    """At the latest by the answer to the last of them."""
    publish(pubsub_org, 5)
    stream = client.managed(developer_name=NAME, num_requested=5)
    events = stream.events(5)
    for number, event in enumerate(events):
        commit = {"commit_request_id": str(number), "replay_id": event.replay_id}
        stream.ask(commit_replay_id_request=commit)
    answers = []
    while "4" not in answers:
        answers.append(stream.response().commit_response.commit_request_id)
    assert answers == sorted(set(answers))
    assert subscription.committed == events[4].replay_id


def test_a_commit_that_became_too_old(
    pubsub_org: RunningOrg, client: GeneratedClient, subscription: ManagedSubscription
) -> None:
    """Begins where the subscription says for that case."""
    subscription.committed = publish(pubsub_org, 1)[0]
    subscription.error_recovery_replay = "EARLIEST"
    subscription.default_replay = "LATEST"
    pubsub_org.org.advance(hours=73)
    publish(pubsub_org, 2, first=1)
    client.headers["accesstoken"] = access_token(pubsub_org)
    assert list(identifiers(client, client.managed(developer_name=NAME, num_requested=2).events(2))) == ["e1", "e2"]


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ({}, (INVALID, "id.or.developer.name.empty")),
        ({"subscription_id": "18xSM0000000001", "developer_name": NAME}, (INVALID, "id.or.developer.name.empty")),
        ({"subscription_id": "18x"}, (INVALID, "subscription.id.invalid")),
        ({"subscription_id": "18xSM0000009999AAA"}, ("NOT_FOUND", "subscription.id.not.found")),
        ({"developer_name": "Colours"}, ("NOT_FOUND", "developer.name.not.found")),
        ({"developer_name": NAME, "num_requested": -1}, (INVALID, "fetch.request.events.invalid")),
        ({"developer_name": NAME, "auth_refresh": "x"}, (INVALID, "fetch.request.auth.request.restricted")),
        (
            {"developer_name": NAME, "commit_replay_id_request": {"commit_request_id": "1"}},
            (INVALID, "fetch.request.commit.request.restricted"),
        ),
    ],
)
def test_first_requests_that_are_wrong(
    calm_client: GeneratedClient, first: dict[str, Any], expected: tuple[str, str]
) -> None:
    """Who, how many, and nothing else."""
    status, code = expected
    assert calm_client.managed(**first).error() == (status, f"managed.subscription.{code}")


def test_subscriptions_that_do_not_run(client: GeneratedClient, subscription: ManagedSubscription) -> None:
    """One is stopped, one deleted, one has a client already."""
    subscription.state = "STOP"
    assert client.managed(developer_name=NAME).error() == ("FAILED_PRECONDITION", "managed.subscription.config.stopped")
    subscription.state = "DELETED"
    assert client.managed(developer_name=NAME).error() == ("NOT_FOUND", "managed.subscription.config.deleted")
    subscription.state, subscription.active = "RUN", True
    assert client.managed(developer_name=NAME).error() == ("ALREADY_EXISTS", "managed.subscription.already.active")


def test_later_requests_that_are_wrong(client: GeneratedClient, subscription: ManagedSubscription) -> None:
    """They ask for nothing and commit nothing, or for less than nothing."""
    stream = client.managed(developer_name=NAME, num_requested=1).ask(num_requested=-1)
    assert stream.error() == (INVALID, "managed.subscription.fetch.request.events.invalid")
    stream = client.managed(developer_name=NAME, num_requested=1).ask()
    assert stream.error() == (INVALID, "managed.subscription.fetch.request.invalid")
