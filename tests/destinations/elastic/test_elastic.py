"""`_bulk`: names of data streams, every item of the answer, answers that are none."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.destinations.elastic.elastic import Elastic, ElasticSettings
from agent.errors import Misconfigured, Unavailable
from agent.pipeline.deliver import Delivery
from tests.destinations.bulk_server import PASSWORD, USER, BulkServer
from tests.destinations.conftest import SecretFile, StartHttp
from tests.destinations.http_server import HTML, HttpServer, Reply
from tests.destinations.rows import as_json, event_id, one_chunk, rows, sending_time

Open = Callable[..., Elastic]
STREAM = "logs-salesforce.event_log_file-default"


@pytest.fixture
def open_elastic(opened: ExitStack, secret_file: SecretFile) -> Open:
    def build(server: HttpServer, **changes: Any) -> Elastic:
        document = {"type": "elastic", "url": server.url, "username": USER, "password": secret_file(PASSWORD)}
        elastic = Elastic(ElasticSettings.model_validate(document | changes), as_json, now=sending_time)
        opened.callback(elastic.close)
        return elastic

    return build


def items(*results: dict[str, Any]) -> Reply:
    return Reply.json(200, {"took": 1, "errors": False, "items": [{"create": result} for result in results]})


def test_a_data_stream_for_each_dataset(http: StartHttp, open_elastic: Open) -> None:
    """Rows go to `logs-<dataset>-<namespace>` by their dataset, and say so in `data_stream.*`."""
    bulk = BulkServer()
    elastic = open_elastic(http(bulk), namespace="prod")
    frame = pl.concat([rows(2), rows(2, first=2, dataset="leakline.alert")])[[0, 2, 1, 3]]
    elastic.send(one_chunk(elastic, frame))
    assert sorted(bulk.documents) == sorted(
        (f"logs-{dataset}-prod", event_id(number))
        for number, dataset in enumerate(["salesforce.event_log_file"] * 2 + ["leakline.alert"] * 2)
    )
    document = orjson.loads(bulk.documents["logs-leakline.alert-prod", event_id(2)])
    assert document.pop("data_stream") == {"type": "logs", "dataset": "leakline.alert", "namespace": "prod"}
    assert document == orjson.loads(as_json(frame)[1])


def test_a_plain_index(http: StartHttp, open_elastic: Open) -> None:
    """With `index` everything goes there, and documents stay as they are."""
    bulk = BulkServer()
    elastic = open_elastic(http(bulk), index="leakline-events")
    elastic.send(one_chunk(elastic, rows(1)))
    assert bulk.documents == {("leakline-events", event_id(0)): as_json(rows(1))[0].encode()}


def test_families_of_events_share_the_data_stream_of_their_service(http: StartHttp, open_elastic: Open) -> None:
    """`event.dataset` tells families apart, `leakline.service` names the stream; an alert has the stream of alerts."""
    bulk = BulkServer()
    elastic = open_elastic(http(bulk))
    families = [
        rows(1, first=number, dataset=f"salesforce.{name}") for number, name in enumerate(["api", "login", "x"])
    ]
    frame = pl.concat([*families, rows(1, first=3, dataset="leakline.alert")])
    frame = frame.with_columns(pl.lit("event_log_file").alias("leakline.service"))
    elastic.send(one_chunk(elastic, frame))
    streams = {index for index, _ in bulk.documents}
    assert streams == {STREAM, "logs-leakline.alert-default"}
    assert {i for index, i in bulk.documents if index == STREAM} == {event_id(number) for number in range(3)}


@given(st.text(min_size=1, max_size=150))
def test_any_dataset_makes_a_name_that_a_data_stream_may_have(dataset: str) -> None:
    """Lower case, no hyphen, no forbidden character, at most 100 characters."""
    settings = ElasticSettings.model_validate({"type": "elastic", "url": "http://localhost:1"})
    elastic = Elastic(settings, as_json, now=sending_time)
    line = elastic.wrap(rows(1, dataset=dataset), as_json(rows(1)))[0]
    elastic.close()
    action, document, end = line.split("\n")
    assert end == ""
    assert re.fullmatch(r"logs-[a-z0-9_.]{1,100}-default", orjson.loads(action)["create"]["_index"])
    assert orjson.loads(document)["data_stream"]["type"] == "logs"


def test_a_row_that_is_there_already_is_counted(http: StartHttp, open_elastic: Open) -> None:
    """409 is an acceptance: the document with this id is there."""
    bulk = BulkServer()
    elastic = open_elastic(http(bulk))
    elastic.send(one_chunk(elastic, rows(3)))
    outcome = elastic.send(one_chunk(elastic, rows(5)))
    assert outcome.duplicates == 3
    assert not outcome.rejected
    assert not outcome.retry
    assert len(bulk.documents) == 5


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_only_the_rows_that_were_turned_away_go_again(http: StartHttp, open_elastic: Open, status: int) -> None:
    """A busy shard turns single rows away: those are sent again, no others."""
    bulk = BulkServer()
    bulk.refuse = {event_id(1): (status, "es_rejected_execution_exception")}
    elastic = open_elastic(http(bulk))
    assert list(elastic.send(one_chunk(elastic, rows(4))).retry) == [1]
    assert len(bulk.documents) == 3


def test_a_row_that_fits_no_mapping_is_refused_with_the_reason(http: StartHttp, open_elastic: Open) -> None:
    """400 is for good, with what the server says about it."""
    bulk = BulkServer()
    bulk.refuse = {event_id(2): (400, "document_parsing_exception")}
    elastic = open_elastic(http(bulk))
    outcome = elastic.send(one_chunk(elastic, rows(4)))
    assert list(outcome.rejected) == [
        (2, "status 400: document_parsing_exception: document_parsing_exception for a reason")
    ]
    assert not outcome.retry


@pytest.mark.parametrize(
    "status, kind, hint",
    [
        (403, "security_exception", "create_doc"),
        (403, "cluster_block_exception", "index.blocks"),
        (404, "index_not_found_exception", "auto_create_index"),
        (400, "validation_exception", "max_shards_per_node"),
    ],
)
def test_refusals_that_are_no_fault_of_a_row(
    http: StartHttp, open_elastic: Open, status: int, kind: str, hint: str
) -> None:
    """Missing rights, a missing index, the limit of shards: rows wait for a person, none becomes a dead letter."""
    bulk = BulkServer()
    bulk.refuse = {event_id(0): (status, kind), event_id(2): (status, kind)}
    elastic = open_elastic(http(bulk))
    outcome = elastic.send(one_chunk(elastic, rows(3)))
    assert list(outcome.retry) == [0, 2]
    assert not outcome.rejected
    with pytest.raises(Misconfigured, match=hint):
        elastic.send(one_chunk(elastic, rows(1)))


def test_documents_in_the_failure_store_are_told(http: StartHttp, open_elastic: Open, capsys: Any) -> None:
    """A 201 with `failure_store: used` is an acceptance that no search will show: it is logged."""
    bulk = BulkServer()
    bulk.quarantine = {event_id(1)}
    elastic = open_elastic(http(bulk))
    assert not elastic.send(one_chunk(elastic, rows(3))).rejected
    assert "failure store" in capsys.readouterr().out


CREATED = {"status": 201}


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b""),
        Reply(200, HTML),
        Reply(200, b"{}"),
        Reply(200, b'{"errors":false,"items":[]}'),
        items(CREATED),
        items(CREATED, CREATED, CREATED),
        items({"status": 201, "_id": event_id(1)}, {"status": 201, "_id": event_id(0)}),
        items({"status": "201"}, CREATED),
        items({}, CREATED),
        Reply.json(200, {"errors": False, "items": [{"index": CREATED}, {"index": CREATED}]}),
        Reply.json(200, {"errors": False, "items": [1, 2]}),
        Reply(502, HTML),
        Reply(503, b"OpenSearch Security not initialized."),
        Reply.json(429, {"error": {"type": "rejected_execution_exception"}, "status": 429}),
        Reply(200, b'{"errors":false,"items":[{"create":{"status":201}}]}', fault="half"),
        Reply(fault="reset"),
        Reply(fault="silent close"),
    ],
)
def test_an_answer_that_is_none_acknowledges_nothing(http: StartHttp, open_elastic: Open, reply: Reply) -> None:
    """Too few items, too many, the wrong ones, a page of HTML: the same rows go again, and ids keep them single."""
    bulk = BulkServer()
    elastic = open_elastic(server := http(bulk))
    server.script.append(reply)
    chunk = one_chunk(elastic, rows(2))
    with pytest.raises(Unavailable) as caught:
        elastic.send(chunk)
    assert not isinstance(caught.value, Misconfigured)
    assert not elastic.send(chunk).retry
    assert len(bulk.documents) == 2


@pytest.mark.parametrize(
    "reply", [Reply(401, b"Unauthorized"), Reply(403, HTML), Reply(404, HTML), Reply(406), Reply(301)]
)
def test_answers_that_need_a_person(http: StartHttp, open_elastic: Open, reply: Reply) -> None:
    """Refused credentials and wrong addresses are told as such."""
    elastic = open_elastic(server := http(BulkServer()))
    server.script.append(reply)
    with pytest.raises(Misconfigured, match=f"HTTP {reply.status}"):
        elastic.send(one_chunk(elastic, rows(1)))


def test_a_request_that_is_too_large(http: StartHttp, open_elastic: Open) -> None:
    """413 halves the requests until they fit; a row too large by itself is shortened, or refused if the settings say so."""
    bulk = BulkServer()
    bulk.largest = 3000
    elastic = open_elastic(http(bulk), too_long="dead_letter")
    settled = Delivery(elastic, threading.Event(), lambda: 0.0).deliver(one_chunk(elastic, rows(24)), 0)
    assert [row for row, _ in settled.refused] == [10, 22]
    assert len(bulk.documents) == 22
    elastic = open_elastic(http(bulk))
    settled = Delivery(elastic, threading.Event(), lambda: 0.0).deliver(one_chunk(elastic, rows(24)), 0)
    assert (settled.refused, len(bulk.documents)) == ([], 24)


def test_a_text_that_no_keyword_holds_is_shortened(http: StartHttp, open_elastic: Open) -> None:
    """A document refused for an immense term loses the ends of its longest texts; any other refusal stays one."""
    bulk = BulkServer()
    bulk.longest_term = 1000
    elastic = open_elastic(http(bulk))
    settled = Delivery(elastic, threading.Event(), lambda: 0.0).deliver(one_chunk(elastic, rows(12)), 0)
    assert (settled.refused, settled.acknowledged, len(bulk.documents)) == ([], 12, 12)


def test_a_request_refused_as_a_whole_is_halved(http: StartHttp, open_elastic: Open) -> None:
    """When the server cannot read a request, the row that is to blame is found and refused."""
    bulk = BulkServer()
    poison = event_id(3).encode()

    def answer(request: Any) -> Reply:
        if poison in request.body:
            return Reply.json(400, {"error": {"type": "illegal_argument_exception"}, "status": 400})
        return bulk(request)

    elastic = open_elastic(http(answer))
    settled = Delivery(elastic, threading.Event(), lambda: 0.0).deliver(one_chunk(elastic, rows(9)), 0)
    assert [row for row, _ in settled.refused] == [3]
    assert len(bulk.documents) == 8
    assert elastic.limits.max_rows == 5000


@pytest.mark.parametrize(
    "how, header",
    [
        ({"api_key": "id:key"}, "ApiKey aWQ6a2V5"),
        ({"api_key": "aWQ6a2V5"}, "ApiKey aWQ6a2V5"),
        ({"bearer": "a.b.c"}, "Bearer a.b.c"),
        ({}, None),
    ],
)
def test_ways_in(
    http: StartHttp, open_elastic: Open, secret_file: SecretFile, how: dict[str, str], header: str | None
) -> None:
    """API key (encoded or as id:key), bearer token, or nothing at all."""
    server = http(BulkServer())
    secrets = {name: secret_file(value) for name, value in how.items()}
    elastic = open_elastic(server, username=None, password=None, **secrets)
    with pytest.raises(Misconfigured):
        elastic.send(one_chunk(elastic, rows(1)))
    assert server.requests[0].headers.get("Authorization") == header


def test_the_template_is_offered_and_installed_on_request(http: StartHttp, open_elastic: Open) -> None:
    """`probe` misses the template, `install_template` puts it, and then `probe` is content."""
    bulk = BulkServer()
    elastic = open_elastic(http(bulk))
    missing = [finding for finding in elastic.probe() if "template" in finding.message]
    assert [(finding.ok, finding.warning) for finding in missing] == [(False, True)]
    elastic.install_template()
    assert [finding.ok for finding in elastic.probe() if "template" in finding.message] == [True]
    assert bulk.templates["leakline"]["data_stream"] == {}


def test_probe_tells_refused_credentials(http: StartHttp, open_elastic: Open, secret_file: SecretFile) -> None:
    """A wrong password is one finding, with what to do."""
    findings = list(open_elastic(http(BulkServer()), password=secret_file("wrong")).probe())
    assert [finding.ok for finding in findings] == [False]
    assert "401" in findings[0].message
    assert "wrong" not in findings[0].message


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"username": "u"}, "go together"),
        ({"api_key": {"env": "A"}, "bearer": {"env": "B"}}, "give one of"),
        ({"namespace": "not-allowed"}, "namespace"),
        ({"index": "Upper"}, "index"),
        ({"api_key": "plain"}, "does not belong"),
    ],
)
def test_settings_that_are_refused(changes: dict[str, Any], message: str) -> None:
    """Wrong settings are refused with words that say what to write."""
    with pytest.raises(ValidationError, match=message):
        ElasticSettings.model_validate({"type": "elastic", "url": "https://e:9200", **changes})
