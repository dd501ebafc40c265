"""Who works in the simulated org: people, administrators, integrations, a guest; their profiles and applications."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from agent.simulator.world.clients import BROWSERS, INTEGRATIONS, Client
from agent.simulator.world.networks import networks_of
from agent.simulator.world.random_columns import roll
from agent.simulator.world.record_id import short_id
from agent.simulator.world.users import Application, Profile, User, UserKind

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
        people = _with_leavers_and_idle_accounts([self._person(number) for number in range(count)])
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


def _with_leavers_and_idle_accounts(people: list[User]) -> list[User]:
    """Every 37th is about to leave, every 53rd account lies idle; in a small org one of each."""
    there = [user for user in people if user.active]
    if len(there) < 10:
        return people
    leaving = {user.number for user in there if user.number % 37 == 36} or {there[-2].number}
    dormant = {user.number for user in there if user.number % 53 == 52} or {there[-1].number}
    return [replace(user, leaving=user.number in leaving, dormant=user.number in dormant) for user in people]


def _user_id(number: int) -> str:
    return short_id("User", 51_234_000 + number * 613)


def _plain(name: str) -> str:
    kept = {"é": "e", "ê": "e", "ø": "o", "á": "a", "ë": "e", "ö": "o", "í": "i", "ü": "u", "ı": "i"}
    return "".join(kept.get(c, c) for c in name.lower() if c.isalpha())
