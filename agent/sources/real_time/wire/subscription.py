"""One Subscribe call: what arrives goes into the inbox, credits go out as the source gives them."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING

import grpc

from agent.pubsub_api.pubsub_api_pb2 import FetchRequest, FetchResponse
from agent.sources.real_time.avro.avro_schema import AvroSchema
from agent.sources.real_time.wire.access import Access
from agent.sources.real_time.wire.event_loop import shared_loop, submit
from agent.sources.real_time.wire.failure import StreamFailure
from agent.sources.real_time.wire.inbox import Arrival, Ended, Inbox, Opened
from agent.sources.real_time.wire.schemas import Schemas

if TYPE_CHECKING:
    from agent.pubsub_api.pubsub_api_pb2_grpc import PubSubAsyncStub

Call = grpc.aio.StreamStreamCall[FetchRequest, FetchResponse]

ENDED_IN_ORDER = StreamFailure("OK", "", "the other side ended the stream")


class Subscription:
    """Begun at once. Its owner calls `grant` and `cancel` from a thread of its own; the rest is of the event loop."""

    def __init__(
        self, stub: PubSubAsyncStub, schemas: Schemas, first: FetchRequest, access: Access, inbox: Inbox
    ) -> None:
        self.access = access
        self._stub = stub
        self._schemas = schemas
        self._first = first
        self._inbox = inbox
        self._due = 0
        self._granted = asyncio.Event()
        self._task: Future[None] = submit(self._run())

    def grant(self, events: int) -> None:
        """Let the other side send so many more events."""
        shared_loop().call_soon_threadsafe(self._grant, events)

    def cancel(self) -> Future[None]:
        """End it; what arrives from now on is lost. The future is done when all of it is given up."""
        self._task.cancel()
        return self._task

    async def _run(self) -> None:
        call: Call = self._stub.Subscribe(metadata=self.access.metadata)
        writing = asyncio.ensure_future(self._write(call))
        try:
            await call.wait_for_connection()
            self._inbox.put(Opened(self))
            await self._read(call)
            failure = ENDED_IN_ORDER
        except grpc.RpcError as error:
            failure = StreamFailure.of(error)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever ends it, its source is to know
            failure = StreamFailure("INTERNAL", "", f"{type(error).__name__}: {error}")
        finally:
            writing.cancel()
            call.cancel()
        self._inbox.put(Ended(self, failure))

    async def _read(self, call: Call) -> None:
        while True:
            await self._inbox.room()
            response = await call.read()
            if not isinstance(response, FetchResponse):
                return
            self._inbox.put(Arrival(self, response, await self._schemas_of(response)))

    async def _schemas_of(self, response: FetchResponse) -> dict[str, AvroSchema | str]:
        """Fetched here, so that only this channel waits for a new one."""
        at = shared_loop().time()
        idents = {event.event.schema_id for event in response.events}
        return {ident: await self._schemas.get(ident, self.access, at) for ident in sorted(idents)}

    async def _write(self, call: Call) -> None:
        """What fails here fails in reading too, which tells it."""
        try:
            await call.write(self._first)
            while True:
                await self._granted.wait()
                self._granted.clear()
                due, self._due = self._due, 0
                await call.write(FetchRequest(topic_name=self._first.topic_name, num_requested=due))
        except (grpc.RpcError, asyncio.InvalidStateError):
            return

    def _grant(self, events: int) -> None:
        self._due += events
        self._granted.set()
