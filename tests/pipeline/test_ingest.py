"""The first loop: what becomes visible, and when."""

from __future__ import annotations

import errno
import threading
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from agent.model import Batch, Rejection
from agent.store.accounts import Accounts, IngestAccount
from agent.store.directory import batch_folder
from tests.pipeline.fakes import ListSource, Loops, batch_of, ids_of, plain_steps


def spooled_ids(loops: Loops) -> list[str]:
    ids: list[str] = []
    sequence = loops.spool.start("events").sequence
    while entry := loops.spool.entry("events", sequence):
        ids += loops.spool.read(entry).column("event.id").to_list()
        sequence += 1
    return ids


def test_rows_cursor_and_memory_commit_together(loops: Loops) -> None:
    """After a pass the spool has the rows, and cursor and memory stand where the last batch put them."""
    ingest = loops.ingest()
    source = ListSource(
        [batch_of(1, ids_of(0, 3), remember={"file": b"1"}), batch_of(2, ids_of(3, 5), remember={"file": None})]
    )
    assert ingest.read(source) == 5
    assert (ingest.cursor(source.name), ingest.recall(source.name)("file")) == ("2", None)
    assert spooled_ids(loops) == ids_of(0, 5)


def test_a_second_pass_reads_on_from_the_cursor(loops: Loops) -> None:
    """Nothing is taken twice."""
    ingest = loops.ingest()
    ingest.read(ListSource([batch_of(1, ids_of(0, 3))]))
    assert ingest.read(ListSource([batch_of(1, ids_of(0, 3)), batch_of(2, ids_of(3, 4))])) == 1


def test_a_failing_step_moves_nothing(loops: Loops) -> None:
    """An unexpected exception ends the pass with cursor, spool and accounts untouched."""

    def shape(frame: pl.DataFrame, batch: Batch, now: datetime) -> pl.DataFrame:
        raise ZeroDivisionError

    ingest = loops.ingest(replace(plain_steps(), shape=shape))
    with pytest.raises(ZeroDivisionError):
        ingest.read(ListSource([batch_of(1, ids_of(0, 3))]))
    assert ingest.cursor("acme/list") is None
    assert spooled_ids(loops) == []
    assert Accounts(loops.state).ingested() == {}


def test_every_row_read_is_accounted_for(loops: Loops) -> None:
    """read = duplicate + malformed + spooled, and what was malformed is kept."""
    bad = Rejection("00D", "list", "Thing", "file.csv", 4, "too few cells", b'"a"')
    loops.ingest().read(ListSource([batch_of(1, ids_of(0, 3), rejections=(bad,), duplicates=2)]))
    account = Accounts(loops.state).ingested()["acme/list", "Thing"]
    assert account == IngestAccount(read=6, duplicate=2, malformed=1, spooled=3)
    ((_, dead),) = loops.dead_letters.read()
    assert dead.select("input", "row", "reason", "raw").row(0) == ("file.csv", 4, "too few cells", b'"a"')


def test_a_poisonous_row_is_put_aside_after_three_attempts(loops: Loops) -> None:
    """The process dies three times on one batch; then the one bad row is dead-lettered and the others go on."""

    def shape(frame: pl.DataFrame, batch: Batch, now: datetime) -> pl.DataFrame:
        if frame["event.id"].str.starts_with("poison").any():
            raise RuntimeError("boom")
        return frame

    source = ListSource([batch_of(1, ids_of(0, 2)), batch_of(2, [*ids_of(2, 6), "poison", *ids_of(6, 9)])])
    for _ in range(3):
        with pytest.raises(RuntimeError, match="boom"):
            loops.ingest(replace(plain_steps(), shape=shape)).read(source)
    loops.ingest(replace(plain_steps(), shape=shape)).read(source)
    assert spooled_ids(loops) == ids_of(0, 9)
    ((_, dead),) = loops.dead_letters.read()
    assert dead["row"].to_list() == [4]
    assert "RuntimeError: boom" in dead["reason"][0]


def test_a_full_disk_pauses_and_loses_nothing(loops: Loops, monkeypatch: pytest.MonkeyPatch) -> None:
    """While there is no room the batch waits; with room again it is committed once."""
    write, failures = batch_folder.write_durably, [1, 2]

    def full_twice(path: Path, data: memoryview) -> None:
        if failures:
            failures.pop()
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, data)

    monkeypatch.setattr(batch_folder, "write_durably", full_twice)
    monkeypatch.setattr("agent.pipeline.ingest.FULL_DISK_PAUSE", 0.0)
    assert loops.ingest().read(ListSource([batch_of(1, ids_of(0, 3))])) == 3
    assert spooled_ids(loops) == ids_of(0, 3)
    assert (loops.state.whole.directory / "ballast").exists()


def test_what_a_full_disk_interrupted_leaves_no_file_behind(loops: Loops, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of several files, of which the last does not fit, takes no room while it waits."""
    write, refused = batch_folder.write_durably, [1, 2, 3]

    def full_for_dead_letters(path: Path, data: memoryview) -> None:
        if path.name.startswith("dead-") and refused:
            refused.pop()
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, data)

    monkeypatch.setattr(batch_folder, "write_durably", full_for_dead_letters)
    monkeypatch.setattr("agent.pipeline.ingest.FULL_DISK_PAUSE", 0.0)
    rejection = Rejection("00D", "list", "Thing", "file", 7, "torn", b"raw")
    assert loops.ingest().read(ListSource([batch_of(1, ids_of(0, 3), rejections=(rejection,))])) == 3
    assert len(list((loops.state.directory / "spool").iterdir())) == 1
    assert len(list((loops.state.directory / "dead-letters").iterdir())) == 1


def test_stop_ends_at_a_batch_boundary(loops: Loops) -> None:
    """After the stop event no further batch is taken, and the committed ones stand."""
    ingest = loops.ingest()
    ingest._watch = lambda _: loops.stop.set()
    assert ingest.read(ListSource([batch_of(1, ids_of(0, 3)), batch_of(2, ids_of(3, 4))])) == 3
    assert ingest.cursor("acme/list") == "1"


def test_two_threads_are_never_in_the_steps_at_once(loops: Loops) -> None:
    """A batch that is made anew waits for the one in hand: what look-ups remember is not made for two."""
    inside, most = threading.Semaphore(1), [0]
    began, go_on = threading.Event(), threading.Event()

    def prepare(batch: Batch) -> pl.DataFrame:
        most[0] += not inside.acquire(blocking=False)
        began.set()
        go_on.wait(10)
        inside.release()
        return batch.frame

    ingest = loops.ingest(replace(plain_steps(), prepare=prepare))
    batch = batch_of(1, ids_of(0, 3))
    reads = threading.Thread(target=ingest.take, args=("acme/list", batch))
    repairs = threading.Thread(target=ingest.shaped, args=(batch,))
    reads.start()
    assert began.wait(10)
    repairs.start()
    repairs.join(0.2)
    assert repairs.is_alive()
    go_on.set()
    reads.join()
    repairs.join()
    assert most == [0]
