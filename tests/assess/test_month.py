"""The digest of the assessed month's alerts."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from tests.assess.month import AlertLines


def alerts(*names: str, ingested: int = 0) -> pl.DataFrame:
    times = pl.Series([datetime(2026, 6, 1, 12, ingested, tzinfo=UTC)] * len(names), dtype=pl.Datetime("ms", "UTC"))
    return pl.DataFrame({"event.id": names, "event.ingested": times, "rule.name": names})


def digest(*frames: pl.DataFrame) -> dict[str, object]:
    lines = AlertLines()
    for frame in frames:
        lines.take(frame, pl.DataFrame())
    return lines.digest()


def test_neither_order_nor_the_time_of_sending_counts() -> None:
    """Nor do batches without alerts."""
    expected = digest(alerts("a", "b"), alerts("c"))
    assert digest(alerts("c", ingested=3), pl.DataFrame(), alerts("b", "a", ingested=5)) == expected
    assert expected["lines"] == 3


def test_another_alert_is_another_digest() -> None:
    """And so is one alert twice."""
    assert len({str(digest(alerts(*names))) for names in ("ab", "ac", "aab", "abb")}) == 4
