"""The newest checkpoint of a trail that Elasticsearch or OpenSearch holds, by `_search`.

The index is named whole and must be there: of a pattern, Elasticsearch leaves out what the credentials may not read, and an
answer without hits would say that nothing is held.
"""

from __future__ import annotations

from typing import Any

import orjson

from agent.destinations.exchange import Exchange
from agent.errors import Misconfigured, Unavailable

ACTION = "trail-checkpoint"


def newest_note(exchange: Exchange, index: str, origin: str) -> str | None:
    """The note of the longest checkpoint of this trail; None where there is none, or no such index yet.

    Raises Misconfigured where the credentials may not search, Unavailable where there is no answer that says.
    """
    path = f"/{index}/_search?filter_path=error.type,timed_out,_shards.failed,hits.hits._source"
    answer = exchange.post(path, orjson.dumps(_query(origin)), {"Content-Type": "application/json"})
    document = answer.json() or {}
    if answer.status == 404:
        return None
    if answer.status in (401, 403):
        hint = f"give the credentials the right to read {index}, if what it holds is to be compared at each start"
        raise Misconfigured(f"{exchange.url}: the credentials may not search {index} (HTTP {answer.status})", hint=hint)
    if answer.status != 200:
        raise Unavailable(f"{exchange.url}: HTTP {answer.status} to a search for checkpoints")
    if document.get("timed_out") or document.get("_shards", {}).get("failed"):
        raise Unavailable(f"{exchange.url}: not all of {index} was searched")
    hits = document.get("hits", {}).get("hits", [])
    return _note(hits[0]) if hits else None


def _query(origin: str) -> dict[str, Any]:
    """`match_phrase`: an exact match where the field is a keyword, and near enough where somebody's index made it a text."""
    wanted = {"event.action": ACTION, "leakline.trail.origin": origin}
    return {
        "size": 1,
        "track_total_hits": False,
        "query": {"bool": {"filter": [{"match_phrase": {name: value}} for name, value in wanted.items()]}},
        "sort": [{"leakline.trail.size": {"order": "desc", "unmapped_type": "long"}}],
        "_source": ["leakline.trail.note"],
    }


def _note(hit: Any) -> str | None:
    try:
        note = hit["_source"]["leakline"]["trail"]["note"]
    except (KeyError, TypeError):
        return None
    return note if isinstance(note, str) else None
