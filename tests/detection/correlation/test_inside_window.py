"""What lies in a window that moves on row by row is what it comes to when it is looked at by itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detection.correlation.definition.correlation import Correlation
from agent.detection.correlation.inside_window import FewRow, inside_of
from agent.detection.load import load
from tests.detection.correlation.cases import BASES, CASES

ROWS = st.lists(
    st.tuples(st.integers(0, 300_000), st.sampled_from([0.0, 0.25, 3.0, 4.0, 1e6, 1e18, 1e300, 1.7e308])),
    min_size=1,
    max_size=25,
)
"""Milliseconds after the row before, and value."""


@pytest.fixture(scope="module")
def correlation(tmp_path_factory: pytest.TempPathFactory) -> Correlation:
    """A sum of at least 9 within ten minutes."""
    path = tmp_path_factory.mktemp("inside") / "rules.yml"
    path.write_text(BASES + CASES["sum gte"][0])
    (found,) = load([path]).correlations
    return found


@settings(deadline=None)
@given(rows=ROWS, copied=st.integers(0, 25))
def test_a_huge_value_hides_no_sum_of_what_comes_after_it(
    correlation: Correlation, rows: list[tuple[int, float]], copied: int
) -> None:
    """Beside it small ones are rounded off; once it has left its window they count again."""
    window, span, time = inside_of(correlation, 0), correlation.milliseconds, 0
    seen: list[tuple[int, float]] = []
    for number, (later, value) in enumerate(rows):
        if number == copied:
            window = window.copy()
        time += later
        seen.append((time, value))
        row: FewRow = (time, 0, number.to_bytes(16, "big"), value, number, None, None)
        ended = window.ended(time, [row])
        total = sum(value for at, value in seen if at >= time - span)
        assert (ended is not None) == (total >= 9)
        assert ended is None or ended[1] == pytest.approx(total, rel=1e-12)
