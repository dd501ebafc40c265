"""Lines that destinations side by side share."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import polars as pl
import pytest

from agent.columns.frame_parts import FrameParts
from agent.formats.ecs import encode, encode_to_send
from agent.model import Format
from agent.pipeline import shared_lines
from agent.pipeline.shared_lines import SharedLines
from agent.store.batch_file import BatchFile, BatchPart

ROWS = FrameParts.of(pl.DataFrame({"event.id": ["a", "b"]}), pl.DataFrame({"event.id": ["c"]}))


@dataclass
class Named:
    file: BatchFile


def batch(name: str) -> Named:
    return Named(BatchFile(f"{name}.arrow", 1, name, (BatchPart(3),)))


class CountingFormat:
    """Encodes as soon as `go` is set, unless it holds a fault for the next call."""

    def __init__(self) -> None:
        self.calls = 0
        self.go = threading.Event()
        self.begun = threading.Event()
        self.fault: Exception | None = None

    def __call__(self, frame: pl.DataFrame) -> pl.Series:
        self.calls += 1
        self.begun.set()
        assert self.go.wait(60)
        if self.fault is not None:
            raise self.fault
        return frame["event.id"]


def test_who_asks_while_it_is_encoded_waits() -> None:
    """Three at once get the lines of one encoding, frame by frame."""
    lines, encode = SharedLines(), CountingFormat()
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(lines.of, batch("one"), ROWS, encode)
        assert encode.begun.wait(60)
        waiting = [threads.submit(lines.of, batch("one"), ROWS, encode) for _ in range(2)]
        encode.go.set()
        assert [future.result().to_list() for future in (first, *waiting)] == [["a", "b", "c"]] * 3
    assert encode.calls == len(ROWS.frames)


def test_a_fault_is_raised_to_all_and_not_kept() -> None:
    """Who waits gets it too; who asks later tries anew."""
    lines, encode = SharedLines(), CountingFormat()
    encode.fault = RuntimeError("cannot encode this")
    with ThreadPoolExecutor(2) as threads:
        futures = [threads.submit(lines.of, batch("one"), ROWS, encode)]
        assert encode.begun.wait(60)
        futures.append(threads.submit(lines.of, batch("one"), ROWS, encode))
        encode.go.set()
        for future in futures:
            with pytest.raises(RuntimeError, match="cannot encode"):
                future.result()
    encode.fault = None
    assert lines.of(batch("one"), ROWS, encode).to_list() == ["a", "b", "c"]


def test_other_batches_and_formats_are_encoded_by_themselves() -> None:
    """Lines are those of the batch and the format that were asked for."""
    lines, encode = SharedLines(), CountingFormat()
    encode.go.set()
    for name in ("one", "two"):
        lines.of(batch(name), ROWS, encode)
    assert lines.of(batch("one"), ROWS, lambda frame: frame["event.id"].str.to_uppercase()).to_list() == ["A", "B", "C"]
    assert encode.calls == 2 * len(ROWS.frames)


def test_the_oldest_lines_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bytes, or the batches, that are kept; the newest stays whatever its size."""
    encode = CountingFormat()
    encode.go.set()
    for lines in (SharedLines(most=1), SharedLines()):
        for name in ("one", "two", "two"):
            lines.of(batch(name), ROWS, encode)
            monkeypatch.setattr(shared_lines, "MOST_BATCHES", 1)
        assert encode.calls == 2 * len(ROWS.frames)
        lines.of(batch("one"), ROWS, encode)
        assert encode.calls == 3 * len(ROWS.frames)
        encode.calls = 0


def test_nothing_is_kept_where_there_is_nobody_to_share_with() -> None:
    """Of 0 bytes not even the newest."""
    lines, encode = SharedLines(most=0), CountingFormat()
    encode.go.set()
    for _ in range(2):
        lines.of(batch("one"), ROWS, encode)
    assert encode.calls == 2 * len(ROWS.frames)


def test_documents_with_the_mark_and_without_are_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Splunk takes them without, others with it: who comes second gets them made from the other's."""
    frame = pl.DataFrame({"event.id": ["0" * 32] * 300, "event.dataset": ["salesforce.api"] * 300})
    rows, asked = FrameParts.of(frame, frame[:1]), list[Format]()
    text = FrameParts.text

    def counted(parts: FrameParts, of: Format) -> pl.Series:
        asked.append(of)
        return text(parts, of)

    monkeypatch.setattr(FrameParts, "text", counted)
    for first, second in ((encode, encode_to_send), (encode_to_send, encode)):
        lines = SharedLines()
        for form in (first, second, second, first):
            assert lines.of(batch("one"), rows, form).to_list() == text(rows, form).to_list()
        assert asked == [first]
        asked.clear()
