"""`roomkey setup` and `roomkey invite` as processes on the offline guild, with flags and at a terminal."""

import json
import stat
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.chat_discord.permissions import LEAST
from bot.demo.guild import GatewayOptions
from bot.demo.guild.intents import Intent
from tests.support.setup_desk import SetupDesk, setup_desk

pytestmark = pytest.mark.blocking

OWNER = "123456789012345678"
FLAGS = ("setup", "--yes", "--isolation", "none", "--owner", OWNER, "--token-file", "-")
HIDDEN = "(nothing is shown): "
"""With the blank at its end: that comes once the terminal shows nothing, and what is typed sooner is lost."""

KEY = "sk-ant-a-key-that-nobody-may-see"


def said(desk: SetupDesk) -> dict[str, object]:
    return tomllib.loads(desk.settings_file.read_text())


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


async def test_flags_alone_set_everything_up(tmp_path: Path) -> None:
    async with setup_desk(tmp_path) as desk:
        lobby = desk.guild.channel("lobby").id
        guild_id = desk.guild.world.guild_id
        done = await desk.run(*FLAGS, "--listen", lobby, "--guild", guild_id, stdin=desk.guild.token)
        assert done.code == 0, done.err
        assert said(desk) == {
            "isolation": "none",
            "discord": {"owners": [OWNER], "allowed_guilds": [guild_id], "listen_channels": [lobby]},
        }
        assert desk.token_file.read_text().strip() == desk.guild.token
        assert mode(desk.token_file) == mode(desk.settings_file) == 0o600
        assert mode(desk.data_dir) & 0o077 == 0
        assert "roomkey run" in done.out


async def test_what_setup_wrote_lets_the_bot_start(tmp_path: Path) -> None:
    async with setup_desk(tmp_path, ROOMKEY_AGENT__VENDOR="scripted") as desk:
        ann, lobby = desk.guild.user("ann"), desk.guild.channel("lobby")
        flags = ("setup", "--yes", "--isolation", "none", "--owner", ann.id, "--token-file", "-")
        done = await desk.run(*flags, stdin=desk.guild.token)
        assert done.code == 0, done.err
        async with desk.terminal("run") as running:
            await desk.guild.wait_online(timeout=50)
            asked = await ann.says("hello", lobby)
            await lobby.next_from_bot(after=asked, containing="hello", timeout=50)
            assert desk.guild.token not in running.shown


async def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    async with setup_desk(tmp_path) as desk:
        assert (await desk.run(*FLAGS, stdin=desk.guild.token)).code == 0
        before = {file: file.stat().st_mtime_ns for file in (desk.settings_file, desk.token_file)}
        again = await desk.run("setup", "--json")
        assert again.code == 0, again.err
        files = again.json["files"]
        assert files["settings"]["state"] == files["token"]["state"] == "unchanged"
        assert {file: file.stat().st_mtime_ns for file in before} == before
        assert again.json["owners"] == [OWNER]


async def test_without_an_owner_the_pairing_code_is_announced(tmp_path: Path) -> None:
    async with setup_desk(tmp_path) as desk:
        flags = ("setup", "--isolation", "none", "--token-file", "-")
        done = await desk.run(*flags, stdin=desk.guild.token)
        assert done.code == 0, done.err
        assert "Its first start prints a code" in done.out
        assert "owners" not in str(said(desk))
        assert (await desk.run("setup", "--json")).json["pairs_at_first_start"] is True


async def test_json_is_one_document_without_secrets(tmp_path: Path) -> None:
    async with setup_desk(tmp_path, ANTHROPIC_API_KEY=KEY) as desk:
        done = await desk.run(*FLAGS, "--json", stdin=desk.guild.token)
        report = done.json
        assert report["ok"] is True
        assert report["bot"] == {"id": desk.guild.bot.id, "name": "robot"}
        assert report["intents"] == {"message_content": True, "members": True}
        assert report["agent"]["logged_in_by"] == ["ANTHROPIC_API_KEY"]
        assert report["guilds"] == [{"id": desk.guild.world.guild_id, "name": "Offline"}]
        assert desk.guild.token not in done.out + done.err
        assert KEY not in done.out + done.err


async def test_the_invite_link_asks_for_the_least(tmp_path: Path) -> None:
    async with setup_desk(tmp_path) as desk:
        desk.put_token()
        done = await desk.run("invite")
        assert done.code == 0, done.err
        asked = parse_qs(urlsplit(done.out.strip()).query)
        assert asked["client_id"] == [desk.guild.bot.id]
        assert asked["permissions"] == [str(LEAST)]
        assert asked["scope"] == ["bot applications.commands"]


async def test_the_invite_link_can_be_opened_at_once(tmp_path: Path) -> None:
    async with setup_desk(tmp_path) as desk:
        desk.put_token()
        browser = tmp_path / "browser"
        browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
        browser.chmod(0o755)
        done = await desk.run("invite", "--open", BROWSER=f"{browser} %s")
        assert done.code == 0, done.err
        assert (tmp_path / "opened").read_text() == done.out


async def test_files_that_are_there_are_not_changed_unasked(tmp_path: Path) -> None:
    async with setup_desk(tmp_path) as desk:
        desk.put_token()
        desk.settings_file.parent.mkdir(parents=True)
        mine = '# my own\nisolation = "none"\n\n[discord]\nreply_to = "mention" # as we like it\n'
        desk.settings_file.write_text(mine)
        refused = await desk.run("setup", "--owner", OWNER)
        assert refused.code == 2
        assert "discord.owners" in refused.err
        assert "--force" in refused.err
        assert desk.settings_file.read_text() == mine
        done = await desk.run("setup", "--owner", OWNER, "--force")
        assert done.code == 0, done.err
        assert said(desk) == {
            "isolation": "none",
            "discord": {"owners": [OWNER], "reply_to": "mention"},
        }
        assert "# my own\n" in desk.settings_file.read_text()
        assert "# as we like it" in desk.settings_file.read_text()


async def test_another_token_replaces_the_old_one_only_by_force(tmp_path: Path) -> None:
    async with setup_desk(tmp_path) as desk:
        desk.put_token()
        other = desk.guild.add_bot("other")
        refused = await desk.run("setup", "--isolation", "none", "--token-file", "-", stdin=other)
        assert refused.code == 2
        assert "Replace the token" in refused.err
        assert desk.token_file.read_text().strip() == desk.guild.token
        assert not desk.settings_file.exists()
        done = await desk.run("setup", "--isolation", "none", "--token-file", "-", "--force", stdin=other)
        assert done.code == 0, done.err
        assert desk.token_file.read_text().strip() == other
        assert mode(desk.token_file) == 0o600


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("123456789012345678", 2, "application id"),
        ("no token at all", 2, "three parts"),
        ("MTEw.Gh1Jkl.not-known-there", 77, "Reset Token"),
        ("", 2, "no token"),
    ],
    ids=["an application id", "no shape", "refused", "nothing"],
)
async def test_a_wrong_token_says_what_to_do_and_writes_nothing(
    tmp_path: Path, text: str, code: int, words: str
) -> None:
    async with setup_desk(tmp_path) as desk:
        done = await desk.run(*FLAGS, stdin=text)
        assert done.code == code
        assert words in done.err
        assert "Traceback" not in done.err
        assert not text or text not in done.err
        assert not desk.token_file.exists()
        assert not desk.settings_file.exists()


async def test_a_token_that_cannot_be_read_is_said_once(tmp_path: Path) -> None:
    async with setup_desk(tmp_path) as desk:
        absent, odd = tmp_path / "absent", tmp_path / "odd"
        odd.write_bytes(b"\xff")
        for file, why in ((absent, "No such file or directory"), (odd, "it is no text")):
            done = await desk.run("setup", "--token-file", str(file))
            assert (done.code, done.out) == (2, "")
            assert done.err == f"roomkey: The token cannot be read from {file}: {why}.\n"


async def test_with_nobody_to_ask_the_missing_flag_is_named(tmp_path: Path) -> None:
    async with setup_desk(tmp_path) as desk:
        done = await desk.run("setup", "--yes")
        assert done.code == 2
        assert "--token-file" in done.err


async def test_an_id_that_is_none_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    async with setup_desk(tmp_path) as desk:
        done = await desk.run("setup", "--yes", "--owner", "ann", "--token-file", "-", stdin=desk.guild.token)
        assert done.code == 2
        assert "--owner: 'ann' is not an id" in done.err
        assert not desk.token_file.exists()


async def test_settings_that_are_not_right_are_left_alone(tmp_path: Path) -> None:
    async with setup_desk(tmp_path) as desk:
        desk.settings_file.parent.mkdir(parents=True)
        desk.settings_file.write_text("isolation = 3\n")
        done = await desk.run(*FLAGS, stdin=desk.guild.token)
        assert done.code == 78
        assert "isolation" in done.err
        assert desk.settings_file.read_text() == "isolation = 3\n"


async def test_discord_that_cannot_be_reached_is_said(tmp_path: Path) -> None:
    async with setup_desk(tmp_path, ROOMKEY_DISCORD__API_BASE="http://127.0.0.1:9/api") as desk:
        done = await desk.run(*FLAGS, stdin="a.b.c")
        assert done.code == 1
        assert "cannot be reached" in done.err
        assert not desk.token_file.exists()


async def test_what_is_not_discord_is_said(tmp_path: Path) -> None:
    async with setup_desk(tmp_path) as desk:
        done = await desk.run(*FLAGS, stdin="a.b.c", ROOMKEY_DISCORD__API_BASE=desk.guild.url)
        assert done.code == 78
        assert "discord.api_base" in done.err


async def test_an_intent_that_is_off_is_a_problem_with_its_page(tmp_path: Path) -> None:
    async with setup_desk(tmp_path, gateway=GatewayOptions(granted=Intent(0))) as desk:
        done = await desk.run(*FLAGS, stdin=desk.guild.token)
        assert done.code == 1
        assert f"applications/{desk.guild.bot.id}/bot" in done.out
        assert desk.token_file.exists()


async def test_the_service_and_its_login_are_set_up_when_asked_for(tmp_path: Path) -> None:
    async with setup_desk(tmp_path, ANTHROPIC_API_KEY=KEY) as desk:
        done = await desk.run(*FLAGS, "--service", "--store-login", stdin=desk.guild.token)
        # Root's service would be the machine's; setup installs the one of whose files it wrote.
        assert done.code == 0, done.err
        assert desk.unit_file.exists()
        assert desk.login_file.read_text() == f"ANTHROPIC_API_KEY={KEY}\n"
        assert mode(desk.login_file) == 0o600
        assert KEY not in done.out
        assert desk.systemctl.took("systemctl", "--user", "restart", "roomkey.service")


async def test_at_a_terminal_it_asks_and_explains(tmp_path: Path) -> None:
    async with setup_desk(tmp_path, gateway=GatewayOptions(granted=Intent(0))) as desk:
        async with desk.terminal("setup", "--isolation", "none") as person:
            await person.answers(HIDDEN, "123456789012345678")
            await person.sees("application id")
            await person.answers(HIDDEN, "not.known.there")
            await person.sees("Reset Token")
            await person.answers(HIDDEN, desk.guild.token)
            await person.sees("the bot is robot")
            await person.sees("Message Content Intent is off")
            desk.guild.gateway.options = GatewayOptions()
            await person.answers("Is it on now?", "y")
            await person.sees("Message Content Intent is on")
            await person.sees("oauth2/authorize")
            await person.answers("The application belongs to guild-owner", "n")
            await person.answers("Your user id", "ann")
            await person.sees("is not an id")
            await person.answers("Your user id", OWNER)
            await person.answers("#lobby, #workshop", "#workshop")
            await person.sees("not logged in")
            await person.answers("as a service", "n")
            assert await person.ends() == 0, person.shown
            assert desk.guild.token not in person.shown
        workshop = desk.guild.channel("workshop").id
        assert said(desk) == {
            "isolation": "none",
            "discord": {"owners": [OWNER], "listen_channels": [workshop]},
        }


async def test_at_a_terminal_the_owner_of_the_application_is_proposed(tmp_path: Path) -> None:
    async with setup_desk(tmp_path, ANTHROPIC_API_KEY=KEY) as desk:
        desk.put_token()
        async with desk.terminal("setup", "--isolation", "none") as person:
            await person.answers("belongs to guild-owner", "")
            await person.answers("share one", "")
            await person.answers("as a service", "")
            await person.answers("does not see ANTHROPIC_API_KEY", "")
            await person.answers("Start Roomkey now", "")
            assert await person.ends() == 0, person.shown
            assert KEY not in person.shown
        assert said(desk)["discord"] == {"owners": [desk.guild.world.owner_id]}
        assert json.dumps(KEY)[1:-1] in desk.login_file.read_text()
        assert desk.systemctl.took("systemctl", "--user", "enable", "roomkey.service")


async def test_who_leaves_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    async with setup_desk(tmp_path) as desk:
        async with desk.terminal("setup") as person:
            await person.sees("The bot's token")
            person.interrupts()
            assert await person.ends() != 0
        assert not desk.token_file.exists()
        assert not desk.settings_file.exists()
