"""Settings with other channels, while messages wait for one that is gone: whoever can be told over another one is told at once."""

import pytest

from agent.daemon.sending.channel_health import end_of_unknown
from agent.notice.arrangements.channels import WebhookSettings
from agent.notice.arrangements.people import PersonSettings
from agent.notice.channels.channel import NotAccepted
from agent.notice.settings import NoticeSettings
from agent.secret import SecretReference
from tests.daemon.sending.scripted_channel import SendingLife
from tests.notice.escalation import called
from tests.notice.escalation.called import MINUTE, ON_CALL_SETTINGS, POLICY


def restart_with_a_pager(life: SendingLife, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ana has one, and nobody anything else."""
    people = [PersonSettings(name="ana", channels=["pager"], roles=["lead"])]
    monkeypatch.setattr(called, "PEOPLE", people)
    pager = WebhookSettings(name="pager", type="webhook", url="https://hooks.example.com", secret=SecretReference(env="HOOK"))  # fmt: skip
    life.restart(NoticeSettings(policies=[POLICY], on_call=ON_CALL_SETTINGS, people=people, channels=[pager]))


def pages(life: SendingLife) -> list[str]:
    return [message.id for message in life.messages() if message.target.channel == "pager"]


def test_what_nobody_tried_is_told_over_the_new_channel(life: SendingLife, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what waited for the old ones is given up, with a record."""
    life.open()
    life.look()
    restart_with_a_pager(life, monkeypatch)
    assert len(pages(life)) == 1
    assert {message.state for message in life.messages() if message.target.channel != "pager"} == {"given-up"}
    assert life.recorded("message-given-up") == 2
    life.restart()
    assert life.recorded("message-given-up") == 2


def test_a_channel_in_place_of_those_that_failed_is_used_at_once(
    life: SendingLife, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All steps had failed, down to everyone."""
    life.open()
    life.look()
    for _ in range(6):
        life.deliver(accepted=False)
    restart_with_a_pager(life, monkeypatch)
    assert len(pages(life)) == 1
    life.pass_by(10 * MINUTE)
    assert len(pages(life)) == 1


def test_what_was_accepted_is_not_told_again(life: SendingLife, monkeypatch: pytest.MonkeyPatch) -> None:
    """One channel is enough."""
    life.open()
    life.look()
    life.deliver(accepted=True, channels=["mail"])
    restart_with_a_pager(life, monkeypatch)
    assert pages(life) == []


def test_a_channel_that_is_gone_fails_no_more(life: SendingLife) -> None:
    """One that is still there does."""
    for health in life.health.values():
        health.note(NotAccepted("down"))
    end_of_unknown(life.problems, ["hook", "pager"])
    assert [problem.subject for problem in life.problems.open()] == ["hook"]
