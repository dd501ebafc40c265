"""The kinds of baseline that there are, by the `type` of a document."""

from __future__ import annotations

from agent.detection.baseline.baseline import Baseline
from agent.detection.baseline.first_seen import FirstSeen
from agent.detection.baseline.idle import Idleness
from agent.detection.baseline.kind import Kind
from agent.detection.baseline.silence import Silence
from agent.detection.baseline.travel import Travel
from agent.detection.baseline.volume import Volume

_ALL: tuple[Kind, ...] = (Volume(), FirstSeen(), Travel(), Silence(), Idleness())

KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}


def kind_of(baseline: Baseline) -> Kind:
    return KINDS[baseline.kind]
