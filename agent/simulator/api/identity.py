"""Who has signed in: the answer of `/id/...` and `/services/oauth2/userinfo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.simulator.records.record_kind import Record
from agent.simulator.world.record_id import long_id

if TYPE_CHECKING:
    from agent.simulator.org.simulated_org import SimulatedOrg


def identity_url(org: SimulatedOrg, base: str) -> str:
    """Under the host that the client used."""
    return f"{base}/id/{org.id}/{long_id(org.staff.watcher.id)}"


def identity(org: SimulatedOrg, base: str) -> Record:
    """The one user whom every client is."""
    user, own = org.staff.watcher, identity_url(org, base)
    return {
        "sub": own,
        "id": own,
        "user_id": long_id(user.id),
        "organization_id": org.id,
        "preferred_username": user.username,
        "username": user.username,
        "name": user.name,
        "display_name": user.name,
        "email": user.email,
        "zoneinfo": user.time_zone,
        "active": True,
        "user_type": "STANDARD",
        "urls": {
            "rest": f"{base}/services/data/v{{version}}/",
            "query": f"{base}/services/data/v{{version}}/query/",
            "sobjects": f"{base}/services/data/v{{version}}/sobjects/",
        },
    }
