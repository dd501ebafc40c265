"""XML from outside, read within bounds: no DTD, no entities but XML's own five, nothing fetched, nothing deeper, longer or
more than an outbound message has. What goes beyond ends the reading where it is met, before the rest is looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.sax import SAXException
from xml.sax.handler import ContentHandler, feature_namespaces
from xml.sax.xmlreader import AttributesNSImpl

from defusedxml import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from agent.sources.inbound.outbound_messages.xml_names import Name
from agent.sources.inbound.report import BadReport

DEEPEST = 12
"""Envelope, Body, notifications, Notification, sObject, a field: six. A field of a related record has a few more."""
MOST_ELEMENTS = 50_000
"""A hundred records with 500 fields each. Reading so many takes about a fifth of a second."""
MOST_PREFIXES = 1_000
"""Bound to a namespace. Salesforce binds one for each record, and three."""
MOST_ATTRIBUTES = 20
"""Of an element. Salesforce writes two."""
LONGEST_TEXT = 262_144
"""Characters in an element. A long text area of Salesforce has 131,072 at most."""

_PIECE = 1 << 16
_LONGEST_TOKEN = 4
"""Pieces within which each tag and comment ends: a longer one is read again with each piece, and would hold a million
attributes before anybody counts them."""

_ENCODING = re.compile(
    rb"""^(?:\xef\xbb\xbf|\xfe\xff|\xff\xfe)?\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]{1,64})["']"""
)
_ENCODINGS = frozenset({b"utf-8", b"utf-16", b"us-ascii", b"iso-8859-1"})
"""What the parser reads by itself. For any other name it would ask Python's codecs, which look for modules of that name."""


@dataclass(slots=True)
class XmlElement:
    """An element with all that is in it."""

    name: Name
    attributes: dict[Name, str]
    text: str = ""
    """The text directly in it, all pieces together."""
    elements: list[XmlElement] = field(default_factory=list)

    def first(self, name: Name) -> XmlElement | None:
        """The first element of this name directly in it."""
        return next((element for element in self.elements if element.name == name), None)

    def text_of(self, name: Name) -> str:
        """The text of the first element of this name directly in it, without blanks around; empty if there is none."""
        found = self.first(name)
        return "" if found is None else found.text.strip()


def read_xml(body: bytes) -> XmlElement:
    """The root element. Raises BadReport: 400 for what is not XML or has a DTD, 413 beyond the bounds above."""
    if body.count(b"<") > 2 * MOST_ELEMENTS:
        raise _too_many_elements()
    declared = _ENCODING.match(body[:512].replace(b"\0", b""))
    if declared and declared[1].lower() not in _ENCODINGS:
        raise BadReport("the body declares an encoding that is not read; send UTF-8", status=400)
    tree = _Tree()
    parser = DefusedExpatParser(forbid_dtd=True)
    parser.setFeature(feature_namespaces, True)
    parser.setContentHandler(tree)
    try:
        _feed(parser, body)
    except DefusedXmlException:
        raise BadReport("the body has a DTD; send the message without one", status=400) from None
    except SAXException as error:
        # Its text is the parser's alone, but may quote a name of the document.
        where = f"line {parser.getLineNumber()}, column {parser.getColumnNumber()}"
        raise BadReport(f"the body is not well-formed XML, at {where}", status=400) from error
    if tree.root is None:
        raise BadReport("the body is empty; send an outbound message", status=400)
    return tree.root


def _feed(parser: DefusedExpatParser, body: bytes) -> None:
    place: tuple[int, int | None] = (0, 0)
    still = 0
    for start in range(0, len(body), _PIECE):
        parser.feed(body[start : start + _PIECE])
        before, place = place, (parser.getLineNumber(), parser.getColumnNumber())
        still = still + 1 if place == before else 0
        if still >= _LONGEST_TOKEN:
            raise BadReport("the body has a tag or a comment that is too long", status=413)
    parser.close()


def _too_many_elements() -> BadReport:
    return BadReport(f"the body has more than {MOST_ELEMENTS:,} elements", status=413)


class _Tree(ContentHandler):
    """Builds the elements as the parser meets them. What it raises ends the parsing."""

    def __init__(self) -> None:
        super().__init__()
        self.root: XmlElement | None = None
        self._open: list[XmlElement] = []
        self._texts: list[list[str]] = []
        self._elements = 0
        self._length = 0
        self._prefixes = 0

    def startPrefixMapping(self, *_: object) -> None:  # noqa: N802
        self._prefixes += 1
        if self._prefixes > MOST_PREFIXES:
            raise BadReport(f"the body has more than {MOST_PREFIXES:,} prefixes of namespaces", status=413)

    def startElementNS(self, name: tuple[str | None, str], _: str | None, attrs: AttributesNSImpl) -> None:  # noqa: N802
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise _too_many_elements()
        if len(self._open) >= DEEPEST:
            raise BadReport(f"the body has more than {DEEPEST} elements within each other", status=413)
        if len(attrs) > MOST_ATTRIBUTES:
            raise BadReport(f"an element of the body has more than {MOST_ATTRIBUTES} attributes", status=413)
        attributes = {(space or "", local): text for (space, local), text in attrs.items()}
        element = XmlElement((name[0] or "", name[1]), attributes)
        if self._open:
            self._open[-1].elements.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._texts.append([])
        self._length = 0

    def endElementNS(self, *_: object) -> None:  # noqa: N802
        self._open.pop().text = "".join(self._texts.pop())
        self._length = 0

    def characters(self, content: str) -> None:
        self._length += len(content)
        if self._length > LONGEST_TEXT:
            raise BadReport(f"the body has a text of more than {LONGEST_TEXT:,} characters", status=413)
        self._texts[-1].append(content)
