"""Whether an address, its network's operator, the program or the app was published as part of a campaign.

Columns: `leakline.indicator.{kind,value,campaign,source}` (`List(String)`, an element for each that matches, in one
order). ECS keeps matches in `threat.enrichments`, a list of objects, which a Sigma rule cannot ask about; its
`threat.indicator` describes an indicator itself and not an event. An indicator counts for events before it expires by
their own time, so that a hunt over old logs finds what was bad then; an event without a time matches every one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from ipaddress import ip_network
from typing import Any

import polars as pl

from agent.columns.row_values import ROW, RowValues, beside
from agent.columns.text.folded_name import folded
from agent.columns.timestamp import TIME
from agent.enrichment.address import kind_and_address
from agent.enrichment.client_kind import LONGEST
from agent.enrichment.lists.indicator_file import PROGRAM_KINDS, Indicator
from agent.enrichment.lookup_cache import LookupCache
from agent.enrichment.network_set import NetworkSet

PREFIX = "leakline.indicator."
COLUMNS = ("kind", "value", "campaign", "source")

MOST = 8
"""Indicators named of one event: who forges a long list of addresses cannot make the event as long."""

_EXPIRES = "expires"
_SCHEMA: dict[str, pl.DataType] = {**dict.fromkeys(COLUMNS, pl.String()), _EXPIRES: TIME}

Columns = Sequence[RowValues]
Find = Callable[[str], Indicator | None]


class Indicators:
    """Finds what matches an address, AS number, program or app. Of several that match one thing, the last to expire counts.

    Never changed and safe for threads.
    """

    def __init__(self, indicators: Sequence[Indicator]) -> None:
        # The last of equal keys stays in a dict, so that the one to expire last does.
        ordered = sorted(indicators, key=lambda indicator: indicator.expires)
        self._addresses = _by_value(ordered, "address")
        self._networks = [
            (NetworkSet([ip_network(indicator.value)]), indicator)
            for indicator in reversed(ordered)
            if indicator.kind == "network"
        ]
        self._numbers = _by_value(ordered, "as")
        self._apps = _by_value(ordered, "app")
        self._agents = [indicator for indicator in reversed(ordered) if indicator.kind in PROGRAM_KINDS]
        self.finders: tuple[Find, ...] = (self._of_address, self._numbers.get, self._of_agent, self._of_app)
        """For a text of an address, AS number, program and app, in this order."""

    @property
    def by_operator(self) -> bool:
        """Whether there are AS numbers among them."""
        return bool(self._numbers)

    def _of_address(self, text: str) -> Indicator | None:
        address = kind_and_address(text)[1]
        if address is None:
            return None
        fitting = [indicator for networks, indicator in self._networks if address in networks][:1]
        exact = self._addresses.get(str(address))
        return max([*fitting, *([exact] if exact else [])], key=lambda indicator: indicator.expires, default=None)

    def _of_agent(self, text: str) -> Indicator | None:
        looked_at = text[:LONGEST].lower()
        return next((indicator for indicator in self._agents if indicator.value in looked_at), None)

    def _of_app(self, text: str) -> Indicator | None:
        return self._apps.get(folded(text))


class IndicatorColumns:
    """Columns for addresses, AS numbers, programs and apps of one org."""

    def __init__(self, indicators: Indicators) -> None:
        self._looked_up = [LookupCache(_SCHEMA, partial(_rows, find), longest=LONGEST) for find in indicators.finders]

    def columns(
        self,
        height: int,
        *,
        addresses: Columns = (),
        numbers: Columns = (),
        agents: Columns = (),
        apps: Columns = (),
        times: pl.Series | None = None,
    ) -> dict[str, pl.Series]:
        """By name, beside `height` rows; none if nothing matches. Any of a row's values may match."""
        given = zip(self._looked_up, (addresses, numbers, agents, apps), strict=True)
        hits = [hit for look_up, columns in given for hit in _hits(look_up, columns)]
        if not hits:
            return {}
        found = _alive(pl.concat(hits), times).unique([ROW, "kind", "value"]).sort(ROW, "kind", "value")
        if found.is_empty():
            return {}
        by_row = found.group_by(ROW, maintain_order=True).agg(pl.col(name).head(MOST) for name in COLUMNS)
        return {PREFIX + column.name: column.alias(PREFIX + column.name) for column in beside(height, by_row)}


def _by_value(indicators: Sequence[Indicator], kind: str) -> dict[str, Indicator]:
    return {indicator.value: indicator for indicator in indicators if indicator.kind == kind}


def _hits(look_up: LookupCache, columns: Columns) -> Iterator[pl.DataFrame]:
    """`row` and what matches there, for each column in which anything does."""
    for column in columns:
        found = look_up.columns(column.values)
        if found:
            yield pl.DataFrame([column.rows, *found.values()]).filter(pl.col("kind").is_not_null())


def _rows(find: Find, keys: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    rows: dict[str, tuple[Any, ...]] = {}
    for key in keys:
        found = find(key)
        # Every field has a text, so that the lists of one event stay in step.
        rows[key] = (
            (found.kind, found.value, found.campaign or "unnamed", found.source, found.expires)
            if found
            else (None,) * len(_SCHEMA)
        )
    return rows


def _alive(hits: pl.DataFrame, times: pl.Series | None) -> pl.DataFrame:
    """What had not expired when the event happened."""
    if times is None:
        return hits
    happened = times.gather(hits[ROW])
    return hits.filter((happened < hits[_EXPIRES]).fill_null(True))


def expired(indicators: Sequence[Indicator], now: datetime) -> Iterator[Indicator]:
    """Those that match no event of today."""
    return (indicator for indicator in indicators if indicator.expires <= now)
