"""Correlations over files at rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hunt.hunting import CORRELATED, row, run

CONDITIONS = {
    "type: event_count, condition: {eq: 3}": (3, 3),
    "type: event_count, condition: {gte: 2, lte: 3}": (3, 3),
    "type: value_avg, condition: {field: QUERY, gte: 20}": (3, 70 / 3),
    "type: value_median, condition: {field: QUERY, lt: 15}": (3, 0),
    "type: value_percentile, condition: {field: QUERY, percentile: 75, gt: 30}": (3, 35),
    "type: value_count, condition: {field: QUERY, gte: 3}": (3, 3),
    "type: temporal, condition: base and not other": (3, 1),
}


@pytest.mark.parametrize("raw", [False, True])
def test_correlations_see_all_files_in_any_order(tmp_path: Path, raw: bool) -> None:
    """One alert for each group, at its last event's file and line, whatever the order; the base stays silent."""
    (tmp_path / "rules.yml").write_text(CORRELATED)
    eve, bob = "0055f000008aaaaAAA", "0055f000008bbbbAAA"
    early, late = tmp_path / "early.ndjson", tmp_path / "late.ndjson"
    early.write_bytes(b"\n".join([row(bob, 5), row(eve, 10), row(eve, 0)]))
    late.write_bytes(b"\n".join([row(eve, 3600), row(eve, 60), row(bob, 300)]))
    told = []
    for files in ((early, late), (late, early)):
        status, (alert,), _ = run(*files, rules=tmp_path / "rules.yml", raw=raw)
        told.append(alert)
        assert status == 1
    assert told[0] == told[1]
    assert told[0]["rule"]["name"] == "many"
    assert told[0]["leakline"]["input"] == {"file": str(late), "line": 2}
    assert told[0]["leakline"]["correlation"]["group"] == f"USER_ID={eve}"
    assert told[0]["leakline"]["correlation"]["count"] == 3
    assert len(told[0]["leakline"]["alert"]["event_ids"]) == 3
    assert (told[0]["event"]["start"], told[0]["event"]["end"]) == (
        "2026-07-01T08:00:00.000Z",
        "2026-07-01T08:01:00.000Z",
    )


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_correlations_of_every_type_are_judged_to_the_end(tmp_path: Path, raw: bool, condition: str) -> None:
    """Nothing follows files at rest, so nothing waits for what may follow; chains see what is below them."""
    other = CORRELATED.split("---")[0].replace("base", "other").replace("ROWS_PROCESSED|gte: 10", "EVENT_TYPE: Other")
    named = "[base, other]" if "other" in condition else "[base]"
    judged = f"correlation: {{rules: {named}, group-by: [USER_ID], timespan: 1m, {condition}}}"
    chain = "correlation: {rules: [one], type: event_count, timespan: 1h, condition: {gte: 1}, generate: true}"
    rules = [
        CORRELATED.split("---")[0],
        other,
        f"title: One\nname: one\n{judged}\n",
        f"title: Two\nname: two\n{chain}\n",
    ]
    (tmp_path / "rules.yml").write_text("---\n".join(rules))
    log = tmp_path / "rows.ndjson"
    eve = "0055f000008aaaaAAA"
    log.write_bytes(b"\n".join([row(eve, 10), row(eve, 0), row(eve, 60)]))
    _, told, _ = run(log, rules=tmp_path / "rules.yml", raw=raw)
    alert, above = sorted(told, key=lambda alert: alert["rule"]["name"])
    count, measured = CONDITIONS[condition]
    assert (alert["leakline"]["correlation"]["count"], above["rule"]["name"]) == (count, "Two")
    assert alert["leakline"]["measure"]["value"] == pytest.approx(measured, abs=1e-5)
    assert alert["leakline"]["input"] == {"file": str(log), "line": 3}


def test_correlations_take_a_row_once(tmp_path: Path) -> None:
    """The same log file twice counts once; of two that hold different rows both count."""
    (tmp_path / "rules.yml").write_text(CORRELATED)
    log = tmp_path / "rows.ndjson"
    log.write_bytes(b"\n".join(row("0055f000008aaaaAAA", second) for second in (1, 2)))
    assert run(log, log, rules=tmp_path / "rules.yml")[:2] == (0, [])


def test_what_correlations_leave_out_is_told(tmp_path: Path) -> None:
    """Matches without a time, and those without a value to group by, are counted."""
    (tmp_path / "rules.yml").write_text(CORRELATED)
    log = tmp_path / "rows.ndjson"
    log.write_bytes(b"\n".join([row("u", 1), row("u", 2), row("", 3), row("u", 4, "NOWHERE")]))
    status, alerts, told = run(log, rules=tmp_path / "rules.yml", raw=True)
    assert (status, alerts) == (0, [])
    assert "1 match without a time left out of correlations" in told
    assert "1 match without a value to group by left out of correlations" in told
