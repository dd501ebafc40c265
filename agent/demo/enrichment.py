"""What an administrator of the simulated org knows and would write under `enrich` in the settings."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from agent.enrichment.address_database import write_mmdb
from agent.simulator.world.networks import networks, networks_of
from agent.simulator.world.staff import Staff

INTEGRATIONS = "*@integration.trading.example"
"""The usernames of the simulated org's integrations."""

NOTICE = timedelta(days=45)
"""From `today` to the last day of those who leave."""


def enrichment(folder: Path, staff: Staff, today: date) -> dict[str, Any]:
    """The settings; the lists they name are written to `folder`."""
    write_mmdb(folder / "addresses.mmdb", networks())
    leavers = [f"{user.username},{today + NOTICE}" for user in staff.leaving]
    (folder / "leavers.csv").write_text("\n".join(["username,last day", *leavers, ""]), encoding="utf-8")
    hiding = {network.asn for network in networks_of("anonymizer")}
    (folder / "anonymizers.txt").write_text("".join(f"AS{number}\n" for number in sorted(hiding)), encoding="utf-8")
    return {
        "databases": [str(folder / "addresses.mmdb")],
        "corporate_networks": [network.cidr for network in networks_of("office")],
        "integration_users": [INTEGRATIONS],
        "expected_networks": {INTEGRATIONS: [network.cidr for network in networks_of("cloud")]},
        "anonymizer_lists": [str(folder / "anonymizers.txt")],
        "leavers": str(folder / "leavers.csv"),
        "approved_apps": [app.name for app in staff.applications.values() if app.approved],
        "time_zone": "America/Chicago",
    }
