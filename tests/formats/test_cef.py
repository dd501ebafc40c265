from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from cefevent import CEFEvent
from cefevent.extensions import extension_dictionary
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import __version__
from agent.formats.cef import encode
from agent.formats.cef_keys import CUT, EXTENSION, LABELS, kind_and_length
from agent.formats.cef_text import MARK
from tests.formats.cef_reader import read

ID = "0123456789abcdef0123456789abcdef"
TIME = pl.Datetime("ms", "UTC")
MOMENT = datetime(2026, 11, 20, 13, 5, 7, 89000, tzinfo=UTC)


def framed(*rows: dict[str, Any]) -> pl.DataFrame:
    filled = [{"event.id": ID, "@timestamp": MOMENT, "observer.vendor": "Salesforce", **row} for row in rows]
    names = list(dict.fromkeys(name for row in filled for name in row))
    times = {name: TIME for name in names if name in ("@timestamp", "event.start", "event.end", "event.created")}
    return pl.DataFrame(
        [{n: row.get(n) for n in names} for row in filled], schema_overrides=times, infer_schema_length=None
    )


def extension(**fields: Any) -> dict[str, str]:
    (line,) = encode(framed({name.replace("__", "."): value for name, value in fields.items()}))
    return read(line)[1]


LOGIN = {
    "observer.vendor": "Salesforce",
    "observer.product": "Event Monitoring",
    "event.provider": "Login",
    "event.action": "logged-in",
    "event.outcome": "success",
    "event.duration": 123_456_789,
    "organization.id": "00D000000000001AAA",
    "user.name": "ada@example.com",
    "user.roles": ["Standard User", "Sales"],
    "source.ip": "11.20.16.4",
    "http.response.bytes": 0,
}


def test_a_login_reads_as_it_should() -> None:
    """Header and extension of an ordinary event, key by key."""
    (line,) = encode(framed(LOGIN))
    header, values = read(line)
    assert header == {
        "vendor": "Salesforce",
        "product": "Event Monitoring",
        "version": __version__,
        "signature": "Login",
        "name": "logged-in",
        "severity": "1",
    }
    assert values == {
        "externalId": ID,
        "rt": "1795179907089",
        "deviceExternalId": "00D000000000001AAA",
        "cat": "Login",
        "act": "logged-in",
        "outcome": "success",
        "suser": "ada@example.com",
        "spriv": "Standard User,Sales",
        "src": "11.20.16.4",
        "out": "0",
        "cn2": "123",
        "cn2Label": "Duration in ms",
        "ecsEvent_duration": "123456789",
    }


def test_an_alert_is_signed_by_its_rule() -> None:
    """An alert's signature is the rule's id, its name the rule's, its severity a tenth of the event's."""
    alert = {
        "observer.vendor": "Leakline",
        "observer.product": "Leakline",
        "event.provider": "leakline",
        "rule.id": "b0c1",
        "rule.name": "Mass export | by = insider",
        "event.severity": 75,
        "event.start": MOMENT,
        "event.end": MOMENT,
        "leakline.alert.count": 3,
        "leakline.alert.event_ids": ["a1", "b2"],
        "threat.technique.id": ["T1213.004"],
        "message": "Ada took 20,000 rows",
    }
    header, values = read(encode(framed(alert))[0])
    assert (header["vendor"], header["signature"], header["name"], header["severity"]) == (
        "Leakline",
        "b0c1",
        "Mass export | by = insider",
        "8",
    )
    assert (values["cnt"], values["cs4"], values["cs6"], values["start"]) == (
        "3",
        "a1,b2",
        "T1213.004",
        "1795179907089",
    )


@pytest.mark.parametrize(
    ("severity", "said"), [(None, "1"), (0, "0"), (4, "0"), (5, "1"), (95, "10"), (100, "10"), (1000, "10"), (-3, "0")]
)
def test_severity_is_told_in_tenths(severity: int | None, said: str) -> None:
    """0 to 100 becomes 0 to 10; what has none counts as 1."""
    rows: list[dict[str, Any]] = [{"event.severity": severity}, {"event.severity": 50}]
    lines = encode(framed(*rows))
    assert [read(line)[0]["severity"] for line in lines] == [said, "5"]


def test_ipv6_sources_go_to_their_own_key() -> None:
    """`src` is IPv4 only; an IPv6 source stands in c6a2 with its label, a text that is no address in shost."""
    frame = framed(
        {"source.ip": "2600:40ff:1::1"}, {"source.ip": "11.20.16.4"}, {"source.address": "Salesforce.com IP"}
    )
    six, four, text = (read(line)[1] for line in encode(frame))
    assert (six["c6a2"], six["c6a2Label"], "src" in six) == ("2600:40ff:1::1", "Source IPv6 Address", False)
    assert (four["src"], "c6a2" in four, "c6a2Label" in four) == ("11.20.16.4", False, False)
    assert (text["shost"], "src" in text, "c6a2" in text) == ("Salesforce.com IP", False, False)


def test_a_value_too_long_is_cut_and_named() -> None:
    """A value above the dictionary's length keeps its beginning, ends in a mark, and flexString2 says which."""
    long = "€" * 1200
    frame = framed({"user_agent.original": long, "event.action": "x" * 63}, {"user_agent.original": "short"})
    cut, whole = (read(line)[1] for line in encode(frame))
    assert cut["requestClientApplication"] == "€" * 1022 + MARK
    assert (cut["act"], cut[CUT], cut[CUT + "Label"]) == ("x" * 63, "requestClientApplication", "Cut short")
    assert CUT not in whole


def test_escapes_are_never_torn() -> None:
    """Cutting happens before escaping: a value of nothing but escaped characters stays readable."""
    assert extension(user_agent__original="\\=" * 600)["requestClientApplication"] == "\\=" * 511 + MARK


def test_numbers_too_large_for_their_key_are_told() -> None:
    """A 32-bit key holds its largest number at most and says so; zeros and 64-bit numbers are written as they are."""
    values = extension(file__size=2**40, http__response__bytes=2**40, http__request__bytes=0, salesforce__row_count=0)
    assert (values["fsize"], values["out"], values["in"], values["cn1"]) == ("2147483647", str(2**40), "0", "0")
    assert values[CUT] == "fsize"


def test_several_cut_keys_are_all_named_whether_constant_or_not() -> None:
    """The list of cut keys is right in each row."""
    frame = framed({"event.action": "a" * 70, "message": "m" * 2000}, {"event.action": "a" * 70, "message": "short"})
    assert [read(line)[1][CUT] for line in encode(frame)] == ["act,msg", "act"]


def test_what_was_cut_before_is_named_by_its_key() -> None:
    """`leakline.truncated` names fields; the line names the keys whose value came from one of them, and `*` as it is."""
    frame = framed(
        {"message": "ab…", "user.email": "ada…", "leakline.truncated": ["message", "user.email"]},
        {"message": "ab…", "user.name": "ada", "user.email": "ada…", "leakline.truncated": ["user.email"]},
        {"message": "ab…", "rule.name": "R…", "leakline.truncated": ["*", "rule.name"]},
        {"message": "m" * 2000, "user.name": "ada", "leakline.truncated": None},
    )
    assert [read(line)[1].get(CUT) for line in encode(frame)] == [
        "msg,suser,ecsUser_email",
        "ecsUser_email",
        "name,*",
        "msg",
    ]
    assert read(encode(frame[:1])[0])[1][CUT] == "msg,suser,ecsUser_email"


def test_control_characters_become_pictures() -> None:
    """Line ends are escaped as the specification says; other controls show as their pictures, in the header all do."""
    (line,) = encode(framed({"message": "a\r\nb\tc\0\x1b[2J\x7f", "event.action": "x\ny|z"}))
    header, values = read(line)
    assert values["msg"] == "a\r\nb␉c␀␛[2J␡"
    assert header["name"] == "x␊y|z"


HOSTILE = st.text(
    st.sampled_from("|=\\\n\r\t\0\x1b ab€😀\u2028,") | st.characters(exclude_categories=["Cs"]), max_size=30
) | st.sampled_from(["CEF:0|a|b|c|d|e|5|src=1.2.3.4", "\\", "\\\\n", "a b=c", " act=x", "=", "\\=", "\\|"])

PICTURE = {code: 0x2400 + code for code in range(32)} | {0x7F: 0x2421}


@settings(max_examples=300)
@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(
    ["event.action", "message", "user.name", "url.path", "user_agent.original", "http.request.id", "observer.vendor", "rule.name", "of.theirs"],
    st.none() | HOSTILE)), min_size=1, max_size=5))  # fmt: skip
def test_hostile_text_comes_back(rows: list[dict[str, str | None]]) -> None:
    """Whatever a user agent or a name holds, one row is one line, no key appears that was not there, and values come back."""
    lines = encode(framed(*rows))
    assert (lines.len(), lines.null_count()) == (len(rows), 0)
    in_extension = {code: picture for code, picture in PICTURE.items() if chr(code) not in "\r\n"}
    for line, row in zip(lines, rows, strict=True):
        header, values = read(line)
        for key, field in [("msg", "message"), ("suser", "user.name"), ("request", "url.path"), ("cs1", "http.request.id"),
                           ("requestClientApplication", "user_agent.original"), ("act", "event.action"), ("ecsUrl_path", "url.path"), ("ecsOf_theirs", "of.theirs")]:  # fmt: skip
            assert values.get(key) == ((row.get(field) or "").translate(in_extension) or None)
        assert header["vendor"] == (row.get("observer.vendor", "Salesforce") or "Leakline").translate(PICTURE)
        name = row.get("rule.name") or row.get("event.action") or "event"
        assert header["name"] == name.translate(PICTURE)
        assert set(values) <= {
            "externalId",
            "rt",
            "act",
            "msg",
            "suser",
            "request",
            "cs1",
            "cs1Label",
            "requestClientApplication",
            "ecsUrl_path",
            "ecsOf_theirs",
        }


def test_every_key_is_in_the_specification_and_labelled() -> None:
    """Keys come from the dictionary (or are known to be missing there), and every custom key has a label that fits."""
    for key in [*EXTENSION, CUT]:
        kind_and_length(key)
        custom = re.fullmatch(r"(cs|cn|cfp|c6a|flexString|deviceCustomDate)\d", key) is not None
        assert custom == (key in LABELS), key
        if custom:
            assert len(LABELS[key]) <= extension_dictionary[key + "Label"]["length"]
            assert "=" not in LABELS[key]


def test_lines_agree_with_cefevent_where_it_is_right() -> None:
    """For plain values the extension is the one that the cefevent library writes."""
    values = read(encode(framed(LOGIN), own_keys=False)[0])[1]
    event = CEFEvent(strict=True)
    for key, value in values.items():
        if key not in ("outcome", "out"):  # unknown to it; dropped by it when zero
            number = (
                kind_and_length(key)[0] in ("long", "integer")
                if key in extension_dictionary and key in EXTENSION
                else False
            )
            event.set_field(key, int(value) if number else value)
    theirs = read(event.build_cef())[1]
    assert theirs == {key: value for key, value in values.items() if key not in ("outcome", "out")}


def test_no_rows_no_lines() -> None:
    """An empty frame gives an empty series of text."""
    lines = encode(framed(LOGIN).clear())
    assert lines.len() == 0
    assert lines.dtype == pl.String


def test_a_frame_with_nothing_but_an_id_still_makes_a_line() -> None:
    """Missing columns never stop a line."""
    (line,) = encode(pl.DataFrame({"event.id": [ID]}))
    assert line == f"CEF:0|Leakline|Leakline|{__version__}|event|event|1|externalId={ID}"


def test_columns_of_unexpected_types_do_not_stop_a_line() -> None:
    """A number where text is expected is written as text; text where a number is expected goes under its own key."""
    odd = {"event.action": [7], "file.size": ["many"], "event.created": ["soon"], "event.reason": [["a", None, "b"]]}
    values = read(
        encode(pl.DataFrame({"event.id": [ID], **odd, "event.severity": ["high"], "event.duration": ["1s"]}))[0]
    )[1]
    assert values == {
        "externalId": ID,
        "act": "7",
        "reason": "a,b",
        "ecsEvent_created": "soon",
        "ecsEvent_duration": "1s",
        "ecsEvent_severity": "high",
        "ecsFile_size": "many",
    }
