"""Splunk HEC: the envelope, the token, trust, settings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.destinations.splunk.splunk import Splunk, SplunkSettings
from agent.errors import Misconfigured, SettingsError
from tests.certificates import Certificates
from tests.destinations.conftest import OpenSplunk, SecretFile, StartHttp
from tests.destinations.hec_server import TOKEN, HecServer, hec_reply
from tests.destinations.http_server import Reply
from tests.destinations.rows import as_json, event_id, one_chunk, rows


def test_the_envelope(http: StartHttp, open_splunk: OpenSplunk) -> None:
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


def test_a_row_without_a_time_gets_its_files_time(http: StartHttp, open_splunk: OpenSplunk) -> None:
    """A missing time never becomes "now": the file's time stands in, or 1970."""
    hec = HecServer()
    splunk = open_splunk(http(hec))
    created = pl.Series("event.created", [datetime(2026, 1, 2, tzinfo=UTC), None], pl.Datetime("ms", "UTC"))
    frame = rows(2).with_columns(created, pl.lit(None, pl.Datetime("ms", "UTC")).alias("@timestamp"))
    splunk.send(one_chunk(splunk, frame))
    assert [event["time"] for event in hec.events] == [1767312000.0, 0.0]


def test_the_token_stays_out_of_messages(http: StartHttp, open_splunk: OpenSplunk) -> None:
    """A server that repeats the token in its refusal does not bring it into ours."""
    splunk = open_splunk(server := http(HecServer()), token="very-secret-token")
    server.script.append(Reply(401, b"not authenticated: very-secret-token"))
    with pytest.raises(Misconfigured) as caught:
        splunk.send(one_chunk(splunk, rows(1)))
    assert "very-secret-token" not in str(caught.value)


def test_a_renewed_token_is_used_at_once(http: StartHttp, open_splunk: OpenSplunk, secret_file: SecretFile) -> None:
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


def test_probe_tells_a_bad_token_from_a_bad_server(http: StartHttp, open_splunk: OpenSplunk) -> None:
    """Health says nothing about the token (Splunk answers it to anybody), so the two are looked at apart."""
    findings = list(open_splunk(http(HecServer()), token="wrong").probe())
    assert [finding.ok for finding in findings[:2]] == [True, False]
    assert "the token is not valid" in findings[1].message
    sick = http(lambda _: hec_reply(503, 18))
    findings = list(open_splunk(sick).probe())
    assert not findings[0].ok
    assert "queues are full" in findings[0].message


def test_an_untrusted_certificate(http: StartHttp, open_splunk: OpenSplunk, certificates: Certificates) -> None:
    """Nothing is sent to a server that we have no reason to trust, and the message says what to set."""
    server = http(HecServer(), tls=True)
    splunk = open_splunk(server)
    with pytest.raises(Misconfigured, match=r"tls\.ca"):
        splunk.send(one_chunk(splunk, rows(1)))
    assert server.requests == []
    trusting = open_splunk(server, tls={"ca": str(certificates.ca)})
    assert not trusting.send(one_chunk(trusting, rows(1))).retry


def test_without_gzip(http: StartHttp, open_splunk: OpenSplunk) -> None:
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
