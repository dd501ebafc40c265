"""Every code that HEC answers with, half-accepted requests, and answers that are none."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from agent.destinations.splunk.reply import MEANINGS
from agent.errors import Misconfigured, Unavailable
from agent.pipeline.deliver import Delivery
from tests.destinations.conftest import OpenSplunk, StartHttp
from tests.destinations.hec_server import HecServer, hec_reply
from tests.destinations.http_server import HTML, Reply
from tests.destinations.rows import event_id, one_chunk, rows


@pytest.mark.parametrize("code", [6, 12, 13, 15])
def test_a_half_accepted_request(http: StartHttp, open_splunk: OpenSplunk, code: int) -> None:
    """Splunk kept the rows before the bad one: they are acknowledged, it is refused, the rest goes again."""
    splunk = open_splunk(server := http(HecServer()))
    server.script.append(hec_reply(400, code, bad_event=3))
    outcome = splunk.send(one_chunk(splunk, rows(6)))
    assert list(outcome.rejected) == [(3, f"{MEANINGS[code]} (HEC code {code})")]
    assert list(outcome.retry) == [4, 5]


@pytest.mark.parametrize("first, bad", [(0, 0), (0, 5), (0, 2)])
def test_a_bad_row_reaches_nobody_and_stops_nobody(
    http: StartHttp, open_splunk: OpenSplunk, first: int, bad: int
) -> None:
    """The whole way through the loop: every good row is indexed once, the bad one is refused."""
    hec = HecServer()
    splunk = open_splunk(http(hec))
    frame, lines = rows(6), ['{"good":1}'] * 6
    lines[bad] = '""'
    settled = Delivery(splunk, threading.Event(), lambda: 0.0).deliver(one_chunk(splunk, frame, lines), first)
    assert [row for row, _ in settled.refused] == [bad]
    assert settled.acknowledged == 5
    assert hec.ids() == [event_id(n) for n in range(6) if n != bad]


@pytest.mark.parametrize(
    "server_name, setting, expected",
    [("Splunkd", "auto", [3]), ("nginx", "auto", [0, 1, 3]), ("nginx", "yes", [3]), ("Splunkd", "no", [0, 1, 3])],
)
def test_rows_before_a_bad_one_are_credited_only_to_splunk(
    http: StartHttp, open_splunk: OpenSplunk, server_name: str, setting: str, expected: list[int]
) -> None:
    """Imitators of HEC keep nothing of such a request: in doubt rows are sent twice rather than never."""
    splunk = open_splunk(server := http(HecServer()), partial_acceptance=setting)
    server.script.append(hec_reply(400, 6, server_name, bad_event=2))
    outcome = splunk.send(one_chunk(splunk, rows(4)))
    assert [row for row, _ in outcome.rejected] == [2]
    assert list(outcome.retry) == expected


def test_a_bad_row_without_a_number_is_found_by_halving(http: StartHttp, open_splunk: OpenSplunk) -> None:
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
    assert sorted(hec.ids()) == sorted(event_id(n) for n in range(9) if n != 4)
    assert splunk.limits.max_rows == 10_000


@pytest.mark.parametrize("code, status", [(24, 200), (25, 200)])
def test_a_filling_queue_is_an_acceptance(http: StartHttp, open_splunk: OpenSplunk, code: int, status: int) -> None:
    """Codes 24 and 25 say that the rows were taken: a pause is due, never a second sending."""
    splunk = open_splunk(server := http(HecServer()))
    server.script.append(hec_reply(status, code))
    outcome = splunk.send(one_chunk(splunk, rows(3)))
    assert outcome.slow_down
    assert not outcome.retry


LASTING = [
    (403, 1), (401, 2), (401, 3), (403, 4), (400, 5), (400, 7), (400, 10), (400, 11), (400, 14), (400, 16), (400, 21), (400, 22),
]  # fmt: skip


PASSING = [(500, 8), (503, 9), (503, 18), (503, 19), (503, 20), (503, 23), (429, 26), (429, 27)]


@pytest.mark.parametrize("status, code", LASTING)
def test_codes_that_need_a_person(http: StartHttp, open_splunk: OpenSplunk, status: int, code: int) -> None:
    """Token, index and channel errors hold the rows until a setting changes, and say which."""
    splunk = open_splunk(server := http(HecServer()))
    server.script.append(hec_reply(status, code, bad_event=1 if code == 7 else None))
    with pytest.raises(Misconfigured, match=f"code {code}"):
        splunk.send(one_chunk(splunk, rows(3)))


@pytest.mark.parametrize("status, code", PASSING)
def test_codes_that_pass(http: StartHttp, open_splunk: OpenSplunk, status: int, code: int) -> None:
    """Busy, full and stopping servers get the same rows later, when they say so if they do."""
    splunk = open_splunk(server := http(HecServer()))
    server.script.append(Reply.json(status, {"text": "", "code": code}, **{"Retry-After": "7"}))
    with pytest.raises(Unavailable, match=f"code {code}") as caught:
        splunk.send(one_chunk(splunk, rows(3)))
    assert not isinstance(caught.value, Misconfigured)
    assert caught.value.retry_after == 7


def test_a_busy_server_that_says_how_far_it_got(http: StartHttp, open_splunk: OpenSplunk) -> None:
    """Code 9 with a number: the rows before it were taken."""
    splunk = open_splunk(server := http(HecServer()))
    server.script.append(hec_reply(503, 9, bad_event=2))
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
def test_what_is_no_answer_from_hec(
    http: StartHttp, open_splunk: OpenSplunk, reply: Reply, kind: type[Exception]
) -> None:
    """Pages of proxies, cut answers and closed connections acknowledge nothing."""
    splunk = open_splunk(server := http(HecServer()))
    server.script.append(reply)
    with pytest.raises(Unavailable) as caught:
        splunk.send(one_chunk(splunk, rows(3)))
    assert type(caught.value) is kind


@pytest.mark.parametrize("fault", ["drip body", "drip head"])
def test_a_dripping_server_is_left(http: StartHttp, open_splunk: OpenSplunk, fault: Any) -> None:
    """A server that sends a byte now and then for ever is cut off after `timeout`, head or body."""
    splunk = open_splunk(server := http(HecServer()), timeout="300ms")
    server.script.append(Reply(fault=fault))
    with pytest.raises(Unavailable, match=r"no complete answer within 0\.3 s"):
        splunk.send(one_chunk(splunk, rows(3)))
    server.script.clear()
    assert not splunk.send(one_chunk(splunk, rows(3))).retry


def test_a_request_that_is_too_large(http: StartHttp, open_splunk: OpenSplunk) -> None:
    """413 halves the requests for good until they fit; a row too large by itself is shortened, or refused."""
    hec = HecServer()
    hec.largest = 2500
    splunk = open_splunk(http(hec), too_long="dead_letter")
    settled = Delivery(splunk, threading.Event(), lambda: 0.0).deliver(one_chunk(splunk, rows(24)), 0)
    assert [row for row, _ in settled.refused] == [10, 22]
    assert sorted(hec.ids()) == sorted(event_id(n) for n in range(24) if n not in (10, 22))
    assert splunk.limits.max_bytes < 2500
    splunk = open_splunk(http(hec))
    delivery = Delivery(splunk, threading.Event(), lambda: 0.0)
    assert delivery.deliver(one_chunk(splunk, rows(24)[10:11]), 10).acknowledged == 1
    assert event_id(10) in hec.ids()
