"""A client of the Pub/Sub API that knows nothing but the .proto file: its messages are generated here, in a pool of their own."""

from __future__ import annotations

import io
import json
import queue
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fastavro
import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_tools import protoc  # type: ignore[import-untyped]

from agent.simulator.running import RunningOrg

PROTO = Path(__file__).parents[3] / "agent" / "pubsub_api" / "pubsub_api.proto"
SERVICE = "/eventbus.v1.PubSub/"
PATIENCE = 60.0
"""Seconds after which a call that hangs fails."""


@cache
def generated() -> Mapping[str, Any]:
    """The message classes by name without their package."""
    with TemporaryDirectory() as folder:
        target = Path(folder) / "descriptors"
        arguments = ["protoc", f"-I{PROTO.parent}", f"--descriptor_set_out={target}", PROTO.name]
        assert protoc.main(arguments) == 0
        files = descriptor_pb2.FileDescriptorSet.FromString(target.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    classes = message_factory.GetMessageClassesForFiles([file.name for file in files.file], pool)
    return {name.rpartition(".")[2]: made for name, made in classes.items()}


class GeneratedStream:
    """A call with requests both ways: `ask` sends a request, iterating gives responses."""

    def __init__(self, client: GeneratedClient, method: str, request: str, response: str) -> None:
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._request = request
        start: Any = client.channel.stream_stream(
            SERVICE + method,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=generated()[response].FromString,
        )
        self.call: Any = start(iter(self._requests.get, None), metadata=client.metadata(), timeout=PATIENCE)

    def ask(self, **values: Any) -> GeneratedStream:
        self._requests.put(generated()[self._request](**values))
        return self

    def done(self) -> GeneratedStream:
        """No more requests."""
        self._requests.put(None)
        return self

    def response(self) -> Any:
        """The next; raises StopIteration at the end and grpc.RpcError at an error."""
        return next(self.call)

    def events(self, count: int) -> list[Any]:
        """So many events, from as many responses as it takes."""
        events: list[Any] = []
        while len(events) < count:
            events += self.response().events
        assert len(events) == count
        return events

    def error(self) -> tuple[str, str]:
        """Status and error code with which the call ends, its rpc id checked; responses before are dropped."""
        try:
            for _ in self.call:
                pass
        except grpc.RpcError as error:
            return ending(error)
        raise AssertionError("the stream ended without an error")

    def close(self) -> None:
        self.done()
        self.call.cancel()


class GeneratedClient:
    """Of one org, signed in. `headers`: metadata that takes the place of its own."""

    def __init__(self, running: RunningOrg, token: str, **headers: str) -> None:
        credentials = grpc.ssl_channel_credentials(running.ca.read_bytes())
        self.channel = grpc.secure_channel(running.pubsub, credentials)
        self.headers = {"accesstoken": token, "instanceurl": running.url, "tenantid": running.org.id} | headers
        self._streams: list[GeneratedStream] = []

    def metadata(self) -> tuple[tuple[str, str], ...]:
        return tuple(self.headers.items())

    def stream(self, method: str, request: str, response: str) -> GeneratedStream:
        self._streams.append(GeneratedStream(self, method, request, response))
        return self._streams[-1]

    def subscribe(self, channel: str, count: int = 100, **values: Any) -> GeneratedStream:
        """With the first request sent."""
        stream = self.stream("Subscribe", "FetchRequest", "FetchResponse")
        return stream.ask(topic_name=f"/event/{channel}", num_requested=count, **values)

    def managed(self, **values: Any) -> GeneratedStream:
        return self.stream("ManagedSubscribe", "ManagedFetchRequest", "ManagedFetchResponse").ask(**values)

    def call(self, method: str, request: str, response: str, **values: Any) -> Any:
        """A call of one request and one response."""
        start: Any = self.channel.unary_unary(
            SERVICE + method,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=generated()[response].FromString,
        )
        return start(generated()[request](**values), metadata=self.metadata(), timeout=PATIENCE)

    def topic(self, topic: str) -> Any:
        return self.call("GetTopic", "TopicRequest", "TopicInfo", topic_name=topic)

    def schema(self, ident: str) -> dict[str, Any]:
        answer = self.call("GetSchema", "SchemaRequest", "SchemaInfo", schema_id=ident)
        assert answer.schema_id == ident
        schema: dict[str, Any] = json.loads(answer.schema_json)
        return schema

    def values(self, event: Any) -> Any:
        """What an event says, read by the schema that it names."""
        payload = io.BytesIO(event.event.payload)
        values = fastavro.schemaless_reader(payload, fastavro.parse_schema(self.schema(event.event.schema_id)), None)
        assert payload.read() == b""
        return values

    def close(self) -> None:
        for stream in self._streams:
            stream.close()
        self.channel.close()


def ending(error: Any) -> tuple[str, str]:
    """Status and error code of an error without its prefix; the message ends with the rpc id that is a trailer, too."""
    trailers = dict(error.trailing_metadata())
    code = str(trailers.get("error-code", ""))
    if code:
        assert error.details().endswith(f"rpcId: {trailers['rpc-id']}")
    return error.code().name, code.removeprefix("sfdc.platform.eventbus.grpc.")


def identifiers(client: GeneratedClient, events: list[Any]) -> Iterator[str]:
    """EventIdentifier of each."""
    for event in events:
        yield client.values(event)["EventIdentifier"]
