from datetime import UTC, datetime

import pytest

from agent.simulator.api.filters.soql import SoqlError
from agent.simulator.api.soql_parser import parse
from agent.simulator.api.soql_place import placed

NOW = datetime(2026, 11, 18, 12, 30, tzinfo=UTC)


def _refusal(text: str) -> list[str]:
    with pytest.raises(SoqlError) as refused:
        parse(text, NOW)
    return placed(text, refused.value).split("\n")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("SELECT FROM User", "Row:1:Column:8", "unexpected token: 'FROM'"),
        ("SELECT Id FROM User WHERE", "Row:1:Column:26", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM User LIMIT x", "Row:1:Column:27", "unexpected token: 'x'"),
        ("SELECT Id\nFROM User\nWHERE Id ? 'a'", "Row:3:Column:10", "unexpected token: '? 'a''"),
        ("SELECT Id FROM User WHERE Id = today2", "Row:1:Column:32", "unexpected token: 'today2'"),
    ],
)
def test_a_query_is_told_where_it_is_wrong(text: str, place: str, message: str) -> None:
    """An empty line, the query's line, a caret below the place, row and column, what is wrong."""
    empty, line, caret, where, what = _refusal(text)
    row, column = (int(number) for number in place.split(":")[1::2])
    assert (empty, line) == ("", text.split("\n")[row - 1])
    assert caret == " " * (column - 1) + "^"
    assert where == f"ERROR at {place}"
    assert what.startswith(message)


def test_of_a_long_line_the_words_around_the_place_are_shown() -> None:
    """The caret stands below the same character; the column counts from the line's first."""
    text = ", ".join(["SELECT Id", *(f"Field{number}" for number in range(60))]) + " FROM User"  # noqa: S608
    error = SoqlError("No such column", "INVALID_FIELD", word="field40")
    _, line, caret, where, _ = placed(text, error).split("\n")
    assert line[caret.index("^") :].startswith("Field40")
    assert len(line) < 100
    assert where == f"ERROR at Row:1:Column:{text.index('Field40') + 1}"


def test_a_word_inside_quotes_is_not_the_place() -> None:
    """Only where it is a name."""
    text = "SELECT Id FROM User WHERE Id = 'Nonsense' AND Nonsense = 'a'"
    error = SoqlError("No such column", word="Nonsense")
    assert f"Column:{text.rindex('Nonsense') + 1}\n" in placed(text, error)


def test_what_has_no_place_is_told_as_it_is() -> None:
    """A query too long."""
    assert placed("SELECT", SoqlError("too long")) == "too long"
