"""What a correlation remembers of one org: matched rows of its open windows, and the alerts that may still grow.

Rows are stored as they come, a piece a batch, and a piece goes when its last row is too old; alerts are stored whole.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace

import orjson
import polars as pl

SCHEMA = pl.Schema(
    {
        "group": pl.String,
        "time": pl.Int64,
        "id": pl.String,
        "step": pl.Int64,
        "value": pl.String,
        "weight": pl.Float64,
        "user": pl.String,
        "address": pl.String,
    }
)
ROWS = 200_000
"""Rows kept for one correlation and org; of more the oldest are dropped, counted and logged."""

OPEN = 2_000
"""Alerts that may still grow, per correlation and org; of more the one whose last event is oldest is closed."""

PIECE = 6_000
"""Rows in a stored piece at most, so that it stays well below a megabyte."""

PIECES = 64
"""More pieces than this are written anew as few."""

TEXT = 500_000
"""Bytes of the alerts stored under one key."""


@dataclass(frozen=True, slots=True)
class Episode:
    """An alert and what was told of it; times in milliseconds of event time."""

    id: str
    group: str
    start: int
    end: int
    count: int
    """Contributing rows, those included that are no longer kept."""
    told: int
    """The count when it was last told."""
    revision: int = 0
    settled: int = 0
    """Contributing rows that are older than the floor; they are not counted anew."""
    settled_ids: tuple[str, ...] = ()
    measured: float = 0.0
    about: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Memory:
    """Immutable: a batch makes a new one, which counts from the commit on."""

    rows: pl.DataFrame = field(default_factory=lambda: SCHEMA.to_frame())
    floor: int = 0
    """Rows older than this are settled: their part in alerts is final, and later ones of their time are not taken."""
    episodes: tuple[Episode, ...] = ()
    pieces: tuple[tuple[int, int], ...] = ()
    """Number and newest time of each stored piece."""
    texts: int = 0


def stored(
    memory: Memory, before: Memory, fresh: pl.DataFrame, prefix: str, span: int
) -> tuple[Memory, dict[str, bytes | None]]:
    """The memory with its pieces, and what to store so that `recalled` gives it back."""
    kept = tuple(piece for piece in before.pieces if piece[1] >= memory.floor - span)
    parts = fresh
    if len(kept) > PIECES:
        kept, parts = (), memory.rows
    number = max((piece for piece, _ in before.pieces), default=0)
    changes: dict[str, bytes | None] = {}
    for part in parts.iter_slices(PIECE) if parts.height else ():
        number += 1
        changes[f"{prefix}/rows/{number}"] = _encoded(part)
        kept = (*kept, (number, int(part["time"].max())))  # type: ignore[arg-type]
    changes |= {f"{prefix}/rows/{old}": None for old, _ in before.pieces if old not in {new for new, _ in kept}}
    about = {"floor": memory.floor, "pieces": kept, "episodes": [asdict(one) for one in memory.episodes]}
    text = orjson.dumps(about)
    slices = [text[at : at + TEXT] for at in range(0, len(text), TEXT)]
    changes |= {f"{prefix}/alerts/{place}": part for place, part in enumerate(slices)}
    changes |= {f"{prefix}/alerts/{place}": None for place in range(len(slices), before.texts)}
    return replace(memory, pieces=kept, texts=len(slices)), changes


def recalled(recall: Callable[[str], bytes | None], prefix: str, span: int) -> Memory:
    texts = list(_texts(recall, prefix))
    if not texts:
        return Memory()
    about = orjson.loads(b"".join(texts))
    pieces = tuple((int(number), int(newest)) for number, newest in about["pieces"])
    parts = [data for number, _ in pieces if (data := recall(f"{prefix}/rows/{number}"))]
    rows = pl.concat([SCHEMA.to_frame(), *(pl.read_ipc(io.BytesIO(data)) for data in parts)])
    rows = rows.filter(pl.col("time") >= about["floor"] - span).unique(["id", "step"], keep="last")
    episodes = tuple(Episode(**{**one, "settled_ids": tuple(one["settled_ids"])}) for one in about["episodes"])
    return Memory(rows, about["floor"], episodes, pieces, len(texts))


def _texts(recall: Callable[[str], bytes | None], prefix: str) -> Iterator[bytes]:
    place = 0
    while (part := recall(f"{prefix}/alerts/{place}")) is not None:
        yield part
        place += 1


def _encoded(rows: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    rows.write_ipc(buffer, compression="zstd")
    return buffer.getvalue()
