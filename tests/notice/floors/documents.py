"""Whole settings documents by a seed: most of what stands under `notice` is usual, and some of it is as weak as can be written."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from tests.notice.floors.values import (
    ALARMS,
    GENERIC,
    JURISDICTIONS,
    LATE_ALARMS,
    LEVELS,
    LONG,
    NO_SPANS,
    ODD,
    PLAIN,
    SECTORS,
    SPANS,
    WORDS,
    ZONES,
)
from tests.notice.floors.yaml_text import Raw, text_of


def document(seed: int) -> str:
    """The text of a settings file. The same for the same seed."""
    random = Random(seed)
    notice = _Notice(random).mapping()
    whole: dict[str, Any] = {
        "orgs": [
            {
                "name": "acme",
                "url": "https://acme.example.com",
                "auth": {"type": "client_credentials", "client_id": "x", "client_secret": {"env": "X"}},
            }
        ],
        "destinations": [{"type": "file", "directory": "out"}],
        "notice": notice,
    }
    return text_of(whole, random)


class _Notice:
    """`odds`: how much of this document is odd; mostly little, so that it can be accepted at all."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.odds = random.choice([0.0, 0.01, 0.03, 0.15])

    def mapping(self) -> dict[str, Any]:
        random, found = self.random, dict[str, Any]()
        found["jurisdictions"] = self._names(JURISDICTIONS, random.choice([0, 1, 1, 1, 2, 3]))
        if random.random() < 0.5:
            roles = [role for role in GENERIC if random.random() < 0.6] + [
                word for word in WORDS if random.random() < 0.05
            ]
            found["roles"] = [self._odd_name(role) for role in roles]
        if random.random() < 0.3:
            found["sectors"] = self._names(SECTORS, random.choice([0, 1, 1, 2]))
        for name, chance in (
            ("presume_aware_after", 0.6),
            ("group_within", 0.15),
            ("close_candidates_after", 0.15),
            ("longest_snooze", 0.3),
        ):
            if random.random() < chance:
                found[name] = self._span(long=0.35 if name == "presume_aware_after" else 0.15)
        for name in ("longest_maintenance", "links_expire_after"):
            if random.random() < 0.15:
                found[name] = self._span()
        if random.random() < 0.3:
            found["clocks_from"] = (
                random.choice([*LEVELS, *LEVELS[1:4]])
                if random.random() > self.odds
                else random.choice(["High", "CRITICAL", Raw("5"), None])
            )
        if random.random() < 0.5:
            found["zone"] = (
                random.choice(ZONES)
                if random.random() > self.odds
                else random.choice(["europe/berlin", "EU", "", "UTC+12", "../UTC"])
            )
        if random.random() < 0.2:
            found["contracts"] = [self._contract(number) for number in range(random.randint(1, 2))]
        if random.random() < 0.05:
            found["pack"] = "/nowhere/core.yaml"
        if random.random() < 0.3:
            found["alarms"] = self._alarms()
        if random.random() < 0.6:
            found |= self._arrangements()
        if random.random() < self.odds:
            found[random.choice(["disabled", "regimes", "jurisdiction", "deadlines", "max_assessment"])] = (
                random.choice([True, [], "eu-gdpr-33", "72h"])
            )
        return found

    def _names(self, known: tuple[str, ...], number: int) -> list[Any]:
        return [self._odd_name(name) for name in self.random.sample(known, min(number, len(known)))]

    def _odd_name(self, name: str) -> Any:
        if self.random.random() > self.odds * 2:
            return name
        wide = "".join(
            chr(ord(letter) + 0xFEE0) if letter.isascii() and letter.isalpha() else letter for letter in name
        )
        likes = name.translate(str.maketrans("eaopcxu", "еаорсхս"))
        return self.random.choice(
            [
                name.upper(),
                name.title(),
                f"{name} ",
                f" {name}",
                wide,
                likes,
                f"{name}-zz",
                f"{name}\u200b",
                "",
                None,
                [name],
                f"{name}\n",
            ]
        )

    def _span(self, long: float = 0.15) -> Any:
        random = self.random
        if random.random() < self.odds:
            return random.choice([*ODD, *NO_SPANS])
        span = random.choice(LONG if random.random() < long else SPANS)
        return Raw(span) if random.random() < 0.5 and span.isascii() else span

    def _contract(self, number: int) -> dict[str, Any]:
        hours = self.random.choice([Raw("24"), Raw("0.5"), Raw("8784"), Raw("1e2"), Raw("72.0")])
        if self.random.random() < self.odds:
            hours = self.random.choice([Raw(".nan"), Raw(".inf"), Raw("0"), Raw("-1"), Raw("1e9"), Raw("'24h'")])
        anchor = self.random.choice(["aware", "detected", "suspected", "occurred", "ransom_paid", "nothing"])
        return {"name": f"c{number}", "anchor": anchor, "hours": hours, "recipient": "privacy@customer.example"}

    def _alarms(self) -> dict[str, Any]:
        found = dict[str, Any]()
        for name in ("at", "short"):
            if self.random.random() < 0.6:
                is_weak = self.random.random() < max(self.odds, 0.1)
                found[name] = self.random.choice(LATE_ALARMS if is_weak else ALARMS)
        if self.random.random() < 0.3:
            found["short_up_to"] = self._span(long=0.4)
        return found

    def _arrangements(self) -> dict[str, Any]:
        random = self.random
        people: list[Any] = [PLAIN, {"name": "ben", "channels": ["mail", "hook"], "roles": ["lead"]}][
            : random.choice([1, 2, 2])
        ]
        if random.random() < self.odds * 2:
            people = random.choice(
                [
                    [],
                    [{"name": "ana", "channels": []}],
                    [{"name": "ana", "channels": ["pager"]}],
                    [PLAIN, PLAIN],
                    [{"name": "Ana", "channels": ["mail"]}],
                ]
            )
        channels = [
            {"name": "mail", "type": "smtp", "host": "mail.example.com", "from": "leakline@example.com"},
            {"name": "hook", "type": "webhook", "url": "https://hooks.example.com/x", "secret": {"env": "X"}},
        ]
        found: dict[str, Any] = {
            "people": people,
            "channels": channels if random.random() > self.odds else channels[:1],
        }
        if random.random() < 0.6:
            hours = (
                {"hours": random.choice([["Mon-Fri 08:00-18:00"], ["22:00-06:00"]])} if random.random() < 0.3 else {}
            )
            found["on_call"] = {
                "rotations": [
                    {
                        "name": "primary",
                        "people": ["ana"],
                        "every": "7d",
                        "handover": "Mon 09:00 Europe/Berlin",
                        **hours,
                    }
                ]
            }
        if random.random() < 0.7:
            there = (
                ["everyone", "ana"] + ["ben", "lead"] * (len(people) > 1) + ["on_call:primary"] * ("on_call" in found)
            )
            there = [*there, "on_call"] if random.random() < 0.9 else ["on_call", "nobody"]
            found["policies"] = [self._policy(number, there) for number in range(random.choice([1, 1, 2, 3]))]
        return found

    def _policy(self, number: int, there: list[str]) -> dict[str, Any]:
        random = self.random
        found: dict[str, Any] = {"name": f"p{number}"}
        if random.random() < 0.4:
            found["levels"] = random.sample(LEVELS, random.randint(0 if random.random() < self.odds else 1, 3))
        if random.random() < 0.15:
            found["orgs"] = random.choice([["acme"], ["nowhere"], ["acme", "beta"]])
        after, steps = 0, list[dict[str, Any]]()
        for _ in range(random.choice([1, 2, 3])):
            notify = random.sample(there, random.choice([1, 1, 2]))
            steps.append(
                {
                    "notify": notify
                    if random.random() > self.odds
                    else random.choice([[], ["nobody"], ["Ana"], "ana"]),
                    "after": f"{after}m",
                }
            )
            after += random.choice([5, 15, 60])
        if random.random() < 0.15:
            steps[0]["after"] = self._span(long=0.5)
            steps = steps[:1]
        found["steps"] = steps
        if random.random() < 0.3:
            found["acknowledgement"] = self._span(long=0.3)
        if random.random() < 0.2:
            found["repeat"] = random.choice([0, 1, 5, 20] if random.random() > self.odds else [21, Raw("1.5"), -1])
        return found


if __name__ == "__main__":
    import sys

    print(document(json.loads(sys.argv[1])))
