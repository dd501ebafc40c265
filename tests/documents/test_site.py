"""The documents build to a site that needs no network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.documents.pages import ROOT, pages


def test_the_site_builds_without_a_warning_and_asks_for_nothing_from_elsewhere(tmp_path: Path) -> None:
    """Every page is in it and in its table of contents, every link holds, and no page loads a script, style, font or picture
    from an address elsewhere.
    """
    site = tmp_path / "site"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(tmp_path / "trees")]
    done = subprocess.run(
        [*command, "-c", str(ROOT / "docs"), str(ROOT), str(site)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    built = {path.relative_to(site).with_suffix(".md").as_posix(): path for path in site.rglob("*.html")}
    assert {page.name for page in pages()} <= built.keys()
    loaded = re.compile(r"""<(?:script|img|link|iframe)\b[^>]*?(?:src|href)=["'](?:https?:)?//""")
    assert [name for name, path in built.items() if loaded.search(path.read_text(encoding="utf-8"))] == []
