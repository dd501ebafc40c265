"""Splunk HEC: the envelope, every code, half-accepted requests, acknowledgements."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.destinations.splunk.reply import MEANINGS
from agent.destinations.splunk.splunk import Splunk, SplunkSettings
from agent.errors import Misconfigured, SettingsError, Unavailable
from agent.pipeline.deliver import Delivery
from tests.destinations.conftest import StartHttp
from tests.destinations.hec_server import TOKEN, HecServer
from tests.destinations.http_server import HTML, HttpServer, Reply
from tests.destinations.rows import as_json, event_id, one_chunk, rows

Open = Callable[..., Splunk]


@pytest.fixture
def open_splunk(opened: Any, secret_file: Callable[[str], dict[str, str]]) -> Open:
    def build(server: HttpServer, token: str = TOKEN, wait: Any = lambda _: False, **changes: Any) -> Splunk:
        document = {"type": "splunk", "url": server.url, "token": secret_file(token), "index": "main", **changes}
        splunk = Splunk(SplunkSettings.model_validate(document), as_json, wait=wait)
        opened.callback(splunk.close)
        return splunk

    return build


def says(status: int, code: int, server: str = "Splunkd", **more: Any) -> Reply:
    return Reply.json(status, {"text": "text", "code": code, **more}, Server=server)


def ids(hec: HecServer) -> list[str]:
    return [event["fields"]["event_id"] for event in hec.events]


def test_the_envelope(http: StartHttp, open_splunk: Open) -> None:
    """Time in seconds with milliseconds, metadata by setting, indexed fields flat, gzip on the wire."""
    hec = HecServer()
    server = http(hec)
    splunk = open_splunk(server, host="h", source="s", sourcetype="t", fields={"environment": 'te"st'})
    splunk.send(one_chunk(splunk, rows(1)))
    assert hec.events == [
        {
            "time": 1767323045.123,
            "host": "h",
            "source": "s",
            "sourcetype": "t",
            "index": "main",
            "fields": {
                "event_id": event_id(0),
                "org_id": "00D000000000001EAA",
                "dataset": "salesforce.event_log_file",
                "kind": "event",
                "environment": 'te"st',
            },
            "event": orjson.loads(as_json(rows(1))[0]),
        }
    ]
    assert server.requests[0].headers["Content-Encoding"] == "gzip"
    assert server.requests[0].path == "/services/collector/event"


@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_any_text_stands_in_an_indexed_field(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """Whatever an organisation's id holds, the envelope is JSON and the text comes back."""
    path = tmp_path_factory.getbasetemp() / "token"
    path.write_text(TOKEN)
    document = {"type": "splunk", "url": "http://localhost:1", "token": {"file": str(path)}}
    splunk = Splunk(SplunkSettings.model_validate(document), as_json, wait=lambda _: False)
    frame = rows(len(texts)).with_columns(pl.Series("organization.id", texts, dtype=pl.String))
    wrapped = [orjson.loads(line) for line in splunk.wrap(frame, as_json(frame))]
    splunk.close()
    assert [document["fields"]["org_id"] for document in wrapped] == texts


def test_a_row_without_a_time_gets_its_files_time(http: StartHttp, open_splunk: Open) -> None:
    """A missing time never becomes "now": the file's time stands in, or 1970."""
    hec = HecServer()
    splunk = open_splunk(http(hec))
    created = pl.Series("event.created", [datetime(2026, 1, 2, tzinfo=UTC), None], pl.Datetime("ms", "UTC"))
    frame = rows(2).with_columns(created, pl.lit(None, pl.Datetime("ms", "UTC")).alias("@timestamp"))
    splunk.send(one_chunk(splunk, frame))
    assert [event["time"] for event in hec.events] == [1767312000.0, 0.0]


@pytest.mark.parametrize("code", [6, 12, 13, 15])
def test_a_half_accepted_request(http: StartHttp, open_splunk: Open, code: int) -> None:
    """Splunk kept the rows before the bad one: they are acknowledged, it is refused, the rest goes again."""
    splunk = open_splunk(server := http(HecServer()))
    server.script.append(says(400, code, **{"invalid-event-number": 3}))
    outcome = splunk.send(one_chunk(splunk, rows(6)))
    assert list(outcome.rejected) == [(3, f"{MEANINGS[code]} (HEC code {code})")]
    assert list(outcome.retry) == [4, 5]


@pytest.mark.parametrize("first, bad", [(0, 0), (0, 5), (0, 2)])
def test_a_bad_row_reaches_nobody_and_stops_nobody(http: StartHttp, open_splunk: Open, first: int, bad: int) -> None:
    """The whole way through the loop: every good row is indexed once, the bad one is refused."""
    hec = HecServer()
    splunk = open_splunk(http(hec))
    frame, lines = rows(6), ['{"good":1}'] * 6
    lines[bad] = '""'
    settled = Delivery(splunk, threading.Event(), lambda: 0.0).deliver(one_chunk(splunk, frame, lines), first)
    assert [row for row, _ in settled.refused] == [bad]
    assert settled.acknowledged == 5
    assert ids(hec) == [event_id(n) for n in range(6) if n != bad]


@pytest.mark.parametrize(
    "server_name, setting, expected",
    [("Splunkd", "auto", [3]), ("nginx", "auto", [0, 1, 3]), ("nginx", "yes", [3]), ("Splunkd", "no", [0, 1, 3])],
)
def test_rows_before_a_bad_one_are_credited_only_to_splunk(
    http: StartHttp, open_splunk: Open, server_name: str, setting: str, expected: list[int]
) -> None:
    """Imitators of HEC keep nothing of such a request: in doubt rows are sent twice rather than never."""
    splunk = open_splunk(server := http(HecServer()), partial_acceptance=setting)
    server.script.append(says(400, 6, server_name, **{"invalid-event-number": 2}))
    outcome = splunk.send(one_chunk(splunk, rows(4)))
    assert [row for row, _ in outcome.rejected] == [2]
    assert list(outcome.retry) == expected


def test_a_bad_row_without_a_number_is_found_by_halving(http: StartHttp, open_splunk: Open) -> None:
    """A server that does not say which row is bad gets smaller requests until it stands alone."""
    hec = HecServer(keeps_rows_before_bad=False)

    def unnumbered(request: Any) -> Reply:
        reply = hec(request)
        return Reply(reply.status, reply.body.split(b',"invalid')[0].rstrip(b"}") + b"}", reply.headers)

    splunk = open_splunk(http(unnumbered))
    lines = ['{"good":1}'] * 9
    lines[4] = '""'
    settled = Delivery(splunk, threading.Event(), lambda: 0.0).deliver(one_chunk(splunk, rows(9), lines), 0)
    assert [row for row, _ in settled.refused] == [4]
    assert sorted(ids(hec)) == sorted(event_id(n) for n in range(9) if n != 4)
    assert splunk.limits.max_rows == 10_000


@pytest.mark.parametrize("code, status", [(24, 200), (25, 200)])
def test_a_filling_queue_is_an_acceptance(http: StartHttp, open_splunk: Open, code: int, status: int) -> None:
    """Codes 24 and 25 say that the rows were taken: a pause is due, never a second sending."""
    splunk = open_splunk(server := http(HecServer()))
    server.script.append(says(status, code))
    outcome = splunk.send(one_chunk(splunk, rows(3)))
    assert outcome.slow_down
    assert not outcome.retry


LASTING = [
    (403, 1), (401, 2), (401, 3), (403, 4), (400, 5), (400, 7), (400, 10), (400, 11), (400, 14), (400, 16), (400, 21), (400, 22),
]  # fmt: skip
PASSING = [(500, 8), (503, 9), (503, 18), (503, 19), (503, 20), (503, 23), (429, 26), (429, 27)]


@pytest.mark.parametrize("status, code", LASTING)
def test_codes_that_need_a_person(http: StartHttp, open_splunk: Open, status: int, code: int) -> None:
    """Token, index and channel errors hold the rows until a setting changes, and say which."""
    splunk = open_splunk(server := http(HecServer()))
    server.script.append(says(status, code, **{"invalid-event-number": 1} if code == 7 else {}))
    with pytest.raises(Misconfigured, match=f"code {code}"):
        splunk.send(one_chunk(splunk, rows(3)))


@pytest.mark.parametrize("status, code", PASSING)
def test_codes_that_pass(http: StartHttp, open_splunk: Open, status: int, code: int) -> None:
    """Busy, full and stopping servers get the same rows later, when they say so if they do."""
    splunk = open_splunk(server := http(HecServer()))
    server.script.append(Reply.json(status, {"text": "", "code": code}, **{"Retry-After": "7"}))
    with pytest.raises(Unavailable, match=f"code {code}") as caught:
        splunk.send(one_chunk(splunk, rows(3)))
    assert not isinstance(caught.value, Misconfigured)
    assert caught.value.retry_after == 7


def test_a_busy_server_that_says_how_far_it_got(http: StartHttp, open_splunk: Open) -> None:
    """Code 9 with a number: the rows before it were taken."""
    splunk = open_splunk(server := http(HecServer()))
    server.script.append(says(503, 9, **{"invalid-event-number": 2}))
    assert list(splunk.send(one_chunk(splunk, rows(4))).retry) == [2, 3]


@pytest.mark.parametrize(
    "reply, kind",
    [
        (Reply(200, HTML), Unavailable),
        (Reply(200, b""), Unavailable),
        (Reply(200, b"[]"), Unavailable),
        (Reply(200, b'{"text":"Success"}'), Unavailable),
        (Reply(200, b'{"text":"Success","code":false}'), Unavailable),
        (Reply(400, HTML), Unavailable),
        (Reply(502, HTML), Unavailable),
        (Reply(504, HTML), Unavailable),
        (Reply(404, HTML), Misconfigured),
        (Reply(405, HTML), Misconfigured),
        (Reply(415, HTML), Misconfigured),
        (Reply(302, b"", {"Location": "http://elsewhere"}), Misconfigured),
        (Reply(401, b"Unauthorized"), Misconfigured),
        (Reply(fault="reset"), Unavailable),
        (Reply(fault="silent close"), Unavailable),
        (Reply(200, b'{"text":"Success","code":0}', fault="half"), Unavailable),
    ],
)
def test_what_is_no_answer_from_hec(http: StartHttp, open_splunk: Open, reply: Reply, kind: type[Exception]) -> None:
    """Pages of proxies, cut answers and closed connections acknowledge nothing."""
    splunk = open_splunk(server := http(HecServer()))
    server.script.append(reply)
    with pytest.raises(Unavailable) as caught:
        splunk.send(one_chunk(splunk, rows(3)))
    assert type(caught.value) is kind


@pytest.mark.parametrize("fault", ["drip body", "drip head"])
def test_a_dripping_server_is_left(http: StartHttp, open_splunk: Open, fault: Any) -> None:
    """A server that sends a byte now and then for ever is cut off after `timeout`, head or body."""
    splunk = open_splunk(server := http(HecServer()), timeout="300ms")
    server.script.append(Reply(fault=fault))
    with pytest.raises(Unavailable, match=r"no whole answer within 0\.3 s"):
        splunk.send(one_chunk(splunk, rows(3)))
    server.script.clear()
    assert not splunk.send(one_chunk(splunk, rows(3))).retry


def test_a_request_that_is_too_large(http: StartHttp, open_splunk: Open) -> None:
    """413 halves the requests for good until they fit; a row too large by itself is shortened, or refused."""
    hec = HecServer()
    hec.largest = 2500
    splunk = open_splunk(http(hec), too_long="dead_letter")
    settled = Delivery(splunk, threading.Event(), lambda: 0.0).deliver(one_chunk(splunk, rows(24)), 0)
    assert [row for row, _ in settled.refused] == [10, 22]
    assert sorted(ids(hec)) == sorted(event_id(n) for n in range(24) if n not in (10, 22))
    assert splunk.limits.max_bytes < 2500
    splunk = open_splunk(http(hec))
    delivery = Delivery(splunk, threading.Event(), lambda: 0.0)
    assert delivery.deliver(one_chunk(splunk, rows(24)[10:11]), 10).acknowledged == 1
    assert event_id(10) in ids(hec)


def test_acknowledgements_are_waited_for(http: StartHttp, open_splunk: Open) -> None:
    """Rows count as accepted when the indexers have them, asked again and again with growing pauses."""
    hec = HecServer(acknowledges=True)
    hec.acknowledge_after = 4
    pauses: list[float] = []
    splunk = open_splunk(server := http(hec), wait=lambda pause: bool(pauses.append(pause)), acknowledgements=True)
    splunk.send(one_chunk(splunk, rows(3)))
    assert pauses == [0.1, 0.2, 0.4]
    channels = {request.headers["X-Splunk-Request-Channel"] for request in server.requests}
    assert len(channels) == 1
    splunk.send(one_chunk(splunk, rows(3, first=3)))
    assert len(hec.events) == 6


def test_an_acknowledgement_that_never_comes(http: StartHttp, open_splunk: Open) -> None:
    """After `acknowledgement_timeout` the same rows go again."""
    hec = HecServer(acknowledges=True)
    hec.forgets = True
    waited: list[float] = []
    wait: Any = lambda pause: bool(waited.append(pause))  # noqa: E731
    splunk = open_splunk(http(hec), wait=wait, acknowledgements=True, acknowledgement_timeout="20s")
    with pytest.raises(Unavailable, match="no acknowledgement within 20 s"):
        splunk.send(one_chunk(splunk, rows(3)))
    assert 20 <= sum(waited) < 26


def test_stopping_does_not_wait_for_acknowledgements(http: StartHttp, open_splunk: Open) -> None:
    """When it is time to go, rows without acknowledgement are left for the next start."""
    hec = HecServer(acknowledges=True)
    hec.forgets = True
    splunk = open_splunk(http(hec), wait=lambda _: True, acknowledgements=True)
    with pytest.raises(Unavailable, match="stopped"):
        splunk.send(one_chunk(splunk, rows(3)))


def test_a_token_without_acknowledgements_gets_nothing(http: StartHttp, open_splunk: Open) -> None:
    """Where acknowledgements are asked for and not to be had, no row is sent at all."""
    hec = HecServer()
    splunk = open_splunk(http(hec), acknowledgements=True)
    with pytest.raises(Misconfigured, match="code 14"):
        splunk.send(one_chunk(splunk, rows(3)))
    assert hec.events == []


def test_a_half_accepted_request_with_acknowledgements_goes_again_whole(http: StartHttp, open_splunk: Open) -> None:
    """The answer to it has no acknowledgement id, so the rows before the bad one are not known to be indexed."""
    splunk = open_splunk(server := http(HecServer(acknowledges=True)), acknowledgements=True)
    splunk.send(one_chunk(splunk, rows(1)))
    server.script.append(says(400, 6, **{"invalid-event-number": 1}))
    outcome = splunk.send(one_chunk(splunk, rows(3)))
    assert list(outcome.retry) == [0, 2]


def test_the_token_stays_out_of_messages(http: StartHttp, open_splunk: Open) -> None:
    """A server that repeats the token in its refusal does not bring it into ours."""
    splunk = open_splunk(server := http(HecServer()), token="very-secret-token")
    server.script.append(Reply(401, b"not authenticated: very-secret-token"))
    with pytest.raises(Misconfigured) as caught:
        splunk.send(one_chunk(splunk, rows(1)))
    assert "very-secret-token" not in str(caught.value)


def test_a_renewed_token_is_used_at_once(http: StartHttp, open_splunk: Open, secret_file: Any) -> None:
    """A token file that was corrected takes effect with the next request."""
    splunk = open_splunk(http(HecServer()), token="old")
    with pytest.raises(Misconfigured, match="code 4"):
        splunk.send(one_chunk(splunk, rows(1)))
    path = splunk._settings.token.file
    assert path is not None
    path.write_text(TOKEN)
    assert not splunk.send(one_chunk(splunk, rows(1))).retry
    path.unlink()
    with pytest.raises(Misconfigured, match="cannot be read"):
        splunk.send(one_chunk(splunk, rows(1)))


def test_probe_tells_a_bad_token_from_a_bad_server(http: StartHttp, open_splunk: Open) -> None:
    """Health says nothing about the token (Splunk answers it to anybody), so the two are looked at apart."""
    findings = list(open_splunk(http(HecServer()), token="wrong").probe())
    assert [finding.ok for finding in findings[:2]] == [True, False]
    assert "the token is not valid" in findings[1].message
    sick = http(lambda _: says(503, 18))
    findings = list(open_splunk(sick).probe())
    assert not findings[0].ok
    assert "queues are full" in findings[0].message


def test_an_untrusted_certificate(http: StartHttp, open_splunk: Open, certificates: Any) -> None:
    """Nothing is sent to a server that we have no reason to trust, and the message says what to set."""
    server = http(HecServer(), tls=True)
    splunk = open_splunk(server)
    with pytest.raises(Misconfigured, match=r"tls\.ca"):
        splunk.send(one_chunk(splunk, rows(1)))
    assert server.requests == []
    trusting = open_splunk(server, tls={"ca": str(certificates.ca)})
    assert not trusting.send(one_chunk(trusting, rows(1))).retry


def test_without_gzip(http: StartHttp, open_splunk: Open) -> None:
    """`gzip: false` sends the lines as they are."""
    splunk = open_splunk(server := http(HecServer()), gzip=False)
    chunk = one_chunk(splunk, rows(2))
    splunk.send(chunk)
    assert server.requests[0].body.decode() == "".join(chunk.lines)
    assert "Content-Encoding" not in server.requests[0].headers


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"url": "splunk:8088"}, "https://host:port"),
        ({"url": "https://u:p@splunk:8088"}, "credentials"),
        ({"url": "https://splunk:8088?token=x"}, "credentials"),
        ({"token": "plain"}, "does not belong in the settings file"),
        ({"fields": {"event_id": "x"}}, "event_id"),
        ({"colour": "red"}, "Extra inputs"),
        ({"lanes": []}, "at least 1"),
    ],
)
def test_settings_that_are_refused(changes: dict[str, Any], message: str) -> None:
    """Wrong settings are refused with words that say what to write."""
    document = {"type": "splunk", "url": "https://splunk:8088", "token": {"env": "T"}, **changes}
    with pytest.raises(ValidationError, match=message):
        SplunkSettings.model_validate(document)


def test_a_token_that_cannot_be_read_is_told_at_the_start_and_whenever_it_is_needed() -> None:
    """Not with the first event only, hours later; and never as anything that ends the process."""
    document = {"type": "splunk", "url": "https://s:1", "token": {"file": "/nonexistent/token"}}
    destination = Splunk(SplunkSettings.model_validate(document), as_json, wait=lambda _: False)
    with pytest.raises(SettingsError, match="/nonexistent/token"):
        destination.prepare()
    with pytest.raises(Misconfigured, match="/nonexistent/token"):
        destination.send(one_chunk(destination, rows(1)))
