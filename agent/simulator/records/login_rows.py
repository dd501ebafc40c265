"""The logins of a day as the Login log files tell of them, each with who it was and where from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from ipaddress import ip_address, ip_network

from agent.simulator.log_files.traffic import ACTOR, Traffic
from agent.simulator.world.networks import SimulatedNetwork, networks
from agent.simulator.world.random_columns import roll
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.sessions import DAY, midnight

SUCCESS = "LOGIN_NO_ERROR"


@dataclass(frozen=True, slots=True)
class LoginRow:
    """One login, failed or not. `time`: milliseconds; `cells`: LOGIN_STATUS and others of the file; `actor`: the session's."""

    hidden_id: str
    time: int
    scenario: str
    cells: Mapping[str, str]
    actor: Mapping[str, str]
    ends: int
    """When the session ends that came of it."""

    @property
    def failed(self) -> bool:
        return self.cells["LOGIN_STATUS"] != SUCCESS

    @property
    def id(self) -> str:
        """Of the row in LoginHistory; that of a login with a session is known to real-time events, too."""
        name = self.hidden_id if self.failed else self.actor["login_key"]
        return long_id(short_id("LoginHistory", roll("login id", name) % 62**7))

    def named(self, entity: str) -> str:
        """The id of the one record of another object that belongs to this login."""
        return long_id(short_id(entity, roll(entity, self.hidden_id) % 62**7))


_CELLS = (
    "LOGIN_STATUS", "LOGIN_TYPE", "LOGIN_SUB_TYPE", "LOGIN_URL", "TLS_PROTOCOL", "CIPHER_SUITE", "AUTHENTICATION_SERVICE_ID",
    "AUTHENTICATION_METHOD_REFERENCE", "API_VERSION",
)  # fmt: skip
_ACTOR = (
    "user_long", "user_type", "kind", "ip", "country", "browser", "browser_version", "system", "system_version",
    "application", "client_name", "login_key", "session_key", "login_type",
)  # fmt: skip


def login_rows(traffic: Traffic, day: date) -> list[LoginRow]:
    """All of a UTC day, in order of time."""
    first = midnight(day)
    rows = traffic.rows("Login", (first, first + DAY), actors=True)
    cells = rows.select(_CELLS).to_dicts()
    actors = rows.select(f"{ACTOR}{name}" for name in _ACTOR).rename(lambda name: name.removeprefix(ACTOR)).to_dicts()
    hidden = rows.select("_id", "_time", "_scenario", f"{ACTOR}end").iter_rows()
    return [
        LoginRow(ident, time // 1000 * 1000, scenario or "", cells[number], actors[number], end // 1000 * 1000)
        for number, (ident, time, scenario, end) in enumerate(hidden)
    ]


@cache
def _blocks() -> Sequence[tuple[object, SimulatedNetwork]]:
    return [(ip_network(network.cidr), network) for network in networks()]


@cache
def place_of(ip: str) -> SimulatedNetwork | None:
    """The network of an address, None for one that is of none or is not an address."""
    try:
        address = ip_address(ip)
    except ValueError:
        return None
    return next((network for block, network in _blocks() if address in block), None)  # type: ignore[operator]
