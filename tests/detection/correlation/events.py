"""Random events of three kinds, as the obvious evaluator and as a detector sees them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import strategies as st

from agent.detection.sigma.log_source import LogSource
from tests.detection.correlation.cases import STEPS
from tests.detection.correlation.naive import EventRow

FILES = LogSource("salesforce", "event_log_file")
TEN = datetime(2026, 7, 1, 10, tzinfo=UTC)
NOW = TEN + timedelta(days=30)

Event = tuple[str, str, str, int, int]
"""User, address, kind, minutes after ten, value."""

EVENTS: st.SearchStrategy[list[Event]] = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", ""]),
        st.sampled_from(["192.0.2.1", "192.0.2.2"]),
        st.sampled_from(STEPS),
        st.integers(0, 70),
        st.integers(1, 5),
    ),
    max_size=26,
)


def event_rows(events: list[Event]) -> list[EventRow]:
    """For the obvious evaluator; an event's number is its id."""
    return [
        EventRow(n, minute, kind, {"USER_ID": user or None, "CLIENT_IP": address, "VALUE": value})
        for n, (user, address, kind, minute, value) in enumerate(events)
    ]


def frame(events: list[tuple[int, Event]]) -> pl.DataFrame:
    """Events by number, as a prepared batch: Strings, and `@timestamp`."""
    return pl.DataFrame(
        {
            "event.id": [f"{number:032x}" for number, _ in events],
            "USER_ID": [e[0] or None for _, e in events],
            "CLIENT_IP": [e[1] for _, e in events],
            "KIND": [e[2] for _, e in events],
            "@timestamp": [TEN + timedelta(minutes=e[3]) for _, e in events],
            "VALUE": [str(e[4]) for _, e in events],
        },
        schema_overrides={
            "event.id": pl.String,
            "USER_ID": pl.String,
            "CLIENT_IP": pl.String,
            "KIND": pl.String,
            "@timestamp": pl.Datetime("ms", "UTC"),
            "VALUE": pl.String,
        },
    )
