"""Reading what a change in Setup says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.normalize.audit_trail.display_template import LONGEST, DisplayTemplate
from agent.normalize.audit_trail.setup_action import setup_actions

TEMPLATES = {template.pieces: template for action in setup_actions().values() for template in action.says}
SHAPED = {
    "user_id": st.sampled_from(["005Kz00000Vol61", "005Kz00000Vol61IAB"]),
    "app_id": st.sampled_from(["0H4Kz0000004App", "0H4Kz0000004AppKAE"]),
    "username": st.sampled_from(["ada@acme.example", "a+b@x.y"]),
    "count": st.integers(0, 999_999_999).map(str),
    "first_address": st.sampled_from(["192.0.2.0", "2001:db8::1"]),
    "last_address": st.sampled_from(["255.255.255.255", "2001:db8::ffff"]),
}
NAME = st.text(st.sampled_from("abcÄ-:.()'\"[]{}* to from"), min_size=1, max_size=20).map(str.strip).filter(bool)


def written(template: DisplayTemplate, values: list[str]) -> str:
    """The text with these values."""
    text = template.pieces[0]
    for value, piece in zip(values, template.pieces[1:], strict=True):
        text += value + piece
    return text


@given(st.data(), st.sampled_from(sorted(TEMPLATES)))
def test_what_was_written_is_read(data: st.DataObject, pieces: tuple[str, ...]) -> None:
    """Of every template, whatever the values are, as long as none holds what stands between them."""
    template = TEMPLATES[pieces]
    between = [piece.strip() for piece in pieces if piece.strip()]
    values = []
    for name in template.names:
        allowed = NAME.filter(lambda value: not any(piece in value for piece in between))
        values.append(data.draw(SHAPED.get(name, allowed)))
    expected = {name: value for name, value in zip(template.names, values, strict=True) if name != "_"}
    assert template.values(written(template, values)) == expected


@given(st.text(st.sampled_from("ab: to from"), max_size=60))
def test_whatever_fits_can_be_written_again(text: str) -> None:
    """What is read of any text is what stands in it, or nothing."""
    template = DisplayTemplate.of("a {profile}: {object} from {from} to {to}")
    values = template.values(text)
    if values is not None and len(values) == 4:
        found = [values[name] for name in template.names]
        assert written(template, found).split() == text.split()


@pytest.mark.parametrize(
    ("template", "text", "values"),
    [
        ("Changed role {role}", "Changed role CEO", {"role": "CEO"}),
        ("Changed role {role}", "Changed role ", None),
        ("Changed role {role}", "changed role CEO", None),
        ("Changed role {role}", "Rolle CEO geändert", None),
        ("Requested an export", "Requested an export", {}),
        ("Requested an export", "Requested an export.", None),
        (
            "Changed profile {profile}: {object} object permissions were changed from {from} to {to}",
            "Changed profile Custom: Sales: EMEA: Account object permissions were changed from Read to Read, Edit",
            {"profile": "Custom: Sales: EMEA", "object": "Account", "from": "Read", "to": "Read, Edit"},
        ),
        (
            "Changed role for user {user} from {from} to {to}",
            "Changed role for user Bob from Accounts from Desk to Field",
            {"user": "Bob from Accounts", "from": "Desk", "to": "Field"},
        ),
        ("Changed role for user {user} from {from} to {to}", "Changed role for user Bob from A to B to C", {"user": "Bob"}),
        ("{user} (UserID: [{user_id}])", "Eve (UserID: [1]) (UserID: [005Kz00000Vol61])", {"user": "Eve (UserID: [1])", "user_id": "005Kz00000Vol61"}),
        ("{user} (UserID: [{user_id}])", "Eve (UserID: [not an id])", None),
        ("Emptied {count} record(s)", "Emptied many record(s)", None),
        ("Added for {username}", "Added for Ada King", None),
        ('{_} {to} policy "{name}".', 'Vera Holt disabled policy "No "big" reports".', {"to": "disabled", "name": 'No "big" reports'}),
    ],
)  # fmt: skip
def test_readings(template: str, text: str, values: dict[str, str] | None) -> None:
    """From the first to the last character, from the right, each value in the form that it must have."""
    assert DisplayTemplate.of(template).values(text) == values


def test_a_text_that_is_too_long_is_not_read() -> None:
    """The bound is part of what a template says."""
    template = DisplayTemplate.of("Changed role {role}")
    head = len("Changed role ")
    assert template.values("Changed role " + "x" * (LONGEST - head)) is not None
    assert template.values("Changed role " + "x" * (LONGEST - head + 1)) is None


def test_values_need_something_between_them() -> None:
    """Where one ends and the next begins nobody could tell."""
    with pytest.raises(ValueError, match="side by side"):
        DisplayTemplate.of("{from}{to}")
