"""What setup would write is known before anything is written."""

import stat
from pathlib import Path

import pytest

from bot.hosting import Hosting, user_hosting
from bot.setup_files import Written, add_login, plan_files
from sessions.errors import ReadOnly

ID = "123456789012345678"
TOKEN = "MTEw.Gh1Jkl.secret-part_of-it"


@pytest.fixture
def hosting(tmp_path: Path) -> Hosting:
    return user_hosting({"HOME": str(tmp_path)}, None)


def test_where_nothing_is_both_files_are_written_without_a_question(hosting: Hosting) -> None:
    plan = plan_files(hosting, {("discord", "owners"): [ID]}, TOKEN)
    assert (plan.questions, plan.written) == ((), Written("written", "written"))
    assert not hosting.settings_file.exists()
    plan.carry_out()
    assert hosting.token_file.read_text() == f"{TOKEN}\n"
    for file in (hosting.token_file, hosting.settings_file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_second_time_there_is_nothing_to_do(hosting: Hosting) -> None:
    values = {("discord", "owners"): [ID]}
    plan_files(hosting, values, TOKEN).carry_out()
    again = plan_files(hosting, values, TOKEN)
    assert (again.settings, again.token, again.questions) == (None, None, ())
    assert again.written == Written("unchanged", "unchanged")


def test_a_token_file_that_is_no_text_is_replaced_like_any_other(hosting: Hosting) -> None:
    hosting.token_file.parent.mkdir(parents=True)
    hosting.token_file.write_bytes(b"\xff\xfe")
    plan = plan_files(hosting, {}, TOKEN)
    assert plan.questions == (f"Replace the token in {hosting.token_file}?",)
    plan.carry_out()
    assert hosting.token_file.read_text() == f"{TOKEN}\n"


def test_what_would_be_replaced_is_asked_about_by_name(hosting: Hosting) -> None:
    plan_files(hosting, {("isolation",): "bwrap"}, TOKEN).carry_out()
    plan = plan_files(hosting, {("isolation",): "none", ("discord", "owners"): [ID]}, "other.token.here")
    assert plan.questions == (
        f"Change isolation and discord.owners in {hosting.settings_file}?",
        f"Replace the token in {hosting.token_file}?",
    )
    assert plan.written == Written("changed", "changed")
    assert "none" not in hosting.settings_file.read_text()
    assert not any("other.token.here" in question for question in plan.questions)


def test_a_place_that_cannot_be_written_is_named(hosting: Hosting) -> None:
    plan = plan_files(hosting, {}, TOKEN)
    hosting.settings_file.parent.parent.mkdir(parents=True)
    hosting.settings_file.parent.touch()
    with pytest.raises(ReadOnly, match="roomkey"):
        plan.carry_out()


def test_a_login_is_added_beside_others_and_replaces_itself(hosting: Hosting) -> None:
    hosting.login_file.parent.mkdir(parents=True)
    hosting.login_file.write_text("# mine\nHTTPS_PROXY=http://proxy\nANTHROPIC_API_KEY=old\n")
    hosting.login_file.chmod(0o644)
    add_login(hosting.login_file, "ANTHROPIC_API_KEY", "new")
    assert hosting.login_file.read_text() == ("# mine\nHTTPS_PROXY=http://proxy\nANTHROPIC_API_KEY=new\n")
    assert stat.S_IMODE(hosting.login_file.stat().st_mode) == 0o600
