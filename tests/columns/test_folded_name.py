from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.columns.text.folded_name import LONGEST, folded, letters, looks_like, readings

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
    "Ðata Loaδer",
    "Data Loa∂er",
    "Dɐtɐ Loɐdǝɹ",  # turned letters
    "Dᗩta Loader",
    "ᗪᗩTᗩ ᒪOᗩᗪEᖇ",
    "DΛTΔ LOΛDΞR",
    "Data £oader",
    "₯ata Loa₫€r",
    "D₳₮₳ Loader",
]


@pytest.mark.parametrize("name", DISGUISES)
def test_a_disguise_is_folded_to_what_it_imitates(name: str) -> None:
    """Separators, invisible characters, letters of other scripts and digits make no difference."""
    assert folded(name) == folded("Data Loader")


@pytest.mark.parametrize(("disguised", "plain"), [("VVorkbench", "Workbench"), ("Sаlеsfоrсе Іnс.", "Salesforce Inc")])
def test_two_letters_may_look_like_one(disguised: str, plain: str) -> None:
    """As in Unicode's table of look-alikes."""
    assert folded(disguised) == folded(plain)


@pytest.mark.parametrize("name", ["Ticкet", "Tiсκet", "Ticĸet", "TIСКET"])
def test_a_k_has_look_alikes(name: str) -> None:
    """Which TR39 leaves out: Cyrillic, Greek and the Latin kra."""
    assert folded(name) == folded("Ticket")


@pytest.mark.parametrize("name", ["Data Loader Next", "clata Loader NG", "dataloacler", "Big Data Loader Nightly"])
def test_letters_of_two_words_are_no_pair(name: str) -> None:
    """A name is found whatever follows it, and whichever of its letters are pairs."""
    assert looks_like("Data Loader").search(letters(name))


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("\u202eredaoL ataD", "Data Loader"),
        ("\u2067redaoL ataD\u2069", "Data Loader"),
        ("Data \u202eredaoL\u202c", "Data Loader"),
        ("\u2067Loader \u200fData", "Data Loader"),
        ("Da+a Loader", "Data Loader"),
        ("Da†a Loader", "Data Loader"),
        ("Data+Loader", "Data Loader"),
    ],
)
def test_a_name_may_be_read_in_several_ways(name: str, read: str) -> None:
    """Backwards, by marks of direction, and with a cross for a letter."""
    assert letters(read) in readings(name)


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
