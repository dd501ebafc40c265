"""A client that goes about it as New Relic's Salesforce exporter does: token parameters in the URL of an empty POST, the
query unescaped in the URL, one window of CreatedDate after the other, lines of a file one by one as they arrive.

Written from what its public repository says of its calls.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import jwt
import requests

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

FIELDS = "Id,EventType,CreatedDate,LogDate,Interval,LogFile,Sequence"


class Exporter:
    """`version`: of the API, such as 60.0. Each method raises requests.HTTPError for what is refused."""

    def __init__(self, url: str, ca: Path, version: str = "60.0") -> None:
        self._url = url
        self._version = version
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.verify = str(ca)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def sign_in(self, **parameters: str) -> None:
        """For a token, all of it in the URL."""
        answer = self._http.post(
            f"{self._url}/services/oauth2/token", params=parameters,
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        )  # fmt: skip
        answer.raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def sign_in_with_key(self, client_id: str, subject: str, key: Path, expires: int) -> None:
        """By an assertion; `expires` in seconds since 1970."""
        claims = {"iss": client_id, "sub": subject, "aud": "https://login.salesforce.com", "exp": expires}
        assertion = jwt.encode(claims, key.read_text(), "RS256")
        self.sign_in(grant_type=JWT_BEARER, assertion=assertion, format="json")

    def files(self, begin: datetime, end: datetime, interval: str = "Hourly") -> Iterator[dict[str, Any]]:
        """Records of the files that were made in this time, over all pages."""
        where = f"CreatedDate>={_moment(begin)} AND CreatedDate<{_moment(end)} AND Interval='{interval}'"
        path = f"/services/data/v{self._version}/query?q=SELECT {FIELDS} From EventLogFile Where {where}"  # noqa: S608
        while path:
            page = self._get(path).json()
            yield from page["records"]
            path = page.get("nextRecordsUrl", "")

    def rows(self, path: str) -> Iterator[dict[str, str]]:
        """Rows of a log file, by lines of its stream."""
        answer = self._get(path, stream=True)
        answer.encoding = answer.encoding or "utf-8"
        yield from csv.DictReader(answer.iter_lines(chunk_size=4096, decode_unicode=True))

    def limits(self) -> dict[str, dict[str, int]]:
        """Name to Max and Remaining."""
        found: dict[str, dict[str, int]] = self._get(f"/services/data/v{self._version}/limits/").json()
        return found

    def _get(self, path: str, *, stream: bool = False) -> requests.Response:
        answer = self._http.get(self._url + path, stream=stream)
        answer.raise_for_status()
        return answer


def _moment(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
