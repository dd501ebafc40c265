"""Records of storage objects, as REST writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agent.simulator.records.record_kind import FieldType

FIELDS: dict[str, FieldType] = {
    "Id": "id",
    "CreatedDate": "datetime",
    "EventDate": "datetime",
    "EventIdentifier": "string",
    "RowsProcessed": "double",
    "Uri": "string",
    "UserId": "id",
}


def stored_row(number: int, time: datetime, name: str, **other: Any) -> dict[str, Any]:
    """Of the event `name` (its EventIdentifier)."""
    written = f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}+0000"
    return {
        "Id": f"1Xx{number:012}AAA",
        "CreatedDate": written,
        "EventDate": written,
        "EventIdentifier": name,
        "RowsProcessed": 10.0,
        "Uri": "/",
        "UserId": "005000000000001AAA",
        **other,
    }
