"""What another pack of regimes does."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

import pytest

from agent.changes.classes.change_class import ChangeClass, gravest
from agent.changes.classes.comparison_table import UNKNOWN
from agent.changes.classes.comparisons.regime_pack import PACKS, pack_differences
from agent.notice.regimes.model import FactTest, Obligation, PackHead, Regime, RegimePack, Variant
from agent.notice.regimes.pack import shipped
from tests.changes.classes.documents import Document, Edit

PACK = shipped().pack.model_dump(mode="json", by_alias=True)

SA = "regimes[eu-gdpr-33].obligations[sa]"


def at(document: Document, path: str) -> Any:
    """What is at a path; an entry is found by its id or its number."""
    place: Any = document
    for part in path.replace("[", ".[").split("."):
        if not part.startswith("["):
            place = place[part]
        elif part[1:-1].isdecimal():
            place = place[int(part[1:-1])]
        else:
            place = next(entry for entry in place if entry["id"] == part[1:-1])
    return place


def put(path: str, value: Any) -> Edit:
    """Write a value."""

    def edit(document: Document) -> None:
        above, _, key = path.rpartition(".")
        (at(document, above) if above else document)[key] = value

    return edit


def drop(path: str, entry: Any) -> Edit:
    """Remove an entry, by its id or as it is."""

    def edit(document: Document) -> None:
        entries = at(document, path)
        entries.remove(
            next(found for found in entries if entry in (found, found.get("id") if isinstance(found, dict) else ""))
        )

    return edit


def add(path: str, entry: Any) -> Edit:
    """Add an entry at the end; an id stands for a copy of the first one under this id."""

    def edit(document: Document) -> None:
        entries = at(document, path)
        entries.append(
            {**entries[0], "id": entry} if isinstance(entries[0], dict) and isinstance(entry, str) else entry
        )

    return edit


def hours(value: float) -> Document:
    return {"mode": "hours", "value": value}


def days(value: int, **beside: Any) -> Document:
    return {"mode": "calendar_days", "value": value, "roll": None, "zone": None, **beside}


EDITS: list[tuple[Edit, ChangeClass]] = [
    (drop("regimes", "eu-gdpr-33"), "weaken"),
    (add("regimes", "mars"), "strengthen"),
    (drop("regimes[eu-dora-19].obligations", "final"), "weaken"),
    (add("regimes[eu-dora-19].obligations", "more"), "strengthen"),
    (lambda pack: pack["regimes"].reverse(), "neutral"),
    (put(f"{SA}.deadline", hours(96)), "weaken"),
    (put(f"{SA}.deadline", hours(48)), "strengthen"),
    (put(f"{SA}.deadline.value", float("inf")), "weaken"),
    (put(f"{SA}.deadline", {"mode": "undue_delay", "policy_target_hours": 24}), "weaken"),
    (put(f"{SA}.anchor", "determined"), "weaken"),
    (put(f"{SA}.anchor", "detected"), "strengthen"),
    (put(f"{SA}.recipient", "customer"), "weaken"),
    (put(f"{SA}.recipient_name", "a friend"), "weaken"),
    (put(f"{SA}.role", "processor"), "weaken"),
    (put(f"{SA}.applies", {"fact": "high_risk", "is": True}), "weaken"),
    (put("regimes[eu-gdpr-34].obligations[individuals].applies", None), "strengthen"),
    (put("regimes[eu-gdpr-34].obligations[individuals].applies.is", False), "weaken"),
    (put(f"{SA}.condition", "only if large"), "weaken"),
    (put(f"{SA}.later_readings", []), "neutral"),
    (put(f"{SA}.note", "another text"), "neutral"),
    (put(f"{SA}.new_key", 1), "weaken"),
    (put("regimes[eu-gdpr-33].status", "proposed"), "weaken"),
    (put("regimes[eu-gdpr-33-omnibus].status", "in_force"), "strengthen"),
    (put("regimes[eu-gdpr-33].status", "future"), "neutral"),
    (put("regimes[eu-gdpr-33].effective_from", "2030-01-01"), "weaken"),
    (put("regimes[eu-gdpr-33].zone", "America/New_York"), "weaken"),
    (put("regimes[eu-gdpr-33].template", True), "weaken"),
    (drop("regimes[eu-gdpr-33].jurisdictions", "eu"), "weaken"),
    (add("regimes[eu-gdpr-33].jurisdictions", "no"), "strengthen"),
    (add("regimes[eu-gdpr-33].roles", "enterprise"), "strengthen"),
    (put("regimes[eu-gdpr-33].roles", []), "weaken"),
    (put("regimes[eu-gdpr-33].sectors", ["health"]), "weaken"),
    (put("regimes[eu-dora-19].sectors", []), "weaken"),
    (add("regimes[eu-dora-19].sectors", "health"), "strengthen"),
    (
        put("regimes[eu-gdpr-33].exceptions", ["small ones", "unlikely to result in a risk (must be documented)"]),
        "weaken",
    ),
    (drop("regimes[eu-gdpr-33].content", "likely consequences"), "weaken"),
    (put("regimes[eu-gdpr-33].threshold", "only grave breaches"), "weaken"),
    (put("regimes[eu-gdpr-33].notes", "reworded"), "neutral"),
    (put("pack.version", "2027.01.01"), "neutral"),
    (put("pack.review_by", "2027-06-01"), "neutral"),
    (put("pack.id", "other"), "weaken"),
    (put("presumed_anchors", {"noticed": "detected"}), "weaken"),
    (put("presumed_anchors.noticed", "aware"), "weaken"),
    (put("presumed_anchors.aware", "detected"), "strengthen"),
    (add("no_shadow", "aware"), "weaken"),
    (drop("no_shadow", "on_request"), "strengthen"),
    (drop("role_aliases.controller", "owner"), "weaken"),
    (add("role_aliases.controller", "keeper"), "strengthen"),
    (add("role_aliases.controller", "business_associate"), "weaken"),
    (put("anchors.aware", "another text"), "neutral"),
    (lambda pack: pack["anchors"].pop("aware"), "weaken"),
]


@pytest.mark.parametrize(("edit", "expected"), EDITS, ids=map(str, range(len(EDITS))))
def test_another_pack_has_a_class(edit: Edit, expected: ChangeClass) -> None:
    """By what is missing, later or narrower in it; what is new or shorter strengthens."""
    pack = copy.deepcopy(PACK)
    edit(pack)
    found = pack_differences(PACK, pack)
    assert found
    assert gravest(found) == expected, found


TERMS: list[tuple[Any, Any, ChangeClass]] = [
        (hours(72), days(2), "weaken"),  # may end after 74 hours, where clocks are set back
        (hours(74), days(2), "strengthen"),
        (days(3), hours(72), "weaken"),
        (days(4), hours(72), "strengthen"),
        (days(3), days(2), "strengthen"),
        (days(3), days(3, roll="next_business_day"), "weaken"),
        (days(3, roll="next_business_day"), days(3), "strengthen"),
        (days(3), days(3, zone="UTC"), "weaken"),
        (days(30), {"mode": "months", "value": 1}, "weaken"),
        ({"mode": "months", "value": 1}, days(25), "strengthen"),
        (days(30), {"mode": "business_days", "value": 4, "calendar": "US"}, "weaken"),
        ({"mode": "business_days", "value": 5, "calendar": "US"}, {"mode": "business_days", "value": 4, "calendar": "US"}, "strengthen"),
        ({"mode": "business_days", "value": 4, "calendar": "US"}, {"mode": "business_days", "value": 4, "calendar": "BR"}, "weaken"),
        ({"mode": "after_year_end_days", "value": 60}, {"mode": "after_year_end_days", "value": 90}, "weaken"),
        ({"mode": "undue_delay", "policy_target_hours": 24}, {"mode": "undue_delay", "policy_target_hours": 48}, "weaken"),
        ({"mode": "undue_delay", "policy_target_hours": 72}, hours(72), "strengthen"),
        ({"mode": "undue_delay", "policy_target_hours": 72}, hours(73), "weaken"),
        ({"mode": "strange", "value": 4}, {"mode": "strange", "value": 4, "more": 1}, "weaken"),
        (hours(72), {"mode": "strange", "value": 1}, "weaken"),
        (hours(72), None, "weaken"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), TERMS, ids=map(str, range(len(TERMS))))
def test_terms_of_other_kinds_compare(before: Any, after: Any, expected: ChangeClass) -> None:
    """A term is shorter only where it cannot end later on any calendar."""
    old, new = copy.deepcopy(PACK), copy.deepcopy(PACK)
    at(old, SA)["deadline"], at(new, SA)["deadline"] = before, after
    assert gravest(pack_differences(old, new)) == expected


def earliest(**parts: float) -> Document:
    """The earliest of several periods, by their anchors."""
    of = [{"mode": "hours", "value": value, "anchor": anchor} for anchor, value in parts.items()]
    return {"mode": "min_of", "of": of, "late": None}


def variant(value: float, fact: str = "high_risk") -> Document:
    """Another deadline where a fact holds."""
    return {"if": {"fact": fact, "is": True}, "deadline": hours(value)}


PARTS: list[tuple[str, Any, Any, ChangeClass]] = [
        ("deadline", earliest(aware=24, classified_major=4), earliest(aware=24, classified_major=5), "weaken"),
        ("deadline", earliest(aware=24, classified_major=4), earliest(aware=20, classified_major=4), "strengthen"),
        ("deadline", earliest(aware=24, classified_major=4), earliest(aware=24, detected=4), "weaken"),
        ("deadline", earliest(aware=24, classified_major=4), earliest(aware=24, classified_major=4, detected=9), "strengthen"),
        ("deadline", earliest(aware=24, detected=4), earliest(detected=4, aware=24), "neutral"),
        ("deadline", earliest(aware=24, detected=4), {**earliest(aware=24, detected=4), "late": "aware"}, "weaken"),
        ("variants", [], [variant(24)], "strengthen"),
        ("variants", [], [variant(96)], "weaken"),
        ("variants", [variant(24)], [], "weaken"),
        ("variants", [variant(24)], [variant(12)], "strengthen"),
        ("variants", [variant(24)], [variant(36)], "weaken"),
        ("variants", [variant(24)], [variant(24, "large")], "weaken"),
        ("applies", {"fact": "people", "above": 500}, {"fact": "people", "above": 100}, "strengthen"),
        ("applies", {"fact": "people", "above": 500}, {"fact": "people", "above": 1000}, "weaken"),
        ("applies", {"fact": "people", "below": 500}, {"fact": "people", "below": 100}, "weaken"),
        ("applies", {"fact": "people", "above": 500}, {"fact": "records", "above": 500}, "weaken"),
        ("applies", {"fact": "people", "above": 500}, {"fact": "people", "at_least": 100}, "weaken"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "before", "after", "expected"), PARTS, ids=map(str, range(len(PARTS))))
def test_parts_of_an_obligation_compare(key: str, before: Any, after: Any, expected: ChangeClass) -> None:
    """Several periods, variants and tests of facts."""
    old, new = copy.deepcopy(PACK), copy.deepcopy(PACK)
    at(old, SA)[key], at(new, SA)[key] = before, after
    assert gravest(pack_differences(old, new)) == expected


def test_equal_packs_do_not_differ() -> None:
    """Whether its keys are those of the file or of the model."""
    assert pack_differences(PACK, shipped().pack.model_dump(mode="json")) == []


def test_there_is_a_way_back() -> None:
    """A term that was shortened weakens when it is as long as before."""
    pack = copy.deepcopy(PACK)
    at(pack, SA)["deadline"]["value"] = 24
    assert [gravest(pack_differences(*pair)) for pair in ((PACK, pack), (pack, PACK))] == ["strengthen", "weaken"]


def test_every_key_of_a_pack_has_a_line() -> None:
    """What is inside a deadline, a test or a variant is compared as one."""
    assert PACKS.patterns == set(keys("", RegimePack)) - {""}


def test_a_key_of_a_deadline_that_is_not_known_weakens() -> None:
    """As a key anywhere else does that nobody judged."""
    for key, part in (("deadline", {**hours(72), "more": 1}), ("applies", {"fact": "x", "is": True, "more": 1})):
        old, new = copy.deepcopy(PACK), copy.deepcopy(PACK)
        at(new, SA)[key] = part
        found = pack_differences(old, new)
        assert [(difference.change_class, difference.why == UNKNOWN) for difference in found] == [("weaken", False)]


def keys(pattern: str, annotation: Any) -> Iterator[str]:
    """The patterns of a field and of what is below it, by the names of the file; what is inside a deadline is left out."""
    yield pattern
    origin, parts = get_origin(annotation), get_args(annotation)
    if {FactTest, Variant} & {annotation, *parts}:
        return
    if origin is Mapping:
        yield f"{pattern}.*"
    elif origin is tuple and parts[0] in (Regime, Obligation):
        yield from set(keys(f"{pattern}[]", parts[0])) - {f"{pattern}[]"}
    elif annotation in (PackHead, Regime, Obligation, RegimePack):
        for name, field in annotation.model_fields.items():
            yield from keys(f"{pattern}.{field.alias or name}".removeprefix("."), field.annotation)
