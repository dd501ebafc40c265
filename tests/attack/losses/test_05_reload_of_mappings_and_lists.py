"""A mapping or a list that does not load: what it held before stays in use, and it is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from agent.model import Batch
from tests.attack.losses.reloaded import KIND, LocalDaemon, rule


def test_a_broken_mapping_keeps_its_version(run: Callable[..., LocalDaemon], tmp_path: Path) -> None:
    """By itself, or by a table that it needs."""
    mappings = tmp_path / "mappings"
    (mappings / "event_log_file").mkdir(parents=True)
    (mappings / "tables").mkdir()
    table, thing = mappings / "tables" / "words.yaml", mappings / "event_log_file" / "Thing.yaml"
    whole = "event_type: Thing\naction: thing\nalso:\n  event.reason: {from: STATUS, table: words}\n"
    table.write_text("a: alpha\n")
    thing.write_text(whole)
    daemon = run(normalize={"mappings": [str(mappings)]})

    def reason() -> object:
        frame = pl.DataFrame({"event.id": ["a" * 32], "EVENT_TYPE": ["Thing"], "STATUS": ["a"]})
        batch = Batch("00D000000000001AAA", "event_log_file", "Thing", frame)
        return daemon.node.processing.steps().prepare(batch)["event.reason"][0]

    assert (daemon.problems(), reason()) == ({}, "alpha")
    for path, text in ((thing, "event_type: [\n"), (thing, whole), (table, "a: [b]\n"), (table, "b: [\n")):
        path.write_text(text)
        daemon.node.reload()
        assert list(daemon.problems()) == ([] if text == whole else [path.name])
        assert reason() == "alpha"
    table.unlink()
    daemon.node.reload()
    assert list(daemon.problems()) == ["Thing.yaml"]  # what it needs is gone, on purpose


LISTS: dict[str, tuple[str, str, str, str]] = {
    # key of `enrich`: name, good, good otherwise, broken
    "leavers": ("leavers.csv", "username,last day\nann,2026-07-01\n", "username,last day\nbob,2026-07-01\n", "x"),
    "indicators": (
        "bad.csv",
        "value,kind,source,added\n192.0.2.1,address,us,2026-06-01\n",
        "value,kind,source,added\n192.0.2.2,address,us,2026-06-01\n",
        "value,kind,source,added\nnothing,address,us,2026-06-01\n",
    ),
    "anonymizer_lists": ("hiding.txt", "192.0.2.0/28\n", "198.51.100.0/24\n", "192.0.2.0/99\n"),
    "approved_apps_file": ("apps.txt", "Dataloader\n", "Other\n", "\udcff"),
}


@pytest.mark.parametrize("key", LISTS)
def test_a_list_keeps_what_it_held(run: Callable[..., LocalDaemon], tmp_path: Path, key: str) -> None:
    """Broken at a reload, it is told and goes on with its last content; gone, too; whole again, it is over."""
    name, good, other, broken = LISTS[key]
    path = tmp_path / name
    path.write_text(good)
    daemon = run(enrich={key: [str(path)] if key in ("indicators", "anonymizer_lists") else str(path)})
    columns = (
        "leakline.user_leaving", "leakline.indicator.value", "leakline.ip_anonymizer", "leakline.app_approved",
    )  # fmt: skip

    def seen() -> list[object]:
        row = {"event.id": "a" * 32, "EVENT_TYPE": "Login", "USER_NAME": "ann", "CLIENT_IP": "192.0.2.1"}
        row |= {
            "SOURCE_IP": "192.0.2.1",
            "CONNECTED_APP_NAME": "Dataloader",
            "TIMESTAMP_DERIVED": "2026-07-01T11:00:00.000Z",
        }
        steps = daemon.node.processing.steps()
        prepared = steps.prepare(Batch("00D000000000001AAA", "event_log_file", "Login", pl.DataFrame([row])))
        return [prepared[column].to_list() if column in prepared.columns else None for column in columns]

    before = seen()
    assert daemon.problems() == {}
    path.write_bytes(broken.encode(errors="surrogateescape"))
    daemon.node.reload()
    assert (seen(), list(daemon.problems())) == (before, [name])
    assert f"{name}:" in daemon.problems()[name]
    assert "the previous version stays in use" in daemon.problems()[name]
    path.unlink()
    daemon.node.reload()
    assert (seen(), list(daemon.problems())) == (before, [name])
    path.write_text(other)
    daemon.node.reload()
    assert daemon.problems() == {}
    assert seen() != before


def test_a_list_that_breaks_between_reloads_is_told_once(run: Callable[..., LocalDaemon], tmp_path: Path) -> None:
    """The daemon reads a replaced list by itself: not for each batch is it told, and at once when it is whole again."""
    path, database = tmp_path / "leavers.csv", tmp_path / "addresses.mmdb"
    path.write_text("username,last day\nann,2026-07-01\n")
    shutil.copyfile(_database(tmp_path), database)
    daemon = run(enrich={"leavers": str(path), "databases": [str(database)]})
    daemon.alerting("ann")
    assert daemon.problems() == {}
    path.write_text("nothing of that kind\n")
    database.write_bytes(b"cut")
    for _ in range(3):
        daemon.alerting("ann")
    assert sorted(daemon.problems()) == ["addresses.mmdb", "leavers.csv"]
    assert sorted(daemon.told()) == [KIND, KIND]
    path.write_text("username,last day\nann,2026-07-01\nbob,soon\n")
    shutil.copyfile(_database(tmp_path), database)
    daemon.alerting("ann")
    assert list(daemon.problems()) == ["leavers.csv"]
    assert "leavers.csv:3: 'soon'" in daemon.problems()["leavers.csv"]
    path.write_text("username,last day\nann,2026-07-01\n")
    daemon.alerting("ann")
    assert daemon.problems() == {}


def _database(folder: Path) -> Path:
    from agent.enrichment.address_database import write_mmdb
    from agent.simulator.world.networks import networks

    path = folder / "whole.mmdb"
    if not path.exists():
        write_mmdb(path, networks())
    return path


def test_a_list_that_is_broken_at_a_start_stops_nothing(run: Callable[..., LocalDaemon], tmp_path: Path) -> None:
    """Events are read and rules run without it, and it is told; nothing is concluded from a list that nobody has."""
    for name in ("leavers.csv", "apps.txt", "hiding.txt", "values.txt"):
        (tmp_path / name).write_bytes(b"\xff")
    daemon = run(
        enrich={
            "leavers": str(tmp_path / "leavers.csv"),
            "approved_apps_file": str(tmp_path / "apps.txt"),
            "anonymizer_lists": [str(tmp_path / "hiding.txt")],
            "databases": [str(tmp_path / "none.mmdb")],
        },
        rules={
            "folders": [str(tmp_path / "rules")],
            "shipped": False,
            "placeholders": {"Bad": {"file": str(tmp_path / "values.txt")}},
        },
    )
    daemon.write("first.yml", rule("first"))
    daemon.write("second.yml", rule("second").replace("USER_NAME: ann", "USER_NAME|expand: '%Bad%'"))
    assert daemon.alerting("ann", CONNECTED_APP_NAME="Dataloader") == {"first"}
    assert set(daemon.problems()) == {
        "leavers.csv", "apps.txt", "hiding.txt", "values.txt", "none.mmdb", "second.yml",
    }  # fmt: skip
