"""OauthToken: the tokens of integrations, and those that people get for approved apps and give back.

The secrets begin with `secret-`, so that a test sees when somebody selects one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from agent.simulator.records.lifespans import LONGEST, alive_at, going_on
from agent.simulator.world.random_columns import roll, roll_between
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.sessions import DAY, HOUR, midnight
from agent.simulator.world.staff import Staff
from agent.simulator.world.stage import RecordVersion
from agent.simulator.world.users import User

APPS = ("Salesforce for iOS", "Salesforce CLI", "Dataloader Partner")
"""What people use beside the browser."""
_GIVEN = 1.4
"""Tokens on a working day."""
_SINCE = 1_614_589_200_000
SECRET = "secret-"  # noqa: S105
"""How each secret begins."""


@dataclass(frozen=True, slots=True)
class AppToken:
    """`start`, `end`: milliseconds since 1970; `end` None: it stays."""

    user: User
    app: str
    start: int
    end: int | None

    @property
    def ident(self) -> str:
        return long_id(short_id("OauthToken", roll("token", self.user.id, self.app, self.start) % 62**7))


def token_values(ident: str, user: User, app: str, created: int, menu_item: int) -> dict[str, Any]:
    """The fields of OauthToken; `menu_item`: the number of the app's AppMenuItem."""
    return {
        "AppName": app, "UserId": long_id(user.id), "CreatedDate": created, "LastUsedDate": created, "UseCount": 1,
        "AppMenuItemId": long_id(short_id("AppMenuItem", menu_item)), "AccessToken": f"{SECRET}access-{ident}",
        "RequestToken": f"{SECRET}request-{ident}", "DeleteToken": f"{SECRET}delete-{ident}",
    }  # fmt: skip


def used_until(values: dict[str, Any], now: int) -> dict[str, Any]:
    """A token is used about once an hour: what that makes of it by now (ms)."""
    hours = max(0, (now - values["CreatedDate"]) // HOUR)
    return {**values, "LastUsedDate": values["CreatedDate"] + hours * HOUR, "UseCount": 1 + hours}


class TokenMaker:
    """Makes OauthToken."""

    entities: tuple[str, ...] = ("OauthToken",)

    def __init__(self, seed: int, staff: Staff) -> None:
        self._seed = seed
        self._staff = staff
        self._apps = list(staff.applications)
        self._drawn = lru_cache(maxsize=4 * LONGEST)(self._draw)

    def before(self, begin: int) -> Iterator[RecordVersion]:
        for user in self._staff.of("integration"):
            yield self._given(AppToken(user, user.client.application, _SINCE, None))
        for user in self._staff.of("person")[::7]:
            yield self._given(AppToken(user, APPS[0], _SINCE, None))
        yield from (self._given(token) for token in alive_at(begin, self._drawn))

    def on(self, day: date) -> Iterator[RecordVersion]:
        yield from (self._given(token) for token in self._drawn(day))
        first = midnight(day)
        for token in going_on(day, self._drawn):
            if token.end is not None and first <= token.end < first + DAY:
                yield RecordVersion("OauthToken", token.ident, token.end, None)

    def _draw(self, day: date) -> tuple[AppToken, ...]:
        """The tokens given on a day."""
        people, rate = self._staff.of("person"), _GIVEN if day.weekday() < 5 else 0.2
        found = []
        for number in range(int(rate + roll_between(0, 1, self._seed, "tokens", day))):
            draw = roll(self._seed, "token", day, number)
            start = midnight(day) + 8 * HOUR + draw // 3 % (9 * 3600) * 1000
            end = start + HOUR + draw // 11 % (14 * DAY) // 1000 * 1000
            found.append(
                AppToken(people[draw // 5 % len(people)], APPS[draw % len(APPS)], start, end if draw % 3 else None)
            )
        return tuple(found)

    def _given(self, token: AppToken) -> RecordVersion:
        values = token_values(token.ident, token.user, token.app, token.start, 50 + self._apps.index(token.app))
        return RecordVersion("OauthToken", token.ident, token.start, values)
