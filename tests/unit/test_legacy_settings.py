"""claudeclaw's settings in Roomkey's names."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import Settings, load_settings
from bot.settings_file import parse_file
from sessions.errors import UserError
from sessions.legacy_entries import Findings
from sessions.legacy_settings import Carried, carry_settings, roomkey_toml, write_config
from tests.support.claudeclaw import THREAD_KEY, codes

USER, OTHER, GUILD, CHANNEL = (
    "120000000000000001",
    "120000000000000002",
    "110000000000000001",
    "110000000000000002",
)


def carry(
    root: object, mode: object = None, own_rooms: tuple[str, ...] = ()
) -> tuple[Carried, list[tuple[str, str | None]]]:
    findings = Findings()
    return carry_settings(root, mode, own_rooms, findings), codes(findings)


def agent(root: object, mode: object = None) -> object:
    return carry(root, mode)[0].settings.get("agent")


def test_people_and_places_are_carried_as_text_in_order_and_once() -> None:
    carried, notes = carry(
        {
            "discord": {
                "allowedUserIds": [int(OTHER), f" {USER} ", OTHER],
                "allowedGuilds": [GUILD],
                "listenGuilds": [int(CHANNEL), GUILD],
                "listenChannels": [int(CHANNEL)],
            }
        }
    )
    assert carried == Carried(
        settings={
            "discord": {
                "allowed_users": [OTHER, USER],
                "allowed_guilds": [GUILD, CHANNEL],
                "listen_channels": [CHANNEL],
            }
        },
        not_carried=(),
    )
    assert notes == []


def test_ids_that_are_none_are_dropped_and_told() -> None:
    bad = [True, None, -int(USER), 9.1e17, "x", f"<@{USER}>", "12"]
    carried, notes = carry({"discord": {"allowedUserIds": [*bad, USER]}})
    assert carried.settings == {"discord": {"allowed_users": [USER]}}
    assert notes == [("bad-id", "discord.allowedUserIds")] * len(bad)


@pytest.mark.parametrize(
    "discord", [{}, {"allowedUserIds": []}, {"allowedUserIds": ["x"]}, {"allowedUserIds": {}}]
)
def test_an_empty_list_of_people_is_told_loudly(discord: object) -> None:
    """In the old format it meant everybody, here it means nobody."""
    carried, notes = carry({"discord": discord})
    assert carried.settings == {}
    assert ("nobody-allowed", "discord.allowedUserIds") in notes


def test_guilds_without_people_are_not_carried() -> None:
    carried, notes = carry({"discord": {"allowedGuilds": [GUILD], "listenChannels": [CHANNEL]}})
    assert carried.settings == {"discord": {"listen_channels": [CHANNEL]}}
    assert ("guilds-alone", "discord.allowedGuilds") in notes


def test_a_listen_channel_with_its_own_conversation_is_named() -> None:
    _, notes = carry(
        {"discord": {"allowedUserIds": [USER], "listenChannels": [THREAD_KEY, CHANNEL]}},
        own_rooms=(THREAD_KEY, GUILD),
    )
    assert notes == [("own-session-in-listen-channel", THREAD_KEY)]


def test_of_a_token_nothing_is_said_but_that_there_is_one() -> None:
    carried, notes = carry({"discord": {"token": "secret.to.ken", "allowedUserIds": [USER]}})
    assert notes == [("token-present", "discord.token")]
    assert "secret" not in f"{carried}{roomkey_toml(carried.settings)}"
    assert carry({"discord": {"token": "", "allowedUserIds": [USER]}})[1] == []


@pytest.mark.parametrize(
    ("model", "expected", "left"),
    [
        ("opus", {"model": "opus"}, ()),
        (" opus ", {"model": "opus"}, ()),
        ("", None, ()),
        ("glm", None, ("model",)),
        (7, None, ("model",)),
    ],
)
def test_the_model_is_carried_if_it_is_claudes(
    model: object, expected: object, left: tuple[str, ...]
) -> None:
    carried, _ = carry({"model": model})
    assert (carried.settings.get("agent"), carried.not_carried) == (expected, left)


@pytest.mark.parametrize(
    ("level", "note"),
    [
        ("locked", [("tools-not-restricted", "security.level")]),
        ("strict", [("tools-not-restricted", "security.level")]),
        ("moderate", []),
        ("unrestricted", [("unrestricted-not-carried", "security.level")]),
    ],
)
def test_every_level_asks_here(level: str, note: object) -> None:
    carried, notes = carry({"discord": {"allowedUserIds": [USER]}, "security": {"level": level}})
    assert carried.settings["agent"] == {"permission_mode": "default"}
    assert notes == note


def test_tool_lists_and_unknown_levels_are_named() -> None:
    carried, _ = carry({"security": {"level": "odd", "allowedTools": ["Read"], "disallowedTools": []}})
    assert carried.settings == {}
    assert set(carried.not_carried) == {"security.level", "security.allowedTools", "security.disallowedTools"}


@pytest.mark.parametrize(
    ("mode", "expected", "note"),
    [
        ("plan", {"permission_mode": "plan"}, []),
        ("acceptEdits", {"permission_mode": "acceptEdits"}, []),
        ("bypassPermissions", {"permission_mode": "default"}, [("bypass-not-carried", None)]),
    ],
)
def test_the_permission_mode_is_carried_but_never_the_one_that_asks_nothing(
    mode: str, expected: object, note: object
) -> None:
    carried, notes = carry(None, {"mode": mode})
    assert (carried.settings["agent"], notes, carried.not_carried) == (expected, note, ())


def test_the_permission_mode_of_its_own_file_beats_the_level() -> None:
    assert agent({"security": {"level": "moderate"}}, {"mode": "plan"}) == {"permission_mode": "plan"}


def test_an_unknown_permission_mode_is_named() -> None:
    carried, _ = carry(None, {"mode": 3, "x": 1})
    assert (carried.settings, set(carried.not_carried)) == ({}, {"permission-mode.mode", "permission-mode.x"})


@pytest.mark.parametrize(
    ("root", "silence_s"),
    [
        ({"sessionTimeoutMs": 90_000}, 90.0),
        ({"timeouts": {"default": 5}}, 300.0),
        ({"timeouts": {"default": 0.5}}, 30.0),
        ({"sessionTimeoutMs": 90_000, "timeouts": {"default": 5}}, 90.0),
    ],
)
def test_a_time_limit_becomes_one_on_silence(root: object, silence_s: float) -> None:
    assert agent(root) == {"silence_s": silence_s}


@pytest.mark.parametrize("limit", [0, -1, True, "90000", [], 1e300])
def test_a_time_limit_that_is_none_is_named(limit: object) -> None:
    carried, _ = carry({"sessionTimeoutMs": limit, "timeouts": {"default": limit, "heartbeat": 3}})
    assert carried.settings == {}
    assert set(carried.not_carried) == {"sessionTimeoutMs", "timeouts.default", "timeouts.heartbeat"}


def test_everything_without_a_place_is_named() -> None:
    names = ("telegram", "slack", "web", "stt", "heartbeat", "timezone", "apiToken", "somethingNew")
    carried, _ = carry(
        {name: {} for name in names} | {"discord": {"channelNames": {}, "imageOutputRoots": []}}
    )
    assert set(carried.not_carried) == {*names, "discord.channelNames", "discord.imageOutputRoots"}


@pytest.mark.parametrize("root", [None, [], 7, "x"])
def test_settings_that_are_none_carry_nothing(root: object) -> None:
    assert carry(root, root) == (Carried(settings={}, not_carried=()), [])


def test_sections_that_are_no_tables_are_named() -> None:
    carried, _ = carry({"discord": 3, "security": [], "timeouts": "x"})
    assert set(carried.not_carried) == {"discord", "security", "timeouts"}


FULL = {
    "model": "opus",
    "discord": {"allowedUserIds": [USER, OTHER], "allowedGuilds": [GUILD], "listenChannels": [CHANNEL]},
    "security": {"level": "strict"},
    "sessionTimeoutMs": 90_500,
}


def test_the_written_file_is_understood_as_it_was_meant(tmp_path: Path) -> None:
    file = tmp_path / "roomkey.toml"
    write_config(file, carry(FULL)[0].settings)
    settings = load_settings(file, {"HOME": str(tmp_path)})
    assert settings.discord.allowed_users == (USER, OTHER)
    assert settings.discord.allowed_guilds == (GUILD,)
    assert settings.discord.listen_channels == (CHANNEL,)
    assert (settings.agent.model, settings.agent.silence_s) == ("opus", 90.5)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_settings_file_that_is_there_is_not_changed(tmp_path: Path) -> None:
    file = tmp_path / "roomkey.toml"
    file.write_text("mine")
    with pytest.raises(UserError, match="exists and was not changed"):
        write_config(file, carry(FULL)[0].settings)
    assert file.read_text() == "mine"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
DISCORD = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("token", "allowedUserIds", "allowedGuilds", "listenGuilds", "listenChannels"), JSON
    ),
)
SECURITY = st.fixed_dictionaries({}, optional=dict.fromkeys(("level", "allowedTools"), JSON))
TIMEOUTS = st.fixed_dictionaries({}, optional={"default": JSON})
ROOTS = st.fixed_dictionaries(
    {},
    optional={
        "discord": DISCORD | JSON,
        "model": JSON,
        "security": SECURITY | JSON,
        "timeouts": TIMEOUTS | JSON,
        "sessionTimeoutMs": JSON,
    },
)


@given(ROOTS | JSON, JSON | st.fixed_dictionaries({"mode": JSON}))
def test_whatever_they_hold_the_text_is_a_good_settings_file(root: object, mode: object) -> None:
    carried, _ = carry(root, mode)
    file = parse_file(Path("roomkey.toml"), roomkey_toml(carried.settings), Settings)
    assert file.problems == ()
    Settings.model_validate({"data_dir": "/data", **file.values})
