"""A Pub/Sub API on the network, over real gRPC, that does what no org should do: silence, broken payloads, refusals at will.

What a faithful org does is the simulator's; here every stream says at once when there is nothing more to come, so that tests
need not wait.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NoReturn, Self

import grpc

from agent.pubsub_api import pubsub_api_pb2 as messages
from agent.pubsub_api.pubsub_api_pb2_grpc import PubSubServicer, add_PubSubServicer_to_server
from agent.simulator.running import Keys
from tests.scripted_pubsub.scripted_topic import ScriptedEvent, ScriptedTopic, payload_of, schema_of

MOST_STREAMS = 64


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a call is ended. `suffix`: of Salesforce's error code, empty for none."""

    status: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE
    suffix: str = "service.unavailable"


EXPIRED = Refusal(grpc.StatusCode.UNAUTHENTICATED, "service.auth.error")
CORRUPTED = Refusal(grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted")
UNSUPPORTED = Refusal(grpc.StatusCode.UNIMPLEMENTED, "")
NOT_FOUND = Refusal(grpc.StatusCode.NOT_FOUND, "topic.not.found")


class ScriptedPubSub(PubSubServicer):
    """Answers until closed; a context manager."""

    def __init__(self, keys: Keys, is_valid: Callable[[str], bool] = lambda _: True) -> None:
        """`is_valid`: whether a token is (still) good."""
        self.is_valid = is_valid
        self._changed = threading.Condition()
        self._server = grpc.server(ThreadPoolExecutor(MOST_STREAMS))
        add_PubSubServicer_to_server(self, self._server)
        pair = (keys.key.read_bytes(), keys.certificate.read_bytes())
        self.endpoint = f"localhost:{self._server.add_secure_port('localhost:0', grpc.ssl_server_credentials([pair]))}"
        self.begin_anew()
        self._server.start()

    def begin_anew(self) -> None:
        """Without topics, faults and counters."""
        with self._changed:
            self.topics: dict[str, ScriptedTopic] = {}
            self.schemas: dict[str, str] = {"schema-1": schema_of()}
            self.refusals: dict[str, Refusal] = {}
            """By call (Subscribe, GetTopic, GetSchema) or channel: how it is ended, also where it is under way."""
            self.once: dict[str, Refusal] = {}
            """The same, but for the next stream of a channel alone."""
            self.silent = False
            """Whether nothing is answered, and nothing sent."""
            self.says_when_empty = True
            """Whether a stream says at once that nothing more is there."""
            self.waits = threading.Event()
            """Set once a client waits for what does not come."""
            self.requests: list[messages.FetchRequest] = []
            """First requests of streams, in order."""
            self.calls: Counter[str] = Counter()
            self.open_streams = 0
            self.asked = 0
            """Events that all streams let come so far."""
            self._changed.notify_all()

    def topic(self, channel: str) -> ScriptedTopic:
        """The channel, which there is from now on."""
        return self.topics.setdefault(channel, ScriptedTopic(channel))

    def give(self, channel: str, *rows: Mapping[str, Any], schema_id: str = "schema-1") -> list[ScriptedEvent]:
        """Events with these values."""
        payloads = [payload_of(self.schemas[schema_id], values) for values in rows]
        return self.give_raw(channel, *payloads, schema_id=schema_id)

    def give_raw(self, channel: str, *payloads: bytes, schema_id: str = "schema-1") -> list[ScriptedEvent]:
        with self._changed:
            events = [self.topic(channel).add(payload, schema_id) for payload in payloads]
            self._changed.notify_all()
            return events

    def change(self, **switches: Any) -> None:
        """Set attributes, and let streams that are open see them."""
        with self._changed:
            for name, value in switches.items():
                setattr(self, name, value)
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[], bool], seconds: float = 30.0) -> bool:
        with self._changed:
            return self._changed.wait_for(condition, seconds)

    def close(self) -> None:
        self._server.stop(0).wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What is asked

    def GetTopic(self, request: messages.TopicRequest, context: Any) -> messages.TopicInfo:  # noqa: N802
        self._admit("GetTopic", context)
        channel = request.topic_name.removeprefix("/event/")
        if channel not in self.topics:
            self._refuse(context, NOT_FOUND)
        return messages.TopicInfo(topic_name=request.topic_name, can_subscribe=True, schema_id="schema-1")

    def GetSchema(self, request: messages.SchemaRequest, context: Any) -> messages.SchemaInfo:  # noqa: N802
        self._admit("GetSchema", context)
        if request.schema_id not in self.schemas:
            self._refuse(context, Refusal(grpc.StatusCode.INVALID_ARGUMENT, "schema.validation.failed"))
        return messages.SchemaInfo(schema_json=self.schemas[request.schema_id], schema_id=request.schema_id)

    def Subscribe(self, request_iterator: Any, context: Any) -> Iterator[messages.FetchResponse]:  # noqa: N802
        token = dict(context.invocation_metadata()).get("accesstoken", "")
        first = next(request_iterator)
        channel = first.topic_name.removeprefix("/event/")
        if channel not in self.topics:
            self._refuse(context, NOT_FOUND)
        with self._changed:
            self.requests.append(first)
            self.calls["Subscribe"] += 1
            self.open_streams += 1
            self.asked += first.num_requested
            self._changed.notify_all()
        stream = _Stream(self.topics[channel], first)
        context.add_callback(lambda: self._leave(stream))
        threading.Thread(target=self._credit, args=(stream, request_iterator), daemon=True).start()
        yield from self._responses(stream, token, context)

    # Within

    def _responses(self, stream: _Stream, token: str, context: Any) -> Iterator[messages.FetchResponse]:
        channel = stream.topic.channel
        while True:
            with self._changed:
                refusal = response = None
                while not stream.is_over and refusal is None and response is None:
                    refusal = self._refusal(channel, token)
                    response = None if refusal else self._response(stream)
                    if refusal is None and response is None:
                        if self.silent:
                            self.waits.set()
                        self._changed.wait()
                if stream.is_over:
                    return
            if refusal is not None:
                self._refuse(context, refusal)
            if response is not None:
                yield response

    def _refusal(self, channel: str, token: str) -> Refusal | None:
        if self.silent:
            return None
        if channel in self.once:
            return self.once.pop(channel)
        return (
            self.refusals.get("Subscribe") or self.refusals.get(channel) or (None if self.is_valid(token) else EXPIRED)
        )

    def _response(self, stream: _Stream) -> messages.FetchResponse | None:
        """What is to be sent now; all that credits allow in one response."""
        if self.silent:
            return None
        events = stream.topic.behind(stream.place)[: stream.credits]
        if not events:
            if stream.said_empty or not self.says_when_empty:
                return None
            stream.said_empty = True
            latest = stream.topic.latest.to_bytes(8, "big")
            return messages.FetchResponse(latest_replay_id=latest, pending_num_requested=stream.credits)
        stream.credits -= len(events)
        stream.place = events[-1].replay_id
        sent = [
            messages.ConsumerEvent(
                event=messages.ProducerEvent(id=event.uuid, schema_id=event.schema_id, payload=event.payload),
                replay_id=event.replay_id,
            )
            for event in events
        ]
        return messages.FetchResponse(events=sent, latest_replay_id=stream.place, pending_num_requested=stream.credits)

    def _credit(self, stream: _Stream, requests: Any) -> None:
        try:
            for request in requests:
                with self._changed:
                    stream.credits += request.num_requested
                    self.asked += request.num_requested
                    self._changed.notify_all()
        except Exception:  # however the client ends
            return

    def _leave(self, stream: _Stream) -> None:
        with self._changed:
            stream.is_over = True
            self.open_streams -= 1
            self._changed.notify_all()

    def _admit(self, call: str, context: Any) -> None:
        token = dict(context.invocation_metadata()).get("accesstoken", "")
        with self._changed:
            self.calls[call] += 1
            if self.silent:
                self.waits.set()
                while self.silent and context.is_active():
                    self._changed.wait(0.1)
        if call in self.refusals:
            self._refuse(context, self.refusals[call])
        if not self.is_valid(token):
            self._refuse(context, EXPIRED)

    def _refuse(self, context: Any, refusal: Refusal) -> NoReturn:
        if refusal.suffix:
            context.set_trailing_metadata((("error-code", f"sfdc.platform.eventbus.grpc.{refusal.suffix}"),))
        context.abort(refusal.status, "refused by the script. rpcId: 00000000-0000-0000-0000-000000000000")
        raise AssertionError

    def Publish(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._refuse(context, UNSUPPORTED)

    def PublishStream(self, request_iterator: Any, context: Any) -> Any:  # noqa: N802
        self._refuse(context, UNSUPPORTED)

    def ManagedSubscribe(self, request_iterator: Any, context: Any) -> Any:  # noqa: N802
        self._refuse(context, UNSUPPORTED)


class _Stream:
    """One Subscribe call."""

    def __init__(self, topic: ScriptedTopic, first: messages.FetchRequest) -> None:
        self.topic = topic
        self.credits = first.num_requested
        latest = topic.latest.to_bytes(8, "big")
        self.place = {messages.LATEST: latest, messages.EARLIEST: b"", messages.CUSTOM: first.replay_id}[
            first.replay_preset
        ]
        self.said_empty = False
        self.is_over = False
