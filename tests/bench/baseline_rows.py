"""What people of an org do on a day, as rows for `make bench-baselines`: a few of them do much."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import polars as pl

from tests.bench.beside.agent_names import prepared

BEGINNING = datetime(2026, 6, 1, tzinfo=UTC)
BATCH = 8_000

DAY: dict[str, tuple[float, dict[str, str]]] = {
    "RestApi": (3.0, {"METHOD": "GET", "URI": "/services/data/v60.0/query"}),
    "ApiTotalUsage": (1.0, {"HTTP_METHOD": "GET"}),
    "Login": (1.0, {"LOGIN_STATUS": "LOGIN_NO_ERROR"}),
    "Report": (0.5, {"RENDERING_TYPE": "C"}),
    "ReportExport": (0.3, {}),
    "ContentTransfer": (0.5, {"TRANSACTION_TYPE": "VersionDownloadAction"}),
    "BulkApi2": (0.02, {"OPERATION_TYPE": "query", "JOB_STATUS": "JobComplete"}),
}
"""Kind of log file to rows of a user and day, and the cells that the rules ask for."""


def day(rng: random.Random, number: int, users: int) -> list[pl.DataFrame]:
    """The batches of a day, an hour and a kind at a time."""
    frames = (rows(rng, kind, number, users) for kind in DAY)
    hours = (
        hour for frame in frames for _, hour in frame.group_by(pl.col("@timestamp").dt.hour(), maintain_order=True)
    )
    return sorted((part for hour in hours for part in hour.iter_slices(BATCH)), key=lambda part: part["@timestamp"][0])


def rows(rng: random.Random, kind: str, number: int, users: int) -> pl.DataFrame:
    """A log file's rows of a day, most of them between seven and nineteen o'clock, with what is computed of them."""
    often, cells = DAY[kind]
    count = int(users * often)
    who = pl.col("who")
    drawn = pl.DataFrame(
        {
            "after": sorted(int(min(max(rng.gauss(13, 3), 0), 23.99) * 3_600_000) for _ in range(count)),
            "who": [int(users * rng.random() ** rng.choice((1.0, 2.5))) for _ in range(count)],
            "few": rng.choices(range(1, 2_000), k=count),
            "many": rng.choices(range(1, 20_000), k=count),
        }
    )
    midnight = pl.lit(BEGINNING + timedelta(days=number)).cast(pl.Datetime("ms", "UTC"))
    made = drawn.select(
        pl.concat_str(pl.lit(f"{number:04}{kind}"), pl.int_range(pl.len()).cast(pl.String)).alias("event.id"),
        pl.lit("00D5g000000AbCdEAK").alias("organization.id"),
        (midnight + pl.duration(milliseconds="after")).alias("@timestamp"),
        pl.lit(kind).alias("EVENT_TYPE"),
        ("0055g0000" + who.cast(pl.String).str.zfill(6)).alias("USER_ID"),
        ("user" + who.cast(pl.String) + "@example.com").alias("user.name"),
        *(pl.lit(value).alias(name) for name, value in cells.items()),
        pl.col("few").cast(pl.String).alias("ROWS_PROCESSED"),
        pl.col("few").cast(pl.String).alias("ROW_COUNT"),
        pl.col("many").cast(pl.String).alias("RECORDS_PROCESSED"),
        ("0H45g0000000" + (who % 80).cast(pl.String).str.zfill(3)).alias("CONNECTED_APP_ID"),
        ("198.18." + (who // 250 % 250).cast(pl.String) + "." + (who % 250).cast(pl.String)).alias("source.ip"),
        (who % 40 + 64_500).alias("source.as.number"),
        pl.lit("SE").alias("source.geo.country_iso_code"),
        (who % 10 + 55.0).alias("source.geo.location.lat"),
        (who % 7 + 11.0).alias("source.geo.location.lon"),
        pl.lit("public").alias("leakline.ip_kind"),
        pl.lit("browser").alias("leakline.client_kind"),
        (who < users // 200).alias("leakline.user_is_integration"),
    )
    return prepared(kind, made)  # type: ignore[no-any-return]
