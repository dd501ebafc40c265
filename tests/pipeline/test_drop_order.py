from __future__ import annotations

from functools import cache
from typing import Any

import polars as pl
import pytest

from agent.columns.frame_parts import FrameParts
from agent.formats import FORMATS
from agent.model import Limits
from agent.pipeline.chunk import cut
from agent.pipeline.long_rows.drop_order import GROUPS, in_groups
from agent.pipeline.long_rows.shorten import fitted
from tests.formats.cef_reader import read
from tests.formats.fields_read import fields_read
from tests.golden.documents import FOLDER, SEEN, SERVICE, golden_batch, shipped_normalizer

TYPES = sorted(path.stem for path in FOLDER.glob("*.csv"))


class Short:
    """A destination with a limit and nobody at the other end."""

    name = "short"
    lanes = ("events",)

    def __init__(self, limit: int) -> None:
        self.limits = Limits(10_000_000, 10_000, limit, "shorten")
        self.format = FORMATS["cef"]

    def wrap(self, _frame: pl.DataFrame, lines: pl.Series) -> pl.Series:
        return lines


@cache
def permission_update() -> pl.DataFrame:
    normalizer = shipped_normalizer()
    batch = golden_batch("PermissionUpdate")
    return normalizer.shape(normalizer.prepare(batch), batch, SEEN)[:1]


def shortened(frame: pl.DataFrame, limit: int) -> dict[str, str]:
    destination: Any = Short(limit)
    (chunk,) = cut(FORMATS["cef"](frame), FrameParts.of(frame), max_bytes=10_000_000, max_rows=10_000)
    found = fitted(chunk, [0], destination, limit)
    assert len(found[0].encode()) <= limit
    return read(found[0])[1]


def timed() -> pl.DataFrame:
    """A granted permission with something of each group."""
    return permission_update().with_columns(
        pl.lit("https://example.com/a").alias("url.original"), pl.lit("/a").alias("url.path"),
        pl.lit(7).alias("salesforce.cpu_time"),
    )  # fmt: skip


def test_groups_go_one_after_the_other_and_the_meaning_of_the_event_last() -> None:
    """The tighter the limit, the more is gone: never a group before the one that the order has in front of it."""
    frame = timed()
    whole = len(FORMATS["cef"](frame)[0].encode())
    gone: list[int] = []
    for limit in range(whole - 1, whole - 400, -5):
        found = shortened(frame, limit)
        if "*" in found.get("flexString2", "").split(","):
            break
        present = [key in found for key in ("ecsEvent_module", "ecsUrl_path", "salesforceCpuTime")]
        assert present == sorted(present), limit
        gone.append(present.count(False))
        named = {name for name in found["flexString2"].split(",") if name.startswith("*")}
        assert named == set(list(GROUPS)[: present.count(False)])
        assert (found["salesforceUpdateType"], found["salesforcePermissionType"]) == ("Granted", "ModifyAllData")
    assert gone == sorted(gone)
    assert set(gone) >= {1, 2}


def test_long_texts_lose_their_ends_before_any_field_goes() -> None:
    """Padding costs the padded text and nothing else."""
    frame = permission_update().with_columns(pl.lit("x" * 3000).alias("salesforce.description"))
    found = shortened(frame, 2000)
    assert found["flexString2"] == "salesforceDescription"
    assert "ecsEcs_version" in found


@pytest.mark.parametrize("event_type", TYPES)
def test_what_goes_first_is_neither_read_by_rules_nor_the_only_place_of_a_cell(event_type: str) -> None:
    """No rule reads a timing, and what counts as repeated or computed holds no column of an event type."""
    targets = shipped_normalizer().mappings.get(SERVICE, event_type).fields()
    read_here = [targets[name] for name in fields_read() & targets.keys()]
    assert in_groups(read_here, ["*timings"]) == []
    assert in_groups(list(targets.values()), ["*repeated", "*computed"]) == []
