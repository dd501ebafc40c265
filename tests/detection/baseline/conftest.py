"""What the tests of baselines share as fixtures."""

from __future__ import annotations

import pytest

from agent.detection.detector import Detector
from tests.detection.baseline.history_rows import BURST, Load, NewDetector, checked


@pytest.fixture
def new_detector(loaded: Load) -> NewDetector:
    def detector_of(text: str = BURST) -> Detector:
        return Detector(checked(loaded(text)))

    return detector_of
