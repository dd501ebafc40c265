"""gRPC over TLS on loopback: an event loop in a thread of its own, however many streams there are."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from pathlib import Path

import grpc

from agent.pubsub_api.pubsub_api_pb2_grpc import add_PubSubServicer_to_server
from agent.simulator.pubsub.bus_tenant import BusTenant
from agent.simulator.pubsub.flow_register import FlowRegister
from agent.simulator.pubsub.managed_subscriptions import ManagedSubscriptions
from agent.simulator.pubsub.service import PubSubService

LOOK_SECONDS = 0.25
"""How often running streams are looked after."""
_OPTIONS = (
    ("grpc.so_reuseport", 0),  # A second org must not share the port unnoticed.
    ("grpc.max_concurrent_streams", 1000),  # Of a connection (facts: limits of the Pub/Sub API).
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
)


class PubSubServer:
    """Answers until closed. `keep_alive` in seconds. Raises OSError when the port is taken."""

    def __init__(self, tenant: BusTenant, port: int, certificate: Path, key: Path, keep_alive: float) -> None:
        self.managed = ManagedSubscriptions(tenant.bus.channels())
        self.register = FlowRegister(tenant, keep_alive)
        self._credentials = grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])
        self._bound: concurrent.futures.Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]]
        self._bound = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, args=(port,), name="simulated-pubsub", daemon=True)
        self._thread.start()
        self._loop, self._closing, self.port = self._bound.result()

    def close(self) -> None:
        """Stop answering and break off all streams."""
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def _run(self, port: int) -> None:
        try:
            asyncio.run(self._serve(port))
        except (OSError, RuntimeError) as error:
            if self._bound.done():
                raise
            reason = str(error).partition("; set GRPC_VERBOSITY")[0]
            self._bound.set_exception(
                OSError(f"port {port} of 127.0.0.1 cannot be listened on: {reason}; choose another one")
            )

    async def _serve(self, port: int) -> None:
        server = grpc.aio.server(options=_OPTIONS)
        add_PubSubServicer_to_server(PubSubService(self.register, self.managed), server)
        number = server.add_secure_port(f"127.0.0.1:{port}", self._credentials)
        await server.start()
        closing = asyncio.Event()
        self._bound.set_result((asyncio.get_running_loop(), closing, number))
        while not closing.is_set():
            self.register.look_after()
            try:
                await asyncio.wait_for(closing.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue
        await server.stop(None)
