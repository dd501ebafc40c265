"""A hunt over the log files, and one over what the daemon archived of them, find what the daemon found."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from agent.config.settings import parse
from agent.config.settings_files import load
from agent.daemon.daemon import Daemon
from agent.detection.condition.event_type import event_types
from agent.simulator.log_files.truth import read_truth

Alert = dict[str, Any]
Final = tuple[str, str, int, str, str]
"""Rule, group, contributing events, first and last of them."""


@pytest.fixture
def watched(document: dict[str, Any], tmp_path: Path) -> Path:
    """The folder in which a daemon has read the org's day, delivered it, and waited for its last words."""
    document["enrich"] = {"users": False, "applications": False}
    (tmp_path / "leakline.yaml").write_bytes(orjson.dumps(document))  # JSON is YAML
    clock = ShiftedClock()
    daemon = Daemon(parse(document), now=clock)
    threads = daemon.start_forwarding()
    try:
        while daemon.read_once():
            pass
        clock.ahead = timedelta(days=1)  # what is told only after a while is told now
        daemon.tick()
        while not daemon.drained():
            assert not daemon.stop.wait(0.05), daemon.failure
    finally:
        daemon.stop.set()
        for thread in threads:
            thread.join()
        daemon.close()
    assert not daemon.failure
    return tmp_path


class ShiftedClock:
    """The real time, moved on by a test."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def hunt(files: Iterable[Path], settings: Path, *options: str) -> list[Alert]:
    command = [sys.executable, "-m", "agent", "hunt", "-c", str(settings), *options, *map(str, files)]
    done = subprocess.run(command, check=False, capture_output=True)
    assert done.returncode == 1, done.stderr.decode()
    return [orjson.loads(line) for line in done.stdout.splitlines()]


def said(alert: Alert, path: str) -> Any:
    """A field by its dotted name, None where it is not there."""
    node: Any = alert
    for key in path.split("."):
        node = node.get(key) if isinstance(node, dict) else None
    return node


def of_groups(alerts: Sequence[Alert]) -> list[Alert]:
    return [alert for alert in alerts if said(alert, "leakline.correlation") or said(alert, "leakline.baseline")]


def final(alerts: Sequence[Alert]) -> set[Final]:
    """The last word on each alert of a group, but those that became part of another."""
    last: dict[str, Alert] = {}
    for alert in of_groups(alerts):
        key = said(alert, "leakline.alert.id") or alert["event"]["id"]
        if (said(alert, "leakline.alert.revision") or 0) >= (said(last.get(key, {}), "leakline.alert.revision") or 0):
            last[key] = alert
    return {
        (
            alert["rule"]["id"],
            str(said(alert, "leakline.correlation.group")),
            int(said(alert, "leakline.correlation.count") or 0),
            alert["event"]["start"],
            alert["event"]["end"],
        )
        for alert in last.values()
        if not said(alert, "leakline.alert.merged_into")
    }


def single(alerts: Sequence[Alert]) -> Counter[str]:
    """How many events each rule for single events was told of, folded ones included."""
    counts: Counter[str] = Counter()
    for alert in alerts:
        if not (said(alert, "leakline.correlation") or said(alert, "leakline.baseline")):
            told = said(alert, "leakline.alert.count")
            counts[alert["rule"]["id"]] += 1 if told is None else told + said(alert, "leakline.alert.folded")
    return counts


def windows(alerts: Sequence[Alert], rules: Collection[str] | None = None) -> dict[str, tuple[str, str]]:
    """Of rules for single events what was raised: the alert's id to its rule and the time of its first event.

    `rules`: ids of those that are meant; None for all.
    """
    return {
        alert["event"]["id"]: (alert["rule"]["id"], alert["event"]["start"])
        for alert in alerts
        if not (said(alert, "leakline.correlation") or said(alert, "leakline.baseline"))
        and alert["event"].get("action") != "alert-folded"
        and (rules is None or alert["rule"]["id"] in rules)
    }


@pytest.mark.timeout(1800)
def test_hunts_find_what_the_daemon_found(watched: Path, org: dict[str, str]) -> None:
    """The same final alerts, group for group, and the same events of every other rule; with --fold the same alerts."""
    log_files = sorted((Path(org["truth in"]).parent / "files").glob("*.csv"))
    truth, not_in_files = read_truth(Path(org["truth in"])), about_the_agent(watched)
    hourly = set(truth.filter(pl.col("interval") == "Hourly")["file"].unique())
    ran = [
        alert
        for path in sorted((watched / "out").glob("alerts*"))
        for alert in map(orjson.loads, path.read_bytes().splitlines())
        if alert["event"]["kind"] == "alert" and alert["rule"]["id"] not in not_in_files
    ]
    settings = watched / "leakline.yaml"
    from_files = hunt([path for path in log_files if path.name.split(".")[0] in hourly], settings)
    from_archive = hunt(sorted((watched / "out").glob("events*")), settings)
    assert len(final(ran)) >= 5
    assert final(from_files) == final(ran)
    assert final(from_archive) == final(ran)
    assert single(from_files) == single(ran)
    assert single(from_archive) == single(ran)
    folded = hunt([path for path in log_files if path.name.split(".")[0] in hourly], settings, "--fold")
    assert len(windows(folded)) < sum(single(ran).values())  # else nothing repeats and this shows nothing
    one_type = of_one_type(watched)
    assert windows(folded, one_type) == windows(ran, one_type)
    assert {rule for rule, _ in windows(folded).values()} == {rule for rule, _ in windows(ran).values()}
    assert single(folded) == single(ran)
    assert final(folded) == final(ran)


def of_one_type(watched: Path) -> set[str]:
    """Ids of rules for one type of log file. An hour's files come type by type: of several types the service may see a later
    event first, which then opens the window.
    """
    from agent.assembly.batch_processing import build_processing

    rules = build_processing(load(watched / "leakline.yaml")).rules
    return {rule.id for rule in rules if len(event_types(rule.condition) or ()) == 1}


def about_the_agent(watched: Path) -> set[str]:
    """Ids of rules about Leakline's own events: no log file of the org tells of these."""
    from agent.assembly.batch_processing import build_processing

    rules = build_processing(load(watched / "leakline.yaml")).rules
    return {rule.id for rule in rules.alerting if rule.logsource.product == "leakline"}
