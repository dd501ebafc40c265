"""How headers and types differ from what is documented: older headers, new columns, a new event type."""

from __future__ import annotations

import polars as pl

from agent.simulator.log_files.traffic import EVENT_TYPES, Traffic
from agent.simulator.world.columns import Layout, layouts
from agent.simulator.world.sessions import HOUR
from agent.simulator.world.simulator_settings import SimulatorSettings

NEW_COLUMN = "EDGE_SITE_CODE"
NEW_TYPE = "PromptUsage"

_NEW_LAYOUT = Layout(
    ("EVENT_TYPE", "TIMESTAMP", "REQUEST_ID", "ORGANIZATION_ID", "USER_ID", "PROMPT_KIND", "TIMESTAMP_DERIVED"),
    ("String", "String", "String", "Id", "Id", "String", "DateTime"),
)
_LIKE = "DocumentAttachmentDownloads"
"""The type whose rows the new type's are made of."""

_HEADERS = {"latest": "Login", "2023": "Login@2023", "2022": "Login@2022"}
_MIXED = ("Login@2022", "Login@2023", "Login")


class Drift:
    """The traffic as this org's files tell it."""

    def __init__(self, settings: SimulatorSettings, traffic: Traffic) -> None:
        self._settings = settings
        self._traffic = traffic

    def event_types(self) -> list[str]:
        known = [*EVENT_TYPES, NEW_TYPE] if self._settings.unknown_type else list(EVENT_TYPES)
        wanted = self._settings.event_types
        return known if wanted is None else [name for name in known if name in wanted]

    def layout(self, event_type: str, hour: int | None = None) -> Layout:
        """The header of the files of one hour (its first millisecond), or of daily files."""
        if event_type == NEW_TYPE:
            return _NEW_LAYOUT
        if event_type == "Login":
            return layouts()[self._login_header(hour)]
        layout = layouts()[event_type]
        return layout.with_column(NEW_COLUMN) if self._has_new_column(event_type) else layout

    def rows(self, event_type: str, window: tuple[int, int]) -> pl.DataFrame:
        """`Traffic.rows`; a cell that its hour's file has no column for is empty."""
        if event_type == NEW_TYPE:
            return self._new_type(window)
        frame = self._traffic.rows(event_type, window)
        return self.as_told(event_type, frame)

    def as_told(self, event_type: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows of `Traffic` with the columns of this org."""
        if self._has_new_column(event_type):
            return frame.with_columns(pl.col("SESSION_KEY").str.slice(0, 3).str.to_uppercase().alias(NEW_COLUMN))
        if event_type == "Login" and self._settings.login_header == "mixed":
            return self._emptied(frame)
        return frame

    def _emptied(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Without what the older headers do not have, hour by hour: a daily file cannot tell more than they did."""
        hour = pl.col("_time") // HOUR % len(_MIXED)
        for number, name in enumerate(_MIXED[:2]):
            absent = [column for column in layouts()["Login"].names if column not in layouts()[name].names]
            here = hour == number
            frame = frame.with_columns(pl.when(here).then(pl.lit("")).otherwise(pl.col(absent)).name.keep())
        return frame

    def _has_new_column(self, event_type: str) -> bool:
        return self._settings.unknown_column and event_type == "RestApi"

    def _login_header(self, hour: int | None) -> str:
        if self._settings.login_header == "mixed":
            return "Login" if hour is None else _MIXED[hour // HOUR % len(_MIXED)]
        return _HEADERS[self._settings.login_header]

    def _new_type(self, window: tuple[int, int]) -> pl.DataFrame:
        """Rows of the undocumented type, made of those of `_LIKE`; columns as `Traffic.rows` gives them."""
        frame = self._traffic.rows(_LIKE, window)
        return frame.with_columns(
            EVENT_TYPE=pl.lit(NEW_TYPE),
            PROMPT_KIND=pl.col("FILE_TYPE"),
            _id=pl.col("_id").str.replace(_LIKE, NEW_TYPE, literal=True),
            _scenario=pl.lit(None, dtype=pl.String),
        )
