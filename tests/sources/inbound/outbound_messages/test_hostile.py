"""What is not an outbound message is refused with the right status, soon, within bounded memory, and without an echo."""

import gzip
import tracemalloc
from collections.abc import Callable

import pytest

from tests.sources.inbound.outbound_messages.envelopes import NOTIFICATION, envelope, notification, read, refused

GOOD = notification([("Id", "006Hs000003T6krIAC")])
MILLION = 1_000_000


def _laughs() -> str:
    lines = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10))
    doctype = f'<!DOCTYPE lolz [<!ENTITY l0 "lol">{lines}]>'
    return envelope(GOOD.replace("006Hs000003T6krIAC", "&l9;"), before=doctype)


def _blow_up() -> str:
    doctype = f'<!DOCTYPE lolz [<!ENTITY long "{"y" * 50_000}">]>'
    return envelope(GOOD.replace("006Hs000003T6krIAC", "&long;" * 10_000), before=doctype)


def _inside(content: str) -> str:
    return envelope(GOOD.replace("006Hs000003T6krIAC", content))


BOMBS: dict[str, tuple[int, Callable[[], str]]] = {
    "billion laughs": (400, _laughs),
    "quadratic blow-up": (400, _blow_up),
    "external entity": (400, lambda: envelope(GOOD, before='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>')),
    "external DTD": (400, lambda: envelope(GOOD, before='<!DOCTYPE x SYSTEM "http://localhost:9/x.dtd">')),
    "parameter entity": (400, lambda: envelope(GOOD, before='<!DOCTYPE x [<!ENTITY % e SYSTEM "http://localhost:9/x"> %e;]>')),
    "10 MB of nested elements": (413, lambda: _inside("<a>" * 40_000)),
    "10 MB of nested elements, all": (413, lambda: "<a>" * 3_500_000),
    "a million elements": (413, lambda: _inside("<a/>" * MILLION)),
    "a million attributes": (413, lambda: _inside("<a " + " ".join(f'a{number}="1"' for number in range(MILLION)) + "/>")),
    "twenty thousand attributes": (413, lambda: _inside("<a " + " ".join(f'a{number}="1"' for number in range(20_000)) + "/>")),
    "two thousand prefixes": (413, lambda: _inside("".join(f'<a xmlns:p{number}="u"/>' for number in range(2_000)))),
    "a text of 10 MB": (413, lambda: _inside("y" * 10 * MILLION)),
    "a CDATA section of 10 MB": (413, lambda: _inside(f"<![CDATA[{'y' * 10 * MILLION}]]>")),
    "a comment of 10 MB": (413, lambda: _inside(f"<!--{'y' * 10 * MILLION}-->")),
    "an instruction of 10 MB": (413, lambda: _inside(f"<?y {'y' * 10 * MILLION}?>")),
    "two million references": (413, lambda: _inside("&#65;" * 2 * MILLION)),
    "more fields than an object has": (413, lambda: _inside("".join(f"<sf:F{number}>1</sf:F{number}>" for number in range(1_002)))),
    "a name without end": (422, lambda: _inside(f"<sf:{'N' * 81}>1</sf:{'N' * 81}>")),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_bounded_memory(name: str) -> None:
    """The refusal takes less than a tenth of the memory that a body of 10 MB would explode into, and no network or file."""
    status, bomb = BOMBS[name]
    body = bomb().encode()
    tracemalloc.start()
    try:
        refusal = refused(body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refusal[0] == status, refusal
    assert peak < 16 << 20


NOT_XML = {
    "nothing": b"",
    "blanks": b" \n",
    "JSON": b'{"type": "sync_failure"}',
    "bytes": b"\x00\xff\xfe\x00",
    "gzip": gzip.compress(envelope(GOOD).encode()),
    "UTF-32": envelope(GOOD).encode("utf-32"),
    "cut": envelope(GOOD)[:-40].encode(),
    "not closed": envelope(GOOD).replace("</sObject>", "").encode(),
    "unknown entity": _inside("&undefined;").encode(),
    "NUL": _inside("\x00").encode(),
    "reference to NUL": _inside("&#0;").encode(),
    "Latin-1 as UTF-8": _inside("\u00e9").encode("latin-1"),
    "UTF-8 as UTF-16": envelope(GOOD, declaration="UTF-16").encode(),
    "UTF-7": envelope(GOOD, declaration="utf-7").encode(),
    "a module of Python": envelope(GOOD, declaration="antigravity").encode(),
    "EBCDIC in UTF-16": envelope(GOOD, declaration="cp037").encode("utf-16"),
    "two messages": envelope(GOOD).encode() * 2,
}


@pytest.mark.parametrize("name", NOT_XML)
def test_what_is_not_well_formed_xml_is_400_and_not_echoed(name: str) -> None:
    """JSON, gzip, lying charsets, cut and doubled documents are 400, and the answer quotes none of them."""
    status, words = refused(NOT_XML[name])
    assert status == 400
    assert "00DHs" not in words
    assert "antigravity" not in words


OTHER_MEANING = {
    "another root": "<a/>",
    "no notification": envelope(),
    "another envelope": envelope(GOOD).replace("soap/envelope/", "soap/other/"),
    "SOAP 1.2": envelope(GOOD).replace(
        "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
    ),
    "another namespace": envelope(GOOD).replace("2005/09/outbound", "2006/04/metadata"),
    "no body": envelope(GOOD).replace("soapenv:Body", "soapenv:Header"),
    "an empty id": envelope(GOOD.replace(NOTIFICATION, "")),
    "a strange id": envelope(GOOD.replace(NOTIFICATION, "04l;DROP")),
    "no id": envelope(GOOD.replace(f"<Id>{NOTIFICATION}</Id>", "")),
}


@pytest.mark.parametrize("name", OTHER_MEANING)
def test_xml_of_another_meaning_is_422(name: str) -> None:
    """Another root, namespace or version of SOAP, and notifications without an id, are not such a message."""
    assert refused(OTHER_MEANING[name])[0] == 422


@pytest.mark.parametrize("encoding", ["UTF-8", "utf-16", "iso-8859-1", "us-ascii"])
def test_encodings_that_are_declared_and_true_are_read(encoding: str) -> None:
    """What the parser reads by itself, with a byte order mark where there is one, is read."""
    body = envelope(GOOD, declaration=encoding).encode(encoding)
    assert len(read(body).reports) == 1
    assert read(b"\xef\xbb\xbf" + envelope(GOOD).encode()).reports == read(body).reports
