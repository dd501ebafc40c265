"""Names that nothing binds by are told, with what is near."""

from datetime import date
from typing import Any

import pytest

from agent.notice.regimes.doubtful_names import idle_names, unknown_names
from agent.notice.regimes.pack import shipped
from agent.notice.settings import NoticeSettings

PACK = shipped().pack
DAY = date(2026, 11, 27)

UNKNOWN: dict[str, tuple[dict[str, Any], str, str]] = {
    "letters": ({"jurisdictions": ["EU"]}, "notice.jurisdictions", "write eu"),
    "a state": ({"jurisdictions": ["us_ca"]}, "notice.jurisdictions", "us-ca"),
    "a slip": ({"roles": ["proccessor"]}, "notice.roles", "write processor"),
    "a hyphen": ({"roles": ["business-associate"]}, "notice.roles", "business_associate"),
    "a sector": ({"sectors": ["finance"]}, "notice.sectors", "financial"),
    "nothing near": ({"sectors": ["qqq"]}, "notice.sectors", "write one of banking, "),
    "an anchor": (
        {"contracts": [{"name": "big", "anchor": "awrae", "hours": 1, "recipient": "them"}]},
        "notice.contracts, big, anchor",
        "aware",
    ),
}


@pytest.mark.parametrize("settings, key, near", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_an_unknown_name_is_told_with_what_is_near(settings: dict[str, Any], key: str, near: str) -> None:
    """Where it is, and what to write."""
    (doubt,) = unknown_names(PACK, NoticeSettings(**settings))
    assert doubt.setting == key
    assert near in doubt.fix


IDLE = {
    "a country of sectors": ({"jurisdictions": ["eu", "us"]}, "nothing binds by 'us'"),
    "a sector elsewhere": ({"jurisdictions": ["eu"], "sectors": ["health"]}, "nothing binds by 'health': us-hipaa is of us"),
    "a role without its sector": (
        {"jurisdictions": ["eu"], "roles": ["controller", "financial_entity"]},
        "nothing binds by 'financial_entity': eu-dora-19 is only for those in the sector financial",
    ),
    "no role": ({"jurisdictions": ["eu"], "roles": []}, "an empty list"),
}  # fmt: skip


@pytest.mark.parametrize("settings, told", IDLE.values(), ids=IDLE.keys())
def test_a_name_that_brings_nothing_is_told_with_why(settings: dict[str, Any], told: str) -> None:
    """A law's own role without its sector, say."""
    found = [doubt.message for doubt in idle_names(PACK, NoticeSettings(**settings), DAY)]
    assert any(told in message for message in found)


@pytest.mark.parametrize(
    "settings",
    [
        {"jurisdictions": ["eu", "uk", "us-ca"]},
        {"jurisdictions": ["us", "us-ca"], "roles": ["controller", "processor"]},
        {"jurisdictions": ["us"], "roles": ["business_associate"], "sectors": ["health"]},
        {"jurisdictions": ["us-wa"], "sectors": ["health"]},
    ],
)
def test_names_that_bind_are_in_no_doubt(settings: dict[str, Any]) -> None:
    """Nor is the whole of a part that binds."""
    assert list(idle_names(PACK, NoticeSettings(**settings), DAY)) == []
