"""Delivery to servers that others wrote: every row there, none altered, and what happens when they refuse or die."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import polars as pl
import pytest
from pydantic import TypeAdapter

from agent.assembly.destinations import build_destination
from agent.columns.frame_parts import FrameParts
from agent.config.settings import DestinationSettings
from agent.errors import Misconfigured, Unavailable
from agent.formats import ecs
from agent.pipeline.chunk import cut
from agent.pipeline.deliver import Delivery
from agent.store.queue.delivery_result import DeliveryResult
from tests.destinations.rows import event_id, one_chunk, rows
from tests.servers.judge import DeliveryVerdict, judge
from tests.servers.opensearch_server import OpenSearch
from tests.servers.process import wait_until
from tests.servers.rsyslog import Rsyslog

pytestmark = pytest.mark.server

Open = Callable[[dict[str, Any]], Any]
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def events(count: int, first: int = 0) -> pl.DataFrame:
    """Shaped rows with every kind of value an ECS document has."""
    numbers = pl.Series(range(first, first + count))
    return rows(count, first=first).with_columns(
        pl.Series("event.created", [NOW] * count, pl.Datetime("ms", "UTC")),
        (numbers * 1_000_003 - 7).alias("event.duration"),
        pl.Series("source.ip", ["203.0.113.7", None, "2001:db8::1"] * count, pl.String)[:count],
        pl.Series("related.user", [["ada", 'b"ob'], [], None] * count, pl.List(pl.String))[:count],
        (numbers % 2 == 0).alias("salesforce.is_success"),
        (numbers / 8).alias("salesforce.ratio"),
    )


@pytest.fixture
def open_at() -> Iterator[Open]:
    opened = []

    def build(settings: dict[str, Any]) -> Any:
        typed: Any = TypeAdapter(DestinationSettings).validate_python(settings)
        opened.append(build_destination(typed, lambda: NOW, threading.Event()))
        return opened[-1]

    yield build
    for destination in opened:
        destination.close()


def deliver(destination: Any, frame: pl.DataFrame) -> DeliveryResult:
    """Through the loop, as the daemon does, until every row is settled; with short pauses."""
    delivery, settled = Delivery(destination, threading.Event(), lambda: 0.01), DeliveryResult()
    lines = destination.wrap(frame, destination.format(frame))
    first = 0
    for chunk in cut(
        lines, FrameParts.of(frame), max_bytes=destination.limits.max_bytes, max_rows=destination.limits.max_rows
    ):
        part = delivery.deliver(chunk, first)
        first += len(chunk.lines)
        settled.acknowledged += part.acknowledged
        settled.duplicate += part.duplicate
        settled.refused += part.refused
    return settled


def sent(frame: pl.DataFrame) -> dict[str, str]:
    return dict(zip(frame["event.id"], ecs.encode(frame), strict=True))


def verdict(server: Any, frame: pl.DataFrame) -> DeliveryVerdict:
    """What a judge says once the last of the rows is there."""
    wait_until(lambda: len({i for i, _ in server.documents()}) >= frame.height, f"{frame.height} rows arrive", 60)
    return judge(sent(frame), server.documents())


@pytest.mark.parametrize(
    "name, count",
    [("tenzir_hec", 4000), ("hec_collector", 4000), ("tenzir_bulk", 400)],
)
def test_every_row_arrives_over_http(request: pytest.FixtureRequest, open_at: Open, name: str, count: int) -> None:
    """At Tenzir's HEC and `_bulk` servers and at a collector with acknowledgements: exactly what was sent."""
    server = request.getfixturevalue(name)
    frame = events(count)
    assert deliver(open_at(server.settings), frame).acknowledged == count
    found = verdict(server, frame)
    assert found.exact, found


@pytest.mark.parametrize("transport", ["tcp", "tls", "mtls", "udp"])
@pytest.mark.parametrize("framing", ["octet_counting", "line_feed"])
def test_every_row_arrives_over_syslog(rsyslog: Rsyslog, open_at: Open, transport: str, framing: str) -> None:
    """At rsyslog over every transport and in both framings: exactly what was sent."""
    frame = events(500 if transport == "udp" else 4000)
    settings = rsyslog.settings(transport, format="ecs", framing=framing, rate=1000, hostname="here")
    assert deliver(open_at(settings), frame).acknowledged == frame.height
    found = verdict(rsyslog, frame)
    assert found.exact, found
    first = rsyslog.messages()[0]
    assert (first["pri"], first["host"], first["application"], first["kind"]) == (
        "166",
        "here",
        "leakline",
        "ReportExport",
    )
    assert datetime.fromisoformat(first["time"]) == frame["@timestamp"][0]


def test_rfc3164_is_understood(rsyslog: Rsyslog, open_at: Open) -> None:
    """The old header too is read as what it is."""
    frame = events(20)
    deliver(open_at(rsyslog.settings("tcp", format="ecs", protocol="rfc3164", hostname="here")), frame)
    assert verdict(rsyslog, frame).exact
    assert {(message["pri"], message["host"], message["application"]) for message in rsyslog.messages()} == {
        ("166", "here", "leakline")
    }


def has_messages(rsyslog: Rsyslog, count: int) -> bool:
    return len(rsyslog.messages()) >= count


def test_a_killed_rsyslog_loses_nothing(rsyslog: Rsyslog, open_at: Open) -> None:
    """SIGKILL again and again while rows are being sent: each is there in the end, doubles have the same id."""
    destination = open_at(rsyslog.settings("tcp", format="ecs", max_rows=100, timeout="5s"))
    frame = events(6000)
    sender = threading.Thread(target=deliver, args=(destination, frame))
    sender.start()
    for share in range(1, 5):
        wait_until(partial(has_messages, rsyslog, share * 1000), "rows arrive", 60)
        rsyslog.kill()
        rsyslog.start()
    sender.join()
    wait_until(lambda: event_id(5999) in {i for i, _ in rsyslog.documents()}, "the last row arrives", 60)
    found = judge(sent(frame), rsyslog.documents())
    assert found.complete, found


def test_a_client_that_rsyslog_does_not_know(rsyslog: Rsyslog, open_at: Open) -> None:
    """Without the certificate that rsyslog asks for nothing is acknowledged, although every write succeeds."""
    settings = rsyslog.settings("mtls", format="ecs")
    settings["tls"] = {"ca": settings["tls"]["ca"]}
    stranger = open_at(settings)
    with pytest.raises(Unavailable):
        stranger.send(one_chunk(stranger, events(3)))
    assert not list(stranger.probe())[-1].ok
    assert rsyslog.messages() == []


def test_every_row_arrives_at_opensearch(opensearch: OpenSearch, open_at: Open) -> None:
    """In a data stream with our template: exactly what was sent, and searchable by type."""
    open_at(opensearch.admin_settings).install_template()
    destination = open_at({**opensearch.settings, "namespace": "all"})
    frame = events(6000)
    assert deliver(destination, frame).acknowledged == 6000
    index = "logs-salesforce.event_log_file-all"
    found = judge(sent(frame), opensearch.documents(index))
    assert found.exact, found
    query = {"query": {"term": {"source.ip": "203.0.113.0/24"}}, "track_total_hits": True}
    answer = opensearch.client.post(f"/{index}/_search", json=query).json()
    assert answer["hits"]["total"]["value"] == 2000
    again = deliver(destination, frame[:100])
    assert (again.acknowledged, again.duplicate) == (100, 100)


def test_every_row_arrives_in_a_plain_index(opensearch: OpenSearch, open_at: Open) -> None:
    """Without data streams the same holds, and documents are what the format made, with the time of sending."""
    frame = events(500)
    deliver(open_at({**opensearch.settings, "index": "leakline-plain"}), frame)
    assert judge(sent(frame), opensearch.documents("leakline-plain"), volatile=("event.ingested",)).exact


def test_opensearch_refuses_one_row_for_good(opensearch: OpenSearch, open_at: Open) -> None:
    """A row that fits no mapping is refused with OpenSearch's reason; the others are there."""
    open_at(opensearch.admin_settings).install_template()
    destination = open_at({**opensearch.settings, "namespace": "refusing"})
    frame = events(10).with_columns(
        pl.Series("event.severity", ["1", "2", "3", "no number"] + ["5"] * 6, pl.String),
    )
    settled = deliver(destination, frame)
    assert [row for row, _ in settled.refused] == [3]
    assert "mapper_parsing_exception" in settled.refused[0][1]
    assert len(list(opensearch.documents("logs-salesforce.event_log_file-refusing"))) == 9


@pytest.mark.parametrize("block, kind", [("read_only_allow_delete", None), ("write", Misconfigured)])
def test_a_blocked_index_is_waited_for(
    opensearch: OpenSearch, open_at: Open, block: str, kind: type[Exception] | None
) -> None:
    """A full disk (429) and a write block (403) lose nothing: the rows are taken once the block is gone."""
    index = f"leakline-{block}"
    opensearch.client.put(f"/{index}").raise_for_status()
    setting = f"index.blocks.{block}"
    opensearch.client.put(f"/{index}/_settings", json={setting: True}).raise_for_status()
    destination = open_at({**opensearch.settings, "index": index})
    chunk = one_chunk(destination, events(5))
    if kind is None:
        assert len(destination.send(chunk).retry) == 5
    else:
        with pytest.raises(kind, match=r"index\.blocks"):
            destination.send(chunk)
    opensearch.client.put(f"/{index}/_settings", json={setting: None}).raise_for_status()
    assert not destination.send(chunk).retry
    assert len(list(opensearch.documents(index))) == 5


def test_rights_that_are_missing_are_told(opensearch: OpenSearch, open_at: Open) -> None:
    """An index that the user may not write to holds the rows and names the right; a wrong password too."""
    elsewhere = open_at({**opensearch.settings, "index": "elsewhere"})
    with pytest.raises(Misconfigured, match="create_doc"):
        elsewhere.send(one_chunk(elsewhere, events(3)))
    stranger = open_at({**opensearch.settings, "username": "nobody"})
    with pytest.raises(Misconfigured, match="HTTP 401"):
        stranger.send(one_chunk(stranger, events(3)))


def test_a_killed_opensearch_loses_and_doubles_nothing(opensearch: OpenSearch, open_at: Open) -> None:
    """SIGKILL between and during requests: after the restart every row is there once, known ones as duplicates."""
    destination = open_at({**opensearch.settings, "index": "leakline-killed", "max_rows": 200})
    frame = events(4000)
    first = deliver(destination, frame[:2000])
    opensearch.end(signal.SIGKILL)
    with pytest.raises(Unavailable):
        destination.send(one_chunk(destination, frame[2000:2100]))
    opensearch.start()
    second = deliver(destination, frame[1900:])
    assert first.acknowledged + second.acknowledged - second.duplicate == 4000
    assert judge(sent(frame), opensearch.documents("leakline-killed")).exact


@pytest.mark.parametrize("name", ["tenzir_hec", "hec_collector"])
def test_a_bad_event_is_found_at_imitators_of_hec(request: pytest.FixtureRequest, open_at: Open, name: str) -> None:
    """They keep nothing of a request with a bad event: all good rows arrive all the same, and only it is refused."""
    server = request.getfixturevalue(name)
    destination = open_at(server.settings)
    frame = events(20)
    lines = ecs.encode(frame).to_list()
    lines[7] = '""'
    settled = Delivery(destination, threading.Event(), lambda: 0.0).deliver(one_chunk(destination, frame, lines), 0)
    assert [row for row, _ in settled.refused] == [7]
    good = frame.filter(pl.int_range(pl.len()) != 7)
    found = verdict(server, good)
    assert found.complete, found


@pytest.mark.parametrize("name", ["tenzir_hec", "hec_collector"])
def test_a_wrong_token_is_told(request: pytest.FixtureRequest, open_at: Open, name: str, tmp_path: Any) -> None:
    """By `send` and by `probe`, without the token in the message."""
    server = request.getfixturevalue(name)
    (tmp_path / "token").write_text("not-the-token")
    destination = open_at({**server.settings, "token": {"file": str(tmp_path / "token")}})
    with pytest.raises(Misconfigured) as caught:
        destination.send(one_chunk(destination, events(2)))
    assert "not-the-token" not in str(caught.value)
    assert [finding.ok for finding in destination.probe() if "token is not accepted" in finding.message] == [False]


@pytest.mark.parametrize("name", ["tenzir_hec", "hec_collector", "tenzir_bulk", "opensearch"])
def test_probe_is_content_with_real_servers(request: pytest.FixtureRequest, open_at: Open, name: str) -> None:
    """`probe` finds nothing wrong with a server that takes our rows."""
    findings = list(open_at(request.getfixturevalue(name).settings).probe())
    assert [finding for finding in findings if not finding.ok and not finding.warning] == []
