"""`roomkey doctor` on the offline guild: a case of trouble for each check, and what holds for all."""

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing

import pytest

from bot.demo.guild import GatewayOptions, Permission
from bot.demo.guild.intents import Intent
from bot.doctor import Finding
from bot.doctor_checks import CHECKS, question_of
from bot.doctor_files import disk_finding
from bot.one_token import hold_token
from sessions.instance import hold_instance
from sessions.store.sqlite_files import SCHEMA_VERSION
from tests.support.doctor_desk import FINE, LOGIN, OWNER, PATIENCE_S, found, leave_half_a_launcher
from tests.support.setup_desk import SetupDesk

pytestmark = pytest.mark.blocking


async def settings(desk: SetupDesk) -> None:
    desk.settings_file.write_text("[discord]\nalowed_users = []\n")


async def token(desk: SetupDesk) -> None:
    desk.put_token("MTEw.not-known.there")


async def intents(desk: SetupDesk) -> None:
    desk.guild.gateway.options = GatewayOptions(granted=Intent(0))


async def permissions(desk: SetupDesk) -> None:
    workshop = desk.guild.channel("workshop")
    workshop.deny(desk.guild.world.guild_id, Permission.SEND_MESSAGES | Permission.ADD_REACTIONS)


async def commands(desk: SetupDesk) -> None:
    desk.guild.world.interactions_url = "https://example.org/interactions"


async def connections(desk: SetupDesk) -> None:
    desk.guild.world.starts_left = 3


async def clock(desk: SetupDesk) -> None:
    desk.guild.clock.advance(4000)


async def agent(desk: SetupDesk) -> None:
    desk.variables["ROOMKEY_AGENT__PROGRAM"] = str(desk.home / "no-such-agent")


async def login(desk: SetupDesk) -> None:
    del desk.variables["ANTHROPIC_API_KEY"]


async def isolation(desk: SetupDesk) -> None:
    desk.variables["ROOMKEY_ISOLATION"] = "bwrap"
    # A kernel or machine without it cannot be had here: so the program is not to be found.
    desk.home.joinpath("empty").mkdir()


async def people(desk: SetupDesk) -> None:
    desk.settings_file.write_text('isolation = "none"\n')


async def files(desk: SetupDesk) -> None:
    desk.data_dir.chmod(0o755)


async def disk(desk: SetupDesk) -> Finding:
    return disk_finding(desk.data_dir, 50 * 1024**2, 100_000)


async def database(desk: SetupDesk) -> None:
    (desk.data_dir / "roomkey.sqlite3").write_bytes(b"SQLite format 3\0" + b"this is no database" * 500)
    (desk.data_dir / "roomkey.sqlite3").chmod(0o600)


async def running(desk: SetupDesk) -> Finding:
    with hold_token(desk.guild.token, desk.guild.api_base):
        return (await found(desk))["running"]


async def service(desk: SetupDesk) -> None:
    desk.unit_file.parent.mkdir(parents=True)
    desk.unit_file.write_text("[Service]\nExecStart=/bin/another\n")


Trouble = Callable[[SetupDesk], Awaitable[Finding | None]]

CASES: Mapping[str, tuple[Trouble, str, str]] = {
    "settings": (settings, "fail", "alowed_users"),
    "token": (token, "fail", "Reset Token"),
    "intents": (intents, "fail", "Message Content Intent"),
    "permissions": (permissions, "warn", "#workshop of Offline: Send Messages, Add Reactions"),
    "commands": (commands, "fail", "https://example.org/interactions"),
    "connections": (connections, "warn", "only 3 more"),
    "clock": (clock, "fail", "behind Discord's"),
    "agent": (agent, "fail", "no-such-agent"),
    "login": (login, "fail", "ANTHROPIC_API_KEY"),
    "isolation": (isolation, "fail", "bubblewrap"),
    "people": (people, "warn", "pairing code"),
    "files": (files, "fail", "chmod 0700"),
    "disk": (disk, "fail", "full"),
    "database": (database, "fail", "roomkey.sqlite3"),
    "leftovers": (leave_half_a_launcher, "warn", "roomkey-agent.new"),
    "running": (running, "warn", "another data directory"),
    "service": (service, "warn", "roomkey service install"),
}


def test_each_check_has_its_case() -> None:
    assert [check.name for check in CHECKS] == list(CASES)


@pytest.mark.parametrize("name", CASES)
async def test_trouble_is_found_with_what_mends_it(
    desk: SetupDesk, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cause, state, words = CASES[name]
    finding = await cause(desk)
    if name == "isolation":
        monkeypatch.setenv("PATH", str(desk.home / "empty"))
    if finding is None:
        findings = await found(desk)
        finding = findings[name]
        others = {other: one for other, one in findings.items() if other != name and one.state == "fail"}
        assert set(others) <= {"isolation"} if name == "settings" else not others
    assert finding.state == state, finding
    assert words in " ".join((finding.text, finding.remedy, *finding.details))
    assert finding.remedy


async def test_where_all_is_well_nothing_is_said_to_be_wrong(desk: SetupDesk) -> None:
    done = await desk.run("doctor", "--json", "--limit", str(PATIENCE_S))
    assert done.code == 0, done.out + done.err
    assert done.json["ok"] is True
    wrong = {one["name"] for one in done.json["checks"] if one["state"] not in ("ok", "skipped")}
    assert "isolation" in wrong  # `none` is weak, and says so
    assert wrong <= {"isolation", "disk"}  # the disk is the machine's
    assert LOGIN not in done.out + done.err
    assert desk.guild.token not in done.out + done.err


async def test_it_changes_nothing(desk: SetupDesk) -> None:
    before = {file: file.stat().st_mtime_ns for file in sorted(desk.home.rglob("*"))}
    del before[desk.data_dir]  # a box is tried in it, and removed
    await found(desk)
    after = {file: file.stat().st_mtime_ns for file in sorted(desk.home.rglob("*"))}
    del after[desk.data_dir]
    assert after == before


async def test_for_people_each_line_says_what_to_do(desk: SetupDesk) -> None:
    desk.put_token("MTEw.not-known.there")
    done = await desk.run("doctor", "--limit", str(PATIENCE_S))
    assert done.code == 1
    assert "fail token" in done.out
    assert "-> Then run `roomkey setup`" in done.out
    assert "Traceback" not in done.err


async def test_a_bot_that_runs_is_named(desk: SetupDesk) -> None:
    with hold_instance(desk.data_dir / "roomkey.lock"):
        finding = (await found(desk))["running"]
    assert finding.state == "ok"
    assert "process" in finding.text


async def test_a_database_of_a_newer_program_is_told_apart_from_a_damaged_one(desk: SetupDesk) -> None:
    with closing(sqlite3.connect(desk.data_dir / "roomkey.sqlite3")) as connection:
        connection.execute("PRAGMA application_id = 0x524F4F4D")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        connection.execute("CREATE TABLE t (x)")
    finding = (await found(desk))["database"]
    assert finding.state == "fail"
    assert "newer Roomkey" in finding.remedy


async def test_a_damaged_database_comes_with_the_command_that_mends_it(desk: SetupDesk) -> None:
    await database(desk)
    assert "no copy" in (await found(desk))["database"].remedy
    copy = desk.data_dir / "backups" / "roomkey-20300101T000000.000000Z-v1.sqlite3"
    copy.parent.mkdir(mode=0o700)
    copy.touch()
    remedy = (await found(desk))["database"].remedy
    assert f"roomkey restore --force --into {desk.data_dir} {copy}" in remedy


@pytest.mark.parametrize("words", [("--user", "5"), ("--channel", "5"), ("--user", "ann", "--channel", "5")])
async def test_half_a_question_about_a_person_names_both_flags(
    desk: SetupDesk, words: tuple[str, ...]
) -> None:
    done = await desk.run("doctor", *words)
    assert done.code == 2
    assert "--user and --channel" in done.err


async def test_settings_that_cannot_be_read_stop_no_other_check(desk: SetupDesk) -> None:
    desk.settings_file.write_text("isolation = 3\n")
    done = await desk.run("doctor", "--json", "--limit", str(PATIENCE_S))
    assert done.code == 1
    states = {one["name"]: one["state"] for one in done.json["checks"]}
    assert states["settings"] == "fail"
    assert states["files"] == states["disk"] == "ok"
    assert states["login"] == "skipped"


async def test_a_network_that_swallows_everything_costs_its_limit_and_no_more(desk: SetupDesk) -> None:
    """Without a limit of its own each question would wait for minutes, and this test would end."""
    desk.guild.faults.rest("GET", ".*", times=100, hang=True)
    findings = await found(desk, limit_s=12.0)
    assert findings["token"].state == "fail"
    assert "did not answer within 10.8 s" in findings["token"].text
    assert findings["intents"].state == "skipped"
    assert findings["files"].state == "ok"


async def test_a_listen_channel_in_which_the_bot_is_mute_is_a_failure(desk: SetupDesk) -> None:
    lobby = desk.guild.channel("lobby")
    desk.settings_file.write_text(f'{FINE}listen_channels = ["{lobby.id}"]\n')
    lobby.deny(desk.guild.world.guild_id, Permission.VIEW_CHANNEL)
    finding = (await found(desk))["permissions"]
    assert finding.state == "fail"
    [detail] = finding.details
    assert detail.startswith("#lobby of Offline: View Channels, Send Messages")


async def test_a_channel_that_is_hidden_from_the_bot_is_no_trouble(desk: SetupDesk) -> None:
    lobby = desk.guild.channel("lobby")
    lobby.deny(desk.guild.world.guild_id, Permission.VIEW_CHANNEL)
    assert (await found(desk))["permissions"].state == "ok"


async def test_a_bot_in_no_guild_gets_the_invite_link(desk: SetupDesk) -> None:
    desk.guild.world.remove_member(desk.guild.bot.id)
    finding = (await found(desk))["permissions"]
    assert finding.state == "fail"
    assert f"client_id={desk.guild.bot.id}" in finding.remedy


async def test_what_a_person_may_do_in_a_channel_is_answered(desk: SetupDesk) -> None:
    ann, lobby = desk.guild.user("ann"), desk.guild.channel("lobby")
    question = question_of(ann.id, lobby.id)
    refused = (await found(desk, question=question))["people"]
    assert refused.state == "warn"
    assert "ann may not speak there" in refused.text
    desk.settings_file.write_text(f'isolation = "none"\n[discord]\nowners = ["{ann.id}"]\n')
    allowed = (await found(desk, question=question))["people"]
    assert allowed.state == "ok"
    assert (
        f"ann may speak there as owner, because they own this bot. The session is {lobby.id}" in allowed.text
    )


async def test_a_role_is_what_somebody_may_speak_by(desk: SetupDesk) -> None:
    ann, lobby = desk.guild.user("ann"), desk.guild.channel("lobby")
    role = desk.guild.add_role("crew", ["ann"])
    desk.settings_file.write_text(f'{FINE}allowed_roles = ["{role}"]\n')
    finding = (await found(desk, question=question_of(ann.id, lobby.id)))["people"]
    assert "ann may speak there as user" in finding.text


async def test_half_a_question_is_wrong_use(desk: SetupDesk) -> None:
    done = await desk.run("doctor", "--user", OWNER)
    assert done.code == 2
    assert "--channel" in done.err


async def test_a_service_that_is_as_installed_and_runs_is_fine(desk: SetupDesk) -> None:
    assert (await desk.run("service", "install", "--user", "--yes")).code == 0
    desk.systemctl.runs()
    done = await desk.run("doctor", "--json", "--limit", str(PATIENCE_S))
    [checked] = [one for one in done.json["checks"] if one["name"] == "service"]
    assert checked["state"] == "ok", checked
    [login_check] = [one for one in done.json["checks"] if one["name"] == "login"]
    assert login_check["state"] == "warn"
    assert "the service does not see it" in login_check["text"]
