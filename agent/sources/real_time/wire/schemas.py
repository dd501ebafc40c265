"""The schemas of one org, by their ids; asked for once. In the event loop alone."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import grpc

from agent.pubsub_api.pubsub_api_pb2 import SchemaRequest
from agent.sources.real_time.avro.avro_schema import AvroSchema, UnusableSchema
from agent.sources.real_time.wire.access import Access
from agent.sources.real_time.wire.failure import StreamFailure

if TYPE_CHECKING:
    from agent.pubsub_api.pubsub_api_pb2_grpc import PubSubAsyncStub

MOST = 256
"""Schemas kept; an org has one for each event, and a few more when Salesforce changes them."""
DEADLINE = 20.0
"""Seconds for an answer."""
ASK_AGAIN = 300.0
"""Seconds until a schema that was refused is asked for again: until then its events are rejected without asking."""


class Schemas:
    """Kept for as long as the connection is."""

    def __init__(self, stub: PubSubAsyncStub) -> None:
        self._stub = stub
        self._known: OrderedDict[str, AvroSchema] = OrderedDict()
        self._refused: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def get(self, ident: str, access: Access, at: float) -> AvroSchema | str:
        """The schema, or why there is none for good. `at`: seconds by the loop's clock.

        Raises grpc.RpcError where it may be there at the next attempt.
        """
        if ident in self._known:
            self._known.move_to_end(ident)
            return self._known[ident]
        refused_at, reason = self._refused.get(ident, (0.0, ""))
        if reason and at < refused_at + ASK_AGAIN:
            return reason
        try:
            answer = await self._stub.GetSchema(
                SchemaRequest(schema_id=ident), metadata=access.metadata, timeout=DEADLINE
            )
            schema = self._known[ident] = AvroSchema(ident, answer.schema_json)
        except grpc.RpcError as error:
            failure = StreamFailure.of(error)
            if not failure.is_refusal:
                raise
            return self._refuse(ident, f"the org does not have its schema {ident[:60]!r}: {failure}", at)
        except UnusableSchema as error:
            return self._refuse(ident, str(error), at)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return schema

    def _refuse(self, ident: str, reason: str, at: float) -> str:
        self._refused[ident] = (at, reason)
        while len(self._refused) > MOST:
            self._refused.popitem(last=False)
        return reason
