"""What is left of an allowance for those who are less important, hour by hour of the day ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Forecast:
    """`slack[k]`: calls that may be made between now and in k hours (0 to 24) without missing any that matter more."""

    slack: Sequence[float]

    @property
    def least(self) -> float:
        """That may be made at once without anybody missing them for a day; below 0 where none may."""
        return min(self.slack)

    @property
    def pace(self) -> float:
        """Calls an hour that can go on all day; 0 where none can."""
        return max(0.0, min(self.slack[0], *(left / hours for hours, left in enumerate(self.slack) if hours)))

    @property
    def hours_until_room(self) -> int:
        """Until there is room from then on; 24 where that is not to be seen."""
        tight = [hours for hours, left in enumerate(self.slack) if left < 1]
        return min(len(self.slack) - 1, tight[-1] + 1) if tight else 0


def forecast(ceiling: float, used: int, leaving: Sequence[int], needed: float) -> Forecast:
    """`ceiling`: calls of a day that may be used in all; `used`: of the last 24 hours; `leaving`: how many of these do not count
    any more in 0 to 24 hours; `needed`: calls an hour of those that matter more. What everybody else uses is taken to stay
    as it was: what leaves of theirs comes again. Where it grows, the growth is a part of `needed`.
    """
    return Forecast([ceiling - used + gone - needed * hours for hours, gone in enumerate(leaving)])


def tighter(forecast: Forecast, limit: Forecast) -> Forecast:
    """Within both."""
    return Forecast([min(pair) for pair in zip(forecast.slack, limit.slack, strict=True)])
