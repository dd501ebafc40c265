"""`event.ingested` is when a document is sent, not when it was made."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.columns.sent_mark import MARK, marked
from agent.columns.string_buffer import body
from agent.destinations.elastic.elastic import Elastic, ElasticSettings
from agent.destinations.file.file import File, FileSettings
from agent.destinations.sent_time import stamped, stamped_body
from agent.destinations.splunk.splunk import Splunk, SplunkSettings
from agent.destinations.syslog.syslog import Syslog, SyslogSettings
from agent.formats import cef, ecs
from tests.destinations.bulk_server import PASSWORD, USER, BulkServer
from tests.destinations.conftest import SecretFile, StartHttp
from tests.destinations.rows import Clock, one_chunk, rows
from tests.destinations.syslog_server import DatagramReceiver

SHAPED = datetime(2026, 1, 2, 3, 5, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(SHAPED)


def spooled(count: int = 2) -> pl.DataFrame:
    return rows(count).with_columns(pl.lit(SHAPED).cast(pl.Datetime("ms", "UTC")).alias("event.created"))


def test_elastic_gets_the_time_of_each_attempt(
    http: StartHttp, opened: ExitStack, clock: Clock, secret_file: SecretFile
) -> None:
    """Lines that were encoded once and waited six hours say when they were sent; `event.created` stays."""
    bulk = BulkServer()
    where = {"type": "elastic", "url": http(bulk).url, "index": "all"}
    document = {**where, "username": USER, "password": secret_file(PASSWORD)}
    elastic = Elastic(ElasticSettings.model_validate(document), ecs.encode_to_send, now=clock)
    opened.callback(elastic.close)
    chunk = one_chunk(elastic, spooled())
    for hours in (6, 7):
        clock.time = SHAPED + timedelta(hours=hours)
        bulk.documents.clear()
        elastic.send(chunk)
        events = [orjson.loads(text)["event"] for text in bulk.documents.values()]
        assert [event["ingested"] for event in events] == [f"2026-01-02T{3 + hours:02}:05:00.000Z"] * 2
        assert [event["created"] for event in events] == ["2026-01-02T03:05:00.000Z"] * 2


def test_files_and_syslog_say_it_too(tmp_path: Path, opened: ExitStack, clock: Clock) -> None:
    """Every destination of ECS documents sets it, whatever it writes around them."""
    clock.time = SHAPED + timedelta(hours=2)
    file = File(FileSettings.model_validate({"type": "file", "directory": tmp_path}), ecs.encode_to_send, now=clock)
    opened.callback(file.close)
    file.send(one_chunk(file, spooled()))
    receiver = DatagramReceiver()
    opened.callback(receiver.stop)
    document = {"type": "syslog", "host": "127.0.0.1", "port": receiver.port, "transport": "udp", "format": "ecs"}
    syslog = Syslog(SyslogSettings.model_validate(document), ecs.encode_to_send, wait=lambda _: False, now=clock)
    opened.callback(syslog.close)
    syslog.send(one_chunk(syslog, spooled()))
    receiver.wait_for(2)
    documents = (tmp_path / "events.ndjson").read_bytes().splitlines()
    documents += [message[message.index(b"{") :] for message in receiver.messages]
    assert [json.loads(text)["event"]["ingested"] for text in documents] == ["2026-01-02T05:05:00.000Z"] * 4


def test_splunk_and_cef_have_times_of_their_own(opened: ExitStack, secret_file: SecretFile) -> None:
    """Splunk's `_indextime` and a CEF receiver's clock say it: their lines hold no place for it."""
    settings = SplunkSettings.model_validate({"type": "splunk", "url": "http://localhost:1", "token": secret_file("t")})
    splunk = Splunk(settings, ecs.encode, wait=lambda _: False)
    opened.callback(splunk.close)
    frame = spooled()
    lines = [*splunk.wrap(frame, ecs.encode(frame)), *cef.encode(frame)]
    assert not any(MARK in line or "ingested" in line for line in lines)


def test_rows_of_an_older_spool_lose_the_time_they_were_shaped_at() -> None:
    """A spooled column `event.ingested` is not sent: the destination's own word is the only one."""
    old = spooled(1).with_columns(pl.col("event.created").alias("event.ingested"))
    (line,) = stamped(marked(ecs.encode(old)), SHAPED + timedelta(days=1))
    assert line.count('"ingested"') == 1
    assert json.loads(line)["event"]["ingested"] == "2026-01-03T03:05:00.000Z"


@given(st.lists(st.text() | st.sampled_from([MARK, '"event":{', f'{{"event":{{"ingested":"{MARK}"']), min_size=1))
def test_no_text_of_an_event_is_taken_for_the_mark(texts: list[str]) -> None:
    """Whatever an event holds, one time is set in each document, and everything else stays as it was."""
    frame = rows(len(texts)).with_columns(pl.Series("client.user.name", texts), pl.Series("message", texts))
    plain = ecs.encode(frame)
    lines = marked(plain)
    sent = stamped(lines, SHAPED)
    assert stamped_body(lines, SHAPED) == bytes(body(sent))
    assert sent.str.len_bytes().to_list() == lines.str.len_bytes().to_list()
    for before, after in zip(plain, sent, strict=True):
        document = json.loads(after)
        assert document["event"].pop("ingested") == "2026-01-02T03:05:00.000Z"
        assert document == json.loads(before)
