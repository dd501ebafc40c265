"""A call as it came in: who makes it, its requests, its end."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import grpc

from agent.simulator.pubsub.refusal import CallEnd

_Answer = TypeVar("_Answer")


class Call:
    """`context`: that of grpc.aio."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self.rpc_id = str(uuid.uuid4())

    def metadata(self) -> dict[str, str]:
        """Text headers, by name in small letters."""
        pairs = self._context.invocation_metadata() or ()
        return {name: value for name, value in pairs if isinstance(value, str)}

    async def answered(self, answer: Callable[[Call], Awaitable[_Answer]]) -> _Answer:
        """What `answer` makes of the call; its CallEnd becomes status, details and trailers."""
        try:
            return await answer(self)
        except CallEnd as error:
            await self._context.abort(error.status, error.details(self.rpc_id), error.trailers(self.rpc_id))
            raise

    async def requests(self) -> AsyncIterator[Any]:
        """As they come, until the client has closed its side."""
        while (request := await self._context.read()) is not grpc.aio.EOF:
            yield request

    async def write(self, response: Any) -> None:
        """Waits while the client does not read."""
        await self._context.write(response)
