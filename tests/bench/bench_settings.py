"""Settings for a benchmark: 100 generated rules and none of the shipped ones, a made-up address database, files."""

from __future__ import annotations

from pathlib import Path

from agent.config.settings import Settings, parse
from agent.enrichment.address_database import write_mmdb
from agent.simulator.world.networks import networks
from tests.bench.workload import write_rules

RULES = 100


def settings_for(folder: Path) -> Settings:
    """Everything under `folder`, made if it is not there."""
    if not (folder / "rules").exists():
        write_rules(folder / "rules", RULES)
        write_mmdb(folder / "addresses.mmdb", networks())
    (folder / "secret").write_text("of an org that nobody asks")
    auth = {"type": "client_credentials", "client_id": "none", "client_secret": {"file": str(folder / "secret")}}
    return parse(
        {
            "orgs": [{"name": "bench", "url": "https://bench.my.salesforce.com", "auth": auth}],
            "destinations": [{"type": "file", "directory": str(folder / "out")}],
            "rules": {"shipped": False, "folders": [str(folder / "rules")]},
            "enrich": {"databases": [str(folder / "addresses.mmdb")]},
            "state": {"directory": str(folder / "state")},
        }
    )
