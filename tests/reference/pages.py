"""What `make reference` writes: the file, and what makes its text from the code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.reference import (
    commands_page,
    completions,
    event_fields_page,
    exit_statuses_page,
    man_page,
    metrics_page,
    problems_page,
    settings_page,
)

ROOT = Path(__file__).parents[2]

PAGES: Mapping[str, Callable[[], str]] = {
    "docs/reference/commands.md": commands_page.page,
    "docs/reference/event_fields.md": event_fields_page.page,
    "docs/reference/exit_statuses.md": exit_statuses_page.page,
    "docs/reference/metrics.md": metrics_page.page,
    "docs/reference/problems.md": problems_page.page,
    "docs/reference/settings.md": settings_page.page,
    "packaging/leakline.1": man_page.page,
    **completions.FILES,
}
