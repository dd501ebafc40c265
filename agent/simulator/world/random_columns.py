"""Reproducible randomness in columns.

A column's values are a function of the seed, the column's name and the row's number (splitmix64 over a counter), so
that any hour of any type can be made again, alone and in any order, and comes out the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from math import log

import polars as pl

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_PAIRS = pl.Series([first + second for first in _LETTERS for second in _LETTERS])


def key_of(*parts: object) -> int:
    """A 64-bit key for a stream of numbers."""
    return int.from_bytes(blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest(), "little")


def roll(*parts: object) -> int:
    """One reproducible 64-bit number."""
    return _mix_one(key_of(*parts))


def roll_between(low: float, high: float, *parts: object) -> float:
    """One reproducible number, even over [low, high)."""
    return low + (high - low) * (roll(*parts) / 2**64)


class RandomColumns:
    """Random columns for the rows numbered `index` (`UInt64`), all of its length."""

    def __init__(self, index: pl.Series, *stream: object) -> None:
        self._counter = index * _GOLDEN
        self._stream = stream

    def __len__(self) -> int:
        return len(self._counter)

    def bits(self, name: str) -> pl.Series:
        """64 random bits for each row, as `UInt64`."""
        return _mix(self._counter + key_of(*self._stream, name))

    def below(self, name: str, count: int) -> pl.Series:
        """Whole numbers in [0, count), as `UInt64`."""
        return self.bits(name) % count

    def part(self, name: str) -> pl.Series:
        """Numbers in [0, 1), as `Float64`."""
        return (self.bits(name) // (1 << 11)).cast(pl.Float64) / 2**53

    def whether(self, name: str, probability: float) -> pl.Series:
        """True with this probability."""
        return self.part(name) < probability

    def between(self, name: str, low: int, high: int) -> pl.Series:
        """Whole numbers, even over [low, high], as text."""
        return (self.below(name, high - low + 1).cast(pl.Int64) + low).cast(pl.String)

    def spread(self, name: str, low: float, high: float) -> pl.Series:
        """Whole numbers over [low, high], each order of magnitude as likely as the next, as text."""
        return self.spread_numbers(name, low, high).cast(pl.String)

    def spread_numbers(self, name: str, low: float, high: float) -> pl.Series:
        """As `spread`, as `Int64`."""
        return (self.part(name) * log((high + 1) / low) + log(low)).exp().floor().cast(pl.Int64)

    def choice(self, name: str, values: Mapping[str, int] | Sequence[str] | pl.Series) -> pl.Series:
        """One of `values`; a mapping gives each its weight."""
        pool = values if isinstance(values, pl.Series) else pl.Series(_weighted(values), dtype=pl.String)
        return pool.gather(self.below(name, len(pool)))

    def hexadecimal(self, name: str) -> pl.Series:
        """32 hexadecimal digits."""
        tables = [_HEX.gather(self.below(f"{name}{place}", len(_HEX))) for place in range(8)]
        return _joined(tables)

    def token(self, name: str) -> pl.Series:
        """22 characters of the URL-safe base 64 alphabet, the shape of a request id."""
        first, second, third = (self.bits(f"{name}{place}") for place in range(3))
        pieces = [
            _PAIRS.gather((source // (1 << shift)) % len(_PAIRS))
            for source, shifts in ((first, (0, 12, 24, 36)), (second, (0, 12, 24, 36)), (third, (0, 12, 24)))
            for shift in shifts
        ]
        return _joined(pieces)

    @cached_property
    def blank(self) -> pl.Series:
        """Empty cells."""
        return pl.repeat("", len(self), dtype=pl.String, eager=True)


_HEX = pl.Series([f"{number:04x}" for number in range(1 << 16)])


def _joined(pieces: list[pl.Series]) -> pl.Series:
    """The pieces (`String`, of one length) one after the other, row by row."""
    frame = pl.DataFrame([piece.alias(str(number)) for number, piece in enumerate(pieces)])
    return frame.select(pl.concat_str(pl.all())).to_series()


def _weighted(values: Mapping[str, int] | Sequence[str]) -> list[str]:
    if isinstance(values, Mapping):
        return [value for value, weight in values.items() for _ in range(weight)]
    return list(values)


def _mix(number: pl.Series) -> pl.Series:
    """The finalizer of splitmix64 over `UInt64`, which wraps around: a shift to the right is a division here."""
    number = (number ^ (number // (1 << 30))) * 0xBF58476D1CE4E5B9
    number = (number ^ (number // (1 << 27))) * 0x94D049BB133111EB
    return number ^ (number // (1 << 31))


def _mix_one(number: int) -> int:
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)
