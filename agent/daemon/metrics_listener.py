"""Metrics and health over HTTP, while the daemon runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

from agent.config.settings import MetricsSettings
from agent.daemon.liveness import Liveness
from agent.problem import Problem
from agent.store.problems import Problems


@contextmanager
def metrics_served(
    settings: MetricsSettings,
    liveness: Liveness,
    problems: Mapping[str, Problems],
    orgs: Collection[str],
    has_read: Callable[[str], bool],
    looks: list[Callable[[], None]],
) -> Iterator[None]:
    """Served while inside, if the settings name a port. `problems`: by the org's name, the empty name is the process's own;
    `orgs` and `has_read`: see `Health`. An address that cannot be had is tried again by a look that is
    added to `looks`, which the watch goes through about once a second.
    """
    if settings.port is None:
        yield
        return
    from agent.daemon.health import Health  # a server costs memory where nobody wants one
    from agent.daemon.listening.reopening_listener import ReopeningListener
    from agent.network.listener import Listener

    def known() -> list[tuple[str, Problem]]:
        return [(org, problem) for org, register in problems.items() for problem in register.known()]

    health = Health(liveness.ailing, known, orgs, has_read)
    listener = ReopeningListener(Listener("metrics", health, settings.address, settings.port), problems[""])
    with listener.open():
        looks.append(listener.look)
        yield
