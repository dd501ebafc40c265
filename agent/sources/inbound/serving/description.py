"""The description of what senders may call, in the form of OpenAPI 3.1, as it is answered at `/openapi.json`."""

from __future__ import annotations

from typing import Any

import orjson

from agent.sources.inbound.report_models import REPORT
from agent.sources.inbound.serving.json_depth import DEEPEST
from agent.sources.inbound.settings import InboundSettings

_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds after which to send the same request again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    }
}
_CHALLENGE = {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
_ALLOW = {"Allow": {"required": True, "schema": {"type": "string"}}}

_REFUSALS: dict[str, tuple[str, dict[str, Any]]] = {
    "400": ("The body cannot be read.", {}),
    "401": ("The credentials are not those of this sender, or there is no such sender.", _CHALLENGE),
    "403": ("The message is of another organisation.", {}),
    "405": ("Another method.", _ALLOW),
    "408": ("The body did not come whole in time.", {}),
    "413": ("The body is too long.", {}),
    "415": ("The body is of another type, charset or encoding.", {}),
    "422": ("The body can be read, and means nothing that is taken.", {}),
    "429": ("Too many requests, or no room: to be sent again.", _RETRY_AFTER),
    "500": ("Leakline failed: to be sent again.", _RETRY_AFTER),
    "503": ("Leakline does not take it now: to be sent again.", _RETRY_AFTER),
}

_PROBLEM = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What is wrong, and what to do."},
    },
    "additionalProperties": False,
}

_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "`authentication.bearer` of the sender's settings."},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "`authentication.hmac`: as https://www.standardwebhooks.com has it, with webhook-id and"
        " webhook-timestamp.",
    },
    "certificate": {"type": "mutualTLS", "description": "`authentication.client_certificate`."},
}


def description(settings: InboundSettings, *, serves_links: bool = False) -> bytes:
    """JSON. `serves_links`: whether links of messages lead here. Nothing of it is of a sender: anybody may read it."""
    body = REPORT.json_schema(ref_template="#/components/schemas/{model}")
    definitions = body.pop("$defs", {})
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Leakline: what senders report",
            "version": "1",
            "description": "A 2xx is answered once everything in the request is committed. The same report again, under the"
            " same id, is answered so too, and counted once.",
        },
        "servers": [{"url": settings.public_url}] if settings.public_url else [],
        "paths": {
            "/v1/reports/{sender}": {"post": _reports(settings, body)},
            "/v1/outbound-messages/{path}": {"post": _outbound_messages()},
            **({"/v1/acknowledge/{token}": _acknowledge()} if serves_links else {}),
            "/openapi.json": {"get": _itself()},
        },
        "components": {"schemas": {"Problem": _PROBLEM, **definitions}, "securitySchemes": _SCHEMES},
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _reports(settings: InboundSettings, body: dict[str, Any]) -> dict[str, Any]:
    signed = [
        _header("webhook-id", "The sender's name for the request; the same when it is sent again."),
        _header("webhook-timestamp", "Seconds since 1970, at most five minutes from now."),
    ]
    return {
        "operationId": "report",
        "summary": "Report failures of synchronisation, API calls and heartbeats.",
        "description": f"At most {settings.max_bytes:,} bytes, nested at most {DEEPEST} levels deep, plain or with gzip.",
        "parameters": [_path_parameter("sender", "The sender's `name` in the settings."), *signed],
        "security": [{scheme: []} for scheme in _SCHEMES],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {
                "description": "All of it is committed.",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["reports"],
                            "properties": {"reports": {"type": "integer", "minimum": 1}},
                            "additionalProperties": False,
                        }
                    }
                },
            },
            **_refused("application/problem+json", {"$ref": "#/components/schemas/Problem"}, without=("403",)),
        },
    }


def _outbound_messages() -> dict[str, Any]:
    envelope = {"type": "string", "description": "An envelope of SOAP 1.1."}
    return {
        "operationId": "outboundMessage",
        "summary": "An outbound message of Salesforce.",
        "parameters": [_path_parameter("path", "The secret of `authentication.path`.")],
        "security": [{}, {"certificate": []}],
        "requestBody": {"required": True, "content": {"text/xml": {"schema": envelope}}},
        "responses": {
            "200": {"description": "Ack: all of it is committed.", "content": {"text/xml": {"schema": envelope}}},
            **_refused("text/xml", envelope),
        },
    }


def _acknowledge() -> dict[str, Any]:
    content = {"text/html": {"schema": {"type": "string"}}}
    refused = {
        status: {"description": "A page that says what to do.", "content": content} for status in ("403", "404", "410")
    }
    kept = _refused("text/html", {"type": "string"})
    refused |= {status: kept[status] for status in ("400", "408", "413", "415", "429", "503")}
    problems = _refused("application/problem+json", {"$ref": "#/components/schemas/Problem"})
    refused |= {status: problems[status] for status in ("405", "500")}
    fields = {"proof": {"type": "string"}, "who": {"type": "string"}}
    form = {"type": "object", "required": ["proof"], "properties": fields, "additionalProperties": False}
    common = {
        "parameters": [_path_parameter("token", "What the link of a message ends with.")],
        "security": [],
        "responses": {"200": {"description": "A page for people.", "content": content}, **refused},
    }
    return {
        "get": {
            "operationId": "showLink",
            "summary": "Show what a link of a message is about; nothing is done.",
            **common,
        },
        "post": {
            "operationId": "acknowledge",
            "summary": "Acknowledge an incident, with the form of the page.",
            "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": form}}},
            **common,
        },
    }


def _itself() -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}}}
    refused = _refused("application/problem+json", {"$ref": "#/components/schemas/Problem"})
    return {
        "operationId": "description",
        "summary": "This description.",
        "security": [],
        "responses": {
            "200": {"description": "It.", "content": content},
            **{status: refused[status] for status in ("405", "500")},
        },
    }


def _refused(media_type: str, schema: dict[str, Any], without: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        status: {"description": words, "headers": headers, "content": {media_type: {"schema": schema}}}
        for status, (words, headers) in _REFUSALS.items()
        if status not in without
    }


def _path_parameter(name: str, words: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": words,
        "schema": {"type": "string", "minLength": 1},
    }


def _header(name: str, words: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": words, "schema": {"type": "string"}}
