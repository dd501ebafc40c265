"""The site: `make docs` has Sphinx build it from the Markdown of the repository, without a network and readable without one.

The source is the repository's root, so that links between pages are the same here and on GitHub. The table of contents is put
behind docs/index.md here, because Sphinx's form of it means nothing elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "Leakline"
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "rules/*.md", "mappings/README.md", "docs/**.md"]
exclude_patterns = [".*", "agent", "tests", "site", "build", "dist", "leakline-*"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = "Leakline"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False

CONTENTS = {
    "Start": ("docs/getting_started", "What it is, and what is built </README>"),
    "Operating": (
        "docs/operating",
        "docs/inbound",
        "docs/inbound_reports",
        "docs/outbound_messages",
        "docs/upgrading",
        "docs/backup",
        "docs/faults",
    ),
    "Your SIEM": ("docs/destinations", "docs/cef", "docs/incidents_in_siem"),
    "Notice and proof": (
        "docs/incidents",
        "docs/triage",
        "docs/escalation",
        "docs/permissions",
        "docs/drills",
        "docs/demands",
        "docs/on_call",
        "docs/notice",
        "docs/notices",
        "docs/trail",
    ),
    "Detection": ("docs/detection", "rules/README", "rules/MEASURED", "docs/mappings", "mappings/README"),
    "Reference": ("docs/reference/*",),
    "Development": (
        *("docs/architecture", "CONTRIBUTING", "docs/simulator", "docs/measured", "docs/decisions/index", "CHANGELOG"),
    ),
}
"""The parts of the table of contents; `*` stands for all pages of a folder."""


def _add_contents(_app: Sphinx, name: str, source: list[str]) -> None:
    parts = CONTENTS if name == root_doc else {"": ("docs/decisions/0*",)} if name == "docs/decisions/index" else {}
    for title, pages in parts.items():
        lines = "\n".join(page if page.endswith(">") else f"/{page}" for page in pages)
        caption = f":caption: {title}\n" if title else ""
        source[0] += f"\n```{{toctree}}\n:hidden:\n:glob:\n{caption}\n{lines}\n```\n"


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _add_contents)
