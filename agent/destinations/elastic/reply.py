"""The answer to a `_bulk` request: whether it is one, and what it says about each row.

Servers and proxies do answer with too few items, none, or an empty body and status 200 (all seen). Such an answer says
nothing: the rows are sent again, and those that were taken come back as 409.
"""

from __future__ import annotations

from typing import Any

from agent.destinations.exchange import HttpAnswer
from agent.errors import Misconfigured, Unavailable
from agent.model import Chunk, Outcome
from agent.redaction.redaction import excerpt

PASSING = frozenset({408, 429, 500, 502, 503, 504})
IMMENSE = "immense term"
"""In Lucene's reason when a text is longer than a keyword may be (32,766 bytes). The fields of our index template are
never: their `ignore_above` is 8,191 characters. An index of somebody else's can have others."""
REASON_LENGTH = 500
"""Characters of the server's reason kept with a dead letter."""


def row_results(answer: HttpAnswer, chunk: Chunk, url: str) -> list[dict[str, Any]]:
    """One result a row, in order. Raises Unavailable for anything else."""
    document = answer.json()
    items = document.get("items") if document is not None else None
    if not isinstance(items, list):
        raise Unavailable(f"{url}: HTTP 200 without the `items` of a _bulk answer")
    if len(items) != len(chunk.lines):
        hint = "if it never reports every row, `max_rows: 1` delivers to it row by row"
        raise Unavailable(f"{url}: {len(items)} items in answer to {len(chunk.lines)} rows", hint=hint)
    found = [item.get("create") if isinstance(item, dict) else None for item in items]
    for result, event_id in zip(found, chunk.ids.to_list(), strict=True):
        if not isinstance(result, dict) or not isinstance(result.get("status"), int):
            raise Unavailable(f"{url}: an item of the answer has no `create` with a status")
        if result.get("_id", event_id) != event_id:
            raise Unavailable(f"{url}: the answer's items are not in the order of the rows")
    return found  # type: ignore[return-value]


def outcome_of(found: list[dict[str, Any]], url: str) -> Outcome:
    """Row by row. Raises Misconfigured when every row is refused for want of a right or of an index."""
    held = [row for row, result in enumerate(found) if _held(result)]
    if len(held) == len(found):
        raise Misconfigured(f"{url}: {_reason(found[0])}", hint=_hint(found[0]))
    rejected: list[tuple[int, str]] = []
    too_long: list[tuple[int, str]] = []
    retry, duplicates = held, 0
    for row, result in enumerate(found):
        status = result["status"]
        if status == 409:
            duplicates += 1
        elif status in PASSING:
            retry.append(row)
        elif status >= 300 and not _held(result):
            reason = _reason(result)
            (too_long if IMMENSE in reason else rejected).append((row, reason))
    return Outcome(rejected, sorted(retry), too_long, duplicates)


def _held(result: dict[str, Any]) -> bool:
    """Refused for something that is no fault of the row: rights, a blocked or missing index, the limit of shards."""
    status, kind = result["status"], _error(result).get("type")
    return (
        status in (401, 403)
        or (status == 404 and kind == "index_not_found_exception")
        or (status == 400 and kind == "validation_exception")
    )


def _hint(result: dict[str, Any]) -> str:
    if _error(result).get("type") == "cluster_block_exception":
        return "the index is closed for writing; see its `index.blocks` settings"
    if result["status"] in (401, 403):
        return (
            "give the credentials the right to create documents in these indices (Elastic: auto_configure, create_doc)"
        )
    if result["status"] == 404:
        return "create the index, or allow it to be made automatically (action.auto_create_index)"
    return "make room in the cluster: delete old indices or raise cluster.max_shards_per_node"


def _reason(result: dict[str, Any]) -> str:
    error = _error(result)
    text = f"status {result['status']}: {error.get('type', 'no type')}: {error.get('reason', 'no reason')}"
    return excerpt(text, REASON_LENGTH)


def _error(result: dict[str, Any]) -> dict[str, Any]:
    error = result.get("error")
    return error if isinstance(error, dict) else {}
