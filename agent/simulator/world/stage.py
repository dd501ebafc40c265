"""Where a scenario is played: the cast, the clock, and the events, setup changes and records it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from agent.simulator.world.clients import Client
from agent.simulator.world.networks import Role, networks_of
from agent.simulator.world.planted_event import PlantedEvent
from agent.simulator.world.random_columns import roll, roll_between
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.sessions import DAY, HOUR, Timetable, UserSession
from agent.simulator.world.staff import Staff
from agent.simulator.world.users import User


@dataclass(frozen=True, slots=True)
class SetupChange:
    """A row of the setup audit trail. `time` in milliseconds; `user` None: Salesforce itself."""

    time: int
    user: User | None
    action: str
    section: str
    display: str
    delegate: str = ""
    context: str = ""
    scenario: str = ""


@dataclass(frozen=True, slots=True)
class RecordVersion:
    """One state of one record, until its next version.

    `id`: 18 characters; `time`: milliseconds since 1970, whole seconds; `values`: field to value without Id, date-times in
    milliseconds; None: the record is deleted from then on.
    """

    entity: str
    id: str
    time: int
    values: Mapping[str, Any] | None
    scenario: str = ""
    row: str = ""
    """The hidden id of the log-file row that tells of the same, if there is one."""


@dataclass
class Stage:
    """`window`: the milliseconds between which everything has to happen; the last day of it is used.

    A campaign is played with `volume`, the share of what was published to have been taken, with `stretch`, how many
    times slower than published, and `disguised`: with addresses and programs that are on no list.
    """

    name: str
    seed: int
    staff: Staff
    timetable: Timetable
    window: tuple[int, int]
    volume: float = 1.0
    stretch: float = 1.0
    disguised: bool = False
    events: list[PlantedEvent] = field(default_factory=list)
    changes: list[SetupChange] = field(default_factory=list)
    versions: list[RecordVersion] = field(default_factory=list)

    def at_hour(self, hour: int) -> int:
        """The start of this UTC hour on the last day, or of the middle hour of a window without it."""
        first, end = self.window
        last = end - end % HOUR - HOUR
        # Backwards over at most 24 hours, so that each hour of the day is met once, and the latest first.
        for moment in range(last, max(first, last - 24 * HOUR) - 1, -HOUR):
            if moment // HOUR % 24 == hour:
                return moment
        middle = (first + last) // 2
        return middle - middle % HOUR

    def begin(self, time_of_day: str, span: timedelta) -> int:
        """Where something that takes `span` begins: at `time_of_day` (`HH:MM:SS`, UTC) of the earliest day on which all
        of it fits into the window; else it is squeezed into all of the window.
        """
        first, end = self.window
        length = int(span.total_seconds() * 1000 * self.stretch)
        hours, minutes, seconds = map(int, time_of_day.split(":"))
        start = first - first % DAY + ((hours * 60 + minutes) * 60 + seconds) * 1000
        start += DAY if start < first else 0
        if start + length < end:
            return start
        # A second is left at each end, so that rounding puts nothing outside.
        self.stretch *= min(1.0, (end - first - 2000) / max(length, 1))
        return first + 1000

    def later(self, start: int, seconds: float) -> int:
        """The millisecond so many published seconds after `start`."""
        return start + int(seconds * 1000 * self.stretch)

    def share(self, published: int) -> int:
        """Of a published number, what is played: never less than one."""
        return max(1, round(published * self.volume))

    def days(self) -> list[int]:
        """The first milliseconds of the UTC days of the window, at most seven, the last one last."""
        first, end = self.window
        return list(range(first - first % DAY, end, DAY))[-7:]

    def inside(self, session: UserSession) -> bool:
        """Whether all of the session lies within the window."""
        return self.window[0] <= session.start and session.end < self.window[1]

    def own_address(self, user: User, *, home: bool = False) -> str:
        """Where the user always works, or lives."""
        network = user.home if home else user.office
        if network is None:
            return self.address("home" if home else "office", 0, user.country)
        return network.address(roll(self.seed, user.id) % 60_000 if home else 20 + user.number % 3)

    def person(self, department: str, country: str) -> User:
        """Somebody of that department and country, or else of that country."""
        here = [user for user in self.staff.of("person") if user.country == country]
        wanted = [user for user in here if user.department == department] or here or self.staff.of("person")
        return wanted[roll(self.seed, self.name, department) % len(wanted)]

    def address(self, role: Role, number: int, country: str | None = None) -> str:
        """An address of the `number`-th network of a role."""
        choice = networks_of(role, country)
        return choice[number % len(choice)].address(roll(self.seed, self.name, "address", number) % 200 + 20)

    def session(
        self, user: User, start: int, minutes: int, ip: str, client: Client | None = None, label: str = "",
        application: str | None = None,
    ) -> UserSession:  # fmt: skip
        return self.timetable.make(
            user, start, start + minutes * 60_000, ip, client or user.client, self.name, label, application=application
        )

    def leave(self, event_type: str, session: UserSession, seconds: float, **cells: str) -> None:
        """One event, so many seconds after the session's start."""
        time = self.later(session.start, seconds)
        self.events.append(PlantedEvent(self.name, event_type, time, session, cells))

    def tell(self, name: str, session: UserSession, seconds: float, **fields: object) -> None:
        """A real-time event that no log file tells of, such as LockoutEvent, so many seconds after the session's start.

        `fields`: beside who, when and from where; null ones and those not named are left to chance or empty.
        """
        time = self.later(session.start, seconds)
        self.events.append(PlantedEvent(self.name, name, time, session, fields))

    def login(self, session: UserSession, **cells: str) -> None:
        self.leave("Login", session, 0, LOGIN_STATUS="LOGIN_NO_ERROR", REQUEST_STATUS="S", **cells)

    def change(self, seconds_after: float, start: int, user: User | None, action: str, section: str, display: str, delegate: str = "") -> None:  # fmt: skip
        """One row of the setup audit trail; `user` None: Salesforce itself made it."""
        time = self.later(start, seconds_after)
        self.changes.append(
            SetupChange(time - time % 1000, user, action, section, display, delegate, scenario=self.name)
        )

    def keep(self, seconds_after: float, start: int, entity: str, ident: str, values: Mapping[str, Any] | None) -> None:
        """What a record says from then on, `ident`: its id of 18 characters; None: it is deleted."""
        time = self.later(start, seconds_after)
        self.versions.append(RecordVersion(entity, ident, time - time % 1000, values, self.name))

    def ident(self, entity: str, *name: object) -> str:
        """The id of a record of this scenario, of 18 characters, the same for the same name."""
        return long_id(short_id(entity, roll(self.seed, self.name, entity, *name) % 62**7))

    def number(self, low: int, high: int, *name: object) -> int:
        return int(roll_between(low, high + 1, self.seed, self.name, *name))

    def chance(self, probability: float, *name: object) -> bool:
        return roll_between(0, 1, self.seed, self.name, *name) < probability

    def request(self, *name: object) -> str:
        """A request id of 22 characters, the same for the same name."""
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        number = roll(self.seed, self.name, "request", *name) << 64 | roll(self.seed, self.name, "more", *name)
        return "".join(letters[number >> 6 * place & 63] for place in range(22))
