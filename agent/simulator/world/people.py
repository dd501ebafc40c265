"""Who works in the simulated org: people, administrators, integrations, a guest; their profiles and applications."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from agent.simulator.world.clients import BROWSERS, INTEGRATIONS, Client
from agent.simulator.world.networks import SimulatedNetwork, networks_of
from agent.simulator.world.random_columns import roll
from agent.simulator.world.record_id import long_id, short_id

UserKind = Literal["person", "admin", "integration", "guest"]

_GIVEN = [
    "Anna",
    "Ben",
    "Carla",
    "David",
    "Elif",
    "Frank",
    "Grace",
    "Hiro",
    "Inês",
    "José",
    "Katrin",
    "Liam",
    "Mei",
    "Noah",
    "Oksana",
    "Priya",
    "Quentin",
    "Rosa",
    "Søren",
    "Tomás",
    "Uma",
    "Viktor",
    "Wanda",
    "Xiomara",
    "Yusuf",
    "Zoë",
    "Ahmed",
    "Bianca",
    "Chidi",
    "Dörte",
]
_FAMILY = [
    "Abbott",
    "Bauer",
    "Castillo",
    "Dupont",
    "Eriksson",
    "Fischer",
    "García",
    "Hughes",
    "Ito",
    "Jansen",
    "Kaur",
    "Lindqvist",
    "Müller",
    "Novák",
    "O'Brien",
    "Patel",
    "Quinn",
    "Rossi",
    "Schmidt",
    "Tanaka",
    "Ueda",
    "Vogel",
    "Walsh",
    "Xu",
    "Yılmaz",
    "Zimmermann",
]

_PROFILES: dict[str, tuple[str, str]] = {
    "System Administrator": ("Standard", "IT"),
    "Sales User": ("Standard", "Sales"),
    "Service Agent": ("Standard", "Customer Service"),
    "Finance User": ("Standard", "Finance"),
    "Marketing User": ("Standard", "Marketing"),
    "Standard User": ("Standard", "Operations"),
    "Salesforce API Only System Integrations": ("Standard", "IT"),
    "Help Center Profile": ("Guest", ""),
}

_LONG_AGO = "2025-01-14T10:05:00.000+0000"

_ZONES = {"US": "America/Chicago", "DE": "Europe/Berlin", "GB": "Europe/London", "IN": "Asia/Kolkata"}
_OFFSETS = {"US": -6, "DE": 1, "GB": 0, "IN": 5}
"""Hours from UTC when the working day is laid out; daylight saving is left out."""


@dataclass(frozen=True, slots=True)
class Profile:
    id: str
    name: str
    user_type: str


@dataclass(frozen=True, slots=True)
class User:
    """Someone who can act. `id` and `profile_id` are 15 characters long."""

    number: int
    kind: UserKind
    id: str
    username: str
    name: str
    email: str
    profile: Profile
    role: str
    department: str
    country: str
    client: Client
    office: SimulatedNetwork | None
    home: SimulatedNetwork | None
    active: bool = True
    dormant: bool = False
    """Whether the account is open and nobody has used it for a long time."""
    leaving: bool = False
    """Whether the person has given notice and still works."""

    @property
    def user_type(self) -> str:
        return self.profile.user_type

    @property
    def offset_hours(self) -> int:
        return _OFFSETS.get(self.country, 0)

    @property
    def time_zone(self) -> str:
        return _ZONES.get(self.country, "GMT")


@dataclass(frozen=True, slots=True)
class Application:
    """A connected app. `id` is 15 characters long."""

    id: str
    name: str
    approved: bool = True


APPLICATION_NAMES = (
    *(client.application for client in INTEGRATIONS),
    "Salesforce for iOS",
    "Salesforce CLI",
    "Dataloader Partner",
    "Leakline",
)


class Staff:
    """Everybody, the same for the same seed. `count` is the number of people beside administrators and integrations."""

    def __init__(self, seed: int, count: int) -> None:
        self._seed = seed
        self.profiles = {
            name: Profile(short_id("Profile", 4000 + number * 13), name, user_type)
            for number, (name, (user_type, _)) in enumerate(_PROFILES.items())
        }
        people = _with_lives([self._person(number) for number in range(count)])
        admins = [self._admin(count + number) for number in range(4)]
        first = count + len(admins)
        integrations = [self._integration(first + number, client) for number, client in enumerate(INTEGRATIONS)]
        self.users: list[User] = [*people, *admins, *integrations, self._guest(first + len(integrations))]
        self.applications = {
            name: Application(short_id("ConnectedApplication", 900 + number * 7), name)
            for number, name in enumerate(APPLICATION_NAMES)
        }

    def of(self, kind: UserKind) -> list[User]:
        """The active users of one kind."""
        return [user for user in self.users if user.kind == kind and user.active]

    @cached_property
    def watcher(self) -> User:
        """The integration user as which log-reading clients run."""
        return next(user for user in self.users if user.username.startswith("leakline@"))

    @property
    def leaving(self) -> list[User]:
        """People who have given notice and still work; at least one in an org of ten."""
        return [user for user in self.of("person") if user.leaving]

    @property
    def dormant(self) -> list[User]:
        """People whose accounts nobody uses; at least one in an org of ten."""
        return [user for user in self.of("person") if user.dormant]

    def _person(self, number: int) -> User:
        name = f"{_GIVEN[number % len(_GIVEN)]} {_FAMILY[(number * 7 + number // len(_GIVEN)) % len(_FAMILY)]}"
        profile = tuple(_PROFILES)[1 + roll(self._seed, "profile", number) % 5]
        country = ("US", "US", "DE", "GB", "IN")[roll(self._seed, "country", number) % 5]
        user = self._user(number, "person", name, profile, country)
        return replace(user, active=number % 41 != 40)  # somebody has always left

    def _admin(self, number: int) -> User:
        name = ("Mara Keller", "Owen Price", "Sunita Rao", "Luis Ortega")[number % 4]
        return self._user(number, "admin", name, "System Administrator", ("US", "DE", "GB", "IN")[number % 4])

    def _user(self, number: int, kind: UserKind, name: str, profile: str, country: str) -> User:
        offices, homes = networks_of("office", country), networks_of("home", country)
        given, family = name.split(" ", 1)
        login = f"{_plain(given)}.{_plain(family)}{number}@trading.example"
        return User(
            number,
            kind,
            _user_id(number),
            login,
            name,
            login.replace(str(number), ""),
            self.profiles[profile],
            f"{_PROFILES[profile][1]} {country}",
            _PROFILES[profile][1],
            country,
            BROWSERS[roll(self._seed, "browser", number) % len(BROWSERS)],
            offices[roll(self._seed, "office", number) % len(offices)],
            homes[roll(self._seed, "home", number) % len(homes)],
        )

    def _integration(self, number: int, client: Client) -> User:
        clouds = networks_of("cloud")
        word = client.username
        return User(
            number,
            "integration",
            _user_id(number),
            f"{word}@integration.trading.example",
            f"{client.application} Integration",
            "integrations@trading.example",
            self.profiles["Salesforce API Only System Integrations"],
            "",
            "IT",
            "US",
            client,
            clouds[number % len(clouds)],
            None,
        )

    def _guest(self, number: int) -> User:
        return User(
            number,
            "guest",
            _user_id(number),
            "help_center@trading.example",
            "Help Center Site Guest User",
            "noreply@trading.example",
            self.profiles["Help Center Profile"],
            "",
            "",
            "US",
            BROWSERS[0],
            None,
            None,
        )


def _with_lives(people: list[User]) -> list[User]:
    """Every 37th is about to leave, every 53rd account lies idle; in a small org one of each."""
    there = [user for user in people if user.active]
    if len(there) < 10:
        return people
    leaving = {user.number for user in there if user.number % 37 == 36} or {there[-2].number}
    dormant = {user.number for user in there if user.number % 53 == 52} or {there[-1].number}
    return [replace(user, leaving=user.number in leaving, dormant=user.number in dormant) for user in people]


def user_record(user: User, last_login: str) -> dict[str, object]:
    """The user as a row of the User object; `last_login` is a REST date-time."""
    given, _, family = user.name.partition(" ")
    person = user.kind in ("person", "admin")
    return {
        "Id": long_id(user.id),
        "Username": user.username,
        "Name": user.name,
        "FirstName": given if family else None,
        "LastName": family or given,
        "Email": user.email,
        "Alias": user.username[:8],
        "ProfileId": long_id(user.profile.id),
        "Profile.Name": user.profile.name,
        "UserRoleId": long_id(short_id("UserRole", 300 + len(user.role))) if user.role else None,
        "UserRole.Name": user.role or None,
        "UserType": user.user_type,
        "IsActive": user.active,
        "Department": user.department or None,
        "Title": None,
        "Country": user.country,
        "FederationIdentifier": user.username.split("@")[0] if person else None,
        "LastLoginDate": (_LONG_AGO if user.dormant else last_login) if user.active else None,
        "TimeZoneSidKey": user.time_zone,
        "LocaleSidKey": "en_US",
        "LanguageLocaleKey": "en_US",
        "CreatedDate": "2021-03-01T09:00:00.000+0000",
    }


def _user_id(number: int) -> str:
    return short_id("User", 51_234_000 + number * 613)


def _plain(name: str) -> str:
    kept = {"é": "e", "ê": "e", "ø": "o", "á": "a", "ë": "e", "ö": "o", "í": "i", "ü": "u", "ı": "i"}
    return "".join(kept.get(c, c) for c in name.lower() if c.isalpha())
