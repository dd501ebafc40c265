"""Whether the address, its network's operator or the user agent was published as part of a campaign.

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

from agent.normalize.address import kind_of
from agent.normalize.client import LONGEST
from agent.normalize.indicator_file import Indicator
from agent.normalize.lists import lists_of
from agent.normalize.network_set import NetworkSet
from agent.normalize.remembered import Remembered

PREFIX = "leakline.indicator."
COLUMNS = ("kind", "value", "campaign", "source")

_EXPIRES = "expires"
_SCHEMA: dict[str, pl.DataType] = {**dict.fromkeys(COLUMNS, pl.String()), _EXPIRES: pl.Datetime("ms", "UTC")}


class Indicators:
    """Columns for addresses, AS numbers and user agents. Of several that match one thing, the last to expire counts."""

    def __init__(self, indicators: Sequence[Indicator]) -> None:
        # The last of equal keys stays in a dict, so that the one to expire last does.
        ordered = sorted(indicators, key=lambda one: one.expires)
        self._addresses = {one.value: one for one in ordered if one.kind == "address"}
        self._networks = [
            (NetworkSet([ip_network(one.value)]), one) for one in reversed(ordered) if one.kind == "network"
        ]
        self._numbers = {one.value: one for one in ordered if one.kind == "as"}
        self._agents = [one for one in reversed(ordered) if one.kind == "user_agent"]
        self._looked_up = [
            Remembered(_SCHEMA, partial(_rows, find)) for find in (self._of_address, self._numbers.get, self._of_agent)
        ]

    def columns(
        self,
        addresses: pl.Series | None,
        numbers: pl.Series | None,
        agents: pl.Series | None,
        times: pl.Series | None,
    ) -> dict[str, pl.Series]:
        """All `String` but `times`, row for row beside each other; None is a column that is not there."""
        given = zip(self._looked_up, (addresses, numbers, agents), strict=True)
        found = [
            alive for look_up, keys in given if keys is not None and (alive := _alive(look_up.columns(keys), times))
        ]
        return {PREFIX + name: lists_of([one[name] for one in found]) for name in COLUMNS} if found else {}

    def _of_address(self, text: str) -> Indicator | None:
        address = kind_of(text)[1]
        if address is None:
            return None
        fitting = [one for networks, one in self._networks if address in networks][:1]
        exact = self._addresses.get(str(address))
        return max([*fitting, *([exact] if exact else [])], key=lambda one: one.expires, default=None)

    def _of_agent(self, text: str) -> Indicator | None:
        looked_at = text[:LONGEST].lower()
        return next((one for one in self._agents if one.value in looked_at), None)


def _rows(find: Callable[[str], Indicator | None], keys: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    rows: dict[str, tuple[Any, ...]] = {}
    for key in keys:
        one = find(key)
        # Every field has a text, so that the lists of one event stay in step.
        rows[key] = (one.kind, one.value, one.campaign or "unnamed", one.source, one.expires) if one else (None,) * 5
    return rows


def _alive(found: dict[str, pl.Series], times: pl.Series | None) -> dict[str, pl.Series]:
    """What had not expired when the event happened; empty if nothing is left."""
    if not found:
        return {}
    expires = found.pop(_EXPIRES)
    if times is None:
        return found
    alive = (times < expires).fill_null(True) & expires.is_not_null()
    if not alive.any():
        return {}
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(alive))
    return {name: column.zip_with(alive, nothing) for name, column in found.items()}


def expired(indicators: Sequence[Indicator], now: datetime) -> Iterator[Indicator]:
    """Those that match no event of today."""
    return (one for one in indicators if one.expires <= now)
