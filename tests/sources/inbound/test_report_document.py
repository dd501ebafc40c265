"""What a sender's document says: all of it or, with a word about what is wrong, nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from agent.sources.inbound.report import BadReport, InboundReport
from agent.sources.inbound.report_cells import LONGEST, LONGEST_BODY, LONGEST_EXTRA, MOST_RECORDS, SEARCHED_BODY
from agent.sources.inbound.report_document import DEPTH, read_reports
from agent.sources.inbound.report_models import MODELS, MOST_REPORTS, REPORT
from agent.sources.inbound.settings import SenderSettings

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
TIME = "2026-07-01T09:59:00Z"


def sender(**settings: Any) -> SenderSettings:
    proof = {"bearer": {"env": "TOKEN"}}
    return SenderSettings.model_validate({"name": "middleware", "org": "acme", "authentication": proof, **settings})


def read(*documents: dict[str, Any], message_id: str | None = None, **settings: Any) -> list[InboundReport]:
    body = orjson.dumps(documents[0] if len(documents) == 1 else documents)
    return list(read_reports(body, sender(**settings), NOW, message_id).reports)


def call(**fields: Any) -> dict[str, Any]:
    return {"type": "api_call", "time": TIME, **fields}


def cells(document: dict[str, Any], **settings: Any) -> dict[str, str]:
    return dict(read(document, **settings)[0].cells)


def refusal(body: bytes | dict[str, Any] | list[Any]) -> BadReport:
    with pytest.raises(BadReport) as caught:
        read_reports(body if isinstance(body, bytes) else orjson.dumps(body), sender(), NOW, None)
    return caught.value


def test_each_type_has_its_event_type() -> None:
    """An array is read report by report, in its order."""
    found = read(*({"type": type_, "time": TIME} for type_ in ("sync_failure", "heartbeat", "api_call")))
    assert [report.event_type for report in found] == ["SyncFailure", "Heartbeat", "ApiCall"]


def test_cells_are_named_like_the_fields() -> None:
    """A report without an integration is about its sender; what is absent or null has no cell."""
    assert cells(call(attempt=2, user=None, method="get", error_code=401)) == {
        "time": "2026-07-01T09:59:00.000Z",
        "integration": "middleware",
        "scope": "middleware",
        "attempt": "2",
        "method": "GET",
        "error_code": "401",
    }


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2026-07-01T10:00:00+02:00", "2026-07-01T08:00:00.000Z"),
        ("2026-07-01t10:00:00.123456789z", "2026-07-01T10:00:00.123Z"),
        ("2026-06-30T23:59:60Z", "2026-06-30T23:59:59.000Z"),
    ],
)
def test_a_time_is_kept_in_utc(written: str, kept: str) -> None:
    """With any zone, fraction or leap second that RFC 3339 allows."""
    assert cells(call(time=written))["time"] == kept


@pytest.mark.parametrize("time", ["yesterday", "2026-07-01T10:00:00", "2026-13-01T10:00:00Z", 1_782_907_200, "", None])
def test_a_time_is_never_guessed(time: Any) -> None:
    """What is not a time with its zone is refused, with what to write."""
    error = refusal([call(), call(time=time)])
    assert error.status == 422
    assert str(error).startswith("reports[1].time")
    assert "2026-07-01T10:00:00Z" in str(error)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"{", 400, "not JSON"),
        (b"\xff\xfe{\x00}\x00", 400, "UTF-8"),
        (b"[" * 100_000, 400, "not JSON"),
        (b'{"a":' * (DEPTH + 2) + b"1" + b"}" * (DEPTH + 2), 400, f"deeper than {DEPTH}"),
        (b"[]", 422, "no report"),
        (b"[7]", 422, "reports[0]: 7 is not an object"),
        (b'{"time": "x"}', 422, "reports[0].type is missing"),
        (b'{"type": "login"}', 422, "'login' is not a type of report; write one of sync_failure"),
        (b'{"type": ["api_call"]}', 422, "a list is not a type"),
        (b'{"type": "api_call"}', 422, "time is missing; write when it happened"),
        (orjson.dumps(call(status="200")), 422, "status: '200' is not a whole number; write it without quotes"),
        (orjson.dumps(call(attempt=0)), 422, "attempt: input should be greater than or equal to 1, not 0"),
        (orjson.dumps(call(record_ids=["a", 3])), 422, "record_ids[1]: 3 is not text"),
        (orjson.dumps(call(id="x" * 257)), 422, "id: string should have at most 256 characters"),
        (orjson.dumps([call()] * (MOST_REPORTS + 1)), 413, "1,001 reports"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(body: bytes, status: int, words: str) -> None:
    """Which report, which field, and what to write; never more of a value than a glance."""
    error = refusal(body)
    assert (error.status, words in str(error)) == (status, True), str(error)
    assert len(str(error)) < 300


def test_a_report_is_named_by_its_sender_its_message_or_its_content() -> None:
    """So that the same text sent again is the same; two that are alike to the letter are two."""
    assert read(call(id="mine"), message_id="msg_1")[0].id == "mine"
    assert [report.id for report in read(call(), call(), message_id="msg_1")] == ["msg_1#0", "msg_1#1"]
    first, second = read(call(), call())
    assert first.id != second.id
    assert [report.id for report in read(call(), call())] == [first.id, second.id]
    assert read(dict(reversed(call().items())))[0].id == first.id
    assert read(call(attempt=2))[0].id != first.id


def test_unknown_fields_are_kept_together() -> None:
    """As JSON in one cell, never as columns; what does not fit is named."""
    found = cells(call(queue="q7", sender="admin", EventType="Heartbeat", deep={"a": [1]}, long="x" * LONGEST_EXTRA))
    assert json.loads(found["extra"]) == {
        "queue": "q7",
        "sender": "admin",
        "EventType": "Heartbeat",
        "deep": {"a": [1]},
    }
    assert found["cut"] == "long"
    assert not {"queue", "sender", "EventType", "deep"} & found.keys()


def test_what_is_too_long_is_cut_and_named() -> None:
    """With a mark that says how long it was."""
    found = cells(call(error_message="x" * 100_000, record_ids=[f"{n:015}" for n in range(500)]))
    assert found["error_message"].endswith("… [cut, 100,000 characters]")
    assert len(found["error_message"]) < LONGEST["error_message"] + 50
    assert (found["record_count"], len(found["record_ids"].split())) == ("500", MOST_RECORDS)
    assert sorted(found["cut"].split(", ")) == ["error_message", "record_ids"]


def test_bodies_stay_away_unless_the_setting_keeps_them() -> None:
    """Their size and hash are there, and how many were left out is said."""
    text = '{"name": "Ada"}'
    left, kept = (cells(call(request_body=text), bodies=bodies) for bodies in (False, True))
    assert "request_body" not in left
    assert left["bodies_dropped"] == "1"
    assert left["request_bytes"] == str(len(text))
    assert left["request_sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert kept["request_body"] == text
    assert kept["request_sha256"] == left["request_sha256"]
    assert cells(call(request_body={"name": "Ada"}, request_bytes=7), bodies=True)["request_bytes"] == "7"


def test_a_long_body_is_cut_and_a_longer_one_left_out() -> None:
    """What is too long to be looked through for secrets is not kept."""
    cut = cells(call(response_body="x" * (LONGEST_BODY + 1)), bodies=True)
    assert (len(cut["response_body"]) < LONGEST_BODY + 50, cut["cut"]) == (True, "response_body")
    left = cells(call(response_body="x" * (SEARCHED_BODY + 1)), bodies=True)
    assert (left["bodies_dropped"], "response_body" in left) == ("1", False)


def test_secrets_go_nowhere() -> None:
    """Not in bodies, addresses, messages, unknown fields or refusals; the names of the setting are secret too."""
    secret = "s3cr3t-value-9"
    document = call(
        url=f"https://u:{secret}@h.example/p?access_token={secret}&iban={secret}",
        request_body={"a": [{"clientSecret": secret, "IBAN": secret}]},
        response_body=f"grant=x&refresh%5Ftoken={secret}",
        error_message=f'failed: "password": "{secret}"',
        message=f"Authorization: Bearer {secret}",
        user_agent=f"tool (api_key={secret})",
        headers={"X-Api-Key": secret, "Cookie": secret},
    )
    assert secret not in json.dumps(cells(document, bodies=True, redact=["iban"]))
    assert "00D5g0000012345!AQ" not in str(refusal(call(attempt="00D5g0000012345!AQ0AQabcdefghijklmnopqrstuv")))


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://h.example/services/data/v62.0/sobjects/Account/0015g00000AbCdEAAV?x=1", "h.example/services/data/{}/sobjects/account/{}"),
        ("https://u:p@h.example:8443/a@b/users/12", "h.example:8443/{}/users/{}"),
        ("/orders/0af76519-16cd-43dd-8448-eb211c80319c#x", "/orders/{}"),
        ("https://h.example/composite/sobjects", "h.example/composite/sobjects"),
    ],
)  # fmt: skip
def test_an_endpoint_is_the_same_from_call_to_call(url: str, endpoint: str) -> None:
    """Ids, numbers and versions of the path are left out of it."""
    assert cells(call(url=url, method="get"))["endpoint"] == f"GET {endpoint}"


def test_a_trace_is_read_from_its_header() -> None:
    """Trace and span of W3C; what is not of that form stays as it came."""
    found = cells(call(traceparent="00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"))
    assert (found["trace_id"], found["span_id"]) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    assert "trace_id" not in cells(call(traceparent="nonsense"))


def test_the_schema_takes_what_is_read() -> None:
    """The description of the listener is valid JSON schema, and says of plain documents what reading says."""
    schema = REPORT.json_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid([call(), {"type": "heartbeat", "time": TIME, "anything": 1}])
    wrong: Any
    for wrong in (
        [],
        {"type": "api_call"},
        call(status="200"),
        call(attempt=0),
        {"type": "x", "time": TIME},
        call(user=5),
    ):
        assert not validator.is_valid(wrong)
        refusal(wrong)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_FIELDS = sorted({name for model in MODELS.values() for name in model.model_fields})
_DOCUMENT = st.dictionaries(st.sampled_from(_FIELDS) | st.text(), _JSON, max_size=8)


@given(_DOCUMENT | st.lists(_DOCUMENT, max_size=3) | _JSON, st.sampled_from(sorted(MODELS)))
def test_no_document_breaks_anything(content: Any, type_: str) -> None:
    """Any JSON at all is read or refused, and what is read is text in bounded cells."""
    for document in _objects(content):
        document.setdefault("time", TIME)
        document["type"] = type_
    try:
        request = read_reports(orjson.dumps(content), sender(bodies=True), NOW, None)
    except BadReport as error:
        assert error.status in (400, 413, 422)
        return
    for report in request.reports:
        assert report.id
        assert all(type(cell) is str and 0 < len(cell) < 70_000 for cell in report.cells.values())


def _objects(content: Any) -> Iterator[dict[str, Any]]:
    for document in content if isinstance(content, list) else [content]:
        if isinstance(document, dict):
            yield document


@given(st.binary())
def test_no_bytes_break_anything(body: bytes) -> None:
    """What is not a document is refused."""
    refusal(body)
