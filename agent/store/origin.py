"""Where the rows of a batch came from, so that they can be fetched again when its file is damaged."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import orjson
import polars as pl

from agent.model import Batch


@dataclass(frozen=True, slots=True)
class Origin:
    """What a batch was read from."""

    source: str
    """The source's name in the settings: `<org name>/<source type>`."""
    service: str
    event_type: str
    org: str
    """The organisation's id."""
    input: str
    """For people: a log file's record id."""
    again: str
    """For the source: how to have the input once more."""
    records: str
    """The record numbers of the batch's rows; see `numbers`."""
    ids: str
    """A digest of the rows' event ids, in order."""

    @classmethod
    def of(cls, source: str, batch: Batch, shaped: pl.DataFrame) -> Origin | None:
        """Of a batch and the shaped frame made of it, row for row; None where the rows cannot be had once more."""
        numbers = batch.row_numbers
        if not batch.again or numbers is None or len(numbers) != shaped.height:
            return None
        ids = digest(shaped["event.id"])
        return cls(source, batch.source, batch.event_type, batch.org, batch.input, batch.again, _packed(numbers), ids)

    def document(self) -> Mapping[str, str]:
        return asdict(self)

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Origin:
        return cls(**document)

    def numbers(self) -> pl.Series:
        """The record number (`Int64`) of each row, 1 for the first after the header."""
        runs = orjson.loads(zlib.decompress(base64.b64decode(self.records)))
        parts = [pl.int_range(first, first + count, eager=True) for first, count in runs]
        return pl.concat(parts) if parts else pl.Series([], dtype=pl.Int64)


def digest(ids: pl.Series) -> str:
    """Of event ids (`String`) in their order; 32 hexadecimal characters."""
    return hashlib.blake2b("".join(ids.to_list()).encode(), digest_size=16).hexdigest()


def _packed(numbers: pl.Series) -> str:
    """Runs of consecutive numbers, compressed: most batches have one, 100,000 rows at most half as many."""
    # Arithmetic of series costs a microsecond, an expression over a few rows a hundred.
    jumps = (numbers[1:] - numbers[:-1]) != 1
    starts = [0, *(place + 1 for place in jumps.arg_true().to_list())] if jumps.any() else [0][: len(numbers)]
    lengths = (until - start for start, until in pairwise([*starts, len(numbers)]))
    firsts = numbers.gather(starts).to_list() if len(starts) > 1 else numbers[:1].to_list()
    text = orjson.dumps(list(zip(firsts, lengths, strict=True)))
    return base64.b64encode(zlib.compress(text, 1)).decode()
