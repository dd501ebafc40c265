"""Detection over a backfill's rows: the same rules, another memory, and alerts that say so."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from agent.assembly.history.detection import LATENESS_OF_HISTORY, HistoryDetection, forget, of_history
from agent.detection.detector import Detector, plain_shape
from agent.detection.load import load
from agent.detection.rule_set import RuleSet
from agent.model import Batch, History
from agent.store import keys
from tests.detection.memory_store import MemoryStore
from tests.detection.test_detector import FILES, NOW, TEN, exports
from tests.store.one_shard import OneShard

RULES = """
title: Export
id: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c12
name: export
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {EVENT_TYPE: Report}, condition: sel}
level: high
---
title: Three exports
id: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c13
level: high
correlation:
  {type: event_count, rules: [export], group-by: [user.id], timespan: 1h, condition: {gte: 3}, generate: true}
---
title: New report
id: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c14
level: low
baseline:
  {type: first_seen, rules: [export], group-by: [user.id], generate: true, condition: {field: REPORT_ID}}
"""
FOLD = timedelta(hours=1)


@pytest.fixture
def rules(tmp_path: Path) -> RuleSet:
    path = tmp_path / "rules.yml"
    path.write_text(RULES)
    loaded = load([path])
    assert not loaded.errors
    return loaded


class Shard:
    """Live detection and that of a backfill over one store."""

    def __init__(self, rules: RuleSet) -> None:
        self.store = MemoryStore()
        self.live = Detector(rules, recall=self.store.get)
        self.history = HistoryDetection(
            lambda recall: Detector(of_history(rules), recall=recall, lateness=LATENESS_OF_HISTORY, fold=FOLD),
            self.store.get,
            FOLD,
        )

    def past(self, rows: pl.DataFrame, job: str = "1", **of_job: Any) -> list[dict[str, Any]]:
        """The alerts of a batch of a backfill."""
        batch = Batch("00D", "event_log_file", "Report", rows, history=History(job, **of_job))
        assert batch.history is not None
        matches = list(self.live.matches(rows, FILES)) if rows.height else []
        found = self.history.detect(batch, batch.history, rows, FILES, NOW, plain_shape, matches)
        self.store.apply(found.remember)
        found.commit()
        return found.alerts.to_dicts()

    def now(self, rows: pl.DataFrame) -> list[dict[str, Any]]:
        """The alerts of a live batch."""
        found = self.live.detect(rows, FILES, NOW, org="00D")
        self.store.apply(found.remember)
        found.commit()
        return found.alerts.to_dicts()


def live_part(store: MemoryStore) -> dict[str, bytes]:
    return {key: value for key, value in store.items() if not key.startswith("history/")}


def names(alerts: Sequence[dict[str, Any]]) -> set[str]:
    return {alert["rule.name"] for alert in alerts}


def test_live_memory_does_not_move_by_one_bit(rules: RuleSet) -> None:
    """Whatever a backfill brings, before and after: watermarks, windows, baselines and folds are as they were."""
    shard, alone = Shard(rules), Shard(rules)
    shard.past(exports(("005A", -90), ("005A", -80), number=100))
    assert live_part(shard.store) == {}
    for detection in (shard, alone):
        detection.now(exports(("005A", 0), ("005B", 1)))
    shard.past(exports(*(("005A", minute) for minute in range(60)), number=200))
    told, expected = (detection.now(exports(("005A", 20), number=50)) for detection in (shard, alone))
    assert live_part(shard.store) == live_part(alone.store)
    assert told == expected


def test_alerts_of_the_past_say_so(rules: RuleSet) -> None:
    """Those of rules and of correlations, with the time at which they are raised; live ones have no such field."""
    shard = Shard(rules)
    alerts = shard.past(exports(("005A", 0), ("005A", 1), ("005A", 2)))
    assert names(alerts) == {"Export", "Three exports"}
    assert {(alert["leakline.alert.history"], alert["@timestamp"]) for alert in alerts} == {(True, NOW)}
    assert all("leakline.alert.history" not in alert for alert in shard.now(exports(("005A", 90))))


def test_a_window_is_seen_whole_although_its_feed_comes_a_day_later(rules: RuleSet) -> None:
    """A day is read feed after feed: rows that are a day behind the newest are not late."""
    shard = Shard(rules)
    shard.past(exports(("005A", 23 * 60), number=1))
    shard.past(exports(("005A", 0), ("005A", 1), number=10))
    assert "Three exports" in names(shard.past(exports(("005A", 2), number=20)))


def test_what_was_folded_is_told_at_the_end(rules: RuleSet) -> None:
    """The end of a backfill tells all that waits for a clock."""
    shard = Shard(rules)
    shard.past(exports(("005A", 0), number=1))
    shard.past(exports(("005A", 1), number=2))
    ended = shard.past(pl.DataFrame(), ends=TEN + timedelta(days=1))
    (folded,) = [alert for alert in ended if alert["event.action"] == "alert-folded"]
    assert (folded["leakline.alert.folded"], folded["leakline.alert.history"], folded["@timestamp"]) == (1, True, NOW)


def test_each_backfill_begins_anew(rules: RuleSet) -> None:
    """What one of an earlier time remembers would make all rows of the next one late."""
    shard = Shard(rules)
    for job in ("1", "2"):
        assert "Three exports" in names(shard.past(exports(("005A", 0), ("005A", 1), ("005A", 2)), job))


def test_the_memory_of_a_backfill_is_forgotten(tmp_path: Path) -> None:
    """All of it but that of the one that is running; nothing else of what detection remembers."""
    kept = [keys.HISTORY.key("2", "sources"), keys.SOURCE_TIMES.prefix]
    gone = [keys.HISTORY.key("1", str(number)) for number in range(3)]
    with closing(OneShard(tmp_path / "state")) as state:
        with state.transact() as transaction:
            transaction.apply("", dict.fromkeys([*kept, *gone], b"1"))
        forget(state, "2")
        assert state.keys(keys.DETECTION.prefix) == kept
