"""The sentence that setup ends with says what is left to do, and nothing that is done already."""

from dataclasses import replace

import pytest

from bot.agent_logins import AgentFound, Login
from bot.chat_discord.inquiry import GuildRights, Identity
from bot.setup import SetupReport
from bot.setup_files import Written
from bot.setup_report import next_step

REPORT = SetupReport(
    who=Identity(
        bot_id="1",
        bot_name="bot",
        application_id="2",
        owner_id=None,
        owner_name="",
        has_content_intent=True,
        has_members_intent=False,
        endpoint_url=None,
        clock_ahead_s=None,
        starts_left=1000,
    ),
    invite="https://example.org",
    guilds=(GuildRights("3", "guild", ()),),
    owners=(),
    agent=AgentFound("scripted", None, "", True),
    login=Login(False, (), (), False),
    isolation="bwrap",
    written=Written("written", "written"),
    problems=(),
)


@pytest.mark.parametrize("service", ["installed", "failed", "not asked for"])
@pytest.mark.parametrize("guilds", [(), REPORT.guilds])
def test_nobody_is_told_to_start_what_the_service_has_started(
    service: str, guilds: tuple[GuildRights, ...]
) -> None:
    said = next_step(replace(REPORT, guilds=guilds), service)
    assert ("roomkey run" in said) == (service != "installed")
    assert ("invite link" in said) == (not guilds)


def test_a_login_that_is_missing_is_not_forgotten() -> None:
    said = next_step(
        replace(REPORT, login=Login(is_needed=True, here=(), in_service=(), of_own=False)), "failed"
    )
    assert "but for the agent's login" in said
    assert "roomkey run" in said


def test_every_problem_is_listed() -> None:
    said = next_step(replace(REPORT, problems=("Do this.", "Do that.")), "installed")
    assert said.splitlines() == ["This is left to do:", "- Do this.", "- Do that."]
