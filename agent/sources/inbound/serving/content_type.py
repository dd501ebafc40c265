"""What a request says that its body is."""

from __future__ import annotations

from collections.abc import Mapping

from agent.sources.inbound.serving.answers import RequestRefusal


def require_json(headers: Mapping[bytes, bytes]) -> None:
    """Raises RequestRefusal for anything but JSON in UTF-8."""
    media_type, charset = _content_type(headers)
    if media_type != "application/json" and not (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        raise RequestRefusal(415, "Reports are JSON; send them with the header `Content-Type: application/json`.")
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise RequestRefusal(415, "JSON is UTF-8; send it so.")


def require_xml(headers: Mapping[bytes, bytes]) -> None:
    """Raises RequestRefusal for anything but XML; its own declaration says in which encoding."""
    media_type, _ = _content_type(headers)
    if media_type not in ("text/xml", "application/xml", "application/soap+xml"):
        raise RequestRefusal(415, "Outbound messages are SOAP; send them with the header `Content-Type: text/xml`.")


def _content_type(headers: Mapping[bytes, bytes]) -> tuple[str, str]:
    """The media type, and the charset or nothing; both in small letters."""
    media_type, *parameters = headers.get(b"content-type", b"").decode("latin-1").lower().split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    charsets = [value.strip().strip('"') for name, _, value in pairs if name.strip() == "charset"]
    return media_type.strip(), charsets[0] if charsets else ""
