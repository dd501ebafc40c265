"""The gRPC connection of one org to the Pub/Sub API."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import grpc

from agent import __version__
from agent.errors import SettingsError
from agent.network.proxy import ProxySettings
from agent.network.tls import TlsSettings
from agent.pubsub_api.pubsub_api_pb2 import FetchRequest, TopicInfo, TopicRequest
from agent.pubsub_api.pubsub_api_pb2_grpc import PubSubStub
from agent.sources.real_time.wire.access import Access
from agent.sources.real_time.wire.event_loop import submit
from agent.sources.real_time.wire.failure import StreamFailure
from agent.sources.real_time.wire.inbox import Inbox
from agent.sources.real_time.wire.schemas import Schemas
from agent.sources.real_time.wire.subscription import Subscription

if TYPE_CHECKING:
    from agent.pubsub_api.pubsub_api_pb2_grpc import PubSubAsyncStub

MOST_RESPONSE = 32 << 20
"""Bytes of a response. Ours ask for 4 MB of events at most, as far as sizes were seen before."""
PING_AFTER, PING_WITHIN = 300_000, 20_000
"""Milliseconds. Servers take more than a ping in five minutes for abuse unless they say otherwise (gRPC: keepalive guide), and
Salesforce itself sends something every 270 s; a ping finds a dead connection below that."""
CLOSE_WITHIN = 5.0
"""Seconds that a close may take."""


def topic_of(channel: str) -> str:
    """As the Pub/Sub API calls it."""
    return f"/event/{channel}"


class PubSubConnection:
    """Its calls come from the thread of a source, or from an errand of it."""

    def __init__(self, endpoint: str, tls: TlsSettings, proxy: ProxySettings | None) -> None:
        """Connects to nobody yet. Raises SettingsError for a certificate or proxy that cannot be used."""
        credentials = _credentials(tls)
        self._channel, self._stub = submit(_open(endpoint, credentials, _options(endpoint, proxy))).result()
        self._schemas = Schemas(self._stub)

    def topics(self, channels: Sequence[str], access: Access, within: float) -> dict[str, TopicInfo | StreamFailure]:
        """What the org says of each channel. `within`: seconds for all answers together."""
        return submit(self._topics(channels, access, within)).result()

    def subscribe(self, first: FetchRequest, access: Access, inbox: Inbox) -> Subscription:
        """Begin a stream."""
        return Subscription(self._stub, self._schemas, first, access, inbox)

    def close(self) -> None:
        """End all that is going on."""
        with suppress(TimeoutError):
            submit(self._channel.close()).result(CLOSE_WITHIN)

    async def _topics(
        self, channels: Sequence[str], access: Access, within: float
    ) -> dict[str, TopicInfo | StreamFailure]:
        answers = await asyncio.gather(*(self._topic(channel, access, within) for channel in channels))
        return dict(zip(channels, answers, strict=True))

    async def _topic(self, channel: str, access: Access, within: float) -> TopicInfo | StreamFailure:
        request = TopicRequest(topic_name=topic_of(channel))
        try:
            return await self._stub.GetTopic(request, metadata=access.metadata, timeout=within)
        except grpc.RpcError as error:
            return StreamFailure.of(error)


async def _open(
    endpoint: str, credentials: grpc.ChannelCredentials, options: Sequence[tuple[str, Any]]
) -> tuple[grpc.aio.Channel, PubSubAsyncStub]:
    channel = grpc.aio.secure_channel(endpoint, credentials, options=options)
    return channel, PubSubStub(channel)


def _credentials(tls: TlsSettings) -> grpc.ChannelCredentials:
    tls.context()  # raises for files that cannot be used, in the words of every other connection
    if tls.minimum_version == "1.3":
        raise SettingsError(
            "tls.minimum_version: gRPC cannot be told to refuse TLS 1.2", hint="write 1.2, or leave out real_time"
        )
    authorities = tls.ca or ssl.get_default_verify_paths().cafile
    return grpc.ssl_channel_credentials(
        root_certificates=Path(authorities).read_bytes() if authorities else None,
        private_key=tls.key.read_bytes() if tls.key else None,
        certificate_chain=tls.certificate.read_bytes() if tls.certificate else None,
    )


def _options(endpoint: str, proxy: ProxySettings | None) -> list[tuple[str, Any]]:
    """Whatever the environment says of proxies is ignored, as for every other connection."""
    host = urlsplit(f"//{endpoint}").hostname or ""
    options: list[tuple[str, Any]] = [
        ("grpc.enable_http_proxy", 0),
        ("grpc.use_local_subchannel_pool", 1),  # a connection for each org: one that breaks is one org's
        ("grpc.enable_retries", 0),
        ("grpc.max_receive_message_length", MOST_RESPONSE),
        ("grpc.keepalive_time_ms", PING_AFTER),
        ("grpc.keepalive_timeout_ms", PING_WITHIN),
        ("grpc.primary_user_agent", f"leakline/{__version__}"),
    ]
    if proxy is None or not proxy.serves(host):
        return options
    if urlsplit(proxy.url).scheme != "http":
        raise SettingsError(
            "proxy.url: gRPC reaches proxies by http:// alone (what passes through is encrypted all the same)",
            hint="write http://, or name the endpoint's host in proxy.except_for",
        )
    options[0] = ("grpc.enable_http_proxy", 1)
    return [*options, ("grpc.http_proxy", proxy.url_with_credentials())]
