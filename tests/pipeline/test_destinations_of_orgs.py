"""Destinations that take some orgs only: what each gets, what it is never shown, and how its sums hold."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from agent.delivery_settings import DeliverySettings
from agent.destinations.file.file import File, FileSettings
from agent.formats import SENT
from agent.own_event import own_event
from agent.pipeline.ingest import Ingest
from agent.status_document import LaneCounts
from agent.store.keys import PROCESS
from tests.pipeline.fakes import NOW, ListSource, ScriptedDestination, batch_of, plain_steps
from tests.pipeline.shards import Shards

ONLY_A, ONLY_B, ALL = DeliverySettings(orgs=["acme"]), DeliverySettings(orgs=["bolt"]), DeliverySettings()


@pytest.fixture
def shards(tmp_path: Path) -> Iterator[Shards]:
    shards = Shards(tmp_path / "state", "acme", "bolt")
    yield shards
    shards.close()


def file_of(folder: Path, name: str) -> File:
    settings = FileSettings(type="file", name=name, directory=folder / name)
    return File(settings, SENT["ecs"], now=lambda: NOW)


def written(folder: Path, name: str) -> bytes:
    """Every byte a file destination has, its marker too."""
    return b"".join(path.read_bytes() for path in sorted((folder / name).iterdir()))


def read(shards: Shards, shard: str, ids: list[str]) -> None:
    """Commit a batch, and an own event of the shard."""
    ingest = Ingest(shards.stores[shard], plain_steps(), now=lambda: NOW, stop=threading.Event())
    batch = batch_of(1, ids)
    rows = replace(batch, frame=batch.frame.with_columns(pl.lit("salesforce.thing").alias("event.dataset")))
    ingest.read(ListSource([rows], name=f"{shard}/list"))
    ingest.take("agent", own_event("", "source-failed", f"{shard or 'the process'} has a problem", NOW, failure=True))


def test_nothing_of_an_org_reaches_another_s_destination(shards: Shards, tmp_path: Path) -> None:
    """Neither rows nor own events nor the name; what is of no org goes to the destination of all alone."""
    for name, settings in (("siem-a", ONLY_A), ("siem-b", ONLY_B), ("siem", ALL)):
        shards.follow(file_of(tmp_path, name), settings)
    read(shards, "acme", ["a-row-1", "a-row-2"])
    read(shards, "bolt", ["b-row-1"])
    read(shards, PROCESS, [])
    shards.drain()
    of_a, of_b, of_all = (written(tmp_path, name) for name in ("siem-a", "siem-b", "siem"))
    assert b"a-row-2" in of_a
    assert b"acme has a problem" in of_a
    assert not any(word in of_a for word in (b"b-row", b"bolt", b"the process"))
    assert b"b-row-1" in of_b
    assert b"bolt has a problem" in of_b
    assert not any(word in of_b for word in (b"a-row", b"acme", b"the process"))
    assert all(word in of_all for word in (b"a-row-1", b"b-row-1", b"acme", b"bolt", b"the process has a problem"))


def test_rows_that_a_destination_does_not_take_count_as_filtered(shards: Shards) -> None:
    """So that its sum over all orgs is that of all rows read."""
    shards.follow(ScriptedDestination("siem-a"), ONLY_A)
    shards.put("acme", "events", ["a0", "a1"])
    shards.put("bolt", "events", ["b0"])
    shards.put(PROCESS, "alerts", ["own"])
    shards.drain()
    status = shards.status()
    (siem,) = status.destinations
    assert siem.lanes["events"] == LaneCounts(acknowledged=2, filtered=1)
    assert siem.lanes["alerts"] == LaneCounts(filtered=1)
    assert status.balanced


def test_what_waits_for_a_destination_that_no_longer_takes_the_org_is_dropped_and_told(shards: Shards) -> None:
    """In the org's register; the destination's other org goes on."""
    shards.follow(ScriptedDestination(), ALL)
    shards.put("acme", "events", ["a0", "a1"])
    shards.put("bolt", "events", ["b0"])
    shards.restart()
    siem = ScriptedDestination()
    shards.follow(siem, ONLY_B)
    shards.drop_removed()
    shards.drain()
    assert siem.accepted == ["b0"]
    assert [shards.problems(shard) for shard in ("acme", "bolt", PROCESS)] == [["rows-dropped"], [], []]
    assert shards.status().destinations[0].lanes["events"] == LaneCounts(acknowledged=1, dropped=2)
    assert shards.status().balanced


def test_a_destination_that_takes_an_org_anew_begins_at_the_end(shards: Shards) -> None:
    """What came while it did not take the org stays filtered, although another destination still needs it."""
    shards.follow(ScriptedDestination("slow"), ALL)
    shards.follow(ScriptedDestination(), ALL)
    shards.restart()
    shards.follow(ScriptedDestination("slow"), ALL)
    shards.follow(ScriptedDestination(), ONLY_B)
    shards.drop_removed()
    shards.put("acme", "events", ["a0", "a1"])
    assert shards.status().balanced
    shards.restart()
    shards.follow(ScriptedDestination("slow"), ALL)
    siem = ScriptedDestination()
    shards.follow(siem, ALL)
    shards.drop_removed()
    shards.put("acme", "events", ["a2"])
    shards.drain()
    assert siem.accepted == ["a2"]
    assert shards.status().destinations[1].lanes["events"] == LaneCounts(acknowledged=1, filtered=2)
    assert shards.status().balanced
    assert shards.problems("acme") == []


def test_rows_of_an_org_that_the_settings_no_longer_name_are_still_sent(tmp_path: Path) -> None:
    """To the destination of all; status counts them."""
    before = Shards(tmp_path / "state", "acme", "bolt")
    before.follow(ScriptedDestination(), ALL)
    before.put("acme", "events", ["a0"])
    before.close()
    shards = Shards(tmp_path / "state", "bolt")
    siem = ScriptedDestination()
    shards.drain(shards.follow(siem, ALL))
    assert siem.accepted == ["a0"]
    assert [org.name for org in shards.status().orgs] == ["bolt", "acme"]
    assert shards.status().balanced
    shards.close()


def test_a_restored_state_is_noticed_for_each_org(shards: Shards, tmp_path: Path) -> None:
    """The file's marker has a mark for each lane of each org: what is ahead of the state is told in that org's register."""
    shards.follow(file_of(tmp_path, "siem"), ALL)
    marker = file_of(tmp_path, "siem").marker
    for shard in ("acme", "bolt"):
        read(shards, shard, ["row"])
    shards.drain()
    marks = marker.read_text()
    assert '"acme/events"' in marks
    assert '"bolt/events"' in marks
    marker.write_text(marks.replace('"acme/events":{"state":"', '"acme/events":{"state":"other '))
    shards.restart()
    shards.follow(file_of(tmp_path, "siem"), ALL)
    assert [shards.problems(shard) for shard in ("acme", "bolt", PROCESS)] == [["state-restored"], [], []]
