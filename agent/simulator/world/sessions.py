"""The sessions of one UTC day: who is logged in from when to when, from where, with what.

A table with one row a session; every event of regular traffic belongs to one, so that keys, address and user agent
agree across event types and a Login comes before what is done with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime

import polars as pl

from agent.simulator.world.clients import BROWSERS, MOBILE, Client
from agent.simulator.world.networks import SimulatedNetwork, country_of, networks_of
from agent.simulator.world.random_columns import roll, roll_between
from agent.simulator.world.record_id import long_id
from agent.simulator.world.staff import Staff
from agent.simulator.world.users import User

HOUR = 3_600_000
DAY = 24 * HOUR
SALESFORCE_INTERNAL = "Salesforce.com IP"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@dataclass(frozen=True, slots=True)
class UserSession:
    """One session; `start` and `end` in milliseconds since 1970. Fields are the columns of the day's table."""

    user: str
    user_long: str
    username: str
    user_type: str
    kind: str
    country: str
    start: int
    end: int
    weight: int
    ip: str
    user_agent: str
    browser: str
    browser_version: str
    system: str
    system_version: str
    platform: str
    application: str
    application_id: str
    client_name: str
    login_key: str
    session_key: str
    login_type: str
    login_sub_type: str
    leg: int = 0
    """A session whose address changes has a row for each address, counted from 0; the keys stay the same."""
    legs: int = 1


SCHEMA = {f.name: pl.Int64 if f.type == "int" else pl.String for f in fields(UserSession)}


def midnight(day: date) -> int:
    """The day's first millisecond (UTC)."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def day_of(moment: int) -> date:
    """The UTC day of a millisecond."""
    return datetime.fromtimestamp(moment / 1000, UTC).date()


def session_table(sessions: list[UserSession]) -> pl.DataFrame:
    """One row a session, with the columns of `SCHEMA` in their order."""
    return pl.DataFrame({name: [getattr(session, name) for session in sessions] for name in SCHEMA}, schema=SCHEMA)


class Timetable:
    """Makes the sessions of a day; the same day always has the same ones."""

    def __init__(self, seed: int, staff: Staff) -> None:
        self._seed = seed
        self._staff = staff

    def sessions(self, day: date) -> list[UserSession]:
        """All sessions that begin on `day`, none beyond its end."""
        made: list[UserSession] = []
        for user in self._staff.users:
            if user.active:
                made.extend(self._of(user, day))
        return made

    def make(
        self, user: User, start: int, end: int, ip: str, client: Client, *name: object, application: str | None = None
    ) -> UserSession:
        """A session of `user`; `name` makes its keys its own."""
        label = client.application if application is None else application
        known = self._staff.applications.get(label)
        login_type, sub_type = _login_kind(user, client)
        return UserSession(
            user.id, long_id(user.id), user.username, user.user_type, user.kind, country_of(ip) or user.country, start,
            end,
            _weight(client, end - start), ip, client.user_agent, client.browser, client.browser_version,
            client.system, client.system_version, client.platform, label, known.id if known else "",
            client.client_name, self._key("login", *name), self._key("session", *name), login_type, sub_type,
        )  # fmt: skip

    def _key(self, *name: object) -> str:
        number, text = roll(self._seed, *name), ""
        for _ in range(11):
            number, digit = divmod(number, 64)
            text += _ALPHABET[digit]
        return text

    def _of(self, user: User, day: date) -> Iterator[UserSession]:
        if user.kind == "integration":
            return self._integration(user, day)
        if user.kind == "guest":
            return self._guest(user, day)
        return self._person(user, day)

    def _integration(self, user: User, day: date) -> Iterator[UserSession]:
        """A new token every two hours, always from the same few addresses."""
        for number in range(12):
            start = midnight(day) + number * 2 * HOUR + roll(self._seed, user.id, day, number) % 60_000
            ip = user.office.address(10 + number % 2) if user.office else ""
            ip = SALESFORCE_INTERNAL if user.client.internal else ip
            end = midnight(day) + (number + 1) * 2 * HOUR
            yield self.make(user, start, end, ip, user.client, user.id, day, number)

    def _guest(self, user: User, day: date) -> Iterator[UserSession]:
        """Short visits from everywhere, around the clock."""
        places = networks_of("visitor") + networks_of("home")
        for number in range(80):
            draw = roll(self._seed, "guest", day, number)
            start = midnight(day) + draw % (DAY - HOUR)
            place = places[draw % len(places)]
            client = BROWSERS[draw // 7 % len(BROWSERS)]
            end = start + 60_000 + draw // 3 % (20 * 60_000)
            yield self.make(user, start, end, place.address(draw // 11 % 4000), client, "guest", day, number)

    def _person(self, user: User, day: date) -> Iterator[UserSession]:
        """One to three sessions in the local working day; few work at weekends, some work at night, some are away."""
        if user.dormant or self._on_holiday(user, day):
            return
        if roll_between(0, 1, self._seed, "there", user.id, day) > (0.88 if day.weekday() < 5 else 0.12):
            return
        trip = self._trip(user, day)
        offset = trip.offset_hours if trip else user.offset_hours
        # At 8.4 h local time, at 20.4 h for who works by night, in UTC hours of this day: over midnight it wraps around.
        begin = midnight(day) + int((8.4 - offset + (12 if _by_night(user) else 0)) % 24 * HOUR)
        for number in range(1 + roll(self._seed, "sessions", user.id, day) % 3):
            name = (user.id, day, number)
            start = begin + int(roll_between(-0.8, 0.9, self._seed, "start", *name) * HOUR) + number * 3 * HOUR
            length = int(roll_between(1.2, 3.6, self._seed, "length", *name) * HOUR)
            start = midnight(day) + (start - midnight(day)) % DAY
            end = min(start + length, midnight(day) + DAY - 1)
            if end - start > 5 * 60_000:
                yield from self._working(user, start, end, name, trip)

    def _on_holiday(self, user: User, day: date) -> bool:
        """Two weeks at a time."""
        fortnight = (day.toordinal() + user.number) // 14
        return user.kind == "person" and roll(self._seed, "holiday", user.id, fortnight) % 14 == 0

    def _trip(self, user: User, day: date) -> SimulatedNetwork | None:
        """Where somebody who travels from Tuesday to Friday stays; the others return None."""
        if day.weekday() not in (1, 2, 3, 4):
            return None
        draw = roll(self._seed, "trip", user.id, *day.isocalendar()[:2])
        places = networks_of("visitor")
        return places[draw // 64 % len(places)] if draw % 33 == 0 else None

    def _working(
        self, user: User, start: int, end: int, name: tuple[object, ...], trip: SimulatedNetwork | None
    ) -> Iterator[UserSession]:
        place = roll(self._seed, "place", *name) % 20
        if place < 2:  # a telephone stays with its operator wherever it is
            mobile = networks_of("mobile", user.country)[0]
            session = self.make(user, start, end, mobile.address(roll("phone", *name) % 4000), MOBILE, *name)
            addresses = [
                mobile.address(roll("phone", number, *name) % 4000) for number in range(roll("moves", *name) % 3)
            ]
            house = user.home if roll("house", *name) % 3 == 0 else None
            return self._roaming(
                session, [*addresses, house.address(roll(self._seed, user.id) % 60_000)] if house else addresses
            )
        office = user.office.address(20 + user.number % 3) if user.office else ""
        if place < 13 and trip is None:
            return iter([self.make(user, start, end, office, user.client, *name)])
        away = trip or user.home
        ip = away.address(roll(self._seed, user.id) % 60_000) if away else ""
        tunnel = user.office.address(VPN) if user.office and roll("vpn", *name) % 8 == 0 else ""
        return self._roaming(self.make(user, start, end, ip, user.client, *name), [tunnel] if tunnel else [])

    def _roaming(self, session: UserSession, further: list[str]) -> Iterator[UserSession]:
        """The session, moving on to further addresses as it goes on."""
        addresses, begin = [session.ip, *further], session.start
        pause = (session.end - session.start) // len(addresses)
        for leg, ip in enumerate(addresses):
            last = leg == len(addresses) - 1
            share = roll_between(0.1, 0.9, self._seed, "leg", session.session_key, leg)
            end = session.end if last else begin + int(pause * share)
            weight = max(1, (end - begin) // 60_000)
            yield replace(session, start=begin, end=end, ip=ip, leg=leg, legs=len(addresses), weight=weight)
            begin = end


VPN = 250
"""The number of the address from which an office's private network shows itself."""


def _by_night(user: User) -> bool:
    return user.kind == "person" and user.number % 29 == 8


def _weight(client: Client, length: int) -> int:
    """How much of the traffic falls to a session: its minutes, times how busy an integration is."""
    return max(1, length // 60_000) * (client.calls or 1)


def _login_kind(user: User, client: Client) -> tuple[str, str]:
    if user.kind == "integration":
        return "i", "oauthclientcredential"
    if client.application:
        return "i", "oauthhybridtoken"
    return ("8", "") if roll("sso", user.id) % 3 else ("A", "uiup")
