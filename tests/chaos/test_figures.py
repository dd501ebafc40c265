"""What a run writes into a page."""

from tests.chaos.figures import replaced


def test_a_run_replaces_what_the_one_before_wrote() -> None:
    """And nothing else of the page; where there was none it is added at the end."""
    first = replaced("# Measured\n\nOther figures.\n", "old\n")
    assert first == "# Measured\n\nOther figures.\n\n<!-- chaos -->\nold\n<!-- /chaos -->\n"
    assert replaced(f"{first}\nMore.\n", "new\n") == first.replace("old", "new") + "\nMore.\n"
