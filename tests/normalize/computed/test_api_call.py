"""What an API call is about, whatever spelling the caller chose."""

from __future__ import annotations

import polars as pl
import pytest

from agent.model import Batch
from agent.normalize.computed import api_call
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped

NORMALIZER = Normalizer(load_mappings([shipped("mappings")])[0])
JOB = "7505g00000BxYzA"
LONG = JOB + "AAV"


def row(event_type: str, **cells: str) -> dict[str, object]:
    frame = pl.DataFrame([{"event.id": "0" * 32, "EVENT_TYPE": event_type, **cells}])
    return NORMALIZER.prepare(Batch("00D5g00000AbCdE", "event_log_file", event_type, frame)).row(0, named=True)


@pytest.mark.parametrize(
    ("written", "resource"),
    [
        ("/services/data/v62.0/query", "query"),
        ("/services/data/v62.0/query/?q=SELECT+Id+FROM+Contact", "query"),
        ("/SERVICES/Data/V62.0/QUERY", "query"),
        ("//services///data/v62.0//query/", "query"),
        ("/services/data/v62.0/%71uery", "query"),
        ("/services/data/v62.0/%2571uery", "query"),
        ("/services/data/v62.0/query;a=b", "query"),
        ("/services/data/v62.0/limits/../query", "query"),
        ("/services/data/v62.0/./query#top", "query"),
        ("/services/data/query", "query"),
        ("/v21.0/sobjects/Account/001xx000003DGQW", "sobjects/account/001xx000003dgqw"),
        ("https://acme.my.salesforce.com/services/data/v62.0/limits", "limits"),
        ("/partners/services/data/v62.0/limits", "limits"),
        ("/services/data/v62.0/", "/"),
        ("/services/data", "/"),
        ("/services/apexrest/orders", "apexrest/orders"),
        (f"/services/async/62.0/job/{JOB}", f"async/job/{JOB.lower()}"),
        ("describeSObjects", "describesobjects"),
        ("", None),
    ],
)
def test_a_resource_has_one_spelling(written: str, resource: str | None) -> None:
    """Version, host, case, slashes, dots, percent signs and query are the caller's choice."""
    assert api_call.resource(pl.Series([written, None])).to_list() == [resource, None]


def test_a_path_of_any_length_is_looked_at_to_an_end() -> None:
    """Nothing from outside has an unbounded size."""
    resource = api_call.resource(pl.Series(["/services/data/v62.0/query/" + "%41" * 1_000_000]))
    assert resource.to_list() == [None]


@pytest.mark.parametrize("between", ["/" * 5_000, "./" * 5_000, "%2F" * 5_000, "%2e%2F" * 5_000, "/./%2f" * 5_000])
def test_what_means_nothing_may_be_of_any_length(between: str) -> None:
    """Slashes and dots are counted as one before a path is measured, whichever way they are written."""
    assert api_call.resource(pl.Series([f"/services/data/v62.0/{between}query?q=x"])).to_list() == ["query"]


@pytest.mark.parametrize(
    "between", ["x/../" * 1_000, "limits/../" * 1_000, "%41" * 3_000 + "/../", ";" + "a" * 5_000 + "/"]
)
def test_a_longer_path_is_none_that_is_known(between: str) -> None:
    """Its beginning must not pass for another resource, nor for the root."""
    assert api_call.resource(pl.Series([f"/services/data/v62.0/{between}query"])).to_list() == [None]


@pytest.mark.parametrize(
    ("written", "job"),
    [
        (JOB, LONG),
        (f"/services/data/v62.0/jobs/query/{JOB}/results?maxRecords=5", LONG),
        (f"/services/data/v62.0/Jobs//ingest/{JOB}AAV/", LONG),
        (f"/services/async/62.0/job/{JOB}/batch/7515g00000BxYzA/result", LONG),
        ("/services/data/v62.0/query", None),
        ("describeSObjects", None),
    ],
)
def test_a_job_is_known_by_its_long_id(written: str, job: str | None) -> None:
    """Calls and states of one bulk job belong together."""
    assert api_call.job(pl.Series([written])).to_list() == [job]


@pytest.mark.parametrize(
    ("method", "path", "counts"),
    [
        ("get", "query", "GET"),
        ("POST", "query", "POST"),
        ("POST", "sobjects/Contact/0035g00000AbCdE?_HttpMethod=get", "GET"),
        ("POST", "sobjects/Contact?a=b&%5FHttpMethod=PATCH", "PATCH"),
        ("POST", "sobjects/Contact/1?_HttpMethod=DELETE&_HttpMethod=GET", "DELETE"),
        ("POST", "sobjects/Contact/1?_httpmethod=GET&_HttpMethod=DELETE", "DELETE"),
        ("POST", "sobjects/Contact/1?_HttpMethod=%44ELETE", "DELETE"),
        ("POST", "jobs/query/7505g00000BxYzA?_HttpMethod=DELETE", "DELETE"),
        ("POST", "sobjects/Contact/1?" + "a=b&" * 3000 + "_HttpMethod=DELETE", "DELETE"),
        ("POST", "sobjects/Contact?httpmethod=PATCH", "POST"),
        ("POST", "sobjects/Contact?_HttpMethod=HEAD", "POST"),
        ("POST", "sobjects/Contact?x=%26_HttpMethod=PATCH", "POST"),
        ("POST", "jobs/query?_HttpMethod=PATCH", "POST"),
        ("POST", "composite/batch?_HttpMethod=DELETE", "POST"),
        ("GET", "query?q=1&_HttpMethod=PATCH", "GET"),
    ],
)
def test_the_method_that_counts(method: str, path: str, counts: str) -> None:
    """A POST may stand for another method; no other call may."""
    found = row("RestApi", METHOD=method, URI=f"/services/data/v62.0/{path}")
    assert found["leakline.method"] == counts


@pytest.mark.parametrize(
    ("method", "path", "door"),
    [
        ("POST", "composite/batch?_HttpMethod=DELETE", "rest"),
        ("POST", "composite/sobjects/Contact?_HttpMethod=DELETE", "rest"),
        ("POST", "ui-api/list-records/00B?_HttpMethod=PATCH", "rest"),
        ("POST", "sobjects/Contact/1?_HttpMethod=GET", "rest"),
        ("POST", "sobjects/Contact/1?_HttpMethod=PATCH", None),
        ("POST", "sobjects/Contact", None),
        ("patch", "sobjects/Contact/1", None),
        ("HEAD", "query", None),
    ],
)
def test_a_query_string_closes_no_door(method: str, path: str, door: str | None) -> None:
    """What a URL says of another method may be without effect, so it hides no read."""
    assert row("RestApi", METHOD=method, URI=f"/services/data/v62.0/{path}").get("leakline.door") == door
    total = row("ApiTotalUsage", HTTP_METHOD=method, API_RESOURCE=f"/v62.0/{path}").get("leakline.door")
    assert total == (door and "total")


@pytest.mark.parametrize("before", ["", "/" * 2_000, "./" * 1_000, "limits/../" * 1_000, "describe/../" * 1_000])
def test_no_path_is_too_long_to_be_a_door(before: str) -> None:
    """Rows are counted though nobody can say what was asked for."""
    found = row("RestApi", METHOD="GET", URI=f"/services/data/v62.0/{before}query", ROWS_PROCESSED="2000")
    assert found["leakline.rows"] == 2000


@pytest.mark.parametrize(
    ("cell", "count"), [("5", 5), ("-1", None), ("2000.0", 2000), ("many", None), ("NaN", None), (" 7 ", 7), ("0", 0)]
)
def test_a_count_is_a_number_of_at_least_zero(cell: str, count: int | None) -> None:
    """Salesforce writes -1 for unknown."""
    assert api_call.count(pl.Series([cell])).to_list() == [count]


@pytest.mark.parametrize(
    ("event_type", "cells", "rows"),
    [
        ("RestApi", {"METHOD": "GET", "URI": "/services/data/v62.0/search", "ROWS_PROCESSED": "200"}, 200),
        ("RestApi", {"METHOD": "POST", "URI": "/services/data/v62.0/composite/sobjects/Contact", "ROWS_PROCESSED": "200"}, 200),
        ("RestApi", {"METHOD": "POST", "URI": "/services/data/v62.0/composite/sobjects", "ROWS_PROCESSED": "200"}, None),
        ("RestApi", {"METHOD": "PATCH", "URI": "/services/data/v62.0/composite/sobjects", "ROWS_PROCESSED": "200"}, None),
        ("RestApi", {"URI": "/services/data/v62.0/query", "ROWS_PROCESSED": "200"}, 200),
        ("RestApi", {"METHOD": "GET", "URI": f"/services/data/v62.0/jobs/query/{JOB}/results", "ROWS_PROCESSED": "200"}, None),
        ("ApexRestApi", {"METHOD": "POST", "URI": "/services/apexrest/x", "ROWS_PROCESSED": "200"}, 200),
        ("ApexRestApi", {"METHOD": "PUT", "URI": "/services/apexrest/x", "ROWS_PROCESSED": "200"}, 200),
        ("API", {"METHOD_NAME": "queryMore", "ROWS_PROCESSED": "200"}, 200),
        ("API", {"METHOD_NAME": "upsert", "ROWS_PROCESSED": "200"}, None),
        ("BulkApi", {"OPERATION_TYPE": "queryAll", "ROWS_PROCESSED": "200"}, 200),
        ("BulkApi", {"OPERATION_TYPE": "insert", "ROWS_PROCESSED": "200"}, None),
        ("BulkApi2", {"OPERATION_TYPE": "query", "JOB_STATUS": "JobComplete", "RECORDS_PROCESSED": "200"}, 200),
        ("BulkApi2", {"OPERATION_TYPE": "query", "JOB_STATUS": "uploadComplete", "RECORDS_PROCESSED": "200"}, None),
        ("BulkApi2", {"OPERATION_TYPE": "query", "JOB_STATUS": "deleted", "RECORDS_PROCESSED": "200"}, None),
        ("WaveDownload", {"DOWNLOAD_FORMAT": "csv", "NUMBER_OF_RECORDS": "200"}, 200),
        ("WaveDownload", {"DOWNLOAD_FORMAT": "xlsx", "NUMBER_OF_RECORDS": "200"}, 200),
        ("WaveDownload", {"DOWNLOAD_FORMAT": "", "NUMBER_OF_RECORDS": "200"}, 200),
        ("WaveDownload", {"DOWNLOAD_FORMAT": "png", "NUMBER_OF_RECORDS": "200"}, None),
        ("ApiTotalUsage", {"HTTP_METHOD": "GET", "API_RESOURCE": "/v62.0/query"}, None),
    ],
)  # fmt: skip
def test_rows_read_count_once_whatever_the_door(event_type: str, cells: dict[str, str], rows: int | None) -> None:
    """What is written does not count, and no act counts in two event types."""
    assert row(event_type, **cells).get("leakline.rows") == rows


def test_bytes_count_where_a_result_is_fetched() -> None:
    """The rows of a job are in its state, its bytes in the call that takes them."""
    path = f"/services/data/v62.0/jobs/query/{JOB}/results"
    found = row("RestApi", METHOD="GET", URI=path, ROWS_PROCESSED="5", RESPONSE_SIZE="900")
    assert (found.get("leakline.rows"), found["leakline.bytes"]) == (None, 900)
