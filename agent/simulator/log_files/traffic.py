"""The org's events as rows of cells, for any window of time; the same window always has the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache

import polars as pl

from agent.simulator.habits import habits
from agent.simulator.rows import access, administration, api, browsing, documents, platform, reporting
from agent.simulator.rows.access import failed_login
from agent.simulator.rows.block import Block, Builder, Tenant
from agent.simulator.rows.reporting import exported
from agent.simulator.rows.request import SHARED, id_in
from agent.simulator.world import awkward
from agent.simulator.world.activity import FAILED, MIX, PARTS, Day, in_sessions
from agent.simulator.world.columns import layouts
from agent.simulator.world.planted_event import PlantedEvent
from agent.simulator.world.random_columns import RandomColumns
from agent.simulator.world.sessions import DAY, Timetable, UserSession, day_of, midnight, session_table
from agent.simulator.world.staff import Staff

BUILDERS: dict[str, Builder] = {
    event_type: builder
    for family in (browsing, reporting, api, documents, access, administration, platform)
    for event_type, builder in family.BUILDERS.items()
}

EVENT_TYPES = tuple(sorted(MIX))
"""The event types that traffic consists of."""

HIDDEN = ("_id", "_time", "_late", "_again", "_scenario")
"""Columns beside the cells: the event's hidden id, its time (ms), how late it becomes known and whether a late file
repeats it (both `Float64`, drawn evenly from [0, 1)), the scenario it belongs to (null for none)."""

ACTOR = "_actor_"
"""Before the names of the session table's columns, where rows come with who made them."""

SETTLED = 60_000
"""Milliseconds after which every integration has its new token."""

_SAME_CALLS: dict[str, tuple[str, Callable[[Block], pl.Series] | None]] = {
    "ReportExport": ("Report", exported),
    "ApiTotalUsage": ("RestApi", None),
    "SearchClick": ("Search", lambda block: block.random.whether("clicked", 0.4)),
}
"""Types whose rows tell of the same requests as another type's, as far as the condition (None: always) holds."""


Numbered = dict[str, list[tuple[int, PlantedEvent]]]
"""Event type to its planted events, each with a number of its own."""

SCENARIOS_FROM, HABITS_FROM = 1 << 40, 1 << 41
"""From where planted events are counted, so that their ids are nobody else's."""


class Traffic:
    """Makes rows. `planted_events` are the scenarios' events, wherever they lie."""

    def __init__(
        self,
        seed: int,
        rows_per_day: int,
        tenant: Tenant,
        *,
        awkward_content: bool,
        planted_events: Iterable[PlantedEvent] = (),
    ) -> None:
        self._seed = seed
        self._rows_per_day = rows_per_day
        self._tenant = tenant
        self._awkward = awkward_content
        self._timetable = Timetable(seed, tenant.staff)
        self._day = lru_cache(maxsize=3)(self._make_day)
        self._habits = lru_cache(maxsize=3)(self._make_habits)
        self._planted = _numbered(planted_events)

    @property
    def staff(self) -> Staff:
        return self._tenant.staff

    def rows(self, event_type: str, window: tuple[int, int], *, actors: bool = False) -> pl.DataFrame:
        """The rows of one type with `window[0] <= time < window[1]`, in order of time.

        Columns: those of the type's layout and `HIDDEN`. All cells are text, an empty cell is empty text. With `actors`
        also those of the session table for each row, named with `ACTOR`.
        """
        days = []
        for day in _days(window):
            days.append(self._of_day(event_type, day, window, actors))
            days += self._of_planted(event_type, day, window, self._habits(day), "habits", HABITS_FROM, actors)
            days += self._of_planted(event_type, day, window, self._planted, "scenarios", SCENARIOS_FROM, actors)
        made = pl.concat(days) if days else pl.DataFrame()
        return made.sort("_time", maintain_order=True)

    def plant(self, planted_events: Iterable[PlantedEvent]) -> Numbered:
        """Further events of scenarios, numbered after those there are; none may lie in an hour whose file is made."""
        fresh: Numbered = {}
        for event in planted_events:
            numbered = self._planted.setdefault(event.event_type, [])
            fresh.setdefault(event.event_type, []).append((len(numbered), event))
            numbered.append(fresh[event.event_type][-1])
        return fresh

    def rows_of(self, numbered: Numbered, event_type: str, window: tuple[int, int]) -> list[pl.DataFrame]:
        """The rows of these planted events alone, with actors; one frame for each day that has some."""
        days = sorted({day_of(event.time) for _, event in numbered.get(event_type, ())})
        parts = (
            self._of_planted(event_type, day, window, numbered, "scenarios", SCENARIOS_FROM, actors=True)
            for day in days
        )
        return [frame for part in parts for frame in part]

    def streamed_alone(
        self, name: str, window: tuple[int, int], numbered: Numbered | None = None
    ) -> list[tuple[str, PlantedEvent]]:
        """Planted events that no log file tells of, each with its hidden id: the real-time events `name`, in the window.

        `numbered`: only of these, which `plant` returned; else of all scenarios.
        """
        return [
            (hidden_id(name, number, event), event)
            for number, event in (self._planted if numbered is None else numbered).get(name, ())
            if window[0] <= event.time < window[1]
        ]

    def planted_rows(self, event_type: str, window: tuple[int, int]) -> list[pl.DataFrame]:
        """The scenarios' rows alone, one frame for each day that has some; columns as `rows` gives them."""
        days = sorted({day_of(event.time) for _, event in self._planted.get(event_type, ())})
        return [
            frame.sort("_time", maintain_order=True)
            for day in days
            for frame in self._of_planted(event_type, day, window, self._planted, "scenarios", SCENARIOS_FROM)
        ]

    def stretch(self, event_type: str, window: tuple[int, int], first: int, count: int) -> pl.DataFrame:
        """`count` further rows of integrations inside the window, numbered from `first`: pieces of a file of any size."""
        day = self._day(day_of(window[0]))
        sessions = day.among("i").filter(pl.col("start") < window[0] + SETTLED, pl.col("end") >= window[1])
        index = pl.int_range(first, first + count, dtype=pl.UInt64, eager=True) + (1 << 48)
        random = RandomColumns(index, self._seed, day.date, event_type)
        chosen = sessions[(random.below("session", len(sessions))).cast(pl.Int64)]
        time = window[0] + SETTLED + random.below("moment", window[1] - window[0] - SETTLED).cast(pl.Int64)
        return self._frame(event_type, random, time, chosen, day.date, index, BUILDERS[event_type])

    def sessions(self, day: date) -> list[UserSession]:
        return self._timetable.sessions(day)

    def _make_day(self, day: date) -> Day:
        return Day(self._seed, day, self._rows_per_day, session_table(self._timetable.sessions(day)))

    def _of_day(self, event_type: str, when: date, window: tuple[int, int], actors: bool) -> pl.DataFrame:
        """Regular rows of one type and UTC day inside the window (ms); columns as `rows` gives them."""
        day = self._day(when)
        source, kept = _SAME_CALLS.get(event_type, (event_type, None))
        made = []
        for part in PARTS.get(source, (in_sessions,)):
            spine = part(day, source).filter(pl.col("time").is_between(*window, closed="left"))
            builder = failed_login if part in FAILED else BUILDERS[event_type]
            made.append(self._fill(event_type, source, day, spine, builder, kept, actors))
        return pl.concat(made)

    def _fill(
        self, event_type: str, source: str, day: Day, spine: pl.DataFrame, builder: Builder,
        kept: Callable[[Block], pl.Series] | None, shows_actors: bool,
    ) -> pl.DataFrame:  # fmt: skip
        """Cells for the rows of a spine (`index`, `session`, `time`, see activity.py).

        `source`: the type whose random stream is used, so that two types tell of the same requests; `kept`: which of its rows
        this type has as well (`Boolean`, one a row), None for all.
        """

        def random() -> RandomColumns:
            return RandomColumns(spine["index"], self._seed, day.date, source)

        if kept is not None:
            whole = Block(event_type, self._tenant, random(), spine["time"], pl.DataFrame())
            spine = spine.filter(kept(whole))
        actors = day.sessions[spine["session"]]
        index = spine["index"]
        return self._frame(event_type, random(), spine["time"], actors, day.date, index, builder, None, shows_actors)

    def _frame(
        self, event_type: str, random: RandomColumns, time: pl.Series, actors: pl.DataFrame, day: date, index: pl.Series,
        builder: Builder, scenario: pl.Series | None = None, shows_actors: bool = False,
    ) -> pl.DataFrame:  # fmt: skip
        """The rows with their cells and the columns of `HIDDEN`.

        `time` (`Int64`, ms), `index` (`UInt64`, part of the hidden id) and `actors` (rows of the session table) are of one length;
        so is `scenario` (`String`, null for an innocent habit), which only planted events have: they are neither made
        awkward nor repeated.
        """
        block = Block(event_type, self._tenant, random, time, actors)
        hidden = [
            block.join(f"{day:%Y%m%d}-{event_type}-", index.cast(pl.String)).alias("_id"),
            time.alias("_time"),
            random.part("late").alias("_late"),
            random.part("again").alias("_again"),
            (pl.repeat(None, len(block), dtype=pl.String, eager=True) if scenario is None else scenario).alias("_scenario"),
        ]  # fmt: skip
        shown = [actors[name].alias(f"{ACTOR}{name}") for name in actors.columns] if shows_actors else []
        frame = pl.DataFrame([*_cells(block, builder), *hidden, *shown])
        if self._awkward and scenario is None:
            frame = awkward.sprinkle(frame, random)
        return _with_twins(frame, random) if event_type in _TWINS and scenario is None else frame

    def _make_habits(self, day: date) -> Numbered:
        return _numbered(habits(self._seed, self.staff, self._timetable, self._rows_per_day, day))

    def _of_planted(
        self, event_type: str, day: date, window: tuple[int, int], planted_events: Numbered, stream: str, first: int,
        actors: bool = False,
    ) -> list[pl.DataFrame]:  # fmt: skip
        """Those of one day inside the window: one frame or none."""
        begin = midnight(day)
        low, high = max(window[0], begin), min(window[1], begin + DAY)
        chosen = [(number, event) for number, event in planted_events.get(event_type, ()) if low <= event.time < high]
        if not chosen:
            return []
        planted = [event for _, event in chosen]
        index = pl.Series([first + number for number, _ in chosen], dtype=pl.UInt64)
        sessions = session_table([event.session for event in planted])
        time = pl.Series([event.time for event in planted], dtype=pl.Int64)
        label = pl.Series([event.scenario or None for event in planted], dtype=pl.String)
        random = RandomColumns(index, self._seed, stream, event_type, *([day] if stream == "habits" else []))
        frame = self._frame(event_type, random, time, sessions, day, index, BUILDERS[event_type], label, actors)
        names = [name for name in layouts()[event_type].names if any(name in event.cells for event in planted)]
        own = {name: pl.Series([event.cells.get(name) for event in planted], dtype=pl.String) for name in names}
        return [frame.with_columns(pl.coalesce(pl.lit(cells), pl.col(name)).alias(name) for name, cells in own.items())]


def _numbered(planted_events: Iterable[PlantedEvent]) -> Numbered:
    found: Numbered = {}
    for event in planted_events:
        numbered = found.setdefault(event.event_type, [])
        numbered.append((len(numbered), event))
    return found


def _cells(block: Block, builder: Builder) -> list[pl.Series]:
    """The layout's columns in order: the type's own, else the shared ones, else empty."""
    own = dict(builder(block)) if len(block) else {}
    names = layouts()[block.event_type].names
    if own and "URI_ID_DERIVED" in names:
        own.setdefault("URI_ID_DERIVED", id_in(block.column(own["URI"] if "URI" in own else SHARED["URI"](block))))
    columns = []
    for name in names:
        if name in own:
            value = own[name]
        elif name in SHARED and len(block):
            value = SHARED[name](block)
        else:
            value = ""
        columns.append(block.column(value).alias(name))
    return columns


_TWINS = frozenset({"DatabaseSave", "UniqueQuery", "AuraRequest", "ApexTrigger"})
"""Types in which one request writes rows that are alike to the last cell."""


def _with_twins(frame: pl.DataFrame, random: RandomColumns) -> pl.DataFrame:
    """Repeat a few rows; each twin is an event of its own."""
    twins = frame.filter(random.whether("twin", 0.002)).with_columns(_id=pl.col("_id") + "b")
    return pl.concat([frame, twins])


def hidden_id(event_type: str, number: int, event: PlantedEvent) -> str:
    """`_id` of a planted event's row; `number`: as `Traffic` counts it."""
    return f"{day_of(event.time):%Y%m%d}-{event_type}-{SCENARIOS_FROM + number}"


def _days(window: tuple[int, int]) -> list[date]:
    """The UTC days that a window of milliseconds touches."""
    first = midnight(day_of(window[0]))
    return [day_of(moment) for moment in range(first, window[1], DAY)]
