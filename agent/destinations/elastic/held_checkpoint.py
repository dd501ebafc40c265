"""The newest checkpoint of a trail that Elasticsearch or OpenSearch holds, by `_search`.

The index is named whole and must be there: of a pattern, Elasticsearch leaves out what the credentials may not read, and an
answer without hits would say that nothing is held.
"""

from __future__ import annotations

from typing import Any

import orjson

from agent.destinations.exchange import Exchange, HttpAnswer
from agent.errors import Misconfigured, Unavailable

ACTION = "trail-checkpoint"
"""`event.action` of the events that carry one."""


def newest_note(exchange: Exchange, index: str, origin: str) -> str | None:
    """The note of the longest checkpoint of this trail; None where there is none, or no such index yet.

    Raises Misconfigured where the credentials may not search, Unavailable where there is no answer that says.
    """
    path = f"/{index}/_search?filter_path=error.type,timed_out,_shards.failed,hits.total,hits.hits._source"
    answer = exchange.post(path, orjson.dumps(_query(origin)), {"Content-Type": "application/json"})
    if answer.status == 404:
        return None
    if answer.status in (401, 403):
        hint = f"give the credentials the right to read {index}, if what it holds is to be compared at each start"
        raise Misconfigured(f"{exchange.url}: the credentials may not search {index} (HTTP {answer.status})", hint=hint)
    if answer.status != 200:
        raise Unavailable(f"{exchange.url}: HTTP {answer.status} to a search for checkpoints")
    try:
        return _note(answer)
    except (LookupError, TypeError, AttributeError) as error:
        raise Unavailable(f"{exchange.url}: the answer does not say what all of {index} holds") from error


def _query(origin: str) -> dict[str, Any]:
    """`match_phrase`: an exact match where the field is a keyword, and near enough where somebody's index made it a text."""
    wanted = {"event.action": ACTION, "leakline.trail.origin": origin}
    return {
        "size": 1,
        "track_total_hits": 1,
        "query": {"bool": {"filter": [{"match_phrase": {name: value}} for name, value in wanted.items()]}},
        "sort": [{"leakline.trail.size": {"order": "desc", "unmapped_type": "long"}}],
        "_source": ["leakline.trail.note"],
    }


def _note(answer: HttpAnswer) -> str | None:
    """Raises LookupError, TypeError or AttributeError for an answer that is none, or is of a part of the index alone."""
    document: Any = answer.json()
    if document["timed_out"] or document["_shards"]["failed"]:
        raise LookupError("not everything was searched")
    if document["hits"]["total"]["value"] == 0:  # `filter_path` leaves out an empty list of hits
        return None
    note = document["hits"]["hits"][0]["_source"]["leakline"]["trail"]["note"]
    if not isinstance(note, str):
        raise TypeError("the note is not text")
    return note
