"""Texts of one org (group keys, users, addresses) as numbers, so that a stored row repeats none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import polars as pl

from agent.columns.timestamp import HOUR
from agent.detection.memory.frame_bytes import decoded, encoded

SCHEMA = pl.Schema({"code": pl.UInt32, "text": pl.String, "seen": pl.Int64})
"""`seen`: event time in milliseconds of the newest row that has the text, up to `FRESH` too early."""

FRESH = HOUR
"""Milliseconds by which `seen` may lag behind; it is only there to tell which texts no row needs any more."""

PIECES = 64
"""More stored pieces than this are written anew as few."""

CHUNKS = 16
"""A frame of more chunks than these is made one: looking up codes is slow over many."""

PIECE_BYTES = 400_000
"""Bytes of text in a stored piece, about."""


_NOWHERE = pl.Series([None], dtype=pl.UInt32)
_NOTHING = pl.Series([None], dtype=pl.String)


@dataclass(frozen=True, slots=True)
class TextCodes:
    """The codes of one org's texts. Immutable: a batch makes a new one, which counts from the commit on."""

    frame: pl.DataFrame = field(default_factory=SCHEMA.to_frame)
    """Of `SCHEMA`, by code, ascending."""
    following: int = 0
    """The next code that nobody has; codes are not used twice."""
    pieces: tuple[int, ...] = ()
    """Numbers of the stored pieces."""
    hashes: pl.Series = field(default_factory=lambda: _hashes(pl.Series(dtype=pl.String)))
    """Of the texts of `frame`: looking up these takes a fifth of looking up texts. Not stored."""
    told_apart: bool = True
    """Whether no two texts have one hash. As soon as two have, texts are looked up themselves."""
    changed: tuple[pl.DataFrame, ...] = ()
    """Frames of `SCHEMA` that are not stored yet; of a code the last row counts."""

    def coded(self, texts: pl.Series, seen: pl.Series) -> tuple[TextCodes, pl.Series]:
        """With these texts; and their codes (UInt32), null for null.

        `texts`: String; `seen`: Int64, the time in milliseconds at which a row has the text.
        """
        known, places = self, _places(_hashes(texts), self.hashes) if self.told_apart else None
        if places is None or not (self.frame["text"].gather(places) == texts).all():
            known, places = replace(self, told_apart=False), _places(texts, self.frame["text"])
        new = texts.is_not_null() & places.is_null()
        if new.any():
            missing = texts.filter(new)
            known = _with_new(known, missing, seen.filter(new))
            added = _places(missing, known.frame["text"].slice(self.frame.height)) + self.frame.height
            places = places.scatter(new.arg_true(), added)
        places = places.zip_with(texts.is_not_null(), _NOWHERE)
        behind = (seen > known.frame["seen"].gather(places) + FRESH).fill_null(value=False)
        if behind.any():
            known = _with_seen(known, places.filter(behind), seen.filter(behind))
        return known, known.frame["code"].gather(places)

    def named(self, codes: pl.Series) -> pl.Series:
        """The texts (String) of codes (UInt32); null for null, and for a code that nobody has."""
        if not self.frame.height:
            return pl.Series("text", [None], dtype=pl.String).new_from_index(0, len(codes))
        # Codes ascend: a binary search finds the place of each, or where it would be, which the comparison tells apart.
        places = self.frame["code"].search_sorted(codes.fill_null(0)).clip(0, self.frame.height - 1)
        texts = self.frame["text"].gather(places)
        return texts.zip_with((self.frame["code"].gather(places) == codes).fill_null(value=False), _NOTHING)


def _with_new(texts: TextCodes, new: pl.Series, seen: pl.Series) -> TextCodes:
    """With codes for texts that had none. `new`: String without nulls; `seen`: Int64, milliseconds."""
    # In their order, so that the same rows get the same codes each time.
    newest = pl.DataFrame({"text": new, "seen": seen}).group_by("text", maintain_order=True).agg(pl.col("seen").max())
    codes = pl.int_range(texts.following, texts.following + newest.height, dtype=pl.UInt32, eager=True)
    added = newest.select(codes.alias("code"), "text", "seen")
    hashes = _hashes(added["text"])
    return replace(
        texts,
        frame=pl.concat([texts.frame, added]),
        following=texts.following + added.height,
        hashes=pl.concat([texts.hashes, hashes]),
        told_apart=texts.told_apart and hashes.n_unique() == len(hashes),
        changed=(*texts.changed, added),
    )


def _with_seen(texts: TextCodes, places: pl.Series, seen: pl.Series) -> TextCodes:
    """With later times. `places`: rows of `frame` (UInt32); `seen`: Int64, milliseconds."""
    newest = pl.DataFrame({"place": places, "seen": seen}).group_by("place").agg(pl.col("seen").max())
    times = texts.frame["seen"].clone().scatter(newest["place"], newest["seen"])
    frame = texts.frame.with_columns(times)
    return replace(texts, frame=frame, changed=(*texts.changed, frame[newest["place"]]))


def _places(wanted: pl.Series, known: pl.Series) -> pl.Series:
    """Where in `known` (each once) there is what is `wanted`; UInt32, null where it is not."""
    rows = pl.DataFrame({"key": known, "place": pl.int_range(len(known), dtype=pl.UInt32, eager=True)})
    return wanted.alias("key").to_frame().join(rows, on="key", how="left", maintain_order="left")["place"]


def _hashes(texts: pl.Series) -> pl.Series:
    """UInt64. Whoever makes texts with one hash on purpose only makes looking up slower."""
    return texts.hash(0)


def stored(texts: TextCodes, prefix: str, floor: int) -> tuple[TextCodes, dict[str, bytes | None]]:
    """What to store so that `recalled` gives it back. `floor`: milliseconds; texts last seen before it may be
    forgotten.
    """
    if not texts.changed:
        return texts, {}
    kept, parts, frame = texts.pieces, list(texts.changed), texts.frame
    hashes = texts.hashes
    if len(kept) > PIECES:
        needed = frame["seen"] >= floor - FRESH  # as far as `seen` may lag behind
        frame, hashes = frame.filter(needed), hashes.filter(needed)
        kept, parts = (), [frame.rechunk()]
    number = max(texts.pieces, default=0)
    changes: dict[str, bytes | None] = {f"{prefix}/{old}": None for old in texts.pieces if old not in kept}
    for part in _pieces(pl.concat(parts)):
        number += 1
        changes[f"{prefix}/{number}"] = encoded(part)
        kept = (*kept, number)
    changes[f"{prefix}/head"] = orjson.dumps({"pieces": kept, "following": texts.following})
    if frame.n_chunks() > CHUNKS:
        frame, hashes = frame.rechunk(), hashes.rechunk()
    return replace(texts, frame=frame, hashes=hashes, pieces=kept, changed=()), changes


def recalled(recall: Callable[[str], bytes | None], prefix: str) -> TextCodes:
    """What is stored under `prefix`: pieces in their order, of a code the row that was stored last."""
    head = recall(f"{prefix}/head")
    if head is None:
        return TextCodes()
    about: dict[str, Any] = orjson.loads(head)
    parts = [data for number in about["pieces"] if (data := recall(f"{prefix}/{number}"))]
    frame = pl.concat([SCHEMA.to_frame(), *(decoded(data) for data in parts)])
    frame = frame.unique("code", keep="last").sort("code")
    hashes = _hashes(frame["text"])
    told_apart = hashes.n_unique() == frame.height
    return TextCodes(frame, about["following"], tuple(about["pieces"]), hashes, told_apart)


def _pieces(frame: pl.DataFrame) -> list[pl.DataFrame]:
    """A frame of `SCHEMA` in parts of about `PIECE_BYTES`: a row takes its text, and 16 bytes for code, time and
    offset.
    """
    place = (pl.col("text").str.len_bytes() + 16).cum_sum() // PIECE_BYTES
    return frame.with_columns(place.alias("place")).partition_by("place", include_key=False, maintain_order=True)
