"""What a run writes into a page."""

import pytest

from tests.chaos.figures import replaced, section
from tests.chaos.run import ChaosResult
from tests.chaos.verdict import CanaryVerdict, IncidentVerdict


@pytest.mark.parametrize(
    ("late", "two_ids", "outcome"), [(3, 0, "is kept"), (4, 0, "is NOT kept"), (0, 1, "is NOT kept")]
)
def test_the_page_says_whether_the_aim_is_kept(late: int, two_ids: int, outcome: str) -> None:
    """At 99.9 % it is; below it is not, nor where one occasion had two ids. Shares are not rounded up."""
    canaries = CanaryVerdict(3_000, 3_000 - late, late, 0, 7, two_ids, [0.5] * 3_000)
    incidents = IncidentVerdict(10, 10, 10, 0, 0, 1.5)
    result = ChaosResult(1, 2.0, 120.0, canaries, incidents, 40, 41, [], {"hook closed": 3}, 0.7, 5, 30.0, 0, 0)
    text = section(result)
    assert outcome in text
    assert f"| in time, late, lost | {3_000 - late:,}, {late}, 0 |" in text
    assert result.is_kept == (outcome == "is kept")
    if late == 4:
        assert "99.866 %; 99.6" in text


def test_a_run_replaces_what_the_one_before_wrote() -> None:
    """And nothing else of the page; where there was none it is added at the end."""
    first = replaced("# Measured\n\nOther figures.\n", "old\n")
    assert first == "# Measured\n\nOther figures.\n\n<!-- chaos -->\nold\n<!-- /chaos -->\n"
    assert replaced(f"{first}\nMore.\n", "new\n") == first.replace("old", "new") + "\nMore.\n"
