"""Matched rows to the compact ones that correlations keep, and back to what correlations of correlations match."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl
import pyarrow as pa

from agent.columns.small import SMALL
from agent.columns.text.field_texts import FieldTexts
from agent.columns.text.group_text import text_of
from agent.columns.text.text_hash import text_hashes
from agent.columns.timestamp import TIME
from agent.detection.correlation.definition.correlation import NUMERIC, Correlation
from agent.detection.correlation.memory import schema
from agent.detection.correlation.text_codes import TextCodes

USER, ADDRESS = ("user.name", "user.id"), ("source.ip",)
"""Who did it, by the first of these that has a value; and from where."""

NOBODY = 2**32 - 1
"""The group where nothing is grouped by."""

_OURS = re.compile("[0-9a-f]{32}")

NO_NUMBER = pl.Series([None], dtype=pl.Float64)

Key = tuple[str, ...]
"""Fields whose values make one text."""


@dataclass(frozen=True, slots=True)
class MatchedRows:
    """Rows that one rule or correlation matched, each id once."""

    rows: pl.DataFrame
    """`time` (Int64, milliseconds), `id` (Binary), `key N` (UInt32 codes of texts), `value N` (String); null where
    there is nothing.
    """
    keys: Mapping[Key, str]
    """Fields to the column of their codes."""
    values: Mapping[Key, str]
    """Fields to the column of their texts, which are counted or summed."""


@dataclass(slots=True)
class CorrelationRows:
    """Rows of one batch that a correlation takes, and how many it leaves out."""

    rows: pl.DataFrame
    """Of `memory.schema`."""
    left_out: dict[str, int] = field(default_factory=dict)
    """`no_time`, `no_group`, `no_value`, `future` to numbers of rows."""


def keys_of(correlation: Correlation, carried: Sequence[str], base: str) -> set[Key]:
    """What must be coded of the base's rows. `carried`: fields that correlations of this one look at."""
    group = tuple(correlation.field_of(name, base) for name in correlation.group_by)
    return {group, USER, ADDRESS, *((correlation.field_of(name, base),) for name in carried)} - {()}


def value_of(correlation: Correlation, base: str) -> Key:
    """The base's fields whose values are counted or summed; empty if none are."""
    return tuple(correlation.field_of(name, base) for name in correlation.fields)


def read_matched(
    found: Mapping[str, pl.DataFrame], keys: Mapping[str, set[Key]], values: Mapping[str, set[Key]], texts: TextCodes
) -> tuple[TextCodes, dict[str, MatchedRows]]:
    """All that correlations look at in these rows, read and coded once; with codes for texts that had none.

    `found`: rule or correlation to its matched rows, prepared: `event.id` (String), `@timestamp` (Datetime), and what
    `keys` and `values` name.
    """
    read = {base: _read(rows, keys[base], values[base]) for base, rows in found.items() if rows.height}
    coded = [(base, column) for base, matched in read.items() for column in matched.keys.values()]
    if not coded:
        return texts, read
    # All columns are looked up at once: one call costs more than the rows of most columns.
    seen = {base: matched.rows["time"].fill_null(0) for base, matched in read.items()}
    texts, codes = texts.coded(
        pl.concat([read[base].rows[column].alias("text") for base, column in coded]),
        pl.concat([seen[base] for base, _ in coded]),
    )
    found_codes: dict[str, list[pl.Series]] = {}
    place = 0
    for base, column in coded:
        height = read[base].rows.height
        found_codes.setdefault(base, []).append(codes.slice(place, height).alias(column))
        place += height
    return texts, {
        base: replace(matched, rows=_with(matched.rows, found_codes[base])) for base, matched in read.items()
    }


def _with(rows: pl.DataFrame, columns: Sequence[pl.Series]) -> pl.DataFrame:
    """With these columns in the place of those of their names; `with_columns` costs three times as much."""
    new = {column.name: column for column in columns}
    return pl.DataFrame([new.get(column.name, column) for column in rows.iter_columns()])


def _read(matched: pl.DataFrame, keys: set[Key], values: set[Key]) -> MatchedRows:
    """With texts as texts, `key N` not yet coded; what is missing is null."""
    named = {key: f"key {place}" for place, key in enumerate(sorted(keys))}
    plain = {key: f"value {place}" for place, key in enumerate(sorted(values))}
    read = _read_few if matched.height <= SMALL else _read_columns
    return MatchedRows(read(matched, named, plain), named, plain)


def _read_columns(matched: pl.DataFrame, named: Mapping[Key, str], plain: Mapping[Key, str]) -> pl.DataFrame:
    """`time`, `id`, and the text of each key in the column that it is to have."""
    time = pl.lit(None, pl.Int64) if "@timestamp" not in matched.columns else pl.col("@timestamp").cast(TIME).dt.epoch("ms")  # fmt: skip
    rows = matched.select(
        time.alias("time"),
        text_of(matched, "event.id").alias("id"),
        *(_key(matched, key).alias(column) for key, column in named.items()),
        *(_joined_text([text_of(matched, name) for name in key]).alias(column) for key, column in plain.items()),
    )
    return rows.with_columns(_id_bytes(rows["id"])).unique("id", keep="first", maintain_order=True)


def _read_few(matched: pl.DataFrame, named: Mapping[Key, str], plain: Mapping[Key, str]) -> pl.DataFrame:
    """As `_read_columns`, row by row: there each text is an expression, and a rule that matched costs 1 ms and more."""
    texts, height = FieldTexts(matched), matched.height
    ids = [None if text is None else _bytes_of(text) for text in texts["event.id"]]
    if "@timestamp" in matched.columns:
        time = matched["@timestamp"].cast(TIME).cast(pl.Int64).alias("time")
    else:
        time = pl.Series("time", [None], dtype=pl.Int64).new_from_index(0, height)
    read = {column: texts.first(key) if key == USER else texts.joined(key) for key, column in named.items()}
    read |= {column: texts.joined(key) for key, column in plain.items()}
    columns = [pl.Series(column, cells, dtype=pl.String) for column, cells in read.items()]
    rows = pl.DataFrame([time, pl.Series("id", ids, dtype=pl.Binary), *columns])
    first = {ids[row]: row for row in reversed(range(height))}
    return rows if len(first) == height else rows[sorted(first.values())]


def _key(matched: pl.DataFrame, key: Key) -> pl.Expr:
    """Of `USER` the first field that has a value, of others all of them together."""
    texts = [text_of(matched, name) for name in key]
    return pl.coalesce(texts) if key == USER else _joined_text(texts)


def correlation_rows(
    correlation: Correlation, carried: Sequence[str], found: Mapping[str, MatchedRows], latest: int | None
) -> CorrelationRows:
    """The rows of a batch that this correlation takes. `carried`: fields that correlations of it look at; `latest`:
    later rows are left out, in milliseconds.
    """
    parts = [
        _rows_of_base(correlation, carried, base, place, found[base])
        for place, base in enumerate(correlation.steps)
        if base in found
    ]
    if not parts:
        return CorrelationRows(schema(correlation, len(carried)).to_frame())
    rows, out = pl.concat(parts) if len(parts) > 1 else parts[0], {}
    if not _complete(rows, latest):
        reasons = rows.select(_reason(correlation, latest).alias("reason"))["reason"]
        out = {str(reason): int(count) for reason, count in reasons.drop_nulls().value_counts().iter_rows()}
        rows = rows.filter(reasons.is_null())
    if correlation.kind == "value_count":
        rows = rows.with_columns(text_hashes(rows["value"]))
    return CorrelationRows(rows, out)


def _complete(rows: pl.DataFrame, latest: int | None) -> bool:
    """Whether nothing is left out, as is the rule: so that no plan has to be made."""
    needed = [name for name in ("time", "group", "value") if name in rows.columns]
    if any(rows[name].null_count() for name in needed):
        return False
    return latest is None or not rows.height or int(rows["time"].max()) <= latest  # type: ignore[arg-type]


def _rows_of_base(
    correlation: Correlation, carried: Sequence[str], base: str, place: int, matched: MatchedRows
) -> pl.DataFrame:
    """Rows of one base, of `memory.schema`; but `value` is a text where values are counted. `place`: its step."""
    rows, height = matched.rows, matched.rows.height
    group = tuple(correlation.field_of(name, base) for name in correlation.group_by)
    value = value_of(correlation, base)
    columns = {
        "group": rows[matched.keys[group]] if group else pl.Series([NOBODY], dtype=pl.UInt32).new_from_index(0, height),
        "time": rows["time"],
        "id": rows["id"],
        "step": pl.Series([place], dtype=pl.UInt8).new_from_index(0, height),
        **({"value": _value(correlation, rows[matched.values[value]])} if value else {}),
        "user": rows[matched.keys[USER]],
        "address": rows[matched.keys[ADDRESS]],
    }
    for number, name in enumerate(carried):
        columns[f"carried {number}"] = rows[matched.keys[(correlation.field_of(name, base),)]]
    return pl.DataFrame([column.alias(name) for name, column in columns.items()])


def _reason(correlation: Correlation, latest: int | None) -> pl.Expr:
    """Why a row cannot be placed; null if it can."""
    reason = pl.when(pl.col("time").is_null()).then(pl.lit("no_time")).when(pl.col("group").is_null()).then(pl.lit("no_group"))  # fmt: skip
    if correlation.fields:
        reason = reason.when(pl.col("value").is_null()).then(pl.lit("no_value"))
    if latest is not None:
        reason = reason.when(pl.col("time") > latest).then(pl.lit("future"))
    return reason


def _joined_text(keys: Sequence[pl.Expr]) -> pl.Expr:
    """One text for all; null if one of them is. `open_alert.values_of` takes it apart."""
    if not keys:
        return pl.lit("")
    if len(keys) == 1:
        return keys[0]
    whole = pl.all_horizontal(*(key.is_not_null() for key in keys))
    return pl.when(whole).then(
        pl.struct(key.alias(str(number)) for number, key in enumerate(keys)).struct.json_encode()
    )


def _value(correlation: Correlation, texts: pl.Series) -> pl.Series:
    """A number of at least zero (Salesforce writes -1 for unknown), or the text to count."""
    if correlation.kind not in NUMERIC:
        return texts
    number = texts.str.strip_chars().cast(pl.Float64, strict=False)
    return number.zip_with((number.is_finite() & (number >= 0)).fill_null(value=False), NO_NUMBER)


def _id_bytes(text: pl.Series) -> pl.Series:
    """Ids of our own (32 hexadecimal digits) as 16 bytes, others as they are behind a sign, which `id_texts` takes off.

    The sign makes 16 bytes of 15: these get two signs, so that only ids of our own are 16 bytes long.
    """
    ours = text.str.contains("^[0-9a-f]{32}$")
    if ours.all(ignore_nulls=False):
        return text.str.decode("hex", strict=False)
    written = pl.col("id")
    other = pl.when(written.str.len_bytes() == 15).then(pl.lit("~~") + written).otherwise(pl.lit("=") + written)
    coded = pl.when(ours).then(written.str.decode("hex", strict=False)).otherwise(other.cast(pl.Binary))
    return text.alias("id").to_frame().select(coded.alias("id"))["id"]


def _bytes_of(text: str) -> bytes:
    """As `_id_bytes`, of one id."""
    if _OURS.fullmatch(text):
        return bytes.fromhex(text)
    written = text.encode()
    return (b"~~" if len(written) == 15 else b"=") + written


def id_texts(coded: pl.Series) -> pl.Series:
    """Ids as text (String) again; `coded`: Binary, as `_id_bytes` makes them."""
    ours = coded.bin.size() == 16
    if ours.all():
        return coded.bin.encode("hex")
    nothing = pl.Series([b""]).new_from_index(0, len(coded))
    # Polars' own cast would try the bytes of ours as text too, for they stay in the buffer.
    foreign = nothing.zip_with(ours, coded).to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.large_string())
    text = pl.Series(foreign)
    strange = text.str.starts_with("~~") & (text.str.len_bytes() == 17)
    return coded.bin.encode("hex").zip_with(ours, text.str.slice(2).zip_with(strange, text.str.slice(1)))


def handed_on(rows: pl.DataFrame, carried: Sequence[str], texts: TextCodes) -> pl.DataFrame:
    """Rows at which a correlation held, as matched rows for correlations of it.

    `rows`: `memory.schema` and `known`, when the window was over: that is the time at which they happened for these.
    """
    named = {name: texts.named(rows[f"carried {place}"]) for place, name in enumerate(carried)}
    columns = {"user.name": texts.named(rows["user"]), "source.ip": texts.named(rows["address"]), **named}
    return rows.select(
        pl.from_epoch("known", "ms").cast(TIME).alias("@timestamp"), id_texts(rows["id"]).alias("event.id")
    ).with_columns(**columns)
