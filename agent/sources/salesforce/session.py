"""One opened session for each Salesforce org, shared by all its sources.

httpx carries every call, with our certificates, proxy and deadlines, and renews the token once when the org says 401;
simple-salesforce builds the queries' URLs and follows their pages on top of it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import copy
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import requests
from requests.adapters import BaseAdapter
from simple_salesforce.api import Salesforce

from agent.errors import HeldBack, LimitExceeded, SettingsError, SourceError, TransportError
from agent.network.answer_body import Unacceptable, json_of, read_body, read_error
from agent.network.connection import Connection
from agent.network.failure import explain
from agent.sources.salesforce.api_error import UnreadableAnswer, rest_refusal
from agent.sources.salesforce.budget.budget_book import ApiBudgetBook
from agent.sources.salesforce.budget.caller import ApiCaller, Rank
from agent.sources.salesforce.budget.hold import ApiHold
from agent.sources.salesforce.budget.usage import Usage
from agent.sources.salesforce.clock_offset import OrgClock
from agent.sources.salesforce.connections import HostConnections
from agent.sources.salesforce.org_settings import OrgSettings
from agent.sources.salesforce.page import MOST_BYTES, MOST_PAGES, Page
from agent.sources.salesforce.sign_in import SignIn, not_ready
from agent.sources.salesforce.token import Token

MOST_HOSTS = 3
"""Hosts besides the one of `url` to which connections are kept: an org that moves names a new one."""


class Session:
    """An org's session, in the name of one caller; `acting_for` gives others of the same org. Safe for threads.

    Every call raises NotReady, Unauthorized, Forbidden, LimitExceeded, TransportError, `Missing` or `Refused`
    (agent.sources.salesforce.api_error), whatever the org sends.
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
        self.clock = OrgClock(now)
        """What the org's answers say of the time."""
        self.budget = ApiBudgetBook(settings.name, settings.api_budget, now)
        """Of all callers together."""
        self._now = now
        self._connections = HostConnections(self._connect, settings.url, MOST_HOSTS)
        self._sign_in = SignIn(settings, self._connections, self.clock, now=now, rotated=rotated)
        self._caller = ApiCaller(settings.name, "probe")
        self._client: Any = None

    def acting_for(self, caller: ApiCaller) -> Session:
        """The same session, with its token, connections and budget, whose calls count as the caller's."""
        self.budget.register(caller)
        session = copy(self)
        session._caller, session._client = caller, None  # noqa: SLF001 - one of us
        return session

    @property
    def usage(self) -> Usage:
        """API calls of the day, as the org last told."""
        return self.budget.usage

    @property
    def org_id(self) -> str:
        """The org's 18-character id; signs in if that has not happened yet."""
        return self.token().org_id

    @property
    def signed_in(self) -> bool:
        """Whether there is a token, good or stale; asks nobody."""
        return self._sign_in.is_done

    @property
    def data_path(self) -> str:
        return f"/services/data/v{self.settings.api_version}"

    def token(self, stale: Token | None = None) -> Token:
        """The token in use, which is not `stale`: the first thread to say so gets a new one for all."""
        return self._sign_in.token(stale)

    def query(self, soql: str, *, deadline: float | None = None) -> Iterator[Mapping[str, Any]]:
        """All records of a SOQL query, page after page, without their `attributes`; one that is no object is empty.

        `deadline`: seconds for each page, where the settings do not say less.
        """
        return (record for page in self._pages(soql, deadline) for record in page.records)

    def counted(self, soql: str) -> tuple[int, list[Mapping[str, Any]]]:
        """How many records the org says a query has (-1: it does not say), and all that it gave, as `query` does.

        Of a `SELECT COUNT()` an org gives the number alone.
        """
        pages = list(self._pages(soql, None))
        return pages[0].total, [record for page in pages for record in page.records]

    def fields(self, object_name: str, *, deadline: float | None = None) -> Mapping[str, Mapping[str, Any]]:
        """The fields of an object that this user may see, by name. Raises `Missing` for an object they cannot see.

        `deadline`: seconds, where the settings do not say less.
        """
        path = f"{self.data_path}/sobjects/{object_name}/describe"
        described = self._json(path, deadline).get("fields")
        listed = [field for field in described if isinstance(field, dict)] if isinstance(described, list) else []
        fields = {name: field for field in listed if isinstance(name := field.get("name"), str)}
        if not fields:
            raise self._no_answer(path, "it names no fields")
        return fields

    def objects(self, *, deadline: float | None = None) -> frozenset[str]:
        """The names of all objects that this user may see, events included. `deadline`: as for `fields`."""
        path = f"{self.data_path}/sobjects"
        described = self._json(path, deadline).get("sobjects")
        listed = [entry for entry in described if isinstance(entry, dict)] if isinstance(described, list) else []
        names = frozenset(name for entry in listed if isinstance(name := entry.get("name"), str))
        if not names:
            raise self._no_answer(path, "it names no objects")
        return names

    def limits(self) -> Mapping[str, Any]:
        """The org's allowances, such as `DailyApiRequests: {Max, Remaining}`."""
        return self._json(f"{self.data_path}/limits")

    def check_budget(self) -> None:
        """Raises LimitExceeded while more of the API allowance is used than the settings let us; asks again first. To a
        backfill also HeldBack, where the sources come first.
        """
        if self.budget.is_share_used:
            self._ask_for_news()
        if reason := self.budget.exhausted:
            raise LimitExceeded(
                f"{self.settings.name}: {reason}",
                hint="wait until the calls of the last 24 hours are fewer, or raise api_budget",
            )
        if self._caller.rank is Rank.BACKFILL and (hold := self._turn(self.budget.backfill_turn)):
            raise HeldBack(f"{self.settings.name}: {hold.reason}", until=hold.until)

    def turn(self, source: str) -> ApiHold | None:
        """None where it is the source's turn to be read, and what keeps it from that for now. May ask the org for its count."""
        return self._turn(lambda: self.budget.turn(source))

    @contextmanager
    def exchange(
        self, method: str, path: str, *, deadline: float | None = None, **options: Any
    ) -> Iterator[httpx.Response]:
        """A good response whose body is still to be read, within `deadline` seconds in all."""
        token = self.token()
        for retry in (False, True):
            try:
                with self._connections.to(token.instance_url).connection() as connection:
                    options["headers"] = {**options.get("headers", {}), "Authorization": f"Bearer {token.access_token}"}
                    url, asked = token.instance_url + path, self._now()
                    self.budget.count(self._caller)
                    with connection.exchange(method, url, deadline=deadline or self._deadline, **options) as response:
                        self.clock.note(asked, response.headers)
                        self.budget.note(response.headers)
                        if response.status_code == 200:
                            yield response
                            return
                        body = read_error(response)
            except SettingsError as error:
                raise not_ready(self.settings, error) from error
            except Unacceptable as error:
                raise UnreadableAnswer(f"{self.settings.name}: {explain(error)}") from error
            except httpx.HTTPError as error:
                raise TransportError(f"{self.settings.name}: {explain(error)}") from error
            if response.status_code == 401 and not retry:
                token = self.token(stale=token)
                continue
            if response.status_code == 420:
                self._sign_in.forget()
            raise rest_refusal(response.status_code, body, f"{self.settings.name}: {path.partition('?')[0]}")

    def ask(self, method: str, path: str, headers: Mapping[str, str], deadline: float | None = None) -> Any:
        """The JSON document that answers a query. `deadline`: seconds, where the settings do not say less."""
        known = {name: value for name, value in headers.items() if name in ("Accept", "Sforce-Query-Options")}
        with self.exchange(method, path, deadline=self._at_most(deadline), headers=known) as response:
            return self._document(response, "query")

    def prepare(self) -> None:
        """Raises NotReady when a secret, certificate or proxy of the settings cannot be used; asks nobody."""
        self._sign_in.prepare()

    @property
    def closed(self) -> bool:
        return self._connections.closed

    def close(self) -> None:
        """Interrupts what other threads are at, and what they would begin."""
        self._connections.close()

    # Within

    @property
    def _deadline(self) -> float:
        return self.settings.deadline.total_seconds()

    def _at_most(self, deadline: float | None) -> float:
        return self._deadline if deadline is None else min(deadline, self._deadline)

    def _connect(self, url: str) -> Connection:
        settings = self.settings
        return Connection(url, settings.tls, settings.proxy, settings.timeout.total_seconds())

    def _turn(self, ask: Callable[[], ApiHold | None]) -> ApiHold | None:
        """Nobody is held back for what was true long ago."""
        hold = ask()
        if hold is None or not self.budget.ask_for_news():
            return hold
        with suppress(SourceError):
            self._ask_for_news()
        return ask()

    def _ask_for_news(self) -> None:
        self.acting_for(ApiCaller(self.settings.name, "probe")).limits()

    def _json(self, path: str, deadline: float | None = None) -> Mapping[str, Any]:
        with self.exchange("GET", path, deadline=self._at_most(deadline)) as response:
            answer = self._document(response, path)
        if not isinstance(answer, dict):
            raise self._no_answer(path)
        return answer

    def _document(self, response: httpx.Response, what: str) -> Any:
        """The JSON document of a good answer. Raises TransportError for anything else, and httpx.HTTPError."""
        try:
            return json_of(read_body(response, MOST_BYTES))
        except ValueError as error:
            raise self._no_answer(what) from error

    def _pages(self, soql: str, deadline: float | None) -> Iterator[Page]:
        # simple-salesforce hands `timeout` on to the adapter below.
        page = self._page(lambda: self._simple.query(soql, timeout=deadline))
        yield page
        seen = set[str]()
        while page.following:
            if page.following in seen or len(seen) >= MOST_PAGES:
                raise self._no_answer("query", f"its pages do not end (after {len(seen) + 1})")
            seen.add(page.following)
            ask = partial(self._simple.query_more, page.following, identifier_is_url=True, timeout=deadline)
            page = self._page(ask)
            yield page

    def _page(self, ask: Callable[[], Any]) -> Page:
        try:
            return Page.of(ask())
        except ValueError as error:
            raise self._no_answer("query", str(error)) from error

    def _no_answer(self, what: str, reason: str = "the answer is cut off or is a web page") -> TransportError:
        return TransportError(f"{self.settings.name}: {what}: {reason}", hint="try again later")

    @property
    def _simple(self) -> Any:
        """Made at the first query: look-ups and probes of most orgs ask none."""
        if self._client is None:
            self._client = self._simple_salesforce()
        return self._client

    def _simple_salesforce(self) -> Any:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", _SessionAdapter(self))
        return Salesforce(
            session_id="added to each call",
            instance=urlsplit(self.settings.url).netloc,
            version=self.settings.api_version,
            session=session,
        )


class _SessionAdapter(BaseAdapter):
    """Lets a requests session speak through ours; what the org refuses is raised here, as our errors."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, *, timeout: float | None = None, **_: Any
    ) -> requests.Response:
        """The answer's JSON, parsed within our bounds and written anew: simple-salesforce's own parser has none."""
        document = self._session.ask(str(request.method), request.path_url, request.headers, timeout)
        answer = requests.Response()
        answer.raw, answer.status_code = io.BytesIO(orjson.dumps(document)), 200
        answer.headers["Content-Type"] = "application/json"
        answer.url, answer.request, answer.encoding = str(request.url), request, "utf-8"
        return answer

    def close(self) -> None:
        """The session closes its connections itself."""
