"""What a bot may in a channel, and the link that asks for it: against the offline guild's own sums."""

from urllib.parse import parse_qs, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat_discord.permissions import LEAST, NEEDS, Overwrite, in_channel, in_guild, invite_link, missing
from bot.demo.guild import Permission
from bot.demo.guild.permissions import ALL, base
from bot.demo.guild.permissions import Overwrite as Truth
from bot.demo.guild.permissions import in_channel as truth_in_channel

GUILD, CREW, MODS, BOT = "1", "2", "3", "9"
BITS = st.integers(0, (1 << 53) - 1)


@settings(deadline=None)
@given(
    roles=st.lists(BITS, min_size=1, max_size=3),
    is_owner=st.booleans(),
    changes=st.lists(st.tuples(st.sampled_from([GUILD, CREW, MODS, BOT, "7"]), BITS, BITS), max_size=5),
)
def test_rights_add_up_as_the_offline_guild_adds_them(
    roles: list[int], is_owner: bool, changes: list[tuple[str, int, int]]
) -> None:
    by_target = {target: (allow, deny) for target, allow, deny in changes}
    at_large, truth = in_guild(roles, is_owner=is_owner), base(roles, is_owner=is_owner)
    assert all(bool(at_large & need.bit) == bool(int(truth) & need.bit) for need in NEEDS)
    ours = in_channel(
        at_large,
        [Overwrite(target, allow, deny) for target, (allow, deny) in by_target.items()],
        guild_id=GUILD,
        role_ids=(GUILD, CREW),
        user_id=BOT,
    )
    theirs = truth_in_channel(
        truth,
        [Truth(target, target != BOT, allow, deny) for target, (allow, deny) in by_target.items()],
        everyone_id=GUILD,
        role_ids=(GUILD, CREW),
        user_id=BOT,
    )
    assert missing(ours) == missing(int(theirs))
    assert theirs == ALL or ours == int(theirs)


def test_who_does_not_see_a_channel_lacks_everything_there() -> None:
    hidden = [Overwrite(GUILD, deny=Permission.VIEW_CHANNEL)]
    bits = in_channel(LEAST, hidden, guild_id=GUILD, role_ids=(), user_id=BOT)
    assert missing(bits) == tuple(need.label for need in NEEDS)


def test_the_least_names_nothing_twice_and_never_the_rights_of_an_administrator() -> None:
    assert LEAST.bit_count() == len(NEEDS)
    assert not LEAST & (Permission.ADMINISTRATOR | Permission.MANAGE_CHANNELS | Permission.MENTION_EVERYONE)


def test_the_link_asks_for_the_least_and_for_commands() -> None:
    link = invite_link("123456789012345678")
    assert parse_qs(urlsplit(link).query) == {
        "client_id": ["123456789012345678"],
        "scope": ["bot applications.commands"],
        "permissions": [str(LEAST)],
    }
    assert " " not in link


def test_the_link_can_choose_the_guild_beforehand() -> None:
    assert "guild_id=42&disable_guild_select=true" in invite_link("1", "42")
