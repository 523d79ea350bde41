"""Reactions in the world."""

from dataclasses import replace

import pytest

from bot.demo.guild import messages, reactions
from bot.demo.guild.changes import ReactionChanged, ReactionsCleared
from bot.demo.guild.drafts import Draft
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.model import Reaction
from bot.demo.guild.permissions import Overwrite, Permission
from tests.support.worlds import Scene, scene


def said(s: Scene) -> str:
    return messages.post(s.world, s.ann.id, s.desk.id, Draft("hello")).id


def under(s: Scene, message_id: str) -> tuple[Reaction, ...]:
    return s.world.message(s.desk.id, message_id).reactions


def test_an_emoji_counts_each_person_once():
    s = scene()
    message_id = said(s)
    for user in (s.ann, s.ben, s.ann):
        reactions.add(s.world, user.id, s.desk.id, message_id, "👍")
    assert under(s, message_id) == (Reaction("👍", (s.ann.id, s.ben.id)),)
    reactions.remove(s.world, s.ann.id, s.desk.id, message_id, "👍", s.ann.id)
    reactions.remove(s.world, s.ann.id, s.desk.id, message_id, "👍", s.ann.id)
    assert under(s, message_id) == (Reaction("👍", (s.ben.id,)),)
    told = [change for change in s.world.feed.journal if isinstance(change, ReactionChanged)]
    assert [(change.user_id, change.added) for change in told] == [
        (s.ann.id, True),
        (s.ben.id, True),
        (s.ann.id, False),
    ]


@pytest.mark.parametrize("emoji", ["", "ok", "name:123456", "thumbs up", "42"])
def test_what_is_no_emoji_of_everybodys_is_unknown(emoji: str):
    s = scene()
    with pytest.raises(ApiError) as refused:
        reactions.add(s.world, s.ann.id, s.desk.id, said(s), emoji)
    assert refused.value.code == Code.UNKNOWN_EMOJI


@pytest.mark.parametrize("emoji", ["👍", "1️⃣", "❤️", "👩‍🚀"])
def test_emoji_of_unicode_are_known(emoji: str):
    s = scene()
    message_id = said(s)
    reactions.add(s.world, s.ann.id, s.desk.id, message_id, emoji)
    assert under(s, message_id)[0].emoji == emoji


def test_twenty_emoji_fit_and_more_people_can_press_them():
    s = scene()
    message_id = said(s)
    for number in range(20):
        reactions.add(s.world, s.ann.id, s.desk.id, message_id, chr(0x1F600 + number))
    with pytest.raises(ApiError) as refused:
        reactions.add(s.world, s.ann.id, s.desk.id, message_id, "👍")
    reactions.add(s.world, s.ben.id, s.desk.id, message_id, chr(0x1F600))
    assert refused.value.code == Code.TOO_MANY_REACTIONS


def test_without_the_permission_only_present_emoji_can_be_pressed():
    s = scene()
    message_id = said(s)
    reactions.add(s.world, s.ann.id, s.desk.id, message_id, "👍")
    deny = Overwrite(s.ben.id, is_role=False, deny=Permission.ADD_REACTIONS)
    s.world.put_channel(replace(s.world.channel(s.desk.id), overwrites=(deny,)))
    reactions.add(s.world, s.ben.id, s.desk.id, message_id, "👍")
    with pytest.raises(ApiError) as refused:
        reactions.add(s.world, s.ben.id, s.desk.id, message_id, "👎")
    assert refused.value.code == Code.NO_PERMISSION


def test_clearing_is_for_moderators():
    s = scene()
    message_id = said(s)
    for emoji in ("👍", "👎", "🎉"):
        reactions.add(s.world, s.ann.id, s.desk.id, message_id, emoji)
    with pytest.raises(ApiError):
        reactions.clear(s.world, s.ben.id, s.desk.id, message_id)
    with pytest.raises(ApiError):
        reactions.remove(s.world, s.ben.id, s.desk.id, message_id, "👍", s.ann.id)
    reactions.clear(s.world, s.world.owner_id, s.desk.id, message_id, "👍")
    assert [one.emoji for one in under(s, message_id)] == ["👎", "🎉"]
    reactions.clear(s.world, s.world.owner_id, s.desk.id, message_id)
    assert under(s, message_id) == ()
    assert isinstance(s.world.feed.journal[-1], ReactionsCleared)
