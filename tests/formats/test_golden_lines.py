from __future__ import annotations

import orjson
import polars as pl
import pytest

from agent.formats import FORMATS
from agent.normalize.shape import Normalizer
from tests.formats.cef_reader import read
from tests.golden.documents import FOLDER, SEEN, golden_batch, shipped_normalizer

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
