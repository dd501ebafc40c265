"""What is remembered of records comes back as it was, in values that the state takes."""

from __future__ import annotations

import secrets

import pytest

from agent.sources.objects.snapshots.look import BUCKETS, bucket_number
from agent.sources.objects.snapshots.record_bucket import RecordBucket, SeenRecord
from tests.sources.objects.snapshots.assignments import assignment
from tests.sources.reader import START, RecalledKeys


def test_a_bucket_comes_back() -> None:
    """Empty cells, cells that were always hidden and records that are missing are told apart."""
    memory = RecalledKeys()
    records = {
        "0Pa1": SeenRecord({"Id": "0Pa1", "IsActive": "true", "ExpirationDate": None}),
        "0Pa2": SeenRecord({"Id": "0Pa2", "IsActive": "0"}, missing=True),
    }
    bucket = RecordBucket(records)
    memory.apply(bucket.stored(memory, "a", 1_000))
    assert RecordBucket.recalled(memory, "a") == RecordBucket(records, 1_000)


def test_each_state_has_another_stamp() -> None:
    """Also where the clock was set back, or a bucket is stored twice by one look."""
    memory, bucket = RecalledKeys(), RecordBucket()
    stamps = []
    for now in (1_000, 1_000, 500, 2_000):
        memory.apply(bucket.stored(memory, "a", now))
        stamps.append(RecordBucket.recalled(memory, "a").stamp)
    assert stamps == [1_000, 1_001, 1_002, 2_000]


def test_a_long_bucket_takes_several_values() -> None:
    """None of them is longer than the state takes, and none is left when the bucket becomes short again."""
    memory = RecalledKeys()
    cells: dict[str, str | None] = {"ActionConfig": secrets.token_hex(1_500_000)}
    bucket = RecordBucket({"0Pa1": SeenRecord(cells)})
    memory.apply(bucket.stored(memory, "a", 1_000))
    assert len(memory) > 1
    assert RecordBucket.recalled(memory, "a") == bucket
    bucket.records.clear()
    memory.apply(bucket.stored(memory, "a", 2_000))
    assert list(memory.keys()) == ["a/0"]
    assert RecordBucket.recalled(memory, "a").records == {}


def test_another_format_is_not_read() -> None:
    """What another version wrote is not taken for an empty bucket: everything in it would be granted."""
    with pytest.raises(ValueError, match="format 9"):
        RecordBucket.recalled(RecalledKeys({"a/0": b"\x09\x01"}), "a")


def test_records_spread_over_buckets() -> None:
    """200,000 records are some 800 a bucket: far from what a value holds."""
    counts = [0] * BUCKETS
    for number in range(20_000):
        counts[bucket_number(assignment(number, START)["Id"])] += 1
    assert max(counts) < 200
