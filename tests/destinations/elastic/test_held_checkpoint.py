"""Asking Elasticsearch or OpenSearch for the newest checkpoint; a real server is asked in tests/servers."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import orjson
import pytest

from agent.destinations.elastic.elastic import Elastic, ElasticSettings
from agent.destinations.elastic.held_checkpoint import ACTION
from agent.errors import Misconfigured, Unavailable
from agent.trail import checkpointer
from tests.destinations.bulk_server import PASSWORD, USER
from tests.destinations.checkpoints import ORIGIN
from tests.destinations.conftest import SecretFile, StartHttp
from tests.destinations.http_server import HTML, HttpServer, Reply
from tests.destinations.rows import as_json, sending_time

Open = Callable[..., Elastic]


@pytest.fixture
def open_elastic(opened: ExitStack, secret_file: SecretFile) -> Open:
    def build(server: HttpServer, **changes: Any) -> Elastic:
        document = {"type": "elastic", "url": server.url, "username": USER, "password": secret_file(PASSWORD)}
        elastic = Elastic(ElasticSettings.model_validate(document | changes), as_json, now=sending_time)
        opened.callback(elastic.close)
        return elastic

    return build


def hits(*notes: str) -> Reply:
    found = [{"_source": {"leakline": {"trail": {"note": note}}}} for note in notes]
    shown = {"total": {"value": len(found), "relation": "eq"}} | ({"hits": found} if found else {})
    return Reply.json(200, {"timed_out": False, "_shards": {"failed": 0}, "hits": shown})


def test_the_stream_of_own_events_is_searched_by_its_whole_name(http: StartHttp, open_elastic: Open) -> None:
    """Of a pattern the server would leave out what may not be read, and say that nothing is there."""
    server = http(lambda _: hits("the note"))
    assert open_elastic(server, namespace="prod").newest_checkpoint(ORIGIN, 10.0) == "the note"
    assert open_elastic(server, index="own").newest_checkpoint(ORIGIN, 10.0) == "the note"
    paths = [request.path.partition("/_search")[0] for request in server.requests]
    assert paths == ["/logs-leakline.agent-prod", "/own"]
    body = server.requests[0].body
    query = orjson.loads(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
    assert query["query"]["bool"]["filter"] == [
        {"match_phrase": {"event.action": checkpointer.ACTION}},
        {"match_phrase": {"leakline.trail.origin": ORIGIN}},
    ]
    assert ACTION == checkpointer.ACTION


def test_it_is_asked_over_a_connection_of_its_own(http: StartHttp, open_elastic: Open) -> None:
    """The thread that sends may be in the middle of a request, for as long as `timeout` allows."""
    asked = threading.Event()

    def answer(request: Any) -> Reply:
        if request.path.startswith("/_bulk") or request.path == "/":
            assert asked.wait(20)
            return Reply.json(200, {"version": {"number": "9"}})
        return hits("the note")

    elastic = open_elastic(http(answer), index="own")
    findings: list[Any] = []
    thread = threading.Thread(target=lambda: findings.extend(elastic.probe()))
    thread.start()
    try:
        assert elastic.newest_checkpoint(ORIGIN, 10.0) == "the note"
    finally:
        asked.set()
        thread.join()
    assert findings[0].ok


@pytest.mark.parametrize("status", [401, 403])
def test_credentials_that_may_not_search_are_refused_in_words(status: int, http: StartHttp, open_elastic: Open) -> None:
    """With what to grant; the daemon goes on without."""
    elastic = open_elastic(http(lambda _: Reply.json(status, {"error": {"type": "security_exception"}})))
    with pytest.raises(Misconfigured, match=r"may not search logs-leakline\.agent-default") as refused:
        elastic.newest_checkpoint(ORIGIN, 10.0)
    assert "the right to read logs-leakline.agent-default" in refused.value.hint


def test_no_index_and_no_hit_hold_nothing(http: StartHttp, open_elastic: Open) -> None:
    """As before the first event, or after a retention that took all."""
    missing = Reply.json(404, {"error": {"type": "index_not_found_exception"}})
    for reply in (missing, hits()):
        assert open_elastic(http(lambda _, reply=reply: reply)).newest_checkpoint(ORIGIN, 10.0) is None


def found(shown: Any) -> Reply:
    return Reply.json(200, {"timed_out": False, "_shards": {"failed": 0}, "hits": shown})


ODD = {
    "an error": Reply.json(503, {"error": {"type": "unavailable_shards_exception"}}),
    "a part": Reply.json(200, {"timed_out": False, "_shards": {"failed": 1}, "hits": {"total": {"value": 0}}}),
    "too late": Reply.json(200, {"timed_out": True, "_shards": {"failed": 0}, "hits": {"total": {"value": 0}}}),
    "a page": Reply(200, HTML),
    "no hits": found({}),
    "hits of another kind": found({"total": 5, "hits": []}),
    "fewer than counted": found({"total": {"value": 1}, "hits": []}),
    "a hit without a note": found({"total": {"value": 1}, "hits": [{"_source": {}}]}),
    "a note of another kind": found(
        {"total": {"value": 1}, "hits": [{"_source": {"leakline": {"trail": {"note": 5}}}}]}
    ),
    "a list": Reply.json(200, []),
    "a reset": Reply(fault="reset"),
}


@pytest.mark.parametrize("reply", ODD.values(), ids=ODD)
def test_an_answer_that_is_none_does_not_say_that_nothing_is_held(
    reply: Reply, http: StartHttp, open_elastic: Open
) -> None:
    """Whatever stands between answers so, too."""
    with pytest.raises(Unavailable):
        open_elastic(http(lambda _: reply)).newest_checkpoint(ORIGIN, 10.0)
