"""Who may ask what: tokens and identity, limits, the control endpoint; every refusal with its own body."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

from agent.simulator.api.http_message import ApiAnswer, ApiRequest, RestError, json_answer
from agent.simulator.api.identity import identity, identity_url
from agent.simulator.api.oauth import SCOPE, OAuthError, Tokens
from agent.simulator.api.resources import NEWEST, OLDEST, Resources
from agent.simulator.api.soap import soap_fault
from agent.simulator.records.record_kind import Record

if TYPE_CHECKING:
    from agent.simulator.org.simulated_org import SimulatedOrg

CONTROL = "/__simulator/"

Trigger = Callable[..., str]


def kind_of(path: str) -> str:
    """Which kind of call a path is: what faults are aimed at and calls are counted by."""
    if path.startswith(CONTROL):
        return "control"
    if path.startswith("/services/oauth2/"):
        return path.removeprefix("/services/oauth2/").rstrip("/")
    for kind, pattern in _KINDS:
        if pattern.fullmatch(path):
            return kind
    return "other"


_KINDS = (
    ("versions", re.compile(r"/services/data/?")),
    ("resources", re.compile(r"/services/data/v[\d.]+/?")),
    ("limits", re.compile(r"/services/data/v[\d.]+/limits/?")),
    ("query", re.compile(r"/services/data/v[\d.]+/query(?:All)?(?:/.*)?")),
    ("describe", re.compile(r"/services/data/v[\d.]+/sobjects(?:/\w+(?:/describe)?)?/?")),
    ("log_file", re.compile(r"/services/data/v[\d.]+/sobjects/EventLogFile/\w+/LogFile/?")),
    ("record", re.compile(r"/services/data/v[\d.]+/sobjects/\w+/\w+/?")),
    ("soap", re.compile(r"/services/Soap/.*")),
    ("identity", re.compile(r"/id/\w+/\w+")),
)


class Rest:
    """Answers requests for one org. Safe for threads."""

    def __init__(
        self, org: SimulatedOrg, tokens: Tokens, resources: Resources | None = None, trigger: Trigger | None = None
    ) -> None:
        """`trigger`: queues an outbound message; None: the org sends none."""
        self._org = org
        self._tokens = tokens
        self._trigger = trigger
        self._resources = resources or Resources(org)

    def answer(self, request: ApiRequest) -> ApiAnswer:
        """Never raises: what is refused is an answer, too."""
        kind = kind_of(request.path)
        self._org.count(kind)
        try:
            return self._answer(kind, request)
        except RestError as refusal:
            return self._limited(refusal.answer(), kind)
        except OAuthError as error:
            return json_answer({"error": error.error, "error_description": error.description}, 400)

    def _answer(self, kind: str, request: ApiRequest) -> ApiAnswer:
        match kind:
            case "control":
                return self._control(request)
            case "token":
                return self._token(request)
            case "revoke":
                return self._revoke(request)
            case "soap":
                return soap_fault(request)
            case "versions":
                return json_answer([_version(number) for number in range(OLDEST, NEWEST + 1)])
        self._authorize(kind, request)
        if kind in ("userinfo", "identity"):
            return json_answer(identity(self._org, request.base))
        self._check_limits()
        return self._limited(self._resources.answer(kind, request), kind)

    def _authorize(self, kind: str, request: ApiRequest) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not scheme and kind in ("userinfo", "identity"):  # these take it in the URL, too
            given = request.parameters
            scheme, token = "oauth", given.get("oauth_token") or given.get("access_token", "")
        if scheme.lower() not in ("bearer", "oauth"):
            raise RestError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        if not self._tokens.check(token.strip(), self._org.faults):
            raise RestError(401, "INVALID_SESSION_ID", "Session expired or invalid")

    def _check_limits(self) -> None:
        if self._org.faults.api_disabled:
            raise RestError(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.")
        if not self._org.count_api_call():
            raise RestError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")

    def _limited(self, answer: ApiAnswer, kind: str) -> ApiAnswer:
        if kind not in ("token", "revoke", "control", "versions", "soap"):
            answer.headers["Sforce-Limit-Info"] = f"api-usage={self._org.api_calls}/{self._resources.limit()}"
        return answer

    def _token(self, request: ApiRequest) -> ApiAnswer:
        if request.method != "POST":
            raise OAuthError("invalid_request", "must use HTTP POST")
        form = _form(request)
        token = self._tokens.grant(form, request.headers.get("authorization", ""), request.base, self._org.faults)
        answer = {
            "access_token": token,
            "signature": secrets.token_urlsafe(32),
            "scope": SCOPE,
            "instance_url": request.base,
            "id": identity_url(self._org, request.base),
            "token_type": "Bearer",
            "issued_at": str(int(self._org.now().timestamp() * 1000)),
        }
        if form.get("grant_type") != "refresh_token":
            answer["api_instance_url"] = request.base
        elif self._org.faults.rotate_refresh_token:
            answer["refresh_token"] = self._tokens.rotate()
        return json_answer(answer)

    def _revoke(self, request: ApiRequest) -> ApiAnswer:
        if not self._tokens.revoke(_form(request).get("token", "")):
            raise OAuthError("invalid_token", "invalid token")
        return ApiAnswer(200)

    def _control(self, request: ApiRequest) -> ApiAnswer:
        """For tests and demonstrations: switch faults, move the clock, read the counters."""
        name = request.path.removeprefix(CONTROL).strip("/")
        try:
            values: dict[str, Any] = orjson.loads(request.body or b"{}")
            if name == "faults" and request.method == "POST":
                self._org.change_faults(**values)
            elif name == "advance" and request.method == "POST":
                self._org.advance(**values)
            elif name == "spend" and request.method == "POST":
                self._org.spend(**values)
            elif name == "sign-out" and request.method == "POST":
                self._tokens.revoke_all()
            elif name == "plant" and request.method == "POST":
                return json_answer(self._plant(**values))
            elif name == "outbound" and request.method == "POST" and self._trigger:
                return json_answer({"notification": self._trigger(**values)})
            elif name == "truth" and request.method == "POST":
                return json_answer(
                    {"file": str(self._org.record_truth), "lines": self._org.write_record_truth(**values)}
                )
            elif name not in ("faults", "calls"):
                raise RestError(
                    404, "NOT_FOUND", "there are faults, advance, spend, plant, outbound, truth, sign-out and calls"
                )
        except (ValueError, TypeError) as error:
            raise RestError(400, "INVALID", str(error)) from error
        state: dict[str, Any] = {"faults": self._org.faults, "calls": self._org.calls, "api_calls": self._org.api_calls}
        state["stream_faults"] = self._org.stream_faults
        return json_answer(state | {"now": self._org.now()})

    def _plant(self, scenario: str, within: float | None = None) -> Record:
        """A scenario from now on: the real-time events that it leaves, and the hidden ids of its rows in log files."""
        plant = self._org.plant(scenario, within)
        events = [
            {"EventIdentifier": row.identifier, "event": row.kind.name, "channel": row.kind.channel, "time": row.time}
            for row in plant.rows
        ]
        return {
            "scenario": scenario,
            "begin": plant.window[0],
            "end": plant.window[1],
            "events": events,
            "rows": plant.hidden_ids,
            "records": [
                {"object": version.entity, "id": version.id, "time": version.time} for version in plant.records
            ],
        }


def _form(request: ApiRequest) -> dict[str, str]:
    """Fields of the body, and those in the URL: New Relic's exporter writes them there."""
    return dict(request.parameters) | dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _version(number: int) -> Record:
    return {"label": f"Release {number}", "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
