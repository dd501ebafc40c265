"""Matched rows as baselines take them: who, when, what, how much, where.

Many baselines are of the same rows, groups and fields: what is read of the rows of a rule is read once for all of them
(`MatchedColumns`). Of few rows (`SMALL`) texts are made in Python, of many by Polars; both make the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property, reduce

import polars as pl

from agent.columns.small import SMALL
from agent.columns.text.group_text import LONGEST, text_of
from agent.columns.text.text_hash import TextHashes
from agent.columns.timestamp import TIME
from agent.detection.baseline.baseline import Baseline
from agent.detection.baseline.kind import Kind

LATITUDE, LONGITUDE = "source.geo.location.lat", "source.geo.location.lon"
NUMBERS = {LATITUDE: "lat", LONGITUDE: "lon"}
"""Columns of events that are read as numbers, and what they are called here."""
USER, ADDRESS = ("user.name", "user.id"), "source.ip"
PLACE = ("source.geo.city_name", "source.geo.country_iso_code", "source.as.organization.name")

ABOUT = (*USER, ADDRESS, *PLACE)
"""Columns of events that are read as text, whatever a baseline groups by."""

SCHEMA = pl.Schema(
    {
        "key": pl.UInt64,
        "group": pl.String,
        "time": pl.Int64,
        "mark": pl.String,
        "value": pl.String,
        "weight": pl.Float64,
        "user": pl.String,
        "address": pl.String,
        "lat": pl.Float64,
        "lon": pl.Float64,
        "place": pl.String,
    }
)
"""`key`: the group by number (`TextHashes`); `group`: `NAME=value, …`; `time`: milliseconds; `mark`: time and event id as
one text, whose order is that of time and then id, so that the first and last of many are a minimum and a maximum;
`value`: the field's text; `weight`: what is summed, 1 without a field; `lat`, `lon`: degrees; `place`: city, country,
operator; null where the kind neither needs nor shows them."""

DIGITS = 15
"""Digits of a time in a mark: until the year 33658, and nothing from before 1970."""

HEAVIEST = 1e15
"""What a row weighs at most: sums of such numbers are still exact enough to compare."""

Fields = tuple[tuple[str, str], ...]
"""Names that a group is told by, and the columns that hold their values."""


class MatchedColumns:
    """What baselines read of the rows that a rule, or several, matched, each column made when it is first asked for."""

    def __init__(self, matched: pl.DataFrame, hashes: TextHashes) -> None:
        """`matched`: prepared rows (`@timestamp`, `event.id`); `hashes`: of the batch's groups."""
        self._matched = matched
        self._hashes = hashes
        self._texts: set[str] = set()
        self._small = matched.height <= SMALL
        self._names = frozenset(matched.columns)
        self._made: dict[object, pl.Series] = {}

    def _once(self, name: object, make: Callable[[], pl.Series]) -> pl.Series:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def expect(self, texts: Iterable[str]) -> None:
        """Columns that will be asked for as text."""
        self._texts.update(texts)

    @property
    def dated(self) -> bool:
        return "@timestamp" in self._names

    def text(self, name: str) -> pl.Series:
        """A column as text (String), as `text_of` gives it."""
        return self._once(name, lambda: self._text(name))

    def _column(self, name: str) -> pl.Series | None:
        return self._matched.get_column(name) if name in self._names else None

    def _text(self, name: str) -> pl.Series:
        column = self._column(name)
        if column is None or column.dtype.is_nested() or column.null_count() == len(column):
            return _absent(pl.String, self._matched.height)
        if not self._small:
            return self._all_texts[name]
        texts = column if column.dtype == pl.String else column.cast(pl.String)
        return pl.Series([text[:LONGEST] or None if text else None for text in texts.to_list()], dtype=pl.String)

    @cached_property
    def _all_texts(self) -> dict[str, pl.Series]:
        """All columns that are asked for as text, in one go."""
        names = sorted(self._texts & self._names)
        made = self._matched.select(text_of(self._matched, name).alias(name) for name in names)
        return {column.name: column for column in made.iter_columns()}

    def first_text(self, *names: str) -> pl.Series:
        """The first of these columns that has a value, for each row."""
        return reduce(lambda text, name: text.zip_with(text.is_not_null(), self.text(name)) if text.null_count() else text,
                      names[1:], self.text(names[0]))  # fmt: skip

    @property
    def time(self) -> pl.Series:
        """Milliseconds (Int64)."""
        return self._once("time of", lambda: self._matched.get_column("@timestamp").cast(TIME).cast(pl.Int64))

    @property
    def mark(self) -> pl.Series:
        """See `SCHEMA`; null where there is no time."""
        return self._once("mark of", self._mark)

    def _mark(self) -> pl.Series:
        ids = self._matched["event.id"]
        if self._small:
            pairs = zip(self.time.to_list(), ids.to_list(), strict=True)
            return pl.Series([None if time is None or name is None else f"{time:0{DIGITS}}{name}" for time, name in pairs], dtype=pl.String)  # fmt: skip
        digits = pl.col("time").cast(pl.String).str.zfill(DIGITS)
        return pl.DataFrame({"time": self.time, "id": ids}).select(digits + pl.col("id")).to_series()

    @property
    def user(self) -> pl.Series:
        return self._once("user of", lambda: self.first_text(*USER))

    def number(self, name: str) -> pl.Series:
        """A column as Float64, null where it is absent or holds no numbers."""
        column = self._column(name)
        if column is None or not column.dtype.is_numeric():
            return _absent(pl.Float64, self._matched.height)
        return column.cast(pl.Float64)

    @property
    def place(self) -> pl.Series:
        """City, country and operator, as far as they are known; empty if none is."""
        return self._once("place of", self._place)

    def _place(self) -> pl.Series:
        parts = [self.text(name) for name in PLACE]
        if self._small:
            rows = zip(*(part.to_list() for part in parts), strict=True)
            return pl.Series([", ".join(text for text in row if text is not None) for row in rows], dtype=pl.String)
        columns = [part.alias(str(place)) for place, part in enumerate(parts)]
        return pl.DataFrame(columns).select(pl.concat_str(pl.all(), separator=", ", ignore_nulls=True)).to_series()

    def group(self, fields: Fields) -> pl.Series:
        """`NAME=value, …`; null if one of the values is."""
        return self._once(("group", fields), lambda: self._group(fields))

    def _group(self, fields: Fields) -> pl.Series:
        texts = [self.text(column) for _, column in fields]
        if not fields:
            return pl.Series([""], dtype=pl.String).new_from_index(0, self._matched.height)
        if self._small:
            rows = zip(*(text.to_list() for text in texts), strict=True)
            return pl.Series([_named(fields, row) for row in rows], dtype=pl.String)
        columns = pl.DataFrame([text.alias(str(place)) for place, text in enumerate(texts)])
        parts = [pl.lit(f"{name}=") + pl.col(str(place)) for place, (name, _) in enumerate(fields)]
        return columns.select(pl.concat_str(parts, separator=", ", ignore_nulls=False)).to_series()

    def key(self, fields: Fields) -> pl.Series:
        """The group's number (UInt64); of no meaning where there is no group."""
        return self._once(("key", fields), lambda: self._key(self.group(fields)))

    def _key(self, group: pl.Series) -> pl.Series:
        return self._hashes.of(group.fill_null("") if group.null_count() else group)

    def weight(self, name: str) -> pl.Series:
        """What is summed (Float64): the number in a column, or 1 without one."""
        if not name:
            return pl.Series([1.0]).new_from_index(0, self._matched.height)
        return self._once(("weight", name), lambda: self._weight(name))

    def _weight(self, name: str) -> pl.Series:
        number = pl.col("text").str.strip_chars().cast(pl.Float64, strict=False).fill_nan(0.0).fill_null(0.0)
        return self.text(name).alias("text").to_frame().select(number.clip(0.0, HEAVIEST)).to_series()


def _named(fields: Fields, row: tuple[str | None, ...]) -> str | None:
    """One row's group. `row`: its values, in the order of the fields."""
    if None in row:
        return None
    return ", ".join(f"{name}={value}" for (name, _), value in zip(fields, row, strict=True))


def texts_by_base(baselines: Iterable[Baseline]) -> dict[str, frozenset[str]]:
    """Rule id to the columns of its rows that these baselines ask for as text."""
    found: dict[str, set[str]] = {}
    for baseline in baselines:
        for base in baseline.bases:
            groups = {baseline.field_of(name, base) for name, _ in baseline.group_by}
            found.setdefault(base, set(ABOUT)).update(groups, {baseline.measured(base)} if baseline.field else ())
    return {base: frozenset(names) for base, names in found.items()}


class BatchRows:
    """The matched rows of a batch, as each baseline takes them."""

    def __init__(self, found: Mapping[str, pl.DataFrame], texts: Mapping[str, frozenset[str]]) -> None:
        """`found`: rule id to matched rows, prepared (`@timestamp`, `event.id`); `texts`: see `texts_by_base`."""
        # Rules that match all rows of a batch have one frame, and what is read of it is read once.
        self._found: dict[str, MatchedColumns] = {}
        by_frame: dict[int, MatchedColumns] = {}
        hashes = TextHashes()
        for base, matched in found.items():
            if matched.height:
                columns = by_frame.setdefault(id(matched), MatchedColumns(matched, hashes))
                columns.expect(texts[base])
                self._found[base] = columns

    def rows(self, baseline: Baseline, kind: Kind) -> pl.DataFrame:
        """One frame of `SCHEMA`; rows without a time, a group or what the kind asks for are left out."""
        parts = [
            _rows_of(baseline, kind, base, self._found[base])
            for base in baseline.bases
            if base in self._found and self._found[base].dated
        ]
        if not parts:  # of most batches no baseline takes a row
            return nothing()
        if len(parts) == 1:
            return parts[0]
        # A row that several rules match is one row.
        return pl.concat(parts).unique(["mark", "group"], keep="first", maintain_order=True)


@cache
def nothing() -> pl.DataFrame:
    """No rows, of `SCHEMA`."""
    return SCHEMA.to_frame()


def _absent(kind: type[pl.DataType], height: int) -> pl.Series:
    return pl.Series([None], dtype=kind).new_from_index(0, height)


def _rows_of(baseline: Baseline, kind: Kind, base: str, matched: MatchedColumns) -> pl.DataFrame:
    """Matched rows of one base, of `SCHEMA`."""
    fields = tuple((name, baseline.field_of(name, base)) for name, _ in baseline.group_by)
    field = baseline.measured(base) if baseline.field else ""
    time, group = matched.time, matched.group(fields)
    no_text, no_number = _absent(pl.String, len(time)), _absent(pl.Float64, len(time))
    columns = {
        "key": matched.key(fields),
        "group": group,
        "time": time,
        "mark": matched.mark,
        "value": matched.text(field) if field else no_text,
        "weight": matched.weight(field if kind.field == "summed" else ""),
        "user": matched.user,
        "address": matched.text(ADDRESS),
        **{name: matched.number(column) if column in kind.needs else no_number for column, name in NUMBERS.items()},
        "place": matched.place if kind.shows else no_text,
    }
    picked = pl.DataFrame([column.alias(name) for name, column in columns.items()])
    needed = [group, matched.mark, *(columns[NUMBERS[column]] for column in kind.needs)]
    if kind.field == "compared":
        needed.append(columns["value"])
    # A time of before 1970 or after the digits of a mark has no place among marks.
    wrong = time.null_count() or int(time.min()) < 0 or int(time.max()) >= 10**DIGITS  # type: ignore[arg-type]
    if not wrong and not any(column.null_count() for column in needed):
        return picked
    names = [name for name in SCHEMA if any(columns[name] is column for column in needed)]
    return picked.filter(pl.col("time").is_between(0, 10**DIGITS - 1), *(pl.col(name).is_not_null() for name in names))
