"""Whatever a record holds comes out as it went in, and whatever is sent is taken or refused, nothing else."""

import contextlib
import json
import string

from hypothesis import given
from hypothesis import strategies as st

from agent.sources.inbound.report import BadReport
from tests.sources.inbound.outbound_messages.envelopes import envelope, notification, read

TEXT = st.text(
    # XML has no other control characters, and makes line feeds of carriage returns.
    st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32))) + "\ufffe\uffff"),
    min_size=1,
).filter(str.strip)
LETTERS = st.text(string.ascii_letters, min_size=1, max_size=20)
NAMES = st.builds(str.__add__, LETTERS, st.sampled_from(["", "__c", "__r", "_9"]))
PREFIXES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.\-]{0,10}", fullmatch=True).filter(
    lambda prefix: not prefix.lower().startswith("xml") and prefix not in ("xsi", "soapenv")
)


@given(st.dictionaries(NAMES, TEXT, min_size=1, max_size=8), PREFIXES, LETTERS)
def test_fields_come_out_as_they_went_in(fields: dict[str, str], prefix: str, object_: str) -> None:
    """Any text under any name and any prefix is the same text in `fields`."""
    body = envelope(notification(fields.items(), prefix=prefix, object_=object_))
    (report,) = read(body).reports
    assert json.loads(report.cells["fields"]) == fields
    assert report.cells["object"] == object_


@given(st.data())
def test_a_damaged_message_is_taken_or_refused(data: st.DataObject) -> None:
    """Bytes cut, doubled and overwritten anywhere give a request or a BadReport, never another error."""
    body = bytearray(envelope(notification([("Id", "006Hs000003T6krIAC"), ("Name", "Pumps")])).encode())
    for place in data.draw(st.lists(st.integers(0, len(body) - 1), min_size=1, max_size=4)):
        body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    with contextlib.suppress(BadReport):
        read(bytes(body))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(body: bytes) -> None:
    """Random bytes behind a declaration give a BadReport, never another error."""
    for beginning in (b"", b"<?xml version='1.0' encoding='", b"<a>"):
        with contextlib.suppress(BadReport):
            read(beginning + body)
