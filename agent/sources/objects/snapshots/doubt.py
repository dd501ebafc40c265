"""Whether what is missing was revoked, or cannot be seen any more.

A user who loses a permission sees a part of the records, often only their own, and the org counts no more than that. So much
that is missing at once is held back, and revoked when a second look agrees, the org counts what was read, and there is a
sign that the user sees as much as before: the org says that they have the permission, or the rest belongs to several users.
Where the org says so, a few that are gone need no second look, and neither do sessions that had reached their end. A page that
is cut where it looks like the last one may leave out less than that share: the org is asked before more than a few are revoked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.sources.objects.catalogue import WatchedObject
from agent.sources.objects.snapshots.difference import BucketDifference
from agent.sources.objects.snapshots.difference_batches import LookPlan
from agent.sources.objects.snapshots.look import OWNERS, Look, UnfitLook
from agent.sources.objects.snapshots.snapshot_state import SnapshotState

SHARE = 0.3
"""Of the records: so many are not revoked between two looks as a rule."""
FEW = 20
"""Records: of so many a few that go are a large share, and no flood. More are never revoked unasked, however small a share."""
MOVING = 0.01
"""Of the records: what may come and go between reading and counting them, and five in any case."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What to do, and why something is doubtful; empty where nothing is."""

    plan: LookPlan
    doubt: str = ""


class LossJudge:
    """Of one object's look. `count`: how many records the org counts; `permitted`: whether the user has the permission that
    the object needs. Each asks the org, and only where something is doubtful; None: it does not say.
    """

    def __init__(
        self,
        watched: WatchedObject,
        state: SnapshotState,
        look: Look,
        count: Callable[[], int | None],
        permitted: Callable[[], bool | None],
    ) -> None:
        self._watched = watched
        self._state = state
        self._look = look
        self._count = count
        self._permitted = permitted

    def judge(self, differences: Sequence[BucketDifference]) -> Judgement:
        """Raises UnfitLook where the org counts other than it gave, and what asking raises.

        `differences`: of all buckets.
        """
        known = sum(found.known for found in differences)
        gone, missing = sum(len(found.gone) for found in differences), sum(len(found.missing) for found in differences)
        appeared = sum(len(found.appeared) for found in differences)
        widens = appeared > max(FEW, SHARE * known)
        gone_early = sum(found.gone_early for found in differences)
        is_suspicious = gone > SHARE * known
        if not is_suspicious and not missing and gone_early <= FEW:
            return Judgement(LookPlan(widens=widens))
        counted, permitted = self.counted(), self._permitted()
        is_lost = permitted is False and self._state.permitted is not False
        is_sudden = gone_early > SHARE * sum(found.known_early for found in differences)
        holds = is_lost or (is_suspicious and (permitted is not True or (is_sudden and gone > FEW)))
        if self._look.count == 0 and gone + missing > FEW:
            return Judgement(
                LookPlan(holds=True, widens=widens), "none of them can be seen, and that many never go at once"
            )
        has_signs = permitted is True or missing <= FEW or (counted is not None and self._others_left())
        accepts = not is_lost and has_signs
        plan = LookPlan(holds=holds, accepts=accepts, widens=widens)
        if is_lost and (gone or missing):
            return Judgement(plan, f"the user does not have the permission {self._watched.need} any more")
        if missing and not accepts:
            what = "the rest belongs to one user" if counted is not None else "the org does not count them"
            return Judgement(plan, f"{what}, and the user perhaps lost the permission {self._watched.need}")
        return Judgement(plan, "the next look decides" if holds and gone else "")

    def counted(self) -> int | None:
        """How many records there are. Raises UnfitLook where that is not what was read."""
        counted, read = self._count(), self._look.count
        if counted is not None and abs(counted - read) > max(5, MOVING * read):
            raise UnfitLook(
                f"{self._watched.name}: the org counts {counted} records and gave {read}",
                hint="the next look tries again",
            )
        return counted

    def _others_left(self) -> bool:
        """Whether the user still sees what is not their own."""
        has_owners = any(name in self._look.fields for name in OWNERS)
        return len(self._look.owners) > 1 if has_owners else self._look.count > 0
