from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.normalize.folded_name import LONGEST, folded

DISGUISES = [
    "data loader",
    "DATA-LOADER",
    "Data_Loader",
    "Data.Loader!!",
    "D a t a L o a d e r",
    "Dаtа Lоаdеr",  # Cyrillic
    "DАТА LОАDЕR",  # Cyrillic capitals
    "Dατα Lοαdεr",  # Greek
    "Ｄａｔａ　Ｌｏａｄｅｒ",  # full width
    "𝐃𝐚𝐭𝐚 𝓛𝓸𝓪𝓭𝓮𝓻",  # mathematical
    "ᴅᴀᴛᴀ ʟᴏᴀᴅᴇʀ",  # small capitals
    "ⒹⒶⓉⒶ ⓁⓄⒶⒹⒺⓇ",
    "🅳🅰🆃🅰 🅻🅾🅰🅳🅴🆁",
    "Dáta Lôäder",
    "ĐataŁoader",
    "Da\u200bta Lo\u00adader",  # zero-width space, soft hyphen
    "\u202eData\u2066 Loader\u2069",  # marks of direction
    "Data\u3164Loader",  # a filler that counts as a letter
    "\U000e0044Data Loader\U000e007f",  # tags
    "Da\u0335ta L\u0338oader",  # strokes over letters
    "D4ta L0ader",
    "D@t@ L0@d3r",
    "Data Ioader",  # a capital i
    "Data 1oader",
    "Data |oader",
    "clata Loader",
]


@pytest.mark.parametrize("name", DISGUISES)
def test_a_disguise_is_folded_to_what_it_imitates(name: str) -> None:
    """Separators, invisible characters, letters of other scripts and digits make no difference."""
    assert folded(name) == folded("Data Loader")


@pytest.mark.parametrize(("one", "other"), [("VVorkbench", "Workbench"), ("Sаlеsfоrсе Іnс.", "Salesforce Inc")])
def test_two_letters_may_look_like_one(one: str, other: str) -> None:
    """As in Unicode's table of look-alikes."""
    assert folded(one) == folded(other)


@pytest.mark.parametrize("name", ["Warehouse Sync", "Date Loader", "Datenlader", "データローダ", "Data Load"])
def test_other_names_stay_others(name: str) -> None:
    """What reads differently is folded differently."""
    assert folded(name) not in ("", folded("Data Loader"))


@given(st.text(max_size=60))
def test_folding_needs_no_second_time(name: str) -> None:
    """Rules and lists may hold folded names, and case never counts."""
    assert folded(folded(name)) == folded(name)


def test_a_name_of_any_length_is_looked_at_in_part() -> None:
    """A cell of megabytes costs no more than a long name."""
    assert folded("a" * LONGEST + "b" * 5_000_000) == "a" * LONGEST
