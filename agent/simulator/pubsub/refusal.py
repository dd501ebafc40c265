"""How the Pub/Sub API refuses: a gRPC status, a message that ends with the RPC id, and trailers that say why."""

from __future__ import annotations

import grpc

from agent.simulator.world.stream_errors import stream_errors

PREFIX = "sfdc.platform.eventbus.grpc."
CODE_TRAILER, RPC_TRAILER = "error-code", "rpc-id"


class CallEnd(Exception):
    """A call ends with an error: its gRPC status, what is said of it, and trailers."""

    status = grpc.StatusCode.UNAVAILABLE

    def details(self, rpc_id: str) -> str:
        raise NotImplementedError

    def trailers(self, rpc_id: str) -> tuple[tuple[str, str], ...]:
        raise NotImplementedError


class Refusal(CallEnd):
    """By the API, with this error code, given without `PREFIX`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        status, self._text = stream_errors()[code]
        self.status = grpc.StatusCode[status]

    def details(self, rpc_id: str) -> str:
        return f"{self._text} rpcId: {rpc_id}"

    def trailers(self, rpc_id: str) -> tuple[tuple[str, str], ...]:
        return (CODE_TRAILER, PREFIX + self.code), (RPC_TRAILER, rpc_id)


class Breakage(CallEnd):
    """By a connection that is cut: UNAVAILABLE and nothing beside it, not even an RPC id."""

    def details(self, rpc_id: str) -> str:  # noqa: ARG002
        return "Socket closed"

    def trailers(self, rpc_id: str) -> tuple[tuple[str, str], ...]:  # noqa: ARG002
        return ()
