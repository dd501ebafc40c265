"""Rows made long on purpose: they arrive shorter, and so does every alert about them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from agent.assembly.batch_processing import build_processing
from agent.assembly.destinations import build_destination
from agent.columns.frame_parts import FrameParts
from agent.columns.text.cell_length import MARK, TRUNCATED
from agent.config.settings import DestinationSettings, Settings
from agent.destinations.sent_time import stamped
from agent.errors import SettingsError
from agent.formats.cef_keys import CUT
from agent.model import Batch, Destination
from agent.pipeline.chunk import cut
from agent.pipeline.deliver import Delivery
from agent.pipeline.long_rows.drop_order import LEAST_FORM, REST
from agent.pipeline.long_rows.shorten import least_bytes
from agent.store.queue.delivery_result import DeliveryResult
from tests.destinations.rows import event_id
from tests.destinations.syslog_server import StreamReceiver
from tests.formats.cef_reader import read
from tests.pipeline.fakes import NOW, Loops
from tests.store.one_shard import OneShard

TOOL = "Salesforce-Multi-Org-Fetcher/1.0 "
ORG, USER = "00D000000000001AAA", "0055g00000AbCdEAAV"

CLIENT = {"type": "client_credentials", "client_id": "c", "client_secret": {"env": "NOWHERE"}}
ACME = {"name": "acme", "url": "https://acme.my.salesforce.com", "auth": CLIENT}

KINDS: dict[str, dict[str, Any]] = {
    "syslog cef": {"type": "syslog", "host": "h", "port": 1},
    "syslog ecs": {"type": "syslog", "host": "h", "port": 1, "format": "ecs"},
    "syslog with data": {"type": "syslog", "host": "h", "port": 1, "enterprise_number": 32473, "byte_order_mark": True},
    "syslog rfc3164": {"type": "syslog", "host": "h", "port": 1, "format": "ecs", "protocol": "rfc3164"},
    "syslog line_feed": {"type": "syslog", "host": "h", "port": 1, "transport": "tcp", "framing": "line_feed"},
    "syslog udp": {"type": "syslog", "host": "h", "port": 1, "transport": "udp", "format": "ecs"},
    "splunk": {"type": "splunk", "url": "https://h:8088", "token": {"env": "NOWHERE"}, "index": "main"},
    "elastic": {"type": "elastic", "url": "https://h:9200", "api_key": {"env": "NOWHERE"}},
    "elastic index": {"type": "elastic", "url": "https://h:9200", "api_key": {"env": "NOWHERE"}, "index": "i" * 255},
    "file": {"type": "file", "directory": "/nowhere"},
    "file cef": {"type": "file", "directory": "/nowhere", "format": "cef"},
}
LEAST_ALLOWED = {"syslog": 480, "splunk": 1000, "elastic": 1000, "file": 1000}


@pytest.fixture(autouse=True, scope="module")
def token() -> Iterator[None]:
    """The secret that the destinations' settings name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOWHERE", "0123456789")
        yield


@cache
def destination_of(kind: str, **changes: Any) -> Destination:
    document = {**KINDS[kind], **({"hostname": "siem-agent-01"} if "syslog" in kind else {}), **changes}
    parsed: Any = TypeAdapter(DestinationSettings).validate_python(document)
    return build_destination(parsed, lambda: NOW, threading.Event())


class Recorder:
    """A destination's formats and limits with nobody at the other end."""

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self.lines: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._destination, name)

    def send(self, chunk: Any) -> Any:
        from agent.model import Outcome

        self.lines += chunk.lines.to_list()
        return Outcome()


def delivered(destination: Destination, frame: pl.DataFrame) -> tuple[list[str], DeliveryResult]:
    """What a destination would have sent of the frame's rows, and what became of them."""
    recorder: Any = Recorder(destination)
    lines = destination.wrap(frame, destination.format(frame))
    delivery = Delivery(recorder, threading.Event(), lambda: 0.0)
    settled = DeliveryResult()
    for chunk in cut(
        lines, FrameParts.of(frame), max_bytes=destination.limits.max_bytes, max_rows=destination.limits.max_rows
    ):
        part = delivery.deliver(chunk, 0)
        settled.acknowledged += part.acknowledged
        settled.refused += part.refused
    return stamped(pl.Series(recorder.lines, dtype=pl.String), NOW).to_list(), settled


def alert(**fields: Any) -> pl.DataFrame:
    """One alert as it is sent, with further fields."""
    row = {
        "@timestamp": NOW, "event.id": event_id(1), "event.kind": "alert", "event.dataset": "leakline.alert",
        "event.provider": "leakline", "event.action": "alert-raised", "event.severity": 99, "organization.id": ORG,
        "rule.id": "62b0cb73-1889-5fbe-8a89-00b542b99c14", "rule.name": "Tool of a known campaign", "user.id": USER,
        "user.name": "ada@example.com", "source.ip": "2600:40ff:1::1", "leakline.alert.count": 7,
    }  # fmt: skip
    row |= fields
    return pl.DataFrame([row], schema_overrides={"@timestamp": pl.Datetime("ms", "UTC")}, infer_schema_length=None)


def told(line: str, kind: str) -> dict[str, Any]:
    """The must-keep fields of a line as the other side reads them, whatever the format and the envelope."""
    if "CEF:0|" in line:
        header, extension = read(line[line.index("CEF:0|") :].rstrip("\n"))
        return {
            "time": extension["rt"],
            "id": extension["externalId"],
            "severity": header["severity"],
            "rule": header["signature"],
            "name": header["name"],
            "user": extension.get("suid"),
            "count": int(extension["cnt"]),
            "truncated": extension.get(CUT, "").split(",") if CUT in extension else [],
        }
    start = {"splunk": '"event":', "elastic": "\n", "elastic index": "\n"}.get(kind)
    text = line[line.index('{"@timestamp"') :] if start is None else line[line.index(start) + len(start) :]
    document = orjson.loads(text.removesuffix("\n").removesuffix("}") if kind == "splunk" else text)
    if kind.startswith(("splunk", "elastic")):
        [orjson.loads(part) for part in line.strip().split("\n")]
    leakline = document["leakline"]
    return {
        "time": document["@timestamp"],
        "id": document["event"]["id"],
        "severity": document["event"]["severity"],
        "rule": document["rule"]["id"],
        "name": document["rule"]["name"],
        "user": document.get("user", {}).get("id"),
        "count": leakline["alert"]["count"],
        "truncated": leakline.get("truncated", []),
    }


KEPT = ("time", "id", "severity", "rule", "user", "count")


@pytest.mark.parametrize("form", ["ecs", "cef"])
def test_a_long_user_agent_suppresses_neither_the_event_nor_its_alert(tmp_path: Path, form: str) -> None:
    """A sign-in with nine kilobytes of four-byte user agent reaches a syslog receiver, and its critical alert does."""
    receiver = StreamReceiver()
    settings = Settings.model_validate(
        {
            "orgs": [ACME],
            "destinations": [
                {"type": "syslog", "host": "127.0.0.1", "port": receiver.port, "transport": "tcp", "format": form}
            ],
        }
    )
    login = {
        "event.id": event_id(5), "EVENT_TYPE": "Login", "BROWSER_TYPE": TOOL + "😀" * 2300, "URI": "/" + "𝔘" * 3000,
        "LOGIN_STATUS": "LOGIN_NO_ERROR", "USER_ID": USER, "TIMESTAMP_DERIVED": "2026-07-01T11:00:00.000Z",
        "SOURCE_IP": "203.0.113.9",
    }  # fmt: skip
    with closing(OneShard(tmp_path / "state")) as state:
        loops = Loops(state)
        destination: Any = build_destination(settings.destinations[0], lambda: NOW, loops.stop)
        forward = loops.forward(destination)
        batch = Batch(ORG, "event_log_file", "Login", pl.DataFrame([login]))
        loops.ingest(build_processing(settings).steps()).take("acme/event_log_file", batch)
        loops.drain(forward)
        receiver.wait_for(2)
        destination.close()
        receiver.stop()
        assert loops.dead_letters.count() == 0
        assert loops.problems.open() == []
    messages = [message.decode() for message in receiver.messages]
    assert all(len(message.encode()) <= 8192 for message in messages)
    assert any(event_id(5) in message for message in messages)
    (raised,) = [message for message in messages if "alert-raised" in message]
    assert "campaign" in raised
    start, name = (
        ("flexString2=", "requestClientApplication") if form == "cef" else ('"truncated":', "user_agent.original")
    )
    assert name in raised.split(start)[1]


SOUP = st.text(
    st.sampled_from('|=\\"\n\r\t\0\x1b ab€😀\u2028,[]{}') | st.characters(exclude_categories=["Cs"]), max_size=30
)
LONG = st.builds(lambda text, times: text * times, SOUP, st.sampled_from([0, 1, 3, 40, 400, 4000]))
FIELDS = [
    "user_agent.original",
    "message",
    "url.original",
    "salesforce.query",
    "user.email",
    "event.reason",
    "file.name",
]


@settings(max_examples=60)
@given(
    st.sampled_from(list(KINDS)),
    st.booleans(),
    st.dictionaries(st.sampled_from(FIELDS), LONG, max_size=5),
    st.lists(LONG, max_size=5),
    st.integers(0, 100),
)
@example("syslog cef", False, dict.fromkeys(["user_agent.original", "message"], "😀" * 2000), [], 100)
@example("syslog ecs", True, {"user_agent.original": "x" * 9000}, ["\0" * 9000], 100)
@example("elastic index", True, {"message": "\\" * 8_000_000}, [], 0)
def test_every_alert_fits_parses_and_keeps_what_it_is_about(
    kind: str, least: bool, texts: dict[str, str], list_of: list[str], ids: int
) -> None:
    """Whatever its texts hold, an alert goes out within the limit, readable, with rule, actor, time, id and count whole."""
    limit = {"max_row_bytes": LEAST_ALLOWED[kind.split()[0]]} if least else {}
    destination = destination_of(kind, **limit)
    plain, _ = delivered(destination_of(kind), alert())
    lists = {"related.user": list_of, "leakline.alert.event_ids": [event_id(n) for n in range(ids)]}
    (line,), settled = delivered(
        destination, alert(**texts, **{name: values for name, values in lists.items() if values})
    )
    assert (settled.acknowledged, settled.refused) == (1, [])
    assert len(line.encode()) <= destination.limits.max_row_bytes
    wanted, found = told(plain[0], kind), told(line, kind)
    assert {name: found[name] for name in KEPT} == {name: wanted[name] for name in KEPT}
    assert found["name"] == wanted["name"] or (least and found["name"].endswith(MARK))


@settings(max_examples=40)
@given(st.sampled_from(list(KINDS)), st.booleans(), LONG.filter(bool), LONG.filter(bool), LONG.filter(bool))
@example("syslog ecs", True, "\0" * 10_000, "\x1b" * 10_000, "\0" * 10_000)
@example("syslog with data", True, "|" * 10_000, "\\" * 10_000, "=" * 10_000)
def test_even_absurd_names_and_ids_do_not_suppress_an_alert(
    kind: str, least: bool, name: str, rule: str, user: str
) -> None:
    """A rule's name, its id or a user of ten kilobytes is cut too, rather than lose the alert."""
    limit = {"max_row_bytes": LEAST_ALLOWED[kind.split()[0]]} if least else {}
    destination = destination_of(kind, **limit)
    absurd = {"rule.name": name, "rule.id": rule, "user.id": user, "user.name": user, "event.action": name}
    (line,), settled = delivered(destination, alert(**absurd))
    assert (settled.acknowledged, settled.refused) == (1, [])
    assert len(line.encode()) <= destination.limits.max_row_bytes
    assert told(line, kind)["id"] == event_id(1)


@pytest.mark.parametrize("kind", ["syslog ecs", "syslog cef", "elastic", "splunk"])
def test_what_was_cut_is_named_in_the_row(kind: str) -> None:
    """A field that lost its end is in `leakline.truncated`, in CEF its key in flexString2; one that did not is not."""
    (line,), _ = delivered(
        destination_of(kind, max_row_bytes=2000), alert(**{"user_agent.original": "😀" * 1022, "message": "short"})
    )
    cut_name = "requestClientApplication" if kind == "syslog cef" else "user_agent.original"
    assert told(line, kind)["truncated"] == [cut_name]
    assert f"😀{MARK}" in line
    (line,), _ = delivered(destination_of(kind), alert(message="short"))
    assert told(line, kind)["truncated"] == []
    small = destination_of(kind, max_row_bytes=1000)
    many = {f"salesforce.field_{number}": "x" * 25 for number in range(100)} | {"message": "m"}
    (line,), _ = delivered(small, alert(**many, **{"user_agent.original": "ua" * 500, "url.original": "u" * 900}))
    assert REST in told(line, kind)["truncated"]


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_setting_says_what_becomes_of_events(kind: str) -> None:
    """`too_long: dead_letter` keeps a long event here, and never an alert or an event about Leakline itself."""
    destination = destination_of(kind, too_long="dead_letter", max_row_bytes=1500)
    long = {"message": "m" * 900, "user_agent.original": "u" * 70_000, "url.original": "w" * 1000}
    event = {"event.kind": "event", "event.dataset": "salesforce.event_log_file"}
    _, settled = delivered(destination, alert(**long, **event))
    assert (len(settled.refused), settled.acknowledged) == (1, 0)
    _, settled = delivered(destination_of(kind, max_row_bytes=1500), alert(**long, **event))
    assert (settled.refused, settled.acknowledged) == ([], 1)
    for row in ({}, {"event.kind": "pipeline_error", "event.dataset": "leakline.agent"}):
        _, settled = delivered(destination, alert(**long, **row))
        assert (settled.refused, settled.acknowledged) == ([], 1)


def test_settings_that_leave_no_room_for_an_alert_are_refused() -> None:
    """A row limit below an alert's shortest form with its envelope says what to write."""
    with pytest.raises(SettingsError, match="shortest form") as refused:
        destination_of("syslog ecs", max_row_bytes=480, hostname="h" * 200)
    least = int(refused.value.hint.split("max_row_bytes: ")[1].split()[0])
    destination = destination_of("syslog ecs", max_row_bytes=least, hostname="h" * 200)
    assert least_bytes(destination) == least


def test_the_others_of_a_chunk_go_out_untouched() -> None:
    """Rows that fit are byte for byte what they are without the long one beside them."""
    destination = destination_of("syslog ecs")
    short = pl.concat([alert(**{"event.id": event_id(n), "message": f"m{n}"}) for n in range(3)])
    alone, _ = delivered(destination, short)
    long = alert(message="€" * 9000).with_columns(pl.lit(event_id(9)).alias("event.id"))
    together, settled = delivered(destination, pl.concat([short[:1], long, short[1:]], how="diagonal"))
    assert [together[0], *together[2:]] == alone
    assert settled.acknowledged == 4
    assert event_id(9) in together[1]


def test_the_shortest_form_has_a_row_s_first_name_for_each_thing() -> None:
    """Rule or action, user or address, count of alert or problem: of each one, so that it fits anywhere."""
    destination = destination_of("syslog ecs", max_row_bytes=480)
    row = {"rule.id": None, "user.id": None, "message": "m" * 900, "event.reason": "r" * 900}
    (line,), _ = delivered(destination, alert(**row, **{"event.type": ["x" * 300], "leakline.problem.count": 3}))
    assert '"action":"alert-raised"' in line
    assert '"name":"ada@example.com"' in line
    assert {name for names in LEAST_FORM for name in names} >= {"rule.id", "user.id", "event.id", "@timestamp"}
    assert TRUNCATED.split(".")[1] in line
