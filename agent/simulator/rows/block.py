"""Rows in the making: who acts when, with random columns for everything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from agent.simulator.world.random_columns import RandomColumns
from agent.simulator.world.record_id import long_id
from agent.simulator.world.staff import Staff

Cells = Mapping[str, pl.Series | str]
"""Column name to its values; a text stands in every row."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """What every row of an org shares. `org` is the 15-character id."""

    org: str
    host: str
    staff: Staff

    @property
    def org_long(self) -> str:
        return long_id(self.org)


class Block:
    """Rows of one event type. `time`: `Int64`, milliseconds since 1970; `actor`: the session table, a row for each."""

    def __init__(
        self, event_type: str, tenant: Tenant, random: RandomColumns, time: pl.Series, actor: pl.DataFrame
    ) -> None:
        self.event_type = event_type
        self.tenant = tenant
        self.random = random
        self.time = time
        self.actor = actor

    def __len__(self) -> int:
        return len(self.time)

    @cached_property
    def instant(self) -> pl.Series:
        """`time` as `Datetime(ms)`, UTC without saying so."""
        return pl.from_epoch(self.time, time_unit="ms")

    @cached_property
    def integration(self) -> pl.Series:
        """Which rows are of an integration (`Boolean`)."""
        return self.actor["kind"] == "integration"

    def pick(self, condition: pl.Series, yes: pl.Series | str, no: pl.Series | str = "") -> pl.Series:
        """`yes` where `condition` holds, else `no`."""
        frame = pl.DataFrame({"if": condition, "yes": self.column(yes), "no": self.column(no)})
        return frame.select(pl.when("if").then("yes").otherwise("no")).to_series()

    def join(self, *parts: pl.Series | str) -> pl.Series:
        """The parts one after the other."""
        columns = [self.column(part).alias(str(number)) for number, part in enumerate(parts)]
        return pl.DataFrame(columns).select(pl.concat_str(pl.all())).to_series()

    def column(self, value: pl.Series | str) -> pl.Series:
        """A text as a column of it (`String`); a column as it is."""
        if isinstance(value, str):
            return pl.repeat(value, len(self), dtype=pl.String, eager=True)
        return value


Builder = Callable[[Block], Cells]
"""The cells of one event type that are its own; the shared ones are filled in by `request.py`."""
