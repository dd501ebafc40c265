"""Settings for a benchmark: 100 generated rules and none of the shipped ones, a made-up address database, files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.bench.workload import write_rules

RULES = 100


def write_inputs(folder: Path) -> None:
    """The rules and the address database that `document_for` names."""
    from agent.enrichment.address_database import write_mmdb
    from agent.simulator.world.networks import networks

    write_rules(folder / "rules", RULES)
    write_mmdb(folder / "addresses.mmdb", networks())
    (folder / "secret").write_text("of an org that nobody asks")


def document_for(folder: Path, inputs: Path, destinations: int = 1) -> dict[str, Any]:
    """State and output under `folder`; the first destination writes to `folder`/out. `inputs`: see `write_inputs`."""
    auth = {"type": "client_credentials", "client_id": "none", "client_secret": {"file": str(inputs / "secret")}}
    names = ["out", *(f"out-{number}" for number in range(2, destinations + 1))]
    return {
        "orgs": [{"name": "bench", "url": "https://bench.my.salesforce.com", "auth": auth}],
        "destinations": [{"type": "file", "name": name, "directory": str(folder / name)} for name in names],
        "rules": {"shipped": False, "folders": [str(inputs / "rules")]},
        "enrich": {"databases": [str(inputs / "addresses.mmdb")]},
        "state": {"directory": str(folder / "state")},
    }
