from __future__ import annotations

from collections.abc import Iterator

import pytest

from agent.demo.org_process import simulated_org

ROWS = 3_000
FEW_FILES = (
    *("--no-daily-files", "--history-only", "--history=12h", "--scenario=mass_report_export"),
    *("--event-type=Login", "--event-type=Report", "--event-type=ReportExport"),
)
"""What takes time is the number of files: half a day of three event types, with one leak."""


@pytest.fixture(scope="session")
def small_org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A simulated org, and what it says of itself."""
    with simulated_org(tmp_path_factory.mktemp("org") / "org", seed=3, rows=ROWS, options=FEW_FILES) as facts:
        yield facts
