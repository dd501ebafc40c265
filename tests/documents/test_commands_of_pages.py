"""Every command in README and the documents does what the document says, in its order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documents.command_line import mistake
from tests.documents.not_run import NOT_RUN, not_run_by, reason_not_to_run
from tests.documents.page_run import PageRun, bare, commands
from tests.documents.pages import Page, pages

HISTORY = "CHANGELOG.md"
"""Speaks of commands as they were."""
PAGES = {page.name: page for page in pages() if page.name != HISTORY}
RUNNABLE = [
    name
    for name, page in PAGES.items()
    if any(
        not reason_not_to_run(bare(command))
        for block in page.blocks
        if block.language == "sh"
        for command in commands(block)
    )
]


@pytest.mark.parametrize("name", RUNNABLE)
def test_the_commands_of_a_page_work_as_they_stand(name: str, small_org: dict[str, str], tmp_path: Path) -> None:
    """In one folder, one after another, with the files that the page shows; what they print is what the page shows."""
    folder = tmp_path / "page"
    folder.mkdir()
    page_run = PageRun(PAGES[name], folder, small_org)
    try:
        page_run.run()
    finally:
        page_run.end()


def written_commands(page: Page) -> list[tuple[int, str]]:
    """Whatever calls `leakline` in a page, within sentences too, with its line."""
    blocks = [
        (block.line, bare(command)) for block in page.blocks if block.language == "sh" for command in commands(block)
    ]
    words = [(line, words) for words, line in page.code_words]
    calls = [(line, command.replace("/opt/leakline/bin/", "").replace(".venv/bin/", "")) for line, command in blocks]
    return [(line, command) for line, command in (*calls, *words) if command.startswith("leakline ")]


@pytest.mark.parametrize("name", PAGES)
def test_commands_have_the_options_that_pages_name(name: str) -> None:
    """Also those that are not run, and those within sentences."""
    wrong = [f"{name}:{line}: {command}: {mistake(command)}" for line, command in written_commands(PAGES[name])
             if mistake(command)]  # fmt: skip
    assert wrong == []


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("leakline chek", "has no command `chek`"),
        ("leakline rules lint --nope", "has no option `--nope`"),
        ("leakline status now", "takes no arguments"),
        ("leakline rules convert --to splunk|esql", ""),
        ("leakline dead-letters replay FILE… | --destination NAME | --all", ""),
        ("leakline check [--offline] -c … --send-test-event", ""),
    ],
)
def test_a_wrong_command_is_seen(command: str, words: str) -> None:
    """So that the test above can fail; what stands for what a reader writes is allowed."""
    found = mistake(command)
    assert words in found if words else found == ""


def test_each_reason_not_to_run_a_command_is_needed() -> None:
    """What no page has any more has no entry."""
    used = {
        not_run_by(bare(command))
        for page in PAGES.values()
        for block in page.blocks
        if block.language == "sh"
        for command in commands(block)
    }
    assert set(NOT_RUN) <= used


def test_a_command_that_fails_and_output_that_is_not_there_are_seen(small_org: dict[str, str], tmp_path: Path) -> None:
    """So that the first test can fail."""
    for number, (text, words) in enumerate(
        [
            ("```sh\nexit 4\n```\n", "ended with 4"),
            ("```sh\necho all is well\n```\n\n```text\nall is … ill\n```\n", "'all is … ill' is not in"),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        page = tmp_path / f"{number}.md"
        page.write_text(text)
        with pytest.raises(AssertionError, match=words):
            PageRun(Unplaced(page), folder, small_org).run()


class Unplaced(Page):
    """A page anywhere."""

    @property
    def name(self) -> str:
        return self.path.name
