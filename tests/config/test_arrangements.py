"""Arrangements that name what is not there, or lead to no place, are refused with what to write."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from agent.notice.settings import NoticeSettings

MAIL = {"name": "mail", "type": "smtp", "host": "smtp.example.com", "from": "leakline@example.com"}
LIST = MAIL | {"to": ["soc@example.com"]}
ANA = {"name": "ana", "channels": ["mail"]}


def test_a_canary_over_mail_goes_to_the_channels_own_address() -> None:
    """It is for no person, so `to` says where."""
    canary = {"every": "15m", "channels": ["mail"]}
    assert NoticeSettings.model_validate({"channels": [LIST], "canary": canary}).canary is not None
    with pytest.raises(ValidationError, match="canary: mail has no place of its own; write `to`"):
        NoticeSettings.model_validate({"channels": [MAIL], "canary": canary})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"people": [ANA | {"addresses": {"mail": "ana"}}], "channels": [MAIL]}, "'ana' for mail, which is not"),
        ({"people": [ANA | {"addresses": {"mail": "Ana <a@example.com>"}}], "channels": [MAIL]}, "is not a mail addr"),
        ({"channels": [MAIL | {"to": ["a@example.com, b@example.com"]}]}, "mail has .* under `to`, which is not"),
        ({"channels": [LIST], "canary": {"every": "20ms", "channels": ["mail"]}}, "at least a second apart"),
    ],
)
def test_what_could_never_be_sent_is_refused(values: dict[str, Any], said: str) -> None:
    """Before there is anything to send."""
    with pytest.raises(ValidationError, match=said):
        NoticeSettings.model_validate(values)


def test_another_channels_address_need_be_none_of_mail() -> None:
    """Slack's are members."""
    hook = {"name": "hook", "type": "webhook", "url": "https://hook.example.com", "secret": {"env": "S"}}
    ana = {"name": "ana", "channels": ["hook"], "addresses": {"hook": "U024BE7LH"}}
    assert NoticeSettings.model_validate({"people": [ana], "channels": [hook]}).people[0].name == "ana"


@pytest.mark.parametrize("handover", ["Monday 09:00 Europe/Berlin", "Mon 09:00", "Mon 25:00 UTC"])
def test_a_handover_is_asked_for_in_words(handover: str) -> None:
    """With an example, and no form that only programs read."""
    rotation = {"name": "primary", "people": ["ana"], "every": "7d", "handover": handover}
    with pytest.raises(ValidationError, match="write a day, a time and a zone, such as `Mon 09:00 Europe/Berlin`"):
        NoticeSettings.model_validate({"on_call": {"rotations": [rotation]}, "people": [ANA], "channels": [MAIL]})
