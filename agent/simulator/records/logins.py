"""LoginHistory, LoginGeo, VerificationHistory and AuthSession: what each login leaves, and the session while it lives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from agent.simulator.log_files.traffic import Traffic
from agent.simulator.records.login_rows import LoginRow, login_rows, place_of
from agent.simulator.world.networks import SimulatedNetwork
from agent.simulator.world.random_columns import roll
from agent.simulator.world.sessions import DAY, day_of, midnight
from agent.simulator.world.stage import RecordVersion

_TYPES = {"i": "Remote Access 2.0", "8": "SAML Sfdc Initiated SSO", "A": "Application"}
STATUSES: Mapping[str, str] = {
    "LOGIN_NO_ERROR": "Success",
    "LOGIN_ERROR_INVALID_PASSWORD": "Invalid Password",
    "LOGIN_ERROR_SSO_PWD_INVALID": "Invalid Password",
    "LOGIN_CHALLENGE_ISSUED": "Failed: Computer activation required",
    "LOGIN_ERROR_PASSWORD_LOCKOUT": "Password lockout",
    "LOGIN_ERROR_USER_INACTIVE": "User is inactive",
    "LOGIN_ERROR_RESTRICTED_DOMAIN": "Restricted IP",
}
"""LOGIN_STATUS of log files to Status (Object Reference, Login event type); what is not here is `Failed`."""
_METHODS = ("SalesforceAuthenticator", "TOTP", "Email", "BuiltInAuthenticator")
_SECONDS_VALID = 7200


class LoginMaker:
    """Makes what logins leave; days whose logins change have to be forgotten (`forget`)."""

    entities: tuple[str, ...] = ("LoginHistory", "LoginGeo", "VerificationHistory", "AuthSession")

    def __init__(self, traffic: Traffic, host: str) -> None:
        self._host = host
        self._rows = lru_cache(maxsize=3)(lambda day: login_rows(traffic, day))

    def forget(self) -> None:
        self._rows.cache_clear()

    def before(self, begin: int) -> Iterator[RecordVersion]:
        """Sessions that are open already."""
        for row in self._logins_before(day_of(begin), begin):
            if row.time < begin <= row.ends:
                raised = _raised_at(row)
                yield self._session(row, row.time if raised is None or raised >= begin else raised)

    def on(self, day: date) -> Iterator[RecordVersion]:
        first = midnight(day)
        for row in self._rows(day):
            yield RecordVersion("LoginHistory", row.id, row.time, self._history(row), row.scenario, row.hidden_id)
            place = place_of(row.actor["ip"])
            if place is not None:
                geo = _geo(row, place)
                yield RecordVersion("LoginGeo", row.named("LoginGeo"), row.time, geo, row.scenario)
            yield from _verifications(row)
            if not row.failed and row.actor["kind"] != "guest":
                yield self._session(row, row.time)
        for row in self._logins_before(day, first + DAY):
            raised = _raised_at(row)
            if raised is not None and first <= raised < first + DAY:
                yield self._session(row, raised)
            if first <= row.ends < first + DAY:
                yield RecordVersion("AuthSession", row.named("AuthSession"), row.ends, None, row.scenario)

    def _logins_before(self, day: date, end: int) -> Iterator[LoginRow]:
        """Those of the day before and of this one that led to a session, up to `end` (ms)."""
        for row in (*self._rows(day - timedelta(days=1)), *self._rows(day)):
            if row.time < end and not row.failed and row.actor["kind"] != "guest":
                yield row

    def _history(self, row: LoginRow) -> dict[str, Any]:
        cells, actor = row.cells, row.actor
        program = actor["login_type"] == "i"
        return {
            "UserId": actor["user_long"], "LoginTime": row.time, "LoginUrl": cells["LOGIN_URL"] or self._host,
            "LoginType": _TYPES.get(cells["LOGIN_TYPE"], "Application"), "SourceIp": actor["ip"],
            "LoginSubType": cells["LOGIN_SUB_TYPE"] or None, "Status": STATUSES.get(cells["LOGIN_STATUS"], "Failed"),
            "Browser": _program(actor), "Platform": _system(actor), "Application": actor["application"] or "Browser",
            "ApiType": "REST" if program else "N/A", "ApiVersion": cells["API_VERSION"] if program else "N/A",
            "ClientVersion": actor["client_name"] or "N/A", "CountryIso": actor["country"],
            "TlsProtocol": cells["TLS_PROTOCOL"].replace("v", " "), "CipherSuite": cells["CIPHER_SUITE"],
            "AuthenticationServiceId": cells["AUTHENTICATION_SERVICE_ID"] or None,
            "AuthMethodReference": cells["AUTHENTICATION_METHOD_REFERENCE"] or None, "OptionsIsGet": False,
            "LoginGeoId": row.named("LoginGeo") if place_of(actor["ip"]) else None, "OptionsIsPost": True,
        }  # fmt: skip

    def _session(self, row: LoginRow, since: int) -> RecordVersion:
        """What the session says from `since` on (ms)."""
        actor, program = row.actor, row.actor["login_type"] == "i"
        values = {
            "UsersId": actor["user_long"], "UserType": actor["user_type"], "CreatedDate": row.time,
            "SessionType": "Oauth2" if program else "UI", "SourceIp": actor["ip"], "IsCurrent": False,
            "SessionSecurityLevel": "HIGH_ASSURANCE" if since == _raised_at(row) else "STANDARD",
            "LoginType": _TYPES.get(row.cells["LOGIN_TYPE"], "Application"), "NumSecondsValid": _SECONDS_VALID,
            "LoginSubType": row.cells["LOGIN_SUB_TYPE"] or None, "LoginHistoryId": row.id,
            "LoginHistory.SourceIp": actor["ip"], "IsAssociatedWithJwtAccessToken": False, "LogoutUrl": self._host,
        }  # fmt: skip
        place = place_of(actor["ip"])
        if place is not None:
            values |= {"LoginGeoId": row.named("LoginGeo"), "LoginGeo.Country": place.country}
        return RecordVersion("AuthSession", row.named("AuthSession"), since, values, row.scenario)


def _raised_at(row: LoginRow) -> int | None:
    """When a session is raised to high assurance, because somebody opens what needs it; most never are."""
    if row.actor["login_type"] == "i" or roll("level", row.hidden_id) % 8:
        return None
    raised = row.time + 60_000 + roll("raised", row.hidden_id) % 1_200 * 1000
    return raised if raised < row.ends else None


def _program(actor: Mapping[str, str]) -> str:
    return f"{actor['browser'].title()} {actor['browser_version']}" if actor["browser"] else "Unknown"


def _system(actor: Mapping[str, str]) -> str:
    return f"{actor['system'].title()} {actor['system_version']}" if actor["system"] else "Unknown"


def _geo(row: LoginRow, place: SimulatedNetwork) -> dict[str, Any]:
    return {
        "LoginTime": row.time, "CreatedDate": row.time, "CreatedById": row.actor["user_long"], "City": place.city,
        "LastModifiedById": row.actor["user_long"], "Country": place.country, "CountryIso": place.country_iso,
        "Subdivision": place.region, "Latitude": place.latitude, "Longitude": place.longitude,
    }  # fmt: skip


def _verifications(row: LoginRow) -> Iterator[RecordVersion]:
    """Some logins are verified, at the same second; now and then the first code is wrong: both attempts are one group."""
    draw = roll("verified", row.hidden_id)
    if row.failed or row.actor["kind"] in ("integration", "guest") or draw % 4:
        return
    attempts = ("FailedInvalidCode", "Succeeded") if draw // 4 % 25 == 0 else ("Succeeded",)
    for number, status in enumerate(attempts):
        user = row.actor["user_long"]
        values = {
            "UserId": user, "VerificationTime": row.time, "CreatedDate": row.time, "EventGroup": draw % 10**9,
            "Activity": "Login", "Policy": "TwoFactorAuthentication" if draw // 8 % 3 else "DeviceActivation",
            "Status": status, "VerificationMethod": _METHODS[draw // 32 % len(_METHODS)], "SourceIp": row.actor["ip"],
            "LoginHistoryId": row.id, "LoginGeoId": row.named("LoginGeo"), "CreatedById": user, "LastModifiedById": user,
        }  # fmt: skip
        ident = row.named("VerificationHistory") if number == 0 else _second(row)
        yield RecordVersion("VerificationHistory", ident, row.time, values, row.scenario)


def _second(row: LoginRow) -> str:
    return LoginRow(f"{row.hidden_id} again", row.time, "", row.cells, row.actor, row.ends).named("VerificationHistory")
