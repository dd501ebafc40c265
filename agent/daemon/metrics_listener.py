"""Metrics and health over HTTP, while the daemon runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agent.config.settings import MetricsSettings
from agent.daemon.liveness import Liveness
from agent.store.problems import Problems


@contextmanager
def metrics_served(
    settings: MetricsSettings,
    liveness: Liveness,
    problems: Problems,
    has_read: Callable[[], bool],
    looks: list[Callable[[], None]],
) -> Iterator[None]:
    """Served while inside, if the settings name a port. An address that cannot be had is tried again by a look that is
    added to `looks`, which the watch goes through about once a second.
    """
    if settings.port is None:
        yield
        return
    from agent.daemon.health import Health  # a server costs memory where nobody wants one
    from agent.daemon.reopening_listener import ReopeningListener
    from agent.network.listener import Listener

    health = Health(liveness.ailing, problems.known, has_read)
    listener = ReopeningListener(Listener("metrics", health, settings.address, settings.port), problems)
    with listener.open():
        looks.append(listener.look)
        yield
