"""Travel: one group at two places, further apart than anybody travels in the time between.

Times are cut into tens of minutes, and every two places of a group within a timespan are compared, not only those that
follow each other: so it makes no difference in which order rows come, and a stop on the way hides nothing.

    A  .  .  B  .  .  A  .  C     slots of ten minutes, places A, B, C
    |<------ timespan ----->|     compared: A-B, B-A, A-C (twice), B-C
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import polars as pl

from agent.columns.timestamp import HOUR
from agent.detection.alert.sentence import LONGEST_VALUE
from agent.detection.baseline.baseline import Baseline, milliseconds
from agent.detection.baseline.kind import Context, Flaw, Kind
from agent.detection.baseline.open_alert import OpenAlert, OpenAlerts
from agent.detection.baseline.rows import LATITUDE, LONGITUDE, PLACE
from agent.detection.baseline.working_frames import WorkingFrames
from agent.detection.memory.frame_bytes import compact
from agent.wording.number import counted
from agent.wording.phrase import shortened

SCHEMAS = {
    "visits": pl.Schema(
        {
            "key": pl.UInt64,
            "group": pl.String,
            "lat": pl.Float64,
            "lon": pl.Float64,
            "slot": pl.Int64,
            "place": pl.String,
            "low": pl.String,
            "high": pl.String,
            "user": pl.String,
            "address": pl.String,
        }
    )
}
"""A visit: a group at a place (degrees; `place`: its name) within ten minutes (`slot`: of these since 1970), with the
first and last mark of its rows there, and the first user and address by the alphabet.
"""

SLOT = 600_000
"""Milliseconds."""

VISITS = 600
"""Of one group; of more the oldest go. A timespan of a day at one place is at most 324 with the wait for log files."""

ROWS = 1_000_000
"""Visits per baseline and org; of groups that are not there yet, none is taken when there are more."""

GROUPS_AT_ONCE = 50
"""Groups compared at a time, so that memory stays flat."""

RADIUS = 6371.0088
"""Kilometres; the earth's mean radius (IUGG)."""


class Travel(Kind):
    """One group at two places, further apart than anybody travels in the time between."""

    name = "travel"
    measure = "kilometres_per_hour"
    keys = frozenset({"timespan", "once-per"})
    timespan = timedelta(days=1)
    history = timedelta(days=1)
    bounds: Mapping[str, float] = {"gte": 900.0, "distance": 500.0}
    """900 km/h is the cruise of an airliner; 500 km is more than what databases of addresses are wrong by within a
    country.
    """
    needs = (LATITUDE, LONGITUDE)
    shows = PLACE
    schemas = SCHEMAS

    def whole(self, _name: str, rows: pl.DataFrame) -> pl.DataFrame:
        return _one_per_visit(rows)

    def advance(self, context: Context) -> int:
        """Returns visits, not rows."""
        baseline, frames = context.baseline, context.frames
        dropped = 0
        if context.rows.height:
            fresh, dropped = _admitted(compact(_visits(context.rows)), frames)
            frames.append("visits", fresh)
            near = frames["visits"].filter(pl.col("key").is_in(fresh["key"].implode()))
            groups = near.group_by("key").agg(pl.len().alias("visits"), _apart().alias("apart"))
            if int(groups["visits"].max() or 0) > VISITS:  # type: ignore[arg-type]
                near, gone = _newest(near)
                dropped += gone
                if gone:
                    rest = frames["visits"].filter(~pl.col("key").is_in(fresh["key"].implode()))
                    frames.forget("visits", pl.concat([rest, near]))
            moving = groups.filter("apart")["key"]  # few do
            if len(moving):
                _judge(baseline, _one_per_visit(near.filter(pl.col("key").is_in(moving.implode()))), context.alerts)
        if context.mark // HOUR > frames.floor // HOUR:
            frames.floor = context.mark // HOUR * HOUR
            # What may still become part of an alert that is not closed stays: a period that is open began at most one
            # once-per before the floor, and a journey in it at most a timespan before that.
            oldest = frames.floor - milliseconds(baseline.span) - milliseconds(baseline.once_per)
            frames.forget("visits", frames["visits"].filter(pl.col("slot") >= oldest // SLOT))
        return dropped

    def flaws(self, baseline: Baseline) -> Iterator[Flaw]:
        if not baseline.bounds["gte"]:
            yield Flaw("the condition has no speed", hint="write gte, in km/h")
        if not baseline.group_by:
            yield Flaw("the baseline has no person who could travel", (), "group by a field that names a person")

    def comparison(self, _baseline: Baseline, alert: OpenAlert, events: str) -> str:
        way = f"{round(alert.numbers['distance_km']):,} km in {counted(round(alert.numbers['hours'], 1), 'hour')}"
        places = [shortened(alert.texts[end], LONGEST_VALUE) for end in ("from", "to")]
        return f"{way}{f', from {places[0]} to {places[1]}' if all(places) else ''}, in {events}"


def _one_per_visit(stored: pl.DataFrame) -> pl.DataFrame:
    """The frame `visits` from pieces of it, in which a visit may stand several times."""
    return stored.group_by("key", "lat", "lon", "slot").agg(
        pl.col("group").first(),
        pl.col("place", "low").min(),
        pl.col("high").max(),
        pl.col("user", "address").min(),
    ).select(SCHEMAS["visits"].names())  # fmt: skip


def _visits(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows.SCHEMA` as the frame `visits`."""
    return _one_per_visit(
        rows.select(
            "key", "group", "lat", "lon", (pl.col("time") // SLOT).alias("slot"), "place",
            pl.col("mark").alias("low"), pl.col("mark").alias("high"), "user", "address",
        )
    )  # fmt: skip


def _admitted(fresh: pl.DataFrame, frames: WorkingFrames) -> tuple[pl.DataFrame, int]:
    """Of the visits `fresh` those of groups that are known, once the frame `visits` has too many; how many are not."""
    if frames["visits"].height <= ROWS or frames.put_together("visits").height <= ROWS:
        return fresh, 0
    known = fresh.join(frames["visits"], on="key", how="semi")
    return known, fresh.height - known.height


def _newest(visits: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The frame `visits` of some groups, without the oldest of those that have too many; how many these are."""
    every = _one_per_visit(visits)
    kept = every.filter(pl.col("slot").rank("ordinal", descending=True).over("key") <= VISITS)
    return kept, every.height - kept.height


def _apart() -> pl.Expr:
    """Whether a group was at more than one place."""
    return (pl.col("lat").min() != pl.col("lat").max()) | (pl.col("lon").min() != pl.col("lon").max())


def _judge(baseline: Baseline, visits: pl.DataFrame, alerts: OpenAlerts) -> None:
    """Raise journeys between `visits`, the whole frame of groups that were at more than one place."""
    for groups in visits.select("key").unique().iter_slices(GROUPS_AT_ONCE):
        fast = _fast(baseline, visits.join(groups, on="key", how="semi"))
        for journey in fast.iter_rows(named=True):
            alerts.put(_open_alert(alerts, journey, milliseconds(baseline.once_per)))


def _fast(baseline: Baseline, visits: pl.DataFrame) -> pl.DataFrame:
    """For each group (`key`) and `once-per` (`begins`, ms) the fastest of its journeys that nobody can make: `speed`
    (km/h), `distance` (km), `hours`, `slot`, `place` and `high` of its end, `place_from` and `low_from` of its
    beginning, `users`, `addresses`, and how many such journeys there are (`count`).
    """
    asked, once = baseline.bounds, milliseconds(baseline.once_per)
    earlier = visits.select(
        "key",
        "lat",
        "lon",
        "slot",
        "place",
        "low",
        pl.col("user").alias("user_before"),
        pl.col("address").alias("before"),
    )
    pairs = visits.join(earlier, on="key", suffix="_from").filter(
        (pl.col("slot") - pl.col("slot_from")).is_between(0, milliseconds(baseline.span) // SLOT)
        & ((pl.col("lat") != pl.col("lat_from")) | (pl.col("lon") != pl.col("lon_from")))
        # Of two places in the same ten minutes either may be first: one way of looking at it is enough.
        & ((pl.col("slot") > pl.col("slot_from")) | (pl.col("lat") > pl.col("lat_from"))
           | ((pl.col("lat") == pl.col("lat_from")) & (pl.col("lon") > pl.col("lon_from"))))
    )  # fmt: skip
    # Two slots n apart are between (n - 1) and (n + 1) times ten minutes apart: n is taken, and of the same slot one.
    hours = pl.max_horizontal(pl.col("slot") - pl.col("slot_from"), pl.lit(1)) * SLOT / HOUR
    return (
        pairs.with_columns(_distance().alias("distance"), hours.alias("hours"))
        .with_columns((pl.col("distance") / pl.col("hours")).alias("speed"))
        .filter((pl.col("distance") >= asked["distance"]) & (pl.col("speed") >= asked["gte"]))
        .with_columns((pl.col("slot") * SLOT // once * once).alias("begins"))
        .sort("speed", "slot", "slot_from", "low", "low_from", descending=[True, False, False, False, False])
        .group_by("key", "begins", maintain_order=True)
        .agg(
            pl.col("group", "speed", "distance", "hours", "slot", "place", "place_from").first(),
            pl.col("low_from", "high").first(),
            pl.concat_list("user", "user_before").first().alias("users"),
            pl.concat_list("address", "before").first().alias("addresses"),
            pl.len().alias("count"),
        )
    )


def _distance() -> pl.Expr:
    """Kilometres on the great circle (haversine)."""
    lat, lat_from = pl.col("lat").radians(), pl.col("lat_from").radians()
    half = (((lat - lat_from) / 2).sin().pow(2)
            + lat.cos() * lat_from.cos() * ((pl.col("lon") - pl.col("lon_from")).radians() / 2).sin().pow(2))  # fmt: skip
    return 2 * RADIUS * half.clip(0.0, 1.0).sqrt().arcsin()


def _open_alert(alerts: OpenAlerts, journey: dict[str, Any], once: int) -> OpenAlert:
    """`journey`: a row of `_fast`; `once`: milliseconds."""
    return OpenAlert(
        id=alerts.identity(journey["key"], journey["begins"]),
        group=journey["group"],
        closes=journey["begins"] + once,
        first=journey["low_from"],
        last=journey["high"],
        count=journey["count"],
        measured=round(journey["speed"], 1),
        rank=journey["speed"],
        place=journey["slot"],
        numbers={"distance_km": round(journey["distance"], 1), "hours": round(journey["hours"], 2)},
        texts={"from": journey["place_from"] or "", "to": journey["place"] or ""},
        users=sorted(set(filter(None, journey["users"]))),
        addresses=sorted(set(filter(None, journey["addresses"]))),
    )
