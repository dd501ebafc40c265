"""Who acts in a campaign: with what was published, or in disguise."""

from __future__ import annotations

from dataclasses import replace

from agent.simulator.world.clients import Client
from agent.simulator.world.stage import Stage
from agent.simulator.world.users import User


def integration(stage: Stage, username: str) -> User:
    """The integration user whose name begins so."""
    return next(user for user in stage.staff.of("integration") if user.client.username == username)


def program(stage: Stage, victim: User, ip: str, user_agent: str, number: int = 0) -> tuple[str, Client]:
    """Address and client of a stolen token: those that were published; in disguise an address of an ordinary provider
    that is on no list, the `number`-th, and the victim's own program.
    """
    if stage.disguised:
        return stage.address("visitor", number), victim.client
    return ip, replace(victim.client, user_agent=user_agent)
