"""What `load_settings` makes of a file, an environment and a token."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import Settings, SettingsError, claude_config_dir, load_settings
from bot.settings_names import settings_of
from sessions.errors import EXIT_BAD_STATE
from sessions.room_settings import RoomSettings, ToldSettings
from sessions.room_words import Listed

GUILD, CHANNEL, THREAD, USER = (
    "110000000000000001",
    "110000000000000002",
    "110000000000000003",
    "120000000000000001",
)
TOKEN = "MTEw.Gh1Jkl.secret-part_of-it"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home"), "ROOMKEY_DATA_DIR": str(tmp_path)}


def load(environ: dict[str, str], text: str = "", **more: str) -> Settings:
    """Load with `text` as the data directory's roomkey.toml."""
    Path(environ["ROOMKEY_DATA_DIR"], "roomkey.toml").write_text(text, "utf-8")
    return load_settings(None, environ | more)


def refusal(environ: dict[str, str], text: str = "", **more: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(environ, text, **more)
    assert caught.value.exit_code == EXIT_BAD_STATE
    return str(caught.value)


def test_without_anything_the_defaults_answer_nobody(tmp_path: Path) -> None:
    settings = load_settings(None, {"HOME": str(tmp_path)})
    assert settings.data_dir == tmp_path / ".local/state/roomkey"
    assert (
        not settings.discord.allowed_users + settings.discord.allowed_roles + settings.discord.allowed_guilds
    )
    assert settings.token is None
    assert settings.isolation == "bwrap"


def test_the_data_directory_defaults_to_the_xdg_state_directory(tmp_path: Path) -> None:
    environ = {"HOME": "/nowhere", "XDG_STATE_HOME": str(tmp_path)}
    assert load_settings(None, environ).data_dir == tmp_path / "roomkey"


def test_a_relative_xdg_directory_counts_as_not_set(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "XDG_STATE_HOME": "state"}
    assert load_settings(None, environ).data_dir == tmp_path / ".local/state/roomkey"


def test_a_variable_outranks_the_file_setting_by_setting(environ: dict[str, str]) -> None:
    settings = load(environ, "[agent]\nmax_live = 1\nmax_running = 2\n", ROOMKEY_AGENT__MAX_LIVE="3")
    assert (settings.agent.max_live, settings.agent.max_running) == (3, 2)


def test_an_empty_variable_counts_as_not_set(environ: dict[str, str]) -> None:
    settings = load(environ, '[agent]\nmodel = "opus"\n', ROOMKEY_AGENT__MODEL="", ROOMKEY_CONFIG="")
    assert settings.agent.model == "opus"


def test_empty_text_in_the_file_counts_as_not_set(environ: dict[str, str]) -> None:
    settings = load(environ, 'legacy_dir = ""\n[agent]\nmodel = ""\nscript = ""\n')
    assert (settings.legacy_dir, settings.agent.model, settings.agent.script) == (None, None, None)


def test_ids_are_text_in_order_and_once_however_they_are_written(environ: dict[str, str]) -> None:
    settings = load(
        environ,
        f'[discord]\nlisten_channels = ["{THREAD}", {CHANNEL}, {THREAD}]\n',
        ROOMKEY_DISCORD__ALLOWED_USERS=f'[{USER}, " {GUILD} ", "{USER}"]',
    )
    assert settings.discord.listen_channels == (THREAD, CHANNEL)
    assert settings.discord.allowed_users == (USER, GUILD)


def test_camel_case_in_the_file_is_understood(environ: dict[str, str]) -> None:
    settings = load(
        environ,
        f'legacyDir = "/old"\n[discord]\nlistenChannels = [{CHANNEL}]\nreplyTo = "mention"\n',
    )
    assert settings.legacy_dir == Path("/old")
    assert settings.discord.listen_channels == (CHANNEL,)
    assert settings.discord.reply_to == "mention"


def test_both_spellings_of_one_setting_are_refused(environ: dict[str, str]) -> None:
    text = refusal(environ, "[discord]\nlisten_channels = []\nlistenChannels = []\n")
    assert "discord.listenChannels" in text
    assert "line 2" in text or "line 3" in text


@pytest.mark.parametrize("value", ["9.1e17", "true", f'"<@{USER}>"', "-120000000000000001", '"12"'])
def test_a_bad_id_in_the_file_is_refused_with_its_place(environ: dict[str, str], value: str) -> None:
    text = refusal(environ, f"[discord]\nallowed_users = [{USER}, {value}]\n")
    assert text.startswith("discord.allowed_users in ")
    assert "roomkey.toml, line 2, entry 2: " in text
    assert "\n" not in text


@pytest.mark.parametrize("value", ["[9.1e17]", "[true]", f'["<@{USER}>"]', "[null]"])
def test_a_bad_id_in_a_variable_is_refused_with_its_name(environ: dict[str, str], value: str) -> None:
    text = refusal(environ, ROOMKEY_DISCORD__ALLOWED_USERS=value)
    assert text.startswith("ROOMKEY_DISCORD__ALLOWED_USERS, entry 1: ")


@pytest.mark.parametrize("value", [USER, "not json", "{}", "[" * 100_000, '"text"'])
def test_a_variable_that_is_no_list_is_refused_with_an_example(environ: dict[str, str], value: str) -> None:
    assert refusal(environ, ROOMKEY_DISCORD__ALLOWED_USERS=value) == (
        'ROOMKEY_DISCORD__ALLOWED_USERS: must be a list of ids, such as ["123456789012345678"]'
    )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ROOMKEY_DISCORD__ALLOWED_USER", "ROOMKEY_DISCORD__ALLOWED_USERS"),
        ("ROOMKEY_DATADIR", "ROOMKEY_DATA_DIR"),
        ("roomkey_agent__modle", "ROOMKEY_AGENT__MODEL"),
        ("ROOMKEY_GUILD__110000000000000001__REPLYTO", "ROOMKEY_GUILD__ID__REPLY_TO"),
        ("ROOMKEY_CONFG", "ROOMKEY_CONFIG"),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest_name(
    environ: dict[str, str], name: str, meant: str
) -> None:
    assert refusal(environ, **{name: "x"}) == f"{name} is not a setting; did you mean {meant}?"


def test_variables_that_are_no_settings_are_left_alone(environ: dict[str, str]) -> None:
    others = ("SESSION", "HOME", "TOKEN", "REQUIRE_ALL", "TEST_ANYTHING", "LAUNCH", "LAUNCH_SPEC")
    load(environ, **{f"ROOMKEY_{name}": "x" for name in others})


def test_every_problem_has_a_line_of_its_own(environ: dict[str, str]) -> None:
    text = refusal(
        environ,
        'colour = "red"\n[agent]\nmax_running = 0\n[discord]\nreply_to = "some"\n',
        ROOMKEY_AGENT__MAX_LIVE="many",
        ROOMKEY_SPEED="1",
    )
    lines = text.splitlines()
    assert len(lines) == 5
    for start in (
        "colour in ",
        "ROOMKEY_SPEED is",
        "agent.max_running in ",
        "discord.reply_to in ",
        "ROOMKEY_AGENT__MAX_LIVE: ",
    ):
        assert sum(line.startswith(start) for line in lines) == 1


def test_a_wrong_value_is_told_with_what_it_must_be(environ: dict[str, str]) -> None:
    assert refusal(environ, "[discord]\nreply_to = 'some'\n").endswith("line 2: must be 'all' or 'mention'")


@pytest.mark.parametrize("name", ["discord.api_base", "discord.gateway_url"])
@pytest.mark.parametrize(
    "value", ["discord.com", "ftp://discord.com", "https://", "http://[", "javascript:x"]
)
def test_an_address_that_is_none_is_refused(environ: dict[str, str], name: str, value: str) -> None:
    assert refusal(environ, f'{name} = "{value}"\n').startswith(f"{name} in ")


def test_the_api_base_has_no_slash_at_its_end(environ: dict[str, str]) -> None:
    settings = load(environ, ROOMKEY_DISCORD__API_BASE="http://127.0.0.1:8080/api/v10/")
    assert settings.discord.api_base == "http://127.0.0.1:8080/api/v10"


@pytest.mark.parametrize("value", ['"~nobody-of-that-name/x"', '"a\\u0000b"', "7"])
def test_a_path_that_is_none_is_refused(environ: dict[str, str], value: str) -> None:
    assert refusal(environ, f"legacy_dir = {value}\n").startswith("legacy_dir in ")


def test_an_unknown_home_in_the_data_directory_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^ROOMKEY_DATA_DIR: "):
        load_settings(None, {"HOME": "/nowhere", "ROOMKEY_DATA_DIR": "~nobody-of-that-name/x"})


def test_the_most_special_word_on_reply_to_wins() -> None:
    settings = Settings.model_validate(
        {
            "data_dir": "/data",
            "discord": {"reply_to": "mention"},
            "guild": {GUILD: {"reply_to": "all"}},
            "channel": {CHANNEL: {"reply_to": "mention"}, THREAD: {"reply_to": "all"}, USER: {}},
        }
    )
    assert settings.reply_to_for(None, "1", None) == "mention"
    assert settings.reply_to_for("1", "1") == "mention"
    assert settings.reply_to_for(GUILD, "1") == "all"
    assert settings.reply_to_for(GUILD, USER) == "all"
    assert settings.reply_to_for(GUILD, CHANNEL) == "mention"
    assert settings.reply_to_for(GUILD, "1", CHANNEL) == "mention"
    assert settings.reply_to_for(GUILD, THREAD, CHANNEL) == "all"


def test_tables_of_guilds_and_channels_come_from_file_and_variables(environ: dict[str, str]) -> None:
    settings = load(
        environ,
        f'[guild.{GUILD}]\nreply_to = "mention"\n[channel."{CHANNEL}"]\nreplyTo = "mention"\n',
        **{f"ROOMKEY_CHANNEL__{THREAD}__REPLY_TO": "all"},
    )
    assert settings.reply_to_for(GUILD, "1") == "mention"
    assert settings.reply_to_for(None, THREAD, CHANNEL) == "all"


def test_what_is_told_about_rooms_is_what_was_named_and_nothing_else(environ: dict[str, str]) -> None:
    """A default is nobody's word: `/config` shows where each value comes from."""
    assert load(environ).told() == Listed()
    place = "123456789012345678"
    text = f"""
        agent = {{ model = "large", max_running = 2 }}
        room = {{ footer = "off" }}
        discord = {{ listen_channels = [{place}] }}
        [guild.{place}]
        display = "all"
        reply_to = "mention"
        [channel.{place}]
        prompt = "be kind"
        keep_days = 3
        auto_thread = false
    """
    assert load(environ, text, ROOMKEY_AGENT__EFFORT="low").told() == Listed(
        everywhere={"model": "large", "effort": "low", "footer": "off"},
        servers={place: {"display": "all"}},
        channels={place: {"prompt": "be kind", "auto_thread": False}},
        shared=(place,),
    )


def test_every_setting_of_a_room_can_be_named_for_all_rooms_for_a_guild_and_for_one_room() -> None:
    names = {setting.name for setting in settings_of(Settings)}
    for name in RoomSettings.model_fields:
        assert len({f"agent.{name}", f"room.{name}"} & names) == 1
        assert {f"guild.ID.{name}", f"channel.ID.{name}"} <= names
    assert list(ToldSettings.model_fields) == list(RoomSettings.model_fields)


@pytest.mark.parametrize(
    "text", ["[guild.home]\n", f'[channel."<#{CHANNEL}>"]\n', "guild = 3\n", f"[guild]\n{GUILD} = 1\n"]
)
def test_a_table_of_places_needs_ids_and_tables(environ: dict[str, str], text: str) -> None:
    assert "roomkey.toml, line " in refusal(environ, text)


def test_the_token_is_taken_out_of_the_environment(environ: dict[str, str]) -> None:
    environ["DISCORD_BOT_TOKEN"] = f" {TOKEN}\n"
    settings = load_settings(None, environ)
    assert "DISCORD_BOT_TOKEN" not in environ
    assert settings.require_token().get_secret_value() == TOKEN
    assert TOKEN not in f"{settings!r}{settings}{settings.model_dump()}{settings.model_dump_json()}"


def test_the_token_is_taken_out_also_when_the_settings_are_wrong(environ: dict[str, str]) -> None:
    environ |= {"DISCORD_BOT_TOKEN": TOKEN, "ROOMKEY_SPEED": "1"}
    with pytest.raises(SettingsError):
        load_settings(None, environ)
    assert "DISCORD_BOT_TOKEN" not in environ


def test_a_bad_token_is_refused_and_never_shown(environ: dict[str, str]) -> None:
    text = refusal(environ, DISCORD_BOT_TOKEN="hunter2", ROOMKEY_SPEED="1")
    assert len(text.splitlines()) == 2
    assert "hunter2" not in text


def test_the_credential_comes_before_the_file_and_the_variable(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "discord-token").write_text("from.the.credential\n")
    environ |= {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials"), "DISCORD_BOT_TOKEN": TOKEN}
    assert load_settings(None, environ).require_token().get_secret_value() == "from.the.credential"


@pytest.mark.parametrize("text", ['token = "a.b.c"\n', '[discord]\ntoken = "a.b.c"\n'])
def test_a_token_in_the_file_is_refused_and_never_shown(environ: dict[str, str], text: str) -> None:
    said = refusal(environ, text)
    assert "DISCORD_BOT_TOKEN" in said
    assert "a.b.c" not in said


def test_without_a_token_the_text_says_where_to_put_it(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="set DISCORD_BOT_TOKEN"):
        load(environ).require_token()


def test_settings_cannot_be_changed(environ: dict[str, str]) -> None:
    settings = load(environ)
    with pytest.raises(ValidationError):
        settings.isolation = "none"
    with pytest.raises(ValidationError):
        settings.agent.max_live = 1


def test_settings_read_no_environment_of_the_process(tmp_path: Path) -> None:
    """`Settings` is made of its arguments alone, also where the process has ROOMKEY_* of its own."""
    with pytest.MonkeyPatch.context() as process:
        process.setenv("ROOMKEY_ISOLATION", "nonsense")
        process.setenv("ROOMKEY_AGENT__MAX_LIVE", "77")
        assert load_settings(None, {"HOME": str(tmp_path)}).agent.max_live == 8
        assert Settings(data_dir=tmp_path).agent.max_live == 8


def test_claudes_own_directory_is_the_variables_or_the_homes(tmp_path: Path) -> None:
    assert claude_config_dir({"CLAUDE_CONFIG_DIR": str(tmp_path)}) == tmp_path
    assert claude_config_dir({}) == Path.home() / ".claude"


def test_the_agent_s_program_and_script_reach_its_adapter_if_they_are_set(environ: dict[str, str]) -> None:
    assert load(environ).agent.vendor_options() == {}
    agent = load(environ, '[agent]\nprogram = "bin/claude"\nscript = "/s.toml"').agent
    assert agent.vendor_options() == {"program": Path.cwd() / "bin" / "claude", "script": Path("/s.toml")}


def test_an_error_carries_what_is_right_for_who_looks_further(environ: dict[str, str]) -> None:
    environ["ROOMKEY_KEEP_DAYZ"] = "3"
    with pytest.raises(SettingsError) as unknown:
        load_settings(None, {**environ, "DISCORD_BOT_TOKEN": "a.b.c"})
    assert unknown.value.settings is not None
    assert unknown.value.settings.require_token().get_secret_value() == "a.b.c"
    with pytest.raises(SettingsError) as no_token:
        load_settings(None, {**environ, "DISCORD_BOT_TOKEN": "none"})
    assert no_token.value.settings is not None
    assert no_token.value.token_problem in str(no_token.value).splitlines()
    with pytest.raises(SettingsError) as wrong:
        load_settings(None, {**environ, "ROOMKEY_KEEP_DAYS": "never"})
    assert wrong.value.settings is None
