"""The bound of a proportion, against figures of others."""

import math

import pytest

from tests.chaos.proportion import at_least, lower_bound


def test_without_a_failure_it_is_the_rule_of_three() -> None:
    """2,995 of 2,995 are what 99.9 % with 95 % confidence takes; one less is not enough."""
    assert lower_bound(2_995, 2_995) >= 0.999
    assert lower_bound(2_994, 2_994) < 0.999
    assert lower_bound(3_000, 3_000) == pytest.approx(0.05 ** (1 / 3_000), abs=1e-12)


@pytest.mark.parametrize(
    ("successes", "trials", "confidence", "expected"),
    [
        # Tables of Clopper and Pearson for two sides of 95 %: each side has 97.5 %.
        (5, 10, 0.975, 0.1871),
        (8, 10, 0.975, 0.4439),
        (95, 100, 0.975, 0.8872),
        (1, 20, 0.975, 0.0013),
        (0, 10, 0.95, 0.0),
        # 4,742 without and 4,744 - 1 with a failure: the quantile 4.7439 of the gamma distribution of 2.
        (4_742, 4_743, 0.95, 0.9990),
    ],
)
def test_it_is_what_tables_say(successes: int, trials: int, confidence: float, expected: float) -> None:
    """To their last digit."""
    assert lower_bound(successes, trials, confidence) == pytest.approx(expected, abs=6e-5)


def test_a_chance_is_that_of_counting_all_cases() -> None:
    """Each way in which six coins, or unfair ones, can fall."""
    for proportion in (0.5, 0.3):
        for successes in range(7):
            ways = sum(
                math.comb(6, hits) * proportion**hits * (1 - proportion) ** (6 - hits) for hits in range(successes, 7)
            )
            assert at_least(successes, 6, proportion) == pytest.approx(ways)


def test_what_is_no_proportion_is_refused() -> None:
    """More successes than trials, and none of either."""
    for successes, trials in ((2, 1), (0, 0), (-1, 5)):
        with pytest.raises(ValueError, match="is not a proportion"):
            lower_bound(successes, trials)
