"""`leakline state recover` over the shards of one directory."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml
from typer.testing import CliRunner

from agent.cli.commands.state import app
from agent.store import keys
from tests.check.test_orgs_of_destinations import document
from tests.pipeline.fakes import ids_of
from tests.pipeline.shards import Shards


def test_a_destination_is_placed_only_at_shards_that_it_takes(tmp_path: Path) -> None:
    """Else rows of an org would count as waiting for a destination that never gets them."""
    shards = Shards(tmp_path / "state", "acme", "other")
    for shard in ("acme", "other"):
        shards.put(shard, "events", ids_of(0, 3))
    shards.close()
    shutil.rmtree(tmp_path / "state" / "database")
    settings = document({"name": "first", "orgs": ["acme"]}, {"name": "second"})
    settings["state"] = {"directory": str(tmp_path / "state")}
    path = tmp_path / "leakline.yaml"
    path.write_text(yaml.safe_dump(settings))
    ran = CliRunner().invoke(app, ["recover", "-c", str(path)], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    recovered = Shards(tmp_path / "state", "acme", "other")
    placed = {
        name: {keys.POSITION.rest(key).partition("/")[0] for key in stores.state.keys(keys.POSITION.prefix)}
        for name, stores in recovered.stores.items()
        if name
    }
    assert placed == {"acme": {"first", "second"}, "other": {"second"}}
    recovered.close()
