from __future__ import annotations

import orjson
import polars as pl
import pytest

from agent.formats import FORMATS
from agent.normalize.shape import Normalizer
from tests.formats.cef_fields import frame_of
from tests.formats.cef_reader import read
from tests.golden.documents import (
    FOLDER,
    SEEN,
    golden_batch,
    golden_batches,
    golden_path,
    objects,
    real_time_events,
    shipped_normalizer,
)

TYPES = sorted(path.stem for path in FOLDER.glob("*.csv"))


@pytest.fixture(scope="module")
def normalizer() -> Normalizer:
    return shipped_normalizer()


def shaped(normalizer: Normalizer, event_type: str) -> pl.DataFrame:
    batch = golden_batch(event_type)
    return normalizer.shape(normalizer.prepare(batch), batch, SEEN)


@pytest.mark.parametrize("event_type", TYPES)
def test_ecs_lines_are_the_golden_documents(normalizer: Normalizer, event_type: str) -> None:
    """Of every event type, the encoder writes what the row-by-row oracle committed."""
    golden = (FOLDER / f"{event_type}.ndjson").read_bytes().splitlines()
    lines = FORMATS["ecs"](shaped(normalizer, event_type))
    assert [orjson.loads(line) for line in lines] == [orjson.loads(line) for line in golden]


@pytest.mark.parametrize("event_type", TYPES)
def test_cef_lines_are_readable_and_name_the_event(normalizer: Normalizer, event_type: str) -> None:
    """Of every event type, each row makes one well-formed line with its id, time and type."""
    frame = shaped(normalizer, event_type)
    for line, event_id, time in zip(
        FORMATS["cef"](frame), frame["event.id"], frame["@timestamp"].dt.epoch("ms"), strict=True
    ):
        header, values = read(line)
        assert (header["vendor"], header["product"], header["signature"]) == (
            "Salesforce",
            "Event Monitoring",
            event_type,
        )
        assert (values["externalId"], values["cat"]) == (event_id, event_type)
        assert values.get("rt") == (None if time is None else str(time))


@pytest.mark.parametrize("event", [*real_time_events(), *objects()])
def test_ecs_lines_of_events_and_objects_are_the_golden_documents(normalizer: Normalizer, event: str) -> None:
    """Of every real-time event, streamed or stored, and every object the encoder writes what the row-by-row oracle committed."""
    golden = golden_path(event).read_bytes().splitlines()
    frames = [normalizer.shape(normalizer.prepare(batch), batch, SEEN) for batch in golden_batches(event)]
    lines = [line for frame in frames for line in FORMATS["ecs"](frame)]
    assert [orjson.loads(line) for line in lines] == [orjson.loads(line) for line in golden]


@pytest.mark.parametrize("event", [*real_time_events(), *objects()])
def test_cef_lines_of_events_and_objects_have_every_cell(normalizer: Normalizer, event: str) -> None:
    """A receiver of CEF lines can write the rows of every real-time event and object again, cell by cell."""
    for batch in golden_batches(event):
        frame = normalizer.shape(normalizer.prepare(batch), batch, SEEN)
        frame = frame.drop(
            "leakline.aura.duration", strict=False
        )  # a list of numbers, which the reader of lines has not
        back = normalizer.unshape(frame_of(FORMATS["cef"](frame), frame.schema))
        for column in batch.frame.iter_columns():
            if column.null_count() < column.len():
                assert back[column.name].to_list() == column.to_list(), column.name
