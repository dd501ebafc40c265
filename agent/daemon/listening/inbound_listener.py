"""What senders call and links lead to, while the daemon runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from agent.assembly.node import Node
from agent.daemon.control.gate import Gate
from agent.permissions.principal import sender_principal
from agent.sources.inbound.settings import InboundSettings, split_address

if TYPE_CHECKING:
    from agent.sources.inbound.serving.link_route import LinkHandler


@contextmanager
def inbound_served(
    settings: InboundSettings | None,
    node: Node,
    now: Callable[[], datetime],
    looks: list[Callable[[], None]],
    links: LinkHandler | None = None,
    gate: Gate | None = None,
) -> Iterator[None]:
    """Served while inside, if the settings have a listener. `links`: what those of messages do; `gate`: who may do what. An address
    that cannot be had is tried again by a look that is added to `looks`, which the watch goes through about once a second.
    """
    if settings is None:
        yield
        return
    from agent.daemon.listening.inbound_refusals import InboundRefusals  # a server costs memory where nobody wants one
    from agent.daemon.listening.reopening_listener import ReopeningListener
    from agent.network.doorway import Doorway
    from agent.network.lasting_connection import ConnectionBounds
    from agent.network.listener import Listener
    from agent.network.server_tls import ServerTls
    from agent.sources.inbound.serving.application import InboundApplication
    from agent.sources.inbound.serving.description import description
    from agent.sources.inbound.serving.link_route import LinkRoute
    from agent.sources.inbound.serving.senders import Senders

    gate = gate or Gate()
    senders = Senders(settings.senders)
    senders.read_secrets()
    application = InboundApplication(
        senders,
        lambda org: node.inbound.get(org),
        max_bytes=settings.max_bytes,
        description=description(settings, serves_links=links is not None),
        now=now,
        links=LinkRoute(links) if links is not None else None,
        admits=lambda sender: gate.admits("report_submit", sender_principal(sender)),
    )
    files = settings.tls
    tls = ServerTls(files.certificate, files.key, files.client_ca) if files is not None else None
    doorway = Doorway(ConnectionBounds(), tls)
    listener = Listener("inbound", application, *split_address(settings.listen), doorway=doorway)
    reopening = ReopeningListener(listener, node.own_problems)
    refusals = InboundRefusals(
        senders,
        lambda: node.inbound,
        lambda: {name: shard.stores.problems for name, shard in node.shards.items()},
        tls,
        now,
    )
    try:
        with reopening.open():
            looks += [reopening.look, refusals.look]
            yield
    finally:
        application.close()
