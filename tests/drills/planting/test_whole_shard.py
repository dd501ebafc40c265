"""Planted rows go through a whole shard, from the ingest boundary to its spool and its incidents."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.assembly.shard import ShardSurroundings, StopEvent, build_shard
from agent.drills.planting.catalogue import SCENARIOS
from agent.model import Batch
from agent.notice.incidents.incident import LEVELS
from agent.store.queue.state_stores import open_stores
from tests.drills.planting.drilled_shard import ORG, processing, rows_of
from tests.store.one_shard import OneShard

NOW = datetime(2026, 11, 28, 3, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "name", ["mass_report_export", "login_as_export", "integration_rights_lost", "provisioning_failed", "setup_sweep"]
)
def test_a_drill_opens_an_incident(tmp_path: Path, name: str) -> None:
    """Every row is committed, and one incident has the rules of the scenario and its level."""
    scenario, state = SCENARIOS[name], OneShard(tmp_path, "drill")
    surroundings = ShardSurroundings(tmp_path, lambda: NOW, StopEvent(), lambda _shard, _commit: None)
    shard = build_shard(open_stores(state, lambda: NOW), None, None, processing(), surroundings)
    batches = rows_of(scenario, "drill-1", NOW)
    taken = [
        shard.ingest.push(f"drill/{batch.service}", Batch(ORG, batch.service, batch.event_type, batch.frame))
        for batch in batches
    ]
    assert taken == [batch.frame.height for batch in batches]
    found = [incident for number in shard.incidents.ids() if (incident := shard.incidents.incident(number))]
    of_rules = [incident for incident in found if scenario.rules & set(incident.rules)]
    assert len(of_rules) == 1
    assert scenario.rules <= set(of_rules[0].rules)
    assert LEVELS.index(of_rules[0].level) >= LEVELS.index(scenario.level)
    state.close()
