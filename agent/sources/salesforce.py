"""One opened session for each Salesforce org, shared by all its sources.

httpx carries every call, with our certificates, proxy and deadlines, and renews the token once when the org says 401;
simple-salesforce builds the queries' URLs and follows their pages on top of it.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import orjson
import requests
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from requests.adapters import BaseAdapter
from simple_salesforce.api import Salesforce

from agent import metrics
from agent.duration import PositiveDuration, at_most
from agent.errors import LimitExceeded, TransportError
from agent.name import OrgName
from agent.network import Connection, ProxySettings, TlsSettings, explain
from agent.server_address import server_url
from agent.sources.connections import Connections
from agent.sources.credentials import Credentials
from agent.sources.refusal import rest_refusal
from agent.sources.token import USERINFO_PATH, Token, obtain

_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")


def _https(url: str) -> str:
    parts = server_url(url, ("https",))
    if parts.path.strip("/"):
        raise ValueError("write it as https://host, such as https://example.my.salesforce.com")
    return f"https://{parts.netloc}"


class ApiBudget(BaseModel):
    """How much of the org's daily API allowance may be used, by whomever, before Leakline stops asking."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    share: float = Field(default=0.8, gt=0, le=1)
    """Between 0 and 1."""


class OrgSettings(BaseModel):
    """How to reach one org."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: OrgName
    """Appears in status, metrics and the log; unique."""
    url: Annotated[str, AfterValidator(_https)]
    """The org's My Domain; login.salesforce.com and test.salesforce.com work too, except for client credentials."""
    auth: Credentials
    """One of three OAuth flows."""
    api_version: str = Field(default="64.0", pattern=r"^\d{2}\.0$")
    """Of the REST API."""
    tls: TlsSettings = TlsSettings()
    """How the org's certificate is checked, and our own."""
    proxy: ProxySettings | None = None
    """An outbound HTTP proxy; the environment's variables are not looked at."""
    timeout: Annotated[PositiveDuration, at_most(timedelta(hours=1))] = timedelta(seconds=30)
    """Until a silent org is given up."""
    deadline: Annotated[PositiveDuration, at_most(timedelta(days=1))] = timedelta(minutes=2)
    """Until a call that goes on for too long is interrupted; downloads of log files have their own."""
    api_budget: ApiBudget = ApiBudget()
    """How much of the daily API allowance may be used."""


class Usage(NamedTuple):
    """API calls in the rolling day as the org last told (`Sforce-Limit-Info`); 0 of 0 before it did."""

    used: int
    limit: int


class Session:
    """An org's session. Safe for threads.

    Every call raises Unauthorized, Forbidden, LimitExceeded, TransportError, `Missing` or `Refused`
    (agent.sources.refusal).
    """

    def __init__(
        self,
        settings: OrgSettings,
        *,
        now: Callable[[], datetime],
        rotated: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`rotated` is told a refresh token that replaces the one in the settings, to store it or to warn."""
        self.settings = settings
        self.usage = Usage(0, 0)
        self._now = now
        self._rotated = rotated
        self._refresh_token: str | None = None
        self._token: Token | None = None
        self._turn = threading.Lock()
        self._connections: dict[str, Connections] = {}
        self._client = self._simple_salesforce()

    @property
    def org_id(self) -> str:
        """The org's 18-character id; signs in if that has not happened yet."""
        return self.token().org_id

    @property
    def signed_in(self) -> bool:
        """Whether there is a token, good or stale; asks nobody."""
        return self._token is not None

    @property
    def data_path(self) -> str:
        return f"/services/data/v{self.settings.api_version}"

    def token(self, stale: Token | None = None) -> Token:
        """The token in use, which is not `stale`: the first thread to say so gets a new one for all."""
        with self._turn:
            if self._token is None or self._token is stale:
                self._token = None
                self._token = self._obtain()
            return self._token

    def query(self, soql: str) -> Iterator[dict[str, Any]]:
        """All records of a SOQL query, page after page, without their `attributes`."""
        page = self._page(lambda: self._client.query(soql))
        while True:
            for record in page["records"]:
                yield {name: value for name, value in record.items() if name != "attributes"}
            if page.get("done", True):
                return
            following = page["nextRecordsUrl"]
            page = self._page(lambda url=following: self._client.query_more(url, identifier_is_url=True))  # type: ignore[misc]

    def describe(self, object_name: str) -> Mapping[str, Any]:
        """What an object looks like to this user (`fields` and more). Raises `Missing` for one they cannot see."""
        return self._json(f"{self.data_path}/sobjects/{object_name}/describe")

    def limits(self) -> Mapping[str, Any]:
        """The org's allowances, such as `DailyApiRequests: {Max, Remaining}`."""
        return self._json(f"{self.data_path}/limits")

    def check_budget(self) -> None:
        """Raises LimitExceeded while more of the API allowance is used than the settings let us; asks again first."""
        if self._over_budget():
            self.limits()
        if self._over_budget():
            used, limit = self.usage
            raise LimitExceeded(
                f"{self.settings.name}: {used} of {limit} API calls of the day are used, "
                f"more than {self.settings.api_budget.share:.0%}",
                hint="reading goes on when the day has rolled on; or raise api_budget.share",
            )

    @contextmanager
    def exchange(
        self, method: str, path: str, *, deadline: float | None = None, **options: Any
    ) -> Iterator[httpx.Response]:
        """A good response whose body is still to be read, within `deadline` seconds in all."""
        token = self.token()
        for retry in (False, True):
            try:
                with self._to(token.instance_url).one() as connection:
                    options["headers"] = {**options.get("headers", {}), "Authorization": f"Bearer {token.access_token}"}
                    url = token.instance_url + path
                    with connection.exchange(method, url, deadline=deadline or self._deadline, **options) as response:
                        self._note_usage(response)
                        if response.status_code == 200:
                            yield response
                            return
                        body = response.read()
            except httpx.HTTPError as error:
                raise TransportError(f"{self.settings.name}: {explain(error)}") from error
            if response.status_code == 401 and not retry:
                token = self.token(stale=token)
                continue
            if response.status_code == 420:
                with self._turn:
                    self._token = None
            raise rest_refusal(response.status_code, body, f"{self.settings.name}: {path.partition('?')[0]}")

    def close(self) -> None:
        """Interrupts what other threads are at."""
        for connections in self._connections.values():
            connections.close()

    # Within

    @property
    def _deadline(self) -> float:
        return self.settings.deadline.total_seconds()

    def _to(self, url: str) -> Connections:
        settings = self.settings
        seconds = settings.timeout.total_seconds()
        return self._connections.setdefault(
            url, Connections(lambda: Connection(url, settings.tls, settings.proxy, seconds))
        )

    def _obtain(self) -> Token:
        settings = self.settings
        form = settings.auth.form(settings.url, self._now())
        if self._refresh_token is not None:
            form["refresh_token"] = self._refresh_token
        with self._to(settings.url).one() as connection:
            token = obtain(connection, settings.url, form, self._deadline)
            if not token.org_id:
                token = self._with_org_id(token, connection)
        if token.refresh_token and token.refresh_token != form.get("refresh_token"):
            self._refresh_token = token.refresh_token
            self._rotated(token.refresh_token)
        return token

    def _with_org_id(self, token: Token, connection: Connection) -> Token:
        headers = {"Authorization": f"Bearer {token.access_token}"}
        url = self.settings.url + USERINFO_PATH
        try:
            with connection.exchange("GET", url, deadline=self._deadline, headers=headers) as response:
                org_id = str(orjson.loads(response.read())["organization_id"])
        except (httpx.HTTPError, orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise TransportError(
                f"{url}: does not tell the org's id", hint="give the app the scope api or id"
            ) from error
        return Token(token.access_token, token.instance_url, org_id, token.refresh_token)

    def _json(self, path: str) -> Mapping[str, Any]:
        with self.exchange("GET", path) as response:
            body = response.read()
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise self._no_answer(path) from error
        if not isinstance(answer, dict):
            raise self._no_answer(path)
        return answer

    def _page(self, ask: Callable[[], Any]) -> Mapping[str, Any]:
        try:
            page = ask()
        except ValueError as error:
            raise self._no_answer("query") from error
        if not isinstance(page, Mapping) or "records" not in page:
            raise self._no_answer("query")
        return page

    def _no_answer(self, what: str) -> TransportError:
        return TransportError(f"{self.settings.name}: {what}: the answer is cut or a web page", hint="try again later")

    def _note_usage(self, response: httpx.Response) -> None:
        found = _USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        if found:
            self.usage = Usage(int(found[1]), int(found[2]))
            metrics.API_CALLS_USED.labels(self.settings.name).set(self.usage.used)
            metrics.API_CALLS_ALLOWED.labels(self.settings.name).set(self.usage.limit)

    def _over_budget(self) -> bool:
        used, limit = self.usage
        return limit > 0 and used >= limit * self.settings.api_budget.share

    def _simple_salesforce(self) -> Any:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", _Through(self))
        return Salesforce(
            session_id="added to each call",
            instance=urlsplit(self.settings.url).netloc,
            version=self.settings.api_version,
            session=session,
        )


class _Through(BaseAdapter):
    """Lets a requests session speak through ours; what the org refuses is raised here, as our errors."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        headers = {name: value for name, value in request.headers.items() if name in ("Accept", "Sforce-Query-Options")}
        with self._session.exchange(
            str(request.method), request.path_url, headers=headers, content=request.body
        ) as response:
            answer = requests.Response()
            answer.raw = io.BytesIO(response.read())
            answer.status_code = response.status_code
            answer.headers.update(response.headers)
        answer.url, answer.request, answer.encoding = str(request.url), request, "utf-8"
        return answer

    def close(self) -> None:
        """The session closes its connections itself."""
