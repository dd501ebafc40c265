from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import grpc
import pytest

from agent.simulator.running import RunningOrg
from agent.simulator.world.stream_errors import stream_errors
from tests.simulator.pubsub.conftest import LOGIN, access_token, publish
from tests.simulator.pubsub.generated_client import GeneratedClient, ending

EARLIEST, CUSTOM = 1, 2
LOGINS = f"/event/{LOGIN}"
INVALID = "INVALID_ARGUMENT"


def _refused(client: GeneratedClient, *call: str, **values: Any) -> tuple[str, str]:
    with pytest.raises(grpc.RpcError) as caught:
        client.call(*call, **values)
    return ending(caught.value)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"accesstoken": ""}, "service.auth.headers.invalid"),
        ({"accesstoken": "Bearer abc"}, "service.auth.headers.invalid"),
        ({"instanceurl": "trading.my.salesforce.example"}, "service.auth.headers.invalid"),
        ({"tenantid": " "}, "service.auth.headers.invalid"),
        ({"accesstoken": "00D!nobody"}, "service.auth.error"),
        ({"instanceurl": "https://other.my.salesforce.com"}, "service.auth.error"),
        ({"tenantid": "00D000000000001AAA"}, "service.auth.error"),
    ],
)
def test_headers_are_checked(
    calm_org: RunningOrg, sign_in: Callable[..., GeneratedClient], headers: dict[str, str], code: str
) -> None:
    """Of streams and of single calls: a header that is blank or malformed, a token, instance or tenant that is not ours."""
    client = sign_in(calm_org, **headers)
    assert client.subscribe(LOGIN).error() == ("UNAUTHENTICATED", code)
    assert client.managed(developer_name="Managed_LoginEventStream").error() == ("UNAUTHENTICATED", code)
    for method, message in (("GetTopic", "Topic"), ("GetSchema", "Schema")):
        assert _refused(client, method, f"{message}Request", f"{message}Info") == ("UNAUTHENTICATED", code)


def test_both_forms_of_a_tenant_are_known(calm_org: RunningOrg, sign_in: Callable[..., GeneratedClient]) -> None:
    """The org id, and `core/<My Domain>/<org id>`."""
    client = sign_in(calm_org, tenantid=f"core/trading/{calm_org.org.id}")
    assert client.topic(LOGINS).tenant_guid == f"core/trading/{calm_org.org.id}"


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("", (INVALID, "topic.validation.empty")),
        ("/event/ColourEvent", ("NOT_FOUND", "topic.not.found")),
        (LOGIN, ("NOT_FOUND", "topic.not.found")),
        ("/event/LoginEvent", ("NOT_FOUND", "topic.not.found")),
    ],
)
def test_topics_that_there_are_not(calm_client: GeneratedClient, topic: str, expected: tuple[str, str]) -> None:
    """A stored object is not a topic, and a topic begins with /event/."""
    stream = calm_client.stream("Subscribe", "FetchRequest", "FetchResponse").ask(topic_name=topic, num_requested=1)
    assert stream.error() == expected
    assert _refused(calm_client, "GetTopic", "TopicRequest", "TopicInfo", topic_name=topic) == expected


@pytest.mark.parametrize(
    ("ident", "expected"),
    [
        ("", (INVALID, "schema.validation.failed")),
        ("nameOfNoSchemaAtAll_22", ("PERMISSION_DENIED", "schema.meta.permission")),
    ],
)
def test_schemas_that_there_are_not(calm_client: GeneratedClient, ident: str, expected: tuple[str, str]) -> None:
    """A blank id, an unknown one."""
    assert _refused(calm_client, "GetSchema", "SchemaRequest", "SchemaInfo", schema_id=ident) == expected


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ({"num_requested": 0}, "subscription.fetch.requested.events.invalid"),
        ({"num_requested": -3}, "subscription.fetch.requested.events.invalid"),
        ({"replay_preset": CUSTOM}, "subscription.fetch.replayid.validation.failed"),
        ({"replay_preset": CUSTOM, "replay_id": b"0123456789"}, "subscription.fetch.replayid.corrupted"),
        ({"replay_preset": CUSTOM, "replay_id": b"7"}, "subscription.fetch.replayid.corrupted"),
    ],
)
def test_first_requests_that_are_wrong(calm_client: GeneratedClient, first: dict[str, Any], code: str) -> None:
    """How many events, from which replay id on."""
    stream = calm_client.stream("Subscribe", "FetchRequest", "FetchResponse")
    assert stream.ask(**{"topic_name": LOGINS, "num_requested": 1} | first).error() == (INVALID, code)


def test_a_replay_id_that_is_too_old_is_corrupted(pubsub_org: RunningOrg, sign_in: Any) -> None:
    """72 hours after its event, by the org's clock; EARLIEST then begins with what is kept."""
    replay = publish(pubsub_org, 1)[0]
    pubsub_org.org.advance(hours=73)
    publish(pubsub_org, 1, first=1)
    client = sign_in(pubsub_org)
    stream = client.subscribe(LOGIN, replay_preset=CUSTOM, replay_id=replay)
    assert stream.error() == (INVALID, "subscription.fetch.replayid.corrupted")
    assert len(client.subscribe(LOGIN, replay_preset=EARLIEST).response().events) == 1


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ({"topic_name": "/event/ApiEventStream", "num_requested": 1}, (INVALID, "subscription.fetch.topic.mismatch")),
        ({"num_requested": 0}, (INVALID, "subscription.fetch.requested.events.invalid")),
        ({"num_requested": 1, "auth_refresh": "x"}, ("UNAUTHENTICATED", "service.auth.refresh.invalid")),
    ],
)
def test_later_requests_that_are_wrong(calm_client: GeneratedClient, later: dict[str, Any], expected: Any) -> None:
    """They end a stream that was well so far."""
    assert calm_client.subscribe(LOGIN).ask(**later).error() == expected


@pytest.mark.parametrize(
    ("request_values", "expected"),
    [
        ({}, (INVALID, "publish.topic.validation.empty")),
        ({"topic_name": "/event/ColourEvent"}, ("NOT_FOUND", "topic.not.found")),
        ({"topic_name": LOGINS}, (INVALID, "publish.event.count.invalid")),
        ({"topic_name": LOGINS, "events": [{"id": "1"}]}, ("PERMISSION_DENIED", "topic.meta.permission")),
    ],
)
def test_nobody_publishes(calm_client: GeneratedClient, request_values: dict[str, Any], expected: Any) -> None:
    """Neither by single calls nor by a stream."""
    names = ("PublishRequest", "PublishResponse")
    assert _refused(calm_client, "Publish", *names, **request_values) == expected
    assert calm_client.stream("PublishStream", *names).ask(**request_values).error() == expected


def test_a_stream_for_publishing_is_swept_away(pubsub_orgs: Any, sign_in: Any) -> None:
    """When no request comes for long; the first must not renew its token."""
    client = sign_in(pubsub_orgs(keep_alive=timedelta(milliseconds=20)))
    stream = client.stream("PublishStream", "PublishRequest", "PublishResponse")
    assert stream.error() == ("DEADLINE_EXCEEDED", "publish.stream.sweeper.timeout")
    stream = client.stream("PublishStream", "PublishRequest", "PublishResponse")
    assert stream.ask(topic_name=LOGINS, auth_refresh="x").error() == (INVALID, "publish.auth.refresh.invalid")


def test_an_expired_token_ends_a_running_stream(pubsub_org: RunningOrg, sign_in: Any) -> None:
    """Without a request or an event in between; a stream under a good token goes on."""
    replay = publish(pubsub_org, 1)[0]
    stream = sign_in(pubsub_org).subscribe(LOGIN, replay_preset=EARLIEST)
    assert len(stream.events(1)) == 1
    pubsub_org.org.advance(hours=3)
    assert stream.error() == ("UNAUTHENTICATED", "service.auth.error")
    publish(pubsub_org, 1, first=1)
    again = sign_in(pubsub_org).subscribe(LOGIN, replay_preset=CUSTOM, replay_id=replay)
    assert len(again.events(1)) == 1


def test_ended_sessions_end_streams(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """As when an administrator signs everybody out."""
    publish(pubsub_org, 1)
    stream = client.subscribe(LOGIN, replay_preset=EARLIEST)
    stream.events(1)
    pubsub_org.tokens.revoke_all()
    assert stream.error() == ("UNAUTHENTICATED", "service.auth.error")


def test_a_running_stream_takes_a_new_token(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """In a later request; the old one may end then."""
    publish(pubsub_org, 1)
    stream = client.subscribe(LOGIN, 1, replay_preset=EARLIEST)
    stream.events(1)
    stream.ask(num_requested=1, auth_refresh=access_token(pubsub_org))
    publish(pubsub_org, 1, first=1)
    stream.events(1)
    pubsub_org.tokens.revoke(client.headers["accesstoken"])
    stream.ask(num_requested=1)
    publish(pubsub_org, 1, first=2)
    assert len(stream.events(1)) == 1


def test_each_error_code_can_be_provoked(pubsub_org: RunningOrg, client: GeneratedClient) -> None:
    """By a fault, with its status, and with the rpc id in message and trailer; once, and then all is well."""
    publish(pubsub_org, 1)
    for code, (status, _) in stream_errors().items():
        pubsub_org.org.change_faults(stream_error=code, stream_times=1)
        assert client.subscribe(LOGIN, replay_preset=EARLIEST).error() == (status, code)
    assert len(client.subscribe(LOGIN, replay_preset=EARLIEST).events(1)) == 1
