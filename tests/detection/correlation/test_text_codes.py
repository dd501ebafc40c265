"""Codes of texts: the same text has the same code, whatever way it is looked up."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detection.correlation import text_codes
from agent.detection.correlation.text_codes import TextCodes

BATCHES = st.lists(st.lists(st.sampled_from(["a", "b", "c", "ä", "", " ", None]), min_size=1, max_size=8), max_size=6)


@pytest.mark.parametrize("hashes", [2**63, 2, 1])
@settings(max_examples=60, deadline=None)
@given(batches=BATCHES)
def test_a_text_has_one_code(hashes: int, batches: list[list[str | None]]) -> None:
    """Also where texts have one hash; null has none, and every code leads back to its text."""
    texts, codes = TextCodes(), dict[str, int]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_codes, "_hashes", lambda texts: texts.hash(0) % hashes)
        for number, batch in enumerate(batches):
            column = pl.Series(batch, dtype=pl.String)
            texts, coded = texts.coded(column, pl.Series([number * 3_600_001] * len(batch)))
            assert coded.dtype == pl.UInt32
            assert texts.named(coded).to_list() == batch
            for text, code in zip(batch, coded.to_list(), strict=True):
                assert (text is None) == (code is None)
                assert text is None or codes.setdefault(text, code) == code
    assert len(texts.frame) == len(codes) == len(set(codes.values()))
