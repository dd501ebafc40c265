"""What a pack of regimes holds, as types. Every duration of the law is in its data (`core.yaml`), none in code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

SCHEMA = "leakline-regimes/1"

PRIOR_STAGE = "prior_stage:"
"""How the anchor begins that is the recorded submission of another obligation, whose id follows."""

Status = Literal["in_force", "future", "pending", "proposed", "contractual"]
Reading = Literal["eu_hours_1182", "eu_two_working_days"]


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{value[:60]!r} is not a time zone; write one such as Europe/Berlin") from None
    return value


Zone = Annotated[str, AfterValidator(_zone)]
"""A name of the time zone database."""


class PackModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Hours(PackModel):
    mode: Literal["hours"]
    value: float = Field(gt=0)


class CalendarDays(PackModel):
    mode: Literal["calendar_days"]
    value: int = Field(gt=0)
    roll: Literal["next_business_day"] | None = None
    """Where the last day is none, the next working day of the recipient's country ends the period."""
    zone: Zone | None = None


class BusinessDays(PackModel):
    mode: Literal["business_days"]
    value: int = Field(gt=0)
    calendar: str
    zone: Zone | None = None


class Months(PackModel):
    mode: Literal["months"]
    value: int = Field(gt=0)
    roll: Literal["next_business_day"] | None = None
    zone: Zone | None = None


class AfterYearEnd(PackModel):
    mode: Literal["after_year_end_days"]
    value: int = Field(gt=0)
    zone: Zone | None = None


class UndueDelay(PackModel):
    """The law names no number: a target of our own stands in its place, and every word about it says so."""

    mode: Literal["undue_delay"]
    policy_target_hours: float = Field(gt=0)


class AnchoredHours(Hours):
    anchor: str


class Earliest(PackModel):
    """The earliest of several periods, each with its own anchor."""

    mode: Literal["min_of"]
    of: tuple[AnchoredHours, ...] = Field(min_length=2)
    late: str | None = None
    """The anchor whose period counts alone where it comes after the others are over."""


Deadline = Annotated[
    Hours | CalendarDays | BusinessDays | Months | AfterYearEnd | UndueDelay | Earliest, Field(discriminator="mode")
]


class FactTest(PackModel):
    """What must be true of a fact."""

    fact: str
    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    is_: bool | None = Field(default=None, alias="is")

    @model_validator(mode="after")
    def _one_test(self) -> FactTest:
        if sum(test is not None for test in (self.above, self.at_least, self.below, self.is_)) != 1:
            raise ValueError("write one of `above`, `at_least`, `below` or `is`")
        return self

    def holds(self, facts: Mapping[str, float | bool]) -> bool | None:
        """Whether it does; None while the fact is not known."""
        value = facts.get(self.fact)
        if value is None:
            return None
        if self.is_ is not None:
            return bool(value) == self.is_
        if self.above is not None:
            return value > self.above
        return value >= self.at_least if self.at_least is not None else value < (self.below or 0)

    def __str__(self) -> str:
        if self.is_ is not None:
            return self.fact if self.is_ else f"not {self.fact}"
        for word, bound in (("above", self.above), ("at least", self.at_least), ("below", self.below)):
            if bound is not None:
                return f"{self.fact} {word} {bound:g}"
        return self.fact


class Variant(PackModel):
    """Another deadline where a fact is known to hold. One that lengthens must be asked for by a fact, never by its absence."""

    if_: FactTest = Field(alias="if")
    deadline: Deadline


class Obligation(PackModel):
    """Somebody who must be told, once."""

    id: str
    stage: str
    recipient: str
    """The kind: `authority`, `data_subjects`, `customer`, …"""
    recipient_name: str = ""
    role: str | None = None
    """Whose it is, where it is not that of the regime's roles."""
    track: str | None = None
    """Which of several kinds of incident it is for."""
    anchor: str
    """From what it counts: a name of the pack's `anchors`, or `prior_stage:` and an obligation's id."""
    deadline: Deadline
    later_readings: tuple[Reading, ...] = ()
    """Later ends that can be argued for. Alarms never wait for them."""
    applies: FactTest | None = None
    condition: str = ""
    """What must be true for it, in words."""
    variants: tuple[Variant, ...] = ()
    note: str = ""


class Regime(PackModel):
    """A law, a rule or a contract with what it asks for."""

    id: str
    name: str
    jurisdictions: tuple[str, ...]
    zone: Zone
    """Of its recipients, unless an obligation or the settings have another."""
    instrument: str
    article: str
    status: Status
    effective_from: date | None = None
    roles: tuple[str, ...]
    sectors: tuple[str, ...] = ()
    """It binds only whoever is in one of these; empty: whoever is under the jurisdiction in one of the roles."""
    template: bool = False
    """It binds nobody: contracts of the settings are like it."""
    confidence: Literal["high", "medium", "low"]
    threshold: str = ""
    phased: str = ""
    register_: str = Field(default="", alias="register")
    weekend_rule: str = ""
    late_rule: str = ""
    delay_allowed: str = ""
    notes: str = ""
    exceptions: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    obligations: tuple[Obligation, ...] = Field(min_length=1)
    sources: tuple[str, ...] = ()

    @property
    def all_roles(self) -> tuple[str, ...]:
        """Its own, and those that single obligations are for."""
        return tuple(dict.fromkeys([*self.roles, *(duty.role for duty in self.obligations if duty.role)]))

    def in_force(self, day: date) -> bool:
        """Whether it binds on this day; a contract does once it is signed."""
        if self.status in ("proposed", "pending"):
            return False
        return self.effective_from is None or day >= self.effective_from


class PackHead(PackModel):
    """Which pack it is."""

    id: str
    version: str = Field(pattern=r"^\d{4}\.\d{2}\.\d{2}(\.\d+)?$")
    """By its day; of two packs the higher one is newer."""
    compiled_on: date
    review_by: date
    """From then on it stays in force and says that nobody has looked at it since."""

    def review_due(self, day: date) -> bool:
        return day >= self.review_by


class RegimePack(PackModel):
    """The whole file."""

    schema_: Literal["leakline-regimes/1"] = Field(alias="schema")
    pack: PackHead
    presumed_anchors: Mapping[str, str]
    """Anchors that are taken to be another one as long as nobody declares them."""
    anchors: Mapping[str, str]
    no_shadow: tuple[str, ...] = ()
    """Anchors that are no kind of knowing: the detection never stands for them."""
    role_aliases: Mapping[str, tuple[str, ...]]
    """Of a role of the settings, such as controller, the laws' own words for it."""
    regimes: tuple[Regime, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _hangs_together(self) -> RegimePack:
        ids = [regime.id for regime in self.regimes]
        for regime in self.regimes:
            if ids.count(regime.id) > 1:
                raise ValueError(f"two regimes are called {regime.id}")
            duties = [duty.id for duty in regime.obligations]
            for duty in regime.obligations:
                where = f"{regime.id}, {duty.id}"
                if duties.count(duty.id) > 1:
                    raise ValueError(f"{where}: two obligations have this id")
                for anchor in self._anchors_of(duty):
                    prior = anchor.removeprefix(PRIOR_STAGE)
                    if anchor not in self.anchors and not (anchor != prior and prior in duties and prior != duty.id):
                        raise ValueError(f"{where}: {anchor!r} is neither an anchor nor a prior stage of this regime")
        return self

    @model_validator(mode="after")
    def _no_shadow_are_anchors(self) -> RegimePack:
        if unknown := [anchor for anchor in self.no_shadow if anchor not in self.anchors]:
            raise ValueError(f"no_shadow: {unknown[0]!r} is not one of `anchors`")
        return self

    @model_validator(mode="after")
    def _aliases_are_roles(self) -> RegimePack:
        known = {role for regime in self.regimes for role in regime.all_roles}
        for generic, words in self.role_aliases.items():
            if unknown := [word for word in (generic, *words) if word not in known]:
                raise ValueError(f"role_aliases, {generic}: {unknown[0]!r} is not a role of any regime")
        return self

    @property
    def jurisdictions(self) -> set[str]:
        return {name for regime in self.regimes for name in regime.jurisdictions}

    @property
    def roles(self) -> set[str]:
        return {name for regime in self.regimes for name in regime.all_roles} | set(self.role_aliases)

    @property
    def sectors(self) -> set[str]:
        return {name for regime in self.regimes for name in regime.sectors}

    def regime(self, id_: str) -> Regime | None:
        return next((regime for regime in self.regimes if regime.id == id_), None)

    def facts(self) -> dict[str, bool]:
        """What the regimes ask for: by its name whether it is true or false, else it is a number."""
        duties = [duty for regime in self.regimes for duty in regime.obligations]
        tests = [duty.applies for duty in duties] + [variant.if_ for duty in duties for variant in duty.variants]
        return {test.fact: test.is_ is not None for test in tests if test is not None}

    @staticmethod
    def _anchors_of(duty: Obligation) -> list[str]:
        several = [part.anchor for part in duty.deadline.of] if isinstance(duty.deadline, Earliest) else []
        return [duty.anchor, *several]
