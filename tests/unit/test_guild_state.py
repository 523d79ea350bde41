"""The world: people, roles, channels, and who sees what."""

from dataclasses import replace

import pytest

from bot.demo.guild.changes import ChannelChanged, ChannelDeleted, MemberChanged, RoleChanged
from bot.demo.guild.drafts import Draft
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.messages import post
from bot.demo.guild.model import ChannelKind
from bot.demo.guild.opening import alone, on_message
from bot.demo.guild.permissions import Overwrite, Permission
from tests.support.worlds import scene


def test_a_world_with_a_clock_that_stands_is_the_same_each_time():
    one, other = scene(), scene()
    assert (one.ann, one.desk) == (other.ann, other.desk)


def test_a_channel_hidden_from_everyone_is_seen_by_the_role_that_may():
    s = scene()
    role = s.world.put_role("ops", 0)
    s.world.give_roles(s.ann.id, (role.id,))
    hidden = Overwrite(s.world.guild_id, is_role=True, deny=Permission.VIEW_CHANNEL)
    shown = Overwrite(role.id, is_role=True, allow=Permission.VIEW_CHANNEL)
    secret = s.world.add_channel(ChannelKind.TEXT, "secret", (hidden, shown))
    assert s.world.can_see(s.ann.id, secret)
    assert not s.world.can_see(s.ben.id, secret)
    with pytest.raises(ApiError) as refused:
        s.world.require(s.ben.id, secret, Permission.SEND_MESSAGES)
    assert refused.value.code == Code.NO_ACCESS


def test_a_missing_permission_has_another_code_than_a_hidden_channel():
    s = scene()
    with pytest.raises(ApiError) as refused:
        s.world.require(s.ann.id, s.desk, Permission.MANAGE_CHANNELS)
    assert refused.value.code == Code.NO_PERMISSION


def test_threads_follow_the_permissions_of_their_parent():
    s = scene()
    thread = alone(s.world, s.ann.id, s.desk.id, "t")
    hidden = Overwrite(s.world.guild_id, is_role=True, deny=Permission.VIEW_CHANNEL)
    s.world.put_channel(replace(s.desk, overwrites=(hidden,)))
    assert not s.world.can_see(s.ben.id, thread)


def test_direct_messages_are_made_once_and_seen_by_both_alone():
    s = scene()
    place = s.world.dm(s.ann.id, s.robot.id)
    assert s.world.dm(s.robot.id, s.ann.id) == place
    assert s.world.can_see(s.ann.id, place)
    assert not s.world.can_see(s.ben.id, place)


def test_deleting_a_channel_takes_its_threads_and_messages_along():
    s = scene()
    said = post(s.world, s.ann.id, s.desk.id, Draft("hello"))
    thread = on_message(s.world, s.ann.id, s.desk.id, said.id, "t")
    s.world.delete_channel(s.desk.id)
    gone = [change.channel.id for change in s.world.feed.journal if isinstance(change, ChannelDeleted)]
    assert gone == [s.desk.id, thread.id]
    with pytest.raises(ApiError) as refused:
        s.world.message(thread.id, said.id)
    assert refused.value.code == Code.UNKNOWN_CHANNEL


def test_changes_of_roles_members_and_channels_are_told():
    s = scene()
    role = s.world.put_role("ops", 0)
    s.world.put_role("operators", 8, role_id=role.id)
    s.world.give_roles(s.ann.id, (role.id,))
    s.world.remove_member(s.ben.id)
    s.world.put_channel(s.desk)
    told = list(s.world.feed.journal)[-4:]
    assert [type(change) for change in told] == [RoleChanged, RoleChanged, MemberChanged, MemberChanged]
    assert not any(isinstance(change, ChannelChanged) for change in s.world.feed.journal)
    assert s.world.permissions(s.ben.id, s.desk) == Permission(0)


def test_what_is_unknown_says_so():
    s = scene()
    for ask, code in (
        (lambda: s.world.channel("0"), Code.UNKNOWN_CHANNEL),
        (lambda: s.world.message(s.desk.id, "0"), Code.UNKNOWN_MESSAGE),
        (lambda: s.world.user("0"), Code.UNKNOWN_USER),
    ):
        with pytest.raises(ApiError) as refused:
            ask()
        assert (refused.value.status, refused.value.code) == (404, code)


def test_a_message_has_the_address_that_discord_copies():
    s = scene()
    said = post(s.world, s.ann.id, s.desk.id, Draft("hello"))
    private = post(s.world, s.ann.id, s.world.dm(s.ann.id, s.robot.id).id, Draft("psst"))
    channels = "https://discord.com/channels"
    assert s.world.link(said) == f"{channels}/{s.world.guild_id}/{s.desk.id}/{said.id}"
    assert s.world.link(private) == f"{channels}/@me/{private.channel_id}/{private.id}"
