"""Matched rows to the compact ones that correlations keep, and back to what correlations of correlations match."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from agent.detection.correlation import NUMERIC, Correlation
from agent.detection.correlation_memory import schema
from agent.detection.correlation_text import Texts

LONGEST = 2_000
"""Characters of a value that are told apart in a group."""

TIME = pl.Datetime("ms", "UTC")


@dataclass(slots=True)
class Picked:
    """Rows of one batch that a correlation takes, and how many it leaves out."""

    texts: Texts
    rows: pl.DataFrame
    left_out: dict[str, int] = field(default_factory=dict)
    """`no_time`, `no_group`, `no_value`, `future` to numbers of rows."""


def picked(
    correlation: Correlation, carried: Sequence[str], found: Mapping[str, pl.DataFrame], texts: Texts, latest: int | None
) -> Picked:  # fmt: skip
    """`carried`: fields that correlations of this one look at. `latest`: later rows are left out (milliseconds)."""
    out: dict[str, int] = {}
    parts = [
        _whole(_read(correlation, carried, base, place, found[base]), correlation, latest, out)
        for place, base in enumerate(correlation.steps)
        if base in found and found[base].height
    ]
    if not parts:
        return Picked(texts, schema(correlation, len(carried)).to_frame(), out)
    rows = pl.concat(parts).unique(["id", "step"], keep="first", maintain_order=True)
    names = ["group", "user", "address", *(f"carried {place}" for place in range(len(carried)))]
    texts, coded = _coded(texts, rows, names)
    if correlation.kind == "value_count":
        coded = coded.with_columns(_hashed(coded["value"]))
    return Picked(texts, coded.select(schema(correlation, len(carried)).names()), out)


def _read(
    correlation: Correlation, carried: Sequence[str], base: str, place: int, matched: pl.DataFrame
) -> pl.DataFrame:
    """Every row, with texts as texts; what is missing is null."""
    keys = [_text(matched, correlation.field_of(name, base)) for name in correlation.group_by]
    values = [_text(matched, correlation.field_of(name, base)) for name in correlation.fields]
    time = pl.lit(None, pl.Int64) if "@timestamp" not in matched.columns else pl.col("@timestamp").cast(TIME).dt.epoch("ms")  # fmt: skip
    return matched.select(
        _joined(keys).alias("group"),
        time.alias("time"),
        _identity(_text(matched, "event.id")).alias("id"),
        pl.lit(place, dtype=pl.UInt8).alias("step"),
        *([_value(correlation, values).alias("value")] if values else []),
        pl.coalesce(_text(matched, "user.name"), _text(matched, "user.id")).alias("user"),
        _text(matched, "source.ip").alias("address"),
        *(
            _text(matched, correlation.field_of(name, base)).alias(f"carried {number}")
            for number, name in enumerate(carried)
        ),
    )


def _whole(rows: pl.DataFrame, correlation: Correlation, latest: int | None, out: dict[str, int]) -> pl.DataFrame:
    """Without the rows that cannot be placed, which are counted."""
    reasons = {"no_time": pl.col("time").is_null(), "no_group": pl.col("group").is_null()}
    if correlation.fields:
        reasons["no_value"] = pl.col("value").is_null()
    if latest is not None:
        reasons["future"] = pl.col("time") > latest
    for reason, wrong in reasons.items():
        kept = rows.filter(~wrong.fill_null(value=False))
        if kept.height < rows.height:
            out[reason] = out.get(reason, 0) + rows.height - kept.height
        rows = kept
    return rows


def _text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column as text, null where it is empty, absent or no single value."""
    if name not in frame.columns or frame.schema[name].is_nested():
        return pl.lit(None, dtype=pl.String)
    text = pl.col(name).cast(pl.String)
    return pl.when(text != "").then(text.str.slice(0, LONGEST))


def _joined(keys: Sequence[pl.Expr]) -> pl.Expr:
    """One text for all; null if one of them is. `correlation_episode.values_of` takes it apart."""
    if not keys:
        return pl.lit("")
    if len(keys) == 1:
        return keys[0]
    whole = pl.all_horizontal(*(key.is_not_null() for key in keys))
    return pl.when(whole).then(
        pl.struct(key.alias(str(number)) for number, key in enumerate(keys)).struct.json_encode()
    )


def _value(correlation: Correlation, values: Sequence[pl.Expr]) -> pl.Expr:
    """A number of at least zero (Salesforce writes -1 for unknown), or the text to count."""
    if correlation.kind in NUMERIC:
        number = values[0].str.strip_chars().cast(pl.Float64, strict=False)
        return pl.when(number.is_finite() & (number >= 0)).then(number)
    return _joined(values)


def _identity(text: pl.Expr) -> pl.Expr:
    """Ids of our own as 16 bytes, others as they are behind a sign."""
    other = pl.when(text.str.len_bytes() == 15).then(pl.lit("~~") + text).otherwise(pl.lit("=") + text)
    ours = text.str.contains("^[0-9a-f]{32}$")
    return pl.when(ours).then(text.str.decode("hex", strict=False)).otherwise(other.cast(pl.Binary))


def ids(coded: pl.Expr) -> pl.Expr:
    """Ids as text again."""
    ours = coded.bin.size() == 16
    other = pl.when(ours).then(None).otherwise(coded).cast(pl.String)
    plain = pl.when(other.str.starts_with("~~") & (other.str.len_bytes() == 17)).then(other.str.slice(2))
    return pl.when(ours).then(coded.bin.encode("hex")).otherwise(plain.otherwise(other.str.slice(1)))


def _coded(texts: Texts, rows: pl.DataFrame, names: Sequence[str]) -> tuple[Texts, pl.DataFrame]:
    if not rows.height:
        return texts, rows.with_columns(pl.col(names).cast(pl.UInt32, strict=False))
    said = pl.concat([rows.select(pl.col(name).alias("text"), pl.col("time").alias("seen")) for name in names])
    distinct = said.filter(pl.col("text").is_not_null()).group_by("text").agg(pl.col("seen").max())
    texts, codes = texts.coded(distinct)
    for name in names:
        mine = codes.rename({"text": name, "code": "code of it"})
        rows = rows.join(mine, on=name, how="left", maintain_order="left").with_columns(pl.col("code of it").alias(name)).drop("code of it")  # fmt: skip
    return texts, rows


def _hashed(values: pl.Series) -> pl.Series:
    """64 bits for each distinct value: somebody else chooses them, so no quick hash will do."""
    distinct = values.unique()
    hashed = [int.from_bytes(hashlib.blake2b(one.encode(), digest_size=8).digest(), "little") for one in distinct]
    known = pl.DataFrame({"value": distinct, "hash": pl.Series(hashed, dtype=pl.UInt64)})
    return values.to_frame().join(known, on="value", how="left", maintain_order="left")["hash"].alias("value")


def handed_on(rows: pl.DataFrame, carried: Sequence[str], texts: Texts) -> pl.DataFrame:
    """Rows at which a correlation held, as matched rows for correlations of it. `known`: when it was certain."""
    named = {name: texts.named(rows[f"carried {place}"]) for place, name in enumerate(carried)}
    said = {"user.name": texts.named(rows["user"]), "source.ip": texts.named(rows["address"]), **named}
    return rows.select(
        pl.from_epoch("known", "ms").cast(TIME).alias("@timestamp"), ids(pl.col("id")).alias("event.id")
    ).with_columns(**said)
