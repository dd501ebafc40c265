"""`leakline rules lint`, as people see it."""

import io
from pathlib import Path

from rich.console import Console

from agent.cli.output import rules_lint_and_test
from agent.config.settings import Settings, parse

RULE = """
title: Ours
id: 0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d01
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {USER_ID|expand: '%Ours%'}, condition: sel}
"""
SETTINGS = {
    "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": {"type": "client_credentials", "client_id": "x", "client_secret": {"env": "X"}}}],
    "destinations": [{"type": "file", "directory": "out"}],
    "rules": {"placeholders": {"Ours": ["a"]}},
}  # fmt: skip


def linted(folder: Path, settings: Settings | None = None) -> tuple[int, str]:
    out = io.StringIO()
    status = rules_lint_and_test.lint([folder], Console(file=out, width=200), as_json=False, settings=settings)
    return status, out.getvalue()


def test_placeholders_of_the_settings_are_known_with_them(tmp_path: Path) -> None:
    """Without them nobody can know that there are values."""
    (tmp_path / "ours.yml").write_text(RULE)
    status, said = linted(tmp_path)
    assert (status, "placeholder %Ours% has no values" in said) == (1, True)
    assert linted(tmp_path, parse(SETTINGS)) == (0, "0 errors, 0 warnings; 1 rule loaded\n")
